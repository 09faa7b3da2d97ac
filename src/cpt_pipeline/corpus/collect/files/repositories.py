"""Sources of source code: what among their files is code, and under which licence each repository is.

A source is one of code where conf says `category: code`, or where most of its files are code by their names. In such a
source files of records and pages (package.json, tables of tests) are parts of programs and no documents; in any other
one the scripts and styles of saved pages are none. The licence of a file is that of the nearest folder above it that
states one. Where its text is not known, the licence is unclear, and never that of the source.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from cpt_pipeline.extraction.code.files import passed_over
from cpt_pipeline.extraction.code.licenses import UNCLEAR, license_of_text, spdx
from cpt_pipeline.extraction.kinds import CODE, RECORDS, SUPPORTED, WEB_PAGES, kind_of

DATA_OF_CODE, WEB_ASSET, LICENSE_FILE = "data_of_code", "web_asset", "license_file"
REASONS = frozenset((DATA_OF_CODE, WEB_ASSET, LICENSE_FILE))

_LICENSE_NAMES = frozenset(
    (
        *("license", "licence", "copying", "unlicense", "mit-license", "license-mit", "license-apache"),
        *("copying.lesser", "copying.lib", "license-bsd", "license-isc", "license-zlib"),
    )
)
_LESSER, _GENERAL = "LGPL-", "GPL-"
_MANIFESTS = {
    "package.json": re.compile(r'"license"\s*:\s*"([^"]{1,200})"'),
    "cargo.toml": re.compile(r'^license\s*=\s*"([^"\n]{1,200})"', re.MULTILINE),
    "pyproject.toml": re.compile(r'^license\s*=\s*(?:\{\s*text\s*=\s*)?"([^"\n]{1,200})"', re.MULTILINE),
}
"""Files that describe a package, and where they name its licence."""
_ASSETS = frozenset((".js", ".mjs", ".css", ".scss", ".less"))
_DATA = RECORDS | WEB_PAGES | {".xml"}
_MAX_IDENTIFIER = 100
"""Characters of a licence file that may be an identifier."""
MAX_LICENSE_BYTES = 1 << 17


@dataclass(frozen=True)
class Verdict:
    """What the name of a file and its neighbours say of it."""

    reason: str | None = None
    detail: str | None = None
    license: str | None = None


def judge_files(names: Iterable[str], category: str | None, read: Callable[[str], bytes]) -> Mapping[str, Verdict]:
    """Return a verdict for every name that has one; `read` gives the begin of a LICENSE, or raises OSError."""
    all_names = list(names)
    kinds = {name: kind_of(name) for name in all_names}
    num_code = sum(kind == CODE for kind in kinds.values())
    is_code = category == CODE or num_code * 2 > sum(kind in SUPPORTED for kind in kinds.values())
    has_pages = any(kind in WEB_PAGES for kind in kinds.values())
    known = _licenses(all_names, read) if num_code else {}
    found = {}
    for name, kind in kinds.items():
        reason, detail = _reason(name, kind, is_code, has_pages) or (None, None)
        license_name = _nearest(name, known) if is_code or kind == CODE else None
        if reason or license_name:
            found[name] = Verdict(reason, detail, license_name)
    return found


def _reason(name: str, kind: str, is_code: bool, has_pages: bool) -> tuple[str, str] | None:
    if is_code and states_license(name) and PurePosixPath(name.lower()).name not in _MANIFESTS:
        return LICENSE_FILE, "a licence, which the other files are under"
    if is_code and kind in _DATA:
        return DATA_OF_CODE, "records or pages of a source of code; give them a source of their own to have them read"
    if kind != CODE:
        return None
    if not is_code and has_pages and PurePosixPath(name.lower()).suffix in _ASSETS:
        return WEB_ASSET, "a script or a style beside web pages; category: code has it read"
    return passed_over(name)


def _licenses(names: Iterable[str], read: Callable[[str], bytes]) -> dict[str, str]:
    """Return the licence of every folder that states one: its licence files, else LICENSES, else its manifest."""
    stated: defaultdict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in sorted(filter(states_license, names)):
        path = PurePosixPath(name)
        try:
            text = read(name).decode("utf-8", "replace")
        except OSError:
            text = ""  # the file itself is listed with what is wrong
        if _MANIFESTS.get(path.name.lower()):
            if (told := _MANIFESTS[path.name.lower()].search(text)) is not None:
                stated[str(path.parent)]["manifest"].append(spdx(told[1].replace("/", " OR ")) or f"{UNCLEAR}{name}")
        elif is_license(name):
            stated[str(path.parent)]["file"].append(_of_file(text) or f"{UNCLEAR}{name}")
        else:
            stated[str(path.parent.parent)]["folder"].append(spdx(path.stem) or _of_file(text) or f"{UNCLEAR}{name}")
    return {folder: _combined(found) for folder, found in stated.items()}


def _of_file(text: str) -> str | None:
    """Return what a licence file says: a whole text, or one line with its identifier."""
    if (known := license_of_text(text)) is not None or len(text.strip()) > _MAX_IDENTIFIER:
        return known
    return spdx(text.strip().rpartition("SPDX-License-Identifier:")[2].strip())


def _combined(stated: Mapping[str, list[str]]) -> str:
    """Return one licence of those that a folder states; of several LICENSE files any, of a folder LICENSES all.

    The text of the LGPL comes with that of the GPL, which it adds to.
    """
    kind = next(kind for kind in ("file", "folder", "manifest") if kind in stated)
    known = sorted({each for each in stated[kind] if not each.startswith(UNCLEAR)})
    if any(each.startswith(_LESSER) for each in known):
        known = [each for each in known if not each.startswith(_GENERAL)]
    if not known or (kind == "folder" and any(each.startswith(UNCLEAR) for each in stated[kind])):
        return next(each for each in stated[kind] if each.startswith(UNCLEAR))
    if len(known) == 1:
        return known[0]
    return (" AND " if kind == "folder" else " OR ").join(f"({each})" if " " in each else each for each in known)


def _nearest(name: str, known: Mapping[str, str]) -> str | None:
    return next((known[str(folder)] for folder in PurePosixPath(name).parents if str(folder) in known), None)


def is_license(name: str) -> bool:
    """Return whether a file is the licence of the folder that it stands in, by its name."""
    path = PurePosixPath(name.lower())
    return (path.stem if path.suffix in (".txt", ".md", ".rst", ".apache", ".mit") else path.name) in _LICENSE_NAMES


def states_license(name: str) -> bool:
    """Return whether a file states the licence of a folder: a licence file, one in LICENSES (REUSE), a manifest."""
    path = PurePosixPath(name)
    is_reuse = path.parent.name == "LICENSES" and path.suffix.lower() == ".txt"
    return is_license(name) or is_reuse or path.name.lower() in _MANIFESTS
