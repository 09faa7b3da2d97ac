"""Which works are held out: real ones only, the shortest where all are most of their channel, editions as one."""

from __future__ import annotations

import numpy as np

from cpt_pipeline.corpus.dedup.heldout import draw_heldout, link_works
from cpt_pipeline.corpus.dedup.params import DedupParams
from cpt_pipeline.corpus.dedup.survey import Survey


def survey(works: list[int], characters: list[int], synthetic: list[bool] | None = None) -> Survey:
    """Return documents of one channel; a work of a smaller number is drawn first."""
    size = len(works)
    return Survey(
        channels=["domain"],
        channel=np.zeros(size, np.uint8),
        characters=np.array(characters, np.int64),
        quality=np.zeros(size, np.float32),
        exact=np.zeros((size, 2), np.uint64),
        works=np.array(works, np.int64),
        draw=np.array(works, np.uint64),
        leaks=np.zeros(size, np.bool_),
        trimmed=np.zeros(len(works), np.bool_),
        synthetic=np.array(synthetic or [False] * size),
    )


def drawn(found: Survey, **params: float) -> list[int]:
    free = np.ones(found.num_documents, np.bool_)
    mask = draw_heldout(found, free & ~found.synthetic, found.works, DedupParams.model_validate(params))
    return [int(number) for number in np.flatnonzero(mask)]


def test_of_works_that_are_each_most_of_their_channel_the_shortest_is_held_out() -> None:
    assert drawn(survey([0, 1], [900, 500]), heldout_max_share=0.1) == [1]
    assert drawn(survey([0, 1], [500, 900]), heldout_max_share=0.1) == [0]


def test_what_clean_made_of_a_document_is_never_held_out() -> None:
    found = survey([0, 0, 1, 2, 3], [100] * 5, [False, True, False, False, False])
    assert drawn(found, heldout_documents_per_channel=1, heldout_max_share=0.5) == [0]


def test_copied_text_is_measured_against_the_real_text_of_a_work() -> None:
    """100 of 400 real characters are copied, a quarter; the 800 that clean made of the rest count for none."""
    works, characters = [0, 0, 0, 1, 1], [100, 300, 800, 100, 1000]
    survivors = np.array([0, 1, 2, 0, 4])
    best = survivors == np.arange(5)
    made = survey(works, characters, [False, False, True, False, False])
    assert link_works(made, survivors, best).tolist() == [0, 0, 0, 0, 0]
    assert link_works(survey(works, characters), survivors, best).tolist() == [0, 0, 0, 1, 1]
