"""`clean.rules:` in conf: the limits of the rules, and what they do to which documents.

Gopher, C4, FineWeb and their Chinese counterparts were made for web pages. They exclude web text (`web_categories`); of
all other documents, and of domain channels, they only count what they would have taken. The basic rules, which find
what is broken, exclude from all. Each step of `layers` may say otherwise, the later one has the last word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, Literal

from pydantic import Field, ValidationError, model_validator

from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.clean.rules.basic import BasicParams
from cpt_pipeline.corpus.clean.rules.c4 import C4Params
from cpt_pipeline.corpus.clean.rules.chinese import ChineseParams
from cpt_pipeline.corpus.clean.rules.fineweb import FinewebParams
from cpt_pipeline.corpus.clean.rules.gopher_quality import GopherQualityParams
from cpt_pipeline.corpus.clean.rules.gopher_repetition import GopherRepetitionParams

Mode = Literal["exclude", "count", "without"]
Role = Literal["domain", "general"]
WEB_FAMILIES: Final = ("gopher_repetition", "gopher_quality", "c4", "fineweb", "chinese")
FAMILIES: Final = ("basic", *WEB_FAMILIES)
OTHER: Final = "other"
_FORM: Final = ("few_letters", "repeated_lines", "long_words", "repeated_text")
_OF_LINES: Final = ("gopher_quality", "c4", "fineweb", "chinese")
_NO_TOKENS: Final = {"basic.max_top_token_share": None}


class CategoryParams(Params):
    """What is different for some documents: those of a category, a role or a channel."""

    exclude: tuple[str, ...] = ()
    """Families and reasons that exclude them."""
    count: tuple[str, ...] = ()
    """Families and reasons of which it is only counted what they would have taken."""
    without: tuple[str, ...] = ()
    """Families and reasons that do not look at them at all."""
    limits: dict[str, bool | int | float | None] = Field({})
    """Other limits: `gopher_quality.min_doc_words: 20`."""

    @property
    def modes(self) -> dict[str, Mode]:
        """What each family and reason that is named here does."""
        named: dict[Mode, tuple[str, ...]] = {"exclude": self.exclude, "count": self.count, "without": self.without}
        return {name: mode for mode, names in named.items() for name in names}


class RulesParams(Params):
    """The limits of each family, and for which documents they exclude, count, or are others."""

    basic: BasicParams = BasicParams()
    gopher_repetition: GopherRepetitionParams = GopherRepetitionParams()
    gopher_quality: GopherQualityParams = GopherQualityParams()
    c4: C4Params = C4Params()
    fineweb: FinewebParams = FinewebParams()
    chinese: ChineseParams = ChineseParams()
    web_categories: tuple[str, ...] = ("web", "news", "forum")
    """What is web text: documents of these categories, whatever form is found in them later. Pages of HTML, of WARC
    files and of sites get `web` from collect; for web text of other files `category` of the source says it."""
    not_web: CategoryParams = CategoryParams(
        count=WEB_FAMILIES,
        limits={"gopher_quality.max_doc_words": None, "gopher_repetition.growth": 0.5},
    )
    """For documents of all other categories, and of none."""
    by_role: dict[Role, CategoryParams] = Field({"domain": CategoryParams(count=WEB_FAMILIES)})
    """By the role of the channel."""
    by_category: dict[str, CategoryParams] = Field(
        {
            "code": CategoryParams(without=(*WEB_FAMILIES, *_FORM), limits={**_NO_TOKENS}),
            "json": CategoryParams(without=(*WEB_FAMILIES, *_FORM), limits={**_NO_TOKENS}),
            "table": CategoryParams(without=(*WEB_FAMILIES, *_FORM), limits={**_NO_TOKENS}),
            "latex": CategoryParams(count=WEB_FAMILIES, without=("few_letters", "repeated_lines")),
            "markdown": CategoryParams(count=_OF_LINES, without=("repeated_lines",)),
            "reference": CategoryParams(without=WEB_FAMILIES),
            "worked_examples": CategoryParams(without=WEB_FAMILIES),
            **dict.fromkeys(
                ("dialogue", "questions"),
                CategoryParams(
                    without=("repeated_lines", "gopher_dup_line_frac", "fineweb", "chinese_dup_line_char_frac"),
                    limits={"c4.min_words_per_line": 0, "gopher_quality.min_doc_words": 20},
                ),
            ),
        }
    )
    """Code and data are no prose, so rules for prose say nothing about them; short turns are what a dialogue is.
    `other` is for documents of every category that is not listed, and of none."""
    by_channel: dict[str, CategoryParams] = Field({})

    @model_validator(mode="after")
    def _what_is_named_exists(self) -> RulesParams:
        problems = [
            problem
            for key, params in self._named()
            for found in (self._name_problems(f"clean.rules.{key}", params), self._limit_problems(key, params))
            for problem in found
        ]
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _name_problems(self, key: str, layer: CategoryParams) -> Iterator[str]:
        known = (*FAMILIES, *reasons(self))
        names = [*layer.exclude, *layer.count, *layer.without]
        for name in sorted(set(names)):
            if name not in known:
                nearest = get_close_matches(name, known, n=1, cutoff=0.0)[0]
                yield f"{key} names {name}, which is no family and no reason; the nearest is {nearest}"
            elif names.count(name) > 1:
                yield f"{key} names {name} twice; a rule excludes, counts, or is left out"

    def _limit_problems(self, key: str, layer: CategoryParams) -> Iterator[str]:
        known = [f"{family}.{limit}" for family in FAMILIES for limit in type(getattr(self, family)).model_fields]
        for name, value in layer.limits.items():
            whole = f"clean.rules.{key}.limits.{name}"
            family, _, limit = name.partition(".")
            if limit == "enabled":
                yield f"{whole}: write the family into exclude, count or without"
            elif name not in known:
                nearest = get_close_matches(name, known, n=1, cutoff=0.0)[0]
                yield f"{whole} is no limit; the nearest is {nearest}"
            else:
                try:
                    self._changed_family(family, {limit: value})
                except ValidationError as error:
                    yield from (f"{whole}: {each['msg']}, not {value!r}" for each in error.errors())

    def plan(self, category: str | None, is_web: bool, role: Role | None, channel: str | None) -> Plan:
        """Return what is asked of such documents."""
        layers = list(self._layers(category, is_web, role, channel))
        families = {reason: family for family, found in reasons_by_family(self).items() for reason in found}
        modes: dict[str, Mode] = dict.fromkeys(FAMILIES, "exclude")
        for _, layer in layers:
            # What a family does goes for all of its reasons, whatever an earlier layer said of them.
            named = set(layer.modes)
            modes = {name: mode for name, mode in modes.items() if families.get(name) not in named}
            modes |= layer.modes
        params = self._with_limits(layers)
        asked = {families.get(name, name) for name, mode in modes.items() if mode != "without"}
        return Plan(params, modes, frozenset(family for family in asked if getattr(self, family).enabled))

    def _layers(
        self, category: str | None, is_web: bool, role: Role | None, channel: str | None
    ) -> Iterator[tuple[str, CategoryParams]]:
        if not is_web:
            yield "not_web", self.not_web
        if role in self.by_role:
            yield f"by_role.{role}", self.by_role[role]
        listed = category if category in self.by_category else OTHER
        if listed in self.by_category:
            yield f"by_category.{listed}", self.by_category[listed]
        if channel in self.by_channel:
            yield f"by_channel.{channel}", self.by_channel[channel]

    def _named(self) -> Iterator[tuple[str, CategoryParams]]:
        yield "not_web", self.not_web
        for key in ("by_role", "by_category", "by_channel"):
            yield from ((f"{key}.{name}", params) for name, params in getattr(self, key).items())

    def _with_limits(self, layers: Iterable[tuple[str, CategoryParams]]) -> RulesParams:
        changes: dict[str, dict[str, Any]] = {}
        for _, layer in layers:
            for name, value in layer.limits.items():
                family, _, limit = name.partition(".")
                changes.setdefault(family, {})[limit] = value
        return self.model_copy(
            update={family: self._changed_family(family, limits) for family, limits in changes.items()}
        )

    def _changed_family(self, family: str, limits: dict[str, Any]) -> Params:
        params: Params = getattr(self, family)
        return type(params).model_validate({**params.model_dump(), **limits})


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of documents of one category, role and channel."""

    params: RulesParams
    """With their limits."""
    modes: dict[str, Mode]
    """Of families, and of reasons that differ from their family."""
    families: frozenset[str]
    """Those that look at them at all."""

    def mode(self, family: str, reason: str) -> Mode:
        """Return what a rule does."""
        return self.modes.get(reason, self.modes[family])


def reasons_by_family(params: RulesParams) -> dict[str, tuple[str, ...]]:
    """Return the names of the reasons of each family, in the order in which rules are asked."""
    repetition, chinese = params.gopher_repetition, params.chinese
    return {
        "basic": (
            *("too_short", "too_long", "few_letters", "repeated_lines", "long_words", "few_distinct_words"),
            *("undecodable", "repeated_text", "top_token_share", "token_share"),
        ),
        "gopher_repetition": (
            *("gopher_empty", "gopher_dup_para_frac", "gopher_dup_para_char_frac"),
            *("gopher_dup_line_frac", "gopher_dup_line_char_frac"),
            *(f"gopher_top_{size}_gram" for size in repetition.max_top_n_gram),
            *(f"gopher_duplicated_{size}_n_grams" for size in repetition.max_duplicated_n_grams),
        ),
        "gopher_quality": (
            *("gopher_short_doc", "gopher_long_doc", "gopher_below_avg_threshold", "gopher_above_avg_threshold"),
            *("gopher_too_many_hashes", "gopher_too_many_ellipsis", "gopher_too_many_bullets"),
            *("gopher_too_many_end_ellipsis", "gopher_below_alpha_threshold", "gopher_enough_stop_words"),
        ),
        "chinese": chinese.reasons(),
        "c4": ("c4_lorem_ipsum", "c4_curly_bracket", "c4_too_few_sentences"),
        "fineweb": (
            *("fineweb_empty", "fineweb_line_punct_ratio", "fineweb_short_line_ratio", "fineweb_char_dup_ratio"),
            "fineweb_list_ratio",
        ),
    }


def reasons(params: RulesParams) -> tuple[str, ...]:
    """Return the names of all reasons."""
    return tuple(reason for found in reasons_by_family(params).values() for reason in found)
