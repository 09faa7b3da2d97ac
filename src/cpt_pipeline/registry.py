"""The MLflow model registry says what the release pointer says: alias `current` of one model per data root.

The pointer in data/09_releases is the truth; the alias follows it, after a run and after a roll back. Where
the server does not answer, the alias is late until the next of them, and nothing else is.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from kedro.config import MissingConfigException, OmegaConfigLoader
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from cpt_pipeline import releases
from cpt_pipeline.layout import Layout

logger = logging.getLogger(__name__)

ALIAS = "current"
_RELEASE = "release"
_IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
_SQLITE = "sqlite:///"


def model_name(layout: Layout) -> str:
    """Give the registered model of a data root: `cpt_pipeline.data`, `cpt_pipeline.data.smoke`."""
    return ".".join(["cpt_pipeline", *layout.relative(layout.data_root).strip("/").split("/")])


def follow_pointer(client: MlflowClient, layout: Layout, run_id: str | None = None) -> None:
    """Register the release in use, once, and point the alias at it; without a release there is no alias."""
    name, root = model_name(layout), layout.path(_RELEASE)
    pointer = releases.current(root)
    try:
        client.get_registered_model(name)
    except MlflowException:
        client.create_registered_model(name)
    if pointer["release"] is None:
        client.delete_registered_model_alias(name, ALIAS)
        return
    known = {each.tags.get(_RELEASE): each.version for each in client.search_model_versions(f"name='{name}'")}
    if pointer["release"] not in known:
        source = (root / pointer["folder"]).as_uri()
        made = client.create_model_version(name, source, run_id, tags={_RELEASE: pointer["release"]})
        known[pointer["release"]] = made.version
    client.set_registered_model_alias(name, ALIAS, str(known[pointer["release"]]))


def tell_registry(layout: Layout) -> None:
    """Let the alias follow after a command that is no run; a server that is down costs one warning."""
    try:
        follow_pointer(MlflowClient(tracking_place(layout.loader, layout.project)), layout)
    except Exception as error:
        logger.warning("MLflow's alias %s stays where it was (%s); the next run moves it.", ALIAS, error)


def tracking_place(loader: OmegaConfigLoader, project: Path) -> str | None:
    """Read mlflow.yml: a relative SQLite file is the project's, wherever the command was started.

    The loader keeps the absolute place, so kedro-mlflow reads it too. Retries are cut short.
    """
    for variable, value in _IMPATIENT.items():
        os.environ.setdefault(variable, value)
    if "mlflow" not in loader.config_patterns:
        loader.config_patterns["mlflow"] = ["mlflow*", "mlflow*/**", "**/mlflow*"]
    try:
        conf = dict(loader["mlflow"])
    except MissingConfigException:
        return None
    server = dict(conf.get("server") or {})
    place: str | None = server.get("mlflow_tracking_uri")
    file = (place or "").removeprefix(_SQLITE)
    if place and place.startswith(_SQLITE) and file and not Path(file).is_absolute():
        place = f"{_SQLITE}{project / file}"
        loader["mlflow"] = {**conf, "server": {**server, "mlflow_tracking_uri": place}}
    return place
