"""Lowers expressions: every name in them is bound, or reported and replaced by nothing."""

from __future__ import annotations

import re
from typing import NoReturn

from archdsl.elaborate.scope import BlockScope
from archdsl.ir.binding import Formal, Given, bind
from archdsl.ir.design import TENSOR, X, Block
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
from archdsl.ops import REGISTRY
from archdsl.resolve.resolved import Definition
from archdsl.source.span import Span
from archdsl.syntax import ast

SIZE_ATTRIBUTES = ("channels", "features", "height", "width", "depth", "length")
FUNCTIONS = {"len": (1, 1), "min": (1, 16), "max": (1, 16), "sum": (1, 1), "abs": (1, 1), "int": (1, 1), "round": (1, 1)}
"""Built-in functions with the least and the most arguments they take."""
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
    return lower_expression(scope, node, symbols=True)


def given_arguments(
    scope: BlockScope, arguments: ast.Arguments | None, *, symbols: bool = False
) -> list[Given] | None:
    """The arguments of a call, lowered; None if one of them was reported."""
    given: list[Given] = []
    whole = True
    for item in arguments.items if arguments is not None else ():
        value = item.value if isinstance(item, ast.Keyword) else item
        lowered = lower_expression(scope, value, symbols=symbols)
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
    bound, faults = bind(name, formals, given, at, partial=partial)
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

    def template(self, node: ast.Template) -> NameTemplate:
        parts = tuple(part if isinstance(part, str) else self.expression(part) for part in node.parts)
        return NameTemplate(parts, node.span)

    def _name(self, template: ast.Template, span: Span) -> Expr:
        name = template.plain
        if name is None:
            self._fail("E0405", "a label is no number; its sizes are `.channels`, `.height`, `.width` ...", span)
        variable = self._scope.variables.get(name)
        if variable is not None:
            if variable[1] is TENSOR:
                self._fail("E0405", f"`{name}` is a tensor; its sizes are `{name}.channels` ...", span)
            return Local(name, span)
        if name == X:
            self._fail("E0405", "`x` is the input; its sizes are `x.channels`, `x.height`, `x.width` ...", span)
        if name in self._scope.definitions or name in REGISTRY:
            return self._block_value(name, (), span, span)
        if self._symbols and _SYMBOL.fullmatch(name):
            return Local(name, span)
        help = self._scope.suggestion(name, self._scope.variables, self._scope.definitions, REGISTRY)
        self._fail("E0219", f"nothing here is called `{name}`", span, help)

    def _size(self, value: ast.Expression, name: ast.Identifier, span: Span) -> Expr:
        if not isinstance(value, ast.Name):
            self._fail("E0222", f"only a value such as `x` or a label has `.{name.text}`", span)
        if name.text not in SIZE_ATTRIBUTES:
            help = self._scope.suggestion(name.text, SIZE_ATTRIBUTES)
            self._fail("E0222", f"a value has no `.{name.text}`", name.span, help)
        template = self.template(value.template)
        if template.plain == X:
            return SizeOf(None, name.text, span)
        self._known_label(template, value.span)
        return SizeOf(template, name.text, span)

    def _known_label(self, template: NameTemplate, span: Span) -> None:
        scope, name = self._scope, template.plain
        if name is None or name in scope.labels or scope.has_templates:
            return
        variable = scope.variables.get(name)
        if variable is not None and variable[1] is TENSOR:
            return
        if variable is not None:
            self._fail("E0222", f"`{name}` is a variable and has no shape", span)
        help = scope.suggestion(name, scope.labels, (X,))
        self._fail("E0208", f"no earlier value is labelled `{name}`", span, help)

    def _call(self, function: ast.Identifier, arguments: ast.Arguments, span: Span) -> Expr:
        name = function.text
        if name in self._scope.variables or name in self._scope.definitions or name in REGISTRY:
            return self._block_value(name, arguments, span, function.span)
        if name not in FUNCTIONS:
            help = self._scope.suggestion(name, FUNCTIONS, self._scope.definitions, REGISTRY)
            self._fail("E0219", f"there is no function `{name}`", function.span, help)
        least, most = FUNCTIONS[name]
        if any(isinstance(item, ast.Keyword) for item in arguments.items):
            self._fail("E0202", f"`{name}` takes no named arguments", arguments.span)
        if not least <= len(arguments.items) <= most:
            takes = f"{least}" if least == most else f"{least} to {most}"
            self._fail("E0205", f"`{name}` takes {takes} argument(s)", arguments.span)
        values = tuple(self.expression(item) for item in arguments.items if not isinstance(item, ast.Keyword))
        return BuiltinCall(name, values, span)

    def _block_value(self, name: str, arguments: ast.Arguments | tuple[()], span: Span, name_span: Span) -> Expr:
        scope = self._scope
        given = given_arguments(scope, arguments if isinstance(arguments, ast.Arguments) else None)
        if given is None:
            raise _Unbound
        if name in scope.variables:
            return BlockOf(Local(name, name_span), positional_names(given), span)
        target: Block | str | None = name
        if name in scope.definitions:
            target = scope.lower_block(scope.definitions[name], name_span)
        if target is None:
            raise _Unbound
        bound = bind_to(scope, name, target, given, name_span, partial=True)
        if bound is None:
            raise _Unbound
        return BlockOf(target, bound, span)

    def _fail(self, code: str, message: str, span: Span, help: str | None = None) -> NoReturn:
        self._scope.fail(code, message, span, help)
        raise _Unbound


def positional_names(given: list[Given]) -> tuple[BoundArgument, ...]:
    """Arguments for a block that is not known yet: positional ones are called ``#0``, ``#1`` ..."""
    count = 0
    bound = []
    for argument in given:
        name = argument.name
        if name is None:
            name = f"#{count}"
            count += 1
        bound.append(BoundArgument(name, argument.value, argument.span))
    return tuple(bound)
