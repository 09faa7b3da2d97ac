"""What the data stages promise as a chain: the same artifacts however the work is divided or stopped, nothing lost."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.artifact import MANIFEST
from cpt_pipeline.core.params import Report
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.formats.documents import read_documents
from tests.corpus.chain import ARTIFACTS, DEDUP, QUESTION, SHARD_BYTES, manifests, run_chain, write_corpus
from tests.corpus.stages import dedup_documents
from tests.corpus.texts import make_text, write_artifact

ROOT = Path(__file__).parents[2]
MARK = "CPT_TEST_MARK"
ONE = EngineParams(workers=1, task_megabytes=1)
TWO = EngineParams(workers=2, task_megabytes=1)


class Reference:
    """The chain run once in this process, and what it gave."""

    def __init__(self, place: Path) -> None:
        self.corpus, self.out = place / "corpus", place / "out"
        write_corpus(self.corpus)
        self.reports: dict[str, Report] = run_chain(self.corpus, self.out, ONE)
        self.manifests = manifests(self.out)

    def rows(self, stage: str, name: str) -> list[dict[str, str]]:
        return list(read_documents(self.out / stage / "out" / name))

    def ids(self, stage: str, name: str) -> list[str]:
        return [row["id"] for row in self.rows(stage, name)]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return Reference(tmp_path_factory.mktemp("reference"))


def test_the_corpus_has_many_tasks_and_something_of_everything(reference: Reference) -> None:
    found = {place.parent.name.partition("-")[0]: 0 for place in reference.out.glob("*/tasks/*/tasks")}
    for place in reference.out.glob("*/tasks/*/tasks/*.json"):
        found[place.parents[1].name.partition("-")[0]] += 1
    assert found == {"collect": 4, "phrases": 3, "clean": 3, "survey": 3, "vectors": 3, "passages": 3, "dedup": 3}
    assert reference.reports["collect"].model_dump()["excluded"] == {
        "empty": 1,
        "no_text_field": 15,
        "not_json": 5,
        "unsupported_format": 1,
    }
    assert reference.reports["clean"].model_dump()["excluded"] == {"too_short": 6}
    dedup = reference.reports["dedup"].model_dump()
    assert dedup["excluded"] == {"benchmark": 4, "exact": 12, "near": 4, "semantic": 3}
    assert dedup["passages"]["documents"] == 3
    assert len(reference.ids("dedup", "heldout_documents")) == 8
    cleaned = [row["text"] for row in reference.rows("clean", "clean_documents")]
    assert sum("@" in text for text in cleaned) == 16
    assert not any("post-example" in text or "Share on Facebook" in text for text in cleaned)


def test_every_record_is_kept_or_excluded_at_every_stage(reference: Reference) -> None:
    before: list[str] | None = None
    for stage, kept in {"collect": 1, "clean": 1, "dedup": 2}.items():
        names = [name for name in ARTIFACTS[stage] if name.endswith("_documents")]
        excluded = reference.ids(stage, f"{stage}_excluded")
        parts = [reference.ids(stage, name) for name in names]
        found = [*excluded, *(each for part in parts for each in part)]
        assert (len(names), len(found)) == (kept, len(set(found)))
        assert before is None or sorted(found) == sorted(before)
        report = reference.reports[stage].model_dump()
        assert report["records_in"] == len(found)
        assert report["documents"] + report.get("heldout_documents", 0) == len(found) - len(excluded)
        assert sum(report["excluded"].values()) == len(excluded)
        before = parts[0] if kept == 1 else None


@pytest.mark.parametrize(("task_megabytes", "shard_bytes"), [(64, 1 << 28), (1, 3_000), (2, 60_000)])
def test_the_size_of_tasks_and_shards_does_not_matter(
    reference: Reference, tmp_path: Path, task_megabytes: int, shard_bytes: int
) -> None:
    run = EngineParams(workers=1, task_megabytes=task_megabytes)
    reports = run_chain(reference.corpus, tmp_path, run, shard_bytes)
    assert manifests(tmp_path) == reference.manifests
    assert reports == reference.reports


@pytest.mark.long
def test_a_killed_stage_goes_on_in_two_processes_and_gives_the_same(reference: Reference, tmp_path: Path) -> None:
    child = start(tmp_path, *dedup_command(reference, tmp_path / "dedup/out"))
    wait_for(tmp_path, "dedup/tasks/survey-*/logs/completions/*", child)
    kill(child)
    first = {path: path.stat().st_mtime_ns for path in tmp_path.glob("dedup/tasks/survey-*/logs/completions/*")}
    assert 1 <= len(first) <= 3
    items = reference.out / "collect/out/benchmark_texts"
    dedup_documents(reference.out / "cleaned", items, tmp_path / "dedup/out", DEDUP, TWO)
    assert dedup_manifests(tmp_path / "dedup/out") == dedup_manifests(reference.out / "dedup/out")
    assert all(path.stat().st_mtime_ns == written for path, written in first.items())


texts = st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["", "!", QUESTION, "0"])), max_size=30)


@settings(max_examples=15, deadline=None)
@given(texts, st.integers(1, 3_000))
def test_dedup_parts_any_corpus_into_kept_heldout_and_excluded(
    tmp_path_factory: pytest.TempPathFactory, reference: Reference, plan: list[tuple[int, str]], shard_bytes: int
) -> None:
    place = tmp_path_factory.mktemp("any")
    rows = [("en", f"{make_text(number)}\n{more}") for number, more in [*((n, "") for n in range(40, 60)), *plan]]
    documents = write_artifact(place / "in", rows, shard_bytes=shard_bytes)
    items = reference.out / "collect/out/benchmark_texts"
    report = dedup_documents(documents, items, place / "out", DEDUP)
    names = ("unique_documents", "heldout_documents", "dedup_excluded")
    parts = [[row["id"] for row in read_documents(place / "out" / name)] for name in names]
    assert sorted(itertools.chain(*parts)) == sorted(f"s/{number}" for number in range(len(rows)))
    assert [len(part) for part in parts] == [report.documents, report.heldout_documents, sum(report.excluded.values())]
    assert report.excluded.get("benchmark", 0) == sum(more == QUESTION for _, more in plan)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_a_chain_killed_at_any_moment_ends_the_same(reference: Reference, tmp_path: Path, seed: int) -> None:
    """Kill it four times, each time with more files on the disk, and start it again at once; then let it end."""
    chance = random.Random(seed)
    num_files = count_files(reference.out)
    for moment in sorted(chance.sample(range(1, num_files), 4)):
        child = start(tmp_path, *chain_command(reference.corpus, tmp_path / "out"))
        while count_files(tmp_path / "out") < moment and child.poll() is None:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.3))
        assert child.poll() is None, f"it ended before {moment} of {num_files} files: {(tmp_path / 'log').read_text()}"
        kill(child)
    child = start(tmp_path, *chain_command(reference.corpus, tmp_path / "out"))
    assert child.wait(240) == 0, (tmp_path / "log").read_text()
    assert manifests(tmp_path / "out") == reference.manifests
    assert no_process_of(tmp_path)


@pytest.mark.long
def test_two_workers_give_what_one_gives_and_leave_no_process(reference: Reference, tmp_path: Path) -> None:
    child = start(tmp_path, *chain_command(reference.corpus, tmp_path / "out", 7_000))
    assert child.wait(240) == 0, (tmp_path / "log").read_text()
    assert manifests(tmp_path / "out") == reference.manifests
    assert no_process_of(tmp_path)


@pytest.mark.long
def test_two_runs_of_the_same_tasks_at_once_do_each_other_no_harm(reference: Reference, tmp_path: Path) -> None:
    """The lock of a workspace forbids it; should it fail, files of tasks are still whole and equal."""
    (tmp_path / "tasks").mkdir()
    for name in "ab":
        (tmp_path / name / "dedup").mkdir(parents=True)
        (tmp_path / name / "dedup/tasks").symlink_to(tmp_path / "tasks")
    children = [start(tmp_path / name, *dedup_command(reference, tmp_path / name / "dedup/out")) for name in "ab"]
    codes = [child.wait(120) for child in children]
    assert codes == [0, 0], "".join((tmp_path / name / "log").read_text() for name in "ab")
    for name in "ab":
        assert dedup_manifests(tmp_path / name / "dedup/out") == dedup_manifests(reference.out / "dedup/out")


def chain_command(corpus: Path, out: Path, shard_bytes: int = SHARD_BYTES) -> list[str]:
    return ["-m", "tests.corpus.chain", str(corpus), str(out), TWO.model_dump_json(), str(shard_bytes)]


def count_files(place: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(place))


def dedup_command(reference: Reference, out: Path) -> list[str]:
    code = """
        import sys
        from pathlib import Path
        from cpt_pipeline.corpus.engine.params import EngineParams
        from tests.corpus.chain import DEDUP
        from tests.corpus.stages import dedup_documents
        documents, items, out, run = sys.argv[1:]
        dedup_documents(Path(documents), Path(items), Path(out), DEDUP, EngineParams.model_validate_json(run))
        """
    places = (reference.out / "cleaned", reference.out / "collect/out/benchmark_texts", out)
    return ["-c", textwrap.dedent(code), *map(str, places), ONE.model_dump_json()]


def dedup_manifests(out: Path) -> dict[str, str]:
    return {name: (out / name / MANIFEST).read_text(encoding="utf-8") for name in ARTIFACTS["dedup"]}


def start(place: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start Python in a process whose whole family can be found by `place`."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}", MARK: str(place)}
    with (place / "log").open("ab") as log:
        return subprocess.Popen([sys.executable, *arguments], env=environment, stdout=log, stderr=log)


def kill(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL


def wait_for(place: Path, pattern: str, child: subprocess.Popen[bytes]) -> None:
    """Wait until a file is there, as long as the child lives."""
    while not any(place.glob(pattern)):
        assert child.poll() is None, (place / "log").read_text()
        time.sleep(0.01)


def no_process_of(place: Path) -> bool:
    """Say whether every process that was started for `place` ends within ten seconds."""
    deadline = time.monotonic() + 10
    while any(is_of(process, place) for process in Path("/proc").glob("[0-9]*")):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def is_of(process: Path, place: Path) -> bool:
    try:
        return f"{MARK}={place}\0".encode() in (process / "environ").read_bytes()
    except OSError:  # it has ended, or is another user's
        return False
