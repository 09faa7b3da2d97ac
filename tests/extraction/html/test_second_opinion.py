import pytest

from cpt_pipeline.extraction.html.boilerplate import Line
from cpt_pipeline.extraction.html.marks import ALL_MARKS, TABLE
from cpt_pipeline.extraction.html.page import extract_page
from cpt_pipeline.extraction.html.second_opinion import better_of

SENTENCES = (
    "The committee met on Tuesday and agreed on the plan for the next three years of the project.",
    "It was said that the old bridge would be kept open until the new one has been built beside it.",
    "The cost will be shared between the town and the county, of which the county pays the larger part.",
    "Work on the river bank is to begin in the spring, when the water is low and the days are longer.",
)
ARTICLE = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)


def test_the_longer_text_is_taken_and_only_if_it_is_half_as_long_again() -> None:
    source = f"<html><body><article><h1>A plan</h1>{ARTICLE}</article></body></html>"
    assert [line.text for line in better_of([Line(SENTENCES[0])], source)][-4:] == [*SENTENCES]
    most = [Line(sentence) for sentence in SENTENCES[:3]]
    assert better_of(most, source) == most
    assert better_of([], "<html></html>") == []


def test_tables_and_items_come_as_those_of_the_fast_rules_do() -> None:
    table = "<table><tr><th>Fruit</th><th>Price &lt; 2</th></tr><tr><td>Pear</td><td>1</td></tr></table>"
    source = f"<html><body><article>{ARTICLE}<ul><li>one</li><li>two</li></ul>{table}</article></body></html>"
    lines = better_of([], source)
    assert [(line.text, line.label) for line in lines if line.label] == [("one", "-"), ("two", "-")]
    rows = [line for line in lines if line.verbatim]
    assert rows[0].text.startswith(f"{TABLE}| Fruit | Price &lt; 2 |") and len(rows) == 3
    assert [line.after_gap for line in rows] == [True, False, False]
    assert sum(line.text.count(TABLE) for line in lines) == 1


def test_values_of_merged_cells_stand_under_their_headings_and_empty_columns_cost_nothing() -> None:
    table = (
        "<table><tr><th rowspan=2>region<th colspan=2>cases|all<tr><th>men<th>women"
        "<tr><td rowspan=2>north<td>1<td>2<tr><td>3<td>4<tr><td colspan=1000>no more</table>"
    )
    lines = better_of([], f"<html><body><article>{ARTICLE}{table}</article></body></html>")
    assert [line.text.removeprefix(TABLE) for line in lines if line.verbatim] == [
        "| region | cases\\|all |  |",
        "|---|---|---|",
        "|  | men | women |",
        "| north | 1 | 2 |",
        "|  | 3 | 4 |",
        "| no more |  |  |",
    ]


@pytest.mark.feature(15)
@pytest.mark.parametrize("wrapper", ['<div aria-hidden="true">{}</div>', "<label>{}</label>"])
def test_a_page_that_the_rules_lose_wholly_is_not_lost(wrapper: str) -> None:
    lone = "他<b>不</b>去 <ruby>漢<rt>かん</rt></ruby> 10<sup>-5</sup>"
    page = extract_page(f"<html><body><nav>Home</nav>{wrapper.format(ARTICLE + f'<p>{lone}</p>')}</body></html>")
    assert page is not None
    assert all(sentence in page.text for sentence in SENTENCES)
    assert "10^-5" in page.text and "かん" not in page.text
    assert ALL_MARKS.search(page.text) is None
