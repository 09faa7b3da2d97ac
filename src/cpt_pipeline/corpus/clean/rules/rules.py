"""All rules over one text: what is computed once is shared, and the first limit that is broken decides.

The rules of a document are those that can read it (`measures.Text.script`): English ones for English, their Chinese
counterparts for Chinese, those that need blanks between words for text that has them. A rule that cannot read a text is
counted. Whether a rule excludes or only counts is in `rule_params`. C4 takes lines out, so what comes after it looks at
the changed text, as in datatrove's chain. The wording of a verdict is for people; its reason is a name that counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cpt_pipeline.corpus.clean.rules.basic import basic_checks
from cpt_pipeline.corpus.clean.rules.c4 import C4Lines, c4_checks, read_c4_lines
from cpt_pipeline.corpus.clean.rules.checks import Check
from cpt_pipeline.corpus.clean.rules.chinese import chinese_form_checks, chinese_text_checks
from cpt_pipeline.corpus.clean.rules.fineweb import fineweb_checks
from cpt_pipeline.corpus.clean.rules.gopher_quality import gopher_quality_checks
from cpt_pipeline.corpus.clean.rules.gopher_repetition import gopher_repetition_checks
from cpt_pipeline.corpus.clean.rules.measures import Script, Text
from cpt_pipeline.corpus.clean.rules.params import Mode, Plan, Role, RulesParams
from cpt_pipeline.text.tokens import EnglishWords


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules say about one document."""

    text: str
    """Without the lines that C4 takes out, where it excludes; as it was, where the document is excluded before."""
    verdict: tuple[str, str] | None
    """None keeps the document; else the reason and the number with its limit."""
    script: Script
    measures: dict[str, float]
    """Reason to the number it is about, in the order of asking; nothing after the one that excluded the document."""
    counted: tuple[str, ...] = ()
    """Reasons that would exclude it if they did not only count."""
    unread: tuple[str, ...] = ()
    """Reasons whose rules cannot read it."""
    removed_lines: dict[str, int] = field(default_factory=dict)
    """C4's reason to the number of lines it took out."""
    counted_lines: dict[str, int] = field(default_factory=dict)
    """The same to the characters of the lines that it would take out if it did not only count."""


class Judge:
    """Judges documents one at a time; what it remembers of words makes it faster and changes nothing."""

    def __init__(self, params: RulesParams) -> None:
        self._params = params
        self._english = EnglishWords()
        self._plans: dict[tuple[str | None, bool, Role | None, str | None], Plan] = {}

    def judge(
        self,
        text: str,
        *,
        category: str | None = None,
        given_category: str | None = None,
        language: str | None = None,
        role: Role | None = None,
        channel: str | None = None,
        collected_tokens: Mapping[str, float] | None = None,
    ) -> Judgement:
        """Ask the rules in order: basic, repetition, quality, C4, FineWeb, with the Chinese ones in their places.

        `language` is an ISO code; it counts only for text in Latin letters, where it decides whether that is English.
        `given_category` is that of the source, where `category` is the form that was found in the text.
        `collected_tokens` are the shares of the user's tokens in the text as it was collected.
        """
        plan = self._plan(category, given_category, role, channel)
        asked = _Asked(plan, Text(text, self._english, language), collected_tokens or {})
        measures: dict[str, float] = {}
        counted, unread, verdict = [], [], None
        for check, mode in asked.checks():
            if check.value is None:
                unread.append(check.reason)
                continue
            measures[check.reason] = float(check.value)
            if mode == "without" or (detail := check.detail) is None:
                continue
            if mode == "exclude":
                verdict = (check.reason, detail)
                break
            counted.append(check.reason)
        return Judgement(
            asked.kept_text,
            verdict,
            asked.text.script,
            measures,
            tuple(dict.fromkeys(counted)),
            tuple(unread),
            dict(asked.removed),
            dict(asked.counted_lines) if verdict is None else {},
        )

    def _plan(self, category: str | None, given: str | None, role: Role | None, channel: str | None) -> Plan:
        is_web = not {category, given}.isdisjoint(self._params.web_categories)
        key = (category if category in self._params.by_category else None, is_web, role, channel)
        if key not in self._plans:
            self._plans[key] = self._params.plan(*key)
        return self._plans[key]


class _Asked:
    """The rules that one document is asked, and its text as they leave it."""

    def __init__(self, plan: Plan, text: Text, collected_tokens: Mapping[str, float]) -> None:
        self._plan, self._params, self.text = plan, plan.params, text
        self._collected_tokens = collected_tokens
        self.kept_text = text.text
        self.removed: Counter[str] = Counter()
        self.counted_lines: Counter[str] = Counter()

    def checks(self) -> Iterator[tuple[Check, Mode]]:
        """Compute the checks one after the other, each with what it does."""
        params, chinese = self._params, self.text.script == "chinese"
        yield from self._family("basic", basic_checks(self.text, params.basic, self._collected_tokens))
        if chinese:
            yield from self._family("chinese", chinese_text_checks(self.text, params.chinese))
        else:
            yield from self._family("gopher_repetition", gopher_repetition_checks(self.text, params.gopher_repetition))
            yield from self._family("gopher_quality", gopher_quality_checks(self.text, params.gopher_quality))
        yield from self._family("c4", self._c4_checks(chinese))
        if chinese:
            yield from self._family("chinese", chinese_form_checks(self.text, params.chinese))
        else:
            yield from self._family("fineweb", fineweb_checks(self.text, params.fineweb))

    def _family(self, family: str, checks: Iterator[Check]) -> Iterator[tuple[Check, Mode]]:
        if family in self._plan.families:
            yield from ((check, self._plan.mode(family, check.reason)) for check in checks)

    def _c4_checks(self, chinese: bool) -> Iterator[Check]:
        params = self._params.chinese.c4_params(self._params.c4) if chinese else self._params.c4
        found: C4Lines = read_c4_lines(self.text, params)
        mode = self._plan.modes["c4"]
        if mode == "exclude":
            self.removed = found.removed
        elif mode == "count":
            self.counted_lines = found.removed_characters
        yield from c4_checks(found, params)
        if found.dropped is None:
            self.text = self.text.changed(found.text)
            self.kept_text = found.text if mode == "exclude" else self.kept_text
