"""What Python code does, apart from how it is written: syntax trees without what cannot change a result.

Left out: comments, formatting, docstrings and other texts that stand alone, `pass`, annotations of arguments, results
and variables, `if TYPE_CHECKING:` blocks, names imported for these from the modules of types, `__version__`, lines of
the log. Kept: annotations in a class body (a field of pydantic or a dataclass is made of them), those below a decorator
that may read them, and lines of the log that call a function of ours.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

_BLIND_DECORATORS = frozenset(
    {
        *("abstractmethod", "cache", "cached_property", "classmethod", "contextmanager"),
        *("lru_cache", "property", "setter", "staticmethod"),
    }
)
"""Decorators of the standard library that never look at an annotation."""
_LOGGERS = frozenset({"logger", "logging"})
_LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
_HARMLESS = frozenset({"len", "sum", "min", "max", "round", "sorted", "set", "list", "str", "repr", "join", "format"})
"""What a line of the log may call and still change nothing."""
_TYPING_MODULES = frozenset({"__future__", "collections.abc", "numpy.typing", "types", "typing"})
_LEFT_OUT = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


@dataclass(frozen=True)
class Syntax:
    """The syntax of one module as text, equal for code that does the same, and what of it may name other modules."""

    text: str
    imports: tuple[ast.Import | ast.ImportFrom, ...]
    constants: frozenset[str]
    """Every text in the code that is no docstring."""


def read_syntax(source: str, *, keep_annotations: bool = False, filename: str = "<source>") -> Syntax:
    """Return the syntax of `source` without what cannot change a result, the same in every version of Python.

    `keep_annotations` is for code whose annotations are read at run time, as Kedro reads those of a node.
    """
    return _Reader(keep_annotations).read(ast.parse(source, filename=filename))


class _Reader:
    """Writes a tree as text in one pass (an `ast.NodeTransformer` takes three times as long)."""

    def __init__(self, keep_annotations: bool) -> None:
        self._keep_annotations = keep_annotations
        self._in_class = False
        self._skip_annotations = False
        self._names: set[str] = set()
        self._constants: set[str] = set()
        self._imports: list[ast.Import | ast.ImportFrom] = []
        self._of_types: list[tuple[str, str]] = []
        """What is imported from the modules of types: the name it has here, and the statement."""

    def read(self, tree: ast.Module) -> Syntax:
        """Return the syntax of a module."""
        text = self._write(tree)
        used = sorted({statement for name, statement in self._of_types if name in self._names})
        return Syntax(";".join([*used, text]), tuple(self._imports), frozenset(self._constants))

    def _write(self, node: object) -> str:
        if isinstance(node, list):
            return f"[{','.join(filter(None, map(self._write, node)))}]"
        if not isinstance(node, ast.AST):
            return f"{type(node).__name__}:{node!r}"
        special = getattr(self, f"_write_{type(node).__name__}", None)
        return special(node) if special is not None else self._write_fields(node, node._fields)

    def _write_fields(self, node: ast.AST, names: Iterable[str]) -> str:
        """Write a node; what is empty is left out, for versions of Python differ in which fields a node has."""
        fields = [(name, getattr(node, name, None)) for name in names if name not in _LEFT_OUT]
        texts = [(name, self._write(value)) for name, value in fields if value is not None]
        return f"{type(node).__name__}({','.join(f'{name}={text}' for name, text in texts if text != '[]')})"

    def _write_Expr(self, node: ast.Expr) -> str:
        """Leave out constants that stand alone (docstrings, texts below an attribute, `...`) and lines of the log."""
        is_told = isinstance(node.value, ast.Constant) or _is_line_of_log(node.value)
        return "" if is_told else self._write_fields(node, node._fields)

    def _write_Pass(self, node: ast.Pass) -> str:
        return ""

    def _write_Constant(self, node: ast.Constant) -> str:
        if isinstance(node.value, str):
            self._constants.add(node.value)
        return f"Constant({type(node.value).__name__}:{node.value!r})"

    def _write_JoinedStr(self, node: ast.JoinedStr) -> str:
        """Leave out empty pieces, which Python 3.12 adds to an f-string and 3.11 does not."""
        pieces = [each for each in node.values if not (isinstance(each, ast.Constant) and each.value == "")]
        return f"JoinedStr({self._write(pieces)})"

    def _write_Name(self, node: ast.Name) -> str:
        self._names.add(node.id)
        return f"Name({node.id})"

    def _write_If(self, node: ast.If) -> str:
        """Leave out `if TYPE_CHECKING:`; its `else` is what runs."""
        if _last_name(node.test) == "TYPE_CHECKING":
            return ",".join(filter(None, map(self._write, node.orelse)))
        return self._write_fields(node, node._fields)

    def _write_ClassDef(self, node: ast.ClassDef) -> str:
        return self._write_scope(node, node._fields, is_class=True)

    def _write_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
        outside = self._skip_annotations
        blind = all(_last_name(each) in _BLIND_DECORATORS for each in node.decorator_list)
        self._skip_annotations = blind and not self._keep_annotations
        fields = [name for name in node._fields if name != "returns" or not self._skip_annotations]
        text = self._write_scope(node, fields, is_class=False)
        self._skip_annotations = outside
        return text

    _write_AsyncFunctionDef = _write_FunctionDef

    def _write_scope(self, node: ast.AST, fields: Iterable[str], *, is_class: bool) -> str:
        outside, self._in_class = self._in_class, is_class
        text = self._write_fields(node, fields)
        self._in_class = outside
        return text

    def _write_arg(self, node: ast.arg) -> str:
        return self._write_fields(node, ["arg"] if self._skip_annotations else node._fields)

    def _write_AnnAssign(self, node: ast.AnnAssign) -> str:
        """Write `x: T = 1` outside a class as `x = 1`; `x: T` alone makes `x` a local name."""
        if self._in_class or self._keep_annotations:
            return self._write_fields(node, node._fields)
        if node.value is None:
            return self._write_fields(node, ["target"])
        return self._write_Assign(ast.Assign([node.target], node.value))

    def _write_Assign(self, node: ast.Assign) -> str:
        """Leave out the version of the package."""
        is_version = [_last_name(target) for target in node.targets] == ["__version__"]
        return "" if is_version else self._write_fields(node, node._fields)

    def _write_ImportFrom(self, node: ast.ImportFrom) -> str:
        self._imports.append(node)
        names = sorted((alias.name, alias.asname or alias.name) for alias in node.names)
        if node.level == 0 and node.module in _TYPING_MODULES:
            self._of_types += [(bound, f"from {node.module} import {name} as {bound}") for name, bound in names]
            return ""
        return f"ImportFrom({node.level},{node.module},{names})"

    def _write_Import(self, node: ast.Import) -> str:
        self._imports.append(node)
        names = sorted((alias.name, alias.asname or "") for alias in node.names)
        bound = [(alias or name.partition(".")[0], f"import {name} as {alias}") for name, alias in names]
        self._of_types += [each for each, (name, _) in zip(bound, names, strict=True) if name in _TYPING_MODULES]
        kept = [each for each in names if each[0] not in _TYPING_MODULES]
        return f"Import({kept})" if kept else ""


def _is_line_of_log(node: ast.expr) -> bool:
    """Return whether an expression only writes a line of the log."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _LEVELS):
        return False
    inside = [each for argument in (*node.args, *node.keywords) for each in ast.walk(argument)]
    calls = (each for each in inside if isinstance(each, ast.Call))
    changes = any(isinstance(each, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom) for each in inside)
    is_logger = isinstance(node.func.value, ast.Name) and node.func.value.id in _LOGGERS
    return is_logger and not changes and all(_last_name(each.func) in _HARMLESS for each in calls)


def _last_name(node: ast.expr) -> str | None:
    """Return the last part of a name: `cache` of `functools.cache`, `lru_cache` of `lru_cache(1)`."""
    if isinstance(node, ast.Call):
        return _last_name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)
