"""Rules of the house that a machine can keep: registry, catalog, conf, dvc.yaml, what a process loads."""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import pytest
import yaml
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Pipeline
from kedro.validation.type_extractor import TypeExtractor

from cpt_pipeline.core.closure import import_closure
from cpt_pipeline.core.params import Params
from cpt_pipeline.wiring import dvc
from cpt_pipeline.wiring.conf_check import find_problems
from cpt_pipeline.wiring.layout import Layout
from tests.conftest import REPOSITORY
from tests.project import Project

NOT_OURS = {"local", "real_files"}
"""Ignored by Git: the user's own, and the one that a benchmark writes."""
ENVIRONMENTS = sorted(
    path.name for path in (REPOSITORY / "conf").iterdir() if path.is_dir() and path.name not in NOT_OURS
)
PACKAGE = REPOSITORY / "src/cpt_pipeline"
HEAVY = ("torch", "transformers", "datasets", "datatrove", "scipy")
STAGES = (
    *("collect", "clean", "dedup", "base", "tokenizer", "tokenize", "mix_law", "mix", "plan"),
    *("stage1", "stage2", "merge", "evaluate", "decide", "report"),
)
DOMAIN = {
    "budget": {"plan"},
    "corpus": {"collect", "clean", "dedup", "decide"},
    "evaluation": {"collect", "evaluate", "decide"},
    "mixture": {"base", "mix_law", "mix", "decide"},
    "model": {"clean", "dedup", "base", "mix_law", "tokenizer", "stage1", "stage2", "merge", "evaluate"},
    "recipes": {"base", "mix_law", "plan"},
    "release": {"decide"},
    "reporting": {"report"},
    "training": {"base", "mix_law", "plan", "stage1", "stage2", "merge", "decide"},
    "vocabulary": {"base", "tokenizer", "tokenize"},
}
"""Which stages may depend on which package: an edit anywhere else must not re-run them."""
RECIPES: dict[str, dict[str, Any]] = {
    "llama3-8b-qlora": {
        "base.name": "meta-llama/Meta-Llama-3-8B",
        "mix.sequence_length": 512,
        "mix.rows_per_step": 4,
        "mix.domain_share": 0.7,
        "mix.max_passes": 3.0,
        "stage1.mode": "lora",
        "stage1.lora.rank": 32,
        "stage1.lora.alpha": 8.0,
        "stage1.lora.quantization": "nf4",
        "stage1.optimizer.peak_lr": 2.0e-5,
        "stage1.schedule.kind": "cosine",
        "stage1.precision": "bf16",
        "stage1.gradient_checkpointing": True,
        "stage1_run.micro_batch_rows": 4,
        "plan.device.memory_gb": 24,
    },
    "qwen2.5-7b-medical-zh": {
        "base.name": "Qwen/Qwen2.5-7B",
        "mix.sequence_length": 4096,
        "mix.rows_per_step": 1024,
        "mix.domain_share": 0.1,
        "mix.max_passes": 3.0,
        "mix.stage1.num_tokens": 22_000_000_000,
        "stage1.mode": "full",
        "stage1.optimizer.peak_lr": 3.0e-5,
        "stage1.optimizer.betas": [0.9, 0.95],
        "stage1.optimizer.weight_decay": 0.1,
        "stage1.schedule.kind": "cosine",
        "stage1.schedule.warmup_steps": 200,
        "stage1_run.zero_stage": 3,
    },
}
"""What the documents say that the recipes follow."""


@pytest.fixture(scope="module")
def pipelines() -> dict[str, Pipeline]:
    """All registered pipelines of the project."""
    bootstrap_project(REPOSITORY)
    from cpt_pipeline.pipeline_registry import register_pipelines

    return register_pipelines()


@pytest.fixture(scope="module")
def dvc_stages(pipelines: dict[str, Pipeline]) -> dict[str, Any]:
    """The stages of base as DVC will see them."""
    from cpt_pipeline.pipeline_registry import STAGES as modules

    text = dvc.render(dvc.describe_stages(modules), Layout.read(REPOSITORY, "base"), PACKAGE)
    found: dict[str, Any] = yaml.safe_load(text)["stages"]
    return found


def stage_pipelines(pipelines: dict[str, Pipeline]) -> dict[str, Pipeline]:
    return {name: pipeline for name, pipeline in pipelines.items() if name in STAGES}


@pytest.mark.feature(1)
def test_the_default_is_every_stage_in_the_order_the_data_flows(pipelines: dict[str, Pipeline]) -> None:
    assert list(pipelines) == ["__default__", "cpt", *STAGES]
    assert pipelines["__default__"] == pipelines["cpt"]
    nodes = {node.name for pipeline in stage_pipelines(pipelines).values() for node in pipeline.nodes}
    assert {node.name for node in pipelines["cpt"].nodes} == nodes
    assert pipelines["cpt"].inputs() == {name for name in pipelines["cpt"].inputs() if name.startswith("params:")}


def test_every_dataset_between_stages_is_in_the_catalog(pipelines: dict[str, Pipeline]) -> None:
    layout = Layout.read(REPOSITORY, "base")
    names = {name for name in pipelines["cpt"].datasets() if not name.startswith("params:")}
    assert len(names) > 50
    assert [name for name in sorted(names) if layout.entry(name) is None] == []


def test_every_catalog_entry_is_used(pipelines: dict[str, Pipeline]) -> None:
    catalog = yaml.safe_load((REPOSITORY / "conf/base/catalog.yml").read_text(encoding="utf-8"))
    layout = Layout.read(REPOSITORY, "base")
    entries = [layout.entry(name) for name in pipelines["cpt"].datasets()]
    used = {entry.key for entry in entries if entry is not None}
    assert {name for name in catalog if not name.startswith("_")} == used


def test_no_two_datasets_share_a_place(pipelines: dict[str, Pipeline]) -> None:
    layout = Layout.read(REPOSITORY, "base")
    names = [name for name in pipelines["cpt"].datasets() if not name.startswith("params:")]
    assert len({layout.path(name) for name in names}) == len(names)


def test_every_parameter_is_typed_and_closed(pipelines: dict[str, Pipeline]) -> None:
    read = {name.removeprefix("params:") for name in pipelines["cpt"].inputs()}
    typed = TypeExtractor(pipelines).extract_types_from_pipelines()
    assert sorted(read - set(typed)) == []
    assert [key for key in sorted(read) if not issubclass(typed[key], Params)] == []


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_the_conf_of_every_environment_is_valid(pipelines: dict[str, Pipeline], env: str) -> None:
    assert find_problems(Layout.read(REPOSITORY, env), pipelines) == []


@pytest.mark.parametrize("env", sorted(RECIPES))
def test_a_recipe_has_the_figures_it_is_known_by(env: str) -> None:
    found = Layout.read(REPOSITORY, env).parameters
    for key, value in RECIPES[env].items():
        assert reduce(getitem, key.split("."), found) == value, key
    for stage in ("stage1", "stage2"):
        assert found[stage]["optimizer"]["peak_lr"] <= RECIPES[env]["stage1.optimizer.peak_lr"]


def test_the_recipe_for_one_card_cuts_texts_and_warms_up_for_a_tenth_of_each_stage() -> None:
    found = Layout.read(REPOSITORY, "llama3-8b-qlora").parameters
    assert {source["max_document_characters"] for source in found["collect"]["sources"]} == {512}
    for stage in ("stage1", "stage2"):
        steps = found["mix"][stage]["num_tokens"] // (found["mix"]["rows_per_step"] * found["mix"]["sequence_length"])
        assert found[stage]["schedule"]["warmup_steps"] == steps // 10


def test_environments_have_data_roots_of_their_own() -> None:
    roots = [Layout.read(REPOSITORY, env).data_root for env in ENVIRONMENTS]
    assert len(set(roots)) == len(roots)


def named_in(cell: str) -> set[str]:
    """Give the datasets and parameters of a cell; a name with a slash is a place."""
    return {name for name in re.findall(r"`([^`]+)`", cell) if "/" not in name}


def test_the_table_of_stages_in_the_concepts_is_the_pipeline(pipelines: dict[str, Pipeline]) -> None:
    """A pattern such as `*_metrics` stands for all that the other stages make of that name."""
    text = (REPOSITORY / "docs/concepts.md").read_text(encoding="utf-8")
    lines = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("|")]
    table = {line[0].strip(): [named_in(cell) for cell in line[1:]] for line in lines[2:]}
    assert list(table) == list(STAGES)
    made = {name: pipeline.all_outputs() for name, pipeline in stage_pipelines(pipelines).items()}
    for stage, (takes, params, gives) in table.items():
        names = {name for other, outputs in made.items() if other != stage for name in outputs}
        read = {name for each in takes for name in (fnmatch.filter(names, each) or [each])}
        expected = read | {f"params:{name}" for name in params}
        assert pipelines[stage].inputs() == expected, stage
        assert made[stage] == gives | {f"{stage}_metrics", f"{stage}_provenance"}, stage


def scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from scalars(each)
    else:
        yield value


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_dvc_and_kedro_read_the_same_parameters(pipelines: dict[str, Pipeline], env: str) -> None:
    layout = Layout.read(REPOSITORY, env)
    for path, as_kedro_reads in layout.parameter_files(env).items():
        assert yaml.safe_load(path.read_text(encoding="utf-8")) == as_kedro_reads, f"{path}: write 3.0e-5, not 3e-5"
        assert not [value for value in scalars(as_kedro_reads) if isinstance(value, str) and "${" in value]


@pytest.mark.feature(2)
def test_dvc_yaml_is_what_the_project_says(pipelines: dict[str, Pipeline]) -> None:
    from cpt_pipeline.pipeline_registry import STAGES as modules

    text = dvc.render(dvc.describe_stages(modules), Layout.read(REPOSITORY, "base"), PACKAGE)
    assert (REPOSITORY / "dvc.yaml").read_text(encoding="utf-8") == text, "run `kedro sync-dvc`"


def test_every_output_that_dvc_caches_is_a_directory_that_is_replaced_whole(
    pipelines: dict[str, Pipeline], dvc_stages: dict[str, Any]
) -> None:
    layout = Layout.read(REPOSITORY, "base")
    made = {name for pipeline in stage_pipelines(pipelines).values() for name in pipeline.all_outputs()}
    entries = [layout.entry(name) for name in made]
    directories = {
        layout.relative(entry.path) for entry in entries if entry and entry.type.endswith(".DirectoryDataset")
    }
    cached = {out for stage in dvc_stages.values() for out in stage["outs"] if isinstance(out, str)}
    assert cached == directories


def test_how_a_stage_runs_is_no_reason_to_run_it_but_for_the_bill(dvc_stages: dict[str, Any]) -> None:
    keys = {
        name: {key for each in stage["params"] for listed in each.values() for key in listed}
        for name, stage in dvc_stages.items()
        if name != "code"
    }
    assert "stage1" in keys["stage1"]
    assert "evaluate.suite" in keys["collect"]
    how = {name: {key for key in found if key.endswith("_run")} for name, found in keys.items()}
    assert {name: found for name, found in how.items() if found} == {"plan": {"stage1_run", "stage2_run"}}


def test_only_collect_depends_on_the_texts_and_benchmarks_that_conf_names(dvc_stages: dict[str, Any]) -> None:
    probes = "conf/base/benchmarks/probes.jsonl"
    assert {name for name, stage in dvc_stages.items() if probes in stage["deps"]} == {"collect"}


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_environment_can_be_given_to_dvc(pipelines: dict[str, Pipeline], env: str) -> None:
    """Text that is not there yet is a dependency too."""
    from cpt_pipeline.pipeline_registry import STAGES as modules

    layout = Layout.read(REPOSITORY, env)
    stages = yaml.safe_load(dvc.render(dvc.describe_stages(modules), layout, PACKAGE))["stages"]
    named = {each["path"] for each in layout.parameters["collect"]["sources"] if "path" in each}
    assert named <= set(stages["collect"]["deps"])
    assert bool(named) == ("-" in env), "a recipe names the user's own text, the rest need none"


@pytest.mark.feature(123)
def test_dvc_sees_every_byte_of_what_conf_names(house_template: Path, tmp_path: Path) -> None:
    project = Project(Path(shutil.copytree(house_template, tmp_path / "project")))
    models = {name: tmp_path / name / "model.safetensors" for name in ("base", "names", "encoder")}
    for path in models.values():
        path.parent.mkdir()
        path.write_bytes(bytes(2000))
    project.replace("conf/base/parameters_base.yml", "name: null ", f"name: {models['base'].parent} ")
    project.replace("conf/base/parameters_clean.yml", "name_model: null", f"name_model: {models['names'].parent}")
    encoder = f"{{kind: encoder, model: {models['encoder'].parent}}}"
    project.replace("conf/base/parameters_dedup.yml", "{kind: hashed, dimensions: 256}", encoder, count=1)
    project.succeed("kedro", "sync-dvc")
    stages = yaml.safe_load((project.path / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    touched = ("collect", "clean", "dedup", "base")
    for place in (place for name in touched for place in places(stages[name])):
        project.write(f"{place}/manifest.json" if "." not in Path(place).name else place, "{}")
    project.succeed("dvc", "repro", "code")
    project.succeed("dvc", "commit", "--force", *touched)
    assert json.loads(project.succeed("dvc", "status", "--json", *touched)) == {}

    for path in models.values():
        path.write_bytes(bytes(1000) + b"\1" * 1000)
    probes = "conf/base/benchmarks/probes.jsonl"
    project.write(probes, (project.path / probes).read_text(encoding="utf-8").partition("\n")[2])
    assert json.loads(project.succeed("dvc", "status", "--json", *touched)) == {
        "collect": [{"changed deps": {probes: "modified"}}],
        "clean": [{"changed deps": {str(models["names"].parent): "modified"}}],
        "dedup": [{"changed deps": {str(models["encoder"].parent): "modified"}}],
        "base": [{"changed deps": {str(models["base"].parent): "modified"}}],
    }


def test_no_stage_depends_on_provenance(dvc_stages: dict[str, Any]) -> None:
    deps = {name for stage in dvc_stages.values() for name in stage["deps"]}
    assert [name for name in sorted(deps) if "_provenance" in name or "09_releases" in name] == []


@pytest.mark.feature(123)
@pytest.mark.parametrize("package", sorted(DOMAIN))
def test_an_edit_in_a_domain_package_concerns_only_its_stages(package: str) -> None:
    concerned = {name for name in STAGES if any(path.is_relative_to(PACKAGE / package) for path in code_of(name))}
    assert concerned <= DOMAIN[package]
    assert concerned


def code_of(stage: str) -> list[Path]:
    """Give the files whose syntax is in the fingerprint of a stage."""
    return import_closure((PACKAGE / "pipelines" / stage).glob("*.py"), PACKAGE)


def downstream(stages: dict[str, Any], first: str) -> set[str]:
    """Give the stages that depend on the outputs of `first`, directly or not."""
    outputs = {name: set(places(stage)) for name, stage in stages.items()}
    reached, waiting = set[str](), [first]
    while waiting:
        made = outputs[waiting.pop()]
        found = {name for name, stage in stages.items() if made & set(stage["deps"])} - reached
        reached |= found
        waiting.extend(found)
    return reached


def places(stage: dict[str, Any]) -> list[str]:
    listed = [each for kind in ("outs", "metrics", "plots") for each in stage.get(kind, [])]
    return [each if isinstance(each, str) else next(iter(each)) for each in listed]


def test_nothing_after_the_second_stage_leads_back_to_the_first(dvc_stages: dict[str, Any]) -> None:
    readers = {
        name
        for name, stage in dvc_stages.items()
        if any("stage2" in keys for each in stage.get("params", []) for keys in each.values())
    }
    assert readers == {"plan", "stage2"}
    assert downstream(dvc_stages, "stage2") == {"merge", "evaluate", "decide", "report"}
    permit = "data/08_reporting/permit.json"
    assert {name for name, stage in dvc_stages.items() if permit in stage["deps"]} == {"stage1", "stage2", "report"}
    assert "data/08_reporting/plan_metrics.json" not in [*dvc_stages["stage1"]["deps"], *dvc_stages["stage2"]["deps"]]


@pytest.mark.feature(123)
def test_the_training_loop_that_only_the_worker_imports_retrains() -> None:
    for stage in ("stage1", "stage2"):
        assert {PACKAGE / "training/loop.py", PACKAGE / "training/worker.py"} <= set(code_of(stage))


REGISTER = "from cpt_pipeline.pipeline_registry import register_pipelines; register_pipelines()"
LIST = """
import sys
from kedro.framework.cli import main
sys.argv = ["kedro", "registry", "list"]
try:
    main()
except SystemExit:
    pass
"""
VIZ = """
from pathlib import Path
from kedro_viz.integrations.kedro.data_loader import load_data
pipelines = load_data(Path.cwd())[1]
assert len(pipelines["__default__"].nodes) >= 15
"""


@pytest.mark.parametrize(
    ("code", "libraries"),
    [("import cpt_pipeline", (*HEAVY, "kedro")), (REGISTER, HEAVY), (LIST, HEAVY[:-1]), (VIZ, HEAVY[:-1])],
    ids=["the package", "the registry", "kedro registry list, where MLflow loads scipy", "Kedro-Viz, likewise"],
)
def test_no_heavy_library_is_loaded_to_look_at_the_project(code: str, libraries: tuple[str, ...]) -> None:
    script = f"{code}\nimport sys; print('LOADED', sorted(set({libraries!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert "LOADED []" in done.stdout


def test_constraints_pin_every_dependency_and_name_no_place() -> None:
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in pinned if not re.fullmatch(r"[\w.\-]+==[\w.!]+", line)] == []
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    names = {re.split(r"[\[<>=!~ ]", each)[0].lower().replace("_", "-") for each in wanted}
    assert names - {line.partition("==")[0].lower().replace("_", "-") for line in pinned} == {"cpt-pipeline"}


def test_the_chosen_module_of_a_stage_lies_in_a_folder_of_its_name() -> None:
    folders = {path.name for path in (PACKAGE / "pipelines").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(STAGES)


def test_no_text_of_the_project_names_a_machine() -> None:
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    files = [
        REPOSITORY / name for name in done.stdout.splitlines() if Path(name).suffix in {".py", ".yml", ".toml", ".txt"}
    ]
    assert len(files) > 50
    place = re.compile("|".join(["/wor" + "k/", "/opt/" + "pypi", "/home/" + "[a-z]"]))
    assert [path.name for path in files if path.is_file() and place.search(path.read_text(encoding="utf-8"))] == []


PAGES = ["README.md", "README.zh-CN.md", *(f"docs/{path.name}" for path in sorted((REPOSITORY / "docs").glob("*.md")))]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_finished_and_leads_somewhere(page: str) -> None:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)\s]+)", text) + re.findall(r"""(?:src|href)=["']([^"']+)""", text)
    places = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:", target)]
    folder = (REPOSITORY / page).parent
    assert [place for place in places if place and not (folder / place).exists()] == []
    assert re.findall("@" + r"@\w*", text) == []
