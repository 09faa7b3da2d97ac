"""Web pages of given sites as a source: breadth-first from given addresses, within a list of allowed hosts.

A crawl is a replay: the queue is rebuilt from the start addresses, and an address that the store knows is not
fetched again. So a second start needs no saved queue, takes the same order, and fetches only what is missing.
Every hop of a redirect is an address of its own and passes the same checks (scheme, allowed host, robots.txt, public
address, pause). It does not run scripts, fill in forms, log in, or read sitemaps. One page at a time, on purpose.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints

from cpt_pipeline.core.errors import SourceError, raise_all
from cpt_pipeline.core.params import Report
from cpt_pipeline.corpus.collect.crawl.fetch import Answer, Fetcher, FetchError, canonical_url
from cpt_pipeline.corpus.collect.crawl.links import HTML_TYPES, find_links
from cpt_pipeline.corpus.collect.crawl.robots import MAX_BYTES, Robots, parse_robots
from cpt_pipeline.corpus.collect.crawl.store import Outcome, PageStore, open_store
from cpt_pipeline.corpus.collect.source_params import SourceParams
from cpt_pipeline.extraction.code import licenses
from cpt_pipeline.extraction.sandbox import Sandbox, SandboxError

logger = logging.getLogger(__name__)

MAX_REDIRECTS = 10
_MAX_ROBOTS_REDIRECTS = 5
_MAX_NOTED_CHARACTERS = 2000
_PARSE_SECONDS = 5.0
_PASSING = ("timeout", "connection_error", "robots_unreachable", "http_429")
"""Reasons that may be gone by the next start, which therefore tries again; so is every `http_5xx`."""

_Host = Annotated[
    str, StringConstraints(pattern=r"^((\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?$")
]


class WebParams(SourceParams):
    """A source of kind `web`."""

    kind: Literal["web"]
    store: Path
    """Folder that the pages are kept in; it outlives the run, and a second run fetches only what is missing."""
    start: tuple[str, ...] = Field(min_length=1)
    """Addresses the crawl begins with, in this order."""
    allowed_hosts: tuple[_Host, ...] = Field(min_length=1)
    """`docs.python.org`, or `*.python.org` for every host below it (not itself), in lower-case ASCII. A port other
    than the usual one must be written out: `python.org:8080`."""
    user_agent: str = Field(pattern=r"^[!-~][ -~]*[!-~]$")
    """Who you are and where to complain, like `mybot/1.0 (+https://my.site/bot)`; robots.txt is read for `mybot`."""
    max_pages: int = Field(1000, ge=1)
    max_depth: int = Field(3, ge=0)
    """Links from a start address; 0 fetches the start addresses only."""
    max_links_per_page: int = Field(2000, ge=1)
    """Links beyond are not followed; the index holds how many there were (`num_links`)."""
    delay_seconds: float = Field(1.0, ge=0)
    """Pause between an answer and the next request to the same host; a longer `Crawl-delay` of the host is kept."""
    timeout_seconds: float = Field(10.0, gt=0, le=10)
    """For a whole exchange, from the connection to the last byte."""
    max_page_bytes: int = Field(20 << 20, ge=1, le=20 << 20)
    """Decompressed; a longer page is refused as `too_large`."""
    content_types: tuple[str, ...] = (*HTML_TYPES, "text/plain")
    """Media types that are kept; another one is refused as `not_text`."""


class CrawlSummary(Report):
    """What a crawl holds after its latest start, earlier ones included."""

    pages: int
    new_pages: int
    """Of them fetched by this start."""
    refused: dict[str, int]
    """Reason to addresses."""


def find_problems(source: WebParams) -> list[str]:
    """Say everything that keeps the crawl from starting: no licence, a start address that it would refuse."""
    found = [problem] if (problem := licenses.find_problem(source.license)) else []
    for start in source.start:
        try:
            if not _is_allowed(canonical_url(start), source.allowed_hosts):
                found.append(f"start address {start}: its host is not in allowed_hosts")
        except FetchError as error:
            found.append(f"start address {start}: {error}. Give one that begins with http:// or https://")
    return found


def crawl(params: WebParams, folder: Path, fetcher: Fetcher | None = None) -> CrawlSummary:
    """Fetch what is missing of the crawl into `folder` (`store`), which may be killed and started again.

    Limits may be raised between two starts; another list of start addresses or hosts needs another folder
    (SourceError). `fetcher` is for tests. One bad address never ends a crawl.
    """
    raise_all(SourceError, f"Source {params.name} was not crawled. Wrong in conf:", find_problems(params))
    identity = {"start": params.start, "allowed_hosts": params.allowed_hosts}
    fetcher = fetcher or Fetcher(
        user_agent=params.user_agent, timeout_seconds=params.timeout_seconds, max_bytes=params.max_page_bytes
    )
    with open_store(folder, identity) as store, Sandbox(seconds=_PARSE_SECONDS) as sandbox:
        summary = _Crawl(params, store, fetcher, sandbox).run()
    logger.info("web %s: %d pages, %d of them new", params.name, summary.pages, summary.new_pages)
    return summary


class _Crawl:
    def __init__(self, params: WebParams, store: PageStore, fetcher: Fetcher, sandbox: Sandbox) -> None:
        self._params, self._store, self._fetcher, self._sandbox = params, store, fetcher, sandbox
        self._queue: deque[tuple[str, int, int]] = deque()
        """Address, links from a start address, redirects in a row."""
        self._seen: set[str] = set()
        self._robots: dict[str, Robots | FetchError] = {}
        self._num_pages = self._num_new = 0

    def run(self) -> CrawlSummary:
        for start in self._params.start:
            self._push(start, depth=0, hops=0)
        while self._queue:
            self._visit(*self._queue.popleft())
        refused = Counter(outcome.reason for outcome in self._store.outcomes() if outcome.reason)
        return CrawlSummary(pages=self._num_pages, new_pages=self._num_new, refused=dict(sorted(refused.items())))

    def _push(self, link: str, *, depth: int, hops: int) -> None:
        try:
            url = canonical_url(link)
        except FetchError as error:
            self._store.refuse(Outcome(link[:_MAX_NOTED_CHARACTERS], depth, error.reason, error.detail or None))
            return
        if url not in self._seen:
            self._seen.add(url)
            address = (url, depth, hops)
            self._queue.appendleft(address) if hops else self._queue.append(address)

    def _visit(self, url: str, depth: int, hops: int) -> None:
        outcome = self._store.find(url)
        if outcome is None or not _is_final(outcome):
            outcome, links = self._fetch(url, depth, hops)
        else:
            links = [] if outcome.reason else self._links(url, *self._store.read_page(outcome))[0]
        if outcome.reason == "redirected" and outcome.detail:
            self._push(outcome.detail, depth=depth, hops=hops + 1)
        self._num_pages += outcome.reason is None
        for link in links[: self._params.max_links_per_page]:
            self._push(link, depth=depth + 1, hops=0)

    def _fetch(self, url: str, depth: int, hops: int) -> tuple[Outcome, list[str]]:
        try:
            self._check(url, depth, hops)
            answer = self._get(url, self._robots_of(url), self._params.content_types)
            if answer.redirect_to is not None:
                raise FetchError("redirected", answer.redirect_to)
            if answer.status != 200:
                raise FetchError(f"http_{answer.status}")
        except FetchError as error:
            refused = Outcome(url, depth, error.reason, error.detail or None)
            self._store.refuse(refused)
            return refused, []
        self._num_new += 1
        links, problem = self._links(url, answer.content_type, answer.body)
        page = Outcome(url, depth, detail=problem, num_links=len(links))
        return self._store.add_page(page, answer.headers, answer.body), links

    def _links(self, url: str, content_type: str, body: bytes) -> tuple[list[str], str | None]:
        """Give the links and, for a page that the parser cannot read in time, none and the reason."""
        try:
            return self._sandbox.call(find_links, url, content_type, body), None
        except SandboxError as error:
            return [], f"links_not_read: {error.reason}"

    def _check(self, url: str, depth: int, hops: int) -> None:
        if not _is_allowed(url, self._params.allowed_hosts):
            raise FetchError("host_not_allowed")
        if hops > MAX_REDIRECTS:
            raise FetchError("redirect_limit")
        if depth > self._params.max_depth:
            raise FetchError("depth_limit")
        if self._num_pages >= self._params.max_pages:
            raise FetchError("page_limit")

    def _get(self, url: str, robots: Robots, content_types: tuple[str, ...] | None) -> Answer:
        path = url.removeprefix(_origin(url))
        if not robots.allows(path):
            raise FetchError("robots")
        delay = max(self._params.delay_seconds, robots.delay_seconds)
        return self._fetcher.get(url, delay_seconds=delay, content_types=content_types)

    def _robots_of(self, url: str) -> Robots:
        """Give the rules of the host, read once per start. A host whose rules cannot be read is not fetched from."""
        origin = _origin(url)
        if origin not in self._robots:
            try:
                self._robots[origin] = self._fetch_robots(f"{origin}/robots.txt")
            except FetchError as error:
                # Only what a server answered can be missing rules; an address that is refused stays refused.
                own = error.reason == "private_address"
                self._robots[origin] = error if own else FetchError("robots_unreachable", str(error))
        found = self._robots[origin]
        if isinstance(found, FetchError):
            raise found
        return found

    def _fetch_robots(self, url: str) -> Robots:
        for _ in range(_MAX_ROBOTS_REDIRECTS + 1):
            if not _is_allowed(url, self._params.allowed_hosts):
                raise FetchError("host_not_allowed", url)
            answer = self._get(url, Robots(), None)
            if answer.redirect_to is None:
                break
            url = canonical_url(answer.redirect_to)
        if answer.status == 200:
            return parse_robots(answer.body[:MAX_BYTES].decode("utf-8", "replace"), self._params.user_agent)
        if 400 <= answer.status < 500 and answer.status != 429:
            return Robots()  # RFC 9309 2.3.1.3: a host that has no robots.txt forbids nothing
        raise FetchError(f"http_{answer.status}")


def _is_final(outcome: Outcome) -> bool:
    """Say whether the next start would find the same; limits and allowed hosts are conf, so they are judged anew."""
    reason = outcome.reason or ""
    return not (reason in _PASSING or reason.startswith("http_5") or reason.endswith(("_limit", "_not_allowed")))


def _is_allowed(url: str, allowed_hosts: tuple[str, ...]) -> bool:
    host = urlsplit(url).netloc
    return any(host.endswith(each[1:]) if each.startswith("*.") else host == each for each in allowed_hosts)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
