"""What the pieces of a line mean: scripts, links, and readings of which one is text. All work on the line's pieces."""

from __future__ import annotations

from dataclasses import dataclass, field

from cpt_pipeline.extraction.markup.scripts import is_mark_of_note, says_note, write_script

_SIGNS = {"sup": "^", "sub": "_", "superscript": "^", "subscript": "_"}
_RENDERED = {"sup": "sup", "super": "sup", "superscript": "sup", "sub": "sub", "subscript": "sub"}
"""What TEI's `rend` says of a `hi` that is a script."""
_LINKS = frozenset(("a", "xref", "ref", "link", "noteref"))
_BETTER = frozenset(("corr", "reg", "expan"))
_KINDS = _BETTER | {"sic", "orig", "abbr", "unclear", "seg"}
_NOTES = frozenset(("fn", "footnote", "endnote", "note"))
_KINDS_OF_NOTE = frozenset(("footnote", "endnote", "rearnote", "note", "doc-footnote", "doc-endnote"))


def is_note(name: str, attributes: dict[str, str]) -> bool:
    """Return whether an element is a note, which stands where it is referred to, or behind the text."""
    if name in _NOTES:
        return True
    told = [value for key, value in attributes.items() if key == "role" or key.endswith(("/ops}type", "epub:type"))]
    return any(kind in _KINDS_OF_NOTE for value in told for kind in value.lower().split())


@dataclass
class _Script:
    begin: int
    """Where its text begins in the pieces."""
    sign: str
    link: str = ""


class Scripts:
    """The scripts that are open in a line, forgotten where the line ends."""

    def __init__(self) -> None:
        self._open: list[_Script] = []
        self._links: list[tuple[int, str]] = []
        self._hi: list[str] = []
        self._ended: tuple[int, _Script, str] | None = None
        """Number of pieces behind the script that ended last, it, and what it was made of."""

    def forget(self) -> None:
        """Take the pieces for gone; elements that are still open have nothing to say."""
        self._open, self._links, self._ended = [], [], None

    def start(self, name: str, attributes: dict[str, str], pieces: list[str]) -> None:
        """Enter an element."""
        if name == "hi":
            rendered = attributes.get("rend", "").lower().split()
            self._hi.append(next((_RENDERED[each] for each in rendered if each in _RENDERED), ""))
            name = self._hi[-1]
        if name in _SIGNS:
            self._start_script(_SIGNS[name], attributes, pieces)
        elif name in _LINKS:
            self._links.append((len(pieces), _said(attributes)))
            for script in self._open:
                script.link = script.link or self._links[-1][1]

    def end(self, name: str, pieces: list[str]) -> None:
        """Leave an element; a script becomes one piece."""
        if name == "hi":
            name = self._hi.pop()
        if name in _LINKS and self._links:
            self._links.pop()
        if name not in _SIGNS or not self._open:
            return
        script = self._open.pop()
        text = "".join(pieces[script.begin :])
        if script.sign == "^" and is_mark_of_note(
            text, "".join(pieces[max(0, script.begin - 4) : script.begin]), script.link
        ):
            return
        pieces[script.begin :] = [write_script(script.sign, text)]
        self._ended = (len(pieces), script, text)

    def _start_script(self, sign: str, attributes: dict[str, str], pieces: list[str]) -> None:
        if self._ended is not None and self._ended[0] == len(pieces) and self._ended[1].sign == sign:
            _, script, text = self._ended  # goes on: `<sup>-</sup><sup>5</sup>`
            pieces[script.begin :] = [text]
            self._open.append(script)
            return
        own = _said(attributes)
        around = next((link for place, link in self._links[-1:] if not "".join(pieces[place:]).strip()), "")
        self._open.append(_Script(len(pieces), sign, around or (own if says_note(own) else "")))


@dataclass
class _Choice:
    readings: list[tuple[bool, int, int]] = field(default_factory=list)
    """Whether it is of the better kind, begin and end in the pieces."""
    begin: int = 0
    depth: int = 0
    is_torn: bool = False
    """Whether the line ended in it: then all that it holds stays."""


class Readings:
    """Of readings that exclude each other (`choice` and `app` of TEI) one is text: the corrected, the chosen one."""

    def __init__(self) -> None:
        self._choices: list[_Choice] = []
        self._told: list[bool] = []
        """Of each open `app`, whether a reading was taken."""

    def forget(self) -> None:
        """Take the pieces for gone."""
        for choice in self._choices:
            choice.is_torn = True

    def is_left_out(self, name: str) -> bool:
        """Return whether an element is a reading of an `app` behind the first one."""
        if name not in ("lem", "rdg") or not self._told:
            return False
        told, self._told[-1] = self._told[-1], True
        return told

    def start(self, name: str, pieces: list[str]) -> None:
        """Enter an element."""
        if name == "choice":
            self._choices.append(_Choice())
        elif name == "app":
            self._told.append(False)
        elif self._choices and name in _KINDS:
            choice = self._choices[-1]
            choice.begin = choice.begin if choice.depth else len(pieces)
            choice.depth += 1

    def end(self, name: str, pieces: list[str]) -> None:
        """Leave an element; at the end of a `choice` all its readings but one go."""
        if name == "choice":
            choice = self._choices.pop()
            kept = next((each for each in choice.readings if each[0]), None) or next(iter(choice.readings), None)
            for reading in choice.readings if not choice.is_torn else ():
                if reading is not kept:
                    pieces[reading[1] : reading[2]] = [""] * (reading[2] - reading[1])
        elif name == "app":
            self._told.pop()
        elif self._choices and name in _KINDS:
            choice = self._choices[-1]
            choice.depth -= 1
            if not choice.depth:
                choice.readings.append((name in _BETTER, choice.begin, len(pieces)))


def _said(attributes: dict[str, str]) -> str:
    return " ".join(f"{key.rpartition('}')[2]}={value}" for key, value in attributes.items()) or "linked"
