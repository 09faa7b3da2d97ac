"""Stage evaluate on two models with tokenizers of their own; each figure is computed a second time, one text a pass."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import SourceError
from cpt_pipeline.corpus.collect.params import CollectParams
from cpt_pipeline.corpus.dedup.params import DedupParams
from cpt_pipeline.evaluation import evaluate as stage
from cpt_pipeline.evaluation.evaluate import Material, evaluate_models
from cpt_pipeline.evaluation.params import EvaluateParams, EvaluateRunParams
from cpt_pipeline.formats.benchmarks import SuiteParams
from cpt_pipeline.formats.candidates import Candidate, write_list
from cpt_pipeline.formats.documents import DocumentWriter, document, read_documents
from tests.corpus.stages import collect_documents, dedup_documents
from tests.corpus.texts import make_text
from tests.evaluation.conftest import save_model

CHANNELS = ChannelsParams(roles={"domain": "domain", "en": "general"})
MERGES = [("t", "h"), ("th", "e"), ("i", "s"), ("Ġ", "b")]
PARTS = [
    "The spleen lies under the ribs on the left side. It filters old cells out of the blood and keeps some of the "
    "platelets for later. It is soft and purple",
    " and about as large as a fist. Nobody dies without it, but infections become a danger, so that doctors keep it "
    "in the body wherever this is possible.",
]
NOTES = {"note": "骨骼由骨组织构成。", "remark": "A remark on the kidney.", "atlas": make_text(99, 80)}
ITEMS = [
    {"id": "a", "prompt": "The heart pumps ", "choices": ["blood", "air", "bones"], "answer": 0, "ability": "domain"},
    {"id": "b", "prompt": "The spleen is", "choices": [" soft", " of glass"], "answer": 0, "ability": "domain"},
    {"id": "c", "prompt": "Dogs say ", "choices": ["miaow", "woof", "nothing at all"], "answer": 1, "ability": "life"},
    {"id": "d", "prompt": "One and one is ", "choices": ["three", "two"], "answer": 1, "ability": "life"},
    {"id": "e", "prompt": "血是", "choices": ["红的", "绿的", "圆的"], "answer": 0, "ability": "domain"},
]
PARAMS = {
    "documents_per_channel": 20,
    "max_characters": 60,
    "windows_per_document": 3,
    "sequence_length": 32,
    "bootstrap_resamples": 400,
    "sample_prompts": ("The heart", "One and one"),
    "sample_tokens": 5,
}


@dataclass(frozen=True)
class Measured:
    """What the stage gave, and where it worked."""

    scores: dict[str, Any]
    out: Path
    material: Material

    def rows(self, model: str, channel: str) -> list[dict[str, Any]]:
        """Give what was published of each text of a channel."""
        table = pq.read_table(self.out / "document_scores" / "documents.parquet").to_pylist()
        return [row for row in table if (row["model"], row["channel"]) == (model, channel)]


def own_suite(path: Path, lines: list[str]) -> SuiteParams:
    path.write_text("\n".join(lines), encoding="utf-8")
    return SuiteParams.model_validate({"benchmarks": [{"name": "quiz", "path": path}]})


def collect(place: Path, suite: SuiteParams) -> Path:
    """Run stage collect on a file and a suite; give the benchmarks."""
    (place / "own.txt").write_text("Some text of the domain.\n", encoding="utf-8")
    source = {"kind": "files", "name": "own", "channel": "domain", "path": place / "own.txt", "license": "MIT"}
    params = CollectParams.model_validate({"sources": [source]})
    collect_documents(place / "collected", params, ChannelsParams(roles={"domain": "domain"}), suite)
    return place / "collected" / "benchmark_texts"


def measure(place: Path, material: Material, **changes: Any) -> Measured:
    """Run the stage, its worker in this process; answers of an earlier run in the same place are taken over."""
    from cpt_pipeline.evaluation import worker

    shutil.rmtree(place / "out", ignore_errors=True)
    (place / "out").mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "run_module", lambda _, path, **__: (worker.main(path), ""))
        params = EvaluateParams.model_validate({**PARAMS, **changes})
        found = evaluate_models(material, place / "out", params, CHANNELS, EvaluateRunParams(device="cpu"))
    return Measured(found.scores, place / "out", material)


def hold_out(place: Path, benchmarks: Path) -> Path:
    """Run stage dedup on a book in two parts, a larger one, two notes and 80 English texts; give what it holds out."""
    known = {"source": "s", "license": "MIT"}
    with DocumentWriter(place / "clean") as writer:
        for number, text in enumerate(PARTS):
            cut = {"part_of": "book", "part": number, "separator": "", "last_part": number == 1}
            writer.write(document(id=f"book/{number + 1}", text=text, channel="domain", **known, **cut))
        for name, text in NOTES.items():
            writer.write(document(id=name, text=text, channel="domain", **known))
        for number in range(80):
            writer.write(document(id=f"en-{number}", text=make_text(number, 8), channel="en", **known))
    params = DedupParams(heldout_documents_per_channel=40, heldout_max_share=0.5, seed=2)
    dedup_documents(place / "clean", benchmarks, place, params, channels=CHANNELS)
    return place / "heldout_documents"


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    place = tmp_path_factory.mktemp("own")
    save_model(place / "base_model", seed=0)
    seal(place / "base_model", "model")
    save_model(place / "candidates" / "stage1", seed=1, merges=MERGES)
    write_list(place / "candidates", [Candidate("stage1", "stage1", "stage1", 4, 200)])
    seal(place / "candidates", "candidates")
    suite = own_suite(place / "quiz.jsonl", [json.dumps(item, ensure_ascii=False) for item in ITEMS])
    benchmarks = collect(place, suite)
    material = Material(place / "base_model", place / "candidates", hold_out(place, benchmarks), benchmarks)
    return measure(place / "work", material)


class Alone:
    """A model that is asked one text at a time."""

    def __init__(self, folder: Path) -> None:
        from cpt_pipeline.model.load import load_causal_lm, load_tokenizer

        self.model, self.tokenizer = load_causal_lm(folder), load_tokenizer(folder)

    def ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text)["input_ids"])

    def cost(self, ids: list[int], num_targets: int) -> float:
        """Give the nats of the last tokens of `ids`, read from all before them."""
        import torch
        import torch.nn.functional as F

        with torch.no_grad():
            logits = self.model(torch.tensor([ids[:-1]])).logits[0]
        return float(F.cross_entropy(logits[-num_targets:], torch.tensor(ids[-num_targets:]), reduction="sum"))

    def text_cost(self, text: str) -> float:
        """Give the nats of a text in windows of 32 tokens; the last one looks back as far as it may."""
        every = [self.tokenizer.eos_token_id, *self.ids(text)]
        total = 0.0
        for first in range(1, len(every), 32):
            end = min(first + 32, len(every))
            total += self.cost(every[max(0, end - 33) : end], end - first)
        return total

    def choice(self, item: dict[str, Any]) -> int:
        """Give the choice of highest probability per byte."""
        known = len(self.ids(item["prompt"].rstrip()))
        shares = []
        for choice in item["choices"]:
            whole = self.ids(item["prompt"] + choice)
            nats = self.cost([self.tokenizer.eos_token_id, *whole], len(whole) - known)
            shares.append(-nats / len(choice.encode()))
        return shares.index(max(shares))

    def continuation(self, prompt: str) -> str:
        import torch

        ids = [self.tokenizer.eos_token_id, *self.ids(prompt)]
        for _ in range(5):
            with torch.no_grad():
                ids.append(int(self.model(torch.tensor([ids])).logits[0, -1].argmax()))
        text: str = self.tokenizer.decode(ids[1:])
        return text.removeprefix(prompt)


@pytest.fixture(scope="module")
def alone(measured: Measured) -> dict[str, Alone]:
    material = measured.material
    return {"base": Alone(material.base_model), "stage1": Alone(material.candidates / "stage1")}


def window_of(name: str, number: int) -> str:
    """Give a window of a held-out text: a part of the book has three."""
    if name in NOTES:
        return NOTES[name]
    text = PARTS[int(name.removeprefix("book/")) - 1]
    return text[number * len(text) // 3 : (number + 1) * len(text) // 3]


@pytest.mark.feature(97)
def test_perplexity_is_that_of_works_and_of_windows_from_all_over_the_long_ones(
    measured: Measured, alone: dict[str, Alone]
) -> None:
    for name, model in alone.items():
        found = measured.scores["models"][name]["channels"]
        assert {channel: (each["documents"], each["windows"]) for channel, each in found.items()} == {
            "domain": (2, 4),
            "en": (20, 20),
        }
        rows = measured.rows(name, "domain")
        assert {row["work"] for row in rows} == {"book", "note"}
        assert len({row["id"] for row in rows}) == 3, "windows of both parts of the book"
        texts = [window_of(row["id"], row["window"]) for row in rows]
        nats = sum(model.text_cost(text) for text in texts)
        expected = math.exp(nats / sum(len(model.ids(text)) for text in texts))
        assert found["domain"]["perplexity"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.feature(98)
def test_bits_per_byte_are_those_of_windows_of_the_asked_length_whatever_the_tokenizer(
    measured: Measured, alone: dict[str, Alone]
) -> None:
    sizes = {name: [len(model.ids(part)) for part in PARTS] for name, model in alone.items()}
    assert sizes["base"] != sizes["stage1"]
    for name, model in alone.items():
        rows = measured.rows(name, "domain")
        texts = [window_of(row["id"], row["window"]) for row in rows]
        assert [row["bytes"] for row in rows] == [len(text.encode()) for text in texts]
        assert [row["nll"] for row in rows] == pytest.approx([model.text_cost(text) for text in texts], abs=1e-3)
        bits = sum(row["nll"] for row in rows) / math.log(2) / sum(row["bytes"] for row in rows)
        assert measured.scores["models"][name]["channels"]["domain"]["bits_per_byte"] == pytest.approx(bits, abs=1e-6)
    assert max(row["tokens"] for row in measured.rows("base", "domain")) > 32


@pytest.mark.feature(99)
def test_each_model_chooses_what_is_likeliest_per_byte(measured: Measured, alone: dict[str, Alone]) -> None:
    table = pq.read_table(measured.out / "document_scores" / "items.parquet").to_pylist()
    for name, model in alone.items():
        expected = [model.choice(item) for item in ITEMS]
        rows = [row for row in table if row["model"] == name]
        assert [row["choice"] for row in rows] == expected
        right = [row["correct"] for row in rows]
        assert right == [choice == item["answer"] for choice, item in zip(expected, ITEMS, strict=True)]
        assert measured.scores["models"][name]["benchmarks"] == {"quiz": {"accuracy": sum(right) / 5, "items": 5}}
    assert len({row["choice"] for row in table}) > 1


@pytest.mark.feature(100)
def test_intervals_pair_the_works_of_base_and_candidate_and_are_as_sure_as_asked(measured: Measured) -> None:
    """Of two works it is the t interval of a ratio of sums; windows taken for works would give a narrower one."""
    sides = {
        name: {
            row["part_of"] or row["id"] for row in read_documents(measured.material.heldout_documents.with_name(name))
        }
        for name in ("heldout_documents", "unique_documents")
    }
    assert len(sides["heldout_documents"]) == 2 + 40
    assert {"book", "note"} <= sides["heldout_documents"]
    assert not sides["heldout_documents"] & sides["unique_documents"], "works are held out whole"
    costs = {
        name: {
            work: sum(row["nll"] for row in measured.rows(name, "domain") if row["work"] == work)
            for work in ("book", "note")
        }
        for name in ("base", "stage1")
    }
    found = measured.scores["comparisons"]["stage1"]["channels"]
    point = sum(costs["stage1"].values()) / sum(costs["base"].values()) - 1
    squares = sum((costs["stage1"][work] - (1 + point) * costs["base"][work]) ** 2 for work in ("book", "note"))
    reach = 12.706205 * math.sqrt(2 * squares) / sum(costs["base"].values())
    expected = {"relative_change": point, "low": point - reach, "high": point + reach}
    assert found["domain"] == pytest.approx(expected, abs=2e-6)
    sure = found["en"]
    rough_scores = measure(measured.out.parent, measured.material, confidence=0.6).scores
    rough = rough_scores["comparisons"]["stage1"]["channels"]["en"]
    assert sure["low"] < rough["low"] < rough["relative_change"] == sure["relative_change"]
    assert rough["relative_change"] < rough["high"] < sure["high"]
    assert (measured.scores["confidence"], rough_scores["confidence"]) == (0.95, 0.6)


@pytest.mark.feature(100)
def test_editions_that_dedup_holds_out_together_are_measured_as_one(measured: Measured, tmp_path: Path) -> None:
    known = {"channel": "domain", "source": "s", "license": "MIT"}
    with DocumentWriter(tmp_path / "clean") as writer:
        for number in range(8):
            text, preface = make_text(number, 400), make_text(50 + number, 200)
            writer.write(document(id=f"{number}-first", text=text, **known))
            writer.write(document(id=f"{number}-second", text=f"{preface}\n{text}", **known))
    params = DedupParams(heldout_max_share=0.5)
    report = dedup_documents(tmp_path / "clean", measured.material.benchmark_texts, tmp_path, params)
    assert (report.heldout_documents, report.heldout_works, report.works) == (8, {"domain": 4}, {"domain": 4})
    material = Material(
        measured.material.base_model, measured.material.candidates, tmp_path / "heldout_documents",
        measured.material.benchmark_texts,
    )  # fmt: skip
    found = measure(tmp_path / "work", material, windows_per_document=50)
    rows = found.rows("base", "domain")
    assert {row["work"] for row in rows} == {row["id"] for row in read_documents(tmp_path / "heldout_documents")}
    assert {row["family"] for row in rows} == {row["work"] for row in rows if row["work"].endswith("first")}
    assert found.scores["models"]["base"]["channels"]["domain"]["documents"] == 4


@pytest.mark.feature(101)
def test_a_benchmark_of_ones_own_is_asked_and_each_of_its_bad_lines_named(measured: Measured, tmp_path: Path) -> None:
    for model in measured.scores["models"].values():
        assert {name: each["items"] for name, each in model["benchmarks"].items()} == {"quiz": 5}
    good = json.dumps(ITEMS[0])
    bad = [
        "{broken",
        json.dumps({**ITEMS[1], "choices": ["one"]}),
        json.dumps({**ITEMS[1], "answer": 7}),
        good,
        json.dumps({**ITEMS[1], "prompt": ""}),
    ]
    path = tmp_path / "bad.jsonl"
    with pytest.raises(SourceError) as caught:
        collect(tmp_path, own_suite(path, [good, *bad]))
    said = [line.removeprefix(f"  - {path} ") for line in str(caught.value).splitlines()[1:]]
    assert [line.partition(":")[0] for line in said] == [f"line {number}" for number in range(2, 7)]
    reasons = ("Expecting property name", "choices: Tuple should", "answer 7 is not", "id 'a' stands", "prompt: String")
    assert [words for words, line in zip(reasons, said, strict=True) if words not in line] == []


@pytest.mark.feature(148)
def test_base_and_candidates_continue_the_same_prompts(measured: Measured, alone: dict[str, Alone]) -> None:
    prompts = ("The heart", "One and one")
    assert measured.scores["samples"] == [
        {"prompt": prompt, "continuations": {name: model.continuation(prompt) for name, model in alone.items()}}
        for prompt in prompts
    ]
