"""Which documents the rules for web pages exclude, and what they can read: by category, role, channel and language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.corpus.clean.params import CleanParams, CleanReport
from cpt_pipeline.corpus.clean.rules.params import WEB_FAMILIES
from cpt_pipeline.formats.documents import document, read_documents
from tests.corpus.clean.language_pages import PAGES
from tests.corpus.clean.more_languages import SEEN, UNKNOWN_SEEN, UNKNOWN_UNSEEN, UNSEEN
from tests.corpus.clean.rules.test_rules import PROSE
from tests.corpus.stages import clean_documents
from tests.corpus.texts import write_artifact

BRACKETS = f"{PROSE} So {{it}} ends."
"""A web page that C4 excludes; nothing else is wrong with it."""


def clean(place: Path, rows: list[dict[str, Any]], **params: Any) -> tuple[list[str], CleanReport]:
    """Return the ids of what is kept, and the report."""
    given = [document(source="s", license="MIT", **row) for row in rows]
    report = clean_documents(write_artifact(place / "raw", given), place / "out", CleanParams.model_validate(params))
    return [row["id"] for row in read_documents(place / "out/clean_documents")], report


def row(name: str, channel: str, category: str | None, text: str = BRACKETS, **more: Any) -> dict[str, Any]:
    return {"id": name, "channel": channel, "category": category, "text": text, "language": "en", **more}


ROWS = [
    row("page", "en", "web"),
    row("news", "en", "news"),
    row("book", "en", "book"),
    row("plain", "en", None),
    row("domain page", "domain", "web"),
    row("domain book", "domain", None),
    row("good page", "en", "web", PROSE),
    row("good book", "domain", "book", PROSE),
]


@pytest.mark.feature(16)
def test_web_pages_of_general_channels_are_excluded_and_the_rest_is_counted(tmp_path: Path) -> None:
    kept, report = clean(tmp_path, ROWS)
    assert kept == ["book", "plain", "domain page", "domain book", "good page", "good book"]
    assert report.excluded_by_channel == {"en": {"c4_curly_bracket": 2}}
    counted = {
        (channel, category): {reason: (taken.documents, taken.characters) for reason, taken in found.counted.items()}
        for channel, categories in report.rules.items()
        for category, found in categories.items()
    }
    taken = {"c4_curly_bracket": (1, len(BRACKETS))}
    assert counted == {
        ("en", "web"): {},
        ("en", "news"): {},
        ("en", "book"): taken,
        ("en", "none"): taken,
        ("domain", "web"): taken,
        ("domain", "none"): taken,
        ("domain", "book"): {},
    }
    assert report.rules["en"]["web"].excluded["c4_curly_bracket"].documents == 1
    assert report.rules["en"]["web"].judged.characters == len(BRACKETS) + len(PROSE)


@pytest.mark.feature(21)
@pytest.mark.parametrize(
    ("rules", "excluded"),
    [
        ({"by_role": {"domain": {"exclude": ["c4"]}}}, {"page", "news", "domain page", "domain book"}),
        ({"by_category": {"book": {"exclude": ["c4_curly_bracket"]}}}, {"page", "news", "book"}),
        ({"by_category": {"web": {"count": ["c4"]}}}, {"news"}),
        ({"by_channel": {"domain": {"exclude": list(WEB_FAMILIES)}}}, {"page", "news", "domain page", "domain book"}),
        ({"by_channel": {"en": {"without": ["c4"]}}}, set()),
        ({"web_categories": ["book"]}, {"book"}),
        ({"not_web": {"exclude": ["c4"]}}, {"page", "news", "book", "plain"}),
        ({"c4": {"drop_curly_brackets": False}}, set()),
    ],
)
def test_each_rule_can_be_switched_by_role_category_and_channel(
    tmp_path: Path, rules: dict[str, Any], excluded: set[str]
) -> None:
    kept, _ = clean(tmp_path, ROWS, rules=rules)
    assert {each["id"] for each in ROWS} - set(kept) == excluded


def test_a_channel_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"by_channel: medcial is no channel of channels\.roles"):
        clean(tmp_path, ROWS, rules={"by_channel": {"medcial": {"exclude": ["c4"]}}})


def test_a_web_page_stays_web_text_whatever_form_is_found_in_it(tmp_path: Path) -> None:
    turns = "\n".join(f"{who}: {what}." for who, what in zip(["Anna", "Ben"] * 8, PROSE.split(". ") * 4, strict=False))
    kept, report = clean(tmp_path, [row("page", "en", "web", turns), row("chat", "en", None, turns)])
    assert (kept, [*report.rules["en"]]) == (["chat"], ["dialogue"])


@pytest.mark.feature(178)
def test_web_pages_of_thirty_languages_are_kept_and_what_no_rule_can_read_is_counted(tmp_path: Path) -> None:
    rows = [
        row(
            code, "en", "web", "\n".join(f"{a} {b}" for a, b in zip(page[::2], page[1::2], strict=False)), language=None
        )
        for code, page in PAGES.items()
    ]
    spam = {code: "\n".join([rows[[*PAGES].index(code)]["text"]] * 3) for code in ("hi", "th", "ja", "ar", "zh")}
    rows += [row(f"{code} again", "en", "web", text, language=None) for code, text in spam.items()]
    short_pages = {"gopher_quality": {"min_doc_words": 30}}
    kept, report = clean(tmp_path, rows, rules=short_pages, language={"candidates": list(PAGES)})
    assert kept == [*PAGES]
    assert report.languages == {"en": dict.fromkeys(sorted(PAGES), 1)}
    unread = report.rules["en"]["web"].unread
    num_unspaced = sum(code in ("th", "km", "my", "ja") for code in PAGES)
    assert unread["gopher_duplicated_5_n_grams"] == unread["fineweb_list_ratio"] == num_unspaced
    assert unread["c4_too_few_sentences"] == 1, "no mark of Thai ends a sentence"
    assert unread["gopher_enough_stop_words"] == len(PAGES) - len({"en", "zh"})
    assert unread["fineweb_short_line_ratio"] == num_unspaced + len({"am", "ko"})


@pytest.mark.feature(178)
def test_a_language_that_is_no_candidate_is_not_judged_as_english(tmp_path: Path) -> None:
    rows = [row(code, "en", "web", " ".join(PAGES[code]), language=None) for code in ("fi", "hi", "ar", "de")]
    kept, report = clean(tmp_path, rows, rules={"gopher_quality": {"min_doc_words": 30}})
    assert kept == ["fi", "hi", "ar", "de"]
    assert report.languages == {"en": {"de": 1, "und": 3}}
    counts = {name: number for name, number in report.counts.items() if name.startswith("language/")}
    assert counts == {"language/und (arabic)": 1, "language/und (devanagari)": 1, "language/und (fi)": 1}
    assert report.rules["en"]["web"].unread["gopher_enough_stop_words"] == 4


@pytest.mark.feature(178)
def test_no_rule_for_any_text_excludes_fifty_two_more_languages_or_long_words(tmp_path: Path) -> None:
    pages = {**SEEN, **UNSEEN, **UNKNOWN_SEEN, **UNKNOWN_UNSEEN}
    long = "Nammineersinnaassuseqarlutik assigiimmillu ataqqinassuseqarlutik ilinniartinneqartarput. " * 2
    rows = [row(code, "en", "book", "\n".join(page), language=None) for code, page in pages.items()]
    rows += [row("long", "en", "book", long, language="kal"), row("joined", "en", "book", long * 3, language="en")]
    kept, report = clean(tmp_path, rows, rules={"basic": {"max_repeated_share": 1.0}})
    assert kept == [*pages, "long"]
    assert report.excluded == {"long_words": 1}


@pytest.mark.feature(164)
def test_the_share_of_one_token_is_a_rule(tmp_path: Path) -> None:
    rows = [
        row("prose", "domain", "book", PROSE),
        row("marks", "domain", "book", PROSE + " <br>" * 20),
        row("one word", "domain", "book", " ".join(f"cheap {word}" for word in PROSE.split())),
        row("one letter", "domain", "book", "".join(f"{each}的" for each in "".join(PAGES["zh"])), language="zh"),
    ]
    kept, report = clean(tmp_path, rows, rules={"basic": {"max_token_shares": {"<br>": 0.05}}})
    assert kept == ["prose"]
    assert report.excluded == {"token_share": 1, "top_token_share": 2}
    details = [each["detail"] for each in read_documents(tmp_path / "out/clean_excluded")]
    assert details[0].startswith("share of '<br>' 0.2")
    assert details[1].startswith("share of the most frequent word 0.5")


def test_a_long_text_may_repeat_more_than_a_page_and_have_any_length(tmp_path: Path) -> None:
    words = [f"word{number}" for number in range(20_000)]
    repeated = [*words, *words[: len(words) * 22 // 100]]
    text = ". ".join(" ".join(repeated[start : start + 10]) for start in range(0, len(repeated), 10))
    limits = {"gopher_quality": {"max_doc_words": 5_000}}
    rows = [row("page", "en", "web", f"the and {text}."), row("book", "en", "book", f"the and {text}.")]
    kept, report = clean(tmp_path, rows, rules=limits)
    assert kept == ["book"]
    assert report.excluded == {"gopher_duplicated_5_n_grams": 1}
    assert {"gopher_duplicated_5_n_grams", "gopher_long_doc"}.isdisjoint(report.rules["en"]["book"].counted)


@pytest.mark.feature(164)
def test_a_token_that_normalisation_changes_is_counted_as_it_was_collected(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    limits = {"&nbsp;": 0.05, "ＡＤ": 0.05, "<br>": 0.05}
    rows = [row("prose", "domain", "book", PROSE)]
    rows += [row(token, "domain", "book", f"{PROSE} {token * 40}") for token in limits]
    steps = {"normalise": {"markup_leftovers": True}, "rules": {"basic": {"max_token_shares": limits}}}
    kept, report = clean(tmp_path, rows, **steps)
    assert kept == ["prose"]
    assert report.excluded == {"token_share": 3}
    told = [record.getMessage() for record in caplog.records if "max_token_shares" in record.getMessage()]
    assert [message.split("clean.normalise ")[1].split(" makes")[0] for message in told] == [
        "(html_entities, trailing_blanks)",
        "(half_width_letters)",
        "(markup_leftovers)",
    ]


def test_all_wrong_limits_are_told_at_once_by_whole_key_and_with_the_nearest_name() -> None:
    wrong = {
        "by_channel": {"law": {"limits": {"gopher_quality.max_words": 3, "c4.min_sentences": -1}}},
        "by_role": {"domain": {"limits": {"basic.min_letter_share": 1.5}}},
        "by_category": {"book": {"exclude": ["c4_curly_brackets"]}},
    }
    with pytest.raises(ValueError, match="is no limit") as raised:
        CleanParams.model_validate({"rules": wrong})
    told = str(raised.value)
    for line in (
        "clean.rules.by_channel.law.limits.gopher_quality.max_words is no limit;"
        " the nearest is gopher_quality.max_doc_words",
        "clean.rules.by_channel.law.limits.c4.min_sentences: Input should be",
        "clean.rules.by_role.domain.limits.basic.min_letter_share: Input should be",
        "clean.rules.by_category.book names c4_curly_brackets, which is no family and no reason;"
        " the nearest is c4_curly_bracket",
    ):
        assert line in told
