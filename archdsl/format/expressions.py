"""Lays out expressions. A line may break in brackets only, so an expression that is too long gets parentheses."""

from __future__ import annotations

from archdsl.format.brackets import bracketed, enclosed
from archdsl.format.cursor import Cursor
from archdsl.format.gaps import between
from archdsl.pretty.doc import EMPTY, SOFT_LINE, Doc, concat, group, if_broken, indent
from archdsl.syntax import ast

_LEVELS = {
    **dict.fromkeys(("or",), 1),
    **dict.fromkeys(("and",), 2),
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "//", "%"), 5),
    "**": 6,
}
_OPERATIONS = ast.Binary | ast.Unary | ast.Range | ast.Conditional


def expression(cursor: Cursor, node: ast.Expression) -> Doc:
    """An expression inside brackets."""
    if cursor.opens(node.span):
        return _parenthesized(cursor, node)
    match node:
        case ast.Number() | ast.String() | ast.Constant():
            return cursor.take()
        case ast.Name():
            return template(cursor, node.template)
        case ast.Attribute():
            return concat(expression(cursor, node.value), cursor.take(), cursor.take())
        case ast.Index():
            value = expression(cursor, node.value)
            return concat(value, cursor.take(), expression(cursor, node.index), cursor.take())
        case ast.Call():
            return concat(cursor.take(), arguments(cursor, node.arguments))
        case ast.Sequence():
            return bracketed(cursor, node.items, expression, has_rows=node.is_list, is_tuple=not node.is_list)
        case ast.Unary():
            operator = cursor.take()
            return concat(operator, " " if node.operator == "not" else "", expression(cursor, node.operand))
        case ast.Binary():
            return group(_operation(cursor, node))
        case ast.Range():
            return _joined(cursor, node.start, node.stop)
        case ast.Conditional():
            return group(_conditional(cursor, node))
        case ast.Invalid():
            raise AssertionError("only a text without a fault is laid out")


def outside_brackets(cursor: Cursor, node: ast.Expression) -> Doc:
    """An expression that is not in brackets: it gets parentheses if it has to break, and loses them if not."""
    if not cursor.opens(node.span) or isinstance(node, ast.Conditional):
        return breakable(cursor, node)
    before = cursor.gap()
    cursor.skip()
    before = before.joined(cursor.gap())
    depth = 1
    while cursor.opens(node.span):
        cursor.skip()
        before = before.joined(cursor.gap())
        depth += 1
    body = expression(cursor, node)
    behind = cursor.gap()
    for _ in range(depth - 1):
        cursor.skip()
        behind = behind.joined(cursor.gap())
    cursor.skip()
    if not isinstance(node, _OPERATIONS) and not (before.remarks or behind.remarks or body.forced):
        return body
    return enclosed(if_broken("("), before, body, behind, if_broken(")"))


def breakable(cursor: Cursor, node: ast.Expression) -> Doc:
    """An expression that is not in brackets and keeps its parentheses: it gets them if it has to break."""
    if not isinstance(node, _OPERATIONS) or cursor.opens(node.span):
        return expression(cursor, node)
    first = EMPTY if cursor.is_ruled else SOFT_LINE
    body = expression(cursor, node)
    last = EMPTY if cursor.is_ruled else SOFT_LINE
    if first is EMPTY and not body.forced:
        return body
    return group(concat(if_broken("("), indent(concat(first, body)), last, if_broken(")")))


def template(cursor: Cursor, node: ast.Template) -> Doc:
    """A name, perhaps with computed parts."""
    parts = [cursor.take()]
    for part in node.parts[1:]:
        if isinstance(part, str):
            parts.append(cursor.take())
        else:
            parts += [cursor.take(), expression(cursor, part), cursor.take()]
    return concat(*parts)


def arguments(cursor: Cursor, node: ast.Arguments) -> Doc:
    """What stands between the parentheses of a call, with them."""
    return bracketed(cursor, node.items, _argument)


def _argument(cursor: Cursor, node: ast.Expression | ast.Keyword) -> Doc:
    if isinstance(node, ast.Keyword):
        return concat(cursor.take(), cursor.take(), expression(cursor, node.value))
    return expression(cursor, node)


def _parenthesized(cursor: Cursor, node: ast.Expression) -> Doc:
    opening = cursor.take()
    before = cursor.gap()
    body = expression(cursor, node)
    behind = cursor.gap()
    return enclosed(opening, before, body, behind, cursor.take())


def _operation(cursor: Cursor, node: ast.Binary) -> Doc:
    """Operands of one level of precedence, each behind its operator on a line of its own where they do not fit."""
    if node.operator == "**":
        return _joined(cursor, node.left, node.right)
    left = node.left
    goes_on = isinstance(left, ast.Binary) and _LEVELS[left.operator] == _LEVELS[node.operator]
    if goes_on and not cursor.opens(left.span):
        assert isinstance(left, ast.Binary)
        first = _operation(cursor, left)
    else:
        first = expression(cursor, left)
    return concat(first, _operator(cursor), expression(cursor, node.right))


def _operator(cursor: Cursor) -> Doc:
    """A break, and the operator behind it; comments on either side of it stand before it."""
    gap = cursor.gap()
    operator = cursor.token.text
    cursor.skip()
    return concat(between(gap.joined(cursor.gap())), operator, " ")


def _joined(cursor: Cursor, left: ast.Expression, right: ast.Expression) -> Doc:
    """Operands of a range or a power: close together where neither is an operation itself."""
    is_close = _is_close(cursor, left)
    first = expression(cursor, left)
    operator = cursor.take()
    is_close = is_close and _is_close(cursor, right)
    space = "" if is_close else " "
    return concat(first, space, operator, space, expression(cursor, right))


def _is_close(cursor: Cursor, node: ast.Expression) -> bool:
    """Whether the expression that comes next is no operation, or stands in parentheses."""
    while isinstance(node, ast.Unary) and node.operator == "-":
        node = node.operand
    return not isinstance(node, _OPERATIONS) or cursor.opens(node.span)


def _conditional(cursor: Cursor, node: ast.Conditional) -> Doc:
    then = expression(cursor, node.then)
    condition = concat(_operator(cursor), expression(cursor, node.condition))
    return concat(then, condition, _operator(cursor), expression(cursor, node.otherwise))
