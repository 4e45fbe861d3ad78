"""Lowers definitions to blocks: each body once, whatever it is applied to later."""

from __future__ import annotations

from collections.abc import Callable

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.sink import Sink
from archdsl.elaborate.expressions import lower_expression
from archdsl.elaborate.kinds import lower_kind
from archdsl.elaborate.scope import BlockScope
from archdsl.elaborate.slots import assign_slots
from archdsl.elaborate.statements import StatementLowering
from archdsl.ir.design import Block, BlockParameter, Body, Expectation, Input, Output
from archdsl.ir.kinds import Kind
from archdsl.resolve.reserved import why_reserved
from archdsl.resolve.resolved import Definition
from archdsl.source.span import Span
from archdsl.syntax import ast

METRICS = ("params",)
"""What ``expect`` can ask for."""


class Lowering:
    """Lowers the definitions of one project; each once."""

    def __init__(self, sink: Sink, std_home: Callable[[str], str | None]) -> None:
        self._sink = sink
        self._std_home = std_home
        self._done: dict[Definition, Block] = {}
        self._open: list[Definition] = []

    def block(self, definition: Definition, at: Span) -> Block | None:
        """The block of a definition; None (reported at ``at``) where blocks contain themselves or a variant is used."""
        known = self._done.get(definition)
        if known is not None:
            return known
        if definition in self._open:
            names = [open_.name for open_ in self._open[self._open.index(definition) :]]
            path = " contains ".join(f"`{name}`" for name in [*names, definition.name])
            self._fail("E0211", f"a block cannot contain itself: {path}", at)
            return None
        if isinstance(definition.node, ast.Variant):
            self._fail("E0201", f"`{definition.name}` is a finished network; apply the block it is made of", at)
            return None
        self._open.append(definition)
        block = self._lower(definition, definition.node)
        self._open.pop()
        self._done[definition] = block
        return block

    def scope(self, definition: Definition, *, is_network: bool) -> BlockScope:
        """The scope in which the body of a definition is read."""
        scope = definition.file.scope
        return BlockScope(scope, self.block, self._sink.report, is_network, std_home=self._std_home)

    def _lower(self, definition: Definition, node: ast.BlockDef) -> Block:
        errors = self._sink.errors
        scope = self.scope(definition, is_network=node.is_network)
        parameters = tuple(self._parameter(scope, parameter, node) for parameter in node.parameters)
        statements = StatementLowering(scope)
        raw = statements.body(node.body, top=True)
        if node.is_network:
            self._check_contract(node, raw)
        body = assign_slots(raw, scope.report, network=node.is_network)
        expectations = tuple(
            expectation
            for statement in node.body.statements
            if isinstance(statement, ast.Expect)
            for expectation in lower_expectation(scope, statement, allowed=node.is_network)
        )
        return Block(
            name=node.name.text,
            is_network=node.is_network,
            parameters=parameters,
            body=body,
            raw=raw,
            expectations=expectations,
            doc=node.doc,
            span=node.span,
            name_span=node.name.span,
            whole=definition.file.tree.whole and self._sink.errors == errors,
            class_name=self._class_name(node.class_name),
        )

    def _class_name(self, node: ast.Identifier | None) -> str | None:
        """The stated name of the generated class; it looks like one, and is free in Python."""
        if node is None:
            return None
        reason = why_reserved(node.text)
        if reason is None and not node.text[0].isupper():
            reason = "classes begin with a capital letter"
        if reason is not None:
            self._fail("E0209", f"`{node.text}` cannot be a class: {reason}", node.span)
        return node.text

    def _parameter(self, scope: BlockScope, node: ast.ParameterDef, block: ast.BlockDef) -> BlockParameter:
        kind = lower_kind(scope, node.type)
        default = lower_expression(scope, node.default) if node.default is not None else None
        self._check_tensor(scope, node, kind, block)
        scope.declare(node.name, kind)
        constraint = None
        if node.constraint is not None:
            relation, bound = node.constraint
            lowered = lower_expression(scope, bound)
            constraint = (relation, lowered) if lowered is not None else None
        return BlockParameter(node.name.text, kind, default, constraint, node.span)

    def _check_tensor(self, scope: BlockScope, node: ast.ParameterDef, kind: Kind, block: ast.BlockDef) -> None:
        if kind.name == "tensor" and block.is_network:
            scope.fail("E0206", "a network takes its tensors as inputs", node.span, "write `input name: [N, ...]`")
        if kind.name == "tensor" and node.default is not None:
            scope.fail("E0206", "a tensor parameter has no default", node.default.span)

    def _check_contract(self, node: ast.BlockDef, body: Body) -> None:
        """Every network states its inputs and at least one output."""
        if not node.body.statements:
            self._fail("E0216", f"network `{node.name.text}` is empty", node.name.span)
            return
        if not any(isinstance(item, Input) for item in body.nodes):
            self._fail("E0216", f"network `{node.name.text}` has no input", node.name.span)
        if not any(isinstance(item, Output) and item.when is None for item in body.nodes):
            self._fail("E0217", f"network `{node.name.text}` has no output", node.name.span)

    def _fail(self, code: str, message: str, at: Span) -> None:
        self._sink.report(Diagnostic(code, message, at))


def lower_expectation(scope: BlockScope, node: ast.Expect, *, allowed: bool) -> tuple[Expectation, ...]:
    """An expectation, if it is one that a network can have."""
    if not allowed:
        scope.fail("E0218", "only a network has expectations", node.span)
        return ()
    if node.metric.text not in METRICS:
        help = scope.suggestion(node.metric.text, METRICS)
        message = f"`{node.metric.text}` cannot be expected; what can is {', '.join(METRICS)}"
        scope.fail("E0219", message, node.metric.span, help)
        return ()
    value = lower_expression(scope, node.value)
    if value is None:
        return ()
    return (Expectation(node.metric.text, node.metric.span, node.relation, value, node.span),)
