"""What the tests of the front half share: parsing and checking a text, and walking over a tree of dataclasses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.source.source import Source
from archdsl.syntax import ast
from archdsl.syntax.parser import parse

PATH = "a.arch"


def parsed(text: str) -> tuple[ast.File, list[Diagnostic]]:
    """The tree of a text and what was wrong with it."""
    found: list[Diagnostic] = []
    return parse(Source(PATH, text), found.append), found


def whole(text: str) -> ast.File:
    """The tree of a text without a fault."""
    file, found = parsed(text)
    assert found == []
    assert file.whole
    return file


def expression(text: str) -> ast.Expression:
    """The tree of one expression."""
    (block,) = whole(f"block b() {{\n    let v = {text}\n}}\n").items
    assert isinstance(block, ast.BlockDef)
    (statement,) = block.body.statements
    assert isinstance(statement, ast.Let)
    return statement.value


def nodes(tree: object) -> Iterator[tuple[object, object | None]]:
    """Every node below a tree with the nearest node around it that has a place."""
    waiting: list[tuple[object, object | None]] = [(tree, None)]
    while waiting:
        node, around = waiting.pop()
        if isinstance(node, tuple | list):
            waiting += [(part, around) for part in node]
        elif is_dataclass(node) and hasattr(node, "span"):
            yield node, around
            waiting += [(getattr(node, field.name), node) for field in fields(node) if field.name != "span"]
