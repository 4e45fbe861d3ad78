"""Looks ahead in the tree of one block: which labels it has anywhere."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.source.span import Span
from archdsl.syntax import ast


@dataclass(frozen=True, slots=True)
class LabelPlace:
    """Where a label stands, and the labelled braces around it, which make a module of their own."""

    span: Span
    module: ast.Template | None


def all_labels(body: ast.Body) -> dict[str, LabelPlace]:
    """The plain labels of a body, inner bodies included; of equal ones the last in the text."""
    found: dict[str, LabelPlace] = {}
    waiting: list[tuple[ast.Body, ast.Template | None]] = [(body, None)]
    while waiting:
        inner, module = waiting.pop()
        for statement in inner.statements:
            if isinstance(statement, ast.Output) and statement.body is not None:
                waiting.append((statement.body, module))
            if not isinstance(statement, ast.Chain):
                continue
            for step in statement.steps:
                name = step.label.plain if step.label is not None else None
                if step.label is not None and name is not None:
                    place = LabelPlace(step.label.span, module)
                    found[name] = max(found.get(name, place), place, key=lambda one: one.span.start)
                merges = isinstance(step.action, ast.Apply)
                waiting += [(part, module if merges else step.label or module) for part in inner_bodies(step.action)]
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
