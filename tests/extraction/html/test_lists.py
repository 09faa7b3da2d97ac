import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.extraction.html.lists import write_lists
from cpt_pipeline.extraction.html.marks import ALL_MARKS, bare_marks


@pytest.mark.parametrize(
    ("source", "numbers"),
    [
        ("<ol><li>a<li>b</ol>", ["1.", "2."]),
        ("<ol start=0><li>a<li value=7>b<li>c</ol>", ["0.", "7.", "8."]),
        ("<ol type=i><li>a<li>b<li>c<li>d</ol>", ["i.", "ii.", "iii.", "iv."]),
        ("<ol type=A start=27><li>a</ol>", ["AA."]),
        ("<ol reversed><li>a<li>b</ol>", ["2.", "1."]),
        ("<ol><li>a<ul><li>x</ul><li>b<ol><li>y</ol><li>c</ol>", ["1.", "2.", "1.", "3."]),
        ("<ol><!--<li>--><li>a<script>'<li>'</script></ol><ul><li>x</ul>", ["1."]),
        ("<ol><li>a</ul><li>b", ["1.", "2."]),
    ],
)
def test_items_have_the_numbers_that_a_browser_shows(source: str, numbers: list[str]) -> None:
    written = write_lists(source)
    assert [piece.partition("\ue008")[0] for piece in bare_marks(written).split("\ue007")[1:]] == numbers
    assert write_lists("<ul><li>x</ul>") == "<ul><li>x</ul>"


def test_a_list_of_text_with_links_is_no_menu() -> None:
    text = "<li>the dog beach <a href=x>at the sea</a> and more"
    assert write_lists(f"<p>x</p><ul>{text}</ul>") == f"<p>x</p><dir>{text}</dir>"
    for menu in (
        f"<ul class=x>{text}</ul>",
        f"<ul><li>one<ul>{text}</ul></ul>",
        "<ul><li><a href=x>Home</a><li><a href=x>News</a></ul>",
        "<ul><li>no link</ul>",
        f"<ul>{text}",
    ):
        assert write_lists(menu) == menu


@given(
    st.lists(
        st.sampled_from(["<ul>", "<ol>", "</ul>", "</ol>", "<li>", "水", "<a x>", "</a>", "<!--", "-->"]), max_size=30
    )
)
def test_any_source_keeps_its_characters(parts: list[str]) -> None:
    source = "".join(parts)
    written = bare_marks(write_lists(source))
    assert ALL_MARKS.sub("", written).count("水") == source.count("水")
    assert written.count("<li>") == source.count("<li>")
