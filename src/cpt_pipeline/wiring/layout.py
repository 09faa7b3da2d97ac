"""Where everything of one environment lives: conf files, data root, catalog entries.

Read from conf alone, without building a dataset or opening a session, so commands can say where a
file is and `kedro sync-dvc` can draw the graph on a machine that has no data.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from io import StringIO
from pathlib import Path
from typing import Any, cast

import click
import yaml
from kedro.config import MissingConfigException, OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.project import settings
from kedro.io.catalog_config_resolver import CatalogConfigResolver
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from cpt_pipeline.core.errors import ParameterError

DATA_ROOT = "data_root"
BASE = "base"
LOCAL = "local"
_NOT_FOR_DATA = ("src", ".git", ".dvc")


class ConfError(ParameterError, click.ClickException):
    """Conf that cannot be read; Kedro's own commands end with its message too, not with a traceback."""


class ConfLoader(OmegaConfigLoader):
    """Kedro's loader, which reads the files of a kind once and names a globals.yml that is broken."""

    def __init__(self, conf_source: str, env: str | None = None, **arguments: Any) -> None:
        self._read: dict[str, dict[str, Any]] = {}
        for each in dict.fromkeys((arguments.get("base_env"), env or arguments.get("default_run_env"))):
            for path in _files(Path(conf_source), each, "globals"):
                _read_yaml(path)
        super().__init__(conf_source, env, **arguments)

    def __getitem__(self, key: str) -> dict[str, Any]:
        if key in self.data:
            return dict(super().__getitem__(key))
        if key not in self._read:
            self._read[key] = super().__getitem__(key)
        return copy.deepcopy(self._read[key])


@dataclass(frozen=True)
class Entry:
    """One dataset as the catalog describes it. `key` is its name, or the factory pattern that makes it."""

    name: str
    key: str
    type: str
    path: Path
    options: Mapping[str, Any]
    """What of the entry changes what is written: neither where it is nor how Kedro-Viz draws it."""


class Layout:
    """Conf of one environment. `env` is None for a plain run (base with conf/local over it).

    `ParameterError` unless the data root is a folder of its own, spelled so that one place has one name.
    Catalog and globals are read at once: OmegaConf's resolvers belong to the process, so a second loader
    would answer for the first.
    """

    def __init__(self, project: Path, loader: OmegaConfigLoader, env: str | None) -> None:
        self.project = project
        self.loader = loader
        self.env = env
        self.conf = Path(loader.conf_source)
        if env is not None and not (self.conf / env).is_dir():
            known = sorted(path.name for path in self.conf.iterdir() if path.is_dir())
            raise ConfError(f"conf/{env} does not exist; the environments are {', '.join(known)}")
        self._resolver = self._read_catalog()
        self._globals = self._loaded("globals")
        self.data_root = self._read_data_root()
        """Root of all data: the runtime parameter `data_root`, else globals.yml."""

    @classmethod
    def read(cls, project: Path, env: str | None = None, *, data_root: str | None = None) -> Layout:
        """Read the conf of a project. `data_root` stands over the one in globals.yml."""
        conf = project / settings.CONF_SOURCE
        params = None if data_root is None else {DATA_ROOT: data_root}
        arguments: dict[str, Any] = dict(settings.CONFIG_LOADER_ARGS)
        loader = settings.CONFIG_LOADER_CLASS(conf_source=str(conf), env=env, runtime_params=params, **arguments)
        return cls(project, loader, env)

    @classmethod
    def of(cls, context: KedroContext) -> Layout:
        """Give the layout of a run."""
        assert isinstance(context.config_loader, OmegaConfigLoader)
        return cls(context.project_path, context.config_loader, context.env)

    @property
    def owner(self) -> str:
        """The environment whose dvc.yaml and dvc.lock these data belong to; a plain run works on those of base."""
        return BASE if self.env in (None, LOCAL) else self.env

    def _read_data_root(self) -> Path:
        params = self.loader.runtime_params or {}
        place, values = ("--data-root", params) if DATA_ROOT in params else ("globals.yml", self._globals)
        root = values.get(DATA_ROOT)
        if not isinstance(root, str) or not root.strip():
            raise ParameterError(f"{place}: data_root must be the name of a folder, found {root!r}")
        if problem := self._find_fault(root):
            raise ParameterError(f"{place}: data_root = {root}: {problem}")
        return self.project / root

    def _find_fault(self, root: str) -> str | None:
        """Return why a folder cannot be the data root."""
        if root.startswith("~"):
            return f"~ is not read here; write the folder itself ({Path(root).expanduser()})"
        path = self.project / root
        if ".." in path.parts:
            written = Path(os.path.normpath(path))
            return f"the same folder would have two names; write it without .. ({self.relative(written)})"
        if self.project.resolve().is_relative_to(path.resolve()):
            return "it holds the project itself; name a folder of its own, such as data/trial"
        for name in (self.conf.name, *_NOT_FOR_DATA):
            if path.resolve().is_relative_to((self.project / name).resolve()):
                return f"{name}/ is not for data; name a folder of its own, such as data/trial"
        return None

    def data_roots(self) -> list[Path]:
        """Return the data root in force and those that the environments name, sorted."""
        named = (_read_yaml(path).get(DATA_ROOT) for path in sorted(self.conf.glob("*/globals.yml")))
        return sorted({self.data_root, *(self.project / root for root in named if isinstance(root, str))})

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """Parameters of base, environment and `--params`, merged, not validated."""
        try:
            return self._loaded("parameters")
        except MissingConfigException:
            return dict(self.loader.runtime_params or {})

    def _loaded(self, kind: str) -> dict[str, Any]:
        """Return what the loader makes of all files of a kind; `ParameterError` names the one that cannot be read."""
        for env in dict.fromkeys((BASE, self.env or LOCAL)):
            for path in _files(self.conf, env, kind):
                _read_yaml(path)
        try:
            return dict(self.loader[kind])
        except MissingConfigException:
            raise
        except (ValueError, yaml.YAMLError, OmegaConfBaseException) as error:
            raise ConfError(f"The {kind} of conf cannot be read: {error}") from error

    def _read_catalog(self) -> CatalogConfigResolver:
        try:
            credentials = self._loaded("credentials")
        except MissingConfigException:
            credentials = {}
        return CatalogConfigResolver(self._loaded("catalog"), credentials, default_runtime_patterns={"{any}": {}})

    def parameter_files(self, env: str) -> dict[Path, dict[str, Any]]:
        """Give the parameter files of one environment and what each says, uninterpolated, sorted by name."""
        return {path: _read_yaml(path) for path in _files(self.conf, env, "parameters")}

    def entry(self, name: str) -> Entry | None:
        """Give the catalog entry of a dataset, or None when only memory would hold it."""
        resolver = self._resolver
        key = name if name in resolver.config else resolver.match_dataset_pattern(name)
        if key is None:
            return None
        config = resolver.resolve_pattern(name)
        place = config.get("filepath") or config.get("path") or config.get("dataset", {}).get("filepath")
        if place is None:
            return None
        options = {each: config[each] for each in sorted(set(config) - {"filepath", "path", "metadata"})}
        return Entry(name, key, config["type"], self.project / place, options)

    def path(self, name: str) -> Path:
        """Give the place of a dataset that the catalog must know."""
        found = self.entry(name)
        assert found is not None, f"{name} is not in the catalog"
        return found.path

    def relative(self, path: Path) -> str:
        """Give a path as messages and dvc.yaml show it: from the project folder."""
        return path.relative_to(self.project).as_posix() if path.is_relative_to(self.project) else str(path)


def real_place(path: Path) -> Path:
    """Return where a file or folder lies, whatever links and `..` lead there; what it may itself link to is not asked.

    DVC may keep a result as a link into its cache, which two places can share.
    """
    return path.parent.resolve() / path.name


def has_key(values: Any, dotted: str) -> bool:
    """Say whether nested mappings and lists hold a dotted key; a list's key is its index."""
    for part in dotted.split("."):
        if isinstance(values, Mapping) and part in values:
            values = values[part]
        elif isinstance(values, list) and part.isdecimal() and int(part) < len(values):
            values = values[int(part)]
        else:
            return False
    return True


def _read_yaml(path: Path) -> dict[str, Any]:
    """Return what a YAML file of conf says, uninterpolated; `ParameterError` names it where it cannot be read."""
    try:
        return copy.deepcopy(_parse(path, path.read_bytes()))
    except OSError as error:
        raise ConfError(f"{path} is not readable YAML: {error}") from error


@lru_cache(maxsize=256)  # a command asks for the files of its environment some ten times
def _parse(path: Path, written: bytes) -> dict[str, Any]:
    try:
        content = OmegaConf.to_container(OmegaConf.load(StringIO(written.decode("utf-8"))), resolve=False)
    except UnicodeDecodeError as error:
        raise ParameterError(
            f"{path} is not UTF-8 ({error.reason} at byte {error.start}); store it as UTF-8"
        ) from error
    except (OSError, yaml.YAMLError, OmegaConfBaseException) as error:
        raise ConfError(f"{path} is not readable YAML: {error}") from error
    if not isinstance(content, dict):
        raise ConfError(f"{path} must hold keys and values, found a {type(content).__name__}")
    odd = [key for key in content if not isinstance(key, str)]
    if odd:
        raise ParameterError(
            f"{path}: the key {odd[0]!r} is no text; no stage reads it. Leave it out, or put it in quotes"
        )
    return cast(dict[str, Any], content)


def _files(conf: Path, env: str | None, kind: str) -> list[Path]:
    """Return the files of an environment that begin with a kind, or lie in a folder that does, sorted by name."""
    if env is None:
        return []
    files = sorted((conf / env).rglob("*.y*ml"))
    return [path for path in files if any(part.startswith(kind) for part in path.relative_to(conf / env).parts)]
