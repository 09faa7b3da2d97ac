import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.extraction.markup.scripts import write_script


@pytest.mark.parametrize(
    ("sign", "text", "written"),
    [
        ("^", "-5", "^-5"),
        ("^", "\u221212", "^\u221212"),
        ("_", "2", "_2"),
        ("^", "n+1", "^{n+1}"),
        ("_", "ij", "_{ij}"),
        ("^", "2+", "^{2+}"),
        ("^", " x ", "^x"),
        ("_", "α", "_α"),
        ("^", "(n)", "^{(n)}"),
        ("^", "th", "th"),
        ("^", "TM", "TM"),
        ("_", "th", "_{th}"),
        ("^", "[1]", "[1]"),
        ("^", "(1)", "(1)"),
        ("^", "*", "*"),
        ("^", "see below", "see below"),
        ("^", "注", "注"),
        ("_", "", ""),
    ],
)
def test_an_exponent_has_its_sign_and_what_only_looks_like_one_has_none(sign: str, text: str, written: str) -> None:
    assert write_script(sign, text) == written


@given(st.sampled_from("^_"), st.text(max_size=15))
def test_no_character_is_lost(sign: str, text: str) -> None:
    assert text.strip() in write_script(sign, text)
