"""Copies retold in other words: `python benchmarks/semantic.py` with CPT_SHARED set (a minute).

Every fifth document of real text is planted a second time in three disguises: its sentences shuffled; also a third of
its words removed or replaced by words of other documents (which is what a synonym is to a method that knows no
meaning); also its punctuation that of the other language. Found is a copy that ends in one group with its original.
Accused is a document of the unchanged text that would be excluded; of those, how many share a tenth of their runs of
characters (12, in Chinese 5) with their survivor, so that they are no mistake; no two of 2,000 random documents do so
as a rule, and the table says how many do. MinHash alone beside hashed words at several cosines,
in one cluster and in the square root of the number of documents.
"""

from __future__ import annotations

import json
import os
import random
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.dedup.near.candidates import find_pairs
from cpt_pipeline.corpus.dedup.near.clusters import clusters
from cpt_pipeline.corpus.dedup.near.minhash import Signer
from cpt_pipeline.corpus.dedup.near.pairs import read_pairs
from cpt_pipeline.corpus.dedup.near.params import MinHashParams
from cpt_pipeline.corpus.dedup.near.signatures import write_signatures
from cpt_pipeline.corpus.dedup.semantic.params import SemanticParams
from cpt_pipeline.corpus.dedup.semantic.semantic import compare
from cpt_pipeline.corpus.dedup.semantic.vectors import VectorFiles
from cpt_pipeline.corpus.dedup.survey import Survey
from cpt_pipeline.corpus.models.embeddings.hashed import HashedEmbedder
from cpt_pipeline.corpus.models.embeddings.params import HashedParams
from cpt_pipeline.text.folding import fold

COSINES = (0.65, 0.7, 0.75, 0.8, 0.9)
LOST = 1 / 3
WORD = re.compile(r"[^\W_\u4e00-\u9fff]+|[\u4e00-\u9fff]{1,2}")
PUNCTUATION = (",.!?;:", "，。！？；：")
Groups = npt.NDArray[np.int64]
"""Of each document, the first of its group."""


def read_texts(shared: Path) -> dict[str, list[str]]:
    data = shared / "data"
    english = [
        path.read_text(encoding="utf-8", errors="replace") for path in sorted((data / "general_en").glob("*.txt"))
    ]
    modules = sorted((data / "domain_en_anatomy").rglob("*.cnxml"))
    anatomy = [" ".join(re.sub(r"<[^>]+>", " ", path.read_text(encoding="utf-8")).split()) for path in modules]
    books = sorted((data / "domain_zh_tcm_gb18030").glob("*.txt"))
    found = json.loads((data / "general_zh/cmrc2018_dev.json").read_text(encoding="utf-8"))
    wiki = [paragraph["context"] for article in found["data"] for paragraph in article["paragraphs"]]
    return {
        "en: stories, plays, web": cut(english, 2_000, 400),
        "en: anatomy textbook": cut(anatomy, 2_000, 6),
        "zh: encyclopedia": wiki,
        "zh: medical books": cut([path.read_text(encoding="gb18030", errors="replace") for path in books], 800, 40),
    }


def cut(texts: Sequence[str], num_characters: int, most: int) -> list[str]:
    """Give the first documents of every text."""
    starts = [range(0, len(text), num_characters)[:most] for text in texts]
    return [text[start : start + num_characters] for text, some in zip(texts, starts, strict=True) for start in some]


def shuffled(text: str, chance: random.Random, _: Sequence[str]) -> str:
    sentences = re.split(r"(?<=[.!?。！？；\n])", text)
    chance.shuffle(sentences)
    return "".join(sentences)


def reworded(text: str, chance: random.Random, vocabulary: Sequence[str]) -> str:
    def other(word: re.Match[str]) -> str:
        if chance.random() >= LOST:
            return word.group()
        return "" if chance.random() < 0.5 else chance.choice(vocabulary)

    return WORD.sub(other, shuffled(text, chance, vocabulary))


def translated(text: str, chance: random.Random, vocabulary: Sequence[str]) -> str:
    turn = str.maketrans("".join(PUNCTUATION), "".join(reversed(PUNCTUATION)))
    return reworded(text, chance, vocabulary).translate(turn)


def by_minhash(texts: Sequence[str], folder: Path) -> Groups:
    params = MinHashParams()
    folder.mkdir()
    write_signatures(folder / "0.npy", Signer(params).sign_many(map(fold, texts)), params)
    found = find_pairs([folder / "0.npy"], params, folder)
    return np.array(clusters(read_pairs(found), len(texts), folder / "labels.npy"))


def by_cosine(vectors: Path, num_texts: int, cosine: float, num_clusters: int | None) -> Groups:
    nothing = np.zeros(num_texts)
    draw = np.random.default_rng(1).permutation(num_texts).astype(np.uint64)
    survey = Survey(
        channels=["all"],
        channel=nothing.astype(np.uint8),
        characters=nothing.astype(np.int64),
        quality=nothing.astype(np.float32),
        exact=np.zeros((num_texts, 2), np.uint64),
        draw=draw,
        leaks=nothing.astype(np.bool_),
    )
    params = SemanticParams(min_cosine=cosine, curve_cosines=(), num_clusters=num_clusters)
    return compare(VectorFiles([vectors]), np.arange(num_texts), survey, params).survivors


def accused(groups: Groups, texts: Sequence[str]) -> str:
    copies = np.flatnonzero(groups != np.arange(len(texts)))
    true = sum(overlap(texts[copy], texts[groups[copy]]) >= 0.1 for copy in copies.tolist())
    return f"{len(copies):4} ({true:4} true)"


def overlap(one: str, other: str) -> float:
    size = 5 if re.search("[\u4e00-\u9fff]", one) else 12
    runs = ({text[start : start + size] for start in range(len(text) - size + 1)} for text in map(fold, (one, other)))
    first, second = runs
    return len(first & second) / max(1, min(len(first), len(second)))


def report(name: str, texts: list[str], folder: Path) -> None:
    chance = random.Random(1)
    vocabulary = [word for text in chance.sample(texts, 100) for word in WORD.findall(text)]
    kinds: tuple[Callable[[str, random.Random, Sequence[str]], str], ...] = (shuffled, reworded, translated)
    planted = [(number, kind) for number in range(0, len(texts), 5) for kind in kinds]
    # one disguise at a time, or one copy would lead to another
    sets = {
        kind: [*texts, *(kind(texts[number], chance, vocabulary) for number, each in planted if each is kind)]
        for kind in kinds
    }
    originals = np.arange(0, len(texts), 5)
    print(
        f"\n{name}: {len(texts):,} documents, {sum(map(len, texts)) / 1e6:.1f} M characters, {originals.size} planted"
    )
    print(f"{'':26}{'accused':>18}{'shuffled':>10}{'reworded':>10}{'translated':>11}")
    embedder = HashedEmbedder(HashedParams())
    started = time.process_time()
    vectors = {kind: embedder.embed(some) for kind, some in sets.items()}
    seconds = (time.process_time() - started) / sum(sum(map(len, some)) for some in sets.values()) * 1e6
    ways: dict[str, Callable[[list[str], Path], Groups]] = {"MinHash, 0.8": by_minhash}
    for number in (None, int(len(texts) ** 0.5)):
        for cosine in COSINES:
            where = "" if number is None else f", {number} clusters"
            ways[f"cosine {cosine}{where}"] = lambda some, place, c=cosine, n=number: by_cosine(place, len(some), c, n)
    for way, find in ways.items():
        recalls = []
        for kind in kinds:
            place = folder / f"{kind.__name__}-{len(list(folder.iterdir()))}"
            if find is not by_minhash:
                place = place.with_suffix(".npy")
                np.save(place, vectors[kind])
            groups = find(sets[kind], place)
            recalls.append((groups[originals] == groups[len(texts) :]).mean())
            if kind is shuffled:
                clean = place.with_name(f"clean-{place.name}")
                if find is not by_minhash:
                    np.save(clean, vectors[kind][: len(texts)])
                said = accused(find(texts, clean), texts)
        print(f"{way:26}{said:>18}" + "".join(f"{recall:10.3f}" for recall in recalls))
    pairs = [chance.sample(texts, 2) for _ in range(2_000)]
    print(f"random pairs that would count as true: {sum(overlap(*pair) >= 0.1 for pair in pairs)} of 2,000")
    print(f"vectors: {1 / seconds:.1f} M characters a second")


def main() -> None:
    texts = read_texts(Path(os.environ["CPT_SHARED"]))
    for name, some in texts.items():
        with tempfile.TemporaryDirectory() as folder:
            report(name, some, Path(folder))


if __name__ == "__main__":
    main()
