"""Builds the tree: one method per rule of grammar.lark, called as the parser reduces."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any

from archdsl.diagnostics.diagnostic import Diagnostic, Help
from archdsl.source.source import Source
from archdsl.source.span import Span
from archdsl.syntax import ast
from archdsl.syntax.lexer import MAX_NESTING, Token
from archdsl.syntax.literals import Fault, read_number, read_string

_KEYWORD_CONSTANTS = {"true": True, "false": False, "none": None}
_EXPRESSIONS = frozenset("range conditional binary unary attribute index call tuple list".split())
_EXPRESSION_PARTS = frozenset("name template part arguments keyword".split())
_STATEMENT_PARTS = frozenset("apply group if_ for_ repeat step chain output".split())

Children = list[Any]
Method = Callable[[Children, Span], object]


class _Levels:
    """How deep trees are nested: every later walk over them is recursive, and Python's stack is not endless.

    Trees are known by identity, so each one deeper than a leaf is kept alive here.
    """

    def __init__(self) -> None:
        self._depth: dict[int, tuple[int, object]] = {}
        self.is_deep = False
        """Whether anything is deeper than a leaf."""

    def above(self, parts: Children) -> int:
        """The depth of the deepest part."""
        deepest = 0
        for part in parts:
            known = self._depth.get(id(part))
            if known is not None and known[0] > deepest:
                deepest = known[0]
        return deepest

    def record(self, tree: object, depth: int) -> None:
        """Remembers the depth of a tree."""
        self.is_deep = True
        self._depth[id(tree)] = (depth, tree)


_Plan = tuple[Method, _Levels | None, bool]
"""The method of a rule, the levels that it counts in, and whether it adds one."""


class Builder:
    """Makes tree nodes from the children that the parser collected for a rule."""

    def __init__(
        self,
        source: Source,
        comments: Sequence[ast.Comment],
        known_faults: Sequence[int],
        report: Callable[[Diagnostic], None],
    ) -> None:
        self._source = source
        self._path = source.path
        self._report = report
        self._known_faults = known_faults
        self._docs = self._doc_lines(comments)
        self._expressions = _Levels()
        self._statements = _Levels()
        self._too_deep: Span | None = None
        self._plans: dict[str, _Plan] = {}
        self._mentions: set[str] = set()

    def build(self, rule: str, children: Children, start: int, end: int) -> object:
        """The node for one reduction of ``rule``."""
        method, levels, adds_a_level = self._plans.get(rule) or self._plan(rule)
        node: Any = method(children, Span(self._path, start, end))
        if levels is None or not (adds_a_level or levels.is_deep):
            return node
        depth = levels.above(children) + adds_a_level
        if depth > MAX_NESTING:
            return self._shallow(node, levels)
        if depth:
            levels.record(node, depth)
        return node

    def _plan(self, rule: str) -> _Plan:
        """What is done for a rule: its method, and what it means for the depth of the tree."""
        method: Method = getattr(self, rule)
        levels: _Levels | None = None
        if rule in _EXPRESSIONS or rule in _EXPRESSION_PARTS:
            levels = self._expressions
        elif rule == "body" or rule in _STATEMENT_PARTS:
            levels = self._statements
        return self._plans.setdefault(rule, (method, levels, rule in _EXPRESSIONS or rule == "body"))

    def _shallow(self, node: Any, levels: _Levels) -> object:
        """What stands for a tree that is too deep; reported once, not at every level around it."""
        span: Span = node.span
        known = self._too_deep
        self._too_deep = span
        if known is None or not (span.start <= known.start and known.end <= span.end):
            what, help = "`else if` and braces nest", "put the inner parts into a block"
            if levels is self._expressions:
                what, help = "operators and brackets nest", "give parts of the expression names with `let`"
            self._complain(Fault("E0106", f"{what} more than {MAX_NESTING} deep here", help), span)
        if isinstance(node, ast.If):
            depth = levels.above([node.then])
            node = ast.If(node.condition, node.then, None, span)
            levels.record(node, depth)
            return node
        return ast.Invalid(span) if levels is self._expressions else ast.Body((ast.Broken(span),), span)

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
        return self._definition(children, span, is_network=False)

    def network(self, children: Children, span: Span) -> object:
        return self._definition(children, span, is_network=True)

    def _definition(self, children: Children, span: Span, *, is_network: bool) -> object:
        name, parameters, *class_name, body = children
        called = class_name[0] if class_name else None
        doc = self._doc_before(span)
        mentions, self._mentions = frozenset(self._mentions), set()
        return ast.BlockDef(self._identifier(name), is_network, parameters, called, body, doc, span, mentions)

    def class_name(self, children: Children, span: Span) -> object:
        return self._identifier(children[0])

    def variant(self, children: Children, span: Span) -> object:
        name, base, arguments, *body = children
        called, of = self._identifier(name), self._identifier(base)
        return ast.Variant(called, of, arguments, body[0] if body else None, self._doc_before(span), span)

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
        name, shape, *rest = children
        guard = rest.pop(0) if rest and isinstance(rest[0], ast.Identifier) else None
        return ast.Input(self._identifier(name), shape, guard, tuple(rest), span)

    def guard(self, children: Children, span: Span) -> object:
        return self._identifier(children[0])

    def among(self, children: Children, span: Span) -> object:
        return ast.Demand(children[0], "in", children[1], span)

    def divides(self, children: Children, span: Span) -> object:
        return ast.Demand(children[0], "divides", children[1], span)

    def compared(self, children: Children, span: Span) -> object:
        left, relation, right = children
        return ast.Demand(left, relation.text, right, span)

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

    def expect_within(self, children: Children, span: Span) -> object:
        metric, relation, value, number, *percent = children
        place = Span(self._path, number.start, number.end)
        tolerance = ast.Tolerance(self.number([number], place), bool(percent), place)
        return ast.Expect(self._identifier(metric), relation.text, value, span, tolerance)

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

    def template(self, children: Children, span: Span) -> object:
        parts: list[str | ast.Expression] = [children[0].text]
        for expression, tail in children[1:]:
            parts.append(expression)
            if tail:
                parts.append(tail)
        return ast.Template(tuple(parts), span)

    soft_label = template

    def part(self, children: Children, span: Span) -> object:
        return children[0], children[1].text if len(children) == 2 else ""

    def apply(self, children: Children, span: Span) -> object:
        return self._apply(children, span, inline=False)

    def inline(self, children: Children, span: Span) -> object:
        return self._apply(children, span, inline=True)

    def _apply(self, children: Children, span: Span, *, inline: bool) -> object:
        arguments = next((part for part in children if isinstance(part, ast.Arguments)), None)
        body = next((part for part in children if isinstance(part, ast.Body)), None)
        self._mentions.add(children[0].parts[0])
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
            step = ast.Step(None, otherwise, otherwise.span)
            otherwise = ast.Body((ast.Chain((step,), otherwise.span),), otherwise.span)
            self._statements.record(otherwise, self._statements.above(rest) + 1)
            children[-1] = otherwise  # so that its level counts
        return ast.If(condition, then, otherwise, span)

    def for_(self, children: Children, span: Span) -> object:
        target, iterable, *by, body = children
        return ast.For(target, iterable, by[0] if by else None, body, span)

    def repeat(self, children: Children, span: Span) -> object:
        return ast.Repeat(children[0], children[1], span)

    def arguments(self, children: Children, span: Span) -> object:
        faults = self._known_faults
        if faults and bisect_left(faults, span.start) < bisect_left(faults, span.end):
            return ast.Arguments((ast.Invalid(span),), span)  # what is left says nothing about what was meant
        return ast.Arguments(tuple(children), span)

    def keyword(self, children: Children, span: Span) -> object:
        return ast.Keyword(self._identifier(children[0]), children[1], span)

    # --- expressions ----------------------------------------------------------------------------------

    def range(self, children: Children, span: Span) -> object:
        start, operator, stop = children
        return ast.Range(start, stop, operator.text == "..=", span)

    def conditional(self, children: Children, span: Span) -> object:
        then, condition, otherwise = children
        return ast.Conditional(then, condition, otherwise, span)

    def binary(self, children: Children, span: Span) -> object:
        left, operator, right = children
        return ast.Binary(operator.text, left, right, span)

    def unary(self, children: Children, span: Span) -> object:
        operator, operand = children
        return ast.Unary(operator.text, operand, span)

    def attribute(self, children: Children, span: Span) -> object:
        value, _, name = children
        return ast.Attribute(value, self._identifier(name), span)

    def index(self, children: Children, span: Span) -> object:
        value, index = children
        return ast.Index(value, index, span)

    def name(self, children: Children, span: Span) -> object:
        self._mentions.add(children[0].parts[0])
        return ast.Name(children[0], span)

    def call(self, children: Children, span: Span) -> object:
        self._mentions.add(children[0].text)
        return ast.Call(self._identifier(children[0]), children[1], span)

    def tuple(self, children: Children, span: Span) -> object:
        return ast.Sequence(tuple(children), False, span)

    def list(self, children: Children, span: Span) -> object:
        return ast.Sequence(tuple(children), True, span)

    def constant(self, children: Children, span: Span) -> object:
        return ast.Constant(_KEYWORD_CONSTANTS[children[0].text], span)

    def number(self, children: Children, span: Span) -> ast.Number | ast.Invalid:
        text = children[0].text
        value = read_number(text)
        if isinstance(value, Fault):
            self._complain(value, span)
            return ast.Invalid(span)
        return ast.Number(value, text, span)

    def string(self, children: Children, span: Span) -> object:
        value, faults = read_string(children[0].text)
        for fault in faults:
            self._complain(fault, span)
        return ast.String(value, span) if not faults else ast.Invalid(span)

    # --- helpers --------------------------------------------------------------------------------------

    def _identifier(self, token: Token) -> ast.Identifier:
        return ast.Identifier(token.text, Span(self._path, token.start, token.end))

    def _complain(self, fault: Fault, span: Span) -> None:
        start, end = span.start + fault.start, span.end if fault.end is None else span.start + fault.end
        help = Help(fault.help) if fault.help else None
        self._report(Diagnostic(fault.code, fault.message, Span(self._path, start, end), help=help))

    def _doc_lines(self, comments: Sequence[ast.Comment]) -> dict[int, str]:
        """The text of every ``##`` comment that has its line to itself, by line."""
        found: dict[int, str] = {}
        for comment in comments:
            if not comment.text.startswith("##"):
                continue
            position = self._source.position(comment.span.start)
            before = self._source.lines.line_text(position.line)[: position.column - 1]
            if not before.strip():
                found[position.line] = comment.text.lstrip("#").strip()
        return found

    def _doc_before(self, span: Span) -> str:
        """The ``##`` lines that stand directly above a definition at the start of a line, without their marks."""
        lines: list[str] = []
        place = self._source.position(span.start)
        if self._source.lines.line_text(place.line)[: place.column - 1].strip(" \t;"):
            return ""
        line = place.line - 1
        while line in self._docs:
            lines.append(self._docs[line])
            line -= 1
        return "\n".join(reversed(lines))
