"""Builds the tree: one method per rule of grammar.lark, called as the parser reduces."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from archdsl.diagnostics.diagnostic import Diagnostic, Help
from archdsl.source.source import Source
from archdsl.source.span import Span
from archdsl.syntax import ast
from archdsl.syntax.lexer import Token

MAX_INTEGER = 2**31 - 1
MAX_DEPTH = 100
UNITS = {
    "": 1,
    "K": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "B": 1,
}
_NUMBER = re.compile(r"([0-9][0-9_]*)(\.[0-9][0-9_]*)?([eE][+-]?[0-9]+)?([A-Za-z_]*)")
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
_KEYWORD_CONSTANTS = {"true": True, "false": False, "none": None}

Children = list[Any]


class Builder:
    """Makes tree nodes from the children that the parser collected for a rule."""

    def __init__(
        self, source: Source, comments: tuple[ast.Comment, ...], report: Callable[[Diagnostic], None]
    ) -> None:
        self._source = source
        self._path = source.path
        self._report = report
        self._docs = [comment for comment in comments if comment.text.startswith("##")]
        self._depth: dict[int, int] = {}

    def build(self, rule: str, children: Children, start: int, end: int) -> object:
        """The node for one reduction of ``rule``."""
        method: Callable[[Children, Span], object] = getattr(self, rule)
        return method(children, Span(self._path, start, end))

    # --- top level ------------------------------------------------------------------------------------

    def file(self, children: Children, span: Span) -> object:
        return tuple(children)

    def module(self, children: Children, span: Span) -> object:
        dots = sum(len(token.text) for token in children if token.kind in ("DOT", "DOTDOT"))
        names = tuple(token.text for token in children if token.kind == "NAME")
        # The dots between the names of `a.b.c` are no leading ones.
        return dots - (len(names) - 1), names, span

    def imported(self, children: Children, span: Span) -> object:
        return ast.Imported(self._identifier(children[0]), self._identifier(children[-1]), span)

    def import_names(self, children: Children, span: Span) -> object:
        (dots, names, module_span), *imported = children
        return ast.Import(dots, names, module_span, tuple(imported), span)

    def block(self, children: Children, span: Span) -> object:
        name, parameters, body = children
        return ast.BlockDef(self._identifier(name), False, parameters, body, self._doc_before(span), span)

    def network(self, children: Children, span: Span) -> object:
        name, parameters, body = children
        return ast.BlockDef(self._identifier(name), True, parameters, body, self._doc_before(span), span)

    def variant(self, children: Children, span: Span) -> object:
        name, base, arguments, *body = children
        return ast.Variant(
            self._identifier(name),
            self._identifier(base),
            arguments,
            body[0] if body else None,
            self._doc_before(span),
            span,
        )

    def parameters(self, children: Children, span: Span) -> object:
        return tuple(children)

    def parameter(self, children: Children, span: Span) -> object:
        name, kind, *rest = children
        constraint = next((part for part in rest if isinstance(part, tuple)), None)
        default = next((part for part in rest if not isinstance(part, tuple)), None)
        return ast.ParameterDef(self._identifier(name), kind, constraint, default, span)

    def constraint(self, children: Children, span: Span) -> object:
        return children[0].text, children[1]

    def default(self, children: Children, span: Span) -> object:
        return children[0]

    def named_type(self, children: Children, span: Span) -> object:
        return ast.NamedType(self._identifier(children[0]), span)

    def list_type(self, children: Children, span: Span) -> object:
        return ast.ListType(children[0], span)

    def tuple_type(self, children: Children, span: Span) -> object:
        return ast.TupleType(tuple(children), span)

    # --- statements -----------------------------------------------------------------------------------

    def body(self, children: Children, span: Span) -> object:
        return ast.Body(tuple(children), span)

    def input(self, children: Children, span: Span) -> object:
        return ast.Input(self._identifier(children[0]), children[1], span)

    def output(self, children: Children, span: Span) -> object:
        shape = next((part for part in children if isinstance(part, ast.Shape)), None)
        when = next((part for part in children if isinstance(part, ast.Identifier)), None)
        body = next((part for part in children if isinstance(part, ast.Body)), None)
        return ast.Output(self._identifier(children[0]), shape, when, body, span)

    def output_shape(self, children: Children, span: Span) -> object:
        return children[0]

    def when(self, children: Children, span: Span) -> object:
        return self._identifier(children[0])

    def expect(self, children: Children, span: Span) -> object:
        metric, relation, value = children
        return ast.Expect(self._identifier(metric), relation.text, value, span)

    def let(self, children: Children, span: Span) -> object:
        return ast.Let(children[0], children[1], span)

    def target(self, children: Children, span: Span) -> object:
        names = tuple(self._identifier(token) for token in children)
        return ast.Target(names, self._source.text[span.start] == "(", span)

    def shape(self, children: Children, span: Span) -> object:
        return ast.Shape(tuple(children), span)

    def any_size(self, children: Children, span: Span) -> object:
        return ast.AnySize(span)

    def nominal_size(self, children: Children, span: Span) -> object:
        return ast.NominalSize(self._identifier(children[0]), children[1], span)

    def chain(self, children: Children, span: Span) -> object:
        return ast.Chain(tuple(children), span)

    def step(self, children: Children, span: Span) -> object:
        label = children[0] if len(children) == 2 else None
        return ast.Step(label, children[-1], span)

    def label(self, children: Children, span: Span) -> object:
        return children[0]

    def soft_label(self, children: Children, span: Span) -> object:
        return ast.Template((children[0].text,), span)

    def template(self, children: Children, span: Span) -> object:
        parts: list[str | ast.Expression] = [children[0].text]
        for expression, tail in children[1:]:
            parts.append(expression)
            if tail:
                parts.append(tail)
        return ast.Template(tuple(parts), span)

    def part(self, children: Children, span: Span) -> object:
        return children[0], children[1].text if len(children) == 2 else ""

    def apply(self, children: Children, span: Span) -> object:
        return self._apply(children, span, inline=False)

    def inline(self, children: Children, span: Span) -> object:
        return self._apply(children, span, inline=True)

    def _apply(self, children: Children, span: Span, *, inline: bool) -> object:
        arguments = next((part for part in children if isinstance(part, ast.Arguments)), None)
        body = next((part for part in children if isinstance(part, ast.Body)), None)
        return ast.Apply(children[0], arguments, body, inline, span)

    def port(self, children: Children, span: Span) -> object:
        return ast.Port(children[0], self._identifier(children[2]), span)

    def group(self, children: Children, span: Span) -> object:
        return ast.Group(children[0], span)

    def shape_step(self, children: Children, span: Span) -> object:
        return ast.ShapeStep(children[0], span)

    def if_(self, children: Children, span: Span) -> object:
        condition, then, *rest = children
        otherwise = rest[0] if rest else None
        if isinstance(otherwise, ast.If):
            depth = self._depth.get(id(otherwise), 0)
            step = ast.Step(None, otherwise, otherwise.span)
            otherwise = ast.Body((ast.Chain((step,), otherwise.span),), otherwise.span)
            return self._measured(ast.If(condition, then, otherwise, span), depth)
        return ast.If(condition, then, otherwise, span)

    def for_(self, children: Children, span: Span) -> object:
        target, iterable, *by, body = children
        return ast.For(target, iterable, by[0] if by else None, body, span)

    def repeat(self, children: Children, span: Span) -> object:
        return ast.Repeat(children[0], children[1], span)

    def arguments(self, children: Children, span: Span) -> object:
        return ast.Arguments(tuple(children), span)

    def keyword(self, children: Children, span: Span) -> object:
        return ast.Keyword(self._identifier(children[0]), children[1], span)

    # --- expressions ----------------------------------------------------------------------------------

    def range(self, children: Children, span: Span) -> object:
        start, operator, stop = children
        return self._composite(ast.Range(start, stop, operator.text == "..=", span), start, stop)

    def conditional(self, children: Children, span: Span) -> object:
        return self._composite(ast.Conditional(*children, span), *children)

    def binary(self, children: Children, span: Span) -> object:
        left, operator, right = children
        return self._composite(ast.Binary(operator.text, left, right, span), left, right)

    def unary(self, children: Children, span: Span) -> object:
        operator, operand = children
        return self._composite(ast.Unary(operator.text, operand, span), operand)

    def attribute(self, children: Children, span: Span) -> object:
        value, _, name = children
        return self._composite(ast.Attribute(value, self._identifier(name), span), value)

    def index(self, children: Children, span: Span) -> object:
        value, index = children
        return self._composite(ast.Index(value, index, span), value, index)

    def name(self, children: Children, span: Span) -> object:
        return ast.Name(children[0], span)

    def call(self, children: Children, span: Span) -> object:
        return ast.Call(self._identifier(children[0]), children[1], span)

    def tuple(self, children: Children, span: Span) -> object:
        return ast.Sequence(tuple(children), False, span)

    def list(self, children: Children, span: Span) -> object:
        return ast.Sequence(tuple(children), True, span)

    def constant(self, children: Children, span: Span) -> object:
        return ast.Constant(_KEYWORD_CONSTANTS[children[0].text], span)

    def number(self, children: Children, span: Span) -> object:
        text = children[0].text
        match = _NUMBER.fullmatch(text)
        assert match is not None
        digits, fraction, exponent, unit = match.groups()
        value = self._literal(text, digits.replace("_", ""), fraction, exponent, unit, span)
        return ast.Number(value, text, span)

    def string(self, children: Children, span: Span) -> object:
        raw = children[0].text[1:-1]
        for found in re.finditer(r"\\(.)", raw):
            if found.group(1) not in _ESCAPES:
                at = span.start + 1 + found.start()
                self._complain("E0108", f"`\\{found.group(1)}` is no escape", Span(self._path, at, at + 2))
        value = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found.group(1), found.group(1)), raw)
        return ast.String(value, span)

    # --- helpers --------------------------------------------------------------------------------------

    def _literal(
        self, text: str, digits: str, fraction: str | None, exponent: str | None, unit: str, span: Span
    ) -> int | float:
        if unit not in UNITS:
            self._complain("E0107", f"`{text[:40]}` is not a number", span, "units are K, M, G, T, B, KiB, MiB and GiB")
            return 1
        if len(digits) > 18 or (exponent and len(exponent) > 5):
            self._complain("E0407", "the number has more digits than any size needs (at most 18)", span)
            return 1
        if not fraction and not exponent:
            value = int(digits) * UNITS[unit]
            if int(digits) > MAX_INTEGER and not unit:
                self._complain("E0407", f"integers may be at most {MAX_INTEGER:,}", span)
                return 1
            return value
        number = float(f"{digits}{(fraction or '').replace('_', '')}{exponent or ''}") * UNITS[unit]
        if number in (float("inf"), float("-inf")):
            self._complain("E0407", "the number is too large", span)
            return 1
        return int(number) if unit and number == int(number) else number

    def _composite(self, node: object, *parts: object) -> object:
        return self._measured(node, max((self._depth.get(id(part), 0) for part in parts), default=0))

    def _measured(self, node: Any, depth: int) -> object:
        """Records how deep a node is, so that no later walk meets more than ``MAX_DEPTH`` levels."""
        if depth < MAX_DEPTH:
            self._depth[id(node)] = depth + 1
            return node
        self._complain("E0106", f"the expression has more than {MAX_DEPTH} operators in a row", node.span)
        if isinstance(node, ast.If):
            return ast.If(node.condition, node.then, None, node.span)
        return ast.Number(1, "1", node.span)

    def _identifier(self, token: Token) -> ast.Identifier:
        return ast.Identifier(token.text, Span(self._path, token.start, token.end))

    def _complain(self, code: str, message: str, span: Span, help: str | None = None) -> None:
        self._report(Diagnostic(code, message, span, help=Help(help) if help else None))

    def _doc_before(self, span: Span) -> str:
        """The ``##`` lines that stand directly above a definition, without their marks."""
        lines: list[str] = []
        expected = self._source.position(span.start).line - 1
        for comment in reversed([doc for doc in self._docs if doc.span.start < span.start]):
            if self._source.position(comment.span.start).line != expected:
                break
            lines.append(comment.text.lstrip("#").strip())
            expected -= 1
        return "\n".join(reversed(lines))
