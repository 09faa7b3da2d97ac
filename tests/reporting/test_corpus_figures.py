"""The figures of the cleaning report: what is drawn where, and what is left out where a number is missing."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.reporting import corpus_figures
from cpt_pipeline.reporting.corpus_figures import Histogram, Level
from cpt_pipeline.reporting.reading import Artifacts


def texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_the_funnel_goes_from_the_records_read_to_the_text_for_training(artifacts: dict[str, Any]) -> None:
    levels = corpus_figures.funnel(Artifacts(artifacts))
    assert levels[:4] == [
        Level("read by collect", 0.0, 2741.0, "kept"),
        Level("empty", 2711.0, 2741.0, "lost"),
        Level("too_long", 2700.0, 2711.0, "lost"),
        Level("after collect", 0.0, 2700.0, "kept"),
    ]
    assert levels[-2:] == [Level("held out", 2011.0, 2461.0, "held out"), Level("for training", 0.0, 2011.0, "kept")]


def test_a_stage_that_is_missing_or_does_not_fit_begins_the_funnel_anew(artifacts: dict[str, Any]) -> None:
    labels = [level.label for level in corpus_figures.funnel(Artifacts({**artifacts, "collect_metrics": None}))]
    assert labels[:3] == ["read by clean", "too_short", "symbols"]
    artifacts["clean_metrics"]["records_in"] = 2699
    labels = [level.label for level in corpus_figures.funnel(Artifacts(artifacts))]
    assert labels[3:5] == ["after collect", "read by clean"]
    assert corpus_figures.funnel(Artifacts({})) == []


def test_what_was_made_is_added_before_anything_is_excluded(artifacts: dict[str, Any]) -> None:
    artifacts["clean_metrics"] |= {"documents": 2651, "synthetic": {"made": {"rewrite": 10, "questions": 30}}}
    levels = corpus_figures.funnel(Artifacts(artifacts))
    assert levels[4:6] == [
        Level("made by augmentation", 2700.0, 2740.0, "made"),
        Level("too_short", 2679.0, 2740.0, "lost"),
    ]
    assert Level("after clean", 0.0, 2651.0, "kept") in levels
    assert corpus_figures.funnel_figure(levels).axes[0].get_xlim()[1] >= 2740


def test_small_reasons_share_a_bar_and_none_is_lost(artifacts: dict[str, Any]) -> None:
    reasons = {f"r{number}": 10 - number for number in range(10)}
    artifacts["clean_metrics"] |= {"excluded": {**reasons, "never": 0}}
    lost = [level for level in corpus_figures.funnel(Artifacts(artifacts)) if level.kind == "lost"][2:-4]
    assert [level.label for level in lost] == [*(f"r{number}" for number in range(8)), "2 other reasons"]
    assert sum(level.records for level in lost) == 55
    del artifacts["clean_metrics"]["excluded"]["r9"]
    lost = [level for level in corpus_figures.funnel(Artifacts(artifacts)) if level.kind == "lost"][2:-4]
    assert lost[-1].label == "r8", "one reason more needs no bar for the rest"


@given(st.lists(st.integers(0, 500), max_size=30), st.integers(0, 1000))
def test_every_excluded_record_has_its_place_in_the_funnel(excluded: list[int], left: int) -> None:
    read = left + sum(excluded)
    reasons = {f"r{place}": number for place, number in enumerate(excluded)}
    metrics = {"records_in": read, "documents": left, "excluded": reasons}
    first, *lost, last = corpus_figures.funnel(Artifacts({"collect_metrics": metrics}))
    ends = [first.end, *(level.start for level in lost)]
    assert [level.end for level in lost] == ends[:-1], "each bar begins where the one before ended"
    assert ends[-1] == last.end == left


def test_the_funnel_says_records_and_shares_of_the_first_bar() -> None:
    levels = [Level("read", 0, 4000, "kept"), Level("too_short", 3000, 4000, "lost"), Level("rare", 2999, 3000, "lost")]
    (axes,) = corpus_figures.funnel_figure(levels).axes
    assert texts(axes) == ["read", "4,000", "100.0%", "too short", "1,000", "25.0%", "rare", "1", "<0.1%"]
    assert [(bar.get_x(), bar.get_width()) for bar in axes.patches] == [(0, 4000), (3000, 1000), (2999, 1)]
    assert axes.get_xlabel() == "records"


def test_lengths_are_shares_of_a_channels_documents_with_the_bin_of_the_median(artifacts: dict[str, Any]) -> None:
    domain, en = corpus_figures.lengths(Artifacts(artifacts))
    assert (domain.channel, domain.note, en.note) == ("domain", "median 128 to 255", "median 512 to 1,023")
    assert domain.shares[6:] == (300 / 873, 400 / 873, 173 / 873)
    assert domain.edges == tuple(range(10))


def test_a_channel_with_a_count_that_is_no_number_has_no_histogram(artifacts: dict[str, Any]) -> None:
    artifacts["clean_metrics"]["lengths"] = {"en": [1, math.nan, 2], "code": [0, 0], "domain": "lost", "other": [3, 1]}
    assert [found.channel for found in corpus_figures.lengths(Artifacts(artifacts))] == ["other"]
    assert corpus_figures.grades(Artifacts({})) == []


def test_lengths_have_round_numbers_of_characters_on_their_axis() -> None:
    found = [Histogram("zh", tuple(range(25)), (0.0,) * 11 + (1.0,) + (0.0,) * 12, "")]
    (axes,) = corpus_figures.lengths_figure(found, {}).axes
    assert axes.get_xlim() == (11, 18)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["10 k", "100 k"]
    assert axes.get_xticks()[0] == math.log2(10_000)


def test_grades_mark_the_mean_where_it_is_known(artifacts: dict[str, Any]) -> None:
    artifacts["clean_metrics"]["qualities"]["en"] = [0] * 19 + [5]
    found = corpus_figures.grades(Artifacts(artifacts))
    assert [(each.channel, each.note, each.mark) for each in found] == [("domain", "mean 0.61", 0.61), ("en", "", None)]
    domain, en = corpus_figures.grades_figure(found, {"domain": "domain"}).axes
    assert [list(line.get_xdata()) for line in domain.get_lines()] == [[0.61, 0.61]]
    assert list(en.get_lines()) == []
    assert domain.patches[0].get_facecolor() != en.patches[0].get_facecolor()
    assert domain.get_ylim() == en.get_ylim()


def test_the_dedup_curve_is_a_share_of_its_largest_point_and_marks_what_is_in_force(artifacts: dict[str, Any]) -> None:
    artifacts["dedup_metrics"]["curve"].append({"min_similarity": 0.7, "characters": None})
    curve = corpus_figures.dedup_curve(Artifacts(artifacts))
    assert curve == [(0.8, 0.95), (0.9, 1.0)]
    (axes,) = corpus_figures.dedup_figure(curve, 0.8).axes
    assert texts(axes) == ["in force: 0.80\nkeeps 95.0%"]
    (axes,) = corpus_figures.dedup_figure(curve, 0.85).axes
    assert texts(axes) == ["in force: 0.85"], "between two points nothing was measured"
    (axes,) = corpus_figures.dedup_figure(curve, None).axes
    assert texts(axes) == []
    assert corpus_figures.dedup_curve(Artifacts({"dedup_metrics": {"curve": [{"min_similarity": 0.5}]}})) == []


def test_scores_mark_the_border_of_their_channel(artifacts: dict[str, Any], scorer_metrics: dict[str, Any]) -> None:
    artifacts["clean_metrics"]["scorer"] = scorer_metrics
    domain, en = corpus_figures.scores(Artifacts(artifacts))
    assert (domain.channel, domain.mark, domain.shares) == ("domain", None, (0.0, 1.0))
    assert (en.channel, en.mark, en.edges, en.note) == ("en", 0.4123, (0.0, 0.5, 1.0), "800 documents")
    _, axes = corpus_figures.scores_figure([domain, en], {}).axes
    assert [list(line.get_xdata()) for line in axes.get_lines()] == [[0.4123, 0.4123]]
    assert corpus_figures.scores(Artifacts({"clean_metrics": {"scorer": None}})) == []


def test_the_calibration_has_a_dot_per_tenth_with_its_number_of_labels(
    artifacts: dict[str, Any], scorer_metrics: dict[str, Any]
) -> None:
    artifacts["clean_metrics"]["scorer"] = scorer_metrics
    points = corpus_figures.calibration(Artifacts(artifacts))
    assert points == [(0.14, 0.2, 40), (0.86, 0.8, 60)]
    (axes,) = corpus_figures.calibration_figure(points).axes
    assert texts(axes) == ["40", "60"]
    assert [list(line.get_ydata()) for line in axes.get_lines()] == [[0, 1], [0.2, 0.8]]
    assert corpus_figures.calibration(Artifacts({})) == []
