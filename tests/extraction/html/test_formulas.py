import pytest

from cpt_pipeline.extraction.html.formulas import MARK, mathml_to_latex, write_formulas


@pytest.mark.parametrize(
    ("mathml", "latex"),
    [
        ("<math><msup><mi>x</mi><mn>2</mn></msup></math>", "$x^{2}$"),
        ('<math display="block"><mi>x</mi></math>', "$$x$$"),
        ("<math><mi>x</mi><mspace width='1em'/><mi>&alpha;</mi></math>", r"$x \alpha$"),
        ("<m:math><m:mi>y</m:mi></m:math>", "$y$"),
        ("<math><mrow><mi>x</mrow></math>", "$x$"),
        ("<math></mi></math>", ""),
        (
            '<math alttext="no"><semantics><mi>x</mi><annotation encoding="application/x-tex">{\\displaystyle \\pi r}'
            "</annotation></semantics></math>",
            r"$\pi r$",
        ),
    ],
)
def test_mathml_becomes_latex(mathml: str, latex: str) -> None:
    assert mathml_to_latex(mathml) == latex


def test_scripts_and_images_become_latex_in_place() -> None:
    script = '<p>a<script type="math/tex; mode=display">x < 1 \\\\ y</script>b'
    assert write_formulas(script) == f"<p>a{MARK}$$x &lt; 1 \\\\ y$$<script></script>b"
    image = '<img src="x" class="latex" alt="e^{i\\pi} &gt; 0" title="t">'
    assert write_formulas(f"a{image}b") == f"a{MARK}$e^{{i\\pi}} &gt; 0$b"


def test_what_is_no_formula_stays() -> None:
    for source in ('<img class="photo" alt="x">', "<script type='math/tex'></script>", "<math></math>", "mathematics"):
        assert write_formulas(source) == source


def test_a_fallback_image_is_no_second_formula() -> None:
    wiki = '<math><mi>x</mi></math><img class="mwe-math-fallback-image-inline" alt="x">'
    assert write_formulas(wiki).count(MARK) == 1
