"""Ask a language model for labels, as FineWeb-Edu did (Penedo et al. 2024): marks from 0 to 5 by an additive rubric."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cpt_pipeline.core.errors import EndpointError
from cpt_pipeline.corpus.clean.scoring.asking_params import MAX_MARK, AskParams
from cpt_pipeline.corpus.clean.scoring.labels import Label
from cpt_pipeline.corpus.clean.scoring.report import AskReport
from cpt_pipeline.corpus.clean.scoring.sampling import Sample
from cpt_pipeline.corpus.llm.answers import Answer, Request
from cpt_pipeline.corpus.llm.endpoint import ask
from cpt_pipeline.corpus.llm.params import EndpointRunParams

_RANGE = r"\s*(?:-|\N{EN DASH}|~|to|到|至)\s*\d"
_MARK = re.compile(
    rf"(?:score|评分|得分|总分|分数)\s*(?:[(（<\[]\s*\d{_RANGE}\s*[)）>\]])?\W{{0,6}}(?:is|为|是)?\W{{0,6}}?"
    rf"(?<![\d.])(\d+(?:\.\d+)?)(?!\.?\d|{_RANGE})",
    re.IGNORECASE,
)
_BARE = re.compile(r"\W*(\d+(?:\.\d+)?)\W*(?:/\s*5\W*)?")


def ask_labels(samples: Sequence[Sample], params: AskParams, run: EndpointRunParams) -> tuple[list[Label], AskReport]:
    """Give a label for every text whose answer holds a mark.

    `EndpointError` when the endpoint cannot be asked, or more answers are missing or without a mark than
    `max_failed_share` allows.
    """
    assert params.endpoint is not None
    requests = [_request(sample, params) for sample in samples]
    answers = list(ask(requests, params.endpoint, run))
    marks = [None if answer.error is not None else read_mark(answer.text) for answer in answers]
    report = _report(answers, marks)
    _require_enough(report, answers, marks, params)
    pairs = zip(samples, marks, strict=True)
    return [Label(sample.text, mark / MAX_MARK) for sample, mark in pairs if mark is not None], report


def read_mark(answer: str) -> float | None:
    """Give the last mark that an answer names, or the number that is all of it; None unless it is from 0 to 5."""
    found = _MARK.findall(answer)
    bare = _BARE.fullmatch(answer)
    text = found[-1] if found else bare[1] if bare else None
    return float(text) if text is not None and float(text) <= MAX_MARK else None


def _request(sample: Sample, params: AskParams) -> Request:
    prompt = params.prompts.get(sample.language, params.prompts["en"])
    return Request(sample.id, (("user", prompt.replace("{text}", sample.text)),))


def _report(answers: Sequence[Answer], marks: Sequence[float | None]) -> AskReport:
    failed = sum(answer.error is not None for answer in answers)
    counts = [0] * (MAX_MARK + 1)
    for mark in marks:
        if mark is not None:
            counts[round(mark)] += 1
    return AskReport(
        asked=len(answers),
        failed=failed,
        without_mark=marks.count(None) - failed,
        marks=tuple(counts),
        prompt_tokens=sum(answer.prompt_tokens for answer in answers),
        completion_tokens=sum(answer.completion_tokens for answer in answers),
    )


def _require_enough(
    report: AskReport, answers: Sequence[Answer], marks: Sequence[float | None], params: AskParams
) -> None:
    bad = report.failed + report.without_mark
    if bad <= params.max_failed_share * report.asked:
        return
    first = next(answer for answer, mark in zip(answers, marks, strict=True) if mark is None)
    said = f"error: {first.error}" if first.error is not None else f"said: {first.text[-200:]!r}"
    raise EndpointError(
        f"{report.failed} of {report.asked} answers did not come and {report.without_mark} give no mark, more than "
        f"clean.scorer.ask.max_failed_share = {params.max_failed_share:g}. The first, about {first.id}, {said}. "
        "Change the prompt (or raise max_tokens where answers are cut), or run again: answers that came are kept"
    )
