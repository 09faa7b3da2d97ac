"""What keeps a run from its end is said before its first stage, in one listing with file and key."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import pytest
from kedro.framework.project import pipelines
from kedro.framework.startup import bootstrap_project

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.hooks import PreflightHook
from cpt_pipeline.wiring.conf_check import check_parameters, missing_inputs, stage_inputs
from cpt_pipeline.wiring.layout import Layout
from cpt_pipeline.wiring.run_check import check_run
from tests.conftest import REPOSITORY
from tests.formats.other_models import save_other
from tests.formats.tiny_models import save_tiny
from tests.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The conf of this project, to be changed."""
    bootstrap_project(REPOSITORY)
    shutil.copytree(REPOSITORY / "conf", tmp_path / "conf")
    return tmp_path


def check(
    project: Path, env: str | None = None, stages: str = "cpt", *, reads_everything: bool = False, **conf: str
) -> None:
    """Check a run; `conf` are texts of parameter files of the environment `mine`."""
    for name, text in conf.items():
        path = project / "conf" / "mine" / f"parameters_{name}.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if conf:
        (project / "conf" / "mine" / "globals.yml").write_text("data_root: data/mine")
    layout = Layout.read(project, "mine" if conf else env)
    check_run(layout, pipelines, pipelines[stages], reads_everything=reads_everything)


@pytest.mark.parametrize("env", ["base", "smoke", "harsh"])
def test_the_environments_of_the_project_pass(project: Path, env: str) -> None:
    check(project, env)


def test_all_that_is_wrong_is_listed_at_once_with_its_file(project: Path) -> None:
    with pytest.raises(ParameterError) as caught:
        check(
            project,
            mix="mix: {sequence_length: 1024}",
            stage2="stage2: {mode: lora, optimizer: {state: anneal}, lora: {target_modules: [embed_tokens]}}",
            plan="plan: {device: {count: 2}}",
            decide="decide: {min_documents: 200}",
        )
    heading, *lines = str(caught.value).splitlines()
    assert heading == "The run could not end as it is set up, and nothing was started:"
    assert [line.split(": ")[0].removeprefix("  - ") + ": " + line.split(": ")[1] for line in lines] == [
        "conf/mine/parameters_stage2.yml: stage2.optimizer.state = 'anneal'",
        "conf/mine/parameters_stage2.yml: stage2.mode = 'lora'",
        "conf/mine/parameters_plan.yml: plan.device.count = 2",
        "conf/mine/parameters_plan.yml: plan.device.count = 2",
        "conf/base/parameters_dedup.yml: dedup.heldout_documents_per_channel = 150",
        "conf/base/parameters_evaluate.yml: evaluate.documents_per_channel = 150",
        "conf/mine/parameters_mix.yml: mix.sequence_length = 1024",
        "conf/mine/parameters_stage2.yml: stage2.lora.target_modules",
    ]


@pytest.mark.parametrize("betas", ["[0.9, 1.0]", "[1.5, 2.0]", "[-0.1, 0.9]"])
def test_momenta_that_torch_would_refuse_are_refused_before_collect(project: Path, betas: str) -> None:
    path = project / "conf" / "mine" / "parameters_stage1.yml"
    path.parent.mkdir()
    path.write_text(f"stage1: {{optimizer: {{betas: {betas}}}}}", encoding="utf-8")
    (path.parent / "globals.yml").write_text("data_root: data/mine")
    with pytest.raises(ParameterError, match=r"conf/mine/parameters_stage1\.yml: stage1\.optimizer\.betas\.\d = "):
        check_parameters(Layout.read(project, "mine"), pipelines)


def test_what_a_machine_lacks_and_what_the_base_cannot_read_come_at_once(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ParameterError) as caught:
        check(
            project,
            evaluate="evaluate: {sample_tokens: 512, sequence_length: 1024}",
            collect="collect_run: {executor: slurm}",
            clean="clean_run: {executor: slurm}",
            dedup="dedup_run: {executor: slurm}",
            stage2="stage2_run: {launcher: srun}",
        )
    assert [line.split(": ")[1] for line in str(caught.value).splitlines()[1:]] == [
        "collect_run.executor = 'slurm'",
        "clean_run.executor = 'slurm'",
        "dedup_run.executor = 'slurm'",
        "stage2_run.launcher = 'srun'",
        "evaluate.sample_tokens = 512",
        "evaluate.sequence_length = 1024",
    ]


def test_what_stands_in_the_files_of_later_stages_is_read_before_collect(project: Path) -> None:
    (project / "words.txt").write_text("fine\n/[/\n", encoding="utf-8")
    (project / "labels.jsonl").write_text('{"text": "a", "label": 7}\n', encoding="utf-8")
    (project / "index").mkdir()
    clean = f"""clean:
  blocked_words: {{lists: {{own: {{file: {project / "none.txt"}}}}}}}
  language: {{candidates: [en, zh, bo]}}
  scorer: {{enabled: true, labels: {{path: {project / "labels.jsonl"}}}}}
  augmentation: {{synonyms: {{enabled: true, files: [{project / "words.txt"}]}}}}
"""
    dedup = f"dedup: {{earlier_index: {project / 'index'}, coverage: {{terms: {{own: {project / 'empty.txt'}}}}}}}"
    (project / "empty.txt").write_text("", encoding="utf-8")
    with pytest.raises(ParameterError) as caught:
        check(project, reads_everything=True, clean=clean, dedup=dedup)
    said = str(caught.value)
    assert said.count("clean.blocked_words") == 1, "a file that is not there is told once"
    assert "  - conf/mine/parameters_clean.yml: clean.language.candidates: no model of bo; there are ace" in said
    assert f"\n    - {project / 'words.txt'}:1: fine has no synonym" in said
    for key in ("clean.scorer.labels", "clean.augmentation.synonyms.files", "dedup.earlier_index", "dedup.coverage"):
        assert f": {key}" in said
    assert "has no manifest.json" in said


def test_a_hostfile_is_looked_for_and_is_no_reason_to_run(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    hosts = project / "hosts"
    text = f"stage1_run: {{launcher: deepspeed, backend: deepspeed, hostfile: {hosts}}}"
    with pytest.raises(ParameterError, match=r"stage1_run\.hostfile = .*: pdsh is not on PATH"):
        check(project, stage1=text)
    layout = Layout.read(project, "mine")
    missing = missing_inputs(layout, pipelines["cpt"], pipelines)
    assert missing["stage1_run.hostfile"].endswith(": no such file")
    hosts.write_text("one slots=8\n", encoding="utf-8")
    assert "stage1_run.hostfile" not in missing_inputs(layout, pipelines["cpt"], pipelines)
    assert not any("hostfile" in each.key for each in stage_inputs(layout, pipelines["cpt"], pipelines))


def test_the_size_of_the_demonstration_is_not_taken_for_a_model_of_ones_own(project: Path) -> None:
    base = f"base: {{kind: pretrained, name: {save_tiny('llama', project / 'model')}}}"
    evaluate = "evaluate: {sequence_length: 64}"
    with pytest.raises(ParameterError) as caught:
        check(project, base=base, evaluate=evaluate, mix="mix: {sequence_length: 64}")
    said = str(caught.value)
    assert "conf/base/parameters_mix.yml: mix.stage1.num_tokens = 491520: this is the size of the demonstration" in said
    assert "mix.stage2.num_tokens = 122880" in said
    sizes = "mix: {sequence_length: 64, stage1: {num_tokens: null, passes: 1}, stage2: {num_tokens: 5120}}"
    with pytest.raises(ParameterError) as caught:
        check(project, base=base, evaluate=evaluate, mix=sizes)
    assert "demonstration" not in str(caught.value)
    assert "no tokenizer" in str(caught.value)


def test_a_base_that_no_stage_could_train_is_refused_before_collect(project: Path) -> None:
    model = save_other("clip_text", project / "model")
    with pytest.raises(ParameterError) as caught:
        check(project, reads_everything=True, base=f"base: {{kind: pretrained, name: {model}}}")
    (said,) = (line for line in str(caught.value).splitlines() if "is of type" in line)
    assert said.startswith("  - conf/mine/parameters_base.yml: base.name = ")
    assert "is of type clip_text_model (CLIPTextModel); transformers makes none of this type that is a causal" in said


def test_a_channel_is_dropped_by_null(project: Path) -> None:
    """As README has it: the role is taken back, and no source fills the channel."""
    sources = "[{kind: files, name: a, path: a, channel: en, license: MIT}, {kind: files, name: b, path: b, %s}]"
    domain = "channel: domain, license: MIT"
    collect = f"collect: {{sources: {sources % domain}}}"
    with pytest.raises(ParameterError, match=r"channels\.roles\.code = 'general': no source .* code: null"):
        check(project, collect=collect)
    check(project, collect=collect, channels="channels: {roles: {code: null}}")


def test_what_other_stages_miss_on_this_machine_is_a_warning(
    project: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    conf = {"stage1": "stage1_run: {device: cuda}"}
    with caplog.at_level(logging.WARNING):
        check(project, stages="collect", **conf)
    assert "on this machine stage1 cannot run: stage1_run.device: cuda is asked for" in caplog.text
    with pytest.raises(ParameterError, match=r"parameters_stage1\.yml: stage1_run\.device = 'cuda'"):
        check(project, stages="stage1", **conf)


def test_the_command_refuses_before_collect(house_template: Path, tmp_path: Path) -> None:
    project = Project(Path(shutil.copytree(house_template, tmp_path / "project")))
    done = project.run("kedro", "run", "--env=smoke", "--params=plan.device.count=2,mix.sequence_length=256")
    assert done.returncode == 2
    assert done.stderr.count("ParameterError: The run could not end as it is set up, and nothing was started:") == 1
    assert "--params: plan.device.count = 2: the plan counts 2 devices and stage1_run.num_ranks is 1" in done.stderr
    assert "--params: mix.sequence_length = 256: rows of 256 tokens are longer than the 128 positions" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project.path / "data").exists()


@pytest.mark.feature(136)
def test_the_command_refuses_the_base_as_its_own_teacher_and_judge_before_collect(
    house_template: Path, tmp_path: Path
) -> None:
    project = Project(Path(shutil.copytree(house_template, tmp_path / "project")))
    base = f"base: {{kind: pretrained, name: Qwen/Qwen2.5-7B, revision: {'0a' * 20}}}"
    project.write("conf/mine/globals.yml", "data_root: data/mine")
    project.write("conf/mine/parameters_base.yml", base)
    project.write(
        "conf/mine/parameters_clean.yml",
        "clean: {augmentation: {endpoint: {model: qwen2.5-7b}}, scorer: {language_model: {name: models/Qwen2.5-7B/}}}",
    )
    done = project.run("kedro", "run", "--env=mine", HF_HUB_OFFLINE="1")
    why = "this is base.name (Qwen/Qwen2.5-7B), and a model learns nothing from its own output"
    for setting in ("augmentation.endpoint.model = 'qwen2.5-7b'", "scorer.language_model.name = 'models/Qwen2.5-7B/'"):
        assert f"conf/mine/parameters_clean.yml: clean.{setting}: {why}" in done.stderr
    assert "ParameterError: The parameters are wrong and nothing was started:" in done.stderr
    assert done.returncode == 2
    assert not (project.path / "data").exists()


def test_a_hub_name_without_network_is_refused_before_collect(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    conf = {
        "base": f"base: {{kind: pretrained, name: nobody/no-such-model, revision: {'0a' * 20}}}",
        "mix": "mix: {stage1: {num_tokens: 81920}, stage2: {num_tokens: 40960}}",
    }
    with pytest.raises(ParameterError, match=r"nobody/no-such-model .* neither a folder nor reachable"):
        check(project, **conf)
    check(project, stages="collect", **conf)


def test_what_is_not_there_and_what_does_not_fit_are_said_together(project: Path) -> None:
    conf = project / "conf" / "mine"
    conf.mkdir()
    (conf / "globals.yml").write_text("data_root: data/mine")
    (conf / "parameters_base.yml").write_text("base: {kind: pretrained, name: ./no/model}")
    (conf / "parameters_plan.yml").write_text("plan: {device: {count: 2}}")
    with pytest.raises(ParameterError) as caught:
        check_run(Layout.read(project, "mine"), pipelines, pipelines["cpt"])
    said = str(caught.value)
    assert said.count("base.name") == 1
    assert "conf/mine/parameters_base.yml: base.name = './no/model': no such folder" in said
    assert "plan.device.count = 2" in said


def test_what_decide_will_lack_is_said_when_dedup_ends_and_again_at_mix(
    project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hook = PreflightHook()
    hook._layout = Layout.read(project, None)
    metrics = {
        "works": {"code": 400, "domain": 234, "en": 2_000},
        "heldout_works": {"code": 44, "domain": 26, "en": 150},
    }
    nodes = {node.short_name: node for node in pipelines["cpt"].nodes}

    def run(stage: str, **outputs: object) -> None:
        hook.before_node_run(nodes[stage])
        hook.after_node_run(nodes[stage], outputs)

    said = "dedup: nothing can be promoted: decide.min_documents asks for 30"
    with caplog.at_level(logging.WARNING):
        run("dedup", dedup_metrics=metrics)
    assert [record.message.startswith(said) for record in caplog.records] == [True]
    assert "26 of 260 documents were held out; dedup.heldout_max_share (0.1) is the limit" in caplog.text
    caplog.clear()
    place = project / "data/08_reporting/dedup_metrics.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(metrics), encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        run("clean")
        run("mix")
    assert [record.message.split(":")[0] for record in caplog.records] == ["mix"]
