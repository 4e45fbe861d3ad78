"""Lowers the statements and steps of a body."""

from __future__ import annotations

from archdsl.diagnostics.diagnostic import Diagnostic, Help, Label
from archdsl.elaborate.expressions import (
    bind_to,
    given_arguments,
    lower_expression,
    lower_shape_size,
    lower_template,
    positional_names,
)
from archdsl.elaborate.scope import BlockScope
from archdsl.ir.binding import Given
from archdsl.ir.design import (
    BLOCK,
    TENSOR,
    X,
    Apply,
    Assert,
    Block,
    Body,
    Choice,
    Group,
    Inline,
    Input,
    Layer,
    Let,
    Loop,
    Merge,
    Node,
    Output,
    Port,
    Refer,
    Shape,
    Unknown,
)
from archdsl.ir.expr import BoundArgument, Expr, Local, NameTemplate, RangeOf, sizes_in
from archdsl.ops import REGISTRY
from archdsl.resolve.reserved import why_reserved
from archdsl.source.span import Span
from archdsl.syntax import ast

_DISCARDS = (Refer, Port)


class StatementLowering:
    """The statements of one block; ``scope`` knows its names."""

    def __init__(self, scope: BlockScope) -> None:
        self._scope = scope

    def body(self, node: ast.Body, *, top: bool = False, paths: bool = False) -> Body:
        """The nodes of a body in order. ``top``: the body of the block itself; ``paths``: of a merge."""
        nodes: list[Node] = []
        lines: list[int] = []
        for statement in node.statements:
            before = len(nodes)
            self._statement(statement, nodes, top=top)
            lines.append(len(nodes) - before)
        if not paths:
            self._no_value_is_dropped(nodes)
        return Body(tuple(nodes), node.span, lines=tuple(count for count in lines if count))

    # --- statements -----------------------------------------------------------------------------------

    def _statement(self, node: ast.Statement, nodes: list[Node], *, top: bool) -> None:
        scope = self._scope
        match node:
            case ast.Chain(steps):
                for step in steps:
                    nodes.append(self._step(step))
            case ast.Let(target, value, span):
                lowered = lower_expression(scope, value)
                for name in target.names:
                    scope.declare(name)
                if lowered is not None:
                    names = tuple(name.text for name in target.names)
                    nodes.append(Let(names, target.is_tuple, lowered, span))
            case ast.Input(name, shape, span):
                if not (top and scope.is_network):
                    scope.fail("E0218", "only a network has inputs; a block's input is `x`", span)
                    return
                self._declare_label(NameTemplate((name.text,), name.span))
                nodes.append(Input(name.text, self._shape(shape), self._nominal(shape), span))
            case ast.Output():
                self._output(node, nodes, top=top)
            case ast.Expect(_, _, _, span):
                if not top:
                    scope.fail("E0218", "expectations stand directly in the network", span)

    def _output(self, node: ast.Output, nodes: list[Node], *, top: bool) -> None:
        if not top:
            self._scope.fail("E0218", "outputs stand directly in a network or block", node.span)
            return
        when = node.when.text if node.when is not None else None
        if node.when is not None and when != "training":
            self._scope.fail("E0218", f"an output exists always or `when training`, not `{when}`", node.when.span)
        reason = why_reserved(node.name.text)
        if reason is not None:
            self._scope.fail("E0209", f"`{node.name.text}` cannot be an output's name: {reason}", node.name.span)
        if any(isinstance(other, Output) and other.name == node.name.text for other in nodes):
            self._scope.fail("E0207", f"two outputs are called `{node.name.text}`", node.name.span)
        body = self.body(node.body) if node.body is not None else None
        shape = self._shape(node.shape) if node.shape is not None else None
        nodes.append(Output(node.name.text, shape, when, body, node.span))

    def _shape(self, node: ast.Shape) -> Shape:
        sizes: list[Expr | str | None] = []
        for size in node.sizes:
            if isinstance(size, ast.AnySize):
                sizes.append(None)
            elif isinstance(size, ast.NominalSize):
                sizes.append(size.name.text)
            else:
                sizes.append(lower_shape_size(self._scope, size))
        return Shape(tuple(sizes), tuple(size.span for size in node.sizes), node.span)

    def _nominal(self, node: ast.Shape) -> tuple[tuple[str, Expr], ...]:
        found: list[tuple[str, Expr]] = []
        for size in node.sizes:
            if isinstance(size, ast.NominalSize):
                value = lower_expression(self._scope, size.value)
                if value is not None:
                    found.append((size.name.text, value))
        return tuple(found)

    # --- steps ----------------------------------------------------------------------------------------

    def _step(self, node: ast.Step) -> Node:
        label = self._label(node.label) if node.label is not None else None
        lowered = self._action(node.action, label)
        if label is not None:
            self._declare_label(label)
        return lowered

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
                return self._apply(node, label)
            case ast.Port(name, output, span):
                template = lower_template(scope, name)
                return Port(template, output.text, label, span) if template is not None else Unknown(span)
            case ast.Group(body, span):
                return Group(self._grouped(body, label), label, None, span)
            case ast.ShapeStep(shape, span):
                if label is not None:
                    scope.fail("E0218", "a shape is a statement about a value, not a layer: it takes no label", span)
                return Assert(self._shape(shape), span)
            case ast.If(condition, then, otherwise, span):
                lowered = lower_expression(scope, condition)
                branches = (self._grouped(then, label), self._branch(otherwise, span, label))
                return Choice(lowered, *branches, label, None, span) if lowered is not None else Unknown(span)
            case ast.For():
                return self._for(node, label)
            case ast.Repeat(count, body, span):
                lowered = lower_expression(scope, count)
                inner = self._grouped(body, label)
                return Loop((), False, lowered, inner, label, None, False, span) if lowered else Unknown(span)

    def _branch(self, body: ast.Body | None, span: Span, label: NameTemplate | None) -> Body:
        return self._grouped(body, label) if body is not None else Body((), Span(span.path, span.end, span.end))

    def _grouped(self, body: ast.Body, label: NameTemplate | None) -> Body:
        """A nested body; under a label it is a module of its own, which sees no values of the outside."""
        if label is None:
            return self.body(body)
        scope = self._scope
        outer = scope.labels
        scope.labels, scope.depth = {}, scope.depth + 1
        lowered = self.body(body)
        scope.labels, scope.depth = outer, scope.depth - 1
        return lowered

    def _for(self, node: ast.For, label: NameTemplate | None) -> Node:
        scope = self._scope
        iterable = lower_expression(scope, node.iterable)
        by = lower_expression(scope, node.by) if node.by is not None else None
        if by is not None and isinstance(iterable, RangeOf):
            iterable = RangeOf(iterable.start, iterable.stop, by, iterable.inclusive, iterable.span)
        elif by is not None and iterable is not None:
            scope.fail("E0218", "`by` gives the step of a range, and this is none", iterable.span)
        for name in node.target.names:
            scope.declare(name)
        body = self._grouped(node.body, label)
        for name in node.target.names:
            scope.forget(name)
        if iterable is None:
            return Unknown(node.span)
        names = tuple(name.text for name in node.target.names)
        return Loop(names, node.target.is_tuple, iterable, body, label, None, False, node.span)

    # --- applications ---------------------------------------------------------------------------------

    def _apply(self, node: ast.Apply, label: NameTemplate | None) -> Node:
        scope, name = self._scope, node.name.plain
        if name is None:
            return self._reference(node, label)
        variable = scope.variables.get(name)
        if variable is not None and variable[1] is TENSOR:
            return self._reference(node, label)
        if variable is not None:
            return self._apply_parameter(node, name, variable[1] is BLOCK, label)
        if name in REGISTRY:
            return self._apply_layer(node, name, label)
        definition = scope.definitions.get(name)
        if definition is None:
            return self._reference(node, label)
        self._refuse_body(node, name)
        block = scope.lower_block(definition, node.name.span)
        given = self._given(node, block)
        if block is None or given is None:
            return Unknown(node.span)
        if block.is_network:
            scope.fail("E0201", f"`{name}` is a network; only blocks can be applied", node.name.span)
            return Unknown(node.span)
        return self._apply_block(node, block, given, label)

    def _apply_block(self, node: ast.Apply, block: Block, given: _Given, label: NameTemplate | None) -> Node:
        bound = bind_to(self._scope, block.name, block, given.arguments, node.name.span)
        if bound is None:
            return Unknown(node.span)
        tensors = tuple(
            (argument.name, given.tensors[id(argument.value)])
            for argument in bound
            if id(argument.value) in given.tensors
        )
        plain = tuple(argument for argument in bound if id(argument.value) not in given.tensors)
        if not node.inline:
            return Apply(block, plain, tensors, label, None, node.name.span, node.span)
        if label is not None:
            self._scope.fail("E0218", "`inline` gives a block no module of its own: it takes no label", node.span)
        if tensors or block.outputs():
            self._scope.fail("E0218", f"`{block.name}` has tensors or outputs of its own: it cannot be inlined", node.span)
            return Unknown(node.span)
        return Inline(block, plain, block.raw, node.name.span, node.span)

    def _apply_parameter(self, node: ast.Apply, name: str, is_block: bool, label: NameTemplate | None) -> Node:
        self._refuse_body(node, name)
        if not is_block:
            self._scope.fail("E0206", f"`{name}` is no block: it cannot be a step", node.name.span)
            return Unknown(node.span)
        if node.inline:
            self._scope.fail("E0218", f"`{name}` is not known here, so it cannot be inlined", node.span)
        given = given_arguments(self._scope, node.arguments)
        if given is None:
            return Unknown(node.span)
        target = Local(name, node.name.span)
        return Apply(target, positional_names(given), (), label, None, node.name.span, node.span)

    def _apply_layer(self, node: ast.Apply, name: str, label: NameTemplate | None) -> Node:
        op = REGISTRY[name]
        if node.inline:
            self._scope.fail("E0218", f"`{name}` is a layer: there is nothing to inline", node.span)
        given = given_arguments(self._scope, node.arguments)
        bound = bind_to(self._scope, name, name, given, node.name.span) if given is not None else None
        if op.inputs is None:
            return self._merge(node, name, bound, label)
        self._refuse_body(node, name)
        if bound is None:
            return Unknown(node.span)
        return Layer(name, bound, label, None, node.name.span, node.span)

    def _merge(
        self, node: ast.Apply, name: str, bound: tuple[BoundArgument, ...] | None, label: NameTemplate | None
    ) -> Node:
        if node.body is None:
            help = f"write `{name} {{`, a path a line, and `}}`"
            self._scope.fail("E0220", f"`{name}` joins paths, and has none", node.name.span, help)
            return Unknown(node.span)
        if not node.body.statements:
            self._scope.fail("E0220", f"`{name}` joins paths, and has none", node.name.span)
            return Unknown(node.span)
        paths: list[Body] = []
        for statement in node.body.statements:
            if not isinstance(statement, ast.Chain):
                self._scope.fail("E0218", f"only paths stand between the braces of `{name}`", statement.span)
                continue
            nodes: list[Node] = []
            self._statement(statement, nodes, top=False)
            self._no_value_is_dropped(nodes)
            paths.append(Body(tuple(nodes), statement.span, lines=(len(nodes),)))
        if bound is None:
            return Unknown(node.span)
        return Merge(name, bound, tuple(paths), label, node.name.span, node.span)

    def _given(self, node: ast.Apply, block: Block | None) -> _Given | None:
        """Arguments of a block: those for tensor parameters are labels, the rest expressions."""
        if block is None or not block.tensor_parameters:
            given = given_arguments(self._scope, node.arguments)
            return _Given(given, {}) if given is not None else None
        tensors: dict[int, NameTemplate] = {}
        arguments: list[Given] = []
        for index, item in enumerate(node.arguments.items if node.arguments is not None else ()):
            name = item.name.text if isinstance(item, ast.Keyword) else None
            formal = name if name is not None else (block.parameters[index].name if index < len(block.parameters) else "")
            value = item.value if isinstance(item, ast.Keyword) else item
            if formal not in block.tensor_parameters:
                one = given_arguments(self._scope, ast.Arguments((item,), item.span))
                if one is None:
                    return None
                arguments.extend(one)
                continue
            template = self._tensor_argument(value)
            if template is None:
                return None
            stand_in = Local(formal, value.span)
            tensors[id(stand_in)] = template
            arguments.append(Given(name, stand_in, value.span, item.span))
        return _Given(arguments, tensors)

    def _tensor_argument(self, value: ast.Expression) -> NameTemplate | None:
        if isinstance(value, ast.Name):
            template = lower_template(self._scope, value.template)
            if template is not None and self._known(template):
                return template
            return None
        self._scope.fail("E0206", "a tensor is wanted here: the label of an earlier value", value.span)
        return None

    # --- references and labels ------------------------------------------------------------------------

    def _reference(self, node: ast.Apply, label: NameTemplate | None) -> Node:
        template = lower_template(self._scope, node.name)
        if template is None:
            return Unknown(node.span)
        name = template.plain
        if node.arguments is not None or node.body is not None or node.inline:
            known = name is None or name in self._scope.labels
            if known:
                self._scope.fail("E0220", "a label takes no arguments", node.span)
            else:
                self._unknown_step(name or "", node.name.span)
            return Unknown(node.span)
        return Refer(template, label, node.span) if self._known(template) else Unknown(node.span)

    def _known(self, template: NameTemplate) -> bool:
        scope, name = self._scope, template.plain
        if name is None or name == X or name in scope.labels or scope.has_templates:
            return True
        variable = scope.variables.get(name)
        if variable is not None and variable[1] is TENSOR:
            return True
        self._unknown_step(name, template.span)
        return False

    def _unknown_step(self, name: str, span: Span) -> None:
        scope = self._scope
        blocks = [key for key, (_, kind) in scope.variables.items() if kind is BLOCK]
        help = scope.suggestion(name, REGISTRY, scope.definitions, scope.labels, blocks)
        std = scope.std_home(name)
        if std and help is None:
            help = f"it is a standard block: `from std import {name}`"
        scope.fail("E0201", f"there is no layer, block or earlier value `{name}`", span, help)

    def _declare_label(self, template: NameTemplate) -> None:
        scope, name = self._scope, template.plain
        if name is None:
            scope.has_templates = True
            return
        reason = why_reserved(name)
        if reason is not None:
            scope.fail("E0209", f"`{name}` cannot be a label: {reason}", template.span, f"`{name}_` would do")
        scope.labels.setdefault(name, template.span)

    def _refuse_body(self, node: ast.Apply, name: str) -> None:
        if node.body is not None:
            help = "the joins are " + ", ".join(sorted(key for key, op in REGISTRY.items() if op.inputs is None))
            self._scope.fail("E0220", f"`{name}` joins no paths: it takes no braces", node.body.span, help)

    def _no_value_is_dropped(self, nodes: list[Node]) -> None:
        """A reference starts anew; the value before it must be in use through a label or an output."""
        for before, node in zip(nodes, nodes[1:], strict=False):
            if not isinstance(node, _DISCARDS) or isinstance(before, Input | Output | Let | Unknown | Loop | Choice):
                continue
            if getattr(before, "label", None) is not None:
                continue
            self._scope.report(
                Diagnostic(
                    "E0502",
                    "the value of this step is never used",
                    before.span,
                    labels=(Label(node.span, "here the flow goes on from an earlier value"),),
                    help=Help("label it and refer to it, or delete it"),
                )
            )


class _Given:
    """Lowered arguments; ``tensors`` maps the identity of a stand-in to the label it stands for."""

    def __init__(self, arguments: list[Given], tensors: dict[int, NameTemplate]) -> None:
        self.arguments = arguments
        self.tensors = tensors
