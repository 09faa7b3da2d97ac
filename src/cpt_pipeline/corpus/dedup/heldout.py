"""Which documents are held out: whole families of works, drawn from the whole range of lengths.

What is measured must be new to the model. A part of a book is not when the other parts were read, nor is one edition
when another was. So works that share a fifth of the shorter one's text are one family, and all of it goes to one side.
Shared text is seen in near copies of documents and, wherever these begin and end, in passages (`shared_text`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.dedup.params import DedupParams
from cpt_pipeline.corpus.dedup.shared_text import LINKED_SHARE, MAX_WORKS, Mask, Numbers, find_shared
from cpt_pipeline.corpus.dedup.survey import Survey


def draw_heldout(survey: Survey, drawable: Mask, families: Numbers, params: DedupParams) -> Mask:
    """Mark the held-out documents of every channel: those of the families with the smallest numbers.

    `drawable` marks the documents of sources that may be held out. A family counts for the channel of its first
    document. One that alone holds more than `heldout_max_share` of its channel's text is drawn only where no other is
    there; then the shortest is.
    """
    members = np.flatnonzero(drawable)
    groups, firsts, group_of = np.unique(families[members], return_index=True, return_inverse=True)
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


def link_works(survey: Survey, survivors: Numbers, best: Mask, sketches: Sequence[Path] = ()) -> Numbers:
    """Return for each document its family: the smallest number among the works that are one with its own.

    `survivors` names the document that each is a copy of. `best` marks those that are copies of none and leak nothing;
    of them `sketches` are compared. What more than `MAX_WORKS` works hold links none, in either way.
    """
    from cpt_pipeline.corpus.dedup.near.union_find import link, name_clusters

    sizes = np.bincount(survey.works, weights=np.where(survey.synthetic, 0, survey.characters))
    parents = np.arange(sizes.size)
    copies = np.flatnonzero(survey.works != survey.works[survivors])
    holders, _ = np.unique(np.stack([survivors[copies], survey.works[copies]]), axis=1)
    is_form = np.bincount(holders, minlength=survivors.size) >= MAX_WORKS
    copies = copies[~is_form[survivors[copies]]]
    if copies.size:
        pairs = np.stack([survey.works[copies], survey.works[survivors[copies]]])
        (first, second), inverse = np.unique(pairs, axis=1, return_inverse=True)
        copied = np.bincount(inverse.reshape(-1), weights=survey.characters[copies])
        is_linked = copied >= LINKED_SHARE * np.minimum(sizes[first], sizes[second])
        link(parents, first[is_linked], second[is_linked])
    link(parents, *find_shared(sketches, best & ~survey.synthetic, survey.works))
    name_clusters(parents)
    numbers: Numbers = parents[survey.works]
    return numbers


def count_families(survey: Survey, families: Numbers, chosen: Mask) -> dict[str, int]:
    """Count the families of some documents per channel, sorted by name; one that is in two channels counts twice."""
    counted = {}
    for number, name in enumerate(survey.channels):
        mine = families[chosen & (survey.channel == number)]
        if mine.size:
            counted[name] = int(np.unique(mine).size)
    return dict(sorted(counted.items()))
