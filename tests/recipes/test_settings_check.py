"""Settings that cannot work together: each is named by the key to change, all at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from cpt_pipeline.recipes.settings import Settings
from cpt_pipeline.recipes.settings_check import find_conflicts
from tests.recipes.run_settings import settings

TWO_RANKS = {"launcher": "torchrun", "num_ranks": 2}
DEEPSPEED = {"backend": "deepspeed", "launcher": "deepspeed"}


def conflicts(changes: dict[str, Any] | None = None) -> dict[str, str]:
    return {problem.key: problem.words for problem in find_conflicts(settings(changes))}


def test_the_demonstration_has_no_conflict() -> None:
    assert conflicts() == {}


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        ({"stage2.optimizer.state": "anneal"}, "stage2.optimizer.state", "stage1.publish_optimizer is false"),
        ({"stage1.optimizer.state": "anneal"}, "stage1.optimizer.state", "no stage before it"),
        (
            {"base.scratch.training.optimizer.state": "anneal"},
            "base.scratch.training.optimizer.state",
            "no stage before it",
        ),
        ({"stage2.publish_optimizer": True}, "stage2.publish_optimizer", "no stage reads these moments"),
        ({"stage2.mode": "lora"}, "stage2.mode", "stage1.mode is full"),
        ({"stage1.mode": "lora"}, "stage2.mode", "stage1.mode is lora"),
        ({"base.scratch.training.mode": "lora"}, "base.scratch.training.mode", "from scratch"),
        ({"stage2.lora": {"rank": 8}}, "stage2.lora", "stage2.mode is full, which trains no adapter"),
        (
            {"stage1.mode": "lora", "stage2.mode": "lora", "stage1.lora": {"rank": 16}},
            "stage2.lora.rank",
            "stage2 goes on with the adapter of stage1, whose lora.rank is 16",
        ),
        (
            {"stage1.publish_optimizer": True, "stage1_run": DEEPSPEED},
            "stage1_run.backend",
            "needs backend: torch",
        ),
        (
            {"stage1.publish_optimizer": True, "stage2.optimizer.state": "anneal", "stage2_run": DEEPSPEED},
            "stage2_run.backend",
            "needs backend: torch",
        ),
        (
            {"mix.rows_per_step": 15, "stage1_run": TWO_RANKS, "stage2_run": TWO_RANKS, "plan.device.count": 2},
            "stage1_run.num_ranks",
            "mix.rows_per_step is 15, which 2 ranks cannot share",
        ),
        (
            {"base.scratch.rows_per_step": 15, "base_run": TWO_RANKS},
            "base_run.num_ranks",
            "base.scratch.rows_per_step is 15",
        ),
        ({"stage1_run": TWO_RANKS}, "plan.device.count", "counts 1 devices and stage1_run.num_ranks is 2"),
        ({"plan.device.count": 8}, "plan.device.count", "counts 8 devices and stage2_run.num_ranks is 1"),
        ({"stage1_run.offload_optimizer": True}, "stage1_run.offload_optimizer", "only backend: deepspeed"),
        (
            {"stage1_run.offload_optimizer": True, "stage1_run.backend": "deepspeed"},
            "stage1_run.offload_optimizer",
            "DeepSpeed offloads from stage1_run.zero_stage 1 on",
        ),
        (
            {"base.scratch.training.schedule.warmup_steps": 5000},
            "base.scratch.training.schedule.warmup_steps",
            "the warm-up of 5000 steps is longer than base.scratch.training",
        ),
        ({"stage1_run.hostfile": "hosts"}, "stage1_run.hostfile", "launcher single reads no hostfile"),
        ({"stage1.schedule.warmup_steps": 121}, "stage1.schedule.warmup_steps", "which has 120"),
        ({"stage2.schedule.warmup_steps": 31}, "stage2.schedule.warmup_steps", "which has 30"),
        ({"channels.roles": {"domain": "domain"}}, "mix.domain_share", "no general channel"),
        ({"channels.roles": {"domain": "domain"}, "mix.domain_share": 1.0}, "base.kind", "no"),
        ({"mix.stage2.categories": {"domian": ["a"]}}, "mix.stage2.categories", "domian is not in channels.roles"),
        ({"mix.stage1.weights": {"englisch": 2.0}}, "mix.stage1.weights", "englisch is not"),
        ({"base.scratch.data.weights": {"zh": 1.0}}, "base.scratch.data.weights", "zh is not"),
        ({"collect.recency.channels": ["zh"]}, "collect.recency.channels", "zh is not"),
        (
            {"channels.roles": {"en": "general", "domain": "domain"}},
            "collect.sources.2.channel",
            "code is not in channels.roles",
        ),
        (
            {"channels.roles": {"en": "general", "code": "general", "zh": "general", "domain": "domain"}},
            "channels.roles.zh",
            "drop the channel with zh: null",
        ),
        (
            {"dedup.heldout_documents_per_channel": 29},
            "dedup.heldout_documents_per_channel",
            "at most 29 documents of a channel would be measured and decide.min_documents is 30",
        ),
        ({"evaluate.documents_per_channel": 20}, "evaluate.documents_per_channel", "decide.min_documents is 30"),
        ({"decide.judge": "stage3"}, "decide.judge", "it must be last, stage1, stage2"),
        ({"decide.judge": "stage2-step-000010"}, "decide.judge", "every 0 steps"),
        ({"decide.judge": "stage1-step-000050"}, "decide.judge", "every 60 steps"),
        ({"decide.judge": "stage1-step-000120"}, "decide.judge", "kept are stage1-step-000060"),
        ({"decide.judge": "stage1-step-000060", "stage1.keep_candidates": 0}, "decide.judge", "none besides its end"),
    ],
)
def test_each_conflict_names_the_key_to_change(changes: dict[str, Any], key: str, says: str) -> None:
    found = conflicts(changes)
    assert key in found, found
    assert says in found[key]


@pytest.mark.parametrize(
    "changes",
    [
        {"stage2.optimizer.state": "anneal", "stage1.publish_optimizer": True},
        {"stage1.mode": "lora", "stage2.mode": "lora"},
        {"stage1_run": TWO_RANKS, "stage2_run": TWO_RANKS, "plan.device.count": 2},
        {"stage1_run": DEEPSPEED, "stage2_run": DEEPSPEED},
        {"stage1.schedule.warmup_steps": 120, "stage2.schedule.warmup_steps": 30},
        {"mix.stage1.num_tokens": None, "mix.stage1.passes": 1.0, "stage1.schedule.warmup_steps": 10_000},
        {"decide.judge": "stage1-step-000060"},
        {"decide.judge": "stage1"},
        {
            "channels.roles": {"domain": "domain"},
            "mix.domain_share": 1.0,
            "base.kind": "pretrained",
            "base.name": "./m",
        },
        {
            "channels.roles": {"en": "general", "code": "general", "zh": "general", "domain": "domain"},
            "clean.classify.sources": ["web"],
        },
    ],
)
def test_what_works_is_let_through(changes: dict[str, Any]) -> None:
    found = {key: words for key, words in conflicts(changes).items() if not key.startswith("collect.sources")}
    assert found == {}


def test_all_conflicts_come_at_once() -> None:
    found = conflicts({"stage2.optimizer.state": "anneal", "decide.judge": "x", "plan.device.count": 2})
    assert list(found) == ["stage2.optimizer.state", "plan.device.count", "decide.judge"]


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("base.scratch.shape.hidden_size", 12, "hidden_size / num_heads is 3, and rotary positions turn pairs"),
        ("mix.stage1.categories", {"domain": []}, r"stage1\.categories\.domain\n  Tuple should have at least 1 item"),
        ("stage1.lora", {"target_modules": []}, "Tuple should have at least 1 item"),
        ("evaluate.bootstrap_resamples", 10**12, "less than or equal to 1000000"),
        ("dedup.curve_thresholds", [0.0, 0.8], "greater than 0"),
        ("dedup.curve_thresholds", [1.5], "less than or equal to 1"),
    ],
)
def test_a_value_that_could_only_fail_in_a_later_stage_is_refused_by_its_type(key: str, value: Any, says: str) -> None:
    changes = {key: value, "base.scratch.shape.num_heads": 4, "base.scratch.shape.num_kv_heads": 2}
    with pytest.raises(ValidationError, match=says):
        settings(changes)


def seeds(params: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[tuple[str, FieldInfo]]:
    """Every field of the name `seed` in a class of parameters and those below it."""
    seen.add(params)
    for name, field in params.model_fields.items():
        if name == "seed":
            yield f"{params.__name__}.{name}", field
        for each in _classes(field.annotation):
            if each not in seen:
                yield from seeds(each, seen)


def _classes(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _classes(inner)


def test_no_seed_of_conf_is_one_that_a_library_refuses() -> None:
    seen: set[type[BaseModel]] = set()
    found = {name: field for root in get_type_hints(Settings).values() for name, field in seeds(root, seen)}
    assert {"MixParams.seed", "MinHashParams.seed", "TrainParams.seed", "HashedParams.seed"} <= set(found)
    for name, field in found.items():
        checked: TypeAdapter[int] = TypeAdapter(field.rebuild_annotation())
        assert checked.validate_python(0) == 0
        for seed in (-1, 1 << 32):
            with pytest.raises(ValidationError):
                raise AssertionError(f"{name} takes {checked.validate_python(seed)}")
