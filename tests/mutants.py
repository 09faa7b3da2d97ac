"""One-line changes of the source that must make tests fail: `python -m tests.mutants [--seed N] [--count 10]`.

Every row of docs/capabilities.md names a change that breaks its capability and one after which the stage no longer uses
it. Some rows are drawn; for each change the project is copied, the change is made in the copy, and the row's test must
fail there. An interpreter environment of its own
looks into the copy first, so the commands that tests start see the change as well. CPT_SHARED is used as given.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import site
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

from tests.capabilities import PAGE, REPOSITORY, Change, Row, read_rows

_COPIED = ("src", "conf", "tests", "notebooks", "docs", ".dvc")
_COPIED_FILES = (
    "README.md",
    "README.zh-CN.md",
    "Makefile",
    "pyproject.toml",
    "constraints.txt",
    "dvc.yaml",
    ".dvcignore",
    ".gitignore",
)
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.egg-info", ".mypy_cache", "cache", "tmp")
KINDS = ("breaks", "unused")
_PASSED, _FAILED = 0, 1
"""Exit codes of pytest; any other means that no test ran."""


@dataclass(frozen=True)
class Place:
    """A folder for the copy, an environment that imports from it, and what its tests leave behind."""

    root: Path

    @property
    def project(self) -> Path:
        """The copy of the project."""
        return self.root / "project"

    @property
    def python(self) -> Path:
        """An interpreter that imports the package from the copy, whatever the environment says."""
        return self.root / "python/bin/python"

    def make_python(self) -> None:
        """Make an environment with the libraries and commands of this one, and the copy before them."""
        venv.create(self.root / "python", symlinks=True)
        for packages in site.getsitepackages():
            mine = self.root / "python" / Path(packages).relative_to(sys.prefix)
            mine.mkdir(parents=True, exist_ok=True)
            lines = f"{self.project / 'src'}\nimport site; site.addsitedir({packages!r})\n"
            (mine / "copy.pth").write_text(lines, encoding="utf-8")
        commands = Path(sys.executable).parent
        for command in commands.iterdir():
            first, _, rest = command.read_bytes().partition(b"\n") if command.is_file() else (b"", b"", b"")
            if first.startswith(f"#!{commands}/python".encode()):
                copied = self.python.with_name(command.name)
                copied.write_bytes(b"#!" + str(self.python).encode() + b"\n" + rest)
                copied.chmod(0o755)

    def copy_project(self) -> None:
        """Make the copy anew, as the project was at the first time."""
        original = self.root / "original"
        if not original.is_dir():
            for name in _COPIED:
                shutil.copytree(REPOSITORY / name, original / name, ignore=_LEFT_OUT)
            for name in _COPIED_FILES:
                shutil.copyfile(REPOSITORY / name, original / name)
        shutil.rmtree(self.project, ignore_errors=True)
        shutil.copytree(original, self.project)

    def test(self, *tests: str) -> tuple[int, str]:
        """Run tests in the copy; give pytest's exit code and the end of what it said."""
        environment = {
            **os.environ,
            "PATH": f"{self.python.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.project / "src"),
        }
        command = [self.python, "-m", "pytest", "-q", "--tb=short", f"--basetemp={self.root / 'tests'}", *tests]
        done = subprocess.run(command, cwd=self.project, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, f"{done.stdout[-3000:]}{done.stderr[-1000:]}"


def main() -> int:
    """Draw rows, check that their tests pass unchanged, then break each; give the exit code."""
    given = _arguments()
    rows = _draw(read_rows(PAGE.read_text(encoding="utf-8")), given.only, given.count, given.seed)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        place = Place(Path(folder))
        place.make_python()
        place.copy_project()
        _say(f"{len(rows)} rows drawn with --seed {given.seed}; their tests must pass before anything is changed ...")
        code, said = place.test(*sorted({row.test for row in rows}))
        if code != _PASSED:
            _say(said)
            return 1
        outcomes = {
            f"{row.number} {kind}": _break(place, row, kind, change)
            for row in rows
            for kind, change in row.changes.items()
            if kind in given.kind
        }
    survivors = [name for name, outcome in outcomes.items() if outcome != "failed"]
    seen = f"{len(outcomes) - len(survivors)} of {len(outcomes)} changes were seen"
    _say(seen + (f"; not: {', '.join(survivors)}" if survivors else ""))
    return 1 if survivors else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--count", type=int, default=10, help="rows to draw; 0 takes all")
    parser.add_argument("--only", type=int, nargs="+", default=[], metavar="NUMBER", help="these rows and no others")
    parser.add_argument(
        "--kind", nargs="+", default=KINDS, choices=KINDS, help="columns of the page to take changes of"
    )
    return parser.parse_args()


def _draw(rows: list[Row], only: list[int], count: int, seed: int) -> list[Row]:
    if only:
        return [row for row in rows if row.number in only]
    return random.Random(seed).sample(rows, min(count, len(rows))) if count else rows


def _break(place: Place, row: Row, kind: str, change: Change) -> str:
    """Make a change of a row in a new copy and run its test; say how it went and, where it failed, why."""
    began = time.monotonic()
    place.copy_project()
    change.apply(place.project)
    code, said = place.test("--exitfirst", row.test)
    outcome = {_PASSED: "PASSED", _FAILED: "failed"}.get(code, f"NO TEST RAN (pytest ended with {code})")
    if "from pytest-timeout" in said:
        outcome = "TIMED OUT"
    _say(f"{row.number:>4} {kind:<7} {outcome:<7} {time.monotonic() - began:>4.0f} s  {change.file}  {row.test}")
    reasons = [line[1:].strip() for line in said.splitlines() if line.startswith("E  ")]
    if outcome != "PASSED":
        _say(f"{'':>30}{reasons[0][:120] if reasons else said}")
    return outcome


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
