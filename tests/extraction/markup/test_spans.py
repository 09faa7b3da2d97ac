"""What cells of HTML, CALS and TEI say of their places."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from cpt_pipeline.extraction.markup.markup import ParagraphCollector
from cpt_pipeline.extraction.markup.spans import ColumnNames
from cpt_pipeline.extraction.markup.tables import Span

EXPECTED = "| region | cases |  |\n|---|---|---|\n|  | men | women |\n| north | 1 | 2 |\n|  | 3 | 4 |"


def text_of(markup: str) -> str:
    parser = ElementTree.XMLParser(target=ParagraphCollector(()))
    parser.feed(markup)
    text: str = parser.close()
    return text


@pytest.mark.parametrize(
    "markup",
    [
        """<table><thead><tr><th rowspan="2">region</th><th colspan="2">cases</th></tr><tr><th>men</th>
        <th>women</th></tr></thead><tbody><tr><td rowspan="2">north</td><td>1</td><td>2</td></tr><tr><td>3</td>
        <td>4</td></tr></tbody></table>""",
        """<table><row role="label"><cell rows="2">region</cell><cell cols="2">cases</cell></row><row><cell>men</cell>
        <cell>women</cell></row><row><cell rows="2">north</cell><cell>1</cell><cell>2</cell></row><row><cell>3</cell>
        <cell>4</cell></row></table>""",
        """<table><tgroup cols="3"><colspec colname="a"/><colspec colname="b"/><colspec colname="c"/><spanspec
        spanname="bc" namest="b" nameend="c"/><thead><row><entry morerows="1">region</entry><entry spanname="bc">cases
        </entry></row><row><entry>men</entry><entry>women</entry></row></thead><tbody><row><entry morerows="1">north
        </entry><entry>1</entry><entry>2</entry></row><row><entry colname="b">3</entry><entry colname="c">4</entry>
        </row></tbody></tgroup></table>""",
        """<array><tbody><tr><td>region</td><td colspan="2">cases</td></tr><tr><td/><td>men</td><td>women</td></tr>
        <tr><td>north</td><td>1</td><td>2</td></tr><tr><td/><td>3</td><td>4</td></tr></tbody></array>""",
    ],
    ids=["html", "tei", "cals", "array"],
)
def test_merged_cells_of_every_notation_become_the_same_table(markup: str) -> None:
    assert text_of(markup) == EXPECTED


def test_a_head_stands_above_wherever_it_is_written_and_no_cell_leaves_its_group() -> None:
    markup = """<table><tfoot><tr><td>sum</td><td>3</td></tr></tfoot><tbody><tr><td rowspan="9">a</td><td>1</td></tr>
    <tr><td>2</td></tr></tbody><tbody><tr><td>b</td><td>0</td></tr></tbody><thead><tr><th>name</th><th>number</th></tr>
    </thead></table>"""
    assert text_of(markup) == "| name | number |\n|---|---|\n| a | 1 |\n|  | 2 |\n| b | 0 |\n| sum | 3 |"


def test_an_entry_names_its_column_and_a_table_in_a_cell_is_its_text() -> None:
    markup = """<informaltable><tgroup cols="3"><colspec colname="x" colnum="2"/><colspec colname="y"/><tbody>
    <row><entry>a</entry><entry>b</entry><entry>c</entry></row><row><entry colname="y">1</entry></row>
    <row><entrytbl cols="2" namest="x" nameend="y"><colspec colname="x"/><tbody><row><entry>in</entry><entry>side
    </entry></row></tbody></entrytbl></row></tbody></tgroup></informaltable>"""
    assert text_of(markup) == "| a | b | c |\n|---|---|---|\n|  |  | 1 |\n|  | in side |  |"


@pytest.mark.parametrize(
    ("attributes", "span"),
    [
        ({"colspan": " 2 ", "rowspan": "0"}, Span(2, 0)),
        ({"colspan": "-1", "rowspan": "x"}, Span(1, 1)),
        ({"colspan": "99999999", "rowspan": "99999999"}, Span(16_384, 65_536)),
        ({"colspan": "9" * 5000, "morerows": "²"}, Span(1, 1)),
        ({"namest": "gone", "nameend": "away"}, Span(1, 1)),
    ],
)
def test_a_number_that_is_none_or_a_bomb_does_no_harm(attributes: dict[str, str], span: Span) -> None:
    assert ColumnNames().span(attributes) == span
