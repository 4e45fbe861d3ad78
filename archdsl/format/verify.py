"""Compares what was read before and after: whatever else goes wrong, no file is written that says something else."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

from archdsl.source.span import Span
from archdsl.syntax import ast


def says_the_same(one: ast.File, other: ast.File) -> bool:
    """Whether two files have the same tree, places aside, and the same comments in the same order."""
    said = [[comment.text.rstrip(" \t") for comment in file.comments] for file in (one, other)]
    return said[0] == said[1] and _is_same(one.items, other.items)


def _is_same(one: object, other: object) -> bool:
    waiting: list[tuple[object, object]] = [(one, other)]
    while waiting:
        left, right = waiting.pop()
        if isinstance(left, Span) and isinstance(right, Span):
            continue
        if type(left) is not type(right):
            return False
        if isinstance(left, tuple):
            assert isinstance(right, tuple)
            if len(left) != len(right):
                return False
            waiting += zip(left, right, strict=True)
        elif is_dataclass(left):
            waiting += [(getattr(left, field.name), getattr(right, field.name)) for field in fields(left)]
        elif left != right:
            return False
    return True
