"""LaTeX: the body stays LaTeX, formulas whole; comments, preamble and layout go."""

import pytest

from cpt_pipeline.corpus.collect.latex_files import body_of
from tests.corpus.collect.streams import readings

ARTICLE = r"""% a comment
\documentclass{article}
\newcommand{\R}{\mathbb{R}}
\title[Short]{On \emph{mitral} valves}
\begin{document}
\maketitle
% gone
\section{Flow}\label{sec:flow}
Of $100\,\%$ we see 5\% in $x \in \R$, so % why
\begin{equation} Q = \frac{\pi r^4}{8} \end{equation}
\begin{comment}
never
\end{comment}
\begin{verbatim}
a % b
\end{verbatim}
\includegraphics{a.png}
\bibliographystyle{plain}
\end{document}
behind
"""


@pytest.mark.feature(172)
def test_the_body_of_a_latex_file_is_kept_with_its_formulas() -> None:
    (reading,) = readings("a.tex", ARTICLE.encode())
    assert reading.text == (
        "On \\emph{mitral} valves\n\n\\section{Flow}\nOf $100\\,\\%$ we see 5\\% in $x \\in \\R$, so \n"
        "\\begin{equation} Q = \\frac{\\pi r^4}{8} \\end{equation}\n\n\\begin{verbatim}\na % b\n\\end{verbatim}\n"
        "\\includegraphics{a.png}"
    )
    counts = {name: reading.fields[name] for name in ("formulas", "images", "tables", "title")}
    assert counts == {"formulas": 3, "images": 1, "tables": 0, "title": "On \\emph{mitral} valves"}


def test_a_part_of_a_document_is_all_body() -> None:
    assert body_of("\\chapter{One}\n% no\nText \\\\% no\nmore.\n") == ("\\chapter{One}\nText \\\\\nmore.", "")


def test_environments_that_never_end_cost_no_square_of_time() -> None:
    source = "\\begin{comment}" * 50_000 + "\\begin{verbatim}x" * 50_000
    assert body_of(source) == (source, "")
