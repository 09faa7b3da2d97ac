"""YAML as plain values, read in C: DVC's files of a whole run are long."""

from __future__ import annotations

from typing import Any

import yaml


def read_yaml(text: str) -> Any:
    """Return what YAML text says; `yaml.YAMLError` where it is none."""
    return yaml.load(text, Loader=yaml.CSafeLoader)
