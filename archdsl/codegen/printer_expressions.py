"""Expressions of the syntax tree to documents, with the break points of the formatter's style."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from archdsl.codegen.printer_brackets import Brackets, Link, chain_value
from archdsl.codegen.printer_literals import best_quote, constant_literal
from archdsl.codegen.printer_notes import Notes
from archdsl.codegen.printer_precedence import BINARY, COMPARE, UNARY, Precedence
from archdsl.codegen.printer_texts import Piece, f_string, field, string_in_field, text_parts
from archdsl.pretty.doc import (
    BREAK_PARENT,
    LINE,
    SOFT_LINE,
    BreakInside,
    Doc,
    GroupId,
    Line,
    Text,
    concat,
    group,
    group_if_broken,
    if_broken,
    join,
    soft_block,
)
from archdsl.pretty.layout import render

INSIDE = GroupId()
"""Stands for brackets that are certainly there."""

Enclosure = GroupId | None
"""What is around an expression: ``INSIDE``, a group that adds brackets if it breaks, or None: nothing. A line
break is legal only between brackets."""

_UNBOUNDED = 1 << 30
_IN_BRACKETS = "an operation can break, so that there are brackets around it, if only where it does"


_Part = ast.expr | tuple[str, Precedence]
"""An operand, or an operator with its precedence."""


def between(left: str, body: Doc, right: str, enclosure: Enclosure) -> Doc:
    """A bracketed body that may break without breaking what encloses it."""
    inner = group(soft_block(body))
    if enclosure is not None and enclosure is not INSIDE:
        inner = BreakInside(inner, enclosure)
    return concat(left, inner, right)


def comma_separated(items: Sequence[Doc], *, exploded: bool = False, comma_after_one: bool = False) -> Doc:
    """Items with commas; where they break, the last one gets a comma too (a single one if ``comma_after_one``)."""
    body = join(concat(",", LINE), items)
    if exploded or comma_after_one or len(items) > 1:
        body = concat(body, if_broken(","))
    return concat(body, BREAK_PARENT) if exploded else body


def _break_in(enclosure: GroupId, flat: str) -> Doc:
    """A break point between brackets; ``flat`` where they are not broken, or not there."""
    if enclosure is INSIDE:
        return Line(flat)
    return if_broken(Line(flat), flat, enclosure)


def _group_in(enclosure: GroupId, body: Doc) -> Doc:
    """A group between brackets, just the body where they are not there."""
    return group(body) if enclosure is INSIDE else group_if_broken(body, enclosure)


class ExpressionPrinter:
    """Makes documents of the expressions of one tree."""

    __slots__ = ("_brackets", "_notes")

    def __init__(self, brackets: Brackets, notes: Notes) -> None:
        self._brackets = brackets
        self._notes = notes

    def expression(self, node: ast.expr, enclosure: Enclosure) -> Doc:
        """An expression with the parentheses it needs. Raises TypeError for one outside the subset."""
        if self._brackets.is_wrapped(node):
            return between("(", self.unwrapped(node, INSIDE), ")", enclosure)
        return self.unwrapped(node, enclosure)

    def unwrapped(self, node: ast.expr, enclosure: Enclosure) -> Doc:
        """An expression without parentheses around it."""
        match node:
            case ast.Name():
                return Text(node.id)
            case ast.Constant():
                return Text(constant_literal(node.value))
            case ast.JoinedStr():
                return self._f_string(node)
            case ast.Attribute() | ast.Call() | ast.Subscript():
                return self._chain(node, enclosure)
            case ast.BinOp() | ast.Compare() | ast.BoolOp():
                assert enclosure is not None, _IN_BRACKETS
                return _group_in(enclosure, self._operation(self._flattened(node), enclosure))
            case ast.UnaryOp():
                return concat(UNARY[type(node.op)], self.expression(node.operand, enclosure))
            case ast.IfExp():
                assert enclosure is not None, _IN_BRACKETS
                return _group_in(enclosure, self._conditional(node, enclosure))
            case ast.Starred():
                return concat("*", self.expression(node.value, enclosure))
            case ast.Slice():
                return self._slice(node, enclosure)
            case ast.Tuple() | ast.List() | ast.Dict():
                return self._display(node, enclosure)
            case ast.ListComp():
                return between("[", self._comprehension(node.elt, node.generators), "]", enclosure)
            case ast.GeneratorExp():
                return between("(", self._comprehension(node.elt, node.generators), ")", enclosure)
            case ast.DictComp():
                head = concat(group(self.expression(node.key, INSIDE)), ": ", self.expression(node.value, INSIDE))
                return between("{", group(self._for_clauses(head, node.generators)), "}", enclosure)
            case _:
                raise TypeError(f"an expression {type(node).__name__} is not printed")

    # --- calls, attributes, subscripts ----------------------------------------------------------------

    def _chain(self, node: ast.expr, enclosure: Enclosure) -> Doc:
        """A chain such as ``a.b(c)[d].e()``; a fluent one breaks before its dots."""
        links: list[Link] = []
        inner = node
        while isinstance(inner, ast.Attribute | ast.Call | ast.Subscript):
            links.append(inner)
            inner = chain_value(inner)
            if self._brackets.is_wrapped(inner):
                break
        fluent = enclosure is not None and self._brackets.is_fluent(node)
        parts = [self.expression(inner, enclosure)]
        for link in reversed(links):
            match link:
                case ast.Attribute():
                    if fluent and self._brackets.is_called(link.value):
                        parts.append(SOFT_LINE)
                    parts.append(Text("." + link.attr))
                case ast.Call():
                    parts.append(self.arguments(link, enclosure))
                case _:
                    parts.append(between("[", self._index(link.slice), "]", enclosure))
        return group(concat(*parts)) if fluent else concat(*parts)

    def arguments(self, call: ast.Call | ast.ClassDef, enclosure: Enclosure) -> Doc:
        """The parenthesised arguments of a call, or the bases of a class."""
        positional = call.args if isinstance(call, ast.Call) else call.bases
        if not positional and not call.keywords:
            return Text("()")
        lone = positional[0] if len(positional) == 1 and not call.keywords else None
        match lone:
            case ast.GeneratorExp() if isinstance(call, ast.Call):
                return between("(", group(self._comprehension(lone.elt, lone.generators)), ")", enclosure)
            case ast.JoinedStr() | ast.Constant(value=str()) if isinstance(call, ast.Call):
                items = [self._lone_text(lone)]
            case _:
                items = [self.expression(argument, INSIDE) for argument in positional]
        items += [
            concat(f"{keyword.arg}=" if keyword.arg else "**", self.expression(keyword.value, INSIDE))
            for keyword in call.keywords
        ]
        body = comma_separated(items, exploded=self._notes.is_exploded(call))
        return between("(", group(body), ")", enclosure)

    def _index(self, node: ast.expr) -> Doc:
        if not (isinstance(node, ast.Tuple) and self._brackets.is_bare(node)):
            return self.expression(node, INSIDE)
        if len(node.elts) == 1:
            return concat(self.expression(node.elts[0], INSIDE), ",")
        return group(self.items(node, INSIDE))

    def _slice(self, node: ast.Slice, enclosure: Enclosure) -> Doc:
        """``lower:upper:step``, with blanks around the colons unless all three are simple."""
        bounds = (node.lower, node.upper, node.step)
        blank = "" if all(bound is None or _is_simple_bound(bound) for bound in bounds) else " "
        parts: list[Doc | str] = []
        if node.lower is not None:
            parts += [self.expression(node.lower, enclosure), blank]
        parts.append(":")
        if node.upper is not None:
            parts += [blank, self.expression(node.upper, enclosure)]
        if node.step is not None:
            before = blank if node.upper is not None else ""
            parts += [before, ":", blank, self.expression(node.step, enclosure)]
        return concat(*parts)

    # --- displays -------------------------------------------------------------------------------------

    def items(self, node: ast.Tuple | ast.List, enclosure: Enclosure) -> Doc:
        """The items of a tuple or list, without brackets."""
        items = [self.expression(item, enclosure) for item in node.elts]
        return comma_separated(items, exploded=self._notes.is_exploded(node))

    def _display(self, node: ast.Tuple | ast.List | ast.Dict, enclosure: Enclosure) -> Doc:
        left, right = {ast.Tuple: ("(", ")"), ast.List: ("[", "]"), ast.Dict: ("{", "}")}[type(node)]
        if isinstance(node, ast.Dict):
            if not node.values:
                return Text("{}")
            pairs = [self._pair(key, value) for key, value in zip(node.keys, node.values, strict=True)]
            return between(left, comma_separated(pairs, exploded=self._notes.is_exploded(node)), right, enclosure)
        if not node.elts:
            return Text(left + right)
        if isinstance(node, ast.Tuple) and len(node.elts) == 1:
            return between(left, concat(self.expression(node.elts[0], INSIDE), ","), right, enclosure)
        return between(left, self.items(node, INSIDE), right, enclosure)

    def _pair(self, key: ast.expr | None, value: ast.expr) -> Doc:
        name = concat("**") if key is None else concat(self.expression(key, INSIDE), ": ")
        return group(concat(name, self.expression(value, INSIDE)))

    def _comprehension(self, item: ast.expr, clauses: Iterable[ast.comprehension]) -> Doc:
        return group(self._for_clauses(group(self.expression(item, INSIDE)), clauses))

    def _for_clauses(self, head: Doc, clauses: Iterable[ast.comprehension]) -> Doc:
        parts = [head]
        for clause in clauses:
            target = clause.target
            if isinstance(target, ast.Tuple) and self._brackets.is_bare(target):
                names = join(Text(", "), [self.expression(item, INSIDE) for item in target.elts])
            else:
                names = self.expression(target, INSIDE)
            parts.append(concat("for ", names, " in ", self.expression(clause.iter, INSIDE)))
            parts += [concat("if ", self.expression(test, INSIDE)) for test in clause.ifs]
        return join(LINE, parts)

    # --- operations -----------------------------------------------------------------------------------

    def _conditional(self, node: ast.IfExp, enclosure: GroupId) -> Doc:
        """``a if b else c``; the branches of a chain of conditionals line up."""
        parts = [self.expression(node.body, enclosure)]
        while True:
            parts += [_break_in(enclosure, " "), Text("if "), self.expression(node.test, enclosure)]
            parts += [_break_in(enclosure, " "), Text("else ")]
            other = node.orelse
            if not isinstance(other, ast.IfExp) or self._brackets.is_wrapped(other):
                break
            node = other
            parts.append(self.expression(node.body, enclosure))
        parts.append(_group_in(enclosure, self.expression(other, enclosure)))
        return concat(*parts)

    def _flattened(self, node: ast.expr) -> list[_Part]:
        """Operands and operators of an operation in the order of the text, unwrapped operations inside included."""
        parts: list[_Part] = []
        waiting: list[_Part] = [node]
        while waiting:
            part = waiting.pop()
            if isinstance(part, tuple) or (self._brackets.is_wrapped(part) and part is not node):
                parts.append(part)
                continue
            match part:
                case ast.BinOp():
                    waiting += [part.right, BINARY[type(part.op)], part.left]
                case ast.Compare():
                    for operator, operand in zip(reversed(part.ops), reversed(part.comparators), strict=True):
                        waiting += [operand, (COMPARE[type(operator)], Precedence.COMPARE)]
                    waiting.append(part.left)
                case ast.BoolOp():
                    # The style does not tell `and` from `or` when it breaks.
                    symbol = ("or" if isinstance(part.op, ast.Or) else "and", Precedence.OR)
                    for value in reversed(part.values[1:]):
                        waiting += [value, symbol]
                    waiting.append(part.values[0])
                case _:
                    parts.append(part)
        return parts

    def _operation(self, parts: list[_Part], enclosure: GroupId) -> Doc:
        """A flat operation: it breaks before all of its loosest operators, each tighter part in a group of its own."""
        loosest = min(part[1] for part in parts if isinstance(part, tuple))
        docs: list[Doc] = []
        start = 0
        for at, part in enumerate(parts):
            if not isinstance(part, tuple) or part[1] is not loosest:
                continue
            docs.append(self._operand(parts[start:at], enclosure))
            hugs = part[0] == "**" and self._is_simple_operand(parts[at - 1]) and self._is_simple_operand(parts[at + 1])
            docs += [_break_in(enclosure, "" if hugs else " "), Text(part[0])]
            docs.append(_space_if_broken(enclosure) if hugs else Text(" "))
            start = at + 1
        docs.append(self._operand(parts[start:], enclosure))
        return concat(*docs)

    def _operand(self, parts: list[_Part], enclosure: GroupId) -> Doc:
        first = parts[0]
        if len(parts) > 1:
            return _group_in(enclosure, self._operation(parts, enclosure))
        assert isinstance(first, ast.expr)
        return self.expression(first, enclosure)

    def _is_simple_operand(self, part: _Part) -> bool:
        """Whether ``**`` stands next to the operand without a blank."""
        if isinstance(part, tuple) or self._brackets.is_wrapped(part):
            return False
        while isinstance(part, ast.UnaryOp | ast.Attribute):
            if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not):
                return False
            part = part.operand if isinstance(part, ast.UnaryOp) else part.value
        return isinstance(part, ast.Name) or (
            isinstance(part, ast.Constant) and part.value is not Ellipsis and not isinstance(part.value, str)
        )

    # --- texts ----------------------------------------------------------------------------------------

    def _f_string(self, node: ast.JoinedStr) -> Doc:
        quote = best_quote("".join(str(part.value) for part in node.values if isinstance(part, ast.Constant)))
        return Text(f_string(self._pieces(node, "'" if quote == '"' else '"'), quote))

    def _pieces(self, node: ast.JoinedStr, inner_quote: str) -> list[Piece]:
        printer = _FieldPrinter(self._brackets, Notes(), inner_quote)
        pieces: list[Piece] = []
        for part in node.values:
            match part:
                case ast.Constant(value=str() as text):
                    pieces.append(text)
                case ast.FormattedValue():
                    expression = render(printer.expression(part.value, INSIDE), width=_UNBOUNDED)
                    pieces.append(field(expression, part.conversion, _specification(part.format_spec)))
                case _:
                    raise TypeError(f"a part {type(part).__name__} of an f-string is not printed")
        return pieces

    def _lone_text(self, node: ast.Constant | ast.JoinedStr) -> Doc:
        """A text that is the only argument of a call: where it is too long it goes on several lines."""
        whole = self.unwrapped(node, INSIDE)
        parts = text_parts([str(node.value)] if isinstance(node, ast.Constant) else self._pieces(node, "'"))
        return whole if len(parts) == 1 else if_broken(join(SOFT_LINE, [Text(part) for part in parts]), whole)


class _FieldPrinter(ExpressionPrinter):
    """Prints what stands between the braces of an f-string."""

    __slots__ = ("_quote",)

    def __init__(self, brackets: Brackets, notes: Notes, quote: str) -> None:
        super().__init__(brackets, notes)
        self._quote = quote

    def unwrapped(self, node: ast.expr, enclosure: Enclosure) -> Doc:
        """As elsewhere, but strings are in the other kind of quotes, and there is no f-string."""
        match node:
            case ast.JoinedStr():
                raise TypeError("an f-string inside an f-string is not printed")
            case ast.Constant(value=str() as text):
                return Text(string_in_field(text, self._quote))
            case _:
                return super().unwrapped(node, enclosure)


def _space_if_broken(enclosure: GroupId) -> Doc:
    return if_broken(" ", "", None if enclosure is INSIDE else enclosure)


def _is_simple_bound(node: ast.expr) -> bool:
    while isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not):
        node = node.operand
    return isinstance(node, ast.Name | ast.Constant)


def _specification(node: ast.expr | None) -> str:
    match node:
        case None:
            return ""
        case ast.JoinedStr(values=[ast.Constant(value=str() as text)]) if text:
            return text
    raise TypeError("only a plain format specification is printed")
