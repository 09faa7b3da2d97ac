"""MathML to LaTeX, element by element while a file is parsed, so that depth and size cost nothing extra.

Presentation MathML (W3C MathML 3) as publishers write it: rows, scripts, fractions, roots, tables, fences. Letters
and signs without a LaTeX name here stay as they are. An `annotation` in TeX, where there is one, wins. Content
MathML (`apply`, `ci`) is read as a row of its leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

_SIGNS = {
    "−": "-", "±": r"\pm", "×": r"\times", "÷": r"\div", "·": r"\cdot", "⋅": r"\cdot", "≤": r"\le", "≥": r"\ge",
    "≠": r"\ne", "≈": r"\approx", "≡": r"\equiv", "∞": r"\infty", "∑": r"\sum", "∏": r"\prod", "∫": r"\int",
    "∂": r"\partial", "∇": r"\nabla", "√": r"\surd", "→": r"\to", "←": r"\leftarrow", "⇌": r"\rightleftharpoons",
    "⇄": r"\rightleftarrows",
    "↔": r"\leftrightarrow", "⇒": r"\Rightarrow", "⇔": r"\Leftrightarrow", "∈": r"\in", "∉": r"\notin",
    "⊂": r"\subset", "⊆": r"\subseteq", "∪": r"\cup", "∩": r"\cap", "∀": r"\forall", "∃": r"\exists", "∝": r"\propto",
    "…": r"\dots", "°": r"^\circ", "′": "'", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$",
    "_": r"\_", "\\": r"\backslash", "~": r"\sim", "^": r"\hat{}", "\u2061": "",
    "\u2062": "", "\u2063": "", "\u2064": "",
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon", "ζ": r"\zeta", "η": r"\eta",
    "θ": r"\theta", "ι": r"\iota", "κ": r"\kappa", "λ": r"\lambda", "μ": r"\mu", "ν": r"\nu", "ξ": r"\xi", "π": r"\pi",
    "ρ": r"\rho", "σ": r"\sigma", "τ": r"\tau", "υ": r"\upsilon", "φ": r"\varphi", "χ": r"\chi", "ψ": r"\psi",
    "ω": r"\omega", "Γ": r"\Gamma", "Δ": r"\Delta", "Θ": r"\Theta", "Λ": r"\Lambda", "Ξ": r"\Xi", "Π": r"\Pi",
    "Σ": r"\Sigma", "Φ": r"\Phi", "Ψ": r"\Psi", "Ω": r"\Omega",
}  # fmt: skip
_COMMANDS = frozenset(_SIGNS.values())
# fmt: off
_FUNCTIONS = frozenset((
    "arccos", "arcsin", "arctan", "cos", "cosh", "cot", "det", "dim", "exp", "gcd", "inf", "ker", "lim", "ln", "log",
    "max", "min", "sin", "sinh", "sup", "tan", "tanh",
))
# fmt: on
_ACCENTS = {
    "^": "hat",
    "ˆ": "hat",
    "¯": "bar",
    "‾": "bar",
    "~": "tilde",
    "˜": "tilde",
    "→": "vec",
    "˙": "dot",
    "¨": "ddot",
}
_WITH_LIMITS = (r"\sum", r"\prod", r"\int", r"\lim", r"\max", r"\min", r"\sup", r"\inf")
_BLANK = frozenset(("mphantom", "maligngroup", "malignmark", "annotation-xml", "none"))
_PRESCRIPTS = "\0"
"""Stands among the children of `mmultiscripts` where those that are set before the base begin."""
_VARIANTS = {
    "bold": "mathbf", "italic": "mathit", "bold-italic": "boldsymbol", "double-struck": "mathbb", "script": "mathcal",
    "bold-script": "mathcal", "fraktur": "mathfrak", "bold-fraktur": "mathfrak", "sans-serif": "mathsf",
    "bold-sans-serif": "mathsf", "monospace": "mathtt", "normal": "mathrm",
}  # fmt: skip


@dataclass
class _Element:
    name: str
    attributes: dict[str, str]
    variant: str
    """Its own `mathvariant` or that of what it stands in."""
    parts: list[str] = field(default_factory=list)
    """LaTeX of the children, text of a leaf."""


class FormulaBuilder:
    """Takes the events of one `math` element and what is in it; `end` gives the LaTeX when it is complete."""

    def __init__(self) -> None:
        self._open: list[_Element] = []
        self._tex: str | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Enter an element, named without its namespace."""
        inherited = self._open[-1].variant if self._open else ""
        self._open.append(_Element(name, attributes, attributes.get("mathvariant", inherited)))

    def data(self, text: str) -> None:
        """Take text; between elements it is layout."""
        if self._open and (text.strip() or self._open[-1].name in _LEAVES):
            self._open[-1].parts.append(text)

    def end(self) -> str | None:
        """Leave an element; give the formula, in `$` or `$$`, when it was the outermost."""
        element = self._open.pop()
        latex = _styled(_latex(element), element)
        if element.name == "annotation":
            if "tex" in element.attributes.get("encoding", "").lower():
                self._tex = latex
            latex = ""
        if self._open:
            if latex == _PRESCRIPTS and self._open[-1].name != "mmultiscripts":
                return None
            if latex or self._open[-1].name in _ARRANGERS:
                self._open[-1].parts.append(latex)
            return None
        latex, self._tex = " ".join((self._tex or latex).split()), None
        if not latex:
            return ""
        mark = "$$" if element.attributes.get("display") == "block" else "$"
        return f"{mark}{latex}{mark}"


def _latex(element: _Element) -> str:
    arrange = _ARRANGERS.get(element.name)
    if arrange is not None:
        return arrange(element.parts)
    if element.name in _BLANK:
        return ""
    if element.name in _LEAVES:
        return _LEAVES[element.name]("".join(element.parts))
    if element.name == "mfenced":
        return _fenced(element)
    return _row(element.parts)


def _styled(latex: str, element: _Element) -> str:
    """Write letters and numbers in the alphabet that `mathvariant` names."""
    text = "".join(element.parts).strip()
    if element.name not in ("mi", "mn") or not text or text in _FUNCTIONS:
        return latex
    variant = element.variant
    is_plain = variant == "normal" if len(text) > 1 or element.name == "mn" else variant == "italic"
    command = _VARIANTS.get(variant)
    if command is None or is_plain or (variant == "normal" and not text.isascii()):
        return latex
    command = command if text.isascii() or variant not in ("bold", "italic") else "boldsymbol"
    return f"\\{command}{{{_signs(text)}}}"


def _row(parts: list[str]) -> str:
    """Join, with a space where a command would swallow the letter behind it."""
    pieces: list[str] = []
    for part in parts:
        if pieces and part[:1].isalpha() and _ends_in_command(pieces[-1]):
            pieces.append(" ")
        pieces.append(part)
    return "".join(pieces)


def _ends_in_command(latex: str) -> bool:
    letters = len(latex) - len(latex.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    return 0 < letters < len(latex) and latex[-letters - 1] == "\\"


def _signs(text: str) -> str:
    return _row([_SIGNS.get(character, character) for character in text])


def _identifier(text: str) -> str:
    name = text.strip()
    if name in _FUNCTIONS:
        return f"\\{name}"
    return _signs(name) if len(name) <= 1 or not name.isascii() else f"\\mathrm{{{_signs(name)}}}"


def _operator(text: str) -> str:
    sign = text.strip()
    if sign in _FUNCTIONS:
        return f"\\{sign}"
    return f" {_signs(sign)} " if sign in "=<>≤≥≠≈≡→←⇌⇄↔⇒⇔∈∉⊂⊆" and sign else _signs(sign)


def _text(text: str) -> str:
    kept = " ".join(f"|{text}|".split())[1:-1]
    escaped = "".join(f"\\{character}" if character in "{}%&#$_" else character for character in kept)
    return f"\\text{{{escaped}}}" if kept.strip() else kept


def _base(latex: str) -> str:
    return latex if len(latex) <= 1 or latex.startswith("\\text{") or latex in _COMMANDS else f"{{{latex}}}"


def _script(mark: str, latex: str) -> str:
    bare = latex.strip().removeprefix("\\text{")
    bare = bare.removesuffix("}") if bare != latex.strip() and "{" not in bare else latex.strip()
    return f"{mark}{{{bare}}}" if bare else ""


def _under(parts: list[str]) -> str:
    base, under = _first(parts, 2)
    if base.strip().startswith(_WITH_LIMITS):
        return base.strip() + _script("_", under)
    return f"\\underset{{{under.strip()}}}{{{base}}}"


def _over(parts: list[str]) -> str:
    base, over = _first(parts, 2)
    if base.strip().startswith(_WITH_LIMITS):
        return base.strip() + _script("^", over)
    for sign, accent in _ACCENTS.items():
        if over.strip() == _SIGNS.get(sign, sign):
            return f"\\{accent}{{{base}}}"
    return f"\\overset{{{over.strip()}}}{{{base}}}"


def _scripts(*marks: str) -> Callable[[list[str]], str]:
    def arrange(parts: list[str]) -> str:
        base, *scripts = _first(parts, len(marks) + 1)
        return _base(base.strip()) + "".join(map(_script, marks, scripts))

    return arrange


def _multiscripts(parts: list[str]) -> str:
    """Write pairs of sub- and superscripts behind the base, and those behind the mark of prescripts before it."""
    place = parts.index(_PRESCRIPTS) if _PRESCRIPTS in parts else len(parts)
    base, *behind = parts[:place] or [""]
    before = [part for part in parts[place:] if part != _PRESCRIPTS]
    first, *more = _pairs(behind) or [""]
    others = "".join(f"{{}}{pair}" for pair in more if pair)
    return "".join(f"{{}}{pair}" for pair in _pairs(before) if pair) + _base(base.strip()) + first + others


def _pairs(scripts: list[str]) -> list[str]:
    padded = [*scripts, ""] if len(scripts) % 2 else scripts
    return [_script("_", sub) + _script("^", sup) for sub, sup in zip(padded[::2], padded[1::2], strict=True)]


def _fraction(parts: list[str]) -> str:
    above, below = _first(parts, 2)
    return f"\\frac{{{above.strip()}}}{{{below.strip()}}}"


def _root(parts: list[str]) -> str:
    radicand, degree = _first(parts, 2)
    return f"\\sqrt[{degree.strip()}]{{{radicand.strip()}}}"


def _table(parts: list[str]) -> str:
    rows = r" \\ ".join(parts)
    return rf"\begin{{matrix}} {rows} \end{{matrix}}"


def _fenced(element: _Element) -> str:
    opening, closing = element.attributes.get("open", "("), element.attributes.get("close", ")")
    return _signs(opening) + ", ".join(part.strip() for part in element.parts) + _signs(closing)


def _first(parts: list[str], number: int) -> list[str]:
    """Give so many children; what a broken element has too many of joins the last, what it lacks is empty."""
    *firsts, last = [*parts[: number - 1], *[""] * (number - 1 - len(parts)), _row(parts[number - 1 :])]
    return [*firsts, last]


_ARRANGERS: dict[str, Callable[[list[str]], str]] = {
    "msub": _scripts("_"),
    "msup": _scripts("^"),
    "msubsup": _scripts("_", "^"),
    "munderover": _scripts("_", "^"),
    "mmultiscripts": _multiscripts,
    "munder": _under,
    "mover": _over,
    "mfrac": _fraction,
    "mroot": _root,
    "msqrt": lambda parts: f"\\sqrt{{{_row(parts).strip()}}}",
    "mtable": _table,
    "mtr": " & ".join,
    "mtd": lambda parts: _row(parts).strip(),
}
_LEAVES: dict[str, Callable[[str], str]] = {
    "mi": _identifier,
    "ci": _identifier,
    "mn": lambda text: _signs(text.strip()),
    "cn": lambda text: _signs(text.strip()),
    "mo": _operator,
    "mtext": _text,
    "ms": _text,
    "mspace": lambda _: " ",
    "annotation": str.strip,
    "mprescripts": lambda _: _PRESCRIPTS,
}
