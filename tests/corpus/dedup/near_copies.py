"""Texts and signatures with known similarity, and one search for pairs from texts, for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.dedup.near.candidates import find_pairs
from cpt_pipeline.corpus.dedup.near.clusters import clusters
from cpt_pipeline.corpus.dedup.near.minhash import Signatures, Signer
from cpt_pipeline.corpus.dedup.near.pairs import read_pairs
from cpt_pipeline.corpus.dedup.near.params import MinHashParams
from cpt_pipeline.corpus.dedup.near.signatures import write_signatures

PARAMS = MinHashParams()


def write_parts(folder: Path, signatures: Signatures, *borders: int, params: MinHashParams = PARAMS) -> list[Path]:
    """Write signatures as files that end at the borders."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, part in enumerate(np.split(signatures, borders)):
        paths.append(folder / f"{number}.npy")
        write_signatures(paths[-1], part, params)
    return paths


def cluster_signatures(
    folder: Path, signatures: Signatures, *borders: int, params: MinHashParams = PARAMS, memory_bytes: int = 1 << 30
) -> list[int]:
    """Give the first member of each document's cluster."""
    paths = write_parts(folder, signatures, *borders, params=params)
    pairs = find_pairs(paths, params, folder / "work", memory_bytes=memory_bytes)
    return clusters(read_pairs(pairs), len(signatures), folder / "labels.npy").tolist()


def cluster_texts(folder: Path, texts: list[str], params: MinHashParams = PARAMS) -> list[int]:
    return cluster_signatures(folder, Signer(params).sign_many(texts), params=params)


def random_signatures(seed: int, num_documents: int) -> Signatures:
    """Make signatures of documents that have nothing in common."""
    return np.random.default_rng(seed).integers(0, 1 << 16, (num_documents, PARAMS.num_hashes), np.uint16)


def with_agreement(signatures: Signatures, num_places: int, seed: int) -> Signatures:
    """Copy signatures so that each agrees with its original in exactly `num_places` places."""
    chance = np.random.default_rng(seed)
    copies = signatures.copy()
    for row in copies:
        changed: npt.NDArray[np.int64] = chance.permutation(row.size)[num_places:]
        row[changed] += np.uint16(1)
    return copies
