"""Lines and marks that are no prose: citations, bare links, adverts, contents, notices of rights, navigation.

Two kinds of rules. A line rule looks at one line and drops it whole; it must match the line's form (where it starts,
how long it is, what else it holds), never a word alone, so a sentence about copyright stays. A mark rule cuts a part
out of a line. Both are counted by reason. Not meant for code, Markdown, LaTeX or tables: the caller leaves them out.
Templates that one source repeats are found in `phrases`, from the corpus instead of from a list.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from pydantic import Field

from cpt_pipeline.core.errors import ParameterError, raise_all
from cpt_pipeline.core.inputs import InputFile
from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.clean.repair.noise_patterns import (
    ADVERT_KEYWORDS,
    ADVERTS,
    BIBLIOGRAPHY,
    COPYRIGHT,
    COPYRIGHT_KEYWORDS,
    NAVIGATION_ITEMS,
    NAVIGATION_LINES,
    SAFE_CITATION,
    WORD_CITATION,
)

_MAX_ROUNDS = 4
_URL = re.compile(r"(?:https?://|ftp://|www\.)[^\s<>\"'，。；、（）《》“”]+", re.IGNORECASE)
_CONTENTS_LINE = re.compile(
    r".{1,80}?(?:\.{4,}|…{2,}|·{4,}|(?:\. ){3,}\.?|(?:… ?){2,}|_{6,}|-{6,})\s*[（(]?(?:\d{1,4}|[ivxlc]{1,6})[）)]?"
    r"|第[一二三四五六七八九十百零\d]{1,5}[章节篇回卷编部][^。！？]{0,40}?(?:[ \u3000]{2,}|\t)\d{1,4}"
    r"|(?:chapter|part|section|appendix)\s+(?:[\divxlc]+|[a-z])\b[^.!?]{0,60}?(?:\s{3,}|\t)\d{1,4}",
    re.IGNORECASE,
)
_ENDS_OF_CONTENTS = frozenset("0123456789ivxlcIVXLC)）")
_CONTENTS_HEADING = re.compile(r"(?:目\s*[录錄次]|(?:table of )?contents)[:：]?", re.IGNORECASE)
_PILED = re.compile(r"([^\w\s□`#]|_)\1{3,}|—{3,}|…{3,}")
_PILED_MIXED = re.compile(r"[!?！？]{4,}")
_SEPARATOR = re.compile(r"\s*(?:[|｜>»›·•/→]|\s-\s|\s{3,}|\t)\s*")
_ORNAMENTS = frozenset("=-_*#~—–·.•■◆●○★☆─━═")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")


class LineNoiseParams(Params):
    """Which rules are on. All of them look at a line without the blanks around it."""

    citations: bool = True
    """`[12]`, `[citation needed]`, `(Smith et al., 2019)`, `（张三等，2019）`. `a[12]` stays in a text without other
    citations, where it is an index, and so does `(Paris, 1998)`."""
    bibliography: bool = True
    """Entries of a list of references."""
    links: bool = True
    """Lines that are links, with a label of at most a few words."""
    adverts: bool = True
    contents: bool = True
    """Lines of a table of contents, and its heading."""
    copyright: bool = True
    """Notices of rights, licences to publish on the web, prohibitions to copy."""
    piled_punctuation: bool = True
    """A mark that is repeated four times or more is cut to three (dashes and `…` to two); a line of nothing else goes.
    Inside a line `□`, a character that could not be read, `#` and the back quotes of Markdown stay."""
    navigation: bool = True
    max_advert_characters: int = Field(120, ge=1)
    """A Chinese character counts as two. A longer line speaks about something, even if it advertises too."""
    advert_files: tuple[InputFile, ...] = ()
    """More phrases of adverts, one per line, without case; `#` starts a comment."""


@dataclass(frozen=True)
class Noise:
    """What was removed: `text` as it stood, and the rule."""

    reason: str
    text: str


def remove_noise(text: str, params: LineNoiseParams) -> tuple[str, Counter[str]]:
    """Give the text without noise, and what was removed: `<reason>` in pieces, `<reason>_characters`.

    Idempotent. `ParameterError` when a file of adverts is missing or wrong, naming file and line.
    """
    text, removed = find_noise(text, params)
    counts: Counter[str] = Counter()
    for noise in removed:
        counts[noise.reason] += 1
        counts[f"{noise.reason}_characters"] += len(noise.text)
    return text, counts


def find_noise(text: str, params: LineNoiseParams) -> tuple[str, list[Noise]]:
    """Give the text without noise and every piece that was removed, for review."""
    removed: list[Noise] = []
    for _ in range(_MAX_ROUNDS):
        found: list[Noise] = []
        text = _remove_marks(_remove_lines(text, params, found), params, found)
        if not found:
            break
        removed += found
    return text, removed


def _remove_marks(text: str, params: LineNoiseParams, found: list[Noise]) -> str:
    if params.citations:
        text = _cut(SAFE_CITATION, text, "citations", found)
        if any(noise.reason == "citations" for noise in found):
            text = _cut(WORD_CITATION, text, "citations", found)
    if params.piled_punctuation:
        text = _PILED.sub(lambda piled: _shorten(piled, found), text)
        text = _PILED_MIXED.sub(lambda piled: _shorten(piled, found), text)
    return text


def _cut(pattern: re.Pattern[str], text: str, reason: str, found: list[Noise]) -> str:
    def note(match: re.Match[str]) -> str:
        found.append(Noise(reason, match.group()))
        return ""

    return pattern.sub(note, text)


def _shorten(piled: re.Match[str], found: list[Noise]) -> str:
    whole = piled.group()
    num_kept = 2 if whole[0] in "—…" else 3
    found.append(Noise("piled_punctuation", whole[num_kept:]))
    return whole[:num_kept]


def _remove_lines(text: str, params: LineNoiseParams, found: list[Noise]) -> str:
    rules = [rule.narrowed_to(text.lower()) for rule in _line_rules(params)]
    lines = text.split("\n")
    kept: list[str] = []
    after_removal = False
    for number, line in enumerate(lines):
        bare = line.strip()
        reason = _judge(bare, rules) if bare else None
        if reason is None and params.contents and _heads_contents(lines, number):
            reason = "contents"
        if reason is not None:
            found.append(Noise(reason, line))
            after_removal = True
        elif bare or not after_removal or (kept and kept[-1].strip()):
            kept.append(line)
            after_removal = after_removal and not bare
    return "\n".join(kept).rstrip("\n") if after_removal else "\n".join(kept)


@dataclass(frozen=True)
class _LineRule:
    """A rule on lines of at most `max_columns` that hold one of `keywords`; without keywords, on all of them."""

    reason: str
    holds: Callable[[str], object]
    max_columns: int = 400
    keywords: tuple[str, ...] | None = None

    def narrowed_to(self, folded: str) -> _LineRule:
        """Keep only the keywords that the text has: most texts have none, and patterns are slow."""
        if self.keywords is None:
            return self
        return replace(self, keywords=tuple(word for word in self.keywords if word in folded))

    def drops(self, line: str, folded: str) -> bool:
        if self.keywords is not None and not any(word in folded for word in self.keywords):
            return False
        return _fits(line, self.max_columns) and bool(self.holds(line))


def _judge(line: str, rules: list[_LineRule]) -> str | None:
    folded = line.lower()
    return next((rule.reason for rule in rules if rule.drops(line, folded)), None)


@cache
def _line_rules(params: LineNoiseParams) -> tuple[_LineRule, ...]:
    """Give the rules that are on, files read once per process."""
    phrases = _read_adverts(params.advert_files)
    adverts = re.compile("|".join([ADVERTS, *map(re.escape, phrases)]), re.IGNORECASE)
    rules = (
        _LineRule("piled_punctuation", _is_ornament),
        _LineRule("links", _is_link_line, 1000, ("http://", "https://", "ftp://", "www.")),
        _LineRule("contents", _is_contents_line, 200),
        _LineRule("copyright", COPYRIGHT.search, 300, COPYRIGHT_KEYWORDS),
        _LineRule("bibliography", BIBLIOGRAPHY.match, 500, ("[", "［")),
        _LineRule("navigation", _is_navigation, 200),
        _LineRule("adverts", adverts.search, params.max_advert_characters, (*ADVERT_KEYWORDS, *phrases)),
    )
    return tuple(rule for rule in rules if getattr(params, rule.reason))


def _is_ornament(line: str) -> bool:
    """Say whether a line is `===`, `* * *` or the like; what may be of a table or a drawing is not."""
    marks = line.replace(" ", "")
    return len(marks) >= 3 and not any(map(str.isalnum, marks)) and set(marks) <= _ORNAMENTS


def _is_link_line(line: str) -> bool:
    rest, num_links = _URL.subn(" ", line)
    columns = sum(1 + (character > "\u2e80") for character in rest if character.isalnum())
    return num_links > 0 and columns <= 20 and columns <= 0.4 * len(line) and len(rest.split()) <= 4


def _is_contents_line(line: str) -> bool:
    return line[-1] in _ENDS_OF_CONTENTS and _CONTENTS_LINE.fullmatch(line) is not None


def _is_navigation(line: str) -> bool:
    """A known line, or a row of at least three short items of which a third are known."""
    if NAVIGATION_LINES.fullmatch(_EDGES.sub("", line)):
        return True
    items = [_EDGES.sub("", item).casefold() for item in _SEPARATOR.split(line)]
    items = [item for item in items if item]
    num_known = sum(item in NAVIGATION_ITEMS for item in items)
    return len(items) >= 3 and 3 * num_known >= len(items) and max(map(len, items)) <= 25


def _heads_contents(lines: list[str], number: int) -> bool:
    if not _CONTENTS_HEADING.fullmatch(lines[number].strip()):
        return False
    following = (line.strip() for line in lines[number + 1 : number + 6])
    first = next((line for line in following if line), " ")
    return _is_contents_line(first)


def _fits(line: str, max_columns: int) -> bool:
    if len(line) > max_columns or line.isascii() or 2 * len(line) <= max_columns:
        return len(line) <= max_columns
    return len(line) + sum(character > "\u2e80" for character in line) <= max_columns


def _read_adverts(files: tuple[Path, ...]) -> tuple[str, ...]:
    problems: list[str] = []
    phrases = {phrase.lower() for path in files for phrase in _read_phrases(path, problems)}
    raise_all(ParameterError, "Files of adverts (conf: clean.line_noise.advert_files):", problems)
    return tuple(sorted(phrases))


def _read_phrases(path: Path, problems: list[str]) -> Iterator[str]:
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        problems.append(f"{path}: {error.strerror}")
        return
    for number, raw in enumerate(lines, 1):
        try:
            phrase = raw.decode("utf-8-sig").split("#", 1)[0].strip()
        except UnicodeDecodeError:
            problems.append(f"{path}:{number}: not UTF-8; store the file as UTF-8")
            continue
        if len(phrase) == 1:
            problems.append(f"{path}:{number}: {phrase!r} is one character and would drop every short line with it")
        elif phrase:
            yield phrase
