"""What the tests of the formatter share: formatting a text, and comparing what must stay the same."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass

from archdsl.format.layout import lay_out
from archdsl.source.source import Source
from archdsl.syntax import ast
from tests.syntax.support import PATH, whole


def formatted(text: str) -> str:
    """A text without a fault in the one style."""
    return lay_out(Source(PATH, text), whole(text))


def tree_of(node: object) -> object:
    """A tree as nested tuples, without places and comments."""
    if isinstance(node, tuple):
        return tuple(tree_of(part) for part in node)
    if not is_dataclass(node):
        return node
    left_out = ("span", "module_span", "comments")
    return type(node).__name__, *(
        tree_of(getattr(node, field.name)) for field in fields(node) if field.name not in left_out
    )


def comments_of(file: ast.File) -> list[str]:
    """The comments of a file in order; blanks at the end of a line are nothing that was said."""
    return [comment.text.rstrip() for comment in file.comments]


def faults_of(text: str) -> list[str]:
    """What formatting a text has got wrong."""
    before = whole(text)
    once = lay_out(Source(PATH, text), before)
    after = whole(once)
    faults = []
    if tree_of(before) != tree_of(after):
        faults.append("the tree has changed")
    if comments_of(before) != comments_of(after):
        faults.append("the comments have changed")
    if lay_out(Source(PATH, once), after) != once:
        faults.append("a second run changes something")
    if re.search(r"[ \t]\n|\n\n\n|\A\n|\n\n\Z|[^\n]\Z", once):
        faults.append("blanks at the end of a line, or a blank line too many")
    return faults
