from __future__ import annotations

from pathlib import Path

import pytest

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.corpus.clean.augmentation.synonyms import Synonyms

GROUPS = [("heart attack", "myocardial infarction"), ("big", "large"), ("发热", "发烧"), ("发热量", "热值")]


def test_words_are_found_between_borders_in_any_case_and_the_longest_first() -> None:
    known = Synonyms(GROUPS)
    text = "Big hearts: a BIG heart attack, not bigger. 病人发热，发热量高。"
    expected = "Large hearts: a Large myocardial infarction, not bigger. 病人发烧，热值高。"
    assert known.replace(text, 1.0, "x") == expected


def test_a_share_of_the_places_is_replaced_and_at_least_one() -> None:
    known, text = Synonyms(GROUPS), "big " * 100
    half = known.replace(text, 0.5, "x") or ""
    assert (half.count("large"), half.count("big")) == (50, 50)
    assert (known.replace(text, 0.001, "x") or "").count("large") == 1
    assert known.replace(text, 0.5, "x") == half != known.replace(text, 0.5, "y")
    assert known.replace("nothing of the kind", 1.0, "x") is None
    assert Synonyms([]).replace(text, 1.0, "x") is None


def test_lists_are_read_with_every_kind_of_comma(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("# mine\nheart attack, myocardial infarction  # of the heart\n\n发热，发烧、发热症\n", "utf-8")
    assert Synonyms.load((path,)).replace("Heart attack", 1.0, "x") == "Myocardial infarction"


def test_every_line_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    path, missing = tmp_path / "words.txt", tmp_path / "none.txt"
    path.write_bytes(b"alone\nbig, large\nLarge, great\n\xff, \xfe\n")
    with pytest.raises(ParameterError) as caught:
        Synonyms.load((path, missing))
    said = str(caught.value)
    assert f"{path}:1: alone has no synonym" in said
    assert f"large stands in {path}:2 and {path}:3: a word of two meanings" in said.lower().replace(
        str(path).lower(), str(path)
    )
    assert f"{path}:4: not UTF-8" in said
    assert f"{missing}: No such file" in said
