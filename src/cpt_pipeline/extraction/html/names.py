"""Elements of a page that are boilerplate by tag, role or name, and those that may be its article, as selectors.

Words in `class` and `id` say what an element is, unless it holds the headline, a `main` or (for the less sure words) a
run of paragraphs; headings and sections of manuals are never told by them. Words were chosen on half of the annotated
pages (benchmarks/extraction.py). Only the selectors of words that a page uses are given, for each costs time.
"""

from __future__ import annotations

import re

import ahocorasick

# fmt: off
_SURE_WORDS = (
    "related", "-foot", "_foot", " foot", "footer", " sidebar", " side-bar", " respond", "-respond ", "disqus",
    "recommend", " comment", " comments ", "comments-", "-comments ", "commentlist", " reply",
)
_WORDS = (
    "breadcrumb", "newsletter", "byline", "sharing", "upsell", "author-info", "author-bio", "author-box", "author_box",
    "author-card", "author-desc", "author-meta", "author-name", "author__", "authorinfo", "authorbox", "about-author",
    " author", "signup", "sign-up", "subscri", "akismet", "outbrain", "taboola", "plista", "promoted", "sponsor",
    "cookie", "consent", "gdpr", "privacy", "pagination", "supplementary", "colophon", "masthead", " nav", "navbar",
    "-nav ", "post-nav", "postnav", "navigation ", " menu", "menu ", "textwidget", " widget", " print-",
    "hidden-print", "social-", "social_", " social", "postmeta", "post-meta", "entry-meta", "entry-footer",
    "entry-utility", "entry-tags", "post-footer", "post-tags", "meta ", "-metadata", "-meta-info", " meta",
    "tag-links", "taglinks", "taglist", "tag-list", "tag_list", "tagcloud", "tag-cloud", " tags ", "-tags ", " tags-",
    "list-tags", "cat-links", "categories-", " categories", "yarpp", "wpcf7", "mc4wp", "skip-link", "skiplink",
    "screen-reader", "sr-only", "visually-hidden", "visuallyhidden", "trending", "mostread", "most-read", "popular",
    "read-more", "readmore", "next-post", "prev-post", "credit", "copyright", "caption", "infobox", "info-box",
    "carousel", "slider", "slideshow", "overlay", "lightbox", "tooltip", "toolbar", "contact-", "kontakt", "popup",
    "pop-up", " topbar", " top-bar", " rating", "-rating", "_rating",
    " review", "-review", "_review", "like-button", "follow-us", " follow", "banner", "promo",
    "advert", "-ads ", "-ad ", "_ad ", " ad-", " ads-", " ads ", " ad ", " bio ", "-bio ", "_bio ", " more-from",
    "more-articles", "more-stories", "more-posts", "more-news", "you-may", "you-might", "may-like", "also-like",
    "linklist", "link-list", "-share", " share", "published", " btn", "-btn", "shariff", "addthis", "a2a_",
    "addtoany", "sharedaddy", "image-sub", "image-copy", "placeholder",
)
_LINKED_WORDS = ("teaser",)
_SKIPPED_TAGS = (
    "nav", "footer", "aside:not([role=doc-footnote],[role=doc-endnote])",
    "figcaption", "button", "select", "textarea", "noscript", "iframe", "dialog", "svg",
    "audio", "video", "object", "label", "template", "menu", "[role=navigation]",
    "[role=complementary]", "[role=contentinfo]", "[role=dialog]", "[role=search]", "[role=banner]", "[hidden]",
    "[aria-hidden=true]:not([class*=math i])", '[style*="display:none" i]:not([class*=math i])',
    '[style*="display: none" i]:not([class*=math i])',
)
_DRAWN = (
    "rp", "rt", ".gutter:not(:has(p,h1,h2))", ".lineno", ".linenos", ".line-numbers-rows", ".blob-num", ".katex-html",
    ".MathJax", ".MathJax_Display", ".MathJax_Preview", ".MathJax_SVG", ".MathJax_CHTML", "mjx-math",
    ".mwe-math-fallback-image-inline",
)
_REGIONS = (
    "[itemprop~=articleBody]", ".entry-content", ".post-content", ".article-body", ".article__body", ".article-content",
    ".articlebody", ".story-body", ".post-body", ".post_content", ".entry", "#content", "#main", ".content",
    ".main-content", "article", "main", "[role=main]",
)
# fmt: on

_HELD = (
    "html,body,main,article,h1,h2,h3,h4,h5,h6,dt,section:not([class]),.section,.hentry,.type-post,"
    "[itemprop~=articleBody]"
)
"""Never boilerplate by name: the id of a heading or of a section of a manual is made of its title."""
_HOLDS_TEXT = "h1,main,[itemprop~=articleBody]"
_PARAGRAPHS = "p+p+p+p+p"
ALWAYS_SKIPPED = (
    f":is({','.join(_SKIPPED_TAGS)}):not(:has({_HOLDS_TEXT},article p))",
    f":is(form,fieldset):not(:has({_HOLDS_TEXT},article,h2,p+p))",
    ",".join(_DRAWN),
)
"""Selectors of elements that are never text."""

_NAMES = re.compile(r""" (?:class|id)=["']([^"'<>]*)""")


def _finder(words: tuple[str, ...]) -> ahocorasick.Automaton:
    automaton = ahocorasick.Automaton()
    for word in words:
        automaton.add_word(word, word)
    automaton.make_automaton()
    return automaton


_FINDER = _finder((*_SURE_WORDS, *_LINKED_WORDS, *_WORDS))


def page_names(source: str) -> str:
    """Give the different names of classes and elements that the page uses, in lower case, two spaces around each."""
    return "  ".join({*" ".join({*_NAMES.findall(source)}).lower().split()}).join("  ")


def skipped_selectors(names: str) -> list[str]:
    """Give the selectors of elements that are boilerplate by their names, for the names that this page uses."""
    found = {word for _, word in _FINDER.iter(names)}
    sure = [_selector(word) for word in _SURE_WORDS if word in found]
    linked = [_selector(word) for word in _LINKED_WORDS if word in found]
    words = [_selector(word) for word in _WORDS if word in found]
    rules = [
        (sure, f":not({_HELD},:has({_HOLDS_TEXT}))"),
        (linked, f":is(a,:has(a)):not(html,body,main,:has({_HOLDS_TEXT}))"),
        (words, f":not({_HELD},:has({_HOLDS_TEXT},{_PARAGRAPHS}))"),
    ]
    return [*ALWAYS_SKIPPED, *(f":is({','.join(selectors)}){unless}" for selectors, unless in rules if selectors)]


def region_selectors(names: str) -> list[str]:
    """Give the selectors of what may be the article, for the names that this page uses."""
    return [selector for selector in _REGIONS if selector[0] not in ".#" or f" {selector[1:]} " in names]


def _selector(word: str) -> str:
    name = word.strip()
    if word == f" {name} ":
        return f'[class~="{name}" i],[id="{name}" i]'
    if word[0] == " ":
        return f'[class^="{name}" i],[class*=" {name}" i],[id^="{name}" i]'
    if word[-1] == " ":
        return f'[class$="{name}" i],[class*="{name} " i],[id$="{name}" i]'
    return f'[class*="{name}" i],[id*="{name}" i]'
