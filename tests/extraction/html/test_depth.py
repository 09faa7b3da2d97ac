import re

from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.extraction.html.depth import limit_depth

FEW = "<p>" * 6_001
"""So many tags that depth is measured."""


def limited(source: str) -> str:
    return limit_depth(FEW + source).removeprefix(FEW)


def test_a_page_of_few_tags_or_little_depth_is_left() -> None:
    assert limit_depth("<div>" * 3_000) == "<div>" * 3_000
    assert limited("<div><b>x</div>" * 900) == "<div><b>x</div>" * 900
    assert limited("<svg>" + "<path/>" * 900) == "<svg>" + "<path/>" * 900
    assert limited("<!--" + "<div>" * 900 + "-->") == "<!--" + "<div>" * 900 + "-->"


def test_the_tags_of_deeper_elements_go_and_those_around_them_stay() -> None:
    assert limited("<i>" * 34 + "x" + "</i>" * 34) == "<i>" * 32 + "x" + "</i>" * 32
    assert limited("<div>" * 482 + "x" + "</div>" * 482 + "y") == "<div>" * 480 + "<br>x<br>" + "</div>" * 480 + "y"
    assert limited("<div>" * 481 + "a<div>b</div>c") == "<div>" * 480 + "<br>a<br>b<br>c"


PIECES = ("<div>", "</div>", "<b>", "</b>", "<ul><li>", "</ul>", "<p>", "x", "水")


@given(st.lists(st.sampled_from(PIECES), max_size=60))
@settings(deadline=None, max_examples=50)
def test_text_is_never_lost_and_no_block_is_too_deep(parts: list[str]) -> None:
    source = "".join(parts) * 40
    found = limited(source)
    assert [found.count(each) for each in "x水"] == [source.count(each) for each in "x水"]
    depth = deepest = 0
    for tag in re.findall(r"</?(?:div|ul)>", found):
        depth = max(depth + (-1 if "/" in tag else 1), 0)
        deepest = max(deepest, depth)
    assert deepest <= 480 or "</" in found
