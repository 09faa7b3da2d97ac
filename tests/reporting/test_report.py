"""The page: rendered from artifacts alone, whole without a network, honest about what is missing."""

from __future__ import annotations

import copy
import json
import math
import re
from html.parser import HTMLParser
from random import Random
from typing import Any

import pytest

from cpt_pipeline.reporting.reading import EXPECTED
from cpt_pipeline.reporting.report import describe_page, render_report

SECTIONS = [
    *("Why", "Before and after", "Over training", "Continuations"),
    *("What went in", "Corpus card", "Cleaning report", "The bill", "Lineage", "All numbers"),
]
_VOID = {"meta", "br", "img", "link", "hr", "input", "path", "use"}


class Page(HTMLParser):
    """Collects ids, links and texts, and checks that every element is closed in its place."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)
        self.close()
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in _VOID:
            self.open.append(tag)
        given_attributes = dict(attrs)
        self.links += [
            str(given_attributes[name]) for name in ("src", "href", "xlink:href", "action") if name in given_attributes
        ]
        self.ids += [str(given_attributes["id"])] if "id" in given_attributes else []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"style", "script"}:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_page_is_whole_and_loads_nothing(artifacts: dict[str, Any]) -> None:
    html = render_report(artifacts)
    page = Page(html)
    assert "script" not in page.tags
    assert page.links, "the contents link to the sections"
    assert all(link.startswith("#") for link in page.links)
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids)), "every id is used once"
    assert not re.search(r"@import|url\((?!#)", html)
    assert 'name="viewport"' in html


def test_page_is_the_same_every_time(artifacts: dict[str, Any]) -> None:
    assert render_report(artifacts) == render_report(copy.deepcopy(artifacts))


@pytest.mark.feature(100)
def test_a_changed_score_is_found_in_the_page(artifacts: dict[str, Any]) -> None:
    assert "1.2345" not in Page(render_report(artifacts)).text
    artifacts["scores"]["models"]["stage2"]["channels"]["domain"]["bits_per_byte"] = 1.2345
    changed = Page(render_report(artifacts)).text
    assert "domain 2.8911 1.2345 −24.5%" in changed
    assert "models.stage2.channels.domain.bits_per_byte 1.2345" in changed


def test_page_says_what_was_decided_and_what_it_cost(artifacts: dict[str, Any]) -> None:
    text = Page(render_report(artifacts)).text
    for expected in (
        "Promoted stage2 is promoted: all 3 checks passed. Released: stage2",
        "domain domain fall 24.5% 23.5% to 25.6% at least 15.0% passed",
        "time of training 36 s to 6 min 2 s 1 min 16 s as estimated",
        "money (USD) 0.0005 to 0.005 0.00104",
        "probes 30 36.7% 43.3% +6.7%",
        "PSF-2.0 75.0% 9.0 MB 1,800",
        "See also the manual 90 10.0% removed t/1",
        "Documents without a date, where one is asked for: 12.",
        "Personal data may be left what no rule recognises is not replaced",
        "dedup near_heldout 27 1.03%",
        "stage1 domain 50.0% 301 k 410 k 0.73",
        "domain 402 → 131",
        "Input array of shape (n, m) <b>bold</b>.",
        "Every artifact this page reads was there.",
    ):
        assert expected in text, expected


def test_remedy_stands_as_a_line_to_paste(artifacts: dict[str, Any]) -> None:
    line = 'kedro run --pipeline=cpt --params="mix.domain_share=0.25,stage1.optimizer.peak_lr=0.0005"'
    artifacts["decision"] |= {
        "verdict": "roll_back", "model": "stage1-step-000100", "remedy_command": line,
        "remedy": {"mix.domain_share": 0.25, "stage1.optimizer.peak_lr": 0.0005},
    }  # fmt: skip
    text = Page(render_report(artifacts)).text
    assert "Rolled back" in text
    assert line in text
    assert "mix.domain_share 0.5 0.25" in text
    assert "stage1-step-000100 a matrix." in text, "the released model continues the prompts too"


@pytest.mark.parametrize("name", EXPECTED)
def test_a_missing_artifact_is_named(artifacts: dict[str, Any], name: str) -> None:
    """Without what figures are drawn from, since they take the most time."""
    sieves = {"collect_metrics", "clean_metrics", "dedup_metrics"}
    absent = {name, "base_log", "stage1_log", "stage2_log", "decision", *sieves}
    left = {other: value for other, value in artifacts.items() if other not in absent}
    named = [other for other in EXPECTED if other in absent]
    assert f"Missing artifacts: {', '.join(named)}." in Page(render_report(left)).text
    assert describe_page(left).missing == tuple(named)
    assert describe_page(artifacts).missing == ()


def test_an_empty_run_gives_a_page_without_numbers() -> None:
    text = Page(render_report({})).text
    assert "No decision" in text
    assert text.count("missing") > len(EXPECTED)
    told = text.split("Missing artifacts")[0]
    assert not re.search(r"\d", re.sub(r"stage ?[12]", "", told)), "no number, and above all no 0"


def test_a_refused_run_gives_the_reason(artifacts: dict[str, Any]) -> None:
    kept = {"plan_metrics", "collect_metrics", "permit"}
    refused = {name: value for name, value in artifacts.items() if name in kept}
    refused["permit"] = {
        "stages": {"stage1": False},
        "reasons": ["money would be at least 12 USD, plan.max_money is 5"],
    }
    text = Page(render_report(refused)).text
    assert "The run stopped before stage decide: money would be at least 12 USD, plan.max_money is 5." in text


def test_a_score_that_is_no_number_is_missing_and_not_zero(artifacts: dict[str, Any]) -> None:
    artifacts["scores"]["comparisons"]["stage2"]["channels"]["en"] = {
        "relative_change": None,
        "low": math.nan,
        "high": None,
    }
    artifacts["scores"]["models"]["stage2"]["channels"]["en"]["bits_per_byte"] = None
    text = Page(render_report(artifacts)).text
    assert "en 2.2412 missing missing missing general 150" in text


@pytest.mark.parametrize("seed", range(12))
def test_nothing_that_is_missing_breaks_the_page(artifacts: dict[str, Any], seed: int) -> None:
    """Twenty leaves or branches of any artifact are taken away, or are no number."""
    random = Random(seed)
    broken = json.loads(json.dumps(artifacts))
    for _ in range(20):
        place, key = broken, random.choice(sorted(broken))
        for _ in range(random.randrange(6)):
            inner = place[key]
            keys = (
                sorted(inner) if isinstance(inner, dict) else list(range(len(inner))) if isinstance(inner, list) else []
            )
            if not keys:
                break
            place, key = inner, random.choice(keys)
        replacement = random.choice([None, math.nan, "gone"])
        if replacement == "gone":
            del place[key]
        else:
            place[key] = replacement
    html = render_report(broken)
    Page(html)
    assert re.findall("<h2[^>]*>([^<]+)<", html) == SECTIONS


def test_what_was_not_measured_has_no_section(artifacts: dict[str, Any]) -> None:
    page = render_report(artifacts)
    assert "How various it is" in page
    assert "By meaning" in page
    artifacts["dedup_metrics"] |= {"semantic": None, "diversity": None}
    page = render_report(artifacts)
    assert "How various it is" not in page
    assert "By meaning" not in page


def test_the_figures_of_the_corpus_are_in_the_page_or_missing_one_by_one(artifacts: dict[str, Any]) -> None:
    names = ("funnel", "lengths", "grades", "dedup")
    assert {f"figure-{name}" for name in names} <= set(Page(render_report(artifacts)).ids)
    del artifacts["clean_metrics"]["lengths"], artifacts["dedup_metrics"]["curve"]
    ids = Page(render_report(artifacts)).ids
    assert [name for name in names if f"figure-{name}" in ids] == ["funnel", "grades"]


@pytest.mark.feature(18)
def test_the_scorer_is_drawn_where_there_is_one(artifacts: dict[str, Any], scorer_metrics: dict[str, Any]) -> None:
    artifacts["clean_metrics"]["scorer"] = None
    assert "Switched off: the grades are those of the rules." in render_report(artifacts)
    artifacts["clean_metrics"]["scorer"] = scorer_metrics
    page = Page(render_report(artifacts))
    assert "Switched off: the grades are those of the rules." not in page.words
    assert {"0.893", "0.840 to 0.941", "60.0%"} <= {word.strip() for word in page.words}
    figures = [each for each in page.ids if each.startswith(("scores-", "calibration-"))]
    assert {each.partition("-")[0] for each in figures} == {"scores", "calibration"}
