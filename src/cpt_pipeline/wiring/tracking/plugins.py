"""kedro-mlflow at no cost while nothing of it is used.

Kedro imports hooks and commands of every installed plugin at each start. Those of kedro-mlflow import MLflow, which
takes 2 s of CPU, half of what a command with nothing to do costs.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

import click

MLFLOW_HOOK = "mlflow_hook"
"""The name of kedro-mlflow's hook. Kedro loads no second one of a name, so ours stands in its place."""
_COMMANDS = "kedro_mlflow.framework.cli.cli"


class _MlflowCommands(click.Group):
    """The commands of kedro-mlflow, imported when one of them is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return ["mlflow"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name != "mlflow":
            return None
        sys.modules.pop(_COMMANDS, None)
        group: click.Group = import_module(_COMMANDS).commands
        return group.get_command(ctx, cmd_name)


def defer_mlflow_commands() -> None:
    """Stand in for the module of kedro-mlflow's commands, before Kedro imports it."""
    if _COMMANDS not in sys.modules:
        module = ModuleType(_COMMANDS)
        module.__dict__["commands"] = _MlflowCommands("Mlflow", help="Commands of kedro-mlflow.")
        sys.modules[_COMMANDS] = module
