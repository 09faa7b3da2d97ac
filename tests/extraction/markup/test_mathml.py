"""MathML: LaTeX that a reader knows, from every presentation element, however broken or deep."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.extraction.markup.mathml import FormulaBuilder


class Target:
    def __init__(self) -> None:
        self.builder = FormulaBuilder()
        self.found: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.builder.start(tag, attributes)

    def data(self, text: str) -> None:
        self.builder.data(text)

    def end(self, _tag: str) -> None:
        formula = self.builder.end()
        if formula is not None:
            self.found.append(formula)

    def close(self) -> list[str]:
        return self.found


def latex_of(inner: str, attributes: str = "") -> str:
    parser = ElementTree.XMLParser(target=Target())
    parser.feed(f"<math {attributes}>{inner}</math>")
    (found,) = parser.close()  # type: ignore[misc]
    return str(found)


@pytest.mark.feature(134)
@pytest.mark.parametrize(
    ("inner", "latex"),
    [
        ("<mi>x</mi><mo>=</mo><mfrac><mn>1</mn><msqrt><mn>2</mn></msqrt></mfrac>", r"x = \frac{1}{\sqrt{2}}"),
        ("<msubsup><mtext>HPO</mtext><mn>4</mn><mrow><mn>2</mn><mo>−</mo></mrow></msubsup>", r"\text{HPO}_{4}^{2-}"),
        ("<mi>α</mi><mi>b</mi><mo>≤</mo><mi>sin</mi><mi>x</mi>", r"\alpha b \le \sin x"),
        ("<mi>rate</mi><mo>×</mo><mn>3</mn>", r"\mathrm{rate}\times3"),
        (
            "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover><mi>i</mi>",
            r"\sum_{i = 1}^{n}i",
        ),
        ("<mover><mi>x</mi><mo>¯</mo></mover><mroot><mi>y</mi><mn>3</mn></mroot>", r"\bar{x}\sqrt[3]{y}"),
        ("<mfenced open='['><mi>a</mi><mi>b</mi></mfenced>", "[a, b)"),
        (
            "<mtable><mtr><mtd><mn>1</mn></mtd><mtd/></mtr><mtr><mtd/><mtd><mn>1</mn></mtd></mtr></mtable>",
            r"\begin{matrix} 1 & \\ & 1 \end{matrix}",
        ),
        (
            "<mmultiscripts><mi>C</mi><none/><mn>2</mn><mprescripts/><mn>6</mn><mn>14</mn></mmultiscripts>",
            r"{}_{6}^{14}C^{2}",
        ),
        ("<mmultiscripts><mi>R</mi><mi>i</mi><none/><none/><mi>j</mi></mmultiscripts>", "R_{i}{}^{j}"),
        ("<mprescripts/><mi mathvariant='double-struck'>R</mi><mi>R</mi>", r"\mathbb{R}R"),
        ("<mi mathvariant='normal'>d</mi><mi mathvariant='italic'>x</mi>", r"\mathrm{d}x"),
        (
            "<mstyle mathvariant='bold'><mi>v</mi><mn>0</mn><mi>α</mi><mi>sin</mi></mstyle>",
            r"\mathbf{v}\mathbf{0}\boldsymbol{\alpha}\sin",
        ),
        ("<mtext>50 % {a}</mtext>", r"\text{50 \% \{a\}}"),
        (
            "<semantics><mi>y</mi><annotation encoding='application/x-tex'>\\hat{y}</annotation></semantics>",
            r"\hat{y}",
        ),
    ],
)
def test_latex(inner: str, latex: str) -> None:
    assert latex_of(inner) == f"${latex}$"


def test_a_displayed_formula_has_two_dollars_and_an_empty_one_has_none() -> None:
    assert latex_of("<mi>x</mi>", "display='block'") == "$$x$$"
    assert latex_of("<mrow> </mrow>") == ""


def test_missing_and_superfluous_children_lose_nothing() -> None:
    assert latex_of("<mfrac><mi>a</mi></mfrac>") == r"$\frac{a}{}$"
    assert latex_of("<msup><mi>a</mi><mi>b</mi><mi>c</mi></msup>") == "$a^{bc}$"
    assert latex_of("<msub/>") == ""


def test_depth_costs_nothing() -> None:
    assert latex_of("<mrow>" * 50_000 + "<mi>x</mi>" + "</mrow>" * 50_000) == "$x$"


NAMES = [
    "mmultiscripts",
    "mrow",
    "msub",
    "msubsup",
    "mfrac",
    "mroot",
    "mover",
    "munder",
    "mtable",
    "mtr",
    "mtd",
    "mfenced",
    "apply",
]


@given(
    st.recursive(
        st.integers(0, 9).map(str), lambda inner: st.tuples(st.sampled_from(NAMES), st.lists(inner)), max_leaves=12
    )
)
def test_no_digit_is_lost(tree: object) -> None:
    def markup(node: object) -> str:
        if isinstance(node, str):
            return f"<mn>{node}</mn>"
        assert isinstance(node, tuple)
        return f"<{node[0]}>{''.join(map(markup, node[1]))}</{node[0]}>"

    inner = markup(tree)
    assert sorted(filter(str.isdigit, latex_of(inner))) == sorted(filter(str.isdigit, inner))
