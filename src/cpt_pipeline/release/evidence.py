"""What a run measured and read of each channel, and which key of conf would give more of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_MOST_GROWTH = 4.0
"""A remedy asks for at most so many times the tokens."""
_WORTH_READING = 0.1
_LARGEST_SHARE = 0.5
"""dedup.heldout_max_share takes no more."""


@dataclass(frozen=True)
class Evidence:
    """Counts by channel, and the settings that bound them."""

    max_evaluated: int
    """evaluate.documents_per_channel"""
    max_heldout: int
    """dedup.heldout_documents_per_channel"""
    max_heldout_share: float
    """dedup.heldout_max_share"""
    heldout: Mapping[str, int] = field(default_factory=dict)
    """Documents held out, counted as they are drawn: a book is one, and so are those that share text."""
    training: Mapping[str, int] = field(default_factory=dict)
    """Documents that were left for training and could have been held out, counted alike."""
    unread: Mapping[str, float] = field(default_factory=dict)
    """Share of the training text that no stage reads."""
    size_key: str = "mix.stage1.num_tokens"
    """The key that says how much stage 1 reads."""
    most_growth: float = _MOST_GROWTH
    """How many times the tokens of stage 1 the text allows."""

    def how_to_measure_more(self, channel: str, measured: int) -> str:
        """Return the sentence that names what keeps more documents of a channel from being measured.

        A key is called the limit where raising it alone changes the number. Where several allow just as many, they
        are named together; where no key does, only more documents help.
        """
        heldout = self.heldout.get(channel, 0)
        total = heldout + self.training.get(channel, 0)
        if measured < heldout and measured >= self.max_evaluated:
            return (
                f"Channel {channel}: {measured} of {heldout} held-out documents were measured; "
                f"evaluate.documents_per_channel ({self.max_evaluated}) is the limit."
            )
        share_binds = heldout >= max(1, int(self.max_heldout_share * total))
        limits = [f"dedup.heldout_documents_per_channel ({self.max_heldout})"] if heldout >= self.max_heldout else []
        limits += [f"dedup.heldout_max_share ({self.max_heldout_share:g})"] if share_binds else []
        if not limits or (share_binds and int(_LARGEST_SHARE * total) <= heldout):
            return f"Channel {channel}: {heldout} of {total} documents could be held out; bring more documents of it."
        limits += [f"evaluate.documents_per_channel ({self.max_evaluated})"] if heldout >= self.max_evaluated else []
        listed = f"{', '.join(limits[:-1])} and {limits[-1]}" if len(limits) > 1 else limits[0]
        how = "are the limits: raise them together." if len(limits) > 1 else "is the limit."
        other = " Raise it, or bring more documents." if share_binds and len(limits) == 1 else ""
        return f"Channel {channel}: {heldout} of {total} documents were held out; {listed} {how}{other}"

    def unread_share(self, channel: str) -> float:
        """Return the share of a channel that no stage reads; 0 where it is too little to matter."""
        share = self.unread.get(channel, 0.0)
        return share if share >= _WORTH_READING else 0.0

    def growth(self, channel: str) -> float:
        """Return how many times the tokens would read what is unread of a channel, as far as the text allows."""
        read = max(1.0 - self.unread_share(channel), 1.0 / _MOST_GROWTH)
        return max(1.0, min(1.0 / read, self.most_growth, _MOST_GROWTH))


def read_evidence(
    dedup_metrics: Mapping[str, Any],
    mix_metrics: Mapping[str, Any],
    *,
    max_evaluated: int,
    max_heldout: int,
    max_heldout_share: float,
    size_key: str,
    max_passes: float,
) -> Evidence:
    """Read the counts of a run from the metrics of dedup and mix (formats: docs/concepts.md)."""
    stage1 = mix_metrics["stage1"]
    supply = [
        max_passes * use["available_tokens"] / use["share"] for use in stage1["channels"].values() if use["share"]
    ]
    return Evidence(
        max_evaluated=max_evaluated,
        max_heldout=max_heldout,
        max_heldout_share=max_heldout_share,
        heldout=dedup_metrics["heldout_works"],
        training=dedup_metrics["works"],
        unread=mix_metrics["unread"],
        size_key=size_key,
        most_growth=min(supply) / stage1["tokens"] if supply else 1.0,
    )


def find_lacking(evidence: Evidence, channels: Iterable[str], min_documents: int) -> list[str]:
    """Return a sentence for each channel whose held-out documents cannot be enough for a promotion, with the key.

    `min_documents` is decide.min_documents. Known once dedup has held documents out, days before decide says so.
    """
    found = []
    for channel in sorted(channels):
        measured = min(evidence.heldout.get(channel, 0), evidence.max_evaluated)
        if measured < min_documents:
            found.append(
                f"nothing can be promoted: decide.min_documents asks for {min_documents} held-out documents of every "
                f"channel. {evidence.how_to_measure_more(channel, measured)}"
            )
    return found
