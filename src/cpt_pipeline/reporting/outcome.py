"""What came out: the verdict with its checks and remedy, before and after, benchmarks, continuations."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cpt_pipeline.reporting import words
from cpt_pipeline.reporting.page import Card, Cell, Mark, Table, Tone, table
from cpt_pipeline.reporting.reading import TRAINING, Artifacts

_VERDICTS: dict[str, tuple[str, Tone]] = {
    "promote": ("Promoted", "good"),
    "hold": ("Held", "open"),
    "roll_back": ("Rolled back", "bad"),
}
_GAP = re.compile(r"\n(?:[ \t]*\n){3,}")
_PURPOSES = {"domain": ", to be learnt", "general": ", to be kept"}


@dataclass(frozen=True)
class Banner:
    """The first thing seen."""

    word: str
    tone: Tone
    sentence: str
    released: str | None


@dataclass(frozen=True)
class Sample:
    """One prompt and what the models made of it."""

    prompt: str
    continuations: tuple[tuple[str, str | None], ...]


def banner(artifacts: Artifacts) -> Banner:
    """Say the verdict in a word and a sentence, or that none was reached."""
    verdict = artifacts.get("decision", "verdict")
    if verdict not in _VERDICTS:
        refused = [str(reason) for reason in artifacts.rows("permit", "reasons")]
        why = "; ".join(refused) or "the end of this page says what is missing"
        return Banner("No decision", "open", f"The run stopped before stage decide: {why}.", None)
    word, tone = _VERDICTS[verdict]
    sentence = next(iter(artifacts.rows("decision", "reasons")), "No reason is given.")
    model = artifacts.get("decision", "model")
    return Banner(word, tone, str(sentence), None if model == "base" else model)


def cards(artifacts: Artifacts) -> list[Card]:
    """Give the figures of the first screen: every channel's change, tokens trained, time."""
    candidate = artifacts.candidate()
    found = []
    for channel in artifacts.channels():
        change = artifacts.number("scores", "comparisons", str(candidate), "channels", channel, "relative_change")
        note = f"bits per byte{_PURPOSES.get(artifacts.roles().get(channel, ''), '')}"
        found.append(Card(channel, words.percent(change, signed=True), note, _tone(artifacts, channel)))
    trained = [artifacts.number(f"{stage}_metrics", "tokens") for stage in TRAINING]
    took = [artifacts.number(f"{stage}_metrics", "seconds") for stage in TRAINING]
    found.append(Card("tokens trained", words.tokens(total(trained)), "stage 1 and stage 2"))
    found.append(Card("training time", words.duration(total(took)), "stage 1 and stage 2"))
    return found


def _tone(artifacts: Artifacts, channel: str) -> Tone:
    for check in artifacts.records("decision", "checks"):
        if check.get("channel") == channel:
            return result(check).tone
    return "quiet"


def result(check: Mapping[str, Any]) -> Mark:
    """Return the result of a check in words: passed, not passed, or open where the evidence is too thin to say."""
    if check.get("passed"):
        return Mark("passed", "good")
    open_words = words.OPEN_FINDINGS.get(str(check.get("finding")))
    return Mark(open_words, "open") if open_words else Mark("not passed", "bad")


def total(values: list[float | None]) -> float | None:
    """Add up; a sum with a missing part is missing."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def reasons(artifacts: Artifacts) -> list[str]:
    """Give the reasons after the first, which the banner holds."""
    return [str(reason) for reason in artifacts.rows("decision", "reasons")[1:]]


def checks(artifacts: Artifacts) -> Table:
    """Give every check with what was measured and what was asked."""
    rows = []
    order = {channel: place for place, channel in enumerate(artifacts.channels())}
    for check in sorted(
        artifacts.records("decision", "checks"), key=lambda check: order.get(str(check.get("channel")), -1)
    ):
        gain = check.get("quantity") == "gain"
        limit = words.percent(check.get("limit"))
        rows.append(
            [
                check.get("channel"),
                check.get("role"),
                "fall" if gain else "rise",
                words.percent(check.get("point")),
                words.between(words.percent(check.get("low")), words.percent(check.get("high"))),
                None if limit is None else f"{'at least' if gain else 'at most'} {limit}",
                result(check),
            ]
        )
    columns = ("channel", "role", "bits/byte", "measured", "interval", "limit", "result")
    return table(columns, rows, left=(0, 1, 2, 6))


def remedy(artifacts: Artifacts) -> Table:
    """Give the proposed parameters beside the ones of this run."""
    rows = [
        [key, words.significant(artifacts.number("decide_provenance", "params", *key.split("."))), _plain(value)]
        for key, value in sorted(artifacts.mapping("decision", "remedy").items())
    ]
    return table(("parameter", "this run", "try"), rows)


def _plain(value: Any) -> str | None:
    return words.significant(float(value)) if isinstance(value, int | float) else str(value)


def published(artifacts: Artifacts) -> str | None:
    """Return how far the judged model, as it is published, is from the one that was trained, in a sentence."""
    name = str(artifacts.candidate())
    gap = artifacts.mapping("merge_metrics", "gap", name)
    largest, mean, nats = (
        artifacts.number("merge_metrics", "gap", name, key) for key in ("max_logit", "mean_logit", "nats")
    )
    if largest is None or mean is None or nats is None:
        return None
    trained = {"nf4": "on a base in 4 bits", "bfloat16": "in bf16"}.get(str(gap.get("trained_in")), "in fp32")
    written = {"bfloat16": "bf16", "float16": "fp16"}.get(str(artifacts.get("merge_metrics", "dtype")), "fp32")
    return (
        f"{name} was trained {trained} and is published in {written}: on the same tokens its logits differ from those "
        f"at the end of training by {largest:.2g} at most and {mean:.2g} on average, its loss by {nats:+.2g} nats a "
        "token. What is judged here is the published model."
    )


def before_after(artifacts: Artifacts) -> Table:
    """Give bits per byte of base and candidate for every channel, with the paired interval of the change."""
    candidate = str(artifacts.candidate())
    rows: list[list[Cell]] = []
    for channel in artifacts.channels():
        change = artifacts.mapping("scores", "comparisons", candidate, "channels", channel)
        low, high = (words.percent(change.get(end), signed=True) for end in ("low", "high"))
        before, after = (
            artifacts.mapping("scores", "models", model, "channels", channel) for model in ("base", candidate)
        )
        rows.append(
            [
                channel,
                words.decimal(before.get("bits_per_byte"), 4),
                words.decimal(after.get("bits_per_byte"), 4),
                _change_cell(artifacts, channel, change),
                words.between(low, high),
                artifacts.roles().get(channel),
                words.count(before.get("documents")),
                words.decimal(before.get("perplexity"), 1),
                words.decimal(after.get("perplexity"), 1),
            ]
        )
    confidence = words.percent(artifacts.number("scores", "confidence"), 0) or "confidence"
    interval = f"{confidence} interval"
    columns = (
        "channel", "bits/byte before", "after", "change", interval, "role", "documents", "perplexity before", "after",
    )  # fmt: skip
    return table(columns, rows, left=(0, 5))


def _change_cell(artifacts: Artifacts, channel: str, change: Mapping[str, Any]) -> Cell:
    text = words.percent(change.get("relative_change"), signed=True)
    return None if text is None else Mark(text, _tone(artifacts, channel))


def candidates(artifacts: Artifacts) -> Table:
    """Give every candidate's change against the base, so that the way there can be seen."""
    channels = artifacts.channels()
    released, judged = artifacts.get("decision", "model"), artifacts.candidate()
    rows = []
    for name, comparison in artifacts.mapping("scores", "comparisons").items():
        notes = [note for note, holds in (("judged", name == judged), ("released", name == released)) if holds]
        changes = [_dig(comparison, "channels", channel, "relative_change") for channel in channels]
        step = words.count(artifacts.number("scores", "models", name, "step"))
        rows.append([name, step, *(words.percent(change, signed=True) for change in changes), ", ".join(notes)])
    return table(("candidate", "step", *channels, ""), rows, left=(0, len(channels) + 2))


def _dig(value: Any, *path: str) -> Any:
    return Artifacts({"value": value}).get("value", *path)


def benchmarks(artifacts: Artifacts) -> Table:
    """Give accuracies before and after; an item is one draw, so the error of an accuracy is that of a share."""
    candidate = str(artifacts.candidate())
    names = sorted(artifacts.mapping("scores", "models", "base", "benchmarks"))
    rows = []
    for name in names:
        before, after = (
            artifacts.number("scores", "models", model, "benchmarks", name, "accuracy") for model in ("base", candidate)
        )
        items = artifacts.number("scores", "models", "base", "benchmarks", name, "items")
        difference = None if before is None or after is None else after - before
        rows.append(
            [
                name,
                words.count(items),
                words.percent(before),
                words.percent(after),
                words.percent(difference, signed=True),
                _error(before, items),
            ]
        )
    return table(("benchmark", "items", "before", "after", "difference", "standard error of one accuracy"), rows)


def _error(accuracy: float | None, items: float | None) -> str | None:
    if accuracy is None or not items:
        return None
    return words.percent(math.sqrt(accuracy * (1.0 - accuracy) / items))


def _without_gaps(text: str | None) -> str | None:
    """Say how many line ends a small model wrote in a row, instead of showing an empty page."""
    if text is None:
        return None
    return _GAP.sub(lambda gap: f"\n[{gap[0].count(chr(10))} line ends]\n", text)


def samples(artifacts: Artifacts) -> list[Sample]:
    """Give the same prompts continued by the models side by side."""
    models = artifacts.shown_models()
    return [
        Sample(
            str(_dig(sample, "prompt") or ""),
            tuple((name, _without_gaps(_dig(sample, "continuations", name))) for name in models),
        )
        for sample in artifacts.records("scores", "samples")
    ]
