"""Lowers expressions: every name in them is bound, or reported and replaced by nothing."""

from __future__ import annotations

import re
from typing import assert_never

from archdsl.diagnostics.diagnostic import Help
from archdsl.elaborate.scope import BlockScope
from archdsl.ir.binding import Formal, Given, bind, given_twice, named_at
from archdsl.ir.design import TENSOR, Block, X
from archdsl.ir.expr import (
    BinaryOp,
    BlockOf,
    BoundArgument,
    BuiltinCall,
    Const,
    Expr,
    IfElse,
    IndexOf,
    Items,
    Local,
    NameTemplate,
    RangeOf,
    SizeOf,
    UnaryOp,
)
from archdsl.ir.kinds import UNKNOWN
from archdsl.ops import REGISTRY
from archdsl.source.span import Span
from archdsl.syntax import ast

CONSTANTS = ("true", "false", "none")
SIZE_ATTRIBUTES = ("channels", "features", "height", "width", "depth", "length")
FUNCTIONS = {
    "len": (1, 1),
    "min": (1, 16),
    "max": (1, 16),
    "sum": (1, 1),
    "abs": (1, 1),
    "int": (1, 1),
    "round": (1, 1),
    "ceil": (1, 1),
    "round_to": (2, 2),
}
"""Built-in functions with the least and the most arguments they take."""
OUTSIDE = "under a label, braces are a module of its own: what goes in and out is the running value"
_SYMBOL = re.compile(r"[A-Z][A-Za-z0-9_]*")


class _Unbound(Exception):
    """Raised inside this module where an expression was reported; the whole expression is dropped."""


def lower_expression(scope: BlockScope, node: ast.Expression, *, symbols: bool = False) -> Expr | None:
    """The expression with its names bound; None after a report. ``symbols`` allows open sizes such as ``H``."""
    try:
        return _Lowering(scope, symbols).expression(node)
    except _Unbound:
        return None


def lower_template(scope: BlockScope, node: ast.Template) -> NameTemplate | None:
    """A label with its computed parts bound; None after a report."""
    try:
        return _Lowering(scope, False).template(node)
    except _Unbound:
        return None


def lower_shape_size(scope: BlockScope, node: ast.Expression) -> Expr | str | None:
    """One stated size: an expression, or the name of an open size standing alone."""
    if isinstance(node, ast.Name):
        name = node.template.plain
        if name is not None and name not in scope.variables and _SYMBOL.fullmatch(name):
            return name
        if name is not None and name in scope.small_sizes:
            return name
    return lower_expression(scope, node, symbols=True)


def lower_input_size(scope: BlockScope, node: ast.Expression) -> Expr | str:
    """One size of an input. Open sizes in small letters are reported once, and then taken for what is meant."""
    name = node.template.plain if isinstance(node, ast.Name) else None
    is_new = name is not None and name not in scope.variables and name not in scope.definitions
    if name is not None and is_new and name[0].islower() and name not in REGISTRY and not scope.is_unknown(name):
        if not scope.small_sizes:
            help = f"write `{name.upper()}`, or give it a value: `let {name} = ...`, or a parameter"
            scope.fail("E0219", f"nothing here is called `{name}`; open sizes are in capital letters", node.span, help)
        scope.small_sizes.add(name)
        scope.valueless.add(name)
        return name
    lowered = lower_shape_size(scope, node)
    return Const(UNKNOWN, node.span) if lowered is None else lowered


def given_arguments(scope: BlockScope, arguments: ast.Arguments | None) -> list[Given] | None:
    """The arguments of a call, lowered; None if one of them was reported."""
    given: list[Given] = []
    whole = True
    for item in arguments.items if arguments is not None else ():
        value = item.value if isinstance(item, ast.Keyword) else item
        lowered = lower_expression(scope, value)
        if lowered is None:
            whole = False
            continue
        if isinstance(item, ast.Keyword):
            given.append(Given(item.name.text, lowered, value.span, item.name.span))
        else:
            given.append(Given(None, lowered, value.span, value.span))
    return given if whole else None


def bind_to(
    scope: BlockScope, name: str, target: Block | str, given: list[Given], at: Span, *, partial: bool = False
) -> tuple[BoundArgument, ...] | None:
    """Arguments matched to a known block or layer; None after a report."""
    formals: tuple[Formal, ...] = REGISTRY[target].parameters if isinstance(target, str) else target.parameters
    bound, faults = bind(name, formals, given, at, partial=partial, suggest=not scope.sink.is_full)
    for fault in faults:
        scope.report(fault)
    return None if faults else bound


class _Lowering:
    """One expression; ``_Unbound`` ends it at the first report."""

    def __init__(self, scope: BlockScope, symbols: bool) -> None:
        self._scope = scope
        self._symbols = symbols

    def expression(self, node: ast.Expression) -> Expr:
        match node:
            case ast.Invalid():
                raise _Unbound
            case ast.Number(value, _, span):
                return Const(value, span)
            case ast.Constant(value, span):
                return Const(value, span)
            case ast.String(value, span):
                return Const(value, span)
            case ast.Name(template, span):
                return self._name(template, span)
            case ast.Attribute(value, name, span):
                return self._size(value, name, span)
            case ast.Index(value, index, span):
                return IndexOf(self.expression(value), self.expression(index), span)
            case ast.Unary(operator, operand, span):
                return UnaryOp(operator, self.expression(operand), span)
            case ast.Binary(operator, left, right, span):
                return BinaryOp(operator, self.expression(left), self.expression(right), span)
            case ast.Range(start, stop, inclusive, span):
                return RangeOf(self.expression(start), self.expression(stop), None, inclusive, span)
            case ast.Conditional(then, condition, otherwise, span):
                return IfElse(self.expression(then), self.expression(condition), self.expression(otherwise), span)
            case ast.Sequence(items, is_list, span):
                return Items(tuple(self.expression(item) for item in items), is_list, span)
            case ast.Call(function, arguments, span):
                return self._call(function, arguments, span)
        assert_never(node)

    def template(self, node: ast.Template) -> NameTemplate:
        parts = tuple(part if isinstance(part, str) else self.expression(part) for part in node.parts)
        return NameTemplate(parts, node.span)

    def _name(self, template: ast.Template, span: Span) -> Expr:
        scope, name = self._scope, template.plain
        if name is None:
            raise self._fault("E0405", "a label is no number; its sizes are `.channels`, `.height`, `.width` ...", span)
        if scope.is_unknown(name):
            raise _Unbound
        variable = scope.variables.get(name)
        if variable is not None and variable[1] is not TENSOR:
            return Local(name, span)
        if variable is not None or name == X or name in scope.labels:
            sizes = ", ".join(f"`{name}.{size}`" for size in ("channels", "height", "width"))
            raise self._fault("E0405", f"`{name}` is a tensor, not a number", span, f"its sizes are {sizes} ...")
        if name in scope.definitions or name in REGISTRY:
            return self._block_value(name, None, span, span)
        if self._symbols and _SYMBOL.fullmatch(name):
            return Local(name, span)
        if _SYMBOL.fullmatch(name) and len(name) == 1:
            raise self._fault(
                "E0219", f"nothing here is called `{name}`", span, "the sizes of a value are `x.height` and the like"
            )
        help: Help | str | None = scope.suggestion(name, span, scope.variables, scope.definitions, REGISTRY, CONSTANTS)
        if help is None and self._symbols and name[:1].islower():
            help = f"an open size begins with a capital letter: `{name.capitalize()}`"
        raise self._fault("E0219", f"nothing here is called `{name}`", span, help)

    def _size(self, value: ast.Expression, name: ast.Identifier, span: Span) -> Expr:
        if not isinstance(value, ast.Name):
            self.expression(value)  # what is wrong inside is told first
            raise self._fault("E0222", f"only a value such as `x` or a label has `.{name.text}`", span)
        if name.text not in SIZE_ATTRIBUTES:
            help = self._scope.suggestion(name.text, name.span, SIZE_ATTRIBUTES)
            raise self._fault("E0222", f"a value has no size `{name.text}`", name.span, help)
        template = self.template(value.template)
        if template.plain == X and self._scope.awaits_input:
            open_size = "sizes that are not known yet are open: `H`"
            raise self._fault("E0208", "before the first input `x` has no value", value.span, open_size)
        if template.plain == X:
            return SizeOf(None, name.text, span)
        self._known_label(template, value.span)
        return SizeOf(template, name.text, span)

    def _known_label(self, template: NameTemplate, span: Span) -> None:
        scope, name = self._scope, template.plain
        if name is None or scope.may_be_label(name):
            return
        if scope.is_unknown(name):
            raise _Unbound
        variable = scope.variables.get(name)
        if variable is not None and variable[1] is TENSOR:
            return
        if variable is not None:
            raise self._fault("E0222", f"`{name}` is a variable and has no shape", span)
        if scope.is_outside(name):
            raise self._fault("E0208", f"`{name}` cannot be reached from inside `{scope.module}`", span, OUTSIDE)
        help = scope.suggestion(name, span, scope.labels, (X,))
        raise self._fault("E0208", f"no earlier value is labelled `{name}`", span, help)

    def _call(self, function: ast.Identifier, arguments: ast.Arguments, span: Span) -> Expr:
        scope, name = self._scope, function.text
        if scope.is_unknown(name):
            raise _Unbound
        if name in scope.variables or name in scope.definitions or name in REGISTRY:
            return self._block_value(name, arguments, span, function.span)
        if name not in FUNCTIONS:
            known = ", ".join(f"`{function}`" for function in FUNCTIONS)
            near = scope.suggestion(name, function.span, FUNCTIONS, scope.definitions, REGISTRY)
            help = "a range is written `0..3`" if name == "range" else near or f"the functions are {known}"
            raise self._fault("E0219", f"there is no function `{name}`", function.span, help)
        least, most = FUNCTIONS[name]
        for item in arguments.items:
            if isinstance(item, ast.Keyword):
                raise self._fault("E0202", f"`{name}` takes its arguments without names", item.name.span)
        if not least <= len(arguments.items) <= most:
            count = f"{least}" if least == most else f"{least} to {most}"
            takes = "one argument" if most == 1 else f"{count} arguments"
            raise self._fault("E0205", f"`{name}` takes {takes}, not {len(arguments.items)}", arguments.span)
        values = tuple(self.expression(item) for item in arguments.items if not isinstance(item, ast.Keyword))
        return BuiltinCall(name, values, span)

    def _block_value(self, name: str, arguments: ast.Arguments | None, span: Span, name_span: Span) -> Expr:
        """A block or layer as a value, with the arguments it is given already."""
        scope = self._scope
        given = given_arguments(scope, arguments)
        if given is None:
            raise _Unbound
        if name in scope.variables:
            bound = positional_names(scope, name, given)
            if bound is None:
                raise _Unbound
            return BlockOf(Local(name, name_span), bound, span)
        target = self._block_or_layer(name, name_span)
        bound = bind_to(scope, name, target, given, name_span, partial=True)
        if bound is None:
            raise _Unbound
        return BlockOf(target, bound, span)

    def _block_or_layer(self, name: str, span: Span) -> Block | str:
        """What a name means that is used as a value, if it can be one."""
        scope = self._scope
        if name not in scope.definitions:
            if REGISTRY[name].inputs is None:
                raise self._fault("E0206", f"`{name}` joins paths: it cannot be handed on as a block", span)
            return name
        block = scope.lower_block(scope.definitions[name], span)
        if block is None:
            raise _Unbound
        if block.is_network:
            raise self._fault("E0206", f"`{name}` is a network: only blocks and layers can be handed on", span)
        if block.tensor_parameters:
            listed = " and ".join(f"`{parameter}`" for parameter in block.tensor_parameters)
            raise self._fault("E0206", f"`{name}` takes tensors ({listed}): it cannot be handed on as a block", span)
        return block

    def _fault(self, code: str, message: str, span: Span, help: str | Help | None = None) -> _Unbound:
        """Reports what is wrong; what it returns is to be raised."""
        self._scope.fail(code, message, span, help)
        return _Unbound()


def positional_names(scope: BlockScope, callee: str, given: list[Given]) -> tuple[BoundArgument, ...] | None:
    """Arguments for a block that is not known yet, positional ones called ``#0``, ``#1`` ...; None after a report."""
    bound: dict[str, BoundArgument] = {}
    position = 0
    for argument in given:
        name = argument.name
        if name is None:
            name = f"#{position}"
            position += 1
        earlier = bound.get(name)
        if earlier is not None:
            scope.report(given_twice(callee, name, argument, earlier))
            return None
        bound[name] = BoundArgument(name, argument.value, argument.span, named_at(argument))
    return tuple(bound.values())
