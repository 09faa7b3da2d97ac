"""Which licences a run accepts: the policy file `parameters_license_policy.yml`, asked of every document.

A licence is an SPDX expression: of `A OR B` one part must be accepted, of `A AND B` both. Names of licences are
compared with shell patterns, so `CC-BY-*` is a family; a refusal is stronger than a wider acceptance.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from pydantic import Field, field_validator

from cpt_pipeline.core.params import Params

_TOKEN = re.compile(r"\(|\)|[^\s()]+")
_UNKNOWN = "unknown"


class LicensePolicyParams(Params):
    """`license_policy:` in conf."""

    accepted: tuple[str, ...] = Field(("*",), min_length=1)
    """SPDX identifiers or patterns of them (`CC-BY-*`)."""
    refused: tuple[str, ...] = ()
    """The same; stronger than `accepted` (`*-NC-*`)."""
    accept_unknown: bool = True
    """Whether `unknown, allowed because <reason>` is accepted."""

    @field_validator("accepted", "refused")
    @classmethod
    def _are_patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if not re.fullmatch(r"[A-Za-z0-9.*?+-]+", pattern):
                raise ValueError(f"{pattern!r} is no licence identifier or pattern; give one licence per entry")
        return patterns

    def find_problem(self, license: str) -> str | None:
        """Say which part of a licence is not accepted; None when the text may be used."""
        if license.startswith(_UNKNOWN):
            return None if self.accept_unknown else "the licence is unknown (license_policy.accept_unknown is false)"
        refused = self._refused(_TOKEN.findall(license))
        return None if not refused else f"{' and '.join(refused)} is not accepted by license_policy"

    def _refused(self, tokens: list[str]) -> list[str]:
        """Give the identifiers that stand in the way of an expression; `tokens` is consumed."""
        found = self._all_of(tokens)
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            other = self._all_of(tokens)
            found = found if not found else other and [*found, *other]
        return found

    def _all_of(self, tokens: list[str]) -> list[str]:
        found = self._one(tokens)
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            found = [*found, *self._one(tokens)]
        return found

    def _one(self, tokens: list[str]) -> list[str]:
        token = tokens.pop(0)
        if token == "(":
            found = self._refused(tokens)
            tokens.pop(0)
            return found
        if tokens and tokens[0] == "WITH":
            del tokens[:2]
        return [] if self._accepts(token) else [token]

    def _accepts(self, identifier: str) -> bool:
        def matches(patterns: tuple[str, ...]) -> bool:
            return any(fnmatchcase(identifier.lower(), pattern.lower()) for pattern in patterns)

        return matches(self.accepted) and not matches(self.refused)
