"""The texts of an evaluation: the same for every model, drawn by hash, so their choice depends on nobody's order."""

from __future__ import annotations

import heapq
from collections import defaultdict
from pathlib import Path

import xxhash

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import NothingLeftError
from cpt_pipeline.core.params import Params
from cpt_pipeline.evaluation.params import EvaluateParams
from cpt_pipeline.formats.documents import read_documents


class HeldoutText(Params):
    """One held-out document, as it is scored."""

    channel: str
    id: str
    text: str


def draw_texts(heldout_documents: Path, params: EvaluateParams, channels: ChannelsParams) -> list[HeldoutText]:
    """Draw at most `documents_per_channel` documents of every channel that has a role, sorted by channel and id.

    `NothingLeftError` when there is none at all.
    """
    drawn: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for row in read_documents(heldout_documents, ["id", "channel", "text"]):
        if row["channel"] in channels.roles:
            rank = -xxhash.xxh3_64_intdigest(row["id"], seed=params.seed)
            entry = (rank, row["id"], row["text"][: params.max_characters])
            heap = drawn[row["channel"]]
            (heapq.heappush if len(heap) < params.documents_per_channel else heapq.heappushpop)(heap, entry)
    if not drawn:
        raise NothingLeftError(
            f"{heldout_documents} holds no document of the channels {', '.join(sorted(channels.roles))}, so no model "
            "can be judged. Hold out more in dedup, or add text."
        )
    return [
        HeldoutText(channel=channel, id=id, text=text)
        for channel in sorted(drawn)
        for id, text in sorted((id, text) for _, id, text in drawn[channel])
    ]
