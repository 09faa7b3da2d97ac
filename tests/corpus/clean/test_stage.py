"""Clean: rules with literal numbers, order kept, nothing lost, and limits that never reach the bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cpt_pipeline.core.artifact import MANIFEST
from cpt_pipeline.core.errors import NothingLeftError
from cpt_pipeline.corpus.clean.stage import CleanParams, RulesParams, clean_documents, judge, measure, quality
from cpt_pipeline.formats.documents import digest_text, read_documents
from tests.corpus.texts import make_row, make_text, write_artifact

REPOSITORY = Path(__file__).parents[3]
BAD = {
    "too_short": ("five words " * 9).strip(),
    "few_letters": "12.34 56.78 | " * 20 + "some words at the end",
    "repeated_lines": "\n".join(["The same line again, word for word."] * 4 + [f"line {n}" for n in range(20)]),
    "long_words": f"{'abcdefghij' * 3} " * 4,
    "few_distinct_words": "again and " * 40,
}


def test_measures_are_these_numbers() -> None:
    found = measure("One two\n\n one two \nthree 4\nOne two")
    assert found.characters == 34
    assert found.letter_share == pytest.approx(23 / 24)
    assert found.repeated_line_share == pytest.approx(7 / 28)
    assert found.mean_word_characters == pytest.approx(24 / 8)
    assert found.distinct_word_share == pytest.approx(5 / 8)


def test_chinese_characters_are_words_and_letters() -> None:
    found = measure("模型通过继续预训练")
    assert (found.letter_share, found.mean_word_characters) == (1.0, 1.0)


def test_empty_text_can_be_measured() -> None:
    assert quality(measure("")) == pytest.approx(1 / 3)
    assert judge(measure(""), CleanParams()) == (False, "too_short", "characters 0")


@pytest.mark.feature(16)
@pytest.mark.parametrize("reason", list(BAD))
def test_each_rule_has_a_text_that_only_it_excludes(reason: str) -> None:
    verdict = judge(measure(BAD[reason]), CleanParams())
    assert verdict is not True
    assert verdict[1] == reason
    assert judge(measure(BAD[reason]), CleanParams(exempt={"x": (reason,)}), "x") is True
    assert judge(measure(BAD[reason]), CleanParams(exempt={"x": (reason,)}), "y") == verdict


def test_longest_text_is_a_rule_only_when_asked() -> None:
    long = measure(make_text(1) * 100)
    assert judge(long, CleanParams(exempt={"c": ("repeated_lines",)}), "c") is True
    verdict = judge(long, CleanParams(rules=RulesParams(max_characters=1_000)))
    assert verdict is not True
    assert verdict[1] == "too_long"


def test_limits_are_inclusive() -> None:
    rules = RulesParams(
        min_characters=100, max_mean_word_characters=10.0, min_distinct_word_share=0, max_repeated_line_share=1
    )
    assert judge(measure("x" * 9 + "y" + " aaaaaaaaaa" * 9 + " "), CleanParams(rules=rules)) is True


def test_code_is_not_judged_as_prose() -> None:
    table = "\n".join(f"    {number}: 0x{number:04x}," for number in range(200))
    assert judge(measure(table), CleanParams(), "reference") is not True
    assert judge(measure(table), CleanParams(), "code") is True


def test_quality_grows_with_length_and_variety_and_falls_with_repeats() -> None:
    short, long = quality(measure(make_text(1, 40))), quality(measure(make_text(1, 400)))
    repeated = quality(measure("\n".join([make_text(1, 40)] * 10)))
    assert repeated < short < long <= 1
    assert quality(measure(make_text(1, 3_000))) == pytest.approx(1.0, abs=0.02)


@given(st.text())
def test_quality_is_a_share(text: str) -> None:
    assert 0 <= quality(measure(text)) <= 1


def test_documents_keep_order_id_and_get_new_digest(tmp_path: Path) -> None:
    texts = [make_text(0) + "  \r\n", BAD["too_short"], make_text(1), BAD["few_letters"], make_text(2)]
    raw = write_artifact(tmp_path / "raw", [make_row(number, text) for number, text in enumerate(texts)])
    report = clean_documents(raw, tmp_path, CleanParams())
    rows = list(read_documents(tmp_path / "clean_documents"))
    assert [row["id"] for row in rows] == ["s/0", "s/2", "s/4"]
    assert rows[0]["text"] == make_text(0)
    assert rows[0]["digest"] == digest_text(make_text(0))
    assert rows[0]["quality"] == pytest.approx(quality(measure(make_text(0))), abs=1e-4)
    excluded = [(row["id"], row["reason"], row["detail"]) for row in read_documents(tmp_path / "clean_excluded")]
    assert excluded == [("s/1", "too_short", "characters 98"), ("s/3", "few_letters", "letter share 0.072")]
    assert report.normalised == {"line_ends": 1, "trailing_blanks": 1}
    assert report.excluded_by_channel == {"en": {"few_letters": 1, "too_short": 1}}
    assert (report.records_in, report.documents, report.channels["en"].documents) == (5, 3, 3)


@pytest.mark.feature(123)
def test_limit_that_excludes_nothing_leaves_the_bytes_alone(tmp_path: Path) -> None:
    rows = [make_row(number, make_text(number)) for number in range(20)] + [make_row(20, "short")]
    raw = write_artifact(tmp_path / "raw", rows)
    clean_documents(raw, tmp_path / "a", CleanParams())
    clean_documents(
        raw, tmp_path / "b", CleanParams(rules=RulesParams(min_characters=120, max_mean_word_characters=30))
    )
    clean_documents(raw, tmp_path / "c", CleanParams(rules=RulesParams(min_characters=1)))
    for artifact in ("clean_documents", "clean_excluded"):
        manifests = [(tmp_path / name / artifact / MANIFEST).read_bytes() for name in "abc"]
        assert manifests[0] == manifests[1] != manifests[2]


def test_shard_size_of_the_input_does_not_matter(tmp_path: Path) -> None:
    rows = [make_row(number, make_text(number)) for number in range(20)]
    for name, size in (("a", 500), ("b", 1 << 20)):
        clean_documents(
            write_artifact(tmp_path / f"raw-{name}", rows, shard_bytes=size), tmp_path / name, CleanParams()
        )
    manifests = [(tmp_path / name / "clean_documents" / MANIFEST).read_bytes() for name in "ab"]
    assert manifests[0] == manifests[1]


def test_channel_without_any_text_left_is_named_with_the_reasons(tmp_path: Path) -> None:
    rows = [("en", make_text(1)), ("domain", "short"), ("domain", BAD["few_letters"]), ("domain", "")]
    with pytest.raises(NothingLeftError, match="channel domain: too_short 2, few_letters 1"):
        clean_documents(write_artifact(tmp_path / "raw", rows), tmp_path, CleanParams())
    assert not (tmp_path / "clean_documents" / MANIFEST).exists()


def test_input_without_documents_is_said(tmp_path: Path) -> None:
    with pytest.raises(NothingLeftError, match="raw_documents holds no document at all"):
        clean_documents(write_artifact(tmp_path / "raw", []), tmp_path, CleanParams())


def test_unknown_reason_in_exempt_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"clean\.exempt names too_ugly; the reasons are too_short"):
        CleanParams(exempt={"code": ("too_ugly",)})


def test_shipped_conf_is_the_default() -> None:
    given = yaml.safe_load((REPOSITORY / "conf/base/parameters_clean.yml").read_text())["clean"]
    assert CleanParams.model_validate(given) == CleanParams()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=200)))
def test_records_in_are_kept_or_excluded(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    place = tmp_path_factory.mktemp("clean")
    raw = write_artifact(place / "raw", [("en", text) for text in [*texts, make_text(1)]])
    report = clean_documents(raw, place, CleanParams())
    kept = [row["id"] for row in read_documents(place / "clean_documents")]
    excluded = [row["id"] for row in read_documents(place / "clean_excluded")]
    assert sorted(kept + excluded) == sorted(f"s/{number}" for number in range(len(texts) + 1))
    assert report.records_in == report.documents + sum(report.excluded.values()) == len(texts) + 1
