"""The scorer inside stage clean: labels in, grades and exclusions out, the same for any number of workers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.artifact import MANIFEST
from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.corpus.clean.params import CleanParams, CleanReport
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.corpus.models.devices import one_thread
from cpt_pipeline.formats.documents import document, read_documents
from tests.corpus.clean.rules.test_rules import PROSE
from tests.corpus.clean.scoring.texts import make_labels, make_prose, write_encoder
from tests.corpus.stages import clean_documents
from tests.corpus.texts import write_artifact

CODE = "\n".join(f"def function_{number}(value):\n    return value + {number}" for number in range(40))


def write_labels(path: Path, num_each: int = 60, noise: int = 999) -> Path:
    """Write labels from 0 to 5, every one in `noise` the wrong way round; ten in turn are of a page."""
    labels = enumerate(make_labels(num_each), 1)
    rows = [
        {"text": label.text, "label": 5 * abs(label.value - (n % noise == 0)), "page": f"page {(n - 1) // 10}"}
        for n, label in labels
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def rows(num_words: int = 80) -> list[dict[str, Any]]:
    """Give 60 essays and 20 news of the web, every fourth and every second good, some others, and 20 of a forum."""
    found = [("web", "essay", make_prose(1_000 + n, good=n % 4 == 0, num_words=num_words)) for n in range(60)]
    found += [("web", "news", make_prose(2_000 + n, good=n % 2 == 0, num_words=num_words)) for n in range(20)]
    found += [("code", None, CODE), ("web", None, CODE), ("web", "essay", "sale")]
    found += [("books", "essay", make_prose(1, good=False))]
    found += [("forum", "essay", make_prose(3_000 + n, good=n % 2 == 0, num_words=num_words)) for n in range(20)]
    return [
        document(id=f"s/{n}", text=text, channel=channel, source="s", license="MIT", category=category, language="en")
        for n, (channel, category, text) in enumerate(found)
    ]


def params(file: Path, **scorer: Any) -> CleanParams:
    given = {"enabled": True, "channels": ["web", "forum"], "labels": {"path": str(file), "max_label": 5}, **scorer}
    off = {family: {"enabled": False} for family in ("gopher_repetition", "gopher_quality", "c4", "fineweb")}
    rules = {**CleanParams().rules.model_dump(), **off}
    return CleanParams.model_validate({"scorer": given, "rules": rules, "personal_data": {"enabled": False}})


def run(place: Path, scorer: dict[str, Any], engine: EngineParams | None = None, num_words: int = 80) -> CleanReport:
    place.mkdir(parents=True, exist_ok=True)
    labels = write_labels(place / "labels.jsonl")
    raw = write_artifact(place / "raw", rows(num_words), shard_bytes=4_000)
    return clean_documents(raw, place / "out", params(labels, **scorer), engine or EngineParams(workers=1))


def kept(place: Path) -> dict[str, float]:
    return {row["id"]: row["quality"] for row in read_documents(place / "out/clean_documents")}


@pytest.mark.feature(18)
def test_a_share_of_each_channel_stays_by_score_and_rules_come_first(tmp_path: Path) -> None:
    report = run(tmp_path, {"kept_share": 0.25, "by_category": {"news": {"min_score": 0.5}}})
    assert report.scorer is not None
    assert report.excluded == {"low_score": 70, "too_short": 1}
    good = {f"s/{n}" for n in range(60) if n % 4 == 0} | {f"s/{60 + n}" for n in range(20) if n % 2 == 0}
    left = kept(tmp_path).keys()
    assert {name for name in left if int(name[2:]) < 84} == good | {"s/80", "s/81", "s/83"}
    assert len(left - good) - 3 == 5
    assert {int(name[2:]) % 2 for name in left if int(name[2:]) >= 84} == {0}
    assert report.scorer.scored == {"forum": 20, "web": 80}
    forum, essay, news = report.scorer.borders
    assert (forum.channel, forum.category, forum.scored, forum.kept) == ("forum", None, 20, 5)
    assert (essay.channel, essay.category, essay.scored, essay.kept) == ("web", None, 60, 15)
    assert (news.category, news.border, news.scored, news.kept) == ("news", 0.5, 20, 10)
    details = {row["id"]: row["detail"] for row in read_documents(tmp_path / "out/clean_excluded")}
    assert details["s/1"].startswith("score 0.")
    assert details["s/1"].endswith(f", at least {essay.border:.4f}")


@pytest.mark.feature(20)
def test_strong_formats_and_other_channels_keep_the_grade_of_the_rules(tmp_path: Path) -> None:
    plain = clean_documents(
        write_artifact(tmp_path / "plain", rows()),
        tmp_path / "off/out",
        CleanParams().model_copy(update={"rules": params(tmp_path / "labels.jsonl").rules}),
    )
    report = run(tmp_path / "on", {})
    assert (plain.scorer, report.excluded) == (None, {"too_short": 1})
    assert report.scorer is not None
    assert report.scorer.unscored == {
        "books": {"other_channel": 1},
        "code": {"strong_format": 1},
        "web": {"strong_format": 1},
    }
    before, after = kept(tmp_path / "off"), kept(tmp_path / "on")
    assert {name for name in before if before[name] == after[name]} == {"s/80", "s/81", "s/83"}
    assert sum(report.scorer.scores["web"]) == 80
    assert report.scorer.borders[0].border is None


@pytest.mark.feature(20)
def test_code_and_markup_are_not_scored_nor_changed_nor_judged_as_prose(tmp_path: Path) -> None:
    noisy = "1,000 m&amp;m of 5kg.[12]"
    forms = {
        "code": f"{CODE}\n# {noisy}",
        "markdown": f"# Title\n\n`Code`.\n\n## Make\n\n```sh\nmake\n```\n\n- one\n- two\n- {noisy}\n\n{PROSE}",
        "latex": f"\\section{{Proof}}\n\\begin{{equation}}\nx = 1\n\\end{{equation}}\n{noisy}\n{PROSE}",
        "json": json.dumps({"text": noisy, "numbers": list(range(40))}),
        "table": "\n".join(f"flour\t{number}.20\t{noisy}" for number in range(6)),
    }
    texts = {**forms, "prose": f"{PROSE} {noisy}", "code as prose": forms["code"]}
    given = {"channel": "web", "source": "s", "license": "MIT", "language": "en"}
    kinds = {"prose": "news", "code as prose": "news"}
    raw = write_artifact(
        tmp_path / "raw", [document(id=n, text=t, category=kinds.get(n), **given) for n, t in texts.items()]
    )
    scored = params(write_labels(tmp_path / "labels.jsonl"))
    units = {"thousands_separators": True, "unit_spaces": True}
    settings = {**scored.model_dump(), "rules": CleanParams().rules, "normalise": units}
    report = clean_documents(raw, tmp_path / "out", CleanParams.model_validate(settings))
    kept = {row["id"]: row["text"] for row in read_documents(tmp_path / "out/clean_documents")}
    assert kept == {**forms, "prose": f"{PROSE} 1000 m&m of 5 kg."}
    assert report.categories == {"web": {**dict.fromkeys(sorted(forms), 1), "news": 1}}
    excluded = {row["id"]: row["reason"] for row in read_documents(tmp_path / "out/clean_excluded")}
    assert excluded == {"code as prose": "gopher_top_3_gram"}
    assert report.scorer is not None
    assert (report.scorer.scored, report.scorer.unscored) == ({"web": 1}, {"web": {"strong_format": 5}})


@pytest.mark.feature(19)
def test_labels_train_the_scorer_and_those_held_back_judge_it(tmp_path: Path) -> None:
    labels = write_labels(tmp_path / "labels.jsonl", noise=6)
    report = clean_documents(write_artifact(tmp_path / "raw", rows()), tmp_path / "out", params(labels)).scorer
    assert report is not None
    found = report.evaluation
    assert found is not None
    assert (report.kind, report.labels, found.labels, found.good, found.spearman) == ("linear", 120, 35, 21, None)
    assert found.auc == 0.9048
    assert found.auc_interval == (0.7925, 0.9898)
    assert sum(each.labels for each in found.calibration if each) == 35
    pages = {"path": str(labels), "max_label": 5, "group": "page"}
    grouped = clean_documents(tmp_path / "raw", tmp_path / "grouped/out", params(labels, labels=pages)).scorer
    assert grouped is not None
    assert grouped.evaluation is not None
    assert grouped.evaluation.labels == 20, "two whole pages are held back"


@pytest.mark.long
def test_workers_and_tasks_change_nothing(tmp_path: Path) -> None:
    for name, engine in (("a", EngineParams(workers=1)), ("b", EngineParams(workers=2, task_megabytes=1))):
        run(tmp_path / name, {"kept_share": 0.5}, engine, 4_000)
    assert [len(list(place.glob("*.json"))) for place in (tmp_path / "b/tasks").glob("clean-*/tasks")] == [3]
    manifests = [(tmp_path / name / "out/clean_documents" / MANIFEST).read_bytes() for name in "ab"]
    assert manifests[0] == manifests[1]


def test_an_encoder_and_a_language_model_score_a_corpus(tmp_path: Path) -> None:
    bert = write_encoder(tmp_path / "bert", [label.text for label in make_labels(20)])
    options = {"name": str(bert), "max_tokens": 64, "epochs": 2, "batch_size": 8, "learning_rate": 3e-3}
    with one_thread():
        report = run(tmp_path / "a", {"kind": "encoder", "encoder": options, "kept_share": 0.5}).scorer
    assert report is not None
    assert report.evaluation is not None
    assert (report.evaluation.auc or 0) > 0.9
    assert [(each.scored, each.kept >= 0.5 * each.scored) for each in report.borders] == [(20, True), (80, True)]
    if "CPT_SHARED" in os.environ:
        model = {"name": str(Path(os.environ["CPT_SHARED"]) / "models/tinystories-656k"), "max_tokens": 100}
        asked = run(tmp_path / "b", {"kind": "language_model", "language_model": model, "labels": None}).scorer
        assert asked is not None
        assert (asked.labels, asked.evaluation, asked.scored) == (0, None, {"forum": 20, "web": 80})
        assert 1 < sum(1 for number in asked.scores["web"] if number) < 20


def test_another_threshold_trains_nothing(tmp_path: Path) -> None:
    first = run(tmp_path, {"kept_share": 0.5})
    (trained,) = tmp_path.glob("tasks/scorer-*/model/model.safetensors")
    written = trained.stat().st_mtime_ns
    assert run(tmp_path, {"kept_share": 0.25}).documents < first.documents
    assert run(tmp_path, {"kept_share": 0.5}) == first
    assert trained.stat().st_mtime_ns == written


def test_labels_that_are_wrong_are_named_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "labels.jsonl").write_text('{"text": "a", "label": 9}\n', encoding="utf-8")
    raw = write_artifact(tmp_path / "raw", rows())
    with pytest.raises(ParameterError, match=r"number from 0 to 5: line 1"):
        clean_documents(raw, tmp_path / "out", params(tmp_path / "labels.jsonl"))
    assert not (tmp_path / "tasks").exists()
