"""The commands as a user types them, on the tiny project: messages, exit codes, going on after a kill."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from kedro.framework.startup import bootstrap_project
from mlflow import MlflowClient

from cpt_pipeline.cli import cli
from tests.conftest import REPOSITORY
from tests.corpus.stages import collect_documents, dedup_documents
from tests.corpus.texts import make_text
from tests.project import Project
from tests.vocabulary.texts import write_documents


@pytest.mark.feature(1)
def test_a_run_ends_with_the_verdict_the_report_and_the_next_commands(recorded_template: tuple[Path, str]) -> None:
    place, said = recorded_template
    assert "Verdict: promote; in use: train" in said
    assert "domain improved in 4 rows" in said
    pointer = json.loads((place / "data/09_releases/current.json").read_text(encoding="utf-8"))
    assert f"Model:   data/09_releases/{pointer['release']}/model\n" in said
    assert f'AutoModelForCausalLM.from_pretrained("data/09_releases/{pointer["release"]}/model")' in said
    assert "Report:  not written yet" in said
    assert "dvc repro" in said
    assert "Deprecat" not in said


def test_a_roll_back_ends_with_reasons_a_remedy_to_paste_and_exit_code_3(recorded: Project) -> None:
    recorded.succeed("kedro", "verdict")
    recorded.replace("conf/base/parameters_decide.yml", "promote", "roll_back")
    said = recorded.succeed("kedro", "run", "--pipelines=decide")
    released = json.loads((recorded.path / "data/09_releases/current.json").read_text(encoding="utf-8"))["release"]
    assert f"Verdict: roll back; in use: train ({released})" in said, "an earlier release of this data root is in use"
    assert "kedro run --params train.learning_rate=0.1 --data-root=data/trial" in said
    assert recorded.run("kedro", "verdict").returncode == 3
    pointer = json.loads((recorded.path / "data/09_releases/current.json").read_text(encoding="utf-8"))
    assert pointer["model"] == "train", "a roll back to the base of a round keeps what was released before it"


def test_wrong_parameters_stop_the_run_with_every_problem_and_no_traceback(tiny: Project) -> None:
    tiny.replace("conf/base/parameters_train.yml", "num_steps: 4", "num_step: 4")
    tiny.write("conf/base/parameters_misc.yml", "cleen: {min_chars: 3}\n")
    done = tiny.run("kedro", "run", "--pipelines=draw")
    assert done.returncode == 2
    assert "conf/base/parameters_misc.yml: cleen: no stage reads this key; did you mean clean?" in done.stderr
    assert "conf/base/parameters_train.yml: train.num_step = 4: no such key; did you mean num_steps?" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tiny.path / "data").exists()


def test_an_environment_that_is_not_there_ends_in_one_line(tiny: Project) -> None:
    done = tiny.run("kedro", "run", "--env=nope")
    assert done.returncode == 2
    assert "ParameterError: conf/nope does not exist; the environments are base, local" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("--pipelines=cptt", "--pipelines: cptt: no such pipeline; there are cpt, draw, clean, train, decide"),
        ("--to-nodes=train", "Pipeline does not contain nodes named ['train']. Did you mean: ['train.train']?"),
        ("--data-root=tiny.txt/data", "The data root tiny.txt/data cannot be made (Not a directory)."),
    ],
)
def test_a_name_that_is_not_there_and_a_root_that_cannot_be_made_end_in_one_line(
    tiny: Project, option: str, says: str
) -> None:
    tiny.write("tiny.txt", "")
    done = tiny.run("kedro", "run", option)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_fault_in_a_stage_ends_with_its_message_and_exit_code(recorded: Project) -> None:
    recorded.replace("conf/base/parameters_clean.yml", "min_chars: 3", "min_chars: 99")
    done = recorded.run("kedro", "run", "--pipelines=clean")
    assert done.returncode == 2
    assert "NothingLeftError: clean kept none of 20 words; lower clean.min_chars" in done.stderr
    assert "Traceback" not in done.stderr

    (recorded.path / "data/01_raw/words/manifest.json").unlink()
    done = recorded.run("kedro", "run", "--pipelines=clean")
    assert done.returncode == 2
    assert "ArtifactError" in done.stderr
    assert "never finished" in done.stderr


@pytest.mark.long
def test_other_params_need_a_place_of_their_own_once_dvc_has_the_run_on_record(recorded: Project) -> None:
    done = recorded.run("kedro", "run", "--pipelines=train", "--params=train.num_steps=5")
    assert done.returncode == 2
    assert "--params train.num_steps would replace model, train_log" in done.stderr

    recorded.succeed("kedro", "run", "--params=train.num_steps=5", "--data-root=data/trial")
    assert (recorded.path / "data/trial/06_models/model/weights.txt").read_text(encoding="utf-8") == "35.0"
    assert (recorded.path / "data/06_models/model/weights.txt").read_text(encoding="utf-8") == "28.0"

    recorded.succeed("kedro", "run", "--pipelines=train", "--params=train.num_steps=5", "--force")
    assert (recorded.path / "data/06_models/model/weights.txt").read_text(encoding="utf-8") == "35.0"


def test_clearing_removes_what_nobody_works_in(tiny: Project) -> None:
    left = tiny.path / "data/.work/train-0123456789abcdef"
    left.mkdir(parents=True)
    (left / "checkpoint").write_bytes(b"x" * 2_000_000)
    said = tiny.succeed("kedro", "workspaces", "--clear")
    assert "2.0 MB" in said
    assert "cleared" in said
    assert not left.exists()


@pytest.mark.feature(129)
def test_rollback_says_how_to_get_model_code_and_data_back(recorded: Project) -> None:
    recorded.replace("conf/base/parameters_train.yml", "num_steps: 4", "num_steps: 6")
    recorded.succeed("kedro", "run", "--pipelines=train,decide")

    said = recorded.succeed("kedro", "rollback")
    assert "In use: train (0001-" in said
    assert "git checkout " in said
    assert "/dvc.lock dvc.lock" in said, "base has its lock in the project"
    client = MlflowClient(f"sqlite:///{recorded.path / 'mlflow.db'}")
    version = client.get_model_version_by_alias("cpt_pipeline.data", "current")
    assert version.tags["release"].startswith("0001-")
    assert version.source.endswith(f"{version.tags['release']}/model")
    assert version.tags["folder"] == version.source.removeprefix("file://")
    assert len(client.search_model_versions("name='cpt_pipeline.data'")) == 2
    there = sorted(path.name for path in (recorded.path / "data/09_releases").glob("0002-*"))
    put_back = f"{there[0]} is there and not in use; `kedro rollback --to {there[0]}` puts it in use again."
    assert put_back in recorded.run("kedro", "verdict").stdout
    assert recorded.succeed("kedro", "rollback").startswith("In use: base (the base model)")
    done = recorded.run("kedro", "rollback")
    assert done.returncode == 2
    assert "no release to go back from" in done.stderr
    assert client.get_registered_model("cpt_pipeline.data").aliases == {}


@pytest.fixture
def command() -> Iterator[Callable[..., Result]]:
    """A command of this project, run in this process: it needs nothing of Kedro's session."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGUSR1)}
    metadata = bootstrap_project(REPOSITORY)
    yield lambda *words: CliRunner().invoke(cli, [str(word) for word in words], obj=metadata)
    for number, handler in before.items():
        signal.signal(number, handler)


def longest_item() -> str:
    """Return an item of the suite of base, with its answer."""
    lines = (REPOSITORY / "conf/base/benchmarks/probes.jsonl").read_text(encoding="utf-8").splitlines()
    longest = max((json.loads(line) for line in lines), key=lambda item: len(item["prompt"]))
    return f"{longest['prompt']} {longest['choices'][longest['answer']]}"


@pytest.fixture
def tiny_command(recorded: Project, command: Callable[..., Result]) -> Iterator[Callable[..., Result]]:
    """A command of the tiny project after a run, in this process."""
    del command  # whose end puts the signals back
    metadata = bootstrap_project(recorded.path)
    yield lambda *words: CliRunner().invoke(cli, list(words), obj=metadata)
    bootstrap_project(REPOSITORY)


@pytest.mark.feature(129)
def test_any_json_file_of_a_data_root_cut_short_ends_in_a_line_or_is_not_needed(
    recorded: Project, tiny_command: Callable[..., Result]
) -> None:
    files = sorted((recorded.path / "data").rglob("*.json"))
    assert {"manifest.json", "release.json", "current.json", "decision.json", "verified.json"} <= {
        path.name for path in files
    }
    needed = set()
    for path in files:
        whole = path.read_bytes()
        for length in (0, len(whole) // 2, len(whole) - 2):
            path.write_bytes(whole[:length])
            done = tiny_command("verdict")
            assert isinstance(done.exception, SystemExit | None), f"{path}: {done.exception!r}"
            if done.exit_code:
                assert (done.exit_code, "ArtifactError" in done.stderr) == (2, True), f"{path}: {done.output}"
                assert str(path.relative_to(recorded.path)) in done.stderr
                needed.add(path.relative_to(recorded.path / "data").parts[-1])
        path.write_bytes(whole)
    assert needed == {"current.json", "decision.json"}, "a damaged release is named in the log, and the verdict is told"
    for path in (recorded.path / "data").rglob("manifest.json"):
        path.write_bytes(path.read_bytes()[:50])
    done = recorded.run("kedro", "run", "--pipelines=decide")
    assert (done.returncode, "Traceback" in done.stdout + done.stderr) == (2, False), done.stderr
    assert "manifest.json is damaged" in done.stderr


@pytest.mark.feature(129)
@pytest.mark.parametrize("name", ["manifest.json", "release.json"])
def test_a_damaged_release_is_named_and_keeps_nobody_from_verdict_adopt_a_run_and_a_roll_back(
    recorded: Project, tiny_command: Callable[..., Result], caplog: pytest.LogCaptureFixture, name: str
) -> None:
    assert tiny_command("rollback", "--to", "base").exit_code == 0
    (path,) = (recorded.path / "data/09_releases").glob(f"0001-*/{name}")
    path.write_bytes(path.read_bytes()[:30])
    for words, code in ((("verdict",), 0), (("rollback", "--to", "base"), 0), (("rollback", "--to", "0001"), 2)):
        caplog.clear()
        done = tiny_command(*words)
        assert done.exit_code == code, done.output
        assert f"Release {path.parent.name} is damaged" in caplog.text
    assert str(path.relative_to(recorded.path)) in done.stderr
    if name == "manifest.json":
        assert "is damaged" in recorded.succeed("kedro", "adopt")
        assert "is damaged" in recorded.succeed("kedro", "run", "--pipelines=draw", "--force")


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with tokens of one story that holds an item of the suite of base, and the tokenizer."""
    from cpt_pipeline.core.artifact import seal
    from cpt_pipeline.vocabulary.params import TokenizeParams
    from cpt_pipeline.vocabulary.tokenize import tokenize_splits
    from cpt_pipeline.vocabulary.tokenizer import train_bpe
    from cpt_pipeline.wiring.layout import Layout

    root = tmp_path_factory.mktemp("shards")
    layout = Layout.read(REPOSITORY, "base", data_root=str(root))
    text = longest_item()
    train_bpe(iter([text]), layout.path("tokenizer"), 300)
    seal(layout.path("tokenizer"), "tokenizer")
    documents = write_documents(root / "documents", ["A quiet day.", text], ["en", "domain"])
    tokenize_splits({"train": documents}, layout.path("tokenizer"), layout.path("tokens"), TokenizeParams())
    return root


@pytest.mark.feature(42)
def test_items_of_the_suite_leave_training_and_those_in_shards_end_with_a_table_json_and_exit_code_3(
    shards: Path, tmp_path: Path
) -> None:
    from cpt_pipeline.core.channels import ChannelsParams
    from cpt_pipeline.corpus.collect.params import CollectParams
    from cpt_pipeline.corpus.dedup.params import DedupParams
    from cpt_pipeline.formats.benchmarks import SuiteParams
    from cpt_pipeline.wiring.layout import Layout

    suite = SuiteParams.model_validate(Layout.read(REPOSITORY, "base").parameters["evaluate"]["suite"])
    texts = [*(make_text(number) for number in range(4)), f"{make_text(4)}\n{longest_item()}\n{make_text(5)}"]
    (tmp_path / "own.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in texts), encoding="utf-8")
    own = {"kind": "files", "name": "own", "channel": "domain", "path": tmp_path / "own.jsonl", "license": "MIT"}
    channels = ChannelsParams(roles={"domain": "domain"})
    collect_documents(tmp_path, CollectParams.model_validate({"sources": [own]}), channels, suite)
    given = DedupParams(heldout_documents_per_channel=1)
    raw, items = tmp_path / "raw_documents", tmp_path / "benchmark_texts"
    report = dedup_documents(raw, items, tmp_path, given, channels=channels)
    assert report.leaks.documents + report.excluded.get("benchmark", 0) == 1

    out = shards / "deep" / "leaks.json"
    done = Project(REPOSITORY).run("kedro", "leaks", "--data-root", str(shards), "--out", str(out))
    assert done.returncode == 3, done.stderr
    assert "1 item was found in 1 of 2 documents" in done.stdout
    assert "in train/domain d1: " in done.stdout
    (leak,) = json.loads(out.read_text(encoding="utf-8"))["benchmarks"]["probes"]["leaks"]
    assert (leak["split"], leak["channel"], leak["document"]) == ("train", "domain", "d1")


def test_shards_from_elsewhere_need_their_own_tokenizer(shards: Path, command: Callable[..., Result]) -> None:
    from cpt_pipeline.wiring.layout import Layout

    layout = Layout.read(REPOSITORY, "base", data_root=str(shards))
    tokens, tokenizer = layout.path("tokens"), layout.path("tokenizer")
    (tokens / "train/domain.idx").rename(shards / "domain.idx")
    try:
        elsewhere = ("--tokens", tokens, "--env", "smoke")
        done = command("leaks", *elsewhere)
        assert (done.exit_code, "--tokens and --tokenizer go together" in done.stderr) == (2, True)
        done = command("leaks", *elsewhere, "--tokenizer", tokenizer)
        assert done.exit_code == 0
        assert "No item was found in 1 document (" in done.stdout
    finally:
        (shards / "domain.idx").rename(tokens / "train/domain.idx")


def test_leaks_of_a_run_without_tokens_say_what_is_missing(tmp_path: Path, command: Callable[..., Result]) -> None:
    done = command("leaks", "--data-root", tmp_path)
    assert done.exit_code == 2
    assert "tokens has no manifest.json: the stage that makes it never finished" in done.stderr


def test_the_report_is_written_from_what_is_there(tmp_path: Path, command: Callable[..., Result]) -> None:
    done = command("report", "--data-root", tmp_path)
    assert done.exit_code == 2
    assert "holds nothing to report on: run a stage first" in done.stderr
    folder = tmp_path / "08_reporting"
    folder.mkdir()
    metrics = {"records_in": 5, "documents": 4, "excluded": {"too_short": 1}}
    (folder / "clean_metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    done = command("report", "--data-root", tmp_path)
    assert (done.exit_code, f"Report:  {folder / 'report.html'} (1 of " in done.stdout) == (0, True)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "too_short" in page
    assert "missing" in page


@pytest.mark.parametrize("command", [["run", "--pipelines=draw"], ["rollback"]], ids=["run", "rollback"])
def test_a_data_root_that_is_no_folder_of_its_own_ends_a_command(tiny: Project, command: list[str]) -> None:
    for root in ("", "data/x/../other"):
        done = tiny.run("kedro", *command, f"--data-root={root}")
        assert done.returncode == 2, done.stderr
        assert "--data-root: data_root" in done.stderr
    assert not list((tiny.path / "data").glob("*/*"))
