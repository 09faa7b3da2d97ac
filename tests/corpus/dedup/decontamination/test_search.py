"""Documents are judged when all have been seen, each once, in the order in which they were added."""

from __future__ import annotations

from cpt_pipeline.corpus.dedup.decontamination.leaks import BenchmarkIndex, LeakParams
from cpt_pipeline.corpus.dedup.decontamination.search import LeakSearch
from tests.corpus.texts import item, make_text

LILY = item("Lily had nine red apples and gave four of them to the old dog. How many are left?", "five", 1)
MAST = item("The captain counted eleven islands before the storm took the mast away.", "eleven", 2)


def search() -> LeakSearch:
    return LeakSearch(BenchmarkIndex([LILY, MAST], LeakParams()))


def test_results_come_in_order_each_item_once_with_its_longest_text() -> None:
    guard = search()
    text = f"{make_text(1)} {LILY.prompt} {make_text(2)} {MAST.prompt}"
    for pieces in ([make_text(3)], [LILY.prompt[:75], text, LILY.prompt[12:]], [], [MAST.prompt.upper()]):
        guard.add(pieces)
    found = [[(leak.item, leak.text) for leak in leaks] for leaks in guard.results()]
    lily, mast = LILY.prompt.lower().rstrip("?"), MAST.prompt.lower().rstrip(".")
    assert found == [[], [("1", lily), ("2", mast)], [], [("2", mast)]]
    assert list(guard.results()) == list(guard.results())
    assert (guard.num_items, guard.unguarded) == ({"quiz": 2}, {})


def test_what_is_rare_is_known_at_the_end_only() -> None:
    """The first document is acquitted by those that come after it."""
    shared = "lantern festival committee of the northern river towns"
    question = item(f"What did the {shared} decide?", "nothing")
    guards = [LeakSearch(BenchmarkIndex([question], LeakParams())) for _ in range(2)]
    for guard, others in zip(guards, (0, 300), strict=True):
        guard.add([f"It was told that the {shared} met again in the autumn."])
        for number in range(others):
            guard.add([f"{make_text(number)} The {shared} was there."])
    assert [len(next(guard.results())) for guard in guards] == [1, 0]
