"""What stands in the files that conf names for clean and dedup: read before collect, not after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from cpt_pipeline.core.artifact import read_manifest
from cpt_pipeline.core.errors import CptError
from cpt_pipeline.corpus.clean.augmentation.synonyms import Synonyms
from cpt_pipeline.corpus.clean.blocklists.words import BlockedWords
from cpt_pipeline.corpus.clean.dialogues.rules import DialogueRules
from cpt_pipeline.corpus.clean.languages.language import load_identifier
from cpt_pipeline.corpus.clean.scoring.making import check_labels
from cpt_pipeline.corpus.dedup.statistics.coverage import read_lists
from cpt_pipeline.recipes.problem import Problem
from cpt_pipeline.recipes.settings import Settings


def find_content_problems(settings: Settings) -> Iterator[tuple[str, Problem]]:
    """Return what the stages would refuse in lists, labels and an index, each with its stage.

    Takes a second where languages are identified. A file that is not there is a problem here too.
    """
    for stage, key, check in _checks(settings):
        try:
            check()
        except CptError as error:
            yield stage, Problem(key, str(error).removeprefix(f"{key}: ").replace("\n", "\n  "))


def _checks(settings: Settings) -> Iterator[tuple[str, str, Callable[[], object]]]:
    clean, dedup = settings.clean, settings.dedup
    yield "clean", "clean.blocked_words.lists", partial(BlockedWords.load, clean.blocked_words)
    yield "clean", "clean.dialogues", partial(DialogueRules, clean.dialogues)
    yield "clean", "clean.language.candidates", partial(load_identifier, clean.language.candidates)
    if clean.augmentation.synonyms.enabled:
        yield "clean", "clean.augmentation.synonyms.files", partial(Synonyms.load, clean.augmentation.synonyms.files)
    if clean.scorer.enabled:
        yield "clean", "clean.scorer.labels", partial(check_labels, clean.scorer)
    yield "dedup", "dedup.coverage.terms", partial(read_lists, dedup.coverage)
    if dedup.earlier_index is not None:
        yield "dedup", "dedup.earlier_index", partial(read_manifest, dedup.earlier_index)
