"""The project's commands, beside Kedro's own: `kedro run` with a guard, sync-dvc, workspaces, rollback, verdict, leaks.

A fault of the user ends with one readable message and an exit code (core.errors), never with a traceback.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.startup import ProjectMetadata
from kedro.pipeline import Pipeline

from cpt_pipeline.core.artifact import unfinished, write_json
from cpt_pipeline.core.errors import GOES_ON, ArtifactError, CptError, ParameterError, WorkspaceBusyError, find_fault
from cpt_pipeline.core.json_reading import read_json
from cpt_pipeline.core.redaction import redact_text
from cpt_pipeline.core.verdicts import Verdict
from cpt_pipeline.core.verification import verify_artifact
from cpt_pipeline.core.workspace import locked
from cpt_pipeline.wiring import dvc
from cpt_pipeline.wiring.conf_check import check_parameters
from cpt_pipeline.wiring.layout import BASE, DATA_ROOT, Layout
from cpt_pipeline.wiring.origin import find_stale
from cpt_pipeline.wiring.releases import check as release_check
from cpt_pipeline.wiring.releases import releases
from cpt_pipeline.wiring.releases.lock import complete_records, restore_commands

_INTERRUPTED = 75
_STOPPING = (signal.SIGTERM, signal.SIGUSR1)
"""Signals with which systems and schedulers ask for an end; they end a command as Ctrl-C does."""
_NOT_PROMOTED = _LEAKS_FOUND = 3
_PROBLEMS_SHOWN = 5


def _interrupt(number: int, _frame: object) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)


def readable(command: Callable[..., Any]) -> Callable[..., Any]:
    """End a command with the message and exit code of a `CptError`, wherever it lies in the chain of causes."""

    @functools.wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        if threading.current_thread() is threading.main_thread():
            for number in _STOPPING:
                signal.signal(number, _interrupt)
        try:
            return command(*arguments, **options)
        except KeyboardInterrupt as stopped:
            by = f" by {stopped}" if str(stopped) else ""
            click.secho(f"\nInterrupted{by}. {GOES_ON}", fg="yellow", err=True)
            sys.exit(_INTERRUPTED)
        except Exception as error:
            fault = find_fault(error)
            if fault is None:
                raise
            click.secho(redact_text(f"\n{_kind(fault)}: {fault}"), fg="red", err=True)
            sys.exit(fault.exit_code)

    return wrapped


def _kind(fault: CptError) -> str:
    """Return the name that core.errors has for a fault."""
    return next(each.__name__ for each in type(fault).__mro__ if each.__module__ == CptError.__module__)


_env = click.option("--env", "-e", default=None, help="Environment under conf/; base with conf/local when not given.")
_folder = click.Path(exists=True, file_okay=False, path_type=Path)
_data_root = click.option("--data-root", default=None, help="Root of all data instead of the one in globals.yml.")


@click.group(name="cpt_pipeline")
def cli() -> None:
    """Give the group that Kedro adds to its own commands."""


@click.option("--force", is_flag=True, help="Overwrite outputs that DVC has on record for other parameters.")
@_data_root
@click.pass_obj
@readable
def run(metadata: ProjectMetadata, force: bool, data_root: str | None, **options: Any) -> None:
    """Run stages: `kedro run --pipelines=cpt`. Does what it says; `dvc repro` redoes only what changed."""
    del force  # read by the preflight hook from the click context
    if "DVC_STAGE" in os.environ:
        dvc.bind_to_dvc(metadata.project_path)  # dvc, when it is killed, leaves its stages running
    if data_root is not None:
        options["params"] = {**options["params"], DATA_ROOT: data_root}
    if options["pipeline"] and not options["pipelines"]:
        options["pipelines"], options["pipeline"] = [options["pipeline"]], None
    _require_known_names(options)
    assert kedro_run.callback is not None
    kedro_run.callback(**options)
    names = options["pipelines"] or ["__default__"]
    if _decides(names):
        layout = Layout.read(metadata.project_path, options["env"], data_root=options["params"].get(DATA_ROOT))
        click.echo(summary(layout))


def _require_known_names(options: dict[str, Any]) -> None:
    """Raise `ParameterError` for a pipeline, node, dataset, tag or namespace that Kedro would end a run for."""
    from kedro.framework.project import pipelines

    names = options["pipelines"] or ["__default__"]
    unknown = [name for name in names if name not in pipelines]
    if unknown:
        known = ", ".join(name for name in pipelines if name != "__default__")
        raise ParameterError(f"--pipelines: {', '.join(unknown)}: no such pipeline; there are {known}")
    by = {name: options[name] for name in ("tags", "from_nodes", "to_nodes", "node_names", "from_inputs", "to_outputs")}
    try:
        sum((pipelines[name] for name in names), Pipeline([])).filter(**by, node_namespaces=options["namespaces"])
    except ValueError as error:
        raise ParameterError(str(error)) from error


run_command = click.command("run")(run)
run_command.params = [*kedro_run.params, *run_command.params]
cli.add_command(run_command)


@cli.command("sync-dvc")
@click.option(
    "--check", is_flag=True, help="Change nothing; exit 1 and show the difference when dvc.yaml is out of date."
)
@_env
@click.pass_obj
@readable
def sync_dvc(metadata: ProjectMetadata, check: bool, env: str | None) -> None:
    """Write dvc.yaml from the pipelines; with --env NAME, conf/NAME/dvc.yaml."""
    registry = importlib.import_module(f"{metadata.package_name}.pipeline_registry")
    layout = Layout.read(metadata.project_path, Layout.read(metadata.project_path, env or BASE).owner)
    stages = dvc.describe_stages(registry.STAGES)
    check_parameters(layout, {stage.name: stage.pipeline for stage in stages})
    if not check:
        for made in dvc.prepare_environment(stages, layout):
            click.echo(f"made {layout.relative(made)}")
    text = dvc.render(stages, layout, metadata.source_dir / metadata.package_name)
    target = dvc.target(layout)
    name = layout.relative(target)
    found = target.read_text(encoding="utf-8") if target.is_file() else ""
    if check and found != text:
        lines = difflib.unified_diff(found.splitlines(), text.splitlines(), name, "the project", lineterm="", n=1)
        click.echo("\n".join(lines))
        click.secho(f"{name} is out of date: run `kedro sync-dvc` and commit it.", fg="red", err=True)
        sys.exit(1)
    if not check:
        target.write_text(text, encoding="utf-8")
    click.echo(f"{name}: {len(stages)} stages, up to date")


@cli.command()
@click.option("--clear", is_flag=True, help="Remove those that no process is working in.")
@_env
@_data_root
@click.pass_obj
@readable
def workspaces(metadata: ProjectMetadata, clear: bool, env: str | None, data_root: str | None) -> None:
    """List unfinished work with stage, size and age; a stage that runs again goes on there."""
    folder = Layout.read(metadata.project_path, env, data_root=data_root).data_root / ".work"
    found = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    for path in found:
        click.echo(_workspace_line(path, clear=clear))
    if not found:
        click.echo(f"No unfinished work in {folder}.")


@cli.command()
@click.option(
    "--to", default=None, help="Release to go back to: its id, the start of it, or `base`. Default: the one before."
)
@_env
@_data_root
@click.pass_obj
@readable
def rollback(metadata: ProjectMetadata, to: str | None, env: str | None, data_root: str | None) -> None:
    """Go back to an earlier release: checks its bytes and moves the pointer; nothing is removed."""
    from cpt_pipeline.wiring.tracking.model_registry import tell_registry  # loads MLflow

    layout = Layout.read(metadata.project_path, env, data_root=data_root)
    root = layout.path("release")
    complete_records(layout)
    move = releases.roll_back(root, to)
    tell_registry(layout)
    if move.resumed:
        click.echo("An earlier change of the release in use was interrupted. It is finished now, and that is all.")
    click.echo(f"In use: {move.pointer['model']} ({move.pointer['release'] or 'the base model'})")
    if move.pointer["release"]:
        click.echo("\n".join(restore_commands(layout, root / move.pointer["release"])))
    releases.forget_intent(root)


@cli.command()
@_env
@click.pass_context
@readable
def adopt(context: click.Context, env: str | None) -> None:
    """Put what the last run made on DVC's record, as `dvc commit -f` does, and give the release its dvc.lock."""
    layout = Layout.read(context.obj.project_path, env)
    if layout.owner != BASE:
        context.invoke(sync_dvc, env=env, check=False)
    described = layout.relative(dvc.target(layout))
    stale = _stale(layout)
    stages = [name for name in dvc.read_stages(layout) if name not in stale]
    targets = [f"{described}:{name}" for name in stages] if stale else [described]
    _dvc(layout, "commit", "--force", "--quiet", *targets)
    # The run noted its code when it began: code that was edited since is a change that `dvc repro` has to see.
    _dvc(layout, "repro", "--force", "--single-item", "--quiet", f"{described}:code")
    for stage, problems in stale.items():
        click.echo(f"{stage} is not put on record, `dvc repro {described}` runs it again: {'; '.join(problems)}")
    if not stale:
        click.echo(f"DVC has this run on record: `dvc repro {described}` has nothing to do.")
    for release, problems in complete_records(layout).items():
        click.echo(f"Release {release}: {'has its dvc.lock' if not problems else 'no dvc.lock, it is of another run:'}")
        for problem in problems[:_PROBLEMS_SHOWN]:
            click.echo(f"  - {problem}")


def _stale(layout: Layout) -> dict[str, list[str]]:
    """Return the stages that were made from something else than what `dvc commit` would put on record for them."""
    from kedro.framework.project import pipelines

    code = dvc.code_file(layout)
    check_parameters(layout, pipelines)
    return find_stale(layout, pipelines, read_json(code)) if code.is_file() else {}


def _dvc(layout: Layout, *arguments: str) -> None:
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, cwd=layout.project, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ArtifactError(f"DVC did not take the run on record (dvc {' '.join(arguments)}):\n{done.stderr.strip()}")


@cli.command()
@_env
@_data_root
@click.pass_obj
@readable
def verdict(metadata: ProjectMetadata, env: str | None, data_root: str | None) -> None:
    """Print the decision and its reasons; exits 3 unless the candidate was promoted."""
    layout = Layout.read(metadata.project_path, env, data_root=data_root)
    complete_records(layout)
    click.echo(summary(layout))
    decision = layout.path("decision")
    if not decision.is_file() or read_json(decision, keys=("verdict",))["verdict"] != Verdict.PROMOTE:
        sys.exit(_NOT_PROMOTED)


@cli.command()
@click.option("--tokens", type=_folder, help="Folder of token shards (.bin, .idx) made elsewhere; needs --tokenizer.")
@click.option("--tokenizer", type=_folder, help="Folder of the tokenizer that made them.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write everything found as JSON.")
@click.option("--examples", default=3, show_default=True, help="Leaks shown under each benchmark.")
@_env
@_data_root
@click.pass_obj
@readable
def leaks(
    metadata: ProjectMetadata,
    tokens: Path | None,
    tokenizer: Path | None,
    out: Path | None,
    examples: int,
    env: str | None,
    data_root: str | None,
) -> None:
    """Search token shards for the items of evaluate.suite: those of the run, or others; exits 3 when one is found."""
    from kedro.framework.project import pipelines

    from cpt_pipeline.corpus.dedup.params import DedupParams
    from cpt_pipeline.formats.benchmarks import SuiteParams
    from cpt_pipeline.recipes import leak_search

    if (tokens is None) != (tokenizer is None):
        raise ParameterError("--tokens and --tokenizer go together: another tokenizer would read other words")
    layout = Layout.read(metadata.project_path, env, data_root=data_root)
    check_parameters(layout, pipelines)
    if tokens is None or tokenizer is None:
        tokens, tokenizer = layout.path("tokens"), layout.path("tokenizer")
        verify_artifact(tokens)
        verify_artifact(tokenizer)
    click.echo(f"Searching {tokens}")
    items = leak_search.suite_items(
        layout.path("benchmark_texts"), SuiteParams.model_validate(layout.parameters["evaluate"]["suite"])
    )
    params = DedupParams.model_validate(layout.parameters["dedup"]).leaks
    report = leak_search.search_shards(tokens, tokenizer, items, params)
    click.echo(leak_search.describe(report, examples))
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_json(out, report.model_dump(mode="json"))
    if report.leaking_documents:
        sys.exit(_LEAKS_FOUND)


@cli.command("report")
@_env
@_data_root
@click.pass_obj
@readable
def write_report(metadata: ProjectMetadata, env: str | None, data_root: str | None) -> None:
    """Write the page from what is there: after the data stages alone, or after a stop; the rest is shown as missing."""
    from cpt_pipeline.reporting.reading import EXPECTED
    from cpt_pipeline.reporting.report import render_report

    layout = Layout.read(metadata.project_path, env, data_root=data_root)
    places = {name: layout.path(name) for name in EXPECTED}
    found = {name: read_json(path) for name, path in places.items() if path.is_file()}
    page = layout.path("report")
    if not found:
        raise ArtifactError(f"{layout.relative(page.parent)} holds nothing to report on: run a stage first")
    unfinished(page).write_text(render_report(found), encoding="utf-8")
    os.replace(unfinished(page), page)
    click.echo(f"Report:  {layout.relative(page)} ({len(found)} of {len(EXPECTED)} artifacts are there)")


def summary(layout: Layout) -> str:
    """Say what was decided and why, which release is in use now, where the report is, and what to type next."""
    path = layout.path("decision")
    if not path.is_file():
        return f"There is no decision yet ({layout.relative(path)}): run `kedro run --pipelines=cpt`."
    decision = read_json(path, keys=("verdict", "reasons"))
    report = layout.path("report")
    pointer = releases.current(layout.path("release"))
    model = _loading(layout.relative(layout.path("release") / pointer["folder"])) if pointer["folder"] else []
    in_use = f"{pointer['model']} ({pointer['release']})" if pointer["release"] else pointer["model"]
    lines = ["", f"Verdict: {decision['verdict'].replace('_', ' ')}; in use: {in_use}"]
    lines += [f"  - {reason}" for reason in decision["reasons"]]
    newest = max(release_check.list_releases(layout.path("release")), default=None)
    at_env = f" --env={layout.env}" if layout.env else ""
    if newest != pointer["release"]:
        lines.append(
            f"  - {newest} is there and not in use; `kedro rollback{at_env} --to {newest}` puts it in use again."
        )
    if decision.get("remedy_command"):
        lines += ["", "Try next, in a place of its own:", f"  {_beside(decision['remedy_command'], layout)}"]
    shown = layout.relative(report) if report.is_file() else "not written yet (kedro run --pipelines=report)"
    at_lock = f" {layout.relative(dvc.target(layout))}" if layout.owner != BASE else ""
    lines += [
        "",
        *model,
        f"Report:  {shown}",
        "Next:",
        *_commands(
            *_not_on_record(layout, pointer["release"], at_env),
            (f"kedro verdict{at_env}", "this decision again; exits 3 unless promoted"),
            (f"dvc repro{at_lock}", "after an edit: redoes what changed and nothing else"),
            (f"kedro viz run{at_env}", "the lineage, with metrics and figures, in a browser"),
            ("kedro mlflow ui", "all runs with parameters and curves"),
        ),
    ]
    return "\n".join(lines)


def _loading(folder: str) -> list[str]:
    """Return where the model in use is, and how it is loaded."""
    return [
        f"Model:   {folder}",
        "  from transformers import AutoModelForCausalLM, AutoTokenizer",
        f'  model = AutoModelForCausalLM.from_pretrained("{folder}")',
        f'  tokenizer = AutoTokenizer.from_pretrained("{folder}")',
        "",
    ]


def _not_on_record(layout: Layout, release: str | None, at_env: str) -> list[tuple[str, str]]:
    place = None if release is None else layout.path("release") / release
    if place is not None and release_check.find_damage(place):
        return []  # named in the log already; it gets nothing until it is whole again
    if dvc.lock_of(layout).is_file() if place is None else release_check.has_record(place):
        return []
    return [(f"kedro adopt{at_env}", "DVC takes this run on record, and the release its dvc.lock")]


def _beside(command: str, layout: Layout) -> str:
    """Give a command its environment, and a data root below this one so that it overwrites nothing."""
    if not command.startswith("kedro run") or "--data-root" in command:
        return command
    env = f" --env={layout.env}" if layout.env and "--env" not in command else ""
    return f"{command}{env} --data-root={layout.relative(layout.data_root)}/trial"


def _commands(*listed: tuple[str, str]) -> list[str]:
    width = max(len(command) for command, _ in listed)
    return [f"  {command:<{width}}  # {meaning}" for command, meaning in listed]


def _decides(names: list[str]) -> bool:
    from kedro.framework.project import pipelines

    return any("decision" in pipelines[name].all_outputs() for name in names)


def _workspace_line(path: Path, *, clear: bool) -> str:
    files = [file for file in path.rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    age = time.time() - max((file.stat().st_mtime for file in files), default=path.stat().st_mtime)
    stage, _, digest = path.name.rpartition("-")
    state = "unfinished"
    try:
        with locked(path / ".lock"):
            if clear:
                shutil.rmtree(path)
                state = "cleared"
    except WorkspaceBusyError:
        state = "in use"
    return f"{stage:<12} {digest}  {size / 1e6:>10,.1f} MB  {age / 3600:>8,.1f} h  {state}"
