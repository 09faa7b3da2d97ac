"""Tables as Markdown: each value stands once, under its own heading; what is empty costs nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.extraction.markup.tables import Span, Table

SPANS = st.builds(Span, st.integers(1, 3), st.integers(1, 3), st.none())


def table(*rows: list[tuple[str, Span]]) -> Table:
    made = Table()
    for row in rows:
        made.start_row()
        for text, span in row:
            made.start_cell(span)
            made.add(text)
        made.end_row()
    return made


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line[1:-1].split("|")]


def test_a_value_stands_once_in_the_first_place_of_its_cell() -> None:
    made = table(
        [("region", Span(rows=2)), ("cases", Span(columns=2)), ("note", Span(rows=2))],
        [("men", Span()), ("women", Span())],
        [("north", Span(rows=2)), ("1", Span()), ("2", Span()), ("a", Span())],
        [("3", Span()), ("4", Span()), ("b", Span())],
    )
    assert made.lines() == [
        "| region | cases |  | note |",
        "|---|---|---|---|",
        "|  | men | women |  |",
        "| north | 1 | 2 | a |",
        "|  | 3 | 4 | b |",
    ]


@given(st.lists(st.lists(SPANS, min_size=1, max_size=4), min_size=1, max_size=5))
def test_each_value_stands_where_a_browser_sets_it(spans: list[list[Span]]) -> None:
    made = table(*[[(f"{row}.{number}", span) for number, span in enumerate(each)] for row, each in enumerate(spans)])
    taken: dict[tuple[int, int], str] = {}
    places: dict[str, tuple[int, int]] = {}
    for row, each in enumerate(spans):
        column = 0
        for number, span in enumerate(each):
            while (row, column) in taken:
                column += 1
            places[f"{row}.{number}"] = (row, column)
            taken.update(
                {(row + down, column + right): "" for down in range(span.rows) for right in range(span.columns)}
            )
    columns = sorted({column for _, column in places.values()})
    lines = [cells(line) for line in made.lines()]
    del lines[1]
    assert {len(line) for line in lines} == {len(columns)}
    found = {text: (row, columns[at]) for row, line in enumerate(lines) for at, text in enumerate(line) if text}
    assert found == places


def test_a_cell_that_goes_on_to_the_end_ends_with_its_group() -> None:
    made = Table()
    for group, texts in (("thead", ("a", "b")), ("tbody", ("1", "2")), ("tbody", ("3", "4"))):
        made.start_group(group)
        made.start_row()
        for text in texts:
            made.start_cell(Span(rows=0))
            made.add(text)
        made.end_row()
    assert made.lines() == ["| a | b |", "|---|---|", "| 1 | 2 |", "| 3 | 4 |"]


def test_the_head_stands_above_and_the_foot_below() -> None:
    made = Table()
    for group, text in (("tfoot", "sum"), ("tbody", "1"), ("thead", "head")):
        made.start_group(group)
        made.start_row()
        made.start_cell()
        made.add(text)
        made.end_row()
    assert made.lines() == ["| head |", "|---|", "| 1 |", "| sum |"]


def test_empty_rows_and_columns_cost_nothing() -> None:
    made = table(
        [("a", Span(16_384, 65_534)), ("", Span()), ("b", Span(10**9))], *[[("", Span())]] * 1000, [("c", Span())]
    )
    assert made.lines() == ["| a |  | b |", "|---|---|---|", "|  | c |  |"]


def test_a_sparse_table_keeps_its_values_and_does_not_grow_with_its_area() -> None:
    made = table(*[[("", Span(number + 1)), (str(number), Span())] for number in range(3000)])
    assert made.lines() == ["| 0 |", "|---|", *(f"| {number} |" for number in range(1, 3000))]


def test_spans_beyond_reason_cost_little() -> None:
    made = table([("x", Span(1000, 65_534))] * 5000, *[[("y", Span())]] * 5000)
    assert (made.num_rows, made.num_columns) == (5001, 5000)  # without a bound each y is behind all x


def test_a_repeated_cell_or_row_is_written_so_often_and_no_bomb() -> None:
    made = Table()
    for texts, times in ((("a", "b", "c"), 1), (("1",), 3)):
        made.start_row()
        for text in texts:
            made.start_cell()
            made.add(text)
            made.repeat_cell(times)
        made.end_row()
    made.repeat_row(2)
    assert made.lines() == ["| a | b | c |", "|---|---|---|", "| 1 | 1 | 1 |", "| 1 | 1 | 1 |"]
    made.start_row()
    made.start_cell()
    made.add("bomb")
    made.repeat_cell(16_384)
    made.end_row()
    made.repeat_row(1_048_576)
    assert "\n".join(made.lines()).count("bomb") == 1


@pytest.mark.parametrize("text", ["a|b", "a\\|b"])
def test_a_bar_in_a_cell_is_no_border(text: str) -> None:
    assert table([(text, Span()), ("c", Span())]).lines()[1] == "|---|---|"
