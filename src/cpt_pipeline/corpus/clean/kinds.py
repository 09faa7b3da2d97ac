"""What form a text has, told from its lines: code, markup, data and dialogue are not prose.

A scorer of prose grades such text low, so it is kept away from it, and it can be capped by kind. The rules are cheap
(the first 20,000 characters, no parser but that of JSON) and would rather say nothing: prose taken for code escapes the
rules for prose, code taken for prose is only graded.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Final, Literal

Kind = Literal["code", "markdown", "latex", "json", "table", "dialogue"]

_HEAD_CHARACTERS: Final = 20_000
_JSON_CHARACTERS: Final = 1_000_000
_LINE_CHARACTERS: Final = 300
_DENSE_CHARACTERS: Final = 200
_MIN_LINES: Final = 3
_CODE_MARKS: Final = "{}();=<>[]"

_FENCED: Final = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1|\Z)", re.MULTILINE | re.DOTALL)
_CODE_LINE: Final = re.compile(
    r"""(?:
      (?:from\s+[\w.]+\s+)?import\s+[\w.*({]
    | (?:async\s+)?(?:def|class|fn|func|function|struct|enum|interface|namespace|impl)\s+\w+.*[:({]\s*$
    | (?:if|elif|else|for|while|try|except|finally|with|switch|case|do|catch)\b.*[:{]\s*$
    | (?:return|raise|yield|assert|break|continue|pass|del|await)\b[^.]*$
    | (?:const|let|var|val|static|public|private|protected|final|auto)\b.*[;{(=]\s*.*
    | (?:void|int|float|double|char|bool|long|unsigned)\b.*[;{(=]\s*.*
    | \#\s*(?:include|define|ifdef|ifndef|endif|pragma|undef)\b
    | @\w[\w.]*(?:\(.*)?$
    | [*&]?[^\W\d][\w.\[\]"'>-]{0,60}(?:,\s*\w+)*\s*(?:[-+*/|&^%]|:|<<|>>)?=(?!=)\s*(?:\S.*[^.\s]|\S)\s*$
    | [\w.>:-]+\(.*\)?[;,:{]?\s*$
    | [\])}]+[;,:]?\s*(?:\#.*|//.*)?$
    | .*[;{]\s*(?://.*)?$
    | (?://|/\*|\*/).*
    | (?:SELECT|INSERT|UPDATE|CREATE|DROP|ALTER|FROM|WHERE)\s.*[\w;,)]$
    | (?:["']{3}|>>>\s).*
    )""",
    re.VERBOSE,
)
_COMMENT_LINE: Final = re.compile(r"\s*#")
_LATEX_STRUCTURE: Final = re.compile(
    r"\\(?:documentclass|usepackage|begin|end|section|subsection|chapter|item|label|cite)\b"
)
_LATEX_COMMAND: Final = re.compile(r"\\[a-zA-Z]{2,}")
_HEADING: Final = re.compile(r"^#{1,6}\s+\S|^\S.*\n(?:={4,}|-{4,})[ \t]*$", re.MULTILINE)
_MARKDOWN_LINE: Final = re.compile(r"^[ \t]*(?:[-*+][ \t]+\S|\d+[.)][ \t]+\S|>\s|\|.*\|[ \t]*$|!\[)", re.MULTILINE)
_MARKDOWN_INLINE: Final = re.compile(r"\[[^\]\n]{1,200}\]\([^)\s]{1,300}\)|\*\*[^*\n]{1,200}\*\*|`[^`\n]{1,200}`")
SPEAKER: Final = re.compile(r"\s*[-*>]?\s*\**([^\W\d_][\w .'·-]{0,24}?)\**\s?[:：]\**(?:\s|$|(?<=：))")
"""The begin of a turn; group 1 is who speaks."""


def kind_of(text: str) -> Kind | None:
    """Say what form a text has; None is prose, or not certain."""
    if _is_json(text):
        return "json"
    head = text[:_HEAD_CHARACTERS]
    lines = [line for line in head.split("\n") if line.strip()]
    if _is_latex(head):
        return "latex"
    if len(lines) >= _MIN_LINES and _is_table(lines):
        return "table"
    if _is_code(head):
        return "code"
    if _is_markdown(head, len(lines)):
        return "markdown"
    return "dialogue" if _is_dialogue(lines) else None


def _is_json(text: str) -> bool:
    """One value of JSON, or one in each line; of a longer text the first lines."""
    bare = text.strip()
    if not bare or bare[0] + bare[-1] not in ("{}", "[]"):
        return False
    if len(bare) <= _JSON_CHARACTERS and _parses(bare):
        return True
    lines = bare[:_JSON_CHARACTERS].split("\n")[:5]
    return len(bare.split("\n", 2)) > 1 and all(line[:1] in "{[" and _parses(line) for line in lines if line.strip())


def _parses(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _is_latex(head: str) -> bool:
    """One that begins it, or a structure command for each 2,000 characters, or any command for each 100."""
    if _LATEX_STRUCTURE.match(head.lstrip()):
        return True
    num_structure, num_commands = len(_LATEX_STRUCTURE.findall(head)), len(_LATEX_COMMAND.findall(head))
    return num_structure >= max(2, len(head) / 2_000) or num_commands >= max(5, len(head) / 100)


def _is_table(lines: list[str]) -> bool:
    """Nine lines of ten divided into the same number of short fields."""
    for mark, least in (("\t", 1), ("|", 2), (",", 1), (";", 2)):
        (num_marks, num_lines), *_ = Counter(line.count(mark) for line in lines).most_common(1)
        if num_marks >= least and num_lines >= 0.9 * len(lines):
            return sum(map(len, lines)) <= 30 * (num_marks + 1) * len(lines) and not _ends_clauses(lines)
    return False


def _ends_clauses(lines: list[str]) -> bool:
    return sum(line.rstrip()[-1] in ".,;!?。，；！？" for line in lines) > 0.2 * len(lines)


def _is_code(head: str) -> bool:
    """Half of the lines outside fences are like code, comments neither for nor against; or it is full of brackets."""
    lines = [line for line in _FENCED.sub("", head).split("\n") if line.strip() and not _COMMENT_LINE.match(line)]
    num_indented = sum(line[0] in " \t" for line in lines)
    if len(head) >= _DENSE_CHARACTERS and sum(map(head.count, _CODE_MARKS)) >= 0.12 * len(head):
        return True
    if len(lines) < _MIN_LINES:
        return False
    num_code = sum(_CODE_LINE.match(line.strip()[:_LINE_CHARACTERS]) is not None for line in lines)
    return num_code >= 0.5 * len(lines) or (num_code >= 0.25 * len(lines) and num_indented >= 0.6 * len(lines))


def _is_markdown(head: str, num_lines: int) -> bool:
    """Headings or fences, and other marks beside them; or marks in most lines."""
    num_blocks = len(_HEADING.findall(head)) + 2 * len(_FENCED.findall(head))
    num_lists, num_inline = len(_MARKDOWN_LINE.findall(head)), len(_MARKDOWN_INLINE.findall(head))
    if num_blocks >= 2 and num_blocks + num_lists + num_inline >= max(4, 0.1 * num_lines):
        return True
    return num_lines >= _MIN_LINES and num_inline >= 3 and num_inline + num_lists >= 0.5 * num_lines


def _is_dialogue(lines: list[str]) -> bool:
    """Two to twenty speakers who take turns: a third of the lines begin with one, who speaks twice or more."""
    speakers = Counter(found[1].lower() for line in lines if (found := SPEAKER.match(line)))
    again = {speaker: count for speaker, count in speakers.items() if count > 1}
    return 2 <= len(again) <= 20 and sum(again.values()) >= max(4, 0.3 * len(lines))
