r"""LaTeX (.tex): its body as LaTeX, which a model reads as it reads formulas; what is not set on the page goes.

Gone are comments, the preamble (the title is kept), all behind `\end{document}`, `comment` environments and what only
steers the layout. Formulas, headings and tables stay as they are. A file without `\begin{document}` is a part of
another one and is all body. Commands of the author are not expanded, and files that are named are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from cpt_pipeline.extraction.reading import Reading, ReadingParams
from cpt_pipeline.extraction.text_files import read_text

_GROUP = r"\{(?:[^{}\n]|\{[^{}\n]*\})*\}"
_MARK = re.compile(
    r"\\begin\{(?P<hidden>comment)\}"
    r"|\\begin\{(?P<verbatim>[vV]erbatim\*?|BVerbatim|LVerbatim|SaveVerbatim|lstlisting|minted|alltt|filecontents\*?)\}"
    r"|(?P<inline>\\(?:verb|Verb)\*?(?P<bar>[^\sA-Za-z*])[^\n]{0,1000}?(?P=bar)"
    rf"|\\(?:lstinline|mintinline)(?:\[[^\]\n]*\])?(?:{_GROUP}(?=[{{|!+]))?"
    rf"(?:{_GROUP}|(?P<mark>[^\sA-Za-z{{\[*])[^\n]{{0,1000}}?(?P=mark))"
    rf"|\\(?:url|path|href|nolinkurl)\*?[ \t]*(?:{_GROUP}|(?P<rule>[|!+])[^\n]{{0,1000}}?(?P=rule)))"
    r"|(?P<escaped>\\[^\n])"
    r"|(?P<comment>(?m:^)[ \t]*%[^\n]*\n?|%[^\n]*)"
)
"""What decides whether a `%` begins a comment, as TeX reads: from left to right."""
_HELD = re.compile(r"\0(\d+)\0")
_BEGIN, _END = r"\begin{document}", r"\end{document}"
_TITLE = re.compile(r"\\title(?:\[[^\]]*\])?\{((?:[^{}]|\{[^{}]*\})*)\}")
_LAYOUT = re.compile(
    r"\\(?:maketitle|tableofcontents|listoffigures|listoftables|clearpage|newpage|cleardoublepage|noindent|centering"
    r"|bigskip|medskip|smallskip|vfill|hfill|pagebreak|linebreak|appendix|frontmatter|mainmatter|backmatter)\b"
    r"(?:\[\d\])?[ \t]*"
    r"|\\(?:vspace|hspace|label|pagestyle|thispagestyle|bibliographystyle|setcounter|addtocounter)\*?\{[^{}]*\}"
    r"(?:\{[^{}]*\})?"
)
_BLANK = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_FORMULA = re.compile(
    r"\\begin\{(?:equation|align|gather|multline|eqnarray|displaymath)\*?\}|\\\[|\$\$?[^$]+\$\$?|\\\("
)
_TABLE = re.compile(r"\\begin\{(?:tabular|longtable|tabularx)\*?\}")
_IMAGE = re.compile(r"\\includegraphics\b")


def read_latex(stream: BinaryIO, params: ReadingParams) -> Iterator[Reading]:
    """Read tex."""
    for reading in read_text(stream, params.model_copy(update={"separator": None})):
        if not reading.text:
            yield reading
            continue
        text, title = body_of(reading.text)
        counts = {
            "formulas": len(_FORMULA.findall(text)),
            "tables": len(_TABLE.findall(text)),
            "images": len(_IMAGE.findall(text)),
        }
        yield replace(reading, text=text, fields={**reading.fields, **counts, **({"title": title} if title else {})})


def body_of(source: str) -> tuple[str, str]:
    """Return the text of a LaTeX file and its title ("" for none)."""
    text, held = _without_comments(source.replace("\r\n", "\n").replace("\0", ""))

    def restore(part: str) -> str:
        return _HELD.sub(lambda found: held[int(found[1])], part)

    found = _TITLE.search(text)
    title = " ".join(found[1].split()) if found else ""
    if _BEGIN in text:
        text = text.partition(_BEGIN)[2].partition(_END)[0]
        text = f"{title}\n\n{text.replace(found[0], '')}" if found else text
    return restore(_BLANK.sub("\n\n", _LAYOUT.sub("", text)).strip()), restore(title)


def _without_comments(source: str) -> tuple[str, list[str]]:
    r"""Return a text without its comments, and what is verbatim in it, whose number stands in the text as `\0 3 \0`."""
    kept: list[str] = []
    held: list[str] = []
    start = at = 0
    never_end: set[str] = set()  # looked for once, or a hostile file would cost the square of its length
    while (found := _MARK.search(source, at)) is not None:
        at = found.end()
        if found["escaped"]:
            continue
        name = found["hidden"] or found["verbatim"]
        if name is not None:
            mark = f"\\end{{{name}}}"
            end = -1 if mark in never_end else source.find(mark, at)
            if end < 0:
                never_end.add(mark)
                continue
            at = end + len(mark)
        kept.append(source[start : found.start()])
        if found["inline"] or found["verbatim"]:
            kept.append(f"\0{len(held)}\0")
            held.append(source[found.start() : at])
        start = at
    return "".join([*kept, source[start:]]), held
