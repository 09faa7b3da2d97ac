"""Encode the words of a document as words: a text that spells `<|endoftext|>` does not end there.

A Hugging Face tokenizer reads the name of a control token as that token, wherever it stands. Documents about language
models, scraped logs and hostile pages spell such names; training would then see a document end in its middle, and a
user's text could close a conversation. Here the names are hidden from the tokenizer; all else is encoded as ever.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from cpt_pipeline.core.errors import ArtifactError

_CONTROL_SHAPE = re.compile(r"[<‹＜]\S*[>›＞]")
"""Names that are written like this are control tokens also where a tokenizer does not call them special."""
_FIRST, _LAST = "\U0010fffe", "\U0010ffff"
_HIDDEN = f"{_FIRST}{{}}{_LAST}"
_SAMPLES = ("a", "1", "的", "A", "ا")
_NO_RESERVED = str.maketrans("", "", _FIRST + _LAST)


class PlainTextEncoder:
    """Encode documents with a Hugging Face tokenizer, control tokens left out."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.control_tokens = find_control_tokens(tokenizer)
        self._forbidden = frozenset(self.control_tokens) - {tokenizer.unk_token_id}
        self._names = _pattern(self.control_tokens.values())
        self._backends = _hide(tokenizer, self.control_tokens) if tokenizer.is_fast else None
        self.before, self.after = _frame(tokenizer)

    def encode(self, texts: Sequence[str], *, continued: bool = False) -> list[list[int]]:
        """Return the ids of each text without the tokens that the tokenizer puts around one (`before`, `after`).

        A text that spells the names as they are hidden in here loses the two code points that hide them, which Unicode
        reserves for programs.

        `continued` texts go on with another one: they get no blank in front, which some tokenizers give to every text.
        """
        ids = self._encode(texts, continued)
        for place, each in enumerate(ids):
            if not self._forbidden.isdisjoint(each):
                ids[place] = self._encode([texts[place].translate(_NO_RESERVED)], continued)[0]
                assert self._forbidden.isdisjoint(ids[place]), f"a control token comes from {texts[place][:60]!r}"
        return ids

    def _encode(self, texts: Sequence[str], continued: bool) -> list[list[int]]:
        if self._backends is None:
            found = [self._tokenizer(text, add_special_tokens=False, split_special_tokens=True) for text in texts]
            return [list(each["input_ids"]) for each in found]
        encoded = self._backends[continued].encode_batch_fast(list(texts), add_special_tokens=False)
        return [each.ids for each in encoded]

    def count_control_tokens(self, text: str) -> Counter[str]:
        """Count the names of control tokens that a text spells."""
        return Counter(self._names.findall(text)) if self._names is not None else Counter()

    def spell(self, text: str) -> str:
        """Return the text with a blank inside the names of control tokens, for prompts that need the real ones."""
        if self._names is None:
            return text
        return self._names.sub(lambda found: f"{found[0][:1]} {found[0][1:]}", text)


def find_control_tokens(tokenizer: Any) -> dict[int, str]:
    """Return the control tokens by id: what the tokenizer calls special, and what is written `<|like_this|>`."""
    found = {
        number: token.content
        for number, token in tokenizer.added_tokens_decoder.items()
        if token.special or _CONTROL_SHAPE.fullmatch(token.content)
    }
    for number, token in tokenizer.added_tokens_decoder.items():
        if any(name in token.content for name in list(found.values())):
            found[number] = token.content
    named = zip(tokenizer.all_special_ids, tokenizer.all_special_tokens, strict=True)
    return {**found, **{number: str(name) for number, name in named}}


def _pattern(names: Any) -> re.Pattern[str] | None:
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def _frame(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Return the ids that the tokenizer puts before and after a text."""
    for text in _SAMPLES:
        body, whole = tokenizer(text, add_special_tokens=False)["input_ids"], tokenizer(text)["input_ids"]
        starts = [at for at in range(len(whole)) if whole[at : at + len(body)] == body]
        if body and starts:
            return whole[: starts[0]], whole[starts[0] + len(body) :]
    raise ArtifactError(f"the tokenizer has no token for any of {', '.join(_SAMPLES)}; is it the base's own?")


def _hide(tokenizer: Any, control_tokens: Mapping[int, str]) -> tuple[Any, Any]:
    """Build the same tokenizer with other names for its control tokens, and one for continued texts; ids stay."""
    description = json.loads(tokenizer.backend_tokenizer.to_str())
    renamed = {name: _HIDDEN.format(name) for name in control_tokens.values()}
    for token in description["added_tokens"]:
        if token["id"] in control_tokens:
            token["content"] = renamed.get(token["content"], token["content"])
    model = description["model"]
    vocabulary = model["vocab"]
    if isinstance(vocabulary, dict):
        model["vocab"] = {renamed.get(name, name): number for name, number in vocabulary.items()}
    else:  # Unigram: a list of (piece, score)
        model["vocab"] = [[renamed.get(name, name), score] for name, score in vocabulary]
    if "merges" in model:
        pairs = [each if isinstance(each, list) else each.split(" ", 1) for each in model["merges"]]
        model["merges"] = [pair for pair in pairs if not renamed.keys() & {*pair, "".join(pair)}]
    if model.get("unk_token"):
        model["unk_token"] = renamed.get(model["unk_token"], model["unk_token"])
    return _build(description), _build(_without_prefix(description))


def _build(description: Mapping[str, Any]) -> Any:
    from tokenizers import Tokenizer

    built = Tokenizer.from_str(json.dumps(description))
    built.no_truncation()
    built.no_padding()
    return built


def _without_prefix(description: Mapping[str, Any]) -> dict[str, Any]:
    """Describe the tokenizer that puts no blank before a text."""
    steps = {name: _unprefixed(description[name]) for name in ("normalizer", "pre_tokenizer")}
    return {**description, **steps}


def _unprefixed(step: Any) -> Any:
    kind = step["type"] if step else None
    if kind == "Sequence":
        name = "normalizers" if "normalizers" in step else "pretokenizers"
        return {**step, name: [each for each in map(_unprefixed, step[name]) if each is not None]}
    if kind == "Prepend":
        return None
    if kind == "Metaspace":
        return {**step, "prepend_scheme": "never"}
    return {**step, "add_prefix_space": False} if kind == "ByteLevel" else step
