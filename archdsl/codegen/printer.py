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

    Raises ValueError with a difference, SyntaxError if the text is no Python at all, and TypeError or ValueError
    as ``check_allowed`` does.
    """
    strange = {char for char in text if not (" " <= char <= "~" or char == "\n")}
    if strange:
        raise ValueError(f"the text holds characters that are not printable ASCII: {min(strange)!a}")
    parsed = ast.parse(text)
    check_allowed(parsed)
    difference = _difference(tree, parsed)
    if difference:
        raise ValueError(f"the text is another tree: {difference}")


def _difference(wanted: object, found: object) -> str:
    """Where two trees differ, as ``Module.body[0].value.args: 2 items in place of 1``; empty: nowhere.

    Positions do not count. A field that is absent is the same as an empty one: which fields a node must have
    depends on the version of Python.
    """
    waiting = [("Module", wanted, found)]
    while waiting:
        path, *pair = waiting.pop()
        old, new = (None if value == [] else value for value in pair)
        if isinstance(old, ast.AST) and type(old) is type(new):
            fields = [
                (f"{path}.{field}", getattr(old, field, None), getattr(new, field, None)) for field in old._fields
            ]
            waiting += fields
        elif isinstance(old, list) and isinstance(new, list):
            if len(old) != len(new):
                return f"{path}: {len(new)} items in place of {len(old)}"
            waiting += [(f"{path}[{at}]", *items) for at, items in enumerate(zip(old, new, strict=True))]
        elif type(old) is not type(new) or old != new:
            return f"{path}: {new!a} in place of {old!a}"
    return ""
