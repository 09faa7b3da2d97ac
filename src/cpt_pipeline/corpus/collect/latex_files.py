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

from cpt_pipeline.corpus.collect.reading import Reading, ReadingParams
from cpt_pipeline.corpus.collect.text_files import read_text

_COMMENT = re.compile(r"(?m)^[ \t]*%.*\n?|(?<!\\)((?:\\\\)*)%.*$")
_VERBATIM = re.compile(r"\\begin\{(verbatim\*?|lstlisting|minted|Verbatim)\}")
_COMMENTED = re.compile(r"\\begin\{(comment)\}")
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
    source = source.replace("\r\n", "\n")
    text = "".join(
        piece if is_verbatim else _without_comments(piece)  # a % in code is no comment
        for piece, is_verbatim in _divide(source, _VERBATIM)
    )
    found = _TITLE.search(text)
    title = " ".join(found[1].split()) if found else ""
    if _BEGIN in text:
        text = text.partition(_BEGIN)[2].partition(_END)[0]
        text = f"{title}\n\n{text.replace(found[0], '')}" if found else text
    return _BLANK.sub("\n\n", _LAYOUT.sub("", text)).strip(), title


def _divide(text: str, begin: re.Pattern[str]) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a text in their order, and whether each is an environment of the kind that `begin` opens."""
    start = at = 0
    never_end: set[str] = set()  # looked for once, or a hostile file would cost the square of its length
    while (found := begin.search(text, at)) is not None:
        mark = f"\\end{{{found[1]}}}"
        end = -1 if mark in never_end else text.find(mark, found.end())
        if end < 0:
            never_end.add(mark)
            at = found.end()
            continue
        at = end + len(mark)
        yield text[start : found.start()], False
        yield text[found.start() : at], True
        start = at
    yield text[start:], False


def _without_comments(text: str) -> str:
    kept = "".join(piece for piece, is_commented in _divide(text, _COMMENTED) if not is_commented)
    return _COMMENT.sub(lambda found: found[1] or "", kept)
