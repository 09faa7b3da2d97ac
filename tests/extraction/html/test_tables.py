from cpt_pipeline.extraction.html.marks import CELL, DIGITS, GROUP, ROW, SPAN, TABLE, TABLE_END, bare_marks
from cpt_pipeline.extraction.html.page import extract_page
from cpt_pipeline.extraction.html.tables import mark_tables, write_tables

TEXT = "<p>The cases of the year were counted in every region of the country, and in every month of it.</p>" * 20


def bare(source: str) -> str:
    return bare_marks(mark_tables(source))


def rows_of(table: str) -> list[str]:
    page = extract_page(f"<!DOCTYPE html><html><body><article>{TEXT}{table}</article></body></html>")
    assert page is not None
    assert not any("\ue000" <= each <= "\uf8ff" for each in page.text)
    return [line for line in page.text.splitlines() if line.startswith("|")]


def test_marks_stand_inside_cells_also_where_end_tags_are_left_out() -> None:
    assert bare("<table><tr><td>a</td><td>b</td></tr></table>") == (
        f"<table><tr><td>{TABLE}{ROW}a</td><td>{CELL}b{TABLE_END}</td></tr></table>"
    )
    assert bare("<table><tr><th>a<th>b<tr><td>c</table>") == (
        f"<table><tr><th>{TABLE}{ROW}a<th>{CELL}b<tr><td>{ROW}c{TABLE_END}</table>"
    )


def test_only_the_innermost_table_becomes_rows() -> None:
    inner = f"{TABLE}{ROW}a{CELL}b\n{ROW}c{CELL}<p>d\ne</p>{TABLE_END}"
    written = write_tables(f"{TABLE}{ROW}x{CELL}{inner}{ROW}y{CELL}z{TABLE_END}")
    assert f"{TABLE}{ROW}| a | b |\n{ROW}|---|---|\n{ROW}| c | d e |" in written
    assert written.count("|---|") == 1


def test_what_a_table_that_arranges_the_page_says_of_spans_is_no_text() -> None:
    marked = bare(
        "<table><tbody><tr><td colspan=2>a<table><tr><td>b</td></tr></table></td><td rowspan=3>c</td></tr></table>"
    )
    assert SPAN in marked and GROUP in marked
    assert not set(write_tables(marked)) & {SPAN, GROUP, *DIGITS}


def test_a_table_with_code_or_mostly_links_is_left() -> None:
    for cell in ("<pre>x</pre>", '<a href="/">Home page</a>'):
        table = f"{TABLE}{ROW}{cell}{CELL}b\n{ROW}c{CELL}{cell}{TABLE_END}"
        assert "|" not in write_tables(table)


MERGED = """<table><thead><tr><th rowspan="2">region</th><th COLSPAN=2>cases</th></tr><tr><th>men</th>
<th>women</th></tr></thead><tfoot><tr><td>sum</td><td>9</td><td>8</td></tr></tfoot><tbody><tr><!-- <td>x</td> -->
<td rowspan='3'>north</td>
<td>minor 1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr><tr></tr><tr><td colspan="1000">no more</td></tr></tbody>
</table>"""
EXPECTED = [
    "| region | cases |  |",
    "|---|---|---|",
    "|  | men | women |",
    "| north | minor 1 | 2 |",
    "|  | 3 | 4 |",
    "| no more |  |  |",
    "| sum | 9 | 8 |",
]


def test_values_of_merged_cells_stand_under_their_headings() -> None:
    assert rows_of(MERGED) == EXPECTED


def test_spans_of_a_table_that_arranges_the_page_leave_nothing() -> None:
    cell = "A table with a longer cell arranges the page; its text is kept as paragraphs of their own. " * 6
    table = (
        f"<table><tbody><tr><td colspan=2>12</td></tr><tr><td rowspan=2>{cell}</td><td>end</td></tr></tbody></table>"
    )
    assert rows_of(table) == []
