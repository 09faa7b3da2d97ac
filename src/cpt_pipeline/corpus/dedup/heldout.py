"""Which documents are held out: whole works, drawn from the whole range of lengths.

What is measured must be new to the model. A part of a book is not when the other parts were read, nor is one edition
when another was. So works that share much of their text are one, and all of it goes to one side.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.dedup.params import DedupParams
from cpt_pipeline.corpus.dedup.survey import Survey

_LINKED_SHARE = 0.2
"""Works are one when so much of the shorter one is copied in the other. A licence that stands in every book is less."""

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]


def draw_heldout(survey: Survey, free: Mask, survivors: Numbers, params: DedupParams) -> Mask:
    """Mark the held-out documents of every channel: those of the works with the smallest numbers.

    `free` marks the documents that stay whatever is held out, `survivors` names the one that each is a copy of. A work
    counts for the channel of its first document. One that alone holds more than `heldout_max_share` of its channel's
    text is drawn only where no other is there; then the shortest is.
    """
    members = np.flatnonzero(free & ~survey.synthetic)
    groups, firsts, group_of = np.unique(link_works(survey, survivors)[members], return_index=True, return_inverse=True)
    sizes = np.bincount(group_of, weights=survey.characters[members], minlength=groups.size).astype(np.float64)
    channel, draw = survey.channel[members[firsts]], survey.draw[members[firsts]]
    is_drawn = np.zeros(groups.size, np.bool_)
    for number in range(len(survey.channels)):
        mine = np.flatnonzero(channel == number)
        if mine.size:
            is_drawn[_draw(mine, sizes, draw, params)] = True
    heldout = np.zeros(survey.num_documents, np.bool_)
    heldout[members[is_drawn[group_of]]] = True
    return heldout


def _draw(works: Numbers, sizes: npt.NDArray[np.float64], draw: npt.NDArray[np.uint64], params: DedupParams) -> Numbers:
    wanted = min(params.heldout_documents_per_channel, max(1, int(params.heldout_max_share * works.size)))
    fitting: Numbers = works[sizes[works] <= params.heldout_max_share * sizes[works].sum()]
    if not fitting.size:
        fitting, wanted = works[np.lexsort((draw[works], sizes[works]))[:1]], 1
    chosen: Numbers = fitting[np.argsort(draw[fitting], kind="stable")[:wanted]]
    return chosen


def link_works(survey: Survey, survivors: Numbers) -> Numbers:
    """Return for each document the smallest number among the works that are one with its own."""
    from cpt_pipeline.corpus.dedup.union_find import link, name_clusters

    sizes = np.bincount(survey.works, weights=np.where(survey.synthetic, 0, survey.characters))
    parents = np.arange(sizes.size)
    copies = np.flatnonzero(survey.works != survey.works[survivors])
    if copies.size:
        pairs = np.stack([survey.works[copies], survey.works[survivors[copies]]])
        (first, second), inverse = np.unique(pairs, axis=1, return_inverse=True)
        copied = np.bincount(inverse.reshape(-1), weights=survey.characters[copies])
        is_linked = copied >= _LINKED_SHARE * np.minimum(sizes[first], sizes[second])
        link(parents, first[is_linked], second[is_linked])
        name_clusters(parents)
    numbers: Numbers = parents[survey.works]
    return numbers


def count_works(survey: Survey, chosen: Mask) -> dict[str, int]:
    """Count the works of the chosen documents per channel, sorted by name; one that is in two channels counts twice."""
    found = {}
    for number, name in enumerate(survey.channels):
        works = survey.works[chosen & ~survey.synthetic & (survey.channel == number)]
        if works.size:
            found[name] = int(np.unique(works).size)
    return dict(sorted(found.items()))
