"""The two kinds of dataset Kedro does not have: a finished directory, and the releases.

Nodes get and give a `Path`; saving moves whole directories, so one is the old or the new, and never a mixture.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, NewType

from kedro.io import AbstractDataset

from cpt_pipeline.core.artifact import is_sealed, publish, read_manifest, require_whole
from cpt_pipeline.core.verification import remember, verify_artifact
from cpt_pipeline.core.workspace import close_if_spent
from cpt_pipeline.wiring.releases import releases
from cpt_pipeline.wiring.releases.draft import RunFacts

logger = logging.getLogger(__name__)

JSONPreview = NewType("JSONPreview", str)
"""What Kedro-Viz shows of a dataset; it knows the kind by this name."""


class DirectoryDataset(AbstractDataset[Path, Path]):
    """An artifact directory, handed over as a `Path`; it exists when its manifest does."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> Path:
        """Return the directory; `ArtifactError` when its stage never finished or a byte is not as it was made."""
        verify_artifact(self._filepath)
        return self._filepath

    def save(self, data: Path) -> None:
        """Check a sealed directory and move it out of its workspace into place; the last one ends the workspace."""
        require_whole(data, remedy="Run the stage again; it goes on where it stopped.")
        publish(data, self._filepath)
        remember(self._filepath)
        close_if_spent(data)

    def preview(self) -> JSONPreview:
        """Give what the manifest says of the whole: kind, counts, files, bytes."""
        manifest = read_manifest(self._filepath)
        files = manifest.pop("files")
        return JSONPreview(
            json.dumps({**manifest, "files": len(files), "bytes": sum(each["bytes"] for each in files.values())})
        )

    def _exists(self) -> bool:
        return is_sealed(self._filepath)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


class ReleaseDataset(AbstractDataset[dict[str, Any], dict[str, Any]]):
    """The releases of a data root: saving a decision appends and moves the pointer, loading gives the pointer."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata
        self._facts = RunFacts()

    def describe_run(self, facts: RunFacts) -> None:
        """Take what the next release shall remember of its run; completes what a killed process left."""
        self._facts = facts
        pointer = releases.complete(self._filepath)
        if pointer is not None:
            logger.info("A change of the release in use was interrupted and is finished now: %s", pointer["model"])

    def load(self) -> dict[str, Any]:
        """Give the pointer to the release in use, `{"model": "base", ...}` when there is none."""
        return releases.current(self._filepath)

    def save(self, data: dict[str, Any]) -> None:
        """Append the decided model as a release and point at it; a hold or a return to base changes nothing."""
        pointer = releases.settle(self._filepath, data, self._facts)
        logger.info("In use: %s (%s)", pointer["model"], pointer["release"] or "no release yet")

    def preview(self) -> JSONPreview:
        """Give the pointer."""
        return JSONPreview(json.dumps(releases.current(self._filepath)))

    def _exists(self) -> bool:
        return (self._filepath / releases.POINTER).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
