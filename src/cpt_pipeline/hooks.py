"""PreflightHook: everything that is settled before the first node runs.

The data root is made known to the stages, the parameters are checked as a whole, work that DVC has on
record is not overwritten by a run DVC would not repeat, the code's fingerprints are written, and an unfinished
release is completed.
"""

from __future__ import annotations

import logging
import os
import subprocess
import time
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from kedro.framework import project
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from cpt_pipeline.core.errors import FileAccessError, ParameterError, find_fault
from cpt_pipeline.core.fingerprint import remembered_fingerprints, write_fingerprints
from cpt_pipeline.core.json_reading import read_json
from cpt_pipeline.core.redaction import redact, redact_log
from cpt_pipeline.core.workspace import ROOT_VARIABLE
from cpt_pipeline.wiring.conf_check import check_parameters, warn_of_secrets
from cpt_pipeline.wiring.datasets import ReleaseDataset
from cpt_pipeline.wiring.dvc import (
    BASE_LOCK,
    code_file,
    lock_of,
    refuse_unlisted,
    refuse_unlisted_conf,
    target,
    tracked_outputs,
)
from cpt_pipeline.wiring.json_check import note_digests, require_as_made
from cpt_pipeline.wiring.layout import BASE, DATA_ROOT, LOCAL, ConfError, Layout, real_place
from cpt_pipeline.wiring.origin import digest_named, find_edited, find_stale, note_origin, noted_files
from cpt_pipeline.wiring.releases.draft import RunFacts
from cpt_pipeline.wiring.releases.lock import complete_records
from cpt_pipeline.wiring.run_check import check_run, find_lacking_evidence
from cpt_pipeline.wiring.tracking.hook import flatten

logger = logging.getLogger(__name__)

_CODE_MEMORY = ".work/code.json"
_NAMES_SHOWN = 4
_MUCH, _REASONS_SHOWN = 0.5, 3
_HELDOUT_COUNTS = "dedup_metrics"
_TELL_WHAT_DECIDE_LACKS = ("dedup", "mix")
"""The stage that holds documents out, and the last one before anything is paid for."""
_RECORDS = ("_metrics", "_provenance", "_log", "_figure")


class PreflightHook:
    """Refuse what would go wrong, before it costs anything."""

    def __init__(self) -> None:
        self._code: dict[str, str] = {}
        self._releases: dict[str, tuple[ReleaseDataset, RunFacts]] = {}
        self._named: dict[str, dict[str, str | None]] = {}

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Set the data root and check all parameters; `ParameterError` lists every problem."""
        redact_log()
        self._code, self._releases, self._named = {}, {}, {}
        try:
            self._layout = Layout.of(context)
            os.environ[ROOT_VARIABLE] = str(self._layout.data_root)
            check_parameters(self._layout, pipelines)
            warn_of_secrets(self._layout)
        except ParameterError as error:
            raise ConfError(str(error)) from error

    @hook_impl
    def before_dataset_loaded(self, dataset_name: str) -> None:
        """Look whether a small file is as its stage made it; directories look themselves."""
        require_as_made(self._layout, pipelines["__default__"], dataset_name)

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Say which stage begins, and note the files that conf names for it while they are as it will read them."""
        self._started = time.monotonic()
        logger.info("%s: begins", node.short_name)
        self._named[node.name] = digest_named(self._layout, pipelines, node)

    @hook_impl
    def after_node_run(self, node: Node, outputs: dict[str, Any]) -> None:
        """Complete its record, say how long it took and what decide will lack; its outputs are saved next."""
        note_digests(self._layout, outputs)
        named = self._named.pop(node.name)
        note_origin(self._layout, node, outputs, self._code, named)
        for line in find_edited(named, digest_named(self._layout, pipelines, node)):
            logger.warning(
                "%s: %s, while the stage ran; what it made may be of both, so run it again", node.short_name, line
            )
        for name in self._releases.keys() & outputs.keys():
            dataset, facts = self._releases[name]
            before = _before(name)  # what lies behind the release is still of the run before
            stale = find_stale(self._layout, pipelines, self._code, within=before)
            files = noted_files(self._layout, before)
            dataset.describe_run(replace(facts, made_otherwise=tuple(_lines(stale)), files=files))
        logger.info("%s: done in %.1f s", node.short_name, time.monotonic() - self._started)
        for warning in _losses(node.short_name, outputs.get(f"{node.short_name}_metrics")):
            logger.warning(warning)
        if node.short_name in _TELL_WHAT_DECIDE_LACKS:
            counts = self._layout.path(_HELDOUT_COUNTS)
            metrics = outputs.get(_HELDOUT_COUNTS) or (read_json(counts) if counts.is_file() else None)
            for sentence in find_lacking_evidence(self._layout, pipelines, metrics) if metrics else ():
                logger.warning("%s: %s", node.short_name, sentence)

    @hook_impl(tryfirst=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Refuse a run that could not end or would overwrite what is recorded, note the code, tell the releases."""
        reads_everything = not run_params.get("only_missing_outputs")  # a finished collect needs its sources no more
        check_run(self._layout, pipelines, pipeline, reads_everything=reads_everything)
        _make_data_root(self._layout)
        if not _asked_to_force():
            refuse_overwrite(self._layout, pipeline.all_outputs(), run_params.get("runtime_params") or {})
        stage = os.environ.get("DVC_STAGE", "").rpartition(":")[2]
        self._code = remembered_fingerprints(_package(), self._layout.data_root / _CODE_MEMORY)
        refuse_unlisted_conf(self._layout)
        if stage:
            refuse_unlisted(stage, pipeline, pipelines, self._layout)
        else:  # dvc has run its stage `code`; `dvc commit` after this run needs the file too
            write_fingerprints(self._code, code_file(self._layout))
            self._warn_of_stale_stages(pipeline, runs_all=reads_everything)
        for name in sorted(pipeline.all_outputs()):
            dataset = catalog.get(name)
            if isinstance(dataset, ReleaseDataset):
                facts = _facts(self._layout, name, run_params.get("runtime_params") or {}, self._code)
                dataset.describe_run(facts)
                self._releases[name] = dataset, facts
        entry = self._layout.entry("release")
        if entry is not None and entry.type.endswith(".ReleaseDataset"):
            complete_records(self._layout)  # before a stage of this run changes dvc.lock

    def _warn_of_stale_stages(self, running: Pipeline, *, runs_all: bool) -> None:
        """Say which results this run rests on and does not make again, although they are not of this conf and code."""
        whole = pipelines["__default__"]
        names = {node.name for node in running.nodes}
        known = names & {node.name for node in whole.nodes}
        before = whole.to_nodes(*known).nodes if known else []
        rested_on = Pipeline([node for node in before if not runs_all or node.name not in names])
        for line in _lines(find_stale(self._layout, pipelines, self._code, within=rested_on)):
            logger.warning("%s; it is not made again by this run (`dvc repro` would)", line)


def _make_data_root(layout: Layout) -> None:
    try:
        layout.data_root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if find_fault(error) is not None:
            raise
        raise FileAccessError(
            f"The data root {layout.relative(layout.data_root)} cannot be made ({error.strerror}). Give another with "
            "--data-root, or as data_root in conf/<environment>/globals.yml."
        ) from error


def refuse_overwrite(layout: Layout, outputs: Iterable[str], given: Mapping[str, Any]) -> None:
    """Raise `ParameterError` when a run would replace outputs that DVC recorded for other parameters.

    A run repeats what DVC has on record when it is of the environment of the lock file and has no `--params`
    but those of a `<stage>_run` key, which change nothing in the result, except where the record names the key.
    """
    keys = [key for key, _ in flatten(given) if key != DATA_ROOT]
    entries = {name: layout.entry(name) for name in outputs}
    for lock, recorded in tracked_outputs(layout).items():
        places = {name: real_place(entry.path) for name, entry in entries.items() if entry}
        known = {name: recorded[place] for name, place in places.items() if place in recorded}
        changing = {name: {key for key in keys if _changes(key, made_with)} for name, made_with in known.items()}
        replaced = sorted(name for name in known if changing[name] or lock != lock_of(layout))
        if replaced:
            listed = ", ".join(replaced[:_NAMES_SHOWN]) + (" ..." if len(replaced) > _NAMES_SHOWN else "")
            given_keys = sorted(set().union(*changing.values()))
            why = f"--params {', '.join(given_keys)}" if given_keys else f"--env {layout.owner}"
            raise ParameterError(
                f"This run with {why} would replace {listed}, which {layout.relative(lock)} has on record. "
                "Give it a place of its own (--data-root data/trial), or put the values in conf and use `dvc repro`, "
                "or add --force."
            )


def _changes(key: str, made_with: Container[str]) -> bool:
    """Say whether a parameter changes an output; a `<stage>_run` key does when its stage reads it as plan does."""
    name = key.partition(".")[0]
    return not name.endswith("_run") or name in made_with


def _asked_to_force() -> bool:
    context = click.get_current_context(silent=True)
    return bool(context and context.params.get("force"))


def _losses(stage: str, metrics: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield a sentence when a data stage excluded half of its records or more, with the most frequent reasons."""
    excluded = metrics.get("excluded") if metrics else None
    if metrics and isinstance(excluded, Mapping) and metrics.get("records_in"):
        share = sum(excluded.values()) / metrics["records_in"]
        if share >= _MUCH:
            often = sorted(excluded.items(), key=lambda each: -each[1])[:_REASONS_SHOWN]
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in often)
            yield f"{stage}: {share:.0%} of its records are excluded ({reasons}); {stage}_excluded names each"


def _lines(stale: Mapping[str, list[str]]) -> list[str]:
    return [f"{stage} was made otherwise: {'; '.join(problems)}" for stage, problems in stale.items()]


def _facts(layout: Layout, release: str, given: Mapping[str, Any], code: Mapping[str, str]) -> RunFacts:
    """Return what the release of a run keeps of it, read before the first stage begins."""
    metrics = layout.entry("dedup_metrics")
    local = sorted((layout.conf / LOCAL).glob("[pg]*.y*ml")) if layout.env in (None, LOCAL) else []
    return RunFacts(
        parameters=redact(layout.parameters),
        beyond_conf=(
            *(f"--params {key}" for key, _ in flatten(given) if key != DATA_ROOT),
            *(layout.relative(path) for path in local),
        ),
        conf=_conf_files(layout),
        env=layout.owner,
        commit=_git(layout.project, "rev-parse", "HEAD"),
        uncommitted=_uncommitted(layout),
        code=code,
        artifacts={layout.relative(path): path for path in _decided_from(layout, release)},
        dedup_metrics=metrics.path if metrics else None,
    )


def _conf_files(layout: Layout) -> dict[str, str]:
    """Return the text of the conf files of base and environment; neither credentials nor conf/local."""
    folders = {layout.conf / BASE, layout.conf / layout.owner}
    paths = sorted(path for folder in folders for path in folder.rglob("*.y*ml"))
    kept = [path for path in paths if "credentials" not in path.name and path != target(layout)]
    return {path.relative_to(layout.conf).as_posix(): path.read_text(encoding="utf-8") for path in kept}


def _package() -> Path:
    return Path(str(import_module(str(project.PACKAGE_NAME)).__file__)).parent


def _decided_from(layout: Layout, release: str) -> list[Path]:
    """Return where the artifacts lie that the release rests on; records of time and place are none."""
    names = sorted(name for name in _before(release).all_outputs() if not name.endswith(_RECORDS))
    entries = (layout.entry(name) for name in names)
    return [entry.path for entry in entries if entry is not None]


def _before(release: str) -> Pipeline:
    """Return the stages that a release rests on."""
    whole = pipelines["__default__"]
    before: Pipeline = whole.to_outputs(release) - whole.only_nodes_with_outputs(release)
    return before


def _uncommitted(layout: Layout) -> tuple[str, ...]:
    """Return the files that differ from the commit or are unknown to Git, but for results and lock files."""
    changed = _git(layout.project, "diff", "--name-only", "--relative", "HEAD") or ""
    unknown = _git(layout.project, "ls-files", "--others", "--exclude-standard") or ""
    names = {*changed.splitlines(), *unknown.splitlines()}
    roots = tuple(f"{layout.relative(root)}/" for root in layout.data_roots())
    return tuple(sorted(name for name in names if not name.startswith(roots) and Path(name).name != BASE_LOCK))


def _git(project: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-c", "core.quotePath=false", *arguments], cwd=project, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
