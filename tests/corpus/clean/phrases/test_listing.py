"""Listings: the most frequent of all tasks, whatever the division, and memory that is bounded."""

from __future__ import annotations

from pathlib import Path

from cpt_pipeline.corpus.clean.phrases.listing import Listing, read_listings


def test_the_most_frequent_are_kept_with_their_first_example(tmp_path: Path) -> None:
    first, second = Listing(2), Listing(2)
    for number in range(3_000):
        first.add("s", f"text {number}", number % 100, number, f"s/{number}")
    second.add("s", "text 99", 99, 9_000, "s/9000")
    second.add("s", "common", 500, 9_001, "s/9001")
    first.write(tmp_path / "0.json")
    second.write(tmp_path / "1.json")
    found = read_listings([tmp_path / "0.json", tmp_path / "1.json"], {"s": 1_000}, 2, 0.2)
    assert [(each.text, each.share, each.removed, each.example) for each in found["s"]] == [
        ("common", 0.5, True, "s/9001"),
        ("text 1099", 0.099, False, "s/1099"),
    ]
