"""Random Python syntax trees of the subset that generated code uses, with names long enough to overflow lines."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable

from archdsl.codegen.printer import Notes

_WORDS = [
    "x",
    "y",
    "conv",
    "bn1",
    "channels",
    "stride",
    "downsample",
    "in_channels",
    "features",
    "num_classes",
    "block",
]
_BINARY = [ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.Pow, ast.BitOr, ast.MatMult, ast.LShift]
_COMPARE = [ast.Eq, ast.NotEq, ast.Lt, ast.GtE, ast.In, ast.NotIn, ast.Is, ast.IsNot]
_TEXTS = [
    "mean",
    "it's",
    'a "b"',
    "",
    "sizes differ",
    "tab\there",
    "100%",
    "{x}",
    "caf\u00e9",
    "\\",
    "'\"",
    "a\nb",
    "\u202e",
]
_COMMENT_WORDS = ["N", "x", "64", "112", "shape", "of", "the", "output", "features"]


class Trees:
    """Makes trees from a seed, with notes and any strings, or without notes and with strings of words."""

    def __init__(self, seed: int, *, notes: bool = True, texts: bool = True) -> None:
        self.random = random.Random(seed)
        self.notes = Notes()
        self._texts = texts
        self._noted = notes

    def module(self, statements: int) -> ast.Module:
        """A module of so many random statements, in functions, methods and at the top."""
        body: list[ast.stmt] = []
        if self._one_in(3):
            body.append(self.docstring())
        if self._one_in(3):
            body.append(ast.Import([ast.alias("torch")]))
        while statements > 0:
            size = self.random.randint(1, 6)
            statements -= size
            make = self.random.choice([self.class_def, self.function, self.statement])
            body.append(make() if make == self.statement else make(size))  # type: ignore[call-arg]
        for statement in body[1:]:
            self._note(statement)
        return ast.Module(body, [])

    # --- small things -----------------------------------------------------------------------------------

    def _one_in(self, count: int) -> bool:
        return self.random.randrange(count) == 0

    def name(self) -> str:
        """An identifier of 1 to about 40 letters."""
        words = self.random.choices(_WORDS, k=self.random.choice([1, 1, 1, 1, 2, 2, 3, 4]))
        return "_".join(words)

    def load(self) -> ast.expr:
        """A name that is read."""
        return ast.Name(self.name(), ast.Load())

    def text(self) -> str:
        """A string value."""
        if self._texts and self._one_in(2):
            return "".join(self.random.choices(_TEXTS, k=self.random.randint(1, 3)))
        # Ruff keeps long texts in parts, which the printer makes, but makes no parts itself.
        return " ".join(
            self.random.choices(_WORDS, k=self.random.choice([0, 1, 2, 4, 9, 16] if self._noted else [0, 1, 4]))
        )

    def docstring(self) -> ast.stmt:
        """A docstring, not laid out in lines."""
        return ast.Expr(ast.Constant(self.text()))

    def constant(self) -> ast.expr:
        """A literal."""
        values = [0, 1, 3, 64, 2048, 0.5, 1e-5, 1e20, True, False, None, self.text()]
        return ast.Constant(self.random.choice(values))

    # --- expressions ------------------------------------------------------------------------------------

    def expression(self, depth: int = 3) -> ast.expr:
        """Any expression."""
        if depth <= 0 or self._one_in(5):
            return self.random.choice([self.load, self.load, self.constant])()
        makers: list[Callable[[int], ast.expr]] = [
            *[self.call] * 5,
            *[self.binary] * 3,
            *[self.attribute] * 3,
            self.subscript,
            self.boolean,
            self.compare,
            self.conditional,
            self.unary,
            self.list,
            self.tuple,
            self.dict,
            self.comprehension,
            self.f_string,
        ]
        return self.random.choice(makers)(depth - 1)

    def expressions(self, depth: int, least: int = 0) -> list[ast.expr]:
        """Several expressions."""
        return [self.expression(depth) for _ in range(self.random.randint(least, 4))]

    def call(self, depth: int) -> ast.expr:
        """A call of a name, an attribute or any expression."""
        if self._one_in(8):
            return ast.Call(self.load(), [self.generator(depth)], [])
        func = self.random.choice([self.load(), self.attribute(0), self.attribute(depth), self.expression(depth - 1)])
        args = self.expressions(depth - 1)
        if self._one_in(6):
            args.append(ast.Starred(self.expression(depth - 1), ast.Load()))
        keywords = [ast.keyword(self.name(), self.expression(depth - 1)) for _ in range(self.random.randint(0, 2))]
        keywords = list({keyword.arg: keyword for keyword in keywords}.values())
        if not self._noted and not keywords and len(args) == 1:
            # A lone text may be printed in parts. Ruff keeps parts, but makes none itself.
            args.append(self.load())
        call = ast.Call(func, args, keywords)
        if self._noted and self._one_in(10):
            self.notes.explode(call)
        return call

    def attribute(self, depth: int) -> ast.expr:
        """An attribute of a name or of something longer."""
        value = self.load() if depth <= 0 or self._one_in(3) else self.expression(depth)
        return ast.Attribute(value, self.name(), ast.Load())

    def subscript(self, depth: int) -> ast.expr:
        """A subscript with an index, a slice or several."""
        index: ast.expr = self.expression(depth - 1)
        if self._one_in(3):
            bounds = [self.expression(depth - 1) if self._one_in(2) else None for _ in range(3)]
            index = ast.Slice(*bounds)
        elif self._one_in(3):
            index = ast.Tuple(self.expressions(depth - 1, 2), ast.Load())
        return ast.Subscript(self.expression(depth - 1), index, ast.Load())

    def binary(self, depth: int) -> ast.expr:
        """An arithmetic operation."""
        return ast.BinOp(self.expression(depth), self.random.choice(_BINARY)(), self.expression(depth))

    def boolean(self, depth: int) -> ast.expr:
        """A conjunction or disjunction."""
        rest = self.expressions(depth, 1)
        return ast.BoolOp(self.random.choice([ast.And, ast.Or])(), [self.expression(depth), *rest])

    def compare(self, depth: int) -> ast.expr:
        """A comparison, sometimes of three."""
        count = self.random.choice([1, 1, 1, 2])
        operators = [self.random.choice(_COMPARE)() for _ in range(count)]
        return ast.Compare(self.expression(depth), operators, [self.expression(depth) for _ in range(count)])

    def conditional(self, depth: int) -> ast.expr:
        """A conditional expression."""
        return ast.IfExp(self.expression(depth), self.expression(depth), self.expression(depth))

    def unary(self, depth: int) -> ast.expr:
        """A unary operation."""
        return ast.UnaryOp(self.random.choice([ast.Not, ast.USub, ast.Invert, ast.UAdd])(), self.expression(depth))

    def list(self, depth: int) -> ast.expr:
        """A list."""
        node = ast.List(self.expressions(depth), ast.Load())
        return self.notes.explode(node) if self._noted and self._one_in(10) else node

    def tuple(self, depth: int) -> ast.expr:
        """A tuple."""
        node = ast.Tuple(self.expressions(depth), ast.Load())
        return self.notes.explode(node) if self._noted and self._one_in(10) else node

    def dict(self, depth: int) -> ast.expr:
        """A dictionary."""
        count = self.random.randint(0, 3)
        keys = [None if self._one_in(8) else self.expression(depth - 1) for _ in range(count)]
        node = ast.Dict(keys, [self.expression(depth - 1) for _ in range(count)])
        return self.notes.explode(node) if self._noted and self._one_in(10) else node

    def clauses(self, depth: int) -> list[ast.comprehension]:
        """The `for` and `if` parts of a comprehension."""
        tests = [self.expression(depth - 1)] if self._one_in(3) else []
        return [ast.comprehension(self.target(depth - 2), self.expression(depth - 1), tests, 0)] * self.random.choice(
            [1, 1, 2]
        )

    def generator(self, depth: int) -> ast.expr:
        """A generator expression."""
        return ast.GeneratorExp(self.expression(depth - 1), self.clauses(depth))

    def comprehension(self, depth: int) -> ast.expr:
        """A comprehension of any kind."""
        if self._one_in(3):
            return ast.DictComp(self.expression(depth - 1), self.expression(depth - 1), self.clauses(depth))
        if self._one_in(2):
            return self.generator(depth)
        return ast.ListComp(self.expression(depth - 1), self.clauses(depth))

    def f_string(self, depth: int) -> ast.expr:
        """An f-string with one or two fields."""
        values: list[ast.expr] = []
        for _ in range(self.random.randint(1, 2)):
            if text := self.text():
                values.append(ast.Constant(text))
            value = self.random.choice(
                [self.load(), ast.BinOp(self.load(), ast.Add(), ast.Constant(1)), self.attribute(0)]
            )
            values.append(ast.FormattedValue(value, self.random.choice([-1, -1, 114]), None))
        return ast.JoinedStr(values)

    # --- statements -------------------------------------------------------------------------------------

    def target(self, depth: int = 1) -> ast.expr:
        """Something to assign to."""
        if self._one_in(4):
            return ast.Tuple(
                [ast.Name(self.name(), ast.Store()) for _ in range(self.random.randint(2, 3))], ast.Store()
            )
        if depth > 0 and self._one_in(4):
            return ast.Subscript(self.load(), self.expression(1), ast.Store())
        if depth > 0 and self._one_in(2):
            return ast.Attribute(self.random.choice([self.load(), self.attribute(depth)]), self.name(), ast.Store())
        return ast.Name(self.name(), ast.Store())

    def _value(self) -> ast.expr:
        return self.expression(self.random.choice([1, 2, 3, 3, 4]))

    def statement(self) -> ast.stmt:
        """A statement without a block."""
        match self.random.randrange(12):
            case 0:
                return ast.AugAssign(self._single_target(), self.random.choice(_BINARY)(), self._value())
            case 1:
                name = ast.Name(self.name(), ast.Store())
                return ast.AnnAssign(name, self.annotation(), self._value() if self._one_in(2) else None, 1)
            case 2:
                return ast.Expr(self.call(2))
            case 3 if self._noted and self._one_in(2):
                text = self.random.choice([self.f_string(1), ast.Constant(self.text())])
                return ast.Raise(ast.Call(self.load(), [text], []), None)
            case 3:
                return ast.Raise(self._value(), self._value() if self._one_in(4) else None)
            case 4:
                return ast.Assign([self.target(), self.target()], self._value())
            case 5:
                return ast.Pass()
            case _:
                return ast.Assign([self.target()], self._value())

    def _single_target(self) -> ast.expr:
        target = self.target()
        return ast.Name("x", ast.Store()) if isinstance(target, ast.Tuple) else target

    def annotation(self) -> ast.expr:
        """A type."""
        plain: ast.expr = self.random.choice([self.load(), ast.Constant(None), self.attribute(0)])
        if self._one_in(3):
            return ast.BinOp(plain, ast.BitOr(), self.load())
        if self._one_in(3):
            return ast.Subscript(self.load(), ast.Tuple([self.load(), plain], ast.Load()), ast.Load())
        return ast.Subscript(self.load(), plain, ast.Load()) if self._one_in(3) else plain

    def block(self, size: int, depth: int = 2) -> list[ast.stmt]:
        """The statements of a block inside a function."""
        body = [self._inner(depth) for _ in range(max(size, 1))]
        for statement in body:
            self._note(statement)
        return body

    def _inner(self, depth: int) -> ast.stmt:
        if depth > 0 and self._one_in(6):
            orelse = self.block(1, depth - 1) if self._one_in(2) else []
            return ast.If(self._value(), self.block(2, depth - 1), orelse)
        if depth > 0 and self._one_in(6):
            return ast.For(self.target(), self._value(), self.block(2, depth - 1), [])
        if self._one_in(6):
            return ast.Return(self._value() if self._one_in(6) is False else None)
        return self.statement()

    def _note(self, statement: ast.stmt) -> None:
        if not self._noted:
            return
        if self._one_in(3):
            self.notes.comment(statement, " ".join(self.random.choices(_COMMENT_WORDS, k=self.random.randint(1, 16))))
        if self._one_in(8):
            self.notes.comment_above(
                statement, " ".join(self.random.choices(_COMMENT_WORDS, k=self.random.randint(1, 30)))
            )
        if self._one_in(4):
            self.notes.blank_before(statement)

    def function(self, size: int) -> ast.stmt:
        """A function."""
        arguments = self.arguments()
        body = self.block(size)
        if self._one_in(3):
            body.insert(0, self.docstring())
        decorators = [self.attribute(0)] if self._one_in(6) else []
        returns = self.annotation() if self._one_in(2) else None
        node = ast.FunctionDef(self.name(), arguments, body, decorators, returns)
        if self._noted and self._one_in(6):
            self.notes.explode(node)
        return node

    def arguments(self) -> ast.arguments:
        """Parameters of all kinds."""
        names = list(dict.fromkeys(self.name() for _ in range(self.random.choice([0, 1, 1, 2, 3, 5]))))
        made = [ast.arg(name, self.annotation() if self._one_in(2) else None) for name in names]
        cut = self.random.randint(0, len(made))
        plain, keyword_only = (made[:cut], made[cut:]) if self._one_in(3) else (made, [])
        positional_only = [plain.pop(0)] if plain and self._one_in(6) else []
        count = self.random.randint(0, len(plain) + len(positional_only))
        defaults = [self.expression(2) for _ in range(count)]
        keyword_defaults = [self.expression(2) if self._one_in(2) else None for _ in keyword_only]
        star = ast.arg("args", None) if self._one_in(6) else None
        double = ast.arg("kwargs", None) if self._one_in(8) else None
        return ast.arguments(positional_only, plain, star, keyword_only, keyword_defaults, double, defaults)

    def class_def(self, size: int) -> ast.stmt:
        """A class with methods and fields."""
        body: list[ast.stmt] = [self.docstring()] if self._one_in(2) else []
        for _ in range(self.random.randint(1, 3)):
            body.append(self.function(size) if self._one_in(2) else self.statement())
        for statement in body[1:]:
            self._note(statement)
        bases = [self.expression(1) for _ in range(self.random.randint(0, 2))]
        return ast.ClassDef(self.name(), bases, [], body, [])


class Plain(ast.NodeTransformer):
    """Takes out what ``ast.unparse`` writes in parentheses that nobody needs: ruff keeps parentheses."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Change the parts of a node, which may then be replaced itself."""
        super().generic_visit(node)
        name = ast.Name("plain", ast.Load())
        match node:
            case ast.BoolOp():
                values = [name if isinstance(value, ast.BoolOp | ast.UnaryOp) else value for value in node.values]
                return ast.BoolOp(node.op, [*values, name][:2])
            case ast.BinOp(op=ast.Pow(), right=ast.UnaryOp()):
                return ast.BinOp(node.left, node.op, name)
            case ast.UnaryOp(operand=ast.BinOp(op=ast.Pow()) | ast.UnaryOp()):
                return ast.UnaryOp(node.op, name)
            case ast.Attribute(value=ast.Constant(value=int() | float())):
                return ast.Attribute(name, node.attr, node.ctx)
            case ast.Subscript(slice=ast.Tuple() as index) if len(index.elts) < 2:
                return ast.Subscript(node.value, name, node.ctx)
            case ast.GeneratorExp():
                return ast.ListComp(node.elt, node.generators)
            case ast.For(target=ast.Tuple()) | ast.comprehension(target=ast.Tuple()):
                node.target = ast.Name("plain", ast.Store())
            case ast.Assign():
                targets = [ast.Name("plain", ast.Store()) if isinstance(t, ast.Tuple) else t for t in node.targets]
                return ast.Assign(targets, node.value)
            case ast.Return(value=ast.Tuple()):
                return ast.Return(name)
        return node
