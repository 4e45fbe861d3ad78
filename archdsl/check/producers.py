"""Finds the step that made a value, for labels that say where a shape comes from."""

from __future__ import annotations

from archdsl.ir import typed as t
from archdsl.source.span import Span


def producer(node: t.TypedNode, before: Span | None) -> Span | None:
    """The step that made the value behind a node; ``before`` made the one in front of it."""
    match node:
        case t.TypedLayer() | t.TypedApply():
            return node.node.span
        case t.TypedLet() | t.TypedOutput() | t.TypedAssert():
            return before
        case t.TypedMerge():
            return node.node.name_span
        case t.TypedGroup(body=body) | t.TypedChoice(body=body):
            return last_producer(body, before)
        case t.TypedLoop(turns=turns):
            return last_producer(turns[-1].body, before) if turns else before
    return node.node.span


def last_producer(body: t.TypedBody, before: Span | None) -> Span | None:
    """The step that made the value at the end of a body."""
    for node in reversed(body.nodes):
        found = producer(node, None)
        if found is not None:
            return found
    return before
