"""Which documents of a channel a stage may read, why it leaves the others, and what it read in the end.

A document is read or has one reason, the first that holds: `too_short` (one token teaches nothing), its use when the
stage does not take that (`stage1_only`, `synthesis`, `sft_source`), `category`, `quality`; `not_reached` when there was
more text than tokens asked for; `no_share` when the channel has no part in the stage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cpt_pipeline.core.errors import NothingLeftError, ParameterError, raise_all
from cpt_pipeline.core.params import Report
from cpt_pipeline.formats import tokens as token_format
from cpt_pipeline.formats.routes import USES
from cpt_pipeline.mixture.arrays import Ints
from cpt_pipeline.mixture.params import MixStageParams

Codes = npt.NDArray[np.int8]
"""Reason that keeps each document of a channel out of a stage, by its index; 0 where it is eligible."""
ANY_USE = "any"
_NOT_REACHED, _NO_SHARE = "not_reached", "no_share"
_REASONS = ("", "too_short", *USES, "category", "quality", _NOT_REACHED, _NO_SHARE)
_CODES = {reason: code for code, reason in enumerate(_REASONS)}


class Amount(Report):
    """Documents and tokens: of what was read, the tokens read; of what was not, the tokens there."""

    documents: int
    tokens: int


def find_ineligible(tokens: Path, channel: str, wanted: MixStageParams) -> Codes:
    """Return the reason that keeps each document of a channel out of a stage; 0 where it is eligible."""
    if channel not in token_format.channels(tokens, "train"):
        return np.empty(0, np.int8)
    sidecar = token_format.read_sidecar(tokens, "train", channel)
    codes = np.zeros(len(sidecar), np.int8)
    for reason, applies in _reasons(sidecar, channel, wanted):
        codes[(codes == 0) & applies] = _CODES[reason]
    return codes


def _reasons(sidecar: pa.Table, channel: str, wanted: MixStageParams) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    yield "too_short", np.asarray(sidecar["tokens"]) <= 1
    for use in USES:
        if use not in wanted.uses:
            yield use, _equals_any(sidecar["use"], (use,))
    if channel in wanted.categories:
        yield "category", ~_equals_any(sidecar["category"], wanted.categories[channel])
    if wanted.min_quality > 0.0:
        quality = np.asarray(sidecar["quality"].to_numpy(), dtype=np.float32)
        # The sidecar is float32, where 0.7 is a little less than 0.7.
        yield "quality", np.nan_to_num(quality) < np.float32(wanted.min_quality)


def _equals_any(column: pa.ChunkedArray, values: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Return for each row whether it is one of the values; a null is none."""
    is_one: npt.NDArray[np.bool_] = pc.is_in(column, value_set=pa.array(values, pa.string())).to_numpy()
    return is_one


def available_tokens(tokens: Path, channel: str, eligible: Ints) -> int:
    """Return the tokens of the eligible documents of a channel."""
    return int(token_format.open_shard(tokens, "train", channel).lengths[eligible].sum()) if eligible.size else 0


def require_enough(
    tokens: Path,
    stage: str,
    ineligible: Mapping[str, Codes],
    needed: Mapping[str, int],
    max_passes: float,
) -> None:
    """Raise `NothingLeftError` for channels with nothing to read, `ParameterError` for those with too little."""
    available = {name: available_tokens(tokens, name, np.flatnonzero(codes == 0)) for name, codes in ineligible.items()}
    empty = [
        f"channel {name}: no document left to read{_why(ineligible[name])}" for name in needed if not available[name]
    ]
    heading = f"mix.{stage}: nothing to train on (mix.{stage}.categories, uses, min_quality, or the sources)"
    raise_all(NothingLeftError, heading, empty)
    over = [
        f"channel {name}: {count:,} tokens asked, {available[name]:,} there = {count / available[name]:.1f} passes, "
        f"mix.max_passes is {max_passes:g}"
        for name, count in needed.items()
        if count > max_passes * available[name]
    ]
    heading = (
        f"mix.{stage} reads too little text too often; bring more text of the channel, or lower mix.{stage}.num_tokens "
        "(or passes). A channel's share is mix.domain_share for the domain, and what that leaves for the general ones"
    )
    raise_all(ParameterError, heading, over)


def _why(codes: Codes) -> str:
    counts = np.bincount(codes, minlength=len(_REASONS))
    listed = ", ".join(f"{_REASONS[code]} {counts[code]:,}" for code in np.flatnonzero(counts))
    return f" ({listed})" if listed else ""


def count_unused(
    tokens: Path, ineligible: Mapping[str, Codes], read: Mapping[str, Ints]
) -> dict[str, dict[str, Amount]]:
    """Return channel to reason to what was not read; with what was read it is every document of the split.

    `read` holds the tokens read of each document of a channel, shape [documents].
    """
    unused = {}
    for channel in token_format.channels(tokens, "train"):
        lengths = token_format.open_shard(tokens, "train", channel).lengths
        codes = _final_reasons(channel, lengths.size, ineligible, read)
        documents = np.bincount(codes, minlength=len(_REASONS))
        sizes = np.bincount(codes, weights=lengths, minlength=len(_REASONS))
        listed = [code for code in np.flatnonzero(documents) if code]
        unused[channel] = {
            _REASONS[code]: Amount(documents=int(documents[code]), tokens=int(sizes[code])) for code in listed
        }
    return {channel: reasons for channel, reasons in unused.items() if reasons}


def _final_reasons(channel: str, size: int, ineligible: Mapping[str, Codes], read: Mapping[str, Ints]) -> Codes:
    if channel not in ineligible:
        return np.full(size, _CODES[_NO_SHARE], np.int8)
    counted = read[channel] if read[channel].size else np.zeros(size, np.int64)
    never = (ineligible[channel] == 0) & (counted == 0)
    return np.where(never, np.int8(_CODES[_NOT_REACHED]), ineligible[channel])


def count_read(tokens: Path, column: str, read: Mapping[str, Ints]) -> dict[str, Amount]:
    """Return what was read by each value of a column of the sidecar (`use`, `synthetic`); null counts as `any`."""
    parts = [
        pa.table({"value": _with_default(tokens, channel, column), "documents": counted > 0, "tokens": counted})
        for channel, counted in read.items()
        if counted.size
    ]
    if not parts:
        return {}
    sums = pa.concat_tables(parts).group_by("value").aggregate([("documents", "sum"), ("tokens", "sum")])
    rows: list[dict[str, Any]] = sorted(sums.to_pylist(), key=lambda row: row["value"])
    return {
        row["value"]: Amount(documents=row["documents_sum"], tokens=row["tokens_sum"])
        for row in rows
        if row["tokens_sum"]
    }


def _with_default(tokens: Path, channel: str, column: str) -> pa.ChunkedArray:
    return token_format.read_sidecar(tokens, "train", channel)[column].fill_null(ANY_USE)
