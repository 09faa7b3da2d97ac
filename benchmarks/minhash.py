"""Near copies, beside datatrove: `python benchmarks/minhash.py` with CPT_SHARED set (two minutes).

Signatures: the same English documents with planted copies through datatrove's MinhashDedupSignature (5-grams of words,
14 buckets of 8, xxhash64) and through `Signer`; then each side's own clustering on its own signatures, for recall and
precision of the planted copies. Clustering: `--documents 1000000` made-up signatures (default 50,000) through
MinhashDedupBuckets + MinhashDedupCluster and through find_pairs + clusters. CPU seconds of one thread, each side in a
process of its own after one warm-up document.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr
from itertools import combinations
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.dedup.near.candidates import find_pairs
from cpt_pipeline.corpus.dedup.near.clusters import clusters
from cpt_pipeline.corpus.dedup.near.minhash import Signer
from cpt_pipeline.corpus.dedup.near.pairs import read_pairs
from cpt_pipeline.corpus.dedup.near.params import MinHashParams
from cpt_pipeline.corpus.dedup.near.signatures import write_signatures
from cpt_pipeline.text.folding import fold

PARAMS = MinHashParams()
CHARACTERS = 4_000
SHARE_OF_COPIES = 0.2
Labels = npt.NDArray[np.int64]


def plant(texts: Sequence[str]) -> list[str]:
    """Append a copy of every fifth text: one word in 50 changed, or a line in front, or its last tenth cut."""
    chance = random.Random(1)
    copies = []
    for number, text in enumerate(texts[::5]):
        words = text.split(" ")
        if number % 3 == 0:
            words = [word if chance.random() > 0.02 else "changed" for word in words]
        elif number % 3 == 1:
            words = ["Posted by a reader on Friday, with kind permission of the author.", *words]
        else:
            words = words[: -len(words) // 10]
        copies.append(" ".join(words))
    return [*texts, *copies]


def read_english(shared: Path, megabytes: float) -> list[str]:
    """Give English documents of 4,000 characters, as many of each file."""
    files = sorted((shared / "data" / "general_en").glob("*.txt"))
    per_file = int(megabytes * 1e6 / CHARACTERS / len(files))
    cut = []
    for path in files:
        text = path.read_text(encoding="utf-8", errors="replace")
        cut += [text[start : start + CHARACTERS] for start in range(0, len(text), CHARACTERS)][:per_file]
    return cut


def measure(function: Callable[..., Any], *arguments: Any) -> tuple[Any, float, float]:
    """Run in a new process; give the result, what the function says are its CPU seconds, and peak MB."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measured, function, arguments).result()


def _measured(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Any, float, float]:
    with Path(os.devnull).open("w") as sink, redirect_stderr(sink):
        result, seconds = function(*arguments)
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())  # ru_maxrss starts at the parent's
    return result, seconds, int(peak[1]) / 1024 if peak else float("nan")


def datatrove_signatures(texts: list[str], folder: Path) -> tuple[None, float]:
    from datatrove.data import Document
    from datatrove.pipeline.dedup.minhash import MinhashDedupSignature

    step = MinhashDedupSignature(str(folder), config=_datatrove_config())
    step.get_shingles(texts[0])
    started = time.process_time()
    for _ in step.run((Document(text=text, id=str(number)) for number, text in enumerate(texts)), 0, 1) or ():
        pass
    return None, time.process_time() - started


def our_signatures(texts: list[str], folder: Path, folded: bool) -> tuple[None, float]:
    signer = Signer(PARAMS)
    signer.sign_many(map(fold, ["warm", "up", "两次"]))
    ready = [fold(text) for text in texts] if folded else texts
    started = time.process_time()
    write_signatures(folder / "00000.npy", signer.sign_many(ready if folded else map(fold, ready)), PARAMS)
    return None, time.process_time() - started


def rensa_signatures(texts: list[str]) -> tuple[None, float]:
    from rensa import RMinHash

    ready = [fold(text) for text in texts]
    started = time.process_time()
    for text in ready:
        minhash = RMinHash(num_perm=PARAMS.num_hashes, seed=1)
        minhash.update([text[start : start + 5] for start in range(len(text) - 4)])
        minhash.digest()
    return None, time.process_time() - started


def datatrove_clusters(folder: Path, num_documents: int) -> tuple[Labels, float]:
    from datatrove.pipeline.dedup.minhash import MinhashDedupBuckets, MinhashDedupCluster

    config = _datatrove_config()
    started = time.process_time()
    for bucket in range(config.num_buckets):
        MinhashDedupBuckets(str(folder), str(folder / "dups"), config=config).run(None, bucket, config.num_buckets)
    cluster = MinhashDedupCluster(str(folder / "dups"), str(folder / "removed"), config=config, save_cluster_id=True)
    cluster.run(None, 0, 1)
    seconds = time.process_time() - started
    return _read_datatrove_clusters(folder, num_documents), seconds


def our_clusters(folder: Path, num_documents: int, memory_bytes: int) -> tuple[Labels, float]:
    tiny = folder / "tiny"
    tiny.mkdir()
    write_signatures(tiny / "0.npy", np.zeros((3, PARAMS.num_hashes), np.uint16), PARAMS)
    clusters(read_pairs(find_pairs([tiny / "0.npy"], PARAMS, tiny)), 3, tiny / "labels.npy")
    started = time.process_time()
    pairs = find_pairs(sorted(folder.glob("*.npy")), PARAMS, folder / "work", memory_bytes=memory_bytes)
    labels = clusters(read_pairs(pairs), num_documents, folder / "labels.npy")
    return np.array(labels), time.process_time() - started


def make_signatures(ours: Path, theirs: Path, num_documents: int) -> None:
    """Write made-up signatures in both forms: a fifth are copies of others that agree in 95 % of all places."""
    chance = np.random.default_rng(1)
    config = _datatrove_config()
    num_copies = int(SHARE_OF_COPIES * num_documents)
    originals = chance.integers(0, num_documents - num_copies, num_copies)
    write_signatures(ours / "00000.npy", _with_copies(chance, originals, num_documents, PARAMS.num_hashes, 16), PARAMS)
    signatures = _with_copies(chance, originals, num_documents, config.num_buckets * config.hashes_per_bucket, 61)
    fields = [(f"field{row}", "<u8") for row in range(config.hashes_per_bucket)]
    for bucket in range(config.num_buckets):
        records = np.empty(num_documents, [*fields, ("document", "<u4")])
        records["document"] = np.arange(num_documents)
        for row, (name, _) in enumerate(fields):
            records[name] = signatures[:, bucket * config.hashes_per_bucket + row]
        place = theirs / f"bucket_{bucket:03d}" / "00000.minhash.sig"
        place.parent.mkdir(parents=True)
        place.write_bytes(records[np.lexsort([records[name] for name in reversed(records.dtype.names)])].tobytes())


def _with_copies(
    chance: np.random.Generator, originals: npt.NDArray[np.int64], num_documents: int, num_hashes: int, bits: int
) -> npt.NDArray[np.uint64]:
    made = chance.integers(0, 1 << bits, (num_documents, num_hashes), np.uint64)
    copied = chance.random((originals.size, num_hashes)) < 0.95
    made[-originals.size :] = np.where(copied, made[originals], made[-originals.size :])
    return made


def _datatrove_config() -> Any:
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.utils.hashing import HashConfig

    return MinhashConfig(
        n_grams=5, num_buckets=14, hashes_per_bucket=8, hash_config=HashConfig(precision=64, hash_fc="xxhash")
    )


def _read_datatrove_clusters(folder: Path, num_documents: int) -> Labels:
    """Give the smallest member of each document's cluster, as `clusters` does."""
    labels = np.arange(num_documents)
    members: dict[int, list[int]] = {}
    for path in sorted((folder / "removed").glob("*.clusters")):
        for document, cluster in np.fromfile(path, [("document", "<u4"), ("cluster", "<u4")]).tolist():
            members.setdefault(cluster, []).append(document)
    for group in members.values():
        labels[group] = min(group)
    return labels


def _linked(labels: Labels) -> set[tuple[int, int]]:
    groups: dict[int, list[int]] = {}
    for document, label in enumerate(labels.tolist()):
        groups.setdefault(label, []).append(document)
    return {pair for group in groups.values() for pair in combinations(group, 2)}


def compare_signatures(shared: Path, scratch: Path, megabytes: float, repeats: int) -> None:
    originals = read_english(shared, megabytes)
    texts = plant(originals)
    size = sum(len(text.encode()) for text in texts) / 1e6
    planted = {(5 * number, len(originals) + number) for number in range(len(texts) - len(originals))}
    print(f"signatures of {len(texts)} English documents, {size:.2f} MB; median of {repeats}\n")
    print("                                    MB per CPU second   ratio")
    folders = {name: scratch / name for name in ("datatrove", "ours")}
    for folder in folders.values():
        folder.mkdir()
    ways: dict[str, tuple[Any, ...]] = {
        "datatrove MinhashDedupSignature": (datatrove_signatures, texts, folders["datatrove"]),
        "rensa, shingles in Python": (rensa_signatures, texts),
        "ours, folding included": (our_signatures, texts, folders["ours"], False),
        "ours, text folded before": (our_signatures, texts, folders["ours"], True),
    }
    speeds = {}
    for name, way in ways.items():
        speeds[name] = size / float(np.median([measure(*way)[1] for _ in range(repeats)]))
        print(f"{name:34} {speeds[name]:15.2f} {speeds[name] / speeds['datatrove MinhashDedupSignature']:9.0f}x")
    print("\nplanted copies              recall   precision")
    for name, labels in (
        ("datatrove", measure(datatrove_clusters, folders["datatrove"], len(texts))[0]),
        ("ours", measure(our_clusters, folders["ours"], len(texts), 1 << 30)[0]),
    ):
        found = _linked(labels)
        print(f"{name:24} {len(found & planted) / len(planted):9.4f} {len(found & planted) / len(found):11.4f}")


def compare_clustering(scratch: Path, num_documents: int, memory_bytes: int) -> None:
    ours, theirs = scratch / "our_made", scratch / "their_made"
    ours.mkdir()
    make_signatures(ours, theirs, num_documents)
    mine, seconds, peak = measure(our_clusters, ours, num_documents, memory_bytes)
    other, their_seconds, their_peak = measure(datatrove_clusters, theirs, num_documents)
    print(f"\nclustering of {num_documents:,} made-up signatures, a fifth copies; memory_bytes {memory_bytes:,}\n")
    print("            CPU seconds   peak MB   ratio")
    print(f"datatrove {their_seconds:13.1f} {their_peak:9.0f}       1x")
    print(f"ours      {seconds:13.1f} {peak:9.0f} {their_seconds / seconds:7.0f}x")
    print(f"documents in the same cluster on both sides: {np.mean(mine == other):.4%}")


def main() -> None:
    shared = os.environ.get("CPT_SHARED")
    if not shared:
        sys.exit("CPT_SHARED must name the folder of real corpora")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=50_000)
    parser.add_argument("--megabytes", type=float, default=2.5)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--memory-bytes", type=int, default=64 << 20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compare_signatures(Path(shared), Path(folder), options.megabytes, options.repeats)
        compare_clustering(Path(folder), options.documents, options.memory_bytes)


if __name__ == "__main__":
    main()
