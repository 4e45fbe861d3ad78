"""Lowers the steps that name something: layers, merges, blocks, and references to earlier values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from archdsl.diagnostics.diagnostic import Diagnostic, Help, Label
from archdsl.elaborate.expressions import (
    OUTSIDE,
    bind_to,
    given_arguments,
    lower_template,
    positional_names,
)
from archdsl.elaborate.scope import BlockScope
from archdsl.elaborate.syntax_walk import LabelPlace
from archdsl.ir.binding import Given
from archdsl.ir.design import BLOCK, TENSOR, Apply, Block, Body, Inline, Layer, Merge, Node, Refer, Unknown, X
from archdsl.ir.expr import BoundArgument, Local, NameTemplate
from archdsl.ops import REGISTRY
from archdsl.source.span import Span
from archdsl.syntax import ast

LowerPath = Callable[[ast.Chain | ast.Broken], Body]


@dataclass(frozen=True, slots=True)
class _Arguments:
    """Lowered arguments of a block; ``tensors`` maps the identity of a stand-in to the label it stands for."""

    plain: list[Given]
    tensors: Mapping[int, NameTemplate] = field(default_factory=dict)


class Applications:
    """The applications in one block; ``lower_path`` lowers a line between the braces of a merge."""

    def __init__(self, scope: BlockScope, lower_path: LowerPath) -> None:
        self._scope = scope
        self._lower_path = lower_path

    def apply(self, node: ast.Apply, label: NameTemplate | None) -> Node:
        """The node for a step that begins with a name; ``Unknown`` after a report."""
        scope, name = self._scope, node.name.plain
        if name is None:
            return self._reference(node, label)
        variable = scope.variables.get(name)
        if variable is not None and variable[1] is not TENSOR:
            return self._apply_parameter(node, name, variable[1] is BLOCK, label)
        if variable is not None:
            return self._reference(node, label)
        if name in REGISTRY:
            return self._apply_layer(node, name, label)
        if name in scope.definitions:
            return self._apply_definition(node, name, label)
        return self._reference(node, label)

    def is_value(self, template: NameTemplate) -> bool:
        """Whether a name means an earlier value that can be reached from here; reported otherwise."""
        scope, name = self._scope, template.plain
        if name is None or scope.may_be_label(name):
            return True
        variable = scope.variables.get(name)
        is_around = name == X or (variable is not None and variable[1] is TENSOR)
        if is_around and scope.module is None:
            return True
        if is_around or scope.is_outside(name):
            scope.fail("E0208", f"`{name}` cannot be reached from inside `{scope.module}`", template.span, OUTSIDE)
            return False
        if not scope.is_unknown(name):
            self._report_unknown(name, template.span)
        return False

    # --- layers and merges ----------------------------------------------------------------------------

    def _apply_layer(self, node: ast.Apply, name: str, label: NameTemplate | None) -> Node:
        if node.inline:
            self._scope.fail("E0218", f"`{name}` is a layer: there is nothing to inline", node.span)
        given = given_arguments(self._scope, node.arguments)
        bound = bind_to(self._scope, name, name, given, node.name.span) if given is not None else None
        if REGISTRY[name].inputs is None:
            return self._merge(node, name, bound, label)
        if self._has_body(node, name) or bound is None:
            return Unknown(node.span)
        return Layer(name, bound, label, None, node.name.span, node.span)

    def _merge(
        self, node: ast.Apply, name: str, bound: tuple[BoundArgument, ...] | None, label: NameTemplate | None
    ) -> Node:
        statements = node.body.statements if node.body is not None else ()
        paths: list[Body] = []
        for statement in statements:
            if isinstance(statement, ast.Chain | ast.Broken):
                paths.append(self._lower_path(statement))
            else:
                self._scope.fail("E0218", f"only paths stand between the braces of `{name}`", statement.span)
        if not statements:
            help = f"write `{name} {{ ... }}` with one path on each line"
            self._scope.fail("E0220", f"`{name}` joins paths, and has none", node.name.span, help)
        if len(statements) == 1:
            help = "add the missing path, or write its steps without the join"
            self._scope.fail("E0503", f"`{name}` has one path only: there is nothing to join", node.name.span, help)
        if bound is None or not paths:
            return Unknown(node.span)
        return Merge(name, bound, tuple(paths), label, node.name.span, node.span)

    def _has_body(self, node: ast.Apply, name: str) -> bool:
        """Whether braces stand behind something that joins no paths; reported then."""
        if node.body is None:
            return False
        joins = ", ".join(f"`{key}`" for key, op in sorted(REGISTRY.items()) if op.inputs is None)
        self._scope.fail("E0220", f"`{name}` takes no braces", node.body.span, f"what joins paths is {joins}")
        return True

    # --- blocks ---------------------------------------------------------------------------------------

    def _apply_definition(self, node: ast.Apply, name: str, label: NameTemplate | None) -> Node:
        block = self._scope.lower_block(self._scope.definitions[name], node.name.span)
        if self._has_body(node, name) or block is None:
            return Unknown(node.span)
        if block.is_network:
            help = "put what both need into a block"
            self._scope.fail("E0201", f"`{name}` is a network; only blocks can be applied", node.name.span, help)
            return Unknown(node.span)
        given = self._given(node, block)
        bound = bind_to(self._scope, name, block, given.plain, node.name.span) if given is not None else None
        if given is None or bound is None:
            return Unknown(node.span)
        labels = {part.name: given.tensors[id(part.value)] for part in bound if id(part.value) in given.tensors}
        tensors = tuple((name, labels[name]) for name in block.tensor_parameters)
        plain = tuple(part for part in bound if id(part.value) not in given.tensors)
        if node.inline:
            return self._inline(node, block, plain, label)
        return Apply(block, plain, tensors, label, None, node.name.span, node.span)

    def _inline(
        self, node: ast.Apply, block: Block, bound: tuple[BoundArgument, ...], label: NameTemplate | None
    ) -> Node:
        if label is not None:
            message = "`inline` gives a block no module of its own: it takes no label"
            self._scope.fail("E0218", message, label.span, "label it without `inline`")
        if not block.tensor_parameters and not block.outputs():
            return Inline(block, bound, block.raw, node.name.span, node.span)
        what = "tensor parameters" if block.tensor_parameters else "outputs of its own"
        self._scope.fail("E0218", f"`{block.name}` has {what}: it cannot be inlined", node.name.span)
        return Unknown(node.span)

    def _apply_parameter(self, node: ast.Apply, name: str, is_block: bool, label: NameTemplate | None) -> Node:
        if self._has_body(node, name) or self._scope.is_unknown(name):
            return Unknown(node.span)
        if not is_block:
            declared = self._scope.variables[name][1]
            what = f"`{name}` is of type {declared}" if declared is not None else f"`{name}` is a variable"
            help = f"hand it to a parameter of type `block`, or write the step itself where `{name}` stands"
            self._scope.fail("E0206", f"{what}: only a `block` parameter can be a step", node.name.span, help)
            return Unknown(node.span)
        if node.inline:
            self._scope.fail("E0218", f"which block `{name}` is depends on the call: it cannot be inlined", node.span)
        given = given_arguments(self._scope, node.arguments)
        bound = positional_names(self._scope, name, given) if given is not None else None
        if bound is None:
            return Unknown(node.span)
        return Apply(Local(name, node.name.span), bound, (), label, None, node.name.span, node.span)

    def _given(self, node: ast.Apply, block: Block) -> _Arguments | None:
        """Arguments of a block: those for tensor parameters are labels, the rest expressions."""
        if not block.tensor_parameters:
            plain = given_arguments(self._scope, node.arguments)
            return _Arguments(plain) if plain is not None else None
        tensors: dict[int, NameTemplate] = {}
        arguments: list[Given] = []
        position, whole = 0, True
        names = {parameter.name for parameter in block.parameters}
        for item in node.arguments.items if node.arguments is not None else ():
            if isinstance(item, ast.Keyword):
                name, formal, value = item.name.text, item.name.text, item.value
            else:
                name, value = None, item
                formal = block.parameters[position].name if position < len(block.parameters) else ""
                position += 1
            if isinstance(item, ast.Keyword) and formal not in names:
                # Whether it was meant as a tensor is not known: that there is no such parameter is what is wrong.
                arguments.append(Given(name, Local(formal, value.span), value.span, item.name.span))
                continue
            if formal not in block.tensor_parameters:
                one = given_arguments(self._scope, ast.Arguments((item,), item.span))
                whole = whole and one is not None
                arguments.extend(one or ())
                continue
            template = self._tensor_argument(formal, value)
            if template is None:
                whole = False
                continue
            stand_in = Local(formal, value.span)
            tensors[id(stand_in)] = template
            name_span = item.name.span if isinstance(item, ast.Keyword) else item.span
            arguments.append(Given(name, stand_in, value.span, name_span))
        return _Arguments(arguments, tensors) if whole else None

    def _tensor_argument(self, formal: str, value: ast.Expression) -> NameTemplate | None:
        if not isinstance(value, ast.Name):
            self._scope.fail("E0206", f"`{formal}` takes a tensor: the label of an earlier value", value.span)
            return None
        template = lower_template(self._scope, value.template)
        return template if template is not None and self.is_value(template) else None

    # --- references -----------------------------------------------------------------------------------

    def _reference(self, node: ast.Apply, label: NameTemplate | None) -> Node:
        template = lower_template(self._scope, node.name)
        if template is None or not self.is_value(template):
            return Unknown(node.span)
        if node.arguments is not None or node.body is not None:
            place = node.arguments.span if node.arguments is not None else node.name.span
            message = f"`{template}` is an earlier value: it takes no arguments"
            self._scope.fail("E0220", message, place)
            return Unknown(node.span)
        if node.inline:
            self._scope.fail("E0218", f"`{template}` is an earlier value: there is nothing to inline", node.span)
        return Refer(template, label, node.span)

    def _report_unknown(self, name: str, span: Span) -> None:
        scope = self._scope
        blocks = [key for key, (_, kind) in scope.variables.items() if kind is BLOCK]
        place = scope.label_elsewhere(name)
        if place is not None:
            scope.report(_unreachable(name, span, place))
            return
        std = scope.std_home(name)
        known = (REGISTRY, scope.definitions, scope.labels, blocks)
        help = f"it is a standard block: `from std import {name}`" if std else scope.suggestion(name, span, *known)
        scope.fail("E0201", f"there is no layer, block or earlier value `{name}`", span, help)


def _unreachable(name: str, at: Span, place: LabelPlace) -> Diagnostic:
    """A label that the block has, but not where it is wanted."""
    if place.span.start > at.start:
        message = f"`{name}` comes later: a step can only refer to values before it"
        return Diagnostic("E0208", message, at, labels=(Label(place.span, "it is labelled only here"),))
    module = "".join(part if isinstance(part, str) else "{…}" for part in place.module.parts) if place.module else ""
    message = f"`{name}` lies inside `{module}` and cannot be reached from outside"
    labels = (Label(place.span, f"labelled inside of `{module}`"),)
    return Diagnostic("E0208", message, at, labels=labels, help=Help(OUTSIDE))
