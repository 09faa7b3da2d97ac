"""The addresses that a page links to. Called in a sandbox: nested elements that never end keep an HTML parser busy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

HTML_TYPES = ("text/html", "application/xhtml+xml")
_NO_DOCUMENTS = ("mailto:", "javascript:", "tel:", "data:", "#")


def find_links(url: str, content_type: str, body: bytes) -> list[str]:
    """Give the links of a page, absolute, without fragments, each once, in the order of the page."""
    from resiliparse.parse.html import HTMLTree

    if not content_type.lower().startswith(HTML_TYPES):
        return []
    # Addresses are ASCII or percent-encoded nearly always, so any superset of ASCII reads them.
    document = HTMLTree.parse_from_bytes(body, "utf-8").document
    if document is None:
        return []
    bases = [_href(each) for each in document.query_selector_all("base[href]")]
    hrefs = [_href(each) for each in document.query_selector_all("a[href], area[href]")]
    return list(dict.fromkeys(_join(url, "".join(bases[:1]), hrefs)))


def _href(node: Any) -> str:
    return (node.getattr("href") or "").strip()


def _join(url: str, own_base: str, hrefs: list[str]) -> Iterator[str]:
    try:
        base = urljoin(url, own_base)
    except ValueError:  # a bracket that opens no IPv6 address
        base = url
    for href in hrefs:
        if href and not href.lower().startswith(_NO_DOCUMENTS):
            try:
                yield urljoin(base, href).partition("#")[0]
            except ValueError:
                yield href
