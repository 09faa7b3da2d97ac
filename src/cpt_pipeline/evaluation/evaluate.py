"""Evaluation: every model answers the same questions in a fresh process, and each is compared with the base.

This module imports no torch: it draws the texts, starts the worker, and turns its answers into scores (format:
docs/concepts.md). Answers lie beside `out` until the stage is done, so a killed evaluation measures nothing twice.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cpt_pipeline.core.artifact import content_hash, digest_json, write_json
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import CptError, ParameterError
from cpt_pipeline.core.last_words import await_last_words, read_last_words
from cpt_pipeline.core.process import run_module
from cpt_pipeline.evaluation.job import EXIT, Answer, EvaluationJob, Questions, Subject, as_json, read_answer
from cpt_pipeline.evaluation.params import EvaluateParams, EvaluateRunParams
from cpt_pipeline.evaluation.scores import BASE, EvaluateReport, compute_scores, summarise, write_rows
from cpt_pipeline.evaluation.texts import draw_texts
from cpt_pipeline.formats import candidates as candidate_format
from cpt_pipeline.formats.benchmarks import read_items
from cpt_pipeline.formats.model_facts import read_facts
from cpt_pipeline.formats.models import resolve

logger = logging.getLogger(__name__)

_WORKER = "cpt_pipeline.evaluation.worker"
_KILLED = (-9, 137)


class EvaluationFailedError(CptError):
    """The evaluation worker ended without all answers; carries its last lines."""

    exit_code = 4


@dataclass(frozen=True)
class Material:
    """The artifacts an evaluation reads."""

    base_model: Path
    candidates: Path
    heldout_documents: Path
    benchmark_texts: Path


@dataclass(frozen=True)
class Evaluation:
    """The report and the scores it is drawn from."""

    report: EvaluateReport
    scores: dict[str, Any]


def evaluate_models(
    material: Material,
    out: Path,
    params: EvaluateParams,
    channels: ChannelsParams,
    run: EvaluateRunParams | None = None,
) -> Evaluation:
    """Measure base and candidates, and write `document_scores` below `out`.

    `EvaluationFailedError` when the worker dies; finished models are kept beside `out` for the next start.
    """
    models = _models(material)
    questions = Questions(
        texts=tuple(draw_texts(material.heldout_documents, params, channels)),
        items=tuple(read_items(material.benchmark_texts)),
        prompts=params.sample_prompts,
        sample_tokens=params.sample_tokens,
        sequence_length=_sequence_length([folder for _, folder, _ in models], params),
    )
    job = _prepare(models, questions, out.parent, run or EvaluateRunParams())
    answers = _ask(job, out.parent)
    write_rows(out / "document_scores", questions, answers)
    scores = compute_scores(job.subjects, questions, answers, params)
    families = len({(text.channel, text.family) for text in questions.texts})
    said = "evaluate: %d models on %d windows of %d works that share no text"
    logger.info(said, len(answers), len(questions.texts), families)
    return Evaluation(summarise(scores, questions), scores)


def _models(material: Material) -> list[tuple[candidate_format.Candidate, Path, str]]:
    """List the models with folder and identity, the base first."""
    base = candidate_format.Candidate(name=BASE, folder="", stage=BASE, step=0, tokens=0)
    return [
        (base, resolve(material.base_model), content_hash(material.base_model)),
        *(
            (each, material.candidates / each.folder, candidate_format.identity(material.candidates, each))
            for each in candidate_format.read_list(material.candidates)
        ),
    ]


def _sequence_length(folders: Sequence[Path], params: EvaluateParams) -> int:
    """Give the context that every model can read."""
    limits = {folder: read_facts(folder).max_positions for folder in folders}
    known = {folder: limit for folder, limit in limits.items() if limit is not None}
    if params.sequence_length is None:
        if len(known) < len(limits):
            names = ", ".join(str(folder) for folder in limits if folder not in known)
            raise ParameterError(f"config.json names no longest row ({names}); set evaluate.sequence_length")
        return min(known.values())
    short = {folder: limit for folder, limit in known.items() if limit < params.sequence_length}
    if short:
        names = ", ".join(f"{folder} reads {limit}" for folder, limit in short.items())
        raise ParameterError(f"evaluate.sequence_length is {params.sequence_length}, but {names} tokens")
    return params.sequence_length


def _prepare(
    models: Sequence[tuple[candidate_format.Candidate, Path, str]],
    questions: Questions,
    scratch: Path,
    run: EvaluateRunParams,
) -> EvaluationJob:
    """Write questions and job; an answer's file name says which model was asked what."""
    asked = digest_json([as_json(questions), run.dtype, run.device])
    answers = scratch / "answers"
    answers.mkdir(exist_ok=True)
    write_json(scratch / "questions.json", as_json(questions))
    subjects = tuple(
        Subject(
            name=model.name,
            stage=model.stage,
            step=model.step,
            folder=folder,
            answer=answers / f"{model.name}-{digest_json([identity, asked])[:16]}.json",
        )
        for model, folder, identity in models
    )
    job = EvaluationJob(subjects=subjects, questions=scratch / "questions.json", run=run)
    write_json(scratch / "job.json", as_json(job))
    return job


def _ask(job: EvaluationJob, scratch: Path) -> dict[str, Answer]:
    """Let the worker answer for the models that have no answer yet; give all answers."""
    if not all(subject.answer.is_file() for subject in job.subjects):
        log = scratch / "evaluate.log"
        await_last_words(scratch / EXIT)
        code, tail = run_module(_WORKER, scratch / "job.json", log=log)
        if code and (error := read_last_words(scratch / EXIT)) is not None:
            raise error
        if code:
            raise EvaluationFailedError(_failure(code, log, tail))
    return {subject.name: read_answer(subject.answer) for subject in job.subjects}


def _failure(code: int, log: Path, tail: str) -> str:
    memory = "It was killed, probably for lack of memory: lower evaluate_run.tokens_per_batch. "
    return (
        f"the evaluation worker ended with code {code}. {memory if code in _KILLED else ''}Models already measured are "
        f"kept: repair the cause and run the same command again. Its whole output is in {log}; the last lines:\n{tail}"
    )
