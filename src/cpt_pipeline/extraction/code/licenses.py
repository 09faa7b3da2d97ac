"""Licences: no text comes in without one.

A licence is an SPDX expression, or `unknown, allowed because <reason>` in the words of whoever decided it. For
installed packages it is read from their metadata, whose older forms (classifiers, a whole licence text) are
mapped to SPDX only where the mapping is certain.
"""

from __future__ import annotations

import re
from importlib import metadata

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

UNCLEAR = "unclear: "
"""Begin of the licence of a file whose repository has a licence that is not known; the path of that one follows."""
_UNKNOWN = re.compile(r"unknown, allowed because \S.*")
_CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
}
"""Classifiers that name one licence. `BSD License` does not: the text decides between two and three clauses."""

_FREE_OF_CHARGE = "Permission is hereby granted, free of charge"
_TO_USE = "Permission to use, copy, modify, and/or distribute this software"
_TEXTS = (
    ("AGPL-3.0-only", ("GNU AFFERO GENERAL PUBLIC LICENSE", "Version 3, 19 November 2007")),
    ("LGPL-3.0-only", ("GNU LESSER GENERAL PUBLIC LICENSE", "Version 3, 29 June 2007")),
    ("LGPL-2.1-only", ("GNU LESSER GENERAL PUBLIC LICENSE", "Version 2.1, February 1999")),
    ("GPL-3.0-only", ("GNU GENERAL PUBLIC LICENSE", "Version 3, 29 June 2007")),
    ("GPL-2.0-only", ("GNU GENERAL PUBLIC LICENSE", "Version 2, June 1991")),
    ("MPL-2.0", ("Mozilla Public License Version 2.0", "Covered Software")),
    ("EPL-2.0", ("Eclipse Public License - v 2.0",)),
    (
        "BSD-3-Clause",
        ("Redistribution and use in source and binary forms", "may be used to endorse or promote products"),
    ),
    ("BSD-2-Clause", ("Redistribution and use in source and binary forms", "this list of conditions")),
    ("JSON", ("Permission is hereby granted, free of charge", "shall be used for Good, not Evil")),
    (
        "MIT",
        (
            "Permission is hereby granted, free of charge",
            'THE SOFTWARE IS PROVIDED "AS IS"',
            "The above copyright notice",
        ),
    ),
    ("MIT-0", ("Permission is hereby granted, free of charge", 'THE SOFTWARE IS PROVIDED "AS IS"')),
    ("Apache-2.0", ("Apache License", "Version 2.0, January 2004")),
    ("ISC", ("Permission to use, copy, modify, and/or distribute this software", "ISC")),
    (
        "ISC",
        ("Permission to use, copy, modify, and/or distribute this software", "copyright notice and this permission"),
    ),
    ("0BSD", ("Permission to use, copy, modify, and/or distribute this software",)),
    ("PSF-2.0", ("PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2",)),
    ("Unlicense", ("This is free and unencumbered software released into the public domain",)),
    ("CC0-1.0", ("CC0 1.0 Universal",)),
    ("BSL-1.0", ("Boost Software License - Version 1.0",)),
    ("Zlib", ("This software is provided 'as-is', without any express or implied warranty", "misrepresented")),
    ("WTFPL", ("DO WHAT THE FUCK YOU WANT TO PUBLIC LICENSE",)),
)
"""Sentences that all stand in the text of a licence; of those that fit, the one that stands first in the text wins, and
of those that begin alike the one that stands first here."""


_COLLECTION = 20_000
"""Characters of a file that holds licences of parts behind the one of the whole."""
_FREE = frozenset(("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "ISC", "MIT", "MIT-0"))
_FREE_TOO = frozenset(("PSF-2.0", "Unlicense", "WTFPL", "Zlib"))
_RESTRICTED = re.compile(
    r"commons clause|non-?commercial|machine learning|artificial intelligence|language models?\b|\btrain(?:ing)?\b"
    r"|may not be used (?!to endorse)|(?:do|does|may|shall|must) not (?:be )?(?:sell|sold|resell|resold)\b"
    r"|(?:only|solely) for (?:personal|academic|research|internal|educational)",
    re.IGNORECASE,
)
"""Words of a restriction that none of the free licences has: where they stand beside its text, it is another one."""


def spdx(text: str) -> str | None:
    """Give the SPDX expression in its canonical form, or None when the text is none."""
    if not text.strip():
        return None
    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        return None


def find_problem(license: str) -> str | None:
    """Say what is wrong with a licence given in conf; None when it may be used."""
    if not license.strip():
        return "no license given. Set license to an SPDX expression, or to `unknown, allowed because <reason>`"
    if license.startswith("unknown"):
        if _UNKNOWN.fullmatch(license):
            return None
        return f"license {license!r} does not say why it is allowed. Write `unknown, allowed because <reason>`"
    if license.startswith(UNCLEAR):
        return f"{license.removeprefix(UNCLEAR)} states no licence that is known; give the folder a source of its own"
    if spdx(license) is None:
        return f"license {license!r} is not an SPDX expression (https://spdx.org/licenses)"
    return None


def package_license(name: str) -> str | None:
    """Give the SPDX licence of an installed package from its metadata; None when it cannot be told."""
    found = metadata.metadata(name)
    expression, text = (" ".join(found.get_all(field) or ()) for field in ("License-Expression", "License"))
    return spdx(expression) or _from_classifiers(found.get_all("Classifier") or []) or _from_text(text)


def license_of_text(text: str) -> str | None:
    """Return the SPDX identifier of the licence whose text this is; None where it is not known.

    A text does not say whether a later version is allowed, so of the GNU licences it is the one that stands there. A
    free licence with restrictions of its own (Commons Clause, no training of models) is not known.
    """
    plain = " ".join(text.split())
    fitting = [(plain.index(each[0]), name) for name, each in _TEXTS if all(sentence in plain for sentence in each)]
    name = min(fitting, key=lambda found: found[0])[1] if fitting else None
    is_one_text = len(plain) < _COLLECTION
    return None if is_one_text and name in _FREE | _FREE_TOO and _RESTRICTED.search(plain) else name


def _from_classifiers(classifiers: list[str]) -> str | None:
    names = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License :: OSI Approved :: ")]
    mapped = [_CLASSIFIERS.get(name) for name in names]
    return mapped[0] if len(mapped) == 1 else None


def _from_text(text: str) -> str | None:
    """Return the licence of the metadata field of that name: an identifier, or a whole text."""
    plain = " ".join(text.split())
    return spdx(plain) if len(plain) < 100 else license_of_text(plain)
