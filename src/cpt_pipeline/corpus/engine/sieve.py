"""The one way out of a data stage: every record is kept in a named artifact or excluded with a reason.

A sieve writes both sides in the order of the input and counts them, so no stage can lose a record in silence:
records in = documents + excluded.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from cpt_pipeline.core.params import Report
from cpt_pipeline.formats.documents import EXCLUDED_SCHEMA, DocumentWriter

Row = dict[str, Any]
"""One row of documents or of `*_excluded`; the second has `reason` and no `text`."""


class Amount(Report):
    """How much text: documents and UTF-8 bytes."""

    documents: int = 0
    bytes: int = 0


class Sieve:
    """Write kept and excluded rows below `out`; all artifacts are sealed on a clean exit."""

    def __init__(self, out: Path, *, kept: tuple[str, ...], excluded: str) -> None:
        self.num_records = 0
        self.reasons: Counter[str] = Counter()
        self.reasons_by_channel: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._amounts: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        self._kept = {name: DocumentWriter(out / name) for name in kept}
        self._excluded = DocumentWriter(out / excluded, schema=EXCLUDED_SCHEMA)
        self._stack = ExitStack()

    def __enter__(self) -> Sieve:
        for writer in (self._excluded, *self._kept.values()):
            self._stack.enter_context(writer)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, value, trace)

    def keep(self, row: Row, name: str) -> int:
        """Keep a document in the artifact `name`; give its bytes."""
        writer = self._kept[name]
        before = writer.num_bytes
        writer.write(row)
        amount = self._amounts[name, row["channel"]]
        amount[0] += 1
        amount[1] += writer.num_bytes - before
        self.num_records += 1
        return writer.num_bytes - before

    def exclude(self, row: Row, reason: str, detail: str | None = None) -> None:
        """Exclude a record; `row` needs `id`, `source` and `channel`."""
        origin = {name: row[name] for name in ("id", "source", "channel")}
        self._excluded.write({**origin, "reason": reason, "detail": detail})
        self.reasons[reason] += 1
        self.reasons_by_channel[row["channel"]][reason] += 1
        self.num_records += 1

    def amounts(self, name: str) -> dict[str, Amount]:
        """Give what an artifact holds, per channel, sorted by name."""
        found = sorted((channel, amount) for (kept, channel), amount in self._amounts.items() if kept == name)
        return {channel: Amount(documents=documents, bytes=num_bytes) for channel, (documents, num_bytes) in found}

    def total(self, name: str) -> Amount:
        """Give what an artifact holds in all."""
        return Amount(documents=self._kept[name].num_documents, bytes=self._kept[name].num_bytes)

    def excluded(self) -> dict[str, int]:
        """Give the number of excluded records per reason, sorted by reason."""
        return dict(sorted(self.reasons.items()))
