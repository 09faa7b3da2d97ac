"""Everything about a whole run that can be known before its first stage, said at once.

Parameters that are valid one by one may still end a run days later: against one another, against the base model, or
on this machine. What another stage than those of this run would miss here is a warning.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from kedro.pipeline import Pipeline
from kedro.validation.type_extractor import TypeExtractor

from cpt_pipeline.core.errors import ModelNotFoundError, ParameterError, UnfitModelError, raise_all
from cpt_pipeline.recipes.machine_check import find_base, find_machine_problems
from cpt_pipeline.recipes.model_check import find_model_problems
from cpt_pipeline.recipes.problem import Problem
from cpt_pipeline.recipes.role_check import find_miscast
from cpt_pipeline.recipes.settings import STAGES, Settings
from cpt_pipeline.recipes.settings_check import find_conflicts
from cpt_pipeline.release.evidence import Evidence, find_lacking
from cpt_pipeline.wiring.conf_check import KeyFiles, missing_inputs, shown, value_at
from cpt_pipeline.wiring.layout import BASE, Layout

logger = logging.getLogger(__name__)


def check_run(
    layout: Layout, pipelines: Mapping[str, Pipeline], running: Pipeline, *, reads_everything: bool = True
) -> None:
    """Raise one `ParameterError` that lists everything that keeps the run from its end.

    `running` are the stages of this run. Without `reads_everything` some of them may be finished, so what conf names
    need not be there any more. In a project with other stages than these that is all that is looked at.
    """
    missing = missing_inputs(layout, running, pipelines) if reads_everything else {}
    settings = read_settings(layout, pipelines)
    problems = [] if settings is None else _find_problems(layout, settings, running)
    if settings is not None and reads_everything:
        from cpt_pipeline.recipes.content_check import find_content_problems  # loads what the stages load

        stages = _stages(running)
        problems += [problem for stage, problem in find_content_problems(settings) if stage in stages]
        problems += find_miscast(settings, stages)
    files = KeyFiles(layout)
    found = [_line(layout, files, problem) for problem in problems if not _is_told(problem.key, missing)]
    lines = dict.fromkeys([*missing.values(), *found])
    raise_all(ParameterError, "The run could not end as it is set up, and nothing was started:", lines)


def _stages(running: Pipeline) -> set[str]:
    return {node.short_name for node in running.nodes}


def _is_told(key: str, missing: Collection[str]) -> bool:
    """Return whether a file or model at this key, or below it, is not there, which is said already."""
    return any(each == key or each.startswith(f"{key}.") for each in missing)


def _find_problems(layout: Layout, settings: Settings, running: Pipeline) -> list[Problem]:
    stages = _stages(running)
    problems = [*find_conflicts(settings), *_size_of_the_demo(settings, KeyFiles(layout))]
    for stage, problem in _here(settings, problems):
        if stage in stages:
            problems.append(problem)
        else:
            logger.warning("on this machine %s cannot run: %s: %s", stage, problem.key, problem.words)
    return problems


def find_lacking_evidence(
    layout: Layout, pipelines: Mapping[str, Pipeline], dedup_metrics: Mapping[str, Any]
) -> list[str]:
    """Return what stage decide will lack for a promotion, as far as dedup's counts tell."""
    settings = read_settings(layout, pipelines)
    if settings is None:
        return []
    evidence = Evidence(
        max_evaluated=settings.evaluate.documents_per_channel,
        max_heldout=settings.dedup.heldout_documents_per_channel,
        max_heldout_share=settings.dedup.heldout_max_share,
        heldout=dedup_metrics["heldout_works"],
        training=dedup_metrics["works"],
    )
    return find_lacking(evidence, settings.channels.roles, settings.decide.min_documents)


def read_settings(layout: Layout, pipelines: Mapping[str, Pipeline]) -> Settings | None:
    """Read the parameters of a run; None for a project whose stages read others. They were validated before."""
    typed = TypeExtractor(dict(pipelines)).extract_types_from_pipelines()
    wanted = get_type_hints(Settings)
    names = [each.name for each in fields(Settings)]
    if any(typed.get(name) is not wanted[name] for name in names):
        return None
    values: dict[str, Any] = {name: wanted[name].model_validate(layout.parameters[name]) for name in names}
    return Settings(**values)


def _here(settings: Settings, problems: list[Problem]) -> Iterator[tuple[str, Problem]]:
    """Return what this machine lacks, by stage; what the base cannot do is added to `problems`."""
    yield from find_machine_problems(settings)
    try:
        base = find_base(settings)
    except (ModelNotFoundError, UnfitModelError) as error:
        yield "base", Problem("base.name", str(error))
    else:
        problems.extend(find_model_problems(settings, base))


def _size_of_the_demo(settings: Settings, files: KeyFiles) -> Iterator[Problem]:
    """Refuse to train a model of the user on so many tokens as the demonstration has, which nobody asked for."""
    if settings.base.kind != "pretrained":
        return
    for stage in STAGES:
        key = f"mix.{stage}.num_tokens"
        if getattr(settings.mix, stage).num_tokens is not None and files.of(key).startswith(f"conf/{BASE}/"):
            yield Problem(
                key,
                "this is the size of the demonstration; set it for your text, or set num_tokens: null and passes "
                "(how often the domain text is read)",
            )


def _line(layout: Layout, files: KeyFiles, problem: Problem) -> str:
    value = shown(problem.key, value_at(layout.parameters, problem.key))
    setting = f"{problem.key} = {value}" if value else problem.key
    return f"{files.of(problem.key)}: {setting}: {problem.words}"
