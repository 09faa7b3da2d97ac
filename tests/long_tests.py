"""Write docs/long-tests.md from the last run of the long tests: `make test-long`."""

from __future__ import annotations

import datetime
import os
import sys
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

REPOSITORY = Path(__file__).parents[1]
JUNIT = REPOSITORY / "junit-long.xml"
PAGE = REPOSITORY / "docs/long-tests.md"
_HEAD = """# Long tests

What `make test-long` ran last: tests that take minutes, kept out of `make test`. The command writes this page.

{when}, {cores} cores; torch {torch}, transformers {transformers}, deepspeed {deepspeed}, kedro {kedro}, dvc {dvc}.

| test | seconds | outcome |
|---|---|---|
"""
_LIBRARIES = ("torch", "transformers", "deepspeed", "kedro", "dvc")


def main() -> int:
    """Write the page; give the exit code."""
    if not JUNIT.is_file():
        sys.stderr.write(f"{JUNIT.name} is not there: run `make test-long`\n")
        return 1
    suite = next(ElementTree.parse(JUNIT).iter("testsuite"))
    facts = {name: version(name) for name in _LIBRARIES}
    head = _HEAD.format(when=_day(suite), cores=len(os.sched_getaffinity(0)), **facts)
    PAGE.write_text(head + "".join(sorted(map(_line, suite.iter("testcase")))), encoding="utf-8")
    return 0


def _day(suite: ElementTree.Element) -> datetime.date:
    return datetime.datetime.fromisoformat(suite.attrib["timestamp"]).date()


def _line(case: ElementTree.Element) -> str:
    file = case.attrib["classname"].replace(".", "/")
    outcome = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
    return f"| `{file}.py::{case.attrib['name']}` | {float(case.attrib['time']):.0f} | {outcome} |\n"


if __name__ == "__main__":
    sys.exit(main())
