"""All rules over one text: what is computed once is shared, and the first limit that is broken decides.

The rules of a document are those of its script (`measures.Text.script`) and of its category: English ones for English,
their Chinese counterparts for Chinese, and for other languages those that need no words. C4 takes lines out, so what
comes after it looks at the changed text, as in datatrove's chain. The wording of a verdict is for people; its reason is
a name that counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import Field, model_validator

from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.clean.basic import BasicParams, basic_checks
from cpt_pipeline.corpus.clean.c4 import C4Lines, C4Params, c4_checks, read_c4_lines
from cpt_pipeline.corpus.clean.chinese import ChineseParams, chinese_form_checks, chinese_text_checks
from cpt_pipeline.corpus.clean.fineweb import FinewebParams, fineweb_checks
from cpt_pipeline.corpus.clean.gopher_quality import GopherQualityParams, gopher_quality_checks
from cpt_pipeline.corpus.clean.gopher_repetition import GopherRepetitionParams, gopher_repetition_checks
from cpt_pipeline.corpus.clean.measures import Check, Script, Text
from cpt_pipeline.corpus.clean.tokens import EnglishWords

FAMILIES: Final = ("basic", "gopher_repetition", "gopher_quality", "c4", "fineweb", "chinese")
OTHER: Final = "other"
_PROSE: Final = ("gopher_repetition", "gopher_quality", "c4", "fineweb", "chinese")
_FORM: Final = ("few_letters", "repeated_lines", "long_words")


class CategoryParams(Params):
    """What is different for the documents of one category."""

    without: tuple[str, ...] = ()
    """Families and reasons that do not exclude them."""
    limits: dict[str, bool | int | float | None] = Field({})
    """Other limits: `gopher_quality.min_doc_words: 20`."""


class RulesParams(Params):
    """`clean.rules:` in conf: the limits of each family, and the categories for which they are others."""

    basic: BasicParams = BasicParams()
    gopher_repetition: GopherRepetitionParams = GopherRepetitionParams()
    gopher_quality: GopherQualityParams = GopherQualityParams()
    c4: C4Params = C4Params()
    fineweb: FinewebParams = FinewebParams()
    chinese: ChineseParams = ChineseParams()
    by_category: dict[str, CategoryParams] = Field(
        {
            "code": CategoryParams(without=(*_PROSE, *_FORM)),
            "json": CategoryParams(without=(*_PROSE, *_FORM)),
            "table": CategoryParams(without=(*_PROSE, *_FORM)),
            "latex": CategoryParams(without=(*_PROSE, "few_letters", "repeated_lines")),
            "markdown": CategoryParams(without=("gopher_quality", "c4", "fineweb", "chinese", "repeated_lines")),
            "dialogue": CategoryParams(
                without=("repeated_lines", "gopher_dup_line_frac", "fineweb", "chinese_dup_line_char_frac"),
                limits={"c4.min_words_per_line": 0, "gopher_quality.min_doc_words": 20},
            ),
        }
    )
    """Code and markup are not prose, so rules for prose say nothing about them; short turns are what a dialogue is.
    `other` is for documents of every category that is not listed, and of none."""

    @model_validator(mode="after")
    def _categories_name_what_there_is(self) -> RulesParams:
        for category, params in self.by_category.items():
            if unknown := sorted(set(params.without) - set(FAMILIES) - set(reasons(self))):
                raise ValueError(
                    f"by_category.{category}.without names {', '.join(unknown)}; the families are"
                    f" {', '.join(FAMILIES)}, and the reasons {', '.join(reasons(self))}"
                )
            self.of_category(category)
        return self

    def of_category(self, category: str | None) -> RulesParams:
        """Give the rules for the documents of a category, its limits in place of the general ones."""
        changes: dict[str, dict[str, Any]] = {}
        for name, value in self._category(category).limits.items():
            family, _, limit = name.partition(".")
            if family not in FAMILIES or limit not in type(getattr(self, family)).model_fields:
                raise ValueError(
                    f"by_category.{category}.limits names {name}; write family.limit, as in c4.min_sentences"
                )
            changes.setdefault(family, {})[limit] = value
        families = {
            family: type(getattr(self, family)).model_validate({**getattr(self, family).model_dump(), **limits})
            for family, limits in changes.items()
        }
        return self.model_copy(update=families)

    def without(self, category: str | None) -> frozenset[str]:
        """Give the families and reasons that do not exclude documents of a category."""
        off = {family for family in FAMILIES if not getattr(self, family).enabled}
        return frozenset(self._category(category).without) | off

    def _category(self, category: str | None) -> CategoryParams:
        return self.by_category.get(category or OTHER, self.by_category.get(OTHER, CategoryParams()))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules say about one document."""

    text: str
    """Without the lines that C4 takes out; as it was, where the document is excluded before."""
    verdict: tuple[str, str] | None
    """None keeps the document; else the reason and the number with its limit."""
    script: Script
    measures: dict[str, float]
    """Reason to the number it is about, in the order of asking; nothing after the one that excluded the document."""
    removed_lines: dict[str, int] = field(default_factory=dict)
    """C4's reason to the number of lines it took out."""


class Judge:
    """Judges documents one at a time; what it remembers of words makes it faster and changes nothing."""

    def __init__(self, params: RulesParams) -> None:
        self._params = params
        self._english = EnglishWords()
        self._plans: dict[str | None, tuple[RulesParams, frozenset[str]]] = {}

    def judge(self, text: str, *, category: str | None = None, language: str | None = None) -> Judgement:
        """Ask the rules in order: basic, repetition, quality, C4, FineWeb, with the Chinese ones in their places.

        `language` is an ISO code; it counts only for text in Latin letters, where it decides whether that is English.
        """
        asked = _Asked(*self._plan(category), Text(text, self._english, language))
        measures: dict[str, float] = {}
        verdict = None
        for check in asked.checks():
            measures[check.reason] = float(check.value)
            if check.reason not in asked.without and (detail := check.detail) is not None:
                verdict = (check.reason, detail)
                break
        return Judgement(asked.text.text, verdict, asked.text.script, measures, dict(asked.removed))

    def _plan(self, category: str | None) -> tuple[RulesParams, frozenset[str]]:
        known = category if category in self._params.by_category else None
        if known not in self._plans:
            self._plans[known] = (self._params.of_category(known), self._params.without(known))
        return self._plans[known]


class _Asked:
    """The rules that one document is asked, and its text as they leave it."""

    def __init__(self, params: RulesParams, without: frozenset[str], text: Text) -> None:
        self._params, self.without, self.text = params, without, text
        self.removed: dict[str, int] = {}

    def checks(self) -> Iterator[Check]:
        """Compute the checks one after the other."""
        params, chinese = self._params, self.text.script == "chinese"
        if "basic" not in self.without:
            yield from basic_checks(self.text, params.basic)
        if "gopher_repetition" not in self.without and not chinese:
            yield from gopher_repetition_checks(self.text, params.gopher_repetition)
        if "gopher_quality" not in self.without and not chinese:
            yield from gopher_quality_checks(self.text, params.gopher_quality)
        if chinese and "chinese" not in self.without:
            yield from chinese_text_checks(self.text, params.chinese)
        if "c4" not in self.without:
            yield from self._c4_checks(chinese)
        if chinese and "chinese" not in self.without:
            yield from chinese_form_checks(self.text, params.chinese)
        if "fineweb" not in self.without and not chinese:
            yield from fineweb_checks(self.text, params.fineweb)

    def _c4_checks(self, chinese: bool) -> Iterator[Check]:
        params = self._params.chinese.c4_params(self._params.c4) if chinese else self._params.c4
        found: C4Lines = read_c4_lines(self.text, params)
        self.removed = found.removed
        yield from c4_checks(found, params)
        self.text = self.text.changed(found.text)


def reasons(params: RulesParams) -> tuple[str, ...]:
    """Give the names of all reasons, in the order in which rules are asked."""
    repetition, chinese = params.gopher_repetition, params.chinese
    return (
        *("too_short", "too_long", *_FORM, "few_distinct_words", "gopher_empty"),
        *("gopher_dup_para_frac", "gopher_dup_para_char_frac", "gopher_dup_line_frac", "gopher_dup_line_char_frac"),
        *(f"gopher_top_{size}_gram" for size in repetition.max_top_n_gram),
        *(f"gopher_duplicated_{size}_n_grams" for size in repetition.max_duplicated_n_grams),
        *("gopher_short_doc", "gopher_long_doc", "gopher_below_avg_threshold", "gopher_above_avg_threshold"),
        *("gopher_too_many_hashes", "gopher_too_many_ellipsis", "gopher_too_many_bullets"),
        *("gopher_too_many_end_ellipsis", "gopher_below_alpha_threshold", "gopher_enough_stop_words"),
        *chinese.reasons(),
        *("c4_lorem_ipsum", "c4_curly_bracket", "c4_too_few_sentences", "fineweb_empty", "fineweb_line_punct_ratio"),
        *("fineweb_short_line_ratio", "fineweb_char_dup_ratio", "fineweb_list_ratio"),
    )
