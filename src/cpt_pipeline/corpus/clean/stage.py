"""Clean: every document is normalised, freed of noise and personal data, judged by rules, and graded if it stays.

A rule is a number measured on the text and a limit on it; each exclusion names its rule, the number and the limit. A
limit that excludes nothing leaves the documents byte-equal.
"""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import ParameterError, raise_all
from cpt_pipeline.core.inputs import named_inputs
from cpt_pipeline.corpus.clean.augmentation.stage import Augmented, Rules, augment
from cpt_pipeline.corpus.clean.augmentation.stage import check as check_augmentation
from cpt_pipeline.corpus.clean.blocklists.addresses import BlockedAddresses
from cpt_pipeline.corpus.clean.blocklists.words import BlockedWords
from cpt_pipeline.corpus.clean.classifying.classifiers import check as check_classifiers
from cpt_pipeline.corpus.clean.dialogues.rules import DialogueRules
from cpt_pipeline.corpus.clean.gathering import gather_documents
from cpt_pipeline.corpus.clean.params import CleanParams, CleanReport, CleanRunParams
from cpt_pipeline.corpus.clean.passes import Passes
from cpt_pipeline.corpus.clean.repair.normalise import normalise
from cpt_pipeline.corpus.clean.rules.judging import JudgeText
from cpt_pipeline.corpus.clean.scoring.making import check as check_scorer
from cpt_pipeline.corpus.clean.scoring.scorers import load_scorer
from cpt_pipeline.corpus.clean.scoring.steps import ScoreText
from cpt_pipeline.corpus.clean.scoring.verdicts import Verdicts
from cpt_pipeline.corpus.clean.steps import NameKind, Normalise
from cpt_pipeline.corpus.engine.steps import WriteDocuments
from cpt_pipeline.corpus.engine.tasks import Tasks

logger = logging.getLogger(__name__)


def clean_documents(
    raw_documents: Path, out: Path, params: CleanParams, channels: ChannelsParams, run: CleanRunParams
) -> CleanReport:
    """Write `clean_documents` and `clean_excluded` below `out`, both in the order of the input.

    What augmentation makes from a document follows it. `NothingLeftError` when a channel loses all of its documents,
    with the reasons. Unfinished tasks are kept beside `out`.
    """
    _check(raw_documents, params, channels, run)
    passes = Passes(raw_documents, out.parent / "tasks", params, channels.roles, run)
    scorer = passes.scorer
    tasks = passes.tasks("clean")
    tasks.run(
        [
            *passes.repair(raw_documents, tasks),
            *passes.describe(tasks),
            *passes.judge(),
            *([ScoreText(tasks, scorer.model, params.scorer, params.strong_formats)] if scorer else []),
            WriteDocuments(tasks),
        ],
        run,
    )
    load_scorer.cache_clear()  # a model that one worker loaded is in this process
    verdicts = Verdicts(tasks, scorer, params.scorer) if scorer else None
    augmented = _augment(verdicts.exclude_low_scores(run) if verdicts else tasks, passes, params, run)
    scored = verdicts.report() if verdicts else None
    report = gather_documents(passes, tasks, augmented, scored, out, params)
    logger.info("clean: %d documents, %d excluded", report.documents, sum(report.excluded.values()))
    return report


def _check(raw_documents: Path, params: CleanParams, channels: ChannelsParams, run: CleanRunParams) -> None:
    """Say what is wrong with the files and models of the user before any work."""
    BlockedAddresses.load(params.blocked_addresses.model_copy(update={"shipped": "off"}))
    BlockedWords.load(params.blocked_words)
    _tell_changed_tokens(params)
    DialogueRules(params.dialogues)
    check_classifiers(raw_documents, params)
    check_augmentation(params.augmentation, run.endpoint)
    check_scorer(params.scorer, run.endpoint)
    missing = [f"{each.key}: {each.value}: {each.problem}" for each in named_inputs(params, "clean") if each.problem]
    unknown = sorted(set(params.rules.by_channel) - set(channels.roles))
    missing += [f"clean.rules.by_channel: {name} is no channel of channels.roles" for name in unknown]
    raise_all(ParameterError, "What conf names is not there:", missing)


def _tell_changed_tokens(params: CleanParams) -> None:
    for token in params.rules.basic.max_token_shares:
        normal, changed = normalise(token, params.normalise)
        if normal != token:
            logger.warning(
                "clean.rules.basic.max_token_shares: %r is found only in text as it was collected: clean.normalise (%s)"
                " makes %r of it",
                token,
                ", ".join(changed),
                normal,
            )


def _augment(kept: Tasks, passes: Passes, params: CleanParams, run: CleanRunParams) -> Augmented:
    """Make documents from the kept ones; without augmentation nothing is read or written."""
    if not params.augmentation.selections:
        return Augmented(kept, Counter())
    generated = (NameKind(params.strong_formats), Normalise(params.normalise), *passes.judge())
    return augment(
        kept,
        params.augmentation,
        Rules(generated=generated, rearranged=(JudgeText(params.rules, passes.roles),)),
        not_from={*params.strong_formats, *params.format_cap.formats},
        run=run,
        endpoint=run.endpoint,
    )
