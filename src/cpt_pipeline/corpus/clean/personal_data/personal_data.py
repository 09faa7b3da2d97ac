"""Personal data: found, and by a policy for each kind kept, masked, replaced or dropped with its sentence.

The default replaces. Dropping documents or sentences loses text and its context; one fixed mask for all would become a
pattern that a model learns. Surrogates of the right shape avoid both, and `check_patterns` says afterwards whether any
of them became frequent all the same. Texts without digits and `@` cost a few searches. Applied twice, the second
time changes nothing, except to names, as no name is known to be nobody's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal

from pydantic import Field, field_validator

from cpt_pipeline.core.inputs import InputFolder
from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.clean.personal_data.addresses import Emails, Hosts
from cpt_pipeline.corpus.clean.personal_data.identifiers import Identifiers
from cpt_pipeline.corpus.clean.personal_data.names import ModelNames
from cpt_pipeline.corpus.clean.personal_data.personal_numbers import Numbers
from cpt_pipeline.corpus.clean.personal_data.phones import regions_spoken
from cpt_pipeline.corpus.clean.personal_data.recognisers import Kind, Recogniser, Span, find_spans, occurrences
from cpt_pipeline.corpus.clean.personal_data.surrogates import Surrogate, draw_surrogate, plain_form

Policy = Literal["keep", "drop_sentence", "mask", "surrogate"]

_MAX_ATTEMPTS: Final = 8
_SENTENCE_END: Final = re.compile(r"[。！？!?；;…]+[”’」』）)\"']*|\.(?=\s)|\n+")


class PersonalDataParams(Params):
    """`clean.personal_data` in conf."""

    enabled: bool = True
    email: Policy = "surrogate"
    phone: Policy = "surrogate"
    id_card: Policy = "surrogate"
    bank_card: Policy = "surrogate"
    iban: Policy = "surrogate"
    passport: Policy = "surrogate"
    ssn: Policy = "surrogate"
    """US social security numbers."""
    messenger: Policy = "surrogate"
    """QQ numbers and WeChat ids behind their label."""
    ip: Policy = "surrogate"
    name: Policy = "surrogate"
    """Only with `name_model`."""
    phone_regions: tuple[str, ...] = ("CN", "US", "GB")
    """Regions (ISO 3166) whose numbers are known without country code. Each one more costs certainty: of ten digits
    behind the word "call", some plan has a reading."""
    allowed_emails: tuple[str, ...] = (
        r".*@(?:[^@]+\.)?example\.(?:com|net|org|edu|cn)",
        r"(?:git|noreply|no-reply)@.*",
    )
    """Patterns of whole addresses, in small letters, that are nobody's."""
    public_hosts: tuple[str, ...] = (
        *("8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "4.2.2.1", "4.2.2.2"),
        *("208.67.222.222", "208.67.220.220", "114.114.114.114", "114.114.115.115"),
        *("223.5.5.5", "223.6.6.6", "180.76.76.76", "119.29.29.29", "1.2.4.8", "210.2.4.8"),
        *("2001:4860:4860::8888", "2001:4860:4860::8844", "2606:4700:4700::1111", "2606:4700:4700::1001"),
    )
    """Public resolvers."""
    exempt: dict[str, tuple[Kind, ...]] = Field({"code": ("phone", "bank_card", "ssn", "messenger")})
    """Category of documents to the kinds that are kept there: constants look like numbers of persons."""
    name_model: InputFolder | None = None
    """Folder of a token classifier of transformers, with safetensors."""
    max_pattern_share: float = Field(0.001, gt=0, le=1)
    """Of all replacements; a pattern with more is too frequent."""
    min_pattern_count: int = Field(5, ge=1)
    """A pattern with fewer replacements is never too frequent."""

    @field_validator("allowed_emails")
    @classmethod
    def _compile(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        return patterns

    def policy_for(self, kind: Kind, category: str | None) -> Policy:
        """Give the policy of a kind in documents of a category."""
        policy: Policy = getattr(self, kind)
        return "keep" if kind in self.exempt.get(category or "", ()) else policy


@dataclass(frozen=True)
class Cleaned:
    """A text without its personal data."""

    text: str
    counts: Counter[str] = field(default_factory=Counter)
    """Kind to the number of places; what is kept is not counted."""
    patterns: Counter[str] = field(default_factory=Counter)
    """`<kind> <pattern>` to the number of data it stands for; a datum counts once, however often it is repeated."""
    verdict: tuple[str, str] | None = None
    """Reason and detail where nothing is left of the text."""


@dataclass(frozen=True)
class FrequentPattern:
    """A pattern of surrogates that became one of the corpus."""

    pattern: str
    count: int
    share: float


class PersonalData:
    """Applies the policies. `recognisers` are asked beside the built-in ones."""

    def __init__(self, params: PersonalDataParams, recognisers: Sequence[Recogniser] = ()) -> None:
        names = [ModelNames(params.name_model)] if params.name_model and params.name != "keep" else []
        self._params = params
        self._structured = (
            Emails(params.allowed_emails),
            Hosts(params.public_hosts),
            Numbers(params.phone_regions),
            Identifiers(),
        )
        self._recognisers: tuple[Recogniser, ...] = (*self._structured, *recognisers, *names)

    def apply(self, document_id: str, text: str, *, category: str | None = None) -> Cleaned:
        """Give the text by the policies; the same id and text always give the same."""
        found = self._find(text, self._recognisers, category) if self._params.enabled else []
        if not found:
            return Cleaned(text)
        counts = Counter[str](span.kind for span in found)
        left, spans = self._drop_sentences(text, found, category)
        if not left.strip():
            return Cleaned("", counts, verdict=("personal_data", _listed(counts)))
        for attempt in range(_MAX_ATTEMPTS):
            new, patterns = self._replace(left, spans, f"{document_id}\0{attempt}", category)
            if self._is_clean(new, left, spans, category):
                break
        return Cleaned(new, counts, patterns)

    def _find(self, text: str, recognisers: Sequence[Recogniser], category: str | None) -> list[Span]:
        spans = find_spans(text, recognisers)
        return [span for span in spans if self._params.policy_for(span.kind, category) != "keep"]

    def _drop_sentences(self, text: str, spans: list[Span], category: str | None) -> tuple[str, list[Span]]:
        """Take out the sentences of spans that ask for it; give what is left and the other spans, moved."""
        bad = [span for span in spans if self._params.policy_for(span.kind, category) == "drop_sentence"]
        if not bad:
            return text, spans
        ends = [end.end() for end in _SENTENCE_END.finditer(text) if not _inside(end.start(), spans)]
        left, moved, length = [], [], 0
        for start, end in pairwise(sorted({0, *ends, len(text)})):
            if any(span.start < end and start < span.end for span in bad):
                continue
            inner = [span for span in spans if start <= span.start < end]
            moved += [Span(span.start - start + length, span.end - start + length, span.kind) for span in inner]
            left.append(text[start:end])
            length += end - start
        return "".join(left), moved

    def _replace(self, text: str, spans: list[Span], seed: str, category: str | None) -> tuple[str, Counter[str]]:
        spoken = regions_spoken({text[span.start : span.end] for span in spans if span.kind == "phone"})
        regions = tuple(dict.fromkeys((*spoken, *self._params.phone_regions)))
        new, place = [], 0
        surrogates: dict[tuple[Kind, str], str] = {}
        data: dict[tuple[Kind, str], str] = {}
        for span in spans:
            written = text[span.start : span.end]
            if (span.kind, written) not in surrogates:
                masked = self._params.policy_for(span.kind, category) == "mask"
                drawn = _mask(span.kind) if masked else draw_surrogate(span.kind, written, seed, regions)
                surrogates[span.kind, written] = drawn.text
                data[span.kind, plain_form(span.kind, written, regions)] = f"{span.kind} {drawn.pattern}"
            new += [text[place : span.start], surrogates[span.kind, written]]
            place = span.end
        return "".join([*new, text[place:]]), Counter(data.values())

    def _is_clean(self, new: str, old: str, spans: list[Span], category: str | None) -> bool:
        """Whether no original is left, and none is formed by surrogates and what stands beside them."""
        originals = {old[span.start : span.end] for span in spans}
        return not any(occurrences(new, originals)) and not self._find(new, self._structured, category)


def check_patterns(patterns: Counter[str], params: PersonalDataParams) -> list[FrequentPattern]:
    """Give the patterns with too large a share of all replacements, the most frequent first."""
    total = sum(patterns.values())
    shares = (FrequentPattern(pattern, count, count / total) for pattern, count in patterns.items())
    frequent = [
        each for each in shares if each.share > params.max_pattern_share and each.count >= params.min_pattern_count
    ]
    return sorted(frequent, key=lambda each: (-each.count, each.pattern))


def _mask(kind: Kind) -> Surrogate:
    return Surrogate(f"[{kind}]", f"[{kind}]")


def _inside(place: int, spans: list[Span]) -> bool:
    return any(span.start < place < span.end for span in spans)


def _listed(counts: Counter[str]) -> str:
    return "every sentence holds " + ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))
