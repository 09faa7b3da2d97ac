"""The commands of the Makefile: together they are the whole way, and they run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cpt_pipeline.core.artifact import content_hash
from tests.conftest import REPOSITORY
from tests.project import Project

PARTS = ("pretrain-tokenizer", "pretrain-run", "pretrain-eval")


def make_environment(place: Path) -> None:
    """Make what `make install` makes, from the environment that runs the tests."""
    place.mkdir()
    (place / "bin").symlink_to(Path(sys.executable).parent)
    (place / ".installed").touch()


def test_three_commands_are_the_whole_way_in_its_order(tmp_path: Path) -> None:
    make_environment(tmp_path / "tools")
    command = ["make", "--dry-run", f"VENV={tmp_path / 'tools'}", *PARTS]
    said = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    named = [stage for part in re.findall(r"kedro run\s+--pipelines=(\S+)", said) for stage in part.split(",")]
    listed = (REPOSITORY / "src/cpt_pipeline/pipeline_registry.py").read_text(encoding="utf-8")
    assert named == re.findall(r'^    "(\w+)": \1,$', listed, flags=re.MULTILINE)


@pytest.mark.feature(6)
def test_each_command_makes_its_part_again(smoke: Project) -> None:
    """The first two make only what is missing, the last part of each; the third runs as it stands."""
    for name in ("Makefile", "constraints.txt"):
        shutil.copyfile(REPOSITORY / name, smoke.path / name)
    make_environment(smoke.path / "tools")
    root = smoke.path / "data/smoke"
    command = ("make", "ENV=smoke", "VENV=tools")
    for part, artifact in (("pretrain-tokenizer", "tokens"), ("pretrain-run", "candidates")):
        (found,) = root.glob(f"*/{artifact}")
        before = content_hash(found)
        shutil.rmtree(found)
        smoke.succeed(*command, "RUN=kedro run --env=smoke --only-missing-outputs", part)
        assert content_hash(found) == before

    made = [root / "08_reporting" / name for name in ("scores.json", "decision.json", "report.html")]
    for path in made:
        path.unlink()
    assert "Verdict: promote" in smoke.succeed(*command, "pretrain-eval")
    assert [path.name for path in made if not path.is_file()] == []
