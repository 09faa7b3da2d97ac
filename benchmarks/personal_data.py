"""Recognition of personal data: `python benchmarks/personal_data.py`, with CPT_SHARED set for the times.

Precision, recall and F1 for each kind on the sentences of tests/corpus/clean/pii_sentences.jsonl. The recognisers were
made with the even half; of the odd half only the sums printed here were ever seen. `exact`: kind and span are equal;
`overlap`: kind is equal and a character is shared. Names are left out, as no recogniser of names is configured. Then
times, as ratios to one `str.translate` of the same text.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cpt_pipeline.corpus.clean.personal_data.addresses import Emails, Hosts
from cpt_pipeline.corpus.clean.personal_data.identifiers import Identifiers
from cpt_pipeline.corpus.clean.personal_data.personal_data import PersonalData, PersonalDataParams
from cpt_pipeline.corpus.clean.personal_data.personal_numbers import Numbers
from cpt_pipeline.corpus.clean.personal_data.recognisers import Span, find_spans

FOLDER = Path(__file__).parents[1] / "tests/corpus/clean"
SENTENCES = FOLDER / "pii_sentences.jsonl"
IDENTIFIERS = FOLDER / "identifier_sentences.jsonl"
KINDS_IN = {
    SENTENCES: ("email", "phone", "id_card", "bank_card", "ip"),
    IDENTIFIERS: ("email", "iban", "passport", "ssn", "messenger"),
}
Matches = Callable[[Span, Span], bool]
MODES: dict[str, Matches] = {
    "exact": lambda left, right: left == right,
    "overlap": lambda left, right: left.kind == right.kind and left.start < right.end and right.start < left.end,
}


def judged_sentences(path: Path, half: int) -> Iterator[tuple[list[Span], list[Span]]]:
    """Give the annotated and the found spans of every second sentence."""
    params = PersonalDataParams()
    structured = (Emails(params.allowed_emails), Hosts(params.public_hosts), Numbers(params.phone_regions))
    recognisers = (*structured, Identifiers())
    with path.open(encoding="utf-8") as lines:
        for index, line in enumerate(lines):
            if index % 2 == half:
                row = json.loads(line)
                spans = [Span(each["start"], each["end"], each["type"]) for each in row["entities"]]
                found = find_spans(row["text"], recognisers)
                wanted, got = ([span for span in side if span.kind in KINDS_IN[path]] for side in (spans, found))
                yield wanted, got


def print_half(name: str, path: Path, half: int) -> None:
    """Print one row for each kind and mode, and one for all."""
    sentences = list(judged_sentences(path, half))
    for mode, matches in MODES.items():
        for kind in (*KINDS_IN[path], "all"):
            rows = [[[s for s in side if kind in ("all", s.kind)] for side in sentence] for sentence in sentences]
            wanted = sum(len(want) for want, _ in rows)
            found = sum(len(got) for _, got in rows)
            right = sum(any(matches(span, each) for each in got) for want, got in rows for span in want)
            true = sum(any(matches(span, each) for each in want) for want, got in rows for span in got)
            precision, recall = true / max(found, 1), right / max(wanted, 1)
            f1 = 2 * precision * recall / max(precision + recall, 1e-9)
            print(f"{name:6} {mode:8} {kind:10} {wanted:5} {found:5}  {precision:6.3f} {recall:6.3f} {f1:6.3f}")


def print_times(data: Path) -> None:
    """Print megabytes, megabytes a second, and the time as a multiple of one `str.translate`."""
    stage = PersonalData(PersonalDataParams())
    web = [json.loads(line)["text"] for line in (data / "general_en/c4_demo.jsonl").open(encoding="utf-8")]
    squad = json.loads((data / "general_zh/cmrc2018_dev.json").read_text("utf-8"))
    chinese = [paragraph["context"] for each in squad["data"] for paragraph in each["paragraphs"]]
    stories = (data / "general_en/tiny_stories.txt").read_text("utf-8")[:2_000_000]
    plain = "".join(character for character in stories if not character.isdigit())
    for name, texts in (("English web", web), ("Chinese encyclopedia", chinese), ("no digit", [plain])):
        megabytes = sum(len(text.encode()) for text in texts) / 1e6
        for index, text in enumerate(texts[:20]):
            stage.apply(f"warm {index}", text)
        took = seconds(lambda texts=texts: [stage.apply(f"{index}", text) for index, text in enumerate(texts)])
        base = seconds(lambda texts=texts: [text.translate({0xFF10: "0"}) for text in texts])
        print(f"{name:22} {megabytes:6.2f} MB {megabytes / took:8.1f} MB/s {took / base:8.2f}")


def seconds(work: Callable[[], object]) -> float:
    """Give the least time of three calls."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print both halves, then the times."""
    print(f"{'half':6} {'scoring':8} {'kind':10} {'true':>5} {'found':>5}  {'P':>6} {'R':>6} {'F1':>6}")
    for path in KINDS_IN:
        print(path.name)
        print_half("even", path, 0)
        print_half("odd", path, 1)
    if shared := os.environ.get("CPT_SHARED"):
        print_times(Path(shared) / "data")


if __name__ == "__main__":
    main()
