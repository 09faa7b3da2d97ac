"""The turns of a dialogue, told from its text: where each begins, who speaks, and whose side that is.

Collect says in the metadata who speaks (`speakers`), so a turn begins at `name: ` at the start of a line. In a text
that was only recognised as a dialogue, those speak whose name begins two lines or more, or is that of a known role.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cpt_pipeline.corpus.clean.kinds import SPEAKER

AGENTS = frozenset(
    {
        *("assistant", "agent", "bot", "gpt", "model", "chatgpt", "ai", "support", "advisor", "operator"),
        *(
            "representative",
            "rep",
            "csr",
            "helpdesk",
            "service",
            "客服",
            "在线客服",
            "人工客服",
            "智能客服",
            "客服人员",
        ),
        *("坐席", "座席", "助手", "助理", "智能助手", "机器人", "小助手", "商家", "卖家", "店家", "顾问", "专员"),
    }
)
CUSTOMERS = frozenset(
    {
        *("user", "human", "customer", "client", "caller", "buyer", "visitor", "guest"),
        *("用户", "客户", "顾客", "买家", "来电人", "访客", "会员", "乘客"),
    }
)
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Turn:
    """A turn is `head` (`name: `, as it stands), `text`, and `tail` (the blanks before the next one)."""

    speaker: str
    """In lower case; empty for what stands before the first turn."""
    head: str
    text: str
    tail: str

    def with_text(self, text: str) -> Turn:
        """Give the turn with other words."""
        return Turn(self.speaker, self.head, text, self.tail)

    def gap(self) -> Turn:
        """Give what is left where the turn goes: the blank line that parts two conversations."""
        return Turn("", "", "", self.tail if self.tail.count("\n") > 1 else "")


def one_turn(text: str, speaker: str) -> list[Turn]:
    """Take a whole text for a turn."""
    return [_turn(speaker.casefold(), "", text)]


def split_turns(text: str, speakers: Collection[str] | None) -> list[Turn]:
    """Divide a text; `speakers` None finds out who speaks. The turns joined by `join_turns` are the text."""
    begins = list(_begins(text, speakers))
    places = [start for start, _, _ in begins] + [len(text)]
    turns = [_turn("", "", text[: places[0]])] if places[0] else []
    for (start, end, speaker), stop in zip(begins, places[1:], strict=True):
        turns.append(_turn(speaker, text[start:end], text[end:stop]))
    return turns


def join_turns(turns: Sequence[Turn]) -> str:
    """Put turns together again, no more than one blank line between two."""
    text = "".join(f"{turn.head}{turn.text}{turn.tail}" for turn in turns)
    return _BLANK_LINES.sub("\n\n", text).strip("\n")


def judged_speakers(speakers: Collection[str], more_agents: Collection[str] = ()) -> set[str]:
    """Give those who may claim tools or reply from stock: the agents, or where none is known all but customers."""
    agents = {speaker for speaker in speakers if speaker in AGENTS or speaker in more_agents}
    return agents or set(speakers) - CUSTOMERS


def _begins(text: str, speakers: Collection[str] | None) -> Iterator[tuple[int, int, str]]:
    """Give start, end and speaker of what begins a turn."""
    if speakers is not None:
        for found in _names(tuple(sorted(speakers, key=len, reverse=True))).finditer(text) if speakers else ():
            yield found.start(), found.end(), found[1].casefold()
        return
    lines, start = [], 0
    for line in text.split("\n"):
        if match := SPEAKER.match(line):
            lines.append((start, start + match.end(), match[1].casefold()))
        start += len(line) + 1
    times = Counter(speaker for _, _, speaker in lines)
    yield from (each for each in lines if times[each[2]] > 1 or each[2] in AGENTS or each[2] in CUSTOMERS)


@lru_cache(256)
def _names(speakers: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"^({'|'.join(map(re.escape, speakers))})[:：][ \t]?", re.MULTILINE)


def _turn(speaker: str, head: str, rest: str) -> Turn:
    text = rest.rstrip()
    return Turn(speaker, head, text, rest[len(text) :])
