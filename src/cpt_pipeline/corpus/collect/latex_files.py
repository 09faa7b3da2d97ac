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
_VERBATIM = re.compile(r"\\begin\{(verbatim\*?|lstlisting|minted|Verbatim)\}.*?\\end\{\1\}", re.DOTALL)
_COMMENTED = re.compile(r"\\begin\{comment\}.*?\\end\{comment\}", re.DOTALL)
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
    kept, start = [], 0
    for verbatim in _VERBATIM.finditer(source):  # a % in it is no comment
        kept += [_without_comments(source[start : verbatim.start()]), verbatim[0]]
        start = verbatim.end()
    text = "".join([*kept, _without_comments(source[start:])])
    found = _TITLE.search(text)
    title = " ".join(found[1].split()) if found else ""
    if _BEGIN in text:
        text = text.partition(_BEGIN)[2].partition(_END)[0]
        text = f"{title}\n\n{text.replace(found[0], '')}" if found else text
    return _BLANK.sub("\n\n", _LAYOUT.sub("", text)).strip(), title


def _without_comments(text: str) -> str:
    return _COMMENT.sub(lambda found: found[1] or "", _COMMENTED.sub("", text))
