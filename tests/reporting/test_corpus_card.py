"""The corpus card: amounts, origins, licences and limits, and nothing that was not counted."""

from __future__ import annotations

from typing import Any

import pytest

from cpt_pipeline.reporting import corpus_card
from cpt_pipeline.reporting.page import Bar, Lines, Mark
from cpt_pipeline.reporting.reading import Artifacts

UNKNOWN = "unknown, allowed because the author said so"


def limits(artifacts: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {str(row[0]): row[1:] for row in corpus_card.limits(Artifacts(artifacts)).rows}


def test_overview_says_what_was_kept_of_what_was_read(artifacts: dict[str, Any]) -> None:
    cards = {card.label: card.value for card in corpus_card.overview(Artifacts(artifacts))}
    assert cards == {
        "text for training": "9.0 MB",
        "documents": "2,011",
        "held out": "450",
        "kept": "89.8%",
        "languages": "en, zh …",
        "licences": "2",
    }
    notes = {card.label: card.note for card in corpus_card.overview(Artifacts(artifacts))}
    assert notes["kept"] == "of the records read, 92.0% of the bytes collected"
    del artifacts["collect_metrics"], artifacts["clean_metrics"]
    assert corpus_card.overview(Artifacts(artifacts))[3].note == "of the records read"
    cards = {card.label: card.value for card in corpus_card.overview(Artifacts(artifacts))}
    assert [name for name, value in cards.items() if value is None] == ["kept", "languages", "licences"]


def test_composition_names_the_most_frequent_languages_and_sums_the_rest(artifacts: dict[str, Any]) -> None:
    rows = {row[0]: row[1:] for row in corpus_card.composition(Artifacts(artifacts)).rows}
    assert rows["domain"] == (
        "domain",
        "675",
        Bar("3.0 MB", 1.0),
        Lines(("zh 80.2%", "en 17.2%", "ja 2.3%", "2 more 0.3%")),
        Lines(("textbook 91.6%", "not given 8.4%")),
        "0.61",
    )
    assert rows["code"][3:] == (None, None, None)


def test_roles_of_a_run_that_ended_early_are_those_of_collect() -> None:
    params = {"channels": {"roles": {"zh": "domain"}}}
    artifacts = {"collect_provenance": {"params": params}, "collect_metrics": {"channels": {"zh": {}}}}
    assert corpus_card.composition(Artifacts(artifacts)).rows[0][:2] == ("zh", "domain")


def test_diversity_is_shown_per_channel_and_a_number_that_lacks_is_missing(artifacts: dict[str, Any]) -> None:
    del artifacts["dedup_metrics"]["diversity"]["channels"]["en"]["words"]
    rows = corpus_card.diversity(Artifacts(artifacts)).rows
    assert rows[0] == ("domain", "256", "66.2", "0.173", "1.2%", "20,000", "64.8%", "13.1", "1.15", "1.4", "1")
    assert [row[:3] for row in rows[1:]] == [("en", "256", "85.2"), ("the whole", "256", "77.9")]
    assert rows[1][5] is None
    artifacts["dedup_metrics"]["diversity"] = None
    assert corpus_card.diversity(Artifacts(artifacts)).rows == ()


def test_licences_are_counted_in_shares_of_bytes_the_largest_first(artifacts: dict[str, Any]) -> None:
    artifacts["collect_metrics"]["license_bytes"]["BSD-3-Clause"] = 27_000_000
    assert corpus_card.licenses(Artifacts(artifacts)).rows == (
        ("BSD-3-Clause", Bar("75.0%", 0.75), "27.0 MB", "900"),
        ("PSF-2.0", Bar("25.0%", 0.25), "9.0 MB", "1,800"),
    )


def test_no_licence_has_a_share_while_the_bytes_of_one_are_missing(artifacts: dict[str, Any]) -> None:
    del artifacts["collect_metrics"]["license_bytes"]["BSD-3-Clause"]
    assert corpus_card.licenses(Artifacts(artifacts)).rows == (
        ("PSF-2.0", None, "9.0 MB", "1,800"),
        ("BSD-3-Clause", None, None, "900"),
    )


@pytest.mark.parametrize(
    ("declared", "origin"),
    [
        ({"kind": "files", "path": "books/*.txt", "url": "https://example.org"}, "https://example.org"),
        ({"kind": "files", "path": "books/*.txt", "url": None}, "books/*.txt"),
        ({"kind": "web", "start": ["https://a.org", "https://b.org"]}, Lines(("https://a.org", "https://b.org"))),
        ({"kind": "python_environment", "packages": []}, "this Python installation"),
        ({"kind": "python_environment", "packages": ["scipy"]}, Lines(("scipy",))),
        ({"kind": "files"}, None),
    ],
)
def test_a_source_names_its_origin(artifacts: dict[str, Any], declared: dict[str, Any], origin: object) -> None:
    collect = {"sources": [{"name": "other", "path": "x"}, {"name": "science-docstrings", **declared}]}
    artifacts["collect_provenance"]["params"]["collect"] = collect
    rows = corpus_card.sources(Artifacts(artifacts)).rows
    assert rows[1] == ("science-docstrings", "domain", origin, Lines(("BSD-3-Clause",)), "921", "900", "4.0 MB")
    assert rows[0][2] is None


def test_dialogues_say_how_many_records_went_into_them(artifacts: dict[str, Any]) -> None:
    del artifacts["collect_metrics"]["sources"]["science-docstrings"]["dialogues"]["turns"]
    assert corpus_card.dialogues(Artifacts(artifacts)).rows == (
        ("science-docstrings", "linked", "4,012", "1,903", None, "900", "11"),
    )


def test_a_counter_that_a_format_lacks_is_no_zero(artifacts: dict[str, Any]) -> None:
    artifacts["collect_metrics"]["formats"] |= {"pdf": None, "zip": {"records": 2, "images": None}}
    dash = Mark("–", "quiet")
    assert corpus_card.formats(Artifacts(artifacts)).rows == (
        ("md", "41", "7", dash, dash, "3", Lines(("bad dates: 2",))),
        ("pdf", None, None, None, None, None, None),
        ("txt", "15", dash, dash, dash, dash, dash),
        ("zip", "2", dash, dash, None, dash, dash),
    )


def test_encodings_and_personal_data_are_counted_the_largest_first(artifacts: dict[str, Any]) -> None:
    assert corpus_card.encodings(Artifacts(artifacts)).rows[0] == ("utf-8", Bar("50", 1.0))
    assert corpus_card.personal_data(Artifacts(artifacts)).rows == (
        ("email", Bar("5", 1.0)),
        ("id card", Bar("2", 0.4)),
    )


@pytest.mark.parametrize(
    ("license", "limit"),
    [
        ("CC-BY-NC-SA-4.0", {"Commercial use is restricted", "Passed on, it keeps its licence"}),
        ("CC-BY-ND-4.0", {"Changed copies may not be passed on"}),
        ("LGPL-2.1-only", {"Passed on, it keeps its licence"}),
        ("MIT OR GPL-3.0-only", set()),
        ("GPL-2.0-only OR CC-BY-SA-4.0", {"Passed on, it keeps its licence"}),
        ("MIT AND CC-BY-NC-4.0", {"Commercial use is restricted"}),
        (UNKNOWN, {"Rights are not known"}),
        ("CC-BY-4.0", set()),
    ],
)
def test_limits_follow_from_licences(license: str, limit: set[str]) -> None:
    artifacts = {"collect_metrics": {"license_bytes": {license: 25, "MIT-0": 75}}}
    found = limits(artifacts)
    assert set(found) == limit
    assert all(row == (Lines((license,)), "25.0% of the bytes collected") for row in found.values())


def test_limits_follow_from_what_could_not_be_dated_decoded_or_searched(artifacts: dict[str, Any]) -> None:
    found = limits(artifacts)
    assert found["The base may have read it before"] == ("no date", "12 documents")
    assert found["Characters are lost"][1] == "3 bytes"
    assert found["A score on probes may be memory"][1] == "12 of 30 items"
    assert "Personal data may be left" in found
    artifacts["clean_metrics"]["counts"] = {}
    artifacts["collect_metrics"] |= {"undated": 0, "formats": {}}
    artifacts["dedup_metrics"]["benchmarks"]["probes"]["unguarded_items"] = 0
    assert list(limits(artifacts)) == ["Personal data was not replaced"]


def test_nothing_is_said_of_limits_before_anything_is_known() -> None:
    assert limits({}) == {}
