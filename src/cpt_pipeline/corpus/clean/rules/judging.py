"""The step that asks the rules, counts what each of them took or would have taken, and grades what stays."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from typing import Final

from datatrove.data import Document

from cpt_pipeline.corpus.clean.rules.params import Role, RulesParams
from cpt_pipeline.corpus.clean.rules.report import RULES
from cpt_pipeline.corpus.clean.rules.rules import Judge, Judgement
from cpt_pipeline.corpus.clean.steps import COLLECTED_TOKENS, GIVEN_CATEGORY
from cpt_pipeline.corpus.engine.steps import DocumentStep, count, exclude

_LONG_CHARACTERS: Final = 8_000
_LINES: Final = "c4_lines/"


class JudgeText(DocumentStep):
    """Ask the rules and grade what stays."""

    name = "judge"

    def __init__(self, params: RulesParams, roles: Mapping[str, Role]) -> None:
        super().__init__()
        self._key, self._roles = str(params), dict(roles)

    def apply(self, document: Document) -> None:
        """Exclude by the first rule that is broken and excludes; count what others would have taken."""
        found = document.metadata
        judgement = _judge(self._key).judge(
            document.text,
            category=found["category"],
            given_category=found.get(GIVEN_CATEGORY),
            language=found["language"],
            role=self._roles.get(found["channel"]),
            channel=found["channel"],
            collected_tokens=found.get(COLLECTED_TOKENS),
        )
        for name, number in judgement.removed_lines.items():
            count(document, f"lines/{name}", number)
        _count_rules(document, judgement)
        if judgement.verdict is not None:
            exclude(document, *judgement.verdict)
            return
        document.text = judgement.text
        found["quality"] = grade(judgement)


def grade(judgement: Judgement) -> float:
    """Grade a document in 0..1: the mean of length, variety and freshness.

    Length grows with the logarithm from 0 to 8,000 characters; variety is the share of distinct words among the first
    500 (half of them distinct is full marks); freshness is the share of text in lines that do not repeat.
    """
    length = min(1.0, math.log1p(len(judgement.text)) / math.log1p(_LONG_CHARACTERS))
    variety = min(1.0, 2 * judgement.measures.get("few_distinct_words", 0.5))
    return round((length + variety + 1 - judgement.measures.get("repeated_lines", 0.0)) / 3, 4)


def _count_rules(document: Document, judgement: Judgement) -> None:
    whole = len(document.text)
    _count_taken(document, "judged", "", whole)
    for reason in judgement.unread:
        _count_taken(document, "unread", reason, 0)
    if judgement.verdict is not None:
        _count_taken(document, "excluded", judgement.verdict[0], whole)
        return
    for reason in judgement.counted:
        _count_taken(document, "counted", reason, whole)
    for reason, characters in judgement.counted_lines.items():
        _count_taken(document, "counted", _LINES + reason, characters)
    if judgement.counted or judgement.counted_lines:
        together = whole if judgement.counted else sum(judgement.counted_lines.values())
        _count_taken(document, "counted_together", "", together)


def _count_taken(document: Document, kind: str, reason: str, characters: int) -> None:
    channel, category = document.metadata["channel"], document.metadata["category"] or "none"
    for what, number in (("documents", 1), ("characters", characters)):
        count(document, RULES + json.dumps([channel, category, kind, reason, what]), number)


@cache
def _judge(params: str) -> Judge:
    """A judge learns while it works, so a process makes each once."""
    return Judge(RulesParams.model_validate_json(params))
