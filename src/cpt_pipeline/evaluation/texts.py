"""The texts of an evaluation: the same for every model, drawn by hash, so their choice depends on nobody's order.

Held-out works may be of any length. Long ones are measured in windows from all over them. What counts once is the
family, the works that share text (editions of a book): windows and works of one family are no independent evidence.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import xxhash

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import NothingLeftError
from cpt_pipeline.core.params import Params
from cpt_pipeline.evaluation.params import EvaluateParams
from cpt_pipeline.formats.documents import read_documents, read_families, work_of


class HeldoutText(Params):
    """One window of a held-out document, as it is scored."""

    channel: str
    family: str
    """Id of the work that stands for all that share text with this one: what intervals resample."""
    work: str
    """Id of the work that the document is a part of."""
    id: str
    window: int
    """Its place among the windows of the document."""
    text: str


_Ranked = tuple[int, str, int, str, str]
"""Negative rank, document, window, work, text."""


def draw_texts(heldout_documents: Path, params: EvaluateParams, channels: ChannelsParams) -> list[HeldoutText]:
    """Draw at most `documents_per_channel` families of every channel that has a role, and windows of each.

    Sorted by channel, family, document and window. `NothingLeftError` when there is none at all.
    """
    families = read_families(heldout_documents)
    drawn: dict[str, dict[str, list[_Ranked]]] = defaultdict(lambda: defaultdict(list))
    for row in read_documents(heldout_documents, ["id", "part_of", "channel", "text"]):
        if row["channel"] in channels.roles:
            work = work_of(row)
            windows = drawn[row["channel"]][families.get(work, work)]
            for number, text in enumerate(_windows(row["text"], params.max_characters)):
                entry = (-_rank(f"{row['id']}@{number}", params), row["id"], number, work, text)
                if len(windows) < params.windows_per_document:
                    heapq.heappush(windows, entry)
                else:
                    heapq.heappushpop(windows, entry)
    if not drawn:
        raise NothingLeftError(
            f"{heldout_documents} holds no document of the channels {', '.join(sorted(channels.roles))}, so no model "
            "can be judged. Hold out more in dedup, or add text."
        )
    return [text for channel in sorted(drawn) for text in _chosen(channel, drawn[channel], params)]


def _chosen(channel: str, drawn: dict[str, list[_Ranked]], params: EvaluateParams) -> Iterator[HeldoutText]:
    """Yield the windows of the families of lowest rank."""
    for family in sorted(sorted(drawn, key=lambda name: _rank(name, params))[: params.documents_per_channel]):
        for _, id, window, work, text in sorted(drawn[family], key=lambda entry: entry[1:3]):
            yield HeldoutText(channel=channel, family=family, work=work, id=id, window=window, text=text)


def _windows(text: str, max_characters: int) -> Iterator[str]:
    """Yield the text in windows of equal size, as few as `max_characters` allows."""
    number = max(1, -(-len(text) // max_characters))
    for window in range(number):
        yield text[window * len(text) // number : (window + 1) * len(text) // number]


def _rank(name: str, params: EvaluateParams) -> int:
    return xxhash.xxh3_64_intdigest(name, seed=params.seed)
