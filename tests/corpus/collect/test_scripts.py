"""One rule for what stands above or below the line."""

import pytest

from cpt_pipeline.corpus.collect.scripts import write_script


@pytest.mark.parametrize(
    ("text", "sign", "before", "written"),
    [
        ("-5", "^", "0", "^-5"),
        ("2", "_", "H", "_2"),
        ("2+", "^", "a", "^{2+}"),
        ("i, j", "_", "x", "_{i, j}"),
        ("st", "^", "1", "st"),
        ("e", "^", "X", "e"),
        ("e", "^", "x", "^e"),
        ("®", "^", "A", "®"),
        ("$n$", "^", "x", "$n$"),
        (" \n", "^", "x", ""),
        ("二", "^", "", "^二"),
    ],
)
def test_a_script_has_a_sign_where_the_line_would_lose_it(text: str, sign: str, before: str, written: str) -> None:
    assert write_script(text, sign, before) == written
