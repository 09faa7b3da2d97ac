r"""Formulas in the source of a page, written as LaTeX between dollars before the page is parsed.

Four notations: MathML (its TeX annotation wins), `<script type="math/tex">` of MathJax, images whose `alt` is TeX
(WordPress, older wikis), and `$...$`, `\(...\)` in the text, which stay as they are. What KaTeX and MathJax draw
beside the notation is skipped by `html_boilerplate`. A formula that is too long or empty is left as it stands.
"""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from cpt_pipeline.extraction.markup.mathml import FormulaBuilder

MARK = "\ue005"
"""Stands before each formula written here, so that those which are kept can be counted."""

_MAX_CHARACTERS = 50_000
_MATH = re.compile(r"<math\b[^<>]*>(?:(?!<math\b).)*?</math\s*>", re.DOTALL)
_SCRIPT = re.compile(
    r"""<script\b[^<>]{0,300}\btype=["']?math/tex([^<>"']{0,100})["']?[^<>]{0,300}>([^<]*(?:<(?!/?script)[^<]*)*)</script"""
)
_IMAGE = re.compile(
    r"""<img\b[^<>]{0,3000}\bclass=["'](?:[^"'<>]{0,300}\s)?(?:latex|tex|mwe-math-fallback[\w-]{0,40})[\s"'][^<>]{0,3000}>"""
)
_ALT = re.compile(r"""\balt=(?:"([^"]*)"|'([^']*)')""")
_WIKI_STYLE = re.compile(r"^(\$\$?)\{\\(?:display|text)style (.*)\}(\$\$?)$")


def write_formulas(source: str) -> str:
    """Give the source with each formula as text: `MARK`, then LaTeX in `$` or `$$`."""
    if "math" in source:
        if "math/tex" in source:
            source = _SCRIPT.sub(_from_script, source)
        if "</math" in source:
            return _MATH.sub(_from_mathml, source)
        if "mwe-math" in source:
            return _IMAGE.sub(_from_image, source)
    return _IMAGE.sub(_from_image, source) if "latex" in source or 'class="tex' in source else source


def mathml_to_latex(fragment: str) -> str:
    """Give the LaTeX of a `math` element in HTML syntax, in `$` or `$$`; "" where there is nothing to write."""
    reader = _MathReader()
    reader.feed(fragment)
    reader.close()
    latex = reader.latex or ""
    match = _WIKI_STYLE.match(latex)
    return f"{match[1]}{match[2].strip()}{match[3]}" if match else latex


class _MathReader(HTMLParser):
    """Tells a builder what HTML means: elements left open end with their parent, stray ends are nothing."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.latex: str | None = None
        self._builder = FormulaBuilder()
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.latex is None:
            self._open.append(_local(tag))
            self._builder.start(self._open[-1], {name: value or "" for name, value in attrs})

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if _local(tag) in self._open:
            while self._open:
                self.latex = self._builder.end()
                if self._open.pop() == _local(tag):
                    break

    def handle_data(self, data: str) -> None:
        if self._open:
            self._builder.data(data)


def _from_mathml(match: re.Match[str]) -> str:
    return _written(mathml_to_latex(match[0]), match) if len(match[0]) <= _MAX_CHARACTERS else match[0]


def _from_script(match: re.Match[str]) -> str:
    tex = " ".join(match[2].removeprefix("<![CDATA[").removesuffix("]]>").split())
    if not tex:
        return match[0]
    mark = "$$" if "display" in match[1] else "$"
    # an end tag stays to be closed: the pattern stops before its `>`
    return f"{_written(f'{mark}{tex}{mark}', match)}<script></script"


def _from_image(match: re.Match[str]) -> str:
    alt = _ALT.search(match[0])
    tex = html.unescape((alt[1] or alt[2] or "").strip()) if alt else ""
    tex = tex.strip("$").strip()
    return _written(f"${tex}$" if tex else "", match)


def _written(latex: str, match: re.Match[str]) -> str:
    return f"{MARK}{html.escape(latex, quote=False)}" if latex else match[0]


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]
