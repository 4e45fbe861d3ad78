"""Looks ahead in the tree of one block: which labels it has anywhere."""

from __future__ import annotations

from archdsl.source.span import Span
from archdsl.syntax import ast


def all_labels(body: ast.Body) -> dict[str, Span]:
    """The plain labels of a body, inner bodies included, each with its first place."""
    found: dict[str, Span] = {}
    waiting: list[ast.Body] = [body]
    while waiting:
        for statement in waiting.pop().statements:
            if isinstance(statement, ast.Output) and statement.body is not None:
                waiting.append(statement.body)
            if not isinstance(statement, ast.Chain):
                continue
            for step in statement.steps:
                if step.label is not None and step.label.plain is not None:
                    found.setdefault(step.label.plain, step.label.span)
                waiting.extend(inner_bodies(step.action))
    return found


def inner_bodies(action: ast.Action) -> list[ast.Body]:
    """The bodies directly inside a step."""
    match action:
        case ast.Apply(body=ast.Body() as body):
            return [body]
        case ast.Group(body=body) | ast.For(body=body) | ast.Repeat(body=body):
            return [body]
        case ast.If(then=then, otherwise=otherwise):
            return [then] if otherwise is None else [then, otherwise]
    return []
