"""Lowers the statements of a body, and the steps that hold bodies of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from archdsl.elaborate.applications import Applications
from archdsl.elaborate.demands import lower_demands
from archdsl.elaborate.expressions import lower_expression, lower_input_size, lower_shape_size, lower_template
from archdsl.elaborate.scope import BlockScope
from archdsl.ir.design import (
    Assert,
    Body,
    Choice,
    Group,
    Input,
    Let,
    Loop,
    Node,
    Output,
    Port,
    Shape,
    Unknown,
)
from archdsl.ir.expr import Expr, NameTemplate, RangeOf, sizes_in
from archdsl.ir.reserved import why_reserved
from archdsl.ir.walk import only_step
from archdsl.source.span import Span
from archdsl.syntax import ast


class StatementLowering:
    """The statements of one block; ``scope`` knows its names."""

    def __init__(self, scope: BlockScope) -> None:
        self._scope = scope
        self._applications = Applications(scope, self._path)
        self._head = 0
        """How many nodes at the head of a network are known to be inputs and variables."""
        self._outputs: set[str] = set()

    def block_body(self, node: ast.Body) -> Body:
        """The body of the block itself: the only place of inputs, outputs and expectations."""
        return self._body(node, top=True)

    def _body(self, node: ast.Body, *, top: bool = False) -> Body:
        nodes: list[Node] = []
        lines: list[int] = []
        for statement in node.statements:
            before = len(nodes)
            self._statement(statement, nodes, top=top)
            if len(nodes) > before:
                lines.append(len(nodes) - before)
        return Body(tuple(nodes), node.span, lines=tuple(lines))

    def _path(self, node: ast.Chain | ast.Broken) -> Body:
        """One line between the braces of a merge."""
        nodes: list[Node] = []
        self._statement(node, nodes, top=False)
        return Body(tuple(nodes), node.span, lines=(len(nodes),))

    # --- statements -----------------------------------------------------------------------------------

    def _statement(self, node: ast.Statement, nodes: list[Node], *, top: bool) -> None:
        match node:
            case ast.Chain(steps):
                for step in steps:
                    nodes.append(self._step(step))
            case ast.Broken(span):
                nodes.append(Unknown(span))
            case ast.Let():
                self._let(node, nodes)
            case ast.Input():
                self._input(node, nodes, top=top)
            case ast.Output():
                self._output(node, nodes, top=top)
            case ast.Expect(span=span):
                if not top:
                    self._scope.fail("E0218", "expectations stand directly in the network", span)
            case _:
                assert_never(node)

    def _let(self, node: ast.Let, nodes: list[Node]) -> None:
        lowered = lower_expression(self._scope, node.value)
        for name in node.target.names:
            self._scope.declare(name, known=lowered is not None)
        if lowered is not None:
            names = tuple(name.text for name in node.target.names)
            nodes.append(Let(names, node.target.is_tuple, lowered, node.span))

    def _input(self, node: ast.Input, nodes: list[Node], *, top: bool) -> None:
        scope, span = self._scope, node.span
        if not scope.is_network:
            help = "a further value comes in through a parameter of type `tensor`"
            scope.fail("E0218", "only a network has inputs; a block's input is `x`", span, help)
            return
        if not top:
            scope.fail("E0218", "inputs stand directly in the network", span)
            return
        while self._head < len(nodes) and isinstance(nodes[self._head], Input | Let):
            self._head += 1
        if self._head < len(nodes):
            scope.fail("E0218", "inputs stand at the head of the network, before its first step", span, "move it up")
            return
        scope.label(NameTemplate((node.name.text,), node.name.span))
        if node.guard is not None and node.guard.text != "guarded":
            help = "behind its shape an input may say `guarded`, then `where`; the next step begins a new line"
            scope.fail("E0218", f"an input is `guarded` or not, never `{node.guard.text}`", node.guard.span, help)
        shape, nominal = self._shape(node.shape, of_input=True), self._nominal(node.shape)
        nodes.append(Input(node.name.text, shape, nominal, lower_demands(scope, node), node.guard is not None, span))
        scope.awaits_input = False

    def _output(self, node: ast.Output, nodes: list[Node], *, top: bool) -> None:
        scope, name = self._scope, node.name.text
        if not top:
            help = "move it behind the braces around it, or label what it hands out and refer to the label there"
            scope.fail("E0218", "outputs stand directly in a network or block", node.span, help)
            return
        when = node.when.text if node.when is not None else None
        if node.when is not None and not scope.is_network:
            # A block's outputs have fixed places in the code that applies it: none may be missing in inference.
            scope.fail("E0218", "only a network has outputs that exist in training alone", node.when.span)
        if node.when is not None and when != "training":
            scope.fail("E0218", f"an output exists always or `when training`, not `when {when}`", node.when.span)
        reason = why_reserved(name)
        if reason is not None:
            scope.fail("E0209", f"`{name}` cannot be an output's name: {reason}", node.name.span, f"`{name}_` would do")
        if name in self._outputs:
            scope.fail("E0207", f"two outputs are called `{name}`", node.name.span)
        self._outputs.add(name)
        shape = self._shape(node.shape) if node.shape is not None else None
        body = self._inner_body(node.body, None) if node.body is not None else None
        nodes.append(Output(name, shape, when, body, node.span))

    def _shape(self, node: ast.Shape, *, of_input: bool = False) -> Shape:
        sizes: list[Expr | str | None] = []
        for size in node.sizes:
            if isinstance(size, ast.AnySize):
                sizes.append(None)
            elif isinstance(size, ast.NominalSize):
                if not of_input:
                    self._scope.fail("E0218", "only an input proposes a value for an open size", size.span)
                sizes.append(size.name.text)
            elif of_input:
                sizes.append(lower_input_size(self._scope, size))
            else:
                sizes.append(lower_shape_size(self._scope, size))
        return Shape(tuple(sizes), tuple(size.span for size in node.sizes), node.span)

    def _nominal(self, node: ast.Shape) -> tuple[tuple[str, Expr], ...]:
        found: list[tuple[str, Expr]] = []
        for size in node.sizes:
            if not isinstance(size, ast.NominalSize):
                continue
            value = lower_expression(self._scope, size.value)
            if value is not None and sizes_in(value):
                self._scope.fail("E0405", "a proposed size cannot depend on the sizes of values", size.value.span)
            elif value is not None:
                found.append((size.name.text, value))
        return tuple(found)

    # --- steps ----------------------------------------------------------------------------------------

    def _step(self, node: ast.Step) -> Node:
        label = self._label(node.label) if node.label is not None else None
        lowered = self._action(node.action, label)
        if label is not None:
            self._scope.label(label)
        return Unknown(lowered.span, label) if isinstance(lowered, Unknown) else lowered

    def _label(self, node: ast.Template) -> NameTemplate | None:
        """A label; its computed parts are variables, never shapes: names must not depend on the input."""
        template = lower_template(self._scope, node)
        if template is not None and any(not isinstance(part, str) and sizes_in(part) for part in template.parts):
            self._scope.fail("E0405", "a label is made of variables, not of shapes", node.span)
            return None
        return template

    def _action(self, node: ast.Action, label: NameTemplate | None) -> Node:
        scope = self._scope
        match node:
            case ast.Apply():
                return self._applications.apply(node, label)
            case ast.Port(name, output, span):
                template = lower_template(scope, name)
                if template is None or not self._applications.is_value(template):
                    return Unknown(span)
                return Port(template, output.text, label, span)
            case ast.Group(body, span):
                return Group(self._inner_body(body, label), label, None, span)
            case ast.ShapeStep(shape, span):
                if label is not None:
                    message = "a shape is a statement about a value, not a layer: it takes no label"
                    scope.fail("E0218", message, label.span, "state it after the step: `conv(64, 3) -> [N, 64, H, W]`")
                    return Unknown(span)
                return Assert(self._shape(shape), span)
            case ast.If(condition, then, otherwise, span):
                lowered = lower_expression(scope, condition)
                taken = _without_braces(self._inner_body(then, label))
                other = _without_braces(self._branch(otherwise, span, label))
                return Choice(lowered, taken, other, label, None, span) if lowered is not None else Unknown(span)
            case ast.For():
                return self._for(node, label)
            case ast.Repeat(count, body, span):
                lowered = lower_expression(scope, count)
                inner = self._inner_body(body, label)
                if lowered is None:
                    return Unknown(span)
                return Loop((), False, lowered, inner, label, None, False, span)
        assert_never(node)

    def _branch(self, body: ast.Body | None, span: Span, label: NameTemplate | None) -> Body:
        return self._inner_body(body, label) if body is not None else Body((), Span(span.path, span.end, span.end))

    def _inner_body(self, body: ast.Body, label: NameTemplate | None) -> Body:
        """Statements between inner braces: their variables end with them; under a label, so do their labels."""
        with self._scope.own_module(label), self._scope.variables_end_here():
            return self._body(body)

    def _for(self, node: ast.For, label: NameTemplate | None) -> Node:
        scope = self._scope
        iterable = lower_expression(scope, node.iterable)
        by = lower_expression(scope, node.by) if node.by is not None else None
        if by is not None and isinstance(iterable, RangeOf):
            iterable = RangeOf(iterable.start, iterable.stop, by, iterable.inclusive, iterable.span)
        elif by is not None and iterable is not None:
            scope.fail("E0218", "`by` gives the step of a range, and this is none", iterable.span)
            iterable = None
        known = iterable is not None and (by is not None or node.by is None)
        with scope.variables_end_here():
            for name in node.target.names:
                scope.declare(name, known=known)
            body = self._inner_body(node.body, label)
        if not known or iterable is None:
            return Unknown(node.span)
        names = tuple(name.text for name in node.target.names)
        return Loop(names, node.target.is_tuple, iterable, body, label, None, False, node.span)


def _without_braces(body: Body) -> Body:
    """A branch whose steps stand in braces of their own: these add nothing, so that modules are named as without."""
    step = only_step(body)
    if not isinstance(step, Group) or step.label is not None:
        return body
    inner, place = step.body, next(index for index, node in enumerate(body.nodes) if node is step)
    before, after = body.nodes[:place], body.nodes[place + 1 :]
    lines = (*(1 for _ in before), *inner.lines, *(1 for _ in after))
    return _without_braces(replace(body, nodes=(*before, *inner.nodes, *after), lines=lines))
