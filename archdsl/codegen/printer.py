"""Print a Python syntax tree: text that ruff leaves as it is, and that parses back to the same tree.

The tree is made of the standard library's ``ast`` nodes, without positions. The text is laid out as
``ruff format`` with its default settings does it (Black's style, 88 columns), is printable ASCII, and holds
only the syntax that ``check_allowed`` accepts. Comments, blank lines and exploded lists come from ``Notes``.

Left to the caller: the order of imports, names that lint rules like, and the length of what cannot be broken
(strings, docstring lines, names).
"""

from __future__ import annotations

import ast

from archdsl.codegen.printer_allowed import ALLOWED_NODES, check_allowed
from archdsl.codegen.printer_brackets import Brackets
from archdsl.codegen.printer_literals import docstring_value
from archdsl.codegen.printer_notes import Notes
from archdsl.codegen.printer_precedence import find_parentheses
from archdsl.codegen.printer_statements import StatementPrinter

__all__ = ["ALLOWED_NODES", "Notes", "check_allowed", "docstring_value", "print_module", "verify_print"]

LINE_WIDTH = 88
"""The columns of a line, as ruff's default is."""


def print_module(tree: ast.Module, notes: Notes | None = None, *, width: int = LINE_WIDTH) -> str:
    """The text of a module, ending with a newline (empty for an empty module without notes).

    Raises TypeError for syntax that is not allowed, ValueError for a tree that is nested too deep or holds a
    constant Python has no literal for (a negative number, an infinity).
    """
    check_allowed(tree)
    brackets = Brackets(find_parentheses(tree))
    return StatementPrinter(brackets, notes or Notes(), width).module(tree)


def verify_print(tree: ast.Module, text: str) -> None:
    """Check a printed text against its tree: printable ASCII, allowed syntax only, and the same tree when parsed.

    Raises ValueError with the first difference; TypeError and ValueError as ``check_allowed`` does.
    """
    strange = {char for char in text if not (" " <= char <= "~" or char == "\n")}
    if strange:
        raise ValueError(f"the text holds characters that are not printable ASCII: {min(strange)!a}")
    parsed = ast.parse(text)
    check_allowed(parsed)
    wanted, found = ast.dump(tree), ast.dump(parsed)
    if wanted != found:
        at = next((at for at, pair in enumerate(zip(wanted, found, strict=False)) if pair[0] != pair[1]), 0)
        start = max(at - 60, 0)
        raise ValueError(
            f"the text is another tree: {found[start : at + 60]!r} in place of {wanted[start : at + 60]!r}"
        )
