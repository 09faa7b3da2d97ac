"""The MLflow model registry says what the release pointer says: alias `current` of one model per data root.

The pointer in data/09_releases is the truth; the alias follows it, after a run and after a roll back. Where
the server does not answer, the alias is late until the next of them, and nothing else is.
"""

from __future__ import annotations

import logging
from pathlib import Path

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode

from cpt_pipeline.wiring.layout import Layout
from cpt_pipeline.wiring.releases import releases
from cpt_pipeline.wiring.tracking.hook import tracking_place

logger = logging.getLogger(__name__)

ALIAS = "current"
_RELEASE = "release"


def model_name(layout: Layout) -> str:
    """Give the registered model of a data root: `cpt_pipeline.data`, `cpt_pipeline.data.smoke`."""
    return ".".join(["cpt_pipeline", *layout.relative(layout.data_root).strip("/").split("/")])


def follow_pointer(client: MlflowClient, layout: Layout, run_id: str | None = None) -> None:
    """Register the release in use, once, and point the alias at it; without a release there is no alias."""
    name, root = model_name(layout), layout.path(_RELEASE)
    pointer = releases.current(root)
    try:
        client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
            raise
        client.create_registered_model(name)
    if pointer["release"] is None:
        client.delete_registered_model_alias(name, ALIAS)
        return
    known = {each.tags.get(_RELEASE): each.version for each in client.search_model_versions(f"name='{name}'")}
    if pointer["release"] not in known:
        folder = root / pointer["folder"]
        tags = {_RELEASE: pointer["release"], "folder": str(folder)}
        made = client.create_model_version(name, _source(client, folder, run_id), run_id, tags=tags)
        known[pointer["release"]] = made.version
    client.set_registered_model_alias(name, ALIAS, str(known[pointer["release"]]))


def _source(client: MlflowClient, folder: Path, run_id: str | None) -> str:
    """Give the release folder, or the run that released it to a server, which takes no folder of another machine.

    A server refuses a release that no run brings: one that was made while it was down, until the next run.
    """
    if run_id is not None and client.tracking_uri.startswith("http"):
        return f"runs:/{run_id}"
    return folder.as_uri()


def tell_registry(layout: Layout) -> None:
    """Let the alias follow after a command that is no run; a server that is down costs one warning."""
    try:
        follow_pointer(MlflowClient(tracking_place(layout.loader, layout.project)), layout)
    except Exception as error:
        logger.warning("MLflow's alias %s stays where it was (%s); the next run moves it.", ALIAS, error)
