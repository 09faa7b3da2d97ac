"""Dialogues freed of what a model must not learn: claims of tools it has not got, and replies said to everyone.

Only turns of agents are judged, or of all but customers where no agent is known. A turn that is for the most part a
claim goes whole; of a longer one the claims go. A dialogue without any turn, or of which one side is gone, is no
dialogue any more and is excluded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field, model_validator

from cpt_pipeline.core.errors import ParameterError, raise_all
from cpt_pipeline.core.inputs import InputFile
from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.clean.dialogues.density import count_words, density
from cpt_pipeline.corpus.clean.dialogues.stock_replies import StockReplies, read_clauses
from cpt_pipeline.corpus.clean.dialogues.tool_claims import ToolClaims, without
from cpt_pipeline.corpus.clean.dialogues.turns import Turn, join_turns, judged_speakers, one_turn, split_turns

TURN_CLAIM, SENTENCE_CLAIM, FORMULA, REPEATED = (
    "tool_claim_turns",
    "tool_claim_sentences",
    "stock_formula_turns",
    "stock_repeated_turns",
)
"""What the rules count."""


class ToolClaimsParams(Params):
    """Sentences like `我查看了您的订单`."""

    enabled: bool = True
    turn_share: float = Field(0.5, gt=0, le=1)
    """A turn of which claims are so much of the text goes whole; of others the claims go."""
    files: tuple[InputFile, ...] = ()
    """More phrases, one per line, without case: a sentence that holds one is a claim. `#` starts a comment."""


class StockRepliesParams(Params):
    """Greetings, requests to wait, closings, and what a source repeats word for word."""

    formulas: bool = True
    """The built-in list."""
    repeated: bool = True
    """Turns that are counted over the corpus."""
    remove_share: float = Field(0.02, gt=0, le=1)
    """Of a source's dialogues: a turn that so many hold is removed."""
    list_share: float = Field(0.005, gt=0, le=1)
    """From this share on a turn is listed for review."""
    min_dialogues: int = Field(20, ge=2)
    """Of a source; turns of fewer are neither listed nor removed."""
    min_words: int = Field(4, ge=1)
    """Shorter turns are answers (`是的`). A Chinese or Japanese character is a word."""
    max_words: int = Field(80, ge=1)
    max_listed: int = Field(50, ge=0)
    """Per source, the most frequent first."""
    mined_megabytes: int = Field(256, ge=1)
    """Text in which turns are counted; of a bigger corpus a sample of so much."""
    files: tuple[InputFile, ...] = ()
    """More formulas, one per line, without case. `#` starts a comment."""

    @model_validator(mode="after")
    def _removed_is_listed(self) -> StockRepliesParams:
        if self.remove_share < self.list_share:
            raise ValueError("clean.dialogues.stock_replies.remove_share is below list_share: what goes must be listed")
        return self


class DialoguesParams(Params):
    """`clean.dialogues` in conf: for documents of category `dialogue`."""

    enabled: bool = False
    agents: tuple[str, ...] = ()
    """More names of those who answer (`张老师`), beside the known roles."""
    tool_claims: ToolClaimsParams = ToolClaimsParams()
    stock_replies: StockRepliesParams = StockRepliesParams()
    min_density: float | None = Field(None, ge=0, le=1)
    """Less dense dialogues are excluded; none only measures. See `density`."""


@dataclass(frozen=True)
class Cleaned:
    """A dialogue without claims and stock, what was removed by rule, and how dense it was and is."""

    text: str
    num_turns: int
    removed: Counter[str]
    density_before: float
    density_after: float
    verdict: tuple[str, str] | None = None
    """Reason and detail of an exclusion."""


@dataclass
class _Kept:
    """What is left of a dialogue while its turns go by."""

    turns: list[Turn] = field(default_factory=list)
    removed: Counter[str] = field(default_factory=Counter)

    def drop(self, turn: Turn, rule: str) -> None:
        self.turns.append(turn.gap())
        self.removed[rule] += 1


class DialogueRules:
    """The rules of a run, with the user's lists."""

    def __init__(self, params: DialoguesParams) -> None:
        problems: list[str] = []
        claims = [line.casefold() for path in params.tool_claims.files for line in _lines(path, problems)]
        clauses = [line for path in params.stock_replies.files for line in _lines(path, problems)]
        raise_all(ParameterError, "Lists of phrases (conf: clean.dialogues):", problems)
        self._params = params
        self._claims, self._stock = ToolClaims(tuple(claims)), StockReplies(read_clauses(clauses))
        self._agents = frozenset(name.casefold() for name in params.agents)

    def split(self, text: str, about: dict[str, object] | None) -> tuple[list[Turn], set[str]]:
        """Give the turns, and the speakers whose turns are judged; `about` is what collect says of the dialogue."""
        named = about.get("speakers") if about else None
        speakers = [str(each) for each in named] if isinstance(named, list) else None
        if speakers and about and about.get("unit") == "turn":
            turns = one_turn(text, speakers[0])
        else:
            turns = split_turns(text, speakers)
        return turns, judged_speakers({turn.speaker for turn in turns}, self._agents)

    def clean(
        self, text: str, about: dict[str, object] | None, is_repeated: Callable[[str], bool] = lambda _: False
    ) -> Cleaned:
        """Judge every turn; a dialogue from which nothing is removed keeps its text as it is."""
        turns, judged = self.split(text, about)
        kept = _Kept()
        for turn in turns:
            if turn.speaker in judged:
                self._judge(turn, kept, is_repeated)
            else:
                kept.turns.append(turn)
        return self._conclude(text, turns, kept)

    def _judge(self, turn: Turn, kept: _Kept, is_repeated: Callable[[str], bool]) -> None:
        if self._params.stock_replies.repeated and is_repeated(turn.text):
            return kept.drop(turn, REPEATED)
        spans = self._claims.find(turn.text) if self._params.tool_claims.enabled else []
        claimed = sum(end - start for start, end in spans)
        if spans and claimed >= self._params.tool_claims.turn_share * len(turn.text):
            return kept.drop(turn, TURN_CLAIM)
        left = turn.with_text(without(turn.text, spans)) if spans else turn
        if self._params.stock_replies.formulas and self._stock.is_formula(left.text):
            return kept.drop(turn, TURN_CLAIM if spans else FORMULA)
        kept.removed[SENTENCE_CLAIM] += len(spans)
        return kept.turns.append(left)

    def _conclude(self, text: str, turns: Sequence[Turn], kept: _Kept) -> Cleaned:
        removed = +kept.removed
        left, content = [turn.text for turn in kept.turns], count_words(turn.text for turn in turns)
        before, after = density(left, content), density(left, count_words(left))
        return Cleaned(
            text=join_turns(kept.turns) if removed else text,
            num_turns=len(turns),
            removed=removed,
            density_before=before,
            density_after=after,
            verdict=self._verdict(_sides(turns), _sides(kept.turns), removed, after),
        )

    def _verdict(
        self, before: set[str], after: set[str], removed: Counter[str], density_after: float
    ) -> tuple[str, str] | None:
        detail = ", ".join(f"{rule} {number}" for rule, number in sorted(removed.items()))
        if removed and not after:
            return "no_turns_left", detail
        if removed and len(after) == 1 < len(before):
            return "one_sided", detail
        border = self._params.min_density
        if border is not None and density_after < border:
            return "low_density", f"density {density_after:.4g}, at least {border:g}"
        return None


def _sides(turns: Collection[Turn]) -> set[str]:
    return {turn.speaker for turn in turns if turn.speaker and turn.text}


def _lines(path: Path, problems: list[str]) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        problems.append(f"{path}: {error.strerror}")
    except UnicodeDecodeError:
        problems.append(f"{path}: not UTF-8; store the file as UTF-8")
    else:
        return [bare for line in lines if (bare := line.split("#", 1)[0].strip())]
    return []
