"""What a stage was made from: what lies behind it is none of that, and the files that conf names are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.project import Project

STEPS = "conf/base/parameters_train.yml"
CLEAN = "conf/base/parameters_clean.yml"
REPORT = '''"""Stage report: it lies behind the decision."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from cpt_pipeline.core.workspace import workspace
from tiny.words import CleanParams


def report(decision: dict[str, Any], log: list[Any], params: CleanParams) -> tuple[str, dict[str, Any]]:
    """Write the page."""
    with workspace("report", {"decision": decision}, params) as work:
        return f"{decision['reasons']} {len(log)}", work.provenance()


def create_pipeline() -> Pipeline:
    """Write the page."""
    node = Node(report, ["decision", "train_log", "params:clean"], ["report", "report_provenance"], name="report")
    return Pipeline([node], namespace="report", prefix_datasets_with_namespace=False)
'''


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def newest_release(project: Project) -> Path:
    return max((project.path / "data/09_releases").glob("0*"))


@pytest.fixture
def reporting(tiny: Project) -> Project:
    """The tiny project with a stage behind the decision."""
    tiny.write("src/tiny/pipelines/report/__init__.py", REPORT)
    registry = "src/tiny/pipeline_registry.py"
    tiny.replace(registry, "import clean, decide, draw, train", "import clean, decide, draw, report, train")
    tiny.replace(registry, '"decide": decide}', '"decide": decide, "report": report}')
    tiny.succeed("kedro", "sync-dvc")
    tiny.commit("a report")
    return tiny


@pytest.mark.feature(4)
@pytest.mark.feature(129)
def test_a_stage_behind_the_decision_keeps_no_release_from_its_lock(reporting: Project) -> None:
    """While the second decision is made the report is still of the first one."""
    reporting.succeed("kedro", "run", "--pipeline=cpt")
    reporting.replace(STEPS, "num_steps: 4", "num_steps: 6")
    reporting.replace(CLEAN, "min_chars: 3", "min_chars: 4")
    reporting.succeed("kedro", "run", "--pipeline=cpt")
    second = newest_release(reporting)
    assert second.name.startswith("0002-")
    assert read(second / "release.json")["made_otherwise"] == []
    assert f"Release {second.name}: has its dvc.lock" in reporting.succeed("kedro", "adopt")


@pytest.fixture
def reading(tiny: Project) -> Project:
    """The tiny project with a stage that reads a folder and a word list of the user."""
    tiny.write("own/texts/a.txt", "erstes")
    tiny.write("own/texts/b/c.txt", "zweites")
    tiny.write("own/texts/.DS_Store", "left by an editor, and none of DVC's")
    tiny.write("own/words.txt", "wort")
    tiny.replace(CLEAN, "clean:\n", "clean:\n  extra_words: own/words.txt\n  extra_texts: own/texts/**/*.txt\n")
    tiny.succeed("kedro", "sync-dvc")
    tiny.commit("texts of one's own")
    return tiny


@pytest.mark.feature(4)
@pytest.mark.feature(129)
def test_files_that_were_edited_after_the_run_are_not_recorded_as_read(reading: Project) -> None:
    reading.succeed("kedro", "run", "--pipeline=cpt")
    first = newest_release(reading)
    noted = read(first / "contents.json")
    assert f"Release {first.name}: has its dvc.lock" in reading.succeed("kedro", "adopt")
    lock = (reading.path / "dvc.lock").read_text(encoding="utf-8")
    assert noted["own/texts"].endswith(".dir")
    assert noted["own/texts"] in lock
    assert noted["own/words.txt"] in lock

    reading.write("own/texts/b/c.txt", "Zweites")
    (reading.path / "own/words.txt").unlink()
    reading.replace("conf/base/catalog.yml", "{stage}_log.json\n", "{stage}_log.json\n  save_args: {indent: 2}\n")
    edited = "own/texts was edited since it was read"
    gone = "own/words.txt is gone since it was read"
    said = reading.succeed("kedro", "adopt")
    assert (
        "train is not put on record, `dvc repro dvc.yaml` runs it again: the catalog keeps train_log otherwise" in said
    )
    assert "clean is not put on record, `dvc repro dvc.yaml` runs it again: " in said
    assert edited in said
    assert gone in said
    assert noted["own/texts"] in (reading.path / "dvc.lock").read_text(encoding="utf-8")
    assert "own/texts" in reading.succeed("dvc", "status")

    reading.write("own/words.txt", "wort")
    reading.replace(STEPS, "num_steps: 4", "num_steps: 6")
    warned = f"clean was made otherwise: {edited}"
    assert f"{warned}; it is not made again by this run" in reading.succeed("kedro", "run", "--pipelines=train,decide")
    second = newest_release(reading)
    assert read(second / "release.json")["made_otherwise"] == [warned]
    assert read(second / "contents.json")["own/texts"] == noted["own/texts"], "it is of the texts that were read"
    assert f"Release {second.name}: no dvc.lock, it is of another run:\n  - {warned}" in reading.succeed(
        "kedro", "adopt"
    )


@pytest.mark.feature(129)
def test_a_lock_of_other_texts_is_not_taken_for_that_of_the_run(reading: Project) -> None:
    """`dvc commit` by hand looks at nothing; the release was made of other texts than the lock says now."""
    reading.succeed("kedro", "run", "--pipeline=cpt")
    reading.write("own/texts/a.txt", "Erstes")
    reading.succeed("dvc", "commit", "--force", "--quiet", "dvc.yaml")
    reading.run("kedro", "verdict")
    release = newest_release(reading)
    assert not (release / "dvc.lock").exists()


@pytest.mark.feature(129)
def test_a_text_that_is_edited_while_its_stage_runs_is_said(reading: Project) -> None:
    words = "src/tiny/words.py"
    reading.replace(
        words,
        "    kept = [word",
        '    if params.extra_texts:\n        Path("own/texts/a.txt").write_text("Erstes", encoding="utf-8")\n'
        "    kept = [word",
    )
    said = reading.succeed("kedro", "run", "--pipeline=cpt")
    assert "clean: own/texts was edited since it was read, while the stage ran" in said
    about = read(newest_release(reading) / "release.json")
    assert about["made_otherwise"] == ["clean was made otherwise: own/texts was edited since it was read"]
