"""The parameters check: everything wrong, at once, with file, key and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader
from kedro.pipeline import Node, Pipeline
from pydantic import Field, model_validator

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.core.inputs import HubName, HubParams, InputFile
from cpt_pipeline.core.params import Params
from cpt_pipeline.wiring.conf_check import check_parameters, find_problems, missing_inputs, warn_of_secrets
from cpt_pipeline.wiring.layout import Layout


class SourceParams(Params):
    path: str
    num_documents: int = 1


class CollectParams(Params):
    sources: dict[str, SourceParams]
    max_bad_share: float = 0.1


class StartParams(HubParams):
    name: HubName | None = None


class TrainParams(Params):
    num_steps: int
    warmup_steps: int = 0
    start: StartParams = StartParams()
    words: InputFile | None = None
    rates: tuple[float, ...] = Field((0.1,), min_length=1)

    @model_validator(mode="after")
    def _warmup_is_shorter(self) -> TrainParams:
        if self.warmup_steps > self.num_steps:
            raise ValueError("warm-up is longer than the training")
        return self


class SuiteParams(Params):
    items: int
    file: InputFile | None = None


def collect(params: CollectParams, suite: SuiteParams) -> int:
    return len(params.sources) + suite.items


def train(params: TrainParams) -> int:
    return params.num_steps


PIPELINES = {
    "collect": Pipeline([Node(collect, ["params:collect", "params:evaluate.suite"], "a", name="collect")]),
    "train": Pipeline([Node(train, ["params:train"], "b", name="train")]),
}
GOOD = {
    "base/globals.yml": "data_root: data",
    "base/catalog.yml": "a: {type: json.JSONDataset, filepath: a.json}",
    "base/parameters_collect.yml": "collect: {sources: {web: {path: a}}}",
    "base/parameters_evaluate.yml": "evaluate: {suite: {items: 3}}",
    "base/parameters_train.yml": "train: {num_steps: 4}",
    "other/globals.yml": "{}",
    "local/.gitkeep": "",
}


def problems(project: Path, files: dict[str, str], env: str | None = None, **given: object) -> list[str]:
    for name, text in {**GOOD, **files}.items():
        path = project / "conf" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    loader = OmegaConfigLoader(
        str(project / "conf"),
        env=env,
        base_env="base",
        default_run_env="local",
        runtime_params=given,
        merge_strategy={"parameters": "soft"},
    )
    return find_problems(Layout(project, loader, env), PIPELINES)


def test_good_parameters_have_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, {}, data_root="elsewhere") == []


def test_a_stage_key_that_nobody_reads_is_named_with_the_closest_one(tmp_path: Path) -> None:
    assert problems(tmp_path, {"base/parameters_trian.yml": "trian: {num_steps: 5}"}) == [
        "conf/base/parameters_trian.yml: trian: no stage reads this key; did you mean train?"
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("train: {num_steps: 4, num_step: 5}", "train.num_step = 5: no such key; did you mean num_steps?"),
        ("train: {num_steps: four}", "train.num_steps = 'four': Input should be a valid integer"),
        ("train: {}", "train.num_steps is missing and has no default"),
        ("train: {num_steps: 4, warmup_steps: 5}", "train: warm-up is longer than the training"),
        (
            "train: {num_steps: '${globals:data_root}'}",
            "train.num_steps = '${globals:data_root}': DVC reads this as text",
        ),
        ("{}", "train is missing; conf/base/parameters_train.yml is where it is expected"),
    ],
)
def test_each_kind_of_problem_names_file_key_and_remedy(tmp_path: Path, text: str, line: str) -> None:
    found = problems(tmp_path, {"base/parameters_train.yml": text})
    place = "conf/base" if text == "{}" else "conf/base/parameters_train.yml"
    assert found[0].startswith(f"{place}: {line}")


TEACHER = "clean: {augmentation: {endpoint: {model: %s}}}"


@pytest.mark.feature(136)
@pytest.mark.parametrize(
    ("base", "teacher", "refused"),
    [
        ("Qwen/Qwen2.5-7B", "Qwen/Qwen2.5-7B", True),
        ("Qwen/Qwen2.5-7B", "qwen2.5-7b", True),
        ("models/qwen2.5-7b/", "Qwen/Qwen2.5-7B", True),
        ("models/base", "linked", True),
        ("Qwen/Qwen2.5-7B", "Qwen/Qwen2.5-72B-Instruct", False),
        ("Qwen/Qwen2.5-7B", "null", False),
        ("null", "null", False),
    ],
)
def test_the_base_is_refused_as_its_own_teacher(tmp_path: Path, base: str, teacher: str, refused: bool) -> None:
    (tmp_path / "models/base").mkdir(parents=True)
    (tmp_path / "linked").symlink_to("models/base")
    files = {"base/parameters_base.yml": f"base: {{name: {base}}}", "base/parameters_clean.yml": TEACHER % teacher}
    found = [line for line in problems(tmp_path, files) if "no stage reads this key" not in line]
    assert bool(found) is refused
    if refused:
        place = "conf/base/parameters_clean.yml: clean.augmentation.endpoint.model"
        assert found == [
            f"{place} = '{teacher}': this is base.name ({base}), and a model learns nothing from its own output; "
            "take a larger model of its family"
        ]


@pytest.mark.feature(136)
@pytest.mark.parametrize(
    ("scorer", "key"),
    [
        ("{language_model: {name: Qwen/Qwen2.5-7B}}", "language_model.name"),
        ("{ask: {endpoint: {model: qwen2.5-7b}}}", "ask.endpoint.model"),
        ("{language_model: {name: Qwen/Qwen2.5-72B}}", None),
    ],
)
def test_the_base_is_refused_as_the_judge_of_its_text(tmp_path: Path, scorer: str, key: str | None) -> None:
    text = f"clean: {{scorer: {scorer}}}"
    files = {"base/parameters_base.yml": "base: {name: Qwen/Qwen2.5-7B}", "base/parameters_clean.yml": text}
    found = [line for line in problems(tmp_path, files) if "no stage reads this key" not in line]
    place = f"conf/base/parameters_clean.yml: clean.scorer.{key} = "
    assert [line.startswith(place) and "this is base.name" in line for line in found] == ([True] if key else [])


def test_a_key_inside_a_mapping_of_models_is_followed(tmp_path: Path) -> None:
    text = "collect: {sources: {web: {path: a, num_document: 2}}}"
    assert problems(tmp_path, {"base/parameters_collect.yml": text}) == [
        "conf/base/parameters_collect.yml: collect.sources.web.num_document = 2: no such key; "
        "did you mean num_documents?"
    ]


def test_a_list_with_a_wrong_entry_is_not_called_too_short_as_well(tmp_path: Path) -> None:
    found = problems(tmp_path, {"base/parameters_train.yml": "train: {num_steps: 4, rates: [fast]}"})
    assert len(found) == 1
    assert "train.rates.0 = 'fast': Input should be a valid number" in found[0]
    (empty,) = problems(tmp_path, {"base/parameters_train.yml": "train: {num_steps: 4, rates: []}"})
    assert "at least 1 item" in empty


def test_the_file_that_has_the_last_word_is_named(tmp_path: Path) -> None:
    override = {"other/parameters_train.yml": "train: {warmup_steps: -x}"}
    assert problems(tmp_path, override) == []
    (line,) = problems(tmp_path, override, env="other")
    assert line.startswith("conf/other/parameters_train.yml: train.warmup_steps = '-x'")
    (line,) = problems(tmp_path, {}, train={"num_steps": "many"})
    assert line.startswith("--params: train.num_steps = 'many'")


def test_parameters_in_conf_local_are_refused_because_dvc_does_not_read_them(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, {"local/parameters_mine.yml": "train: {num_steps: 9}"})
    assert line.startswith("conf/local/parameters_mine.yml: a plain run would obey this")
    assert problems(tmp_path, {}, env="other") == []


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    files = {
        "base/parameters_train.yml": "train: {num_steps: x, warmup: 1}\nextra: 1",
        "base/parameters_evaluate.yml": "evaluate: {suite: {items: many}}",
        "base/parameters_collect.yml": "collect: {sources: {web: {}}, max_bad_share: lots}",
    }
    keys = [line.split(": ", 1)[1].split(" ")[0].rstrip(":") for line in problems(tmp_path, files)]
    assert keys == [
        "extra",
        "collect.sources.web.path",
        "collect.max_bad_share",
        "evaluate.suite.items",
        "train.num_steps",
        "train.warmup",
    ]


def test_a_secret_is_not_repeated_in_a_message(tmp_path: Path) -> None:
    found = problems(tmp_path, {"base/parameters_train.yml": "train: {num_steps: 4, api_key: canary}"})
    assert len(found) == 1
    assert "canary" not in found[0]


def test_a_credential_in_a_parameter_is_named_without_its_value(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = "collect: {sources: {web: {path: 'https://example.org/a?token=Cana7yQzzz'}}}"
    assert problems(tmp_path, {"base/parameters_collect.yml": text}) == []
    loader = OmegaConfigLoader(str(tmp_path / "conf"), base_env="base", default_run_env="local")
    warn_of_secrets(Layout(tmp_path, loader, None))
    (said,) = caplog.messages
    assert said.startswith("conf/base/parameters_collect.yml: collect.sources.web.path holds a credential")
    assert "Cana7yQzzz" not in said


def test_the_check_raises_one_error_with_every_line(tmp_path: Path) -> None:
    problems(tmp_path, {"base/parameters_train.yml": "train: {num_steps: x}\nextra: 1"})
    loader = OmegaConfigLoader(str(tmp_path / "conf"), env="base", base_env="base")
    with pytest.raises(ParameterError, match=r"(?s)nothing was started:.*extra.*train.num_steps"):
        check_parameters(Layout(tmp_path, loader, "base"), PIPELINES)


def test_the_same_key_in_two_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"(?s)cannot be read.*parameters_again\.yml"):
        problems(tmp_path, {"base/parameters_again.yml": "train: {num_steps: 9}"})


@pytest.mark.parametrize("revision", ["null", "main"])
def test_a_hub_name_without_a_commit_is_refused_with_the_commit_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, revision: str
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    start = f"train: {{num_steps: 4, start: {{name: owner/model, revision: {revision}}}}}"
    line = "conf/base/parameters_train.yml: train.start.name: owner/model is a hub name and needs `revision`"
    (found,) = problems(tmp_path, {"base/parameters_train.yml": start})
    assert found.startswith(line)
    assert "known here" not in found
    (tmp_path / "hub/models--owner--model/refs").mkdir(parents=True)
    (tmp_path / "hub/models--owner--model/refs/main").write_text("0a" * 20, encoding="utf-8")
    (found,) = problems(tmp_path, {"base/parameters_train.yml": start})
    assert found.startswith(line)
    assert found.endswith(f"The newest that is known here is {'0a' * 20}")


def test_all_that_a_run_would_read_and_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    files = {
        "base/parameters_train.yml": "train: {num_steps: 4, words: no/words.txt, start: {name: ./no/model}}",
        "base/parameters_evaluate.yml": "evaluate: {suite: {items: 3, file: no/items.jsonl}}",
    }
    assert problems(tmp_path, files) == [], "the parameters themselves are right"
    layout = Layout(tmp_path, OmegaConfigLoader(str(tmp_path / "conf"), env="base", base_env="base"), "base")
    assert list(missing_inputs(layout, sum(PIPELINES.values(), start=Pipeline([])), PIPELINES).values()) == [
        "conf/base/parameters_evaluate.yml: evaluate.suite.file = 'no/items.jsonl': no such file",
        "conf/base/parameters_train.yml: train.start.name = './no/model': no such folder",
        "conf/base/parameters_train.yml: train.words = 'no/words.txt': no such file",
    ]
    own = missing_inputs(layout, PIPELINES["collect"], PIPELINES)
    assert list(own) == ["evaluate.suite.file"], "another stage's files are not this run's matter"
