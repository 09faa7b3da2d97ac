"""What stands around a question and belongs to it: its choices, behind or before it, and its answer with the reasons.

Choices are known by the item's own, or by their labels (A. B. C.), in one run; an answer by the words that begin it. Of
a page that ends with the answers, those are found too.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from cpt_pipeline.corpus.dedup.decontamination.items import find_letters
from cpt_pipeline.text.folding import fold
from cpt_pipeline.text.words import is_cjk

Span = tuple[int, int]

_GAP_LETTERS = 8
"""So many may stand before a choice: its label, "or", "选项"."""
_LONGEST_ANSWER = 3_000
"""Characters: a paragraph without a line end is no explanation throughout."""
_LONGEST_INLINE = 400
"""Of reasons that begin within a line, where nothing says how far they reach."""
_OPENING, _CLOSING = " \t*_#>【[（(《\u3000", " \t:：】]*_#\u3000"
_LABEL = re.compile(
    r"[^\w\n]*\n?\s*[^\w\n]*?(?:[(（\[【]\s*(?P<a>[A-Ja-j])\s*[)）\]】]|(?P<b>[A-Ja-j])\s*[.．)）、:：]|(?P<c>[①-⑩]))"
)
_WORD = (
    r"(?:the\s+)?(?:(?:correct|right|best|final)\s+)?(?:answers?|ans)(?:\s+key)?(?=\s*(?:is\b|[^\w\s]|\n|$)|\s+[A-J]\b)"
    r"|(?:本题|参考|正确|标准)*(?:答案|答)(?=\s*(?:[^\w\s]|为|是|\n|$)|\s*[A-J]\b)"
)
_REASONS = (
    r"(?:detailed\s+)?(?:solution|explanation|rationale|reasoning|analysis|justification)(?=\s*(?:[^\w\s]|\n|$))"
    r"|(?:试题|答案|本题|名师)?(?:解析|解答|分析|详解|点评|点拨|考点|解题思路|思路|解)(?=\s*(?:[^\w\s]|\n|$))"
)
_ANSWER = re.compile(
    rf"[^\w#]*(?:(?P<word>{_WORD}|(?:故|因此|所以)?(?:应|本题)?选择?\s*[:：]?\s*[A-J]\b)|(?P<reasons>{_REASONS})|\#{{4}}\s)",
    re.IGNORECASE,
)
_ANSWER_ALONE = re.compile(r"[^\w]*[A-Ja-j][^\w\n]*(?:\n|$)")
_KEY = re.compile(rf"[^\w\n]*(?:{_WORD})", re.IGNORECASE)
_KEY_LETTERS = re.compile(r"[\s\dA-Ja-j.．,，、:：()（）;；\-–~]+")
_NEXT_QUESTION = re.compile(
    r"\n(?=[ \t]*(?:\d{1,3}\s*[.．、)）]|第\s*\w{1,4}\s*题|题目|question\b|q\d*\s*[.:：]))", re.IGNORECASE
)
_NUMBER_BEFORE = re.compile(
    r"(?:\A|\n)(?P<number>[^\w\n]*(?:\d{1,3}\s*[.．、)）]|第\s*\w{1,4}\s*题|题目|question|q)\s*\d*[^\w\n]*)\Z",
    re.IGNORECASE,
)
_BLANK_LINE = re.compile(r"\n[ \t\u3000]*\n")
_BLANK_ABOVE = re.compile(r"\n[ \t\u3000]*\n\Z")
_LINE_END = re.compile(r"\n")
_SENTENCE_END = re.compile(r"[。！？!?]|\.\s|\n|\Z")


class _Window:
    """A piece of a text as letters, each with the character behind it."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text, self.start = text, max(start, 0)
        found: list[str] = []
        self.ends: list[int] = []
        for place in range(self.start, min(end, len(text))):
            letters = _letters(text[place])
            found.append(letters)
            self.ends += [place + 1] * len(letters)
        self.letters = "".join(found)

    def holds(self, first: int, last: int) -> bool:
        """Return whether letters stand for themselves: they are not within a word or a number."""
        start, end = self.ends[first] - 1, self.ends[last - 1]
        return not (_joined(self.text[max(start - 1, 0) : start + 1]) or _joined(self.text[end - 1 : end + 1]))


class _Run(NamedTuple):
    """A run of choices."""

    end: int
    num_known: int
    num_labelled: int

    @property
    def is_run(self) -> bool:
        """Whether it is one: two choices, or one that the item has."""
        return self.num_known > 0 or self.num_labelled > 1


def find_surroundings(text: str, start: int, end: int, choices: Sequence[str]) -> list[Span]:
    """Return what belongs to a question at some characters of a text, with the question; `choices` are letters.

    The first span is around the question; another one is of answers at the end of the text.
    """
    by_lines = not _stands_in_paragraph(text, start)
    run = _follow(text, end, choices)
    if not run.is_run:
        behind = _follow(text, _sentence_end(text, end), choices)
        run = behind if behind.is_run else run
    first = start if run.is_run else _choices_before(text, start, choices)
    last = run.end if run.is_run else end
    answered = _answer_end(text, last, by_lines=by_lines, listed=run.is_run)
    if answered == last and not run.is_run:
        after = _sentence_end(text, end)
        behind_it = _answer_end(text, after, by_lines=by_lines, listed=False)
        answered = behind_it if behind_it > after else last
    number = _NUMBER_BEFORE.search(text, max(first - 40, 0), first)
    spans = [(number.start("number") if number else first, max(last, answered))]
    key = _key_at_end(text, spans[0][1], by_lines=by_lines) if answered <= last else None
    return [*spans, key] if key else spans


@lru_cache(1 << 14)
def _letters(character: str) -> str:
    found: str = find_letters(fold(character))[0].tobytes().decode("utf-32-le", "surrogatepass")
    return found


def _joined(two: str) -> bool:
    return len(two) == 2 and two.isalnum() and not any(map(is_cjk, two))


def _follow(text: str, place: int, choices: Sequence[str]) -> _Run:
    """Follow the choices behind a place, in any order."""
    waiting = [choice for choice in choices if choice]
    longest = max([*map(len, waiting), 20])
    window = _Window(text, place, place + 3 * sum(map(len, waiting)) + 400)
    run, label = _Run(place, 0, 0), ""
    while True:
        known = _next_known(window, run.end, waiting)
        labelled = _LABEL.match(text, run.end)
        if known is not None:
            waiting.remove(known[0])
            label = _label_of(labelled)
            run = _Run(known[1], run.num_known + 1, run.num_labelled)
            continue
        name = _label_of(labelled)
        expected = chr(ord(label) + 1) if label else "Aa①"
        if not labelled or (name not in expected and (label or not run.num_known)):
            return run
        label = name
        end = _choice_end(text, labelled.end(), chr(ord(label) + 1), 2 * longest + 40)
        run = _Run(end, run.num_known, run.num_labelled + 1)


def _label_of(found: re.Match[str] | None) -> str:
    return (found["a"] or found["b"] or found["c"]) if found else ""


def _next_known(window: _Window, place: int, waiting: Sequence[str]) -> tuple[str, int] | None:
    """Return the item's choice that stands next, and where it ends."""
    first = bisect_left(window.ends, place + 1)
    found = []
    for choice in waiting:
        at = window.letters.find(choice, first, first + _GAP_LETTERS + len(choice))
        if at >= 0 and window.holds(at, at + len(choice)):
            found.append((at, -len(choice), choice))
    if not found:
        return None
    at, _, choice = min(found)
    return choice, window.ends[at + len(choice) - 1]


def _choice_end(text: str, place: int, following: str, longest: int) -> int:
    """Return where a choice ends that is known by its label alone: at the next label, or with its line or sentence."""
    line = text.find("\n", place)
    line = len(text) if line < 0 else line
    label = re.compile(rf"\W[(（\[【]?\s*{re.escape(following)}\s*[.．)）、:：\]】]").search(text, place, line)
    if label and label.start() - place <= longest:
        return label.start()
    if line - place <= longest:
        return line
    return _sentence_end(text, place)


def _choices_before(text: str, start: int, choices: Sequence[str]) -> int:
    """Return where choices begin that end where the question begins; `start` where there are none."""
    waiting = [choice for choice in choices if choice]
    size = sum(map(len, waiting))
    window = _Window(text, start - 3 * size - 200, start)
    last = len(window.letters)
    num_found = 0
    while waiting:
        ends = [(window.letters.rfind(choice, 0, last), choice) for choice in waiting]
        at, choice = max(ends, key=lambda each: each[0] + len(each[1]) if each[0] >= 0 else -1)
        if at < 0 or last - at - len(choice) > _GAP_LETTERS or not window.holds(at, at + len(choice)):
            break
        waiting.remove(choice)
        last, num_found = at, num_found + 1
    if num_found < max(2, len(choices) / 2):
        return start
    first = window.ends[last] - 1
    line = text.rfind("\n", 0, first) + 1
    return line if first - line <= _GAP_LETTERS + 8 else first


def _stands_in_paragraph(text: str, start: int) -> bool:
    """Return whether a blank line stands above a question, so that blank lines end what belongs to it."""
    above = text[: text.rfind("\n", 0, start) + 1]
    return bool((_BLANK_ABOVE if above.strip() else _BLANK_LINE).search(above if above.strip() else text))


def _answer_end(text: str, place: int, *, by_lines: bool, listed: bool) -> int:
    """Return where the answer and its reasons end that stand at a place; the place where there are none."""
    end = place
    while end < len(text):
        alone = _ANSWER_ALONE.match(text, end) if listed and end == place else None
        if alone:
            end = alone.end()
            continue
        found = _ANSWER.match(text, end)
        if not found:
            break
        mark = found.start("word") if found["word"] else found.start("reasons") if found["reasons"] else found.end()
        is_inline = bool(text[text.rfind("\n", 0, mark) + 1 : mark].strip(_OPENING))
        if is_inline and found["word"]:
            end = _sentence_end(text, found.end())
        else:
            longest = _LONGEST_INLINE if is_inline else _LONGEST_ANSWER
            end = _paragraph_end(text, found.end(), longest, by_lines=by_lines)
    return end


def _paragraph_end(text: str, place: int, longest: int, *, by_lines: bool) -> int:
    """Return where an answer's paragraph ends, at the latest before the next question."""
    if by_lines and text[place : place + 20].lstrip(_CLOSING)[:1] == "\n":  # the label is a heading
        place = text.index("\n", place) + 1
    border = _LINE_END if by_lines else _BLANK_LINE
    ends = [found.start() for pattern in (border, _NEXT_QUESTION) if (found := pattern.search(text, place))]
    end = min([*ends, len(text)])
    return end if end - place <= longest else min(end, _sentence_end(text, place + longest))


def _sentence_end(text: str, place: int) -> int:
    found = _SENTENCE_END.search(text, place)
    return found.end() if found else len(text)


def _key_at_end(text: str, place: int, *, by_lines: bool) -> Span | None:
    """Return the answers with which a text ends, where they stand behind a place."""
    border = "\n" if by_lines or not _BLANK_LINE.search(text, place) else "\n\n"
    end = first = len(text.rstrip())
    found: Span | None = None
    while first > place and end - first < _LONGEST_ANSWER:
        first = text.rfind(border, place, first)
        if first < 0:
            break
        paragraph = text[first:end].strip()
        if _KEY.match(paragraph):
            found = (first + len(border), len(text))
        elif not (_ANSWER.match(paragraph) or _KEY_LETTERS.fullmatch(paragraph)):
            break
        end = first
    return found
