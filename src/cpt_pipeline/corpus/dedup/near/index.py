"""Documents of earlier rounds, by signature and id: what is new is compared with them and their text is not read again.

An index is an artifact of kind `minhash_index`: signature files, the ids of their documents as Parquet, and in the
manifest the parameters that made them. A round links the files of the round before and adds its own. Nothing in it is
executed when it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from cpt_pipeline.core.artifact import link_tree, read_manifest, seal
from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.corpus.dedup.near.minhash import Signatures
from cpt_pipeline.corpus.dedup.near.params import MinHashParams, count_places
from cpt_pipeline.corpus.dedup.near.signatures import SignatureFiles, write_signatures

KIND = "minhash_index"
_VERSION = 1
_MAX_MEETINGS = 1_024
"""Of a key's old documents so many are compared with its new ones: the time must not grow with their product."""
_MAX_FILTER_BITS = 27


class KeyTable(NamedTuple):
    """Some new documents by the keys of their bands, and the best match of each so far."""

    keys: npt.NDArray[np.uint64]
    """Of all bands of all documents, sorted."""
    documents: npt.NDArray[np.int64]
    num_met: npt.NDArray[np.int32]
    """Old documents that had the key, counted at its first place."""
    present: npt.NDArray[np.bool_]
    shift: np.uint64
    signatures: Signatures
    best: npt.NDArray[np.int64]
    """Places that agree with the best match; one less than needed where there is none."""
    best_old: npt.NDArray[np.int64]


class Matches(NamedTuple):
    """The nearest old document of each new one: its number, or -1 where there is none, and the similarity."""

    old: npt.NDArray[np.int64]
    similarity: npt.NDArray[np.float32]


def write_index(
    out: Path, parts: Iterable[tuple[Sequence[str], Signatures]], params: MinHashParams, *, previous: Path | None = None
) -> None:
    """Write the (ids, signatures) of the documents that were kept, after those of the previous index."""
    out.mkdir(parents=True, exist_ok=True)
    number = num_documents = 0
    if previous is not None:
        old = NearCopyIndex(previous, params)
        number, num_documents = len(old.signatures.paths), len(old)
        link_tree(previous, out)
    for ids, signatures in parts:
        if len(ids) != len(signatures):
            raise ValueError(f"{len(ids)} ids for {len(signatures)} signatures")
        write_signatures(out / f"signatures-{number:05}.npy", signatures, params)
        pq.write_table(pa.table({"id": pa.array(ids, pa.string())}), out / f"ids-{number:05}.parquet")
        number, num_documents = number + 1, num_documents + len(ids)
    seal(out, KIND, num_documents=num_documents, num_parts=number, **_identity(params))


class NearCopyIndex:
    """A finished index. `ArtifactError` when it is none, or was made with other parameters."""

    def __init__(self, directory: Path, params: MinHashParams) -> None:
        manifest = read_manifest(directory)
        expected = {"kind": KIND, **_identity(params)}
        different = [name for name, value in expected.items() if manifest.get(name) != value]
        if different:
            listed = ", ".join(f"{name} is {manifest.get(name)!r}, not {expected[name]!r}" for name in different)
            raise ArtifactError(
                f"{directory} cannot tell copies of these documents: {listed}. Use the parameters it was made with, "
                "or make the index again from the old documents."
            )
        self._ids = [directory / f"ids-{number:05}.parquet" for number in range(manifest["num_parts"])]
        paths = [directory / f"signatures-{number:05}.npy" for number in range(manifest["num_parts"])]
        self.signatures = SignatureFiles(paths, params)

    def __len__(self) -> int:
        return len(self.signatures)

    def ids(self, numbers: Iterable[int]) -> dict[int, str]:
        """Give the ids of old documents by their numbers."""
        wanted = np.unique(np.fromiter(numbers, np.int64))
        found: dict[int, str] = {}
        start = 0
        for path in self._ids:
            end = start + pq.read_metadata(path).num_rows
            mine = wanted[(wanted >= start) & (wanted < end)]
            if mine.size:
                column = pq.read_table(path, columns=["id"]).column("id").take(pa.array(mine - start))
                found.update(zip(mine.tolist(), column.to_pylist(), strict=True))
            start = end
        return found


def match(new: SignatureFiles, index: NearCopyIndex, *, memory_bytes: int = 1 << 30) -> Matches:
    """Give for each new document the most similar old one, of equals the earliest, from `min_similarity` on.

    Old signatures are read once per part of the new ones that fits `memory_bytes`. Similarities are estimates (the
    old texts are not there to be compared).
    """
    from cpt_pipeline.corpus.dedup.near.minhash_kernel import meet

    params = new.params
    bytes_per_document = 4 * (2 * params.num_hashes + 32 * params.num_bands)
    num_documents = max(1, memory_bytes // bytes_per_document)
    old, similarity = np.full(len(new), -1, np.int64), np.zeros(len(new), np.float32)
    for start, some in new.chunks(num_documents):
        table = _lay_out(some, params)
        for first_old, older in index.signatures.chunks(num_documents):
            meet(table, _band_keys(older, params), older, first_old, _MAX_MEETINGS)
        old[start : start + len(some)] = table.best_old
        similarity[start : start + len(some)] = np.where(table.best_old < 0, 0, table.best / params.num_hashes)
    return Matches(old, similarity)


def _lay_out(signatures: Signatures, params: MinHashParams) -> KeyTable:
    """Sort new documents by the keys of all their bands; nothing is matched yet."""
    keys = _band_keys(signatures, params).ravel()
    order = np.argsort(keys, kind="stable")
    needed = count_places(params.min_similarity, params.num_hashes)
    num_bits = min(_MAX_FILTER_BITS, max(16, (16 * keys.size).bit_length()))
    return KeyTable(
        keys=keys[order],
        documents=order % max(1, len(signatures)),
        num_met=np.zeros(keys.size, np.int32),
        present=_mark_present(keys, num_bits),
        shift=np.uint64(64 - num_bits),
        signatures=signatures,
        best=np.full(len(signatures), needed - 1, np.int64),
        best_old=np.full(len(signatures), -1, np.int64),
    )


def _mark_present(keys: npt.NDArray[np.uint64], num_bits: int) -> npt.NDArray[np.bool_]:
    """Mark the first bits of every key: most keys that no new document has are told so by one look."""
    present = np.zeros(1 << num_bits, np.bool_)
    present[keys >> np.uint64(64 - num_bits)] = True
    return present


def _band_keys(signatures: Signatures, params: MinHashParams) -> npt.NDArray[np.uint64]:
    from cpt_pipeline.corpus.dedup.near.minhash_kernel import band_keys

    keys = np.empty((params.num_bands, len(signatures)), np.uint64)
    band_keys(signatures, params.rows_per_band, keys)
    return keys


def _identity(params: MinHashParams) -> dict[str, Any]:
    """Give what two signatures must have in common to be comparable."""
    names = ("num_bands", "rows_per_band", "seed")
    return {"signatures": _VERSION, "shingles": f"{params.width} {params.shingles}"} | {
        name: getattr(params, name) for name in names
    }
