"""The page of capabilities says what is true: keys, report sections, tests with their marks, and lines to break."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import defaultdict
from pathlib import Path

import click
import pytest
from kedro.framework.cli.cli import KedroCLI
from kedro.framework.startup import bootstrap_project
from kedro.validation.type_extractor import TypeExtractor
from pydantic import BaseModel

from cpt_pipeline import __version__
from cpt_pipeline.wiring.conf_check import _models_in
from tests.capabilities import PAGE, REPOSITORY, Change, Row, find_problems, read_rows
from tests.mutants import Place

TEXT = PAGE.read_text(encoding="utf-8")
ROWS = read_rows(TEXT)
TEMPLATE = REPOSITORY / "src/cpt_pipeline/reporting/templates/report.html.j2"
LAST_NUMBER = 184
DVC_COMMANDS = {"checkout", "commit", "pull", "push", "repro", "status"}
PATTERNS = {"<stage>_provenance.json", "<stage>_run"}


@pytest.fixture(scope="module")
def marks() -> dict[str, set[int]]:
    """Test to the numbers it is marked with, read without importing anything."""
    found = defaultdict(set)
    for path in sorted((REPOSITORY / "tests").rglob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                name = f"{path.relative_to(REPOSITORY).as_posix()}::{node.name}"
                found[name] = {number for each in node.decorator_list if (number := marked(each)) is not None}
    return found


def marked(decorator: ast.expr) -> int | None:
    """Give n of `pytest.mark.feature(n)`."""
    if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.feature":
        (number,) = (ast.literal_eval(argument) for argument in decorator.args)
        assert isinstance(number, int)
        return number
    return None


def has_parameter(models: list[type[BaseModel]], path: list[str]) -> bool:
    """Say whether parameter models have a dotted key; what lies in a list counts as a part of the list."""
    if not path:
        return True
    fields = [model.model_fields[path[0]] for model in models if path[0] in model.model_fields]
    inner = [found for field in fields for found in _models_in(field.annotation)]
    return bool(fields) and has_parameter(inner, path[1:])


def is_command(group: click.Group, words: list[str]) -> bool:
    """Say whether words before the first option name a command of a group, or of a group in it."""
    context = click.Context(group)
    if not words or words[0] not in group.list_commands(context):
        return False
    inner, rest = group.get_command(context, words[0]), words[1:]
    return not isinstance(inner, click.Group) or not rest or rest[0].startswith("-") or is_command(inner, rest)


def test_numbers_are_those_of_the_list_and_stand_once_in_their_order() -> None:
    numbers = [row.number for row in ROWS]
    assert len(numbers) > 40
    assert numbers == sorted(set(numbers))
    assert set(numbers) <= set(range(1, LAST_NUMBER + 1))
    assert all(row.what and row.conf and row.report for row in ROWS)


def test_every_test_of_the_page_is_there_and_carries_its_number(marks: dict[str, set[int]]) -> None:
    assert {row.number: row.test for row in ROWS if row.test not in marks} == {}
    assert {row.number: row.test for row in ROWS if row.number not in marks[row.test]} == {}


def test_every_number_that_a_test_carries_is_on_the_page(marks: dict[str, set[int]]) -> None:
    known = {row.number for row in ROWS}
    assert {name: numbers - known for name, numbers in marks.items() if numbers - known} == {}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.number))
def test_its_changes_can_be_made(row: Row) -> None:
    for change in row.changes.values():
        times = (REPOSITORY / change.file).read_text(encoding="utf-8").count(change.old)
        assert times == 1, f"{change.file} holds {change.old!r} {times} times: choose another line for the page"
        assert change.old != change.new
    assert row.broken != row.unused


def test_keys_and_commands_exist() -> None:
    bootstrap_project(REPOSITORY)
    from cpt_pipeline.pipeline_registry import register_pipelines

    typed = TypeExtractor(register_pipelines()).extract_types_from_pipelines()
    listed = subprocess.run(["make", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    targets = {line.split()[0] for line in listed.splitlines()}
    unknown = []
    for row in ROWS:
        for name in re.findall(r"`([^`]+)`", row.conf):
            key, *path = name.split(".")
            if name.startswith("make "):
                known = name.removeprefix("make ") in targets
            elif name.startswith("notebooks/"):
                known = (REPOSITORY / name).is_file()
            elif name.startswith("kedro "):
                known = is_command(KedroCLI(REPOSITORY), name.split()[1:])
            elif name.startswith("dvc "):
                known = name.split()[1] in DVC_COMMANDS
            elif name.startswith("<stage>"):
                known = name in PATTERNS
            else:
                known = key in typed and has_parameter(_models_in(typed[key]), path)
            unknown += [] if known else [(row.number, name)]
    assert unknown == []


@pytest.mark.parametrize(
    ("command", "known"),
    [
        ("run --pipeline=cpt", True),
        ("viz build --include-previews", True),
        ("mlflow ui", True),
        ("rolback", False),
        ("viz biuld", False),
        ("", False),
    ],
)
def test_a_misspelt_command_is_unknown(command: str, known: bool) -> None:
    bootstrap_project(REPOSITORY)
    assert is_command(KedroCLI(REPOSITORY), command.split()) == known


def test_sections_of_the_report_exist() -> None:
    template = TEMPLATE.read_text(encoding="utf-8")
    sections = set(re.findall(r"<(?:h2|h3|summary)[^>]*>([^<{]+)<", template))
    named = {(row.number, name) for row in ROWS for name in row.report.split("; ") if row.report != "-"}
    assert {(number, name) for number, name in named if name not in sections} == set()


def test_a_line_that_is_no_row_is_named() -> None:
    good = "| 8 | a | `collect` | - | `tests/a.py::test_b` | src/a.py: `x = 1` -> `x = 2` | src/b.py: `a(x)` -> `x` |"
    changes = Change("src/a.py", "x = 1", "x = 2"), Change("src/b.py", "a(x)", "x")
    assert read_rows(good) == [Row(8, "a", "`collect`", "-", "tests/a.py::test_b", *changes)]
    with pytest.raises(ValueError, match="6 cells instead of 7"):
        read_rows(good.replace("| - ", ""))
    with pytest.raises(ValueError, match="no `tests/"):
        read_rows(good.replace("::test_b", ""))
    with pytest.raises(ValueError, match="no file: `old` -> `new`"):
        read_rows(good.replace("`a(x)` ->", "`a(x)` ="))


def test_a_row_needs_a_test_that_ran_and_passed_in_all_its_forms(tmp_path: Path) -> None:
    outcomes = {
        "passed": ["", ""],
        "half": ["", "<skipped/>"],
        "skipped": ["<skipped/>"],
        "failed": ["", "<failure/>"],
        "broken": ["<error/>"],
    }
    cases = "".join(
        f'<testcase classname="tests.a.test_b" name="test_{name}[{number}]">{child}</testcase>'
        for name, children in outcomes.items()
        for number, child in enumerate(children)
    )
    (tmp_path / "junit.xml").write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>", encoding="utf-8")
    change = Change("a", "b", "c")
    rows = [Row(1, "", "", "", f"tests/a/test_b.py::test_{name}", change, change) for name in (*outcomes, "absent")]
    assert find_problems(rows, tmp_path / "junit.xml") == [
        "1: tests/a/test_b.py::test_half: passed, skipped",
        "1: tests/a/test_b.py::test_skipped: skipped",
        "1: tests/a/test_b.py::test_failed: failure, passed",
        "1: tests/a/test_b.py::test_broken: error",
        "1: tests/a/test_b.py::test_absent: not in the run",
    ]


def test_a_changed_copy_is_what_commands_import_and_the_project_stays_as_it_is(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.make_python()
    place.copy_project()
    change = Change("src/cpt_pipeline/__init__.py", f'"{__version__}"', '"changed"')
    change.apply(place.project)
    code = "import cpt_pipeline, yaml; print(cpt_pipeline.__version__, yaml.__name__)"
    said = subprocess.run([place.python, "-c", code], env={}, capture_output=True, text=True, check=True).stdout
    assert said == "changed yaml\n"
    command = place.python.with_name("kedro").read_text(encoding="utf-8")
    assert command.startswith(f"#!{place.python}\n")
    assert '"changed"' not in (REPOSITORY / "src/cpt_pipeline/__init__.py").read_text(encoding="utf-8")
