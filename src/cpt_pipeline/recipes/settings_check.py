"""Settings that are right one by one and cannot work together: found before the first document is read.

Each of them would otherwise end a run after its data stages, or after days of training.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cpt_pipeline.recipes.problem import Problem
from cpt_pipeline.recipes.settings import STAGES, Settings, run_key
from cpt_pipeline.recipes.training_check import warmup_problems

_STEP_NAME = re.compile(r"(stage[12])-step-(\d{6,})")


def find_conflicts(settings: Settings) -> Iterator[Problem]:
    """Return every conflict between the parameters of a run, in the order of its stages."""
    yield from _channel_problems(settings)
    yield from _schedule_problems(settings)
    yield from _optimizer_problems(settings)
    yield from _adapter_problems(settings)
    yield from _process_problems(settings)
    yield from _judgement_problems(settings)


def _channel_problems(settings: Settings) -> Iterator[Problem]:
    roles, mix = settings.channels.roles, settings.mix
    if mix.domain_share < 1.0 and not settings.channels.general:
        yield Problem(
            "mix.domain_share",
            "channels.roles has no general channel to fill the rest; name one, or set domain_share to 1",
        )
    if settings.scratch and not settings.channels.general:
        yield Problem("base.kind", "a base from scratch learns from the general channels, and channels.roles has none")
    for key, named in _named_channels(settings):
        for name in sorted(set(named) - set(roles)):
            yield Problem(key, f"{name} is not in channels.roles ({', '.join(sorted(roles))})")
    yield from _empty_channels(settings)


def _named_channels(settings: Settings) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Return every key that names channels, with the names."""
    for stage in STAGES:
        wanted = getattr(settings.mix, stage)
        yield f"mix.{stage}.weights", tuple(wanted.weights)
        yield f"mix.{stage}.categories", tuple(wanted.categories)
    if settings.scratch:
        yield "base.scratch.data.weights", tuple(settings.scratch.data.weights)
        yield "base.scratch.data.categories", tuple(settings.scratch.data.categories)
    for number, source in enumerate(settings.collect.sources):
        yield f"collect.sources.{number}.channel", (source.channel,)
    yield "collect.recency.channels", tuple(settings.collect.recency.channels or ())
    yield "clean.augmentation.questions.general_channels", settings.clean.augmentation.questions.general_channels


def _empty_channels(settings: Settings) -> Iterator[Problem]:
    """Return channels that the mixture reads and no source fills; a classifier may fill any channel."""
    if settings.clean.classify.sources:
        return
    share = settings.mix.domain_share
    read = (*(settings.channels.domain if share > 0 else ()), *(settings.channels.general if share < 1 else ()))
    filled = {source.channel for source in settings.collect.sources}
    for name in sorted(set(read) - filled):
        yield Problem(
            f"channels.roles.{name}",
            f"no source of collect.sources has the channel {name}, so mix would have nothing to read; "
            f"add a source, or drop the channel with {name}: null",
        )


def _schedule_problems(settings: Settings) -> Iterator[Problem]:
    for key, params in settings.training.items():
        steps = settings.num_steps(key)
        if steps is not None:
            yield from warmup_problems(key, params, steps)


def _adapter_problems(settings: Settings) -> Iterator[Problem]:
    """Return the wishes for adapters that no stage reads, and those that stage 2 cannot have of stage 1's."""
    for key, params in settings.training.items():
        asked = params.lora.model_dump(exclude_defaults=True)
        if params.mode == "full" and asked:
            yield Problem(f"{key}.lora", f"{key}.mode is full, which trains no adapter; set mode: lora, or remove lora")
    if not settings.stage1.mode == settings.stage2.mode == "lora":
        return
    has = settings.stage1.lora.model_dump()
    for name, asked in settings.stage2.lora.model_dump().items():
        if asked != has[name]:
            words = f"stage2 goes on with the adapter of stage1, whose lora.{name} is {has[name]!r}; make them equal"
            yield Problem(f"stage2.lora.{name}", words)


def _optimizer_problems(settings: Settings) -> Iterator[Problem]:
    for key, params in settings.training.items():
        if params.optimizer.state == "anneal" and key != "stage2":
            yield Problem(
                f"{key}.optimizer.state",
                "no stage before it has moments to go on with; a base model's optimizer is never loaded",
            )
        if params.publish_optimizer and key != "stage1":
            yield Problem(f"{key}.publish_optimizer", "no stage reads these moments; only stage1 publishes them")
    if settings.stage2.optimizer.state == "anneal" and not settings.stage1.publish_optimizer:
        yield Problem(
            "stage2.optimizer.state",
            "anneal goes on with stage1's moments, and stage1.publish_optimizer is false; set it to true",
        )
    if settings.stage1.mode != settings.stage2.mode:
        yield Problem(
            "stage2.mode",
            f"stage2 goes on with what stage1 trained, and stage1.mode is {settings.stage1.mode}; "
            "give both stages the same mode",
        )
    for key, params in settings.training.items():
        keeps = params.publish_optimizer or params.optimizer.state == "anneal"
        if keeps and settings.runs[key].backend == "deepspeed":
            yield Problem(
                f"{run_key(key)}.backend",
                f"publishing or taking over moments ({key}.publish_optimizer, {key}.optimizer.state: anneal) needs "
                "backend: torch; DeepSpeed keeps them in shards",
            )
    if settings.scratch and settings.scratch.training.mode == "lora":
        yield Problem("base.scratch.training.mode", "a model from scratch has no weights that an adapter could adapt")


def _process_problems(settings: Settings) -> Iterator[Problem]:
    for key, run in settings.runs.items():
        place, (rows_key, rows) = run_key(key), _rows(settings, key)
        if rows % run.num_ranks:
            yield Problem(
                f"{place}.num_ranks", f"{rows_key} is {rows}, which {run.num_ranks} ranks cannot share equally"
            )
        if run.offload_optimizer and run.backend != "deepspeed":
            yield Problem(f"{place}.offload_optimizer", "only backend: deepspeed can offload")
        elif run.offload_optimizer and run.zero_stage == 0:
            yield Problem(
                f"{place}.offload_optimizer",
                f"DeepSpeed offloads from {place}.zero_stage 1 on; 0 keeps all where it is",
            )
        if run.hostfile is not None and run.launcher != "deepspeed":
            yield Problem(f"{place}.hostfile", f"launcher {run.launcher} reads no hostfile; use launcher: deepspeed")
        if key in STAGES and run.num_ranks != settings.plan.device.count:
            yield Problem(
                "plan.device.count",
                f"the plan counts {settings.plan.device.count} devices and {place}.num_ranks is {run.num_ranks}; "
                "make them equal, or time, money and energy are estimated for another machine",
            )


def _rows(settings: Settings, key: str) -> tuple[str, int]:
    if key in STAGES or settings.scratch is None:
        return "mix.rows_per_step", settings.mix.rows_per_step
    return "base.scratch.rows_per_step", settings.scratch.rows_per_step


def _judgement_problems(settings: Settings) -> Iterator[Problem]:
    needed = settings.decide.min_documents
    limits = {
        "dedup.heldout_documents_per_channel": settings.dedup.heldout_documents_per_channel,
        "evaluate.documents_per_channel": settings.evaluate.documents_per_channel,
    }
    for key, most in limits.items():
        if most < needed:
            yield Problem(
                key, f"at most {most} documents of a channel would be measured and decide.min_documents is {needed}: "
                "nothing could ever be promoted",
            )  # fmt: skip
    if problem := _judge_problem(settings):
        yield Problem("decide.judge", problem)


def _judge_problem(settings: Settings) -> str | None:
    judge = settings.decide.judge
    if judge in ("last", *STAGES):
        return None
    matched = _STEP_NAME.fullmatch(judge)
    if matched is None:
        return "it must be last, stage1, stage2, or a candidate such as stage1-step-000050"
    stage, step = matched[1], int(matched[2])
    params, steps = getattr(settings, stage), settings.num_steps(stage)
    every = params.candidate_every_steps
    if not every or step % every:
        return f"{stage} keeps a candidate every {every} steps ({stage}.candidate_every_steps; 0 = only the end)"
    if steps is None:
        return None
    kept = list(range(every, steps, every))[-params.keep_candidates :] if params.keep_candidates else []
    if step not in kept:
        names = ", ".join(f"{stage}-step-{number:06}" for number in kept) or "none besides its end"
        return f"of {stage}'s {steps} steps the candidates kept are {names} ({stage}.keep_candidates)"
    return None
