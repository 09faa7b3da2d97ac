"""The evaluation worker: `python -m cpt_pipeline.evaluation.worker job.json`, a fresh process with torch.

Loads one model after another from disk with plain `from_pretrained`, asks all the same questions and writes one
answer per model. A model whose answer is there is not loaded again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from cpt_pipeline.core.errors import find_fault
from cpt_pipeline.core.last_words import leave_last_words
from cpt_pipeline.core.progress import Progress
from cpt_pipeline.evaluation.job import EXIT, Answer, EvaluationJob, Questions, Subject, write_answer
from cpt_pipeline.evaluation.params import EvaluateRunParams
from cpt_pipeline.evaluation.texts import HeldoutText
from cpt_pipeline.model.bits import DocumentLoss, best_choice, choice_logprobs, continue_text, document_nll
from cpt_pipeline.model.load import load_causal_lm, load_tokenizer

_TEXTS_AT_ONCE = 64
"""Texts between two moves of the progress line; sorted by length among themselves only."""


def run(job: EvaluationJob) -> None:
    """Answer for every model of the job."""
    questions = Questions.model_validate_json(job.questions.read_text(encoding="utf-8"))
    if job.run.num_threads is not None:
        torch.set_num_threads(job.run.num_threads)
    per_model = len(questions.texts) + len(questions.items) + len(questions.prompts)
    missing = [subject for subject in job.subjects if not subject.answer.is_file()]
    done = per_model * (len(job.subjects) - len(missing))
    with Progress("evaluate", per_model * len(job.subjects), "items", done=done) as progress:
        for subject in missing:
            write_answer(subject.answer, _ask(subject, questions, job.run, progress))


def main(path: Path) -> int:
    """Run the job at `path`; give the exit code."""
    try:
        run(EvaluationJob.model_validate_json(path.read_text(encoding="utf-8")))
    except Exception as error:
        fault = find_fault(error)
        if fault is None:
            raise
        return leave_last_words(path.with_name(EXIT), fault)
    return 0


def _ask(subject: Subject, questions: Questions, how: EvaluateRunParams, progress: Progress) -> Answer:
    progress.advance(0, note=subject.name)
    tokenizer = load_tokenizer(subject.folder)
    model = load_causal_lm(subject.folder, dtype=how.dtype).to(_device(how))
    losses = list(_score(model, tokenizer, questions, how, progress))
    choices = []
    for item in questions.items:
        logprobs = choice_logprobs(model, tokenizer, item.prompt, item.choices)
        choices.append(best_choice(logprobs, item.choices))
        progress.advance()
    continuations = []
    for prompt in questions.prompts:
        continuations.append(continue_text(model, tokenizer, prompt, questions.sample_tokens))
        progress.advance()
    return Answer(
        nll=tuple(loss.nll for loss in losses),
        tokens=tuple(loss.tokens for loss in losses),
        bytes=tuple(loss.bytes for loss in losses),
        choices=tuple(choices),
        continuations=tuple(continuations),
    )


def _score(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    questions: Questions,
    how: EvaluateRunParams,
    progress: Progress,
) -> Iterator[DocumentLoss]:
    for first in range(0, len(questions.texts), _TEXTS_AT_ONCE):
        some: tuple[HeldoutText, ...] = questions.texts[first : first + _TEXTS_AT_ONCE]
        yield from document_nll(
            model,
            tokenizer,
            [each.text for each in some],
            sequence_length=questions.sequence_length,
            tokens_per_batch=how.tokens_per_batch,
        )
        progress.advance(len(some))


def _device(how: EvaluateRunParams) -> torch.device:
    if how.device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(how.device)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
