"""What counts as a change of code and what does not, one case a line."""

from __future__ import annotations

import pytest

from cpt_pipeline.core.syntax import read_syntax


def same(one: str, other: str, *, keep_annotations: bool = False) -> bool:
    texts = [read_syntax(source, keep_annotations=keep_annotations).text for source in (one, other)]
    return texts[0] == texts[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1\n", "x = 1  # one\n"),
        ("x = f(1, 2)\n", "x = f(\n    1,\n    2,\n)\n"),
        ("x = 'a'\n", 'x = u"a"\n'),
        ("x = 'ab'\n", "x = 'a' 'b'\n"),
        ("x = 1\n", '"""A module."""\nx = 1\n'),
        ("x = 1\n", 'x = 1\n"""What x is."""\n'),
        ("def f():\n    return 1\n", 'def f():\n    """One."""\n    return 1\n'),
        ("class A:\n    pass\n", 'class A:\n    """A."""\n'),
        ("class P:\n    def f(self): ...\n", "class P:\n    def f(self):\n        pass\n"),
        ("if a:\n    b()\n", "if a:\n    b()\nelse:\n    pass\n"),
        (
            "def f(a, *b, c=1, **d):\n    return a\n",
            "def f(a: int, *b: str, c: int = 1, **d: float) -> int:\n    return a\n",
        ),
        ("async def f(a: int):\n    return a\n", "async def f(a: float) -> float:\n    return a\n"),
        ("class A:\n    def f(self, a: int): return a\n", "class A:\n    def f(self, a: str) -> str: return a\n"),
        ("def f():\n    x = []\n    return x\n", "def f():\n    x: list[int] = []\n    return x\n"),
        ("def f(self):\n    self.x: int = 1\n", "def f(self):\n    self.x = 1\n"),
        ("X: int = 1\n", "X: float = 1\n"),
        ("@property\ndef f(self) -> int:\n    return 1\n", "@property\ndef f(self) -> float:\n    return 1\n"),
        ("@functools.cache\ndef f(a: int):\n    return a\n", "@functools.cache\ndef f(a):\n    return a\n"),
        ("@lru_cache(1)\ndef f(a: int):\n    return a\n", "@lru_cache(1)\ndef f(a):\n    return a\n"),
        ("x = 1\n", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch\nx = 1\n"),
        ("def f(a): ...\n", "from collections.abc import Iterable\ndef f(a: Iterable[int]): ...\n"),
        ("def f(a): ...\n", "import typing\ndef f(a: typing.Any): ...\n"),
        ("from a import b, c\n", "from a import (\n    c,\n    b,\n)\n"),
        ("__version__ = '0.1'\n", "__version__ = '0.2'\n"),
        ("f()\nlogger.info('%d done', n)\n", "f()\nlogger.warning('%d of %d', n, len(m))\n"),
        ("f()\n", "f()\nlogger.info('done')\n"),
    ],
)
def test_how_code_is_written_is_no_change(one: str, other: str) -> None:
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1\n", "x = 2\n"),
        ("x = 1\n", "x = 1.0\n"),
        ("logger.info('%d', f(1))\n", "logger.info('%d', f(2))\n"),
        ("logger.info(x := 1)\n", "logger.info(x := 2)\n"),
        ("report.info('a')\n", "report.info('b')\n"),
        ("x = 1\n", "x = True\n"),
        ("x = 'a'\n", "x = b'a'\n"),
        ("x = None\n", "x = ...\n"),
        ("x = f'{a}'\n", "x = f'{a!r}'\n"),
        ("x = f'{a:>8}'\n", "x = f'{a:>9}'\n"),
        ("x = [1]\n", "x = (1,)\n"),
        ("x = []\n", "x = {}\n"),
        ("x = a < b\n", "x = a <= b\n"),
        ("x = y\n", "x = z\n"),
        ("x = f(a, b)\n", "x = f(b, a)\n"),
        ("def f(a=1): ...\n", "def f(a=2): ...\n"),
        ("def f(*, a): ...\n", "def f(a): ...\n"),
        ("def f(a): ...\n", "async def f(a): ...\n"),
        ("def f():\n    return x\n", "def f():\n    x: int\n    return x\n"),
        ("class A:\n    x: int = 1\n", "class A:\n    x: float = 1\n"),
        ("class A:\n    x: int\n", "class A:\n    x: int | None\n"),
        ("class A(Params):\n    x: int = Field(1, ge=0)\n", "class A(Params):\n    x: int = Field(1, ge=1)\n"),
        ("def f():\n    class A:\n        x: int\n", "def f():\n    class A:\n        x: str\n"),
        ("@dispatch.register\ndef _(a: int): ...\n", "@dispatch.register\ndef _(a: str): ...\n"),
        ("@cache\ndef f(): ...\n", "def f(): ...\n"),
        ("if TYPE_CHECKING:\n    x = 1\nelse:\n    x = 2\n", "if TYPE_CHECKING:\n    x = 1\nelse:\n    x = 3\n"),
        ("from math import floor as f\n", "from math import ceil as f\n"),
        ("from typing import cast as f\nf(int, 1)\n", "from typing import assert_type as f\nf(int, 1)\n"),
        ("from . import a\n", "from .. import a\n"),
        ("import a.b\n", "import a.c\n"),
        ("raise E('one')\n", "raise E('two')\n"),
        ("f()\n", "f\n"),
        ("try:\n    f()\nexcept A:\n    g()\n", "try:\n    f()\nexcept B:\n    g()\n"),
        ("match a:\n    case None:\n        f()\n", "match a:\n    case True:\n        f()\n"),
        ("{**a, 'b': 1}\n", "{'b': 1, **a}\n"),
    ],
)
def test_what_code_does_is_a_change(one: str, other: str) -> None:
    assert not same(one, other)


def test_annotations_that_are_read_at_run_time_are_kept_where_asked_for() -> None:
    one, other = "def f(a: Small): ...\n", "def f(a: Large): ...\n"
    assert same(one, other)
    assert not same(one, other, keep_annotations=True)


def test_imports_and_texts_of_code_that_runs_are_named() -> None:
    found = read_syntax(
        '"""house.doc"""\nimport a\nif TYPE_CHECKING:\n    import b\ndef f():\n    return g("house.shed")\n'
    )
    assert [alias.name for node in found.imports for alias in node.names] == ["a"]
    assert found.constants == {"house.shed"}
