from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.extraction.markup import omml
from cpt_pipeline.extraction.markup.markup import ParagraphCollector

SPACE = "http://schemas.openxmlformats.org/officeDocument/2006/math"


def latex(inner: str, *, is_block: bool = False) -> str:
    collector = ParagraphCollector(())
    omml.tell(ElementTree.fromstring(f'<m:oMath xmlns:m="{SPACE}">{inner}</m:oMath>'), collector, is_block=is_block)
    return collector.close()


def mr(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (mr("a+2.5"), "$a+2.5$"),
        (f"<m:sSubSup><m:e>{mr('x')}</m:e><m:sub>{mr('i')}</m:sub><m:sup>{mr('2')}</m:sup></m:sSubSup>", "$x_{i}^{2}$"),
        (f"<m:limLow><m:e>{mr('lim')}</m:e><m:lim>{mr('n')}</m:lim></m:limLow>", r"$\lim_{n}$"),
        (f"<m:func><m:fName>{mr('sin')}</m:fName><m:e>{mr('x')}</m:e></m:func>", r"$\sin x$"),
        (f"<m:d><m:e>{mr('a')}</m:e><m:e>{mr('b')}</m:e></m:d>", "$(a|b)$"),
        (f"<m:eqArr><m:e>{mr('a')}</m:e><m:e>{mr('b')}</m:e></m:eqArr>", r"$\begin{matrix} a \\ b \end{matrix}$"),
        (f"<m:bar><m:e>{mr('x')}</m:e></m:bar>", r"$\bar{x}$"),
        (f"<m:f><m:num>{mr('1')}</m:num></m:f>", r"$\frac{1}{}$"),
    ],
)
def test_a_structure_of_word_becomes_its_latex(inner: str, expected: str) -> None:
    assert latex(inner) == expected


def test_a_formula_on_its_own_line_is_marked_as_one() -> None:
    assert latex(mr("x"), is_block=True) == "$$x$$"


def wrap(name: str, parts: list[str]) -> str:
    return f"<m:{name}>{''.join(f'<m:e>{part}</m:e>' for part in parts)}</m:{name}>"


STRUCTURES = st.recursive(
    st.sampled_from(["x", "y", "z"]).map(mr),
    lambda inner: st.builds(
        wrap,
        st.sampled_from(["f", "sSup", "rad", "nary", "d", "m", "acc", "box", "unknown"]),
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)


@given(STRUCTURES)
def test_broken_structures_raise_nothing(inner: str) -> None:
    assert latex(inner).startswith("$") or latex(inner) == ""
