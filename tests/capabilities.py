"""docs/capabilities.md as data, and its check against the last test run: `python -m tests.capabilities`.

A row of the page counts when its test ran and passed; a test that was skipped shows nothing. Two changes of the source
must make that test fail: one that breaks what the capability does, and one after which the stage no longer uses it.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

REPOSITORY = Path(__file__).parents[1]
PAGE = REPOSITORY / "docs/capabilities.md"
JUNIT = REPOSITORY / "junit.xml"
_NUM_COLUMNS = 7
_TEST = re.compile(r"`(tests/[\w/]+\.py::test_\w+)`")
_CHANGE = re.compile(r"(\S+): `(.+)` -> `(.*)`")


@dataclass(frozen=True)
class Change:
    """One line of one file, and what to write instead so that a capability breaks."""

    file: str
    old: str
    new: str

    def apply(self, project: Path) -> None:
        """Change the file below `project`."""
        path = project / self.file
        text = path.read_text(encoding="utf-8")
        times = text.count(self.old)
        assert times == 1, f"{self.file} holds {self.old!r} {times} times"
        path.unlink()
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


@dataclass(frozen=True)
class Row:
    """One capability."""

    number: int
    what: str
    conf: str
    report: str
    test: str
    broken: Change
    unused: Change

    @property
    def changes(self) -> dict[str, Change]:
        """Both changes by the name of their column."""
        return {"breaks": self.broken, "unused": self.unused}


def read_rows(page: str) -> list[Row]:
    """Give the rows of the page; `ValueError` names a line that is no row."""
    return [_row(line) for line in page.splitlines() if re.match(r"\|\s*\d", line)]


def find_problems(rows: Iterable[Row], junit: Path) -> list[str]:
    """Say which rows the test run does not show: a test that is missing from it, was skipped, or failed."""
    outcomes: defaultdict[str, set[str]] = defaultdict(set)
    for case in ElementTree.parse(junit).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name', '').partition('[')[0]}"
        outcomes[name].update({child.tag for child in case} & {"failure", "error", "skipped"} or {"passed"})
    found = []
    for row in rows:
        names = outcomes[row.test.replace("/", ".").replace(".py::", ".")]
        if names != {"passed"}:
            found.append(f"{row.number}: {row.test}: {', '.join(sorted(names)) or 'not in the run'}")
    return found


def main() -> int:
    """Check the page against junit.xml; give the exit code."""
    if not JUNIT.is_file():
        sys.stderr.write(f"{JUNIT.name} is not there: run `make test` first\n")
        return 1
    rows = read_rows(PAGE.read_text(encoding="utf-8"))
    problems = find_problems(rows, JUNIT)
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    sys.stdout.write(f"{len(rows) - len(problems)} of {len(rows)} capabilities shown by the last test run\n")
    return 1 if problems else 0


def _row(line: str) -> Row:
    cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
    if len(cells) != _NUM_COLUMNS:
        raise ValueError(f"{len(cells)} cells instead of {_NUM_COLUMNS}: {line}")
    test = _TEST.fullmatch(cells[4])
    if test is None:
        raise ValueError(f"no `tests/...py::test_name`: {line}")
    return Row(int(cells[0]), *cells[1:4], test[1], _change(cells[5], line), _change(cells[6], line))


def _change(cell: str, line: str) -> Change:
    found = _CHANGE.fullmatch(cell)
    if found is None:
        raise ValueError(f"no file: `old` -> `new`: {line}")
    return Change(*found.groups())


if __name__ == "__main__":
    sys.exit(main())
