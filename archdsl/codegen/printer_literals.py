"""Literals as Python text: strings, docstrings, f-strings and numbers, in printable ASCII only.

Every character that is not printable ASCII is escaped, so that no text of a user can end a literal, a line or
a comment, reorder what a reader sees, or depend on the encoding of the file.
"""

from __future__ import annotations

import ast
import math

_SHORT_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def number_literal(value: int | float) -> str:
    """A non-negative finite number. Raises ValueError for others: Python has no literal for them."""
    if not math.isfinite(value) or math.copysign(1.0, value) < 0:
        raise ValueError(f"{value!r} is not a literal: negative numbers are a UnaryOp")
    if isinstance(value, int):
        return str(value)
    # repr writes 1e+16 where the formatter wants 1e16.
    return repr(value).replace("e+", "e")


def string_literal(value: str) -> str:
    """A string in the quotes that need fewer escapes, double ones if there is no difference."""
    quote = best_quote(value)
    return quote + "".join(escaped(char, quote) for char in value) + quote


def best_quote(value: str) -> str:
    """The kind of quotes that needs fewer escapes around a string: double ones if there is no difference."""
    return "'" if value.count('"') > value.count("'") else '"'


def escaped(char: str, quote: str = "") -> str:
    """A character as it stands between these quotes."""
    if char in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[char]
    if char == quote:
        return "\\" + char
    if " " <= char <= "~":
        return char
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


# --- docstrings ---------------------------------------------------------------------------------------


def docstring_value(text: str, level: int) -> str:
    """The value of a docstring that reads as ``text`` at a level of indentation (0: the module's).

    A docstring's value holds the blanks that indent its lines. Lines after the first are indented, blanks at
    line ends dropped, and the closing quotes of a text of several lines get a line of their own.
    """
    first, *rest = [line.rstrip() for line in text.strip().split("\n")]
    if not rest:
        return first
    margin = " " * (4 * level)
    return "\n".join([first, *(margin + line if line else "" for line in rest), margin])


def docstring_literal(value: str, margin: int) -> str:
    """A docstring in triple quotes for a block indented by ``margin`` columns; its value is ``value`` exactly.

    The lines of the value become lines of the text if their blanks are those of the block (``docstring_value``
    makes such values). A value that the formatter would re-indent or trim stays on one line, with ``\\n``
    for its line breaks. Blanks, quotes and backslashes at an edge, and quotes next to quotes, are written as
    ``\\x20``, ``\\x22`` and ``\\x5c``: nothing has to be put between them and the closing quotes.
    """
    laid_out = _is_laid_out(value.split("\n"), margin)
    shown = []
    for at, char in enumerate(value):
        edge = at in (0, len(value) - 1)
        beside_quote = '"' in value[max(at - 1, 0) : at] + value[at + 1 : at + 2]
        if laid_out and char in " \n":
            shown.append(char)
        elif (edge and char in ' \\"') or (char == '"' and beside_quote):
            shown.append(f"\\x{ord(char):02x}")
        else:
            shown.append(escaped(char))
    return '"""' + "".join(shown) + '"""'


def _is_laid_out(lines: list[str], margin: int) -> bool:
    """Whether the lines are indented and trimmed as the formatter leaves them in a block at ``margin``."""
    first, *rest = lines
    indented = [line for line in rest if line.strip(" ")]
    if not first.strip() or not indented or first[0].isspace():
        return False
    if any(line != line.rstrip() for line in lines[:-1]):
        return False
    if rest[-1] != (rest[-1].rstrip() or " " * margin):
        return False
    return min(len(line) - len(line.lstrip(" ")) for line in indented) == margin


# --- constants ----------------------------------------------------------------------------------------


def constant_literal(value: object) -> str:
    """A constant of the syntax tree: None, True, False, ``...``, a number or a string.

    Raises ValueError as ``number_literal`` does; ``check_allowed`` has refused the others (bytes, complex).
    """
    match value:
        case None | True | False:
            return repr(value)
        case int() | float():
            return number_literal(value)
        case str():
            return string_literal(value)
    assert value is Ellipsis
    return "..."


def is_docstring(statement: ast.stmt) -> bool:
    """Whether a statement is a string by itself."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
