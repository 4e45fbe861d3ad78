"""Notes: what the generator wants printed that a syntax tree cannot hold.

Comments, blank lines and the wish to see a list one item per line. Notes are kept beside the tree, by node.
"""

from __future__ import annotations

import ast
import re
from typing import TypeVar

Node = TypeVar("Node", bound=ast.AST)

_DIRECTIVE = re.compile(
    r"coding[:=]|\b(noqa|nosec|type|ty|pyright|mypy|pyrefly|pylint|flake8|ruff|isort|fmt|yapf|pragma)\s*:|^(noqa|nosec)\b",
    re.IGNORECASE,
)
"""What makes a comment an order to a tool; ``coding`` on line 1 or 2 would even change how Python reads the file."""


def clean_comment(text: str) -> str:
    """The text of a comment: one line of printable ASCII, other characters escaped as in a string, blanks merged.

    Raises ValueError if a tool would take the comment for a directive (``noqa``, ``type:``, ``fmt: off``,
    ``coding:``).
    """
    ascii_only = "".join(char if " " <= char <= "~" or char.isspace() else ascii(char)[1:-1] for char in text)
    cleaned = " ".join(ascii_only.split())
    if _DIRECTIVE.search(cleaned):
        raise ValueError(f"a comment must not be a directive: {cleaned!r}")
    return cleaned


class Notes:
    """Notes on the nodes of one tree. Every method that takes a node hands it back."""

    __slots__ = ("_above", "_blank", "_exploded", "_trailing", "header")

    def __init__(self, header: str = "") -> None:
        self.header = clean_comment(header)
        """The comment on line 1; empty: none."""
        self._trailing: dict[ast.stmt, str] = {}
        self._above: dict[ast.stmt, list[str]] = {}
        self._blank: set[ast.stmt] = set()
        self._exploded: set[ast.AST] = set()

    def comment(self, statement: ast.stmt, text: str) -> ast.stmt:
        """Put a comment at the end of a statement's line (of a block: its first line).

        The formatter counts a comment's columns and would break the code to make room for it. A comment that
        does not fit beside the code goes on the line above instead: comments never change how code is laid out.
        Raises ValueError as ``clean_comment`` does.
        """
        self._trailing[statement] = clean_comment(text)
        return statement

    def comment_above(self, statement: ast.stmt, text: str) -> ast.stmt:
        """Put a comment on the line above a statement, below those put there before."""
        self._above.setdefault(statement, []).append(clean_comment(text))
        return statement

    def blank_before(self, statement: ast.stmt) -> ast.stmt:
        """Leave a line blank before a statement (and its comments), unless it is the first of its block."""
        self._blank.add(statement)
        return statement

    def explode(self, node: Node) -> Node:
        """Print a call, list, tuple, dict, import or signature one item per line even where it would fit on one.

        Without effect where Python allows no comma after the last item or there is none: empty brackets, a
        call of a lone generator, a tuple of one.
        """
        self._exploded.add(node)
        return node

    def comment_of(self, statement: ast.stmt) -> str:
        """The comment at the end of a statement's line; empty: none."""
        return self._trailing.get(statement, "")

    def comments_above(self, statement: ast.stmt) -> list[str]:
        """The comments on the lines above a statement."""
        return self._above.get(statement, [])

    def has_blank_before(self, statement: ast.stmt) -> bool:
        """Whether a blank line was asked for."""
        return statement in self._blank

    def is_exploded(self, node: ast.AST) -> bool:
        """Whether one item per line was asked for."""
        return node in self._exploded
