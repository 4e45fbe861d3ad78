"""Statements of the syntax tree to lines of text, with the blank lines of the formatter's style."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence

from archdsl.codegen.printer_brackets import Brackets, Layout
from archdsl.codegen.printer_expressions import INSIDE, ExpressionPrinter, comma_separated
from archdsl.codegen.printer_literals import docstring_literal, is_docstring
from archdsl.codegen.printer_notes import Notes
from archdsl.codegen.printer_precedence import BINARY
from archdsl.pretty.doc import (
    EMPTY,
    SOFT_LINE,
    Bracketed,
    Doc,
    GroupId,
    Suffix,
    Text,
    best_of,
    concat,
    group,
    if_broken,
    indent,
    soft_block,
)
from archdsl.pretty.layout import render

_STEP = 4
_BLOCKS = ast.ClassDef | ast.FunctionDef | ast.For | ast.If
_DEFINITIONS = ast.ClassDef | ast.FunctionDef
_IMPORTS = ast.Import | ast.ImportFrom


class StatementPrinter:
    """Makes the lines of one module."""

    __slots__ = ("_brackets", "_expressions", "_lines", "_notes", "_width")

    def __init__(self, brackets: Brackets, notes: Notes, width: int) -> None:
        self._brackets = brackets
        self._expressions = ExpressionPrinter(brackets, notes)
        self._notes = notes
        self._width = width
        self._lines: list[str] = []

    def module(self, tree: ast.Module) -> str:
        """The text of the module. Raises TypeError for a statement outside the subset."""
        if self._notes.header:
            self._lines.append("# " + self._notes.header)
            if tree.body and not is_docstring(tree.body[0]):
                blanks = 2 if isinstance(tree.body[0], _DEFINITIONS) else 1
                self._lines += [""] * blanks
        self._suite(tree, tree.body, 0)
        return "".join(line + "\n" for line in self._lines)

    # --- blocks ---------------------------------------------------------------------------------------

    def _suite(self, owner: ast.AST, body: Sequence[ast.stmt], margin: int) -> None:
        previous: ast.stmt | None = None
        for statement in body:
            if previous is not None:
                self._lines += [""] * self._blank_lines(owner, previous, statement, margin)
            self._comments_above(statement, margin)
            if previous is None and is_docstring(statement) and not isinstance(owner, ast.If | ast.For):
                self._docstring(statement, margin)
            else:
                self._statement(statement, margin)
            previous = statement

    def _blank_lines(self, owner: ast.AST, previous: ast.stmt, statement: ast.stmt, margin: int) -> int:
        """How many blank lines stand between two statements of a block."""
        if isinstance(previous, _DEFINITIONS) or isinstance(statement, _DEFINITIONS):
            return 1 if margin else 2
        if isinstance(previous, _IMPORTS):
            commented = bool(self._notes.comments_above(statement))
            if not isinstance(statement, _IMPORTS) or commented:
                return 1
        if is_docstring(previous) and isinstance(owner, ast.Module | ast.ClassDef):
            return 1
        return 1 if self._notes.has_blank_before(statement) else 0

    def _statement(self, statement: ast.stmt, margin: int) -> None:
        match statement:
            case ast.If():
                self._if(statement, margin)
            case ast.For():
                head = concat("for ", self._loop_target(statement.target), " in ", self._value(statement.iter))
                self._head(statement, head, margin)
                self._suite(statement, statement.body, margin + _STEP)
            case ast.FunctionDef() | ast.ClassDef():
                for decorator in statement.decorator_list:
                    self._line(concat("@", self._optional(decorator)), margin)
                head = self._signature(statement) if isinstance(statement, ast.FunctionDef) else self._bases(statement)
                self._head(statement, head, margin)
                self._suite(statement, statement.body, margin + _STEP)
            case _:
                self._simple(statement, margin)

    def _if(self, statement: ast.If, margin: int) -> None:
        keyword = "if "
        while True:
            self._head(statement, concat(keyword, self._value(statement.test)), margin)
            self._suite(statement, statement.body, margin + _STEP)
            match statement.orelse:
                case []:
                    return
                case [ast.If() as chained]:
                    keyword, statement = "elif ", chained
                    self._comments_above(chained, margin)
                case others:
                    self._lines.append(" " * margin + "else:")
                    self._suite(statement, others, margin + _STEP)
                    return

    def _head(self, statement: ast.stmt, head: Doc, margin: int) -> None:
        """The line or lines of a block up to its colon."""
        comment = self._notes.comment_of(statement)
        plain = self._rendered(concat(head, ":"), margin)
        if comment and not self._fits_beside(plain, comment):
            self._comment(comment, margin)
            comment = ""
        self._lines.append(plain + (f"  # {comment}" if comment else ""))

    # --- lines ----------------------------------------------------------------------------------------

    def _rendered(self, doc: Doc, margin: int) -> str:
        return render(doc, width=self._width, indentation=margin, step=_STEP)

    def _line(self, doc: Doc, margin: int) -> None:
        self._lines.append(self._rendered(doc, margin))

    def _fits_beside(self, text: str, comment: str) -> bool:
        return len(text) - text.rfind("\n") - 1 + len(comment) + 4 <= self._width

    def _comments_above(self, statement: ast.stmt, margin: int) -> None:
        for comment in self._notes.comments_above(statement):
            self._comment(comment, margin)

    def _comment(self, text: str, margin: int) -> None:
        """A comment on lines of its own."""
        room = max(self._width - margin - 2, 1)
        for line in textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False):
            self._lines.append(" " * margin + "# " + line)

    def _docstring(self, statement: ast.stmt, margin: int) -> None:
        assert isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        assert isinstance(statement.value.value, str)
        self._lines.append(" " * margin + docstring_literal(statement.value.value, margin))

    def _simple(self, statement: ast.stmt, margin: int) -> None:
        """A statement without a block, with its comment where that does not change how the statement is laid out."""
        plain = self._rendered(self._plain(statement, EMPTY), margin)
        comment = self._notes.comment_of(statement)
        if comment:
            remark = f"  # {comment}"
            commented = self._rendered(self._plain(statement, Suffix(remark, len(remark))), margin)
            if self._fits_beside(plain, comment) and commented == plain + remark:
                self._lines.append(commented)
                return
            self._comment(comment, margin)
        self._lines.append(plain)

    # --- simple statements ----------------------------------------------------------------------------

    def _plain(self, statement: ast.stmt, comment: Doc) -> Doc:
        """A statement without a block, the comment at its end included."""
        match statement:
            case ast.Assign():
                return self._assign(statement, comment)
            case ast.AnnAssign():
                return self._annotated(statement, comment)
            case ast.AugAssign():
                symbol = BINARY[type(statement.op)][0] + "="
                if self._brackets.has_own(statement.target):
                    return self._after(self._targets(statement.target), symbol, statement.value, comment)
                target = self._expressions.expression(statement.target, None)
                return concat(target, f" {symbol} ", self._last(statement.value, comment))
            case ast.Return(value=None):
                return concat("return", comment)
            case ast.Return(value=ast.Tuple() as value) if self._brackets.is_bare(value):
                pair = len(value.elts) == 2
                return concat("return ", self._pair(value) if pair else self._targets(value), comment)
            case ast.Return():
                assert statement.value is not None
                return concat("return ", self._last(statement.value, comment))
            case ast.Raise():
                error = concat(" ", self._optional(statement.exc)) if statement.exc else EMPTY
                cause = concat(" from ", self._optional(statement.cause)) if statement.cause else EMPTY
                return concat("raise", error, cause, comment)
            case ast.Expr():
                return concat(self._expressions.expression(statement.value, None), comment)
            case ast.Pass():
                return concat("pass", comment)
            case ast.Import():
                return concat("import ", ", ".join(_alias(name) for name in statement.names), comment)
        assert isinstance(statement, ast.ImportFrom), "check_allowed has refused all others"
        return concat(self._import_from(statement), comment)

    def _import_from(self, statement: ast.ImportFrom) -> Doc:
        items = [Text(_alias(name)) for name in statement.names]
        names = comma_separated(items, exploded=self._notes.is_exploded(statement), comma_after_one=True)
        return concat(f"from {statement.module} import ", _around(names))

    def _assign(self, statement: ast.Assign, comment: Doc) -> Doc:
        *others, last = statement.targets
        if not others and not (isinstance(last, ast.Tuple) or self._brackets.has_own(last)):
            target = self._expressions.expression(last, None)
            return concat(target, " = ", self._last(statement.value, comment))
        head: list[Doc] = []
        for position, other in enumerate(others):
            # The formatter keeps the first target as it is written, and may put the others into brackets.
            plain = position == 0 and not self._brackets.is_bare(other)
            head += [self._expressions.expression(other, None) if plain else self._targets(other), Text(" = ")]
        return concat(*head, self._after(self._targets(last), "=", statement.value, comment))

    def _annotated(self, statement: ast.AnnAssign, comment: Doc) -> Doc:
        name = concat(self._expressions.expression(statement.target, None), ": ")
        if statement.value is None:
            return concat(name, self._last(statement.annotation, comment))
        if self._brackets.is_splittable(statement.annotation):
            return concat(name, self._after(self._targets(statement.annotation), "=", statement.value, comment))
        annotation = self._expressions.unwrapped(statement.annotation, None)
        return concat(name, annotation, " = ", self._last(statement.value, comment))

    # --- values at the end of a statement -------------------------------------------------------------

    def _last(self, value: ast.expr, comment: Doc) -> Doc:
        """The value that ends a statement, and its comment: inside the brackets if what they hold cannot break."""
        if not isinstance(value, ast.Name | ast.Constant | ast.JoinedStr):
            return concat(self._value(value), comment)
        id = GroupId()
        body = concat(self._expressions.unwrapped(value, id), if_broken(comment, EMPTY, id))
        return concat(Bracketed("(", body, ")", id), if_broken(EMPTY, comment, id))

    def _after(self, target: Doc, symbol: str, value: ast.expr, comment: Doc) -> Doc:
        """A target that could break itself, and its value: the value breaks or goes into brackets first."""
        fits_around = self._brackets.layout(value) is Layout.AROUND_IF_IT_FITS
        if isinstance(value, ast.UnaryOp) or not fits_around:
            return concat(target, f" {symbol} ", self._value(value), comment)
        shown = self._expressions.unwrapped(value, None)
        unbreakable = isinstance(value, ast.Name | ast.Constant | ast.JoinedStr)
        inner = comment if unbreakable else EMPTY
        outer = EMPTY if unbreakable else comment
        head = concat(target, f" {symbol} ")
        if target.forced:
            return concat(head, shown, comment)
        layouts = [concat(head, shown, inner)]
        if isinstance(value, ast.Call | ast.Subscript | ast.Attribute):
            layouts.append(concat(head, group(shown, forced=True)))
        layouts.append(concat(head, "(", group(soft_block(concat(shown, inner)), forced=True), ")"))
        layouts.append(concat(group(target, forced=True), f" {symbol} ", shown, inner))
        return concat(best_of(layouts), outer)

    def _targets(self, node: ast.expr) -> Doc:
        """A target (or annotation) before an operator: put into brackets if it breaks and has none."""
        if isinstance(node, ast.Tuple) and self._brackets.is_bare(node):
            return _around(self._expressions.items(node, INSIDE))
        if isinstance(node, ast.Tuple) or self._brackets.has_own(node) or self._ends_in_brackets(node):
            return self._expressions.unwrapped(node, None)
        return self._in_brackets(node)

    def _loop_target(self, node: ast.expr) -> Doc:
        if isinstance(node, ast.Tuple) and self._brackets.is_bare(node):
            return self._pair(node)
        return self._value(node)

    def _pair(self, node: ast.Tuple) -> Doc:
        """A bare tuple that gets parentheses only where breaking the brackets in it is not enough."""
        id = GroupId()
        # Once it has parentheses, the formatter reads them as the tuple's own.
        items = if_broken(self._expressions.items(node, INSIDE), self._expressions.items(node, id), id)
        return _around_lazily(items, id)

    def _ends_in_brackets(self, node: ast.expr) -> bool:
        """Whether an attribute is one of something with brackets: it can break there."""
        while isinstance(node, ast.Attribute):
            node = node.value
            if self._brackets.is_wrapped(node) or self._brackets.has_own(node):
                return True
        return False

    def _value(self, node: ast.expr) -> Doc:
        """An expression of a statement, in brackets where it needs them to break."""
        if isinstance(node, ast.Tuple) and self._brackets.is_bare(node):
            return _around(self._expressions.items(node, INSIDE))
        match self._brackets.layout(node):
            case Layout.AROUND:
                return self._in_brackets(node)
            case Layout.AROUND_IF_IT_FITS:
                id = GroupId()
                return Bracketed("(", self._expressions.unwrapped(node, id), ")", id)
            case _:
                return self._expressions.unwrapped(node, None)

    def _optional(self, node: ast.expr) -> Doc:
        """An expression that gets brackets only to break at its operators, and keeps them where it has some."""
        if self._brackets.layout(node) is Layout.AROUND:
            return self._in_brackets(node, kept=True)
        return self._expressions.unwrapped(node, None)

    def _in_brackets(self, node: ast.expr, *, kept: bool = False) -> Doc:
        """An operation in brackets where it breaks; ``kept``: the formatter would never take them away again."""
        if not self._brackets.breaks_inside(node):
            return _around(self._expressions.unwrapped(node, INSIDE))
        id = GroupId()
        body = self._expressions.unwrapped(node, id)
        return _around_lazily(if_broken(self._expressions.unwrapped(node, INSIDE), body, id) if kept else body, id)

    # --- heads ----------------------------------------------------------------------------------------

    def _bases(self, statement: ast.ClassDef) -> Doc:
        if not statement.bases and not statement.keywords:
            return Text(f"class {statement.name}")
        return concat(f"class {statement.name}", self._expressions.arguments(statement, None))

    def _signature(self, statement: ast.FunctionDef) -> Doc:
        parameters = self._parameters(statement)
        if not parameters:
            head: Doc = Text("()")
        else:
            body = comma_separated(parameters, exploded=self._notes.is_exploded(statement), comma_after_one=True)
            head = concat("(", soft_block(body if len(parameters) == 1 else group(body)), ")")
        if statement.returns is not None:
            head = concat(head, " -> ", self._returns(statement.returns, bool(parameters)))
        return concat(f"def {statement.name}", group(head))

    def _returns(self, node: ast.expr, has_parameters: bool) -> Doc:
        """A return annotation: where there are parameters, they break before it does."""
        layout = self._brackets.layout(node)
        if layout is Layout.AROUND_IF_IT_FITS and isinstance(node, ast.Subscript) and has_parameters:
            return self._expressions.unwrapped(node, None)
        if layout is Layout.AROUND_IF_IT_FITS and not has_parameters:
            return self._in_brackets(node)
        return self._value(node)

    def _parameters(self, statement: ast.FunctionDef) -> list[Doc]:
        signature = statement.args
        plain = [*signature.posonlyargs, *signature.args]
        missing = [None] * (len(plain) - len(signature.defaults))
        docs: list[Doc] = []
        for position, (parameter, default) in enumerate(zip(plain, [*missing, *signature.defaults], strict=True)):
            if position and position == len(signature.posonlyargs):
                docs.append(Text("/"))
            docs.append(self._parameter(parameter, default))
        if signature.posonlyargs and len(signature.posonlyargs) == len(plain):
            docs.append(Text("/"))
        if signature.vararg is not None:
            docs.append(concat("*", self._parameter(signature.vararg, None)))
        elif signature.kwonlyargs:
            docs.append(Text("*"))
        docs += [
            self._parameter(parameter, default)
            for parameter, default in zip(signature.kwonlyargs, signature.kw_defaults, strict=True)
        ]
        if signature.kwarg is not None:
            docs.append(concat("**", self._parameter(signature.kwarg, None)))
        return docs

    def _parameter(self, parameter: ast.arg, default: ast.expr | None) -> Doc:
        parts: list[Doc | str] = [parameter.arg]
        if parameter.annotation is not None:
            parts += [": ", self._expressions.expression(parameter.annotation, INSIDE)]
        if default is not None:
            sign = "=" if parameter.annotation is None else " = "
            parts += [sign, self._expressions.expression(default, INSIDE)]
        return concat(*parts)


def _around(body: Doc) -> Doc:
    """The body in parentheses where it breaks."""
    return group(concat(if_broken("("), soft_block(body), if_broken(")")))


def _around_lazily(body: Doc, id: GroupId) -> Doc:
    """A body made for the group ``id``, in parentheses where breaking the brackets in it is not enough."""
    inner = concat(indent(concat(SOFT_LINE, body), only_if_broken=id), SOFT_LINE)
    return group(concat(if_broken("("), inner, if_broken(")")), id=id)


def _alias(name: ast.alias) -> str:
    return f"{name.name} as {name.asname}" if name.asname else name.name
