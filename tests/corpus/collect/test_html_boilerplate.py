from cpt_pipeline.corpus.collect.html_boilerplate import (
    ALWAYS_SKIPPED,
    Line,
    main_lines,
    page_names,
    read_lines,
    region_selectors,
    skipped_selectors,
)
from cpt_pipeline.corpus.collect.html_marks import REGION, REGION_END

LONG = "A sentence that is long enough to count as running text, for it has more than eighty bytes in it."


def test_selectors_are_given_only_for_names_that_the_page_uses() -> None:
    names = page_names("""<div class="Nav-Main x"><p id='footer'><i class="unnavigable entry-content">""")
    joined = " ".join(skipped_selectors(names))
    assert '[class^="nav" i]' in joined
    assert '[class*="footer" i]' in joined
    assert "sidebar" not in joined
    assert ".entry-content" in region_selectors(names)
    assert ".post-content" not in region_selectors(names)


def test_a_word_of_the_begin_of_a_name_is_not_found_inside_of_one() -> None:
    assert skipped_selectors(page_names('<p class="unnavigable">')) == list(ALWAYS_SKIPPED)


def test_the_id_of_a_section_is_made_of_its_title_and_says_nothing() -> None:
    names = page_names('<section id="message-tags"><div class="generating">')
    assert [word for word in ("rating", "review") if any(word in each for each in skipped_selectors(names)[3:])] == []
    assert all(".section" in each and "section:not([class])" in each for each in skipped_selectors(names)[3:])


def test_lines_know_their_links_headings_and_gaps() -> None:
    lines, _ = read_lines('<h2>Head</h2>\n\nfirst <a href="x">half</a>\nsecond<br>\n<ul>\n  <li>item</li>\n</ul>')
    assert lines == [
        Line("Head", level=2, after_gap=True),
        Line("first half", link_share=0.4, after_gap=True),
        Line("second"),
        Line("item", label="-"),
    ]


def test_menus_sayings_and_empty_headings_go() -> None:
    lines = [
        Line("Sports News Weather", link_share=0.9),
        Line(LONG),
        Line("Share this on"),
        Line("相关阅读"),
        Line("Related", level=2),
        Line("One more", level=2),
        Line("A link and words", link_share=0.6),
    ]
    assert main_lines(lines, []) == [Line(LONG)]


def test_code_and_rows_are_never_boilerplate() -> None:
    lines = [Line("print", verbatim=True), Line("| Share this | 1 |", verbatim=True)]
    assert main_lines(lines, []) == lines


def test_a_region_is_taken_alone_where_it_holds_most_of_the_text() -> None:
    lines, regions = read_lines(f"Before.\n{REGION}\n{LONG}\n\n{LONG}\n\n{LONG}\n{REGION_END}\nAfter.")
    assert [line.text for line in main_lines(lines, regions)] == [LONG] * 3
    lines, regions = read_lines(f"{LONG}\n{REGION}\n{LONG}\n\n{LONG}\n\n{LONG}\n{REGION_END}\n{LONG}")
    assert len(main_lines(lines, regions)) == 5
