from cpt_pipeline.extraction.html.names import ALWAYS_SKIPPED, page_names, region_selectors, skipped_selectors


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
