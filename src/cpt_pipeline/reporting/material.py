"""What went in: text per channel from source to training step."""

from __future__ import annotations

from cpt_pipeline.reporting import words
from cpt_pipeline.reporting.cleaning import SIEVES
from cpt_pipeline.reporting.page import Cell, Table, table
from cpt_pipeline.reporting.reading import TRAINING, Artifacts

_USES = {
    "any": "no fault known",
    "stage1_only": "faults that stage 1 stands",
    "synthesis": "to be written anew",
    "sft_source": "to make questions from",
}
_REASONS = {
    "too_short": "one token",
    **_USES,
    "category": "category not asked for",
    "quality": "quality too low",
    "not_reached": "more text than tokens asked for",
    "no_share": "channel without a share",
}


def channels(artifacts: Artifacts) -> Table:
    """Follow every channel from the sources to what training may read."""
    rows: list[list[Cell]] = []
    for channel in artifacts.channels():
        documents = [artifacts.number(f"{stage}_metrics", "channels", channel, "documents") for stage in SIEVES]
        rows.append(
            [
                channel,
                artifacts.roles().get(channel),
                *(words.count(number) for number in documents),
                words.count(artifacts.number("dedup_metrics", "heldout_channels", channel, "documents")),
                words.size(artifacts.number("dedup_metrics", "channels", channel, "bytes")),
                words.tokens(artifacts.number("tokenize_metrics", "train", channel, "tokens")),
            ]
        )
    columns = ("channel", "role", "collected", "cleaned", "unique, for training", "held out", "bytes", "tokens")
    return table(columns, rows, left=(0, 1))


def use(artifacts: Artifacts) -> Table:
    """Say how much of each channel every training stage reads, and how often."""
    rows: list[list[Cell]] = []
    for stage in TRAINING:
        for channel, known in artifacts.mapping("mix_metrics", stage, "channels").items():
            found = Artifacts({"use": known})
            passes = found.number("use", "passes")
            rows.append(
                [
                    stage,
                    channel,
                    words.percent(found.number("use", "share")),
                    words.tokens(found.number("use", "tokens")),
                    words.tokens(found.number("use", "available_tokens")),
                    None if passes is None else f"{passes:.2f}",
                    words.count(found.number("use", "documents")),
                ]
            )
    columns = ("stage", "channel", "share", "tokens read", "tokens at hand", "passes", "documents")
    return table(columns, rows, left=(0, 1))


def routes(artifacts: Artifacts) -> Table:
    """Say what each stage read of text with faults and of text that clean made from other text."""
    rows: list[list[Cell]] = []
    for stage in TRAINING:
        for kind, names in (("uses", _USES), ("synthetic", {})):
            for name, amount in artifacts.mapping("mix_metrics", stage, kind).items():
                text = f"{name}: {names[name]}" if name in names else f"made from other text: {name}"
                rows.append([stage, text, *_amount(amount)])
    return table(("stage", "text", "documents", "tokens read"), rows, left=(0, 1))


def unused(artifacts: Artifacts) -> Table:
    """Say which documents each stage leaves, and why."""
    rows: list[list[Cell]] = []
    for stage in TRAINING:
        for channel, reasons in artifacts.mapping("mix_metrics", stage, "unused").items():
            for reason, amount in Artifacts({"reasons": reasons}).mapping("reasons").items():
                rows.append([stage, channel, _REASONS.get(reason, reason), *_amount(amount)])
    return table(("stage", "channel", "why", "documents", "tokens"), rows, left=(0, 1, 2))


def _amount(amount: object) -> tuple[Cell, Cell]:
    found = Artifacts({"amount": amount})
    return words.count(found.number("amount", "documents")), words.tokens(found.number("amount", "tokens"))
