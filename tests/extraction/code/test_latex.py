"""LaTeX: the body stays LaTeX, formulas whole; comments, preamble and layout go."""

import pytest

from cpt_pipeline.extraction.code.latex import body_of
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


@pytest.mark.parametrize(
    "kept",
    [
        r"\verb|50% of|",
        r"\verb*+a%b+",
        r"\Verb!a%b!",
        r"\url{https://example.org/a%20b}",
        r"\href{https://example.org/a%20b}{a link}",
        r"\path{C:/a%b}",
        r"\path|C:/a%b|",
        r"\nolinkurl{a%b}",
        r"\lstinline|x % y|",
        r"\lstinline[language=C]{x % y}",
        r"\mintinline{python}|x % y|",
        r"\mintinline{python}{x % y}",
        r"5\% of",
        r"a line\\\% of",
    ],
)
def test_a_percent_sign_in_code_and_addresses_begins_no_comment(kept: str) -> None:
    assert body_of(f"See {kept} here.% not this\nMore.\n")[0] == f"See {kept} here.\nMore."


@pytest.mark.parametrize(
    "name",
    [
        "verbatim",
        "verbatim*",
        "Verbatim",
        "BVerbatim",
        "lstlisting",
        "minted",
        "alltt",
        "filecontents",
        "filecontents*",
    ],
)
def test_code_keeps_its_percent_signs_labels_and_blank_lines(name: str) -> None:
    code = f"\\begin{{{name}}}{{x}}\na % b\n\n\n% c\n\\label{{d}} \\end{{document}}\n\\end{{{name}}}"
    source = f"\\begin{{document}}\nOne.\n{code}\nTwo. % gone\n\\end{{document}}\nbehind"
    assert body_of(source)[0] == f"One.\n{code}\nTwo."


def test_comments_go_however_many_backslashes_stand_before() -> None:
    assert body_of("a\\\\% gone\nb\\\\\\% kept % gone\n")[0] == "a\\\\\nb\\\\\\% kept"
    assert body_of("% \\begin{verbatim} gone\nb % \\verb|gone\nc")[0] == "b \nc"
    assert body_of("a\n\\begin{comment}\n\\verb|x% \n\\end{comment}\nb \\verb|%|")[0] == "a\n\nb \\verb|%|"
    assert body_of("a \\verbatiminput{b} % gone\n\\url{never ends % gone\nc")[0] == (
        "a \\verbatiminput{b} \n\\url{never ends \nc"
    )
