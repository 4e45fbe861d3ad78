"""What the printer refuses: other syntax, dangerous names, trees too deep, texts that are not their tree."""

from __future__ import annotations

import ast

import pytest

from archdsl.codegen.printer import ALLOWED_NODES, check_allowed, print_module, verify_print
from archdsl.codegen.printer_allowed import MAX_DEPTH

NOT_ALLOWED = [
    "x = lambda: 1",
    "(x := 1)",
    "async def f(): pass",
    "def f():\n    yield 1",
    "def f():\n    x = yield",
    "async def f():\n    await x",
    "while x: pass",
    "with x: pass",
    "try:\n    pass\nexcept E:\n    pass",
    "assert x",
    "del x",
    "global x",
    "x = {1, 2}",
    "x = {y for y in z}",
    "match x:\n    case 1: pass",
    "for x in y:\n    break",
    "for x in y:\n    continue",
    "x = b'bytes'",
    "x = 1j",
    "x = u'prefix'",
    "def f():\n    import os",
    "class C:\n    import os",
    "if x:\n    from a import b",
    "def f():\n    def g(): pass",
    "if x:\n    def g(): pass",
    "class C:\n    class D: pass",
    "def f():\n    class D: pass",
    "for x in y:\n    pass\nelse:\n    pass",
    "from a import *",
    "from . import a",
    "from .a import b",
    "import a, b",
    "from builtins import eval as harmless",
    "import a.__main__",
    "eval('1')",
    "exec('1')",
    "x = compile('1', '', 'exec')",
    "x = open('/etc/passwd')",
    "x = getattr(a, b)",
    "x = __import__('os')",
    "x = a.__class__",
    "x = __builtins__",
    "def __del__(self): pass",
    "f(__init_subclass__=1)",
    "\u0435val('1')",
    "x",
    "1 + 1",
    "...",
    "'text'\n'not the docstring'",
    "if x:\n    'not a docstring'",
    "def f():\n    f'not a docstring'",
    "(x): int = 1",
]


@pytest.mark.parametrize("source", NOT_ALLOWED)
def test_syntax_outside_the_subset_is_refused(source: str) -> None:
    tree = ast.parse(source)
    with pytest.raises(TypeError, match="not allowed in generated code"):
        check_allowed(tree)
    with pytest.raises(TypeError, match="not allowed in generated code"):
        print_module(tree)
    with pytest.raises(TypeError, match="not allowed in generated code"):
        verify_print(tree, source) if source.isascii() else check_allowed(tree)


@pytest.mark.parametrize("name", ["a b", "1a", "", "a.b", "class", "None", "caf\u00e9", "x\n", "x;y", "x=1"])
def test_names_that_are_no_identifiers_are_refused(name: str) -> None:
    load = ast.Load()
    trees: list[ast.stmt] = [
        ast.Assign([ast.Name(name, ast.Store())], ast.Constant(1)),
        ast.Expr(ast.Call(ast.Attribute(ast.Name("x", load), name, load), [], [])),
        ast.Expr(ast.Call(ast.Name("x", load), [], [ast.keyword(name, ast.Constant(1))])),
        ast.ClassDef(name, [], [], [ast.Pass()], []),
        ast.ImportFrom("a", [ast.alias(name)], 0),
        ast.ImportFrom("a", [ast.alias("b", name)], 0),
        ast.FunctionDef("f", ast.arguments([], [ast.arg(name)], None, [], [], None, []), [ast.Pass()], []),
    ]
    for statement in trees:
        with pytest.raises(TypeError, match="not allowed"):
            print_module(ast.Module([statement], []))


@pytest.mark.parametrize("name", ["input", "open", "compile", "vars"])
def test_a_parameter_may_have_the_name_of_a_builtin_function(name: str) -> None:
    tree = ast.parse(f"def f({name}):\n    return {name} + x.{name}")
    verify_print(tree, print_module(tree))


KINDS = [kind for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, ast.AST)]
DEPRECATED = {"Index", "ExtSlice", "Suite", "AugLoad", "AugStore", "Param", "slice"}
PARENTS = (ast.AST, ast.mod, ast.stmt, ast.expr, ast.expr_context, ast.pattern, ast.excepthandler, ast.type_ignore)


REFUSED = [kind for kind in KINDS if not issubclass(kind, ALLOWED_NODES) and kind.__name__ not in DEPRECATED]


def test_the_list_is_not_empty_on_either_side() -> None:
    assert ast.Lambda in REFUSED
    assert ast.Call not in REFUSED
    assert len(REFUSED) > 40


@pytest.mark.parametrize("kind", [kind for kind in REFUSED if kind not in PARENTS])
def test_a_node_that_is_not_on_the_list_is_refused(kind: type[ast.AST]) -> None:
    # A new version of Python brings new nodes: none of them is allowed by chance.
    with pytest.raises(TypeError, match=f"{kind.__name__} is not allowed"):
        check_allowed(ast.Module([kind()], []))


@pytest.mark.parametrize(
    "source",
    [
        "x = 1  # type: int",
        "for x in y:  # type: int\n    pass",
        "def f(a):  # type: (int) -> int\n    pass",
        "def f(\n    a,  # type: int\n    b,\n):\n    pass",
    ],
)
def test_type_comments_are_refused(source: str) -> None:
    with pytest.raises(TypeError, match="type comment"):
        print_module(ast.parse(source, type_comments=True))


def test_an_asynchronous_comprehension_is_refused() -> None:
    # It needs no `async def` around it: in a generator expression it is legal anywhere.
    tree = ast.parse("x = f(a for a in b)")
    next(node for node in ast.walk(tree) if isinstance(node, ast.comprehension)).is_async = 1
    with pytest.raises(TypeError, match="asynchronous"):
        print_module(tree)


@pytest.mark.parametrize("value", [-1, -0.5, -0.0, float("inf"), float("-inf"), float("nan")])
def test_numbers_without_a_literal_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not a literal"):
        print_module(ast.Module([ast.Assign([ast.Name("x", ast.Store())], ast.Constant(value))], []))


PLAIN = ast.Name("a", ast.Load())


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (ast.FormattedValue(PLAIN, -1), "an expression FormattedValue"),
        (ast.Tuple([ast.comprehension(PLAIN, PLAIN, [], 0)], ast.Load()), "an expression comprehension"),
        (ast.JoinedStr([PLAIN]), "a part Name of an f-string"),
        (ast.JoinedStr([ast.Constant(1)]), "a part Constant of an f-string"),
    ],
)
def test_a_node_in_a_place_that_is_not_its_own_is_refused(value: ast.expr, message: str) -> None:
    """Each is on the list, and stands somewhere in generated code."""
    with pytest.raises(TypeError, match=f"{message} is not printed"):
        print_module(ast.Module([ast.Assign([ast.Name("x", ast.Store())], value)], []))


# --- depth --------------------------------------------------------------------------------------------

NESTS = {
    "a call": lambda inner: ast.Call(ast.Name("f", ast.Load()), [inner, inner_name()], []),
    "a lone generator": lambda inner: ast.Call(ast.Name("f", ast.Load()), [ast.GeneratorExp(inner, [clause()])], []),
    "a list": lambda inner: ast.List([inner], ast.Load()),
    "a tuple": lambda inner: ast.Tuple([inner, inner_name()], ast.Load()),
    "a dict": lambda inner: ast.Dict([inner_name()], [inner]),
    "a dict comprehension": lambda inner: ast.DictComp(inner_name(), inner, [clause()]),
    "a sum": lambda inner: ast.BinOp(inner, ast.Add(), inner_name()),
    "a sum to the right": lambda inner: ast.BinOp(inner_name(), ast.Add(), inner),
    "a power": lambda inner: ast.BinOp(inner, ast.Pow(), inner_name()),
    "a conditional": lambda inner: ast.IfExp(inner, inner_name(), inner_name()),
    "a chain of conditionals": lambda inner: ast.IfExp(inner_name(), inner_name(), inner),
    "a sign": lambda inner: ast.UnaryOp(ast.USub(), inner),
    "a subscript": lambda inner: ast.Subscript(inner_name(), inner, ast.Load()),
    "a chain": lambda inner: ast.Call(ast.Attribute(inner, "f", ast.Load()), [inner_name()], []),
}


def inner_name() -> ast.expr:
    return ast.Name("name", ast.Load())


def clause() -> ast.comprehension:
    return ast.comprehension(ast.Name("x", ast.Store()), inner_name(), [], 0)


def nested(kind: str, levels: int) -> ast.Module:
    value = inner_name()
    for _ in range(levels):
        value = NESTS[kind](value)
    return ast.Module([ast.Assign([ast.Name("x", ast.Store())], value)], [])


def is_allowed(tree: ast.Module) -> bool:
    try:
        check_allowed(tree)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("kind", NESTS)
def test_nesting_is_printed_up_to_the_limit_and_refused_beyond(kind: str) -> None:
    most = max(levels for levels in range(MAX_DEPTH) if is_allowed(nested(kind, levels)))
    assert most >= MAX_DEPTH // 2 - 2
    tree = nested(kind, most)
    verify_print(tree, print_module(tree))
    for levels in (most + 1, 5_000):
        with pytest.raises(ValueError, match="levels deep"):
            print_module(nested(kind, levels))


# --- texts that are not what they should be ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "text", "message"),
    [
        ("x = 1", "x = 2\n", r"Module.body\[0\].value.value: 2 in place of 1"),
        ("x = 1", "x = 1.0\n", "1.0 in place of 1"),
        ("x = 1", "x = True\n", "True in place of 1"),
        ("x = 0", "x = None\n", "None in place of 0"),
        ("x = None", "x = 0\n", "0 in place of None"),
        ("x = 1", "y = 1\n", "'y' in place of 'x'"),
        ("x = 1", "x = 1\nx = 1\n", "Module.body: 2 items in place of 1"),
        ("f(a)", "f(a, b)\n", "2 items in place of 1"),
        ("x = a + b", "x = a - b\n", "op"),
        ("x = f(a)", "x = g[a]\n", "value"),
        ("x = 1", "x = 1 if a else b\n", "value"),
        ("x: int = 1", "x: int\n", "value"),
        ("x = 1", "x = 1  # \u00e9\n", "not printable ASCII"),
        ("x = 1", "x = 1\r\n", "not printable ASCII"),
        ("x = 1", "x = '\t1'\n", "not printable ASCII"),
    ],
)
def test_a_text_of_another_tree_is_found(source: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        verify_print(ast.parse(source), text)


def test_a_text_that_is_no_python_is_found() -> None:
    with pytest.raises(SyntaxError):
        verify_print(ast.parse("x = 1"), "x = (\n")


def test_absent_and_empty_fields_are_the_same() -> None:
    # Which lists a node must have depends on the version of Python.
    bare = ast.Module([ast.Expr(ast.Call(func=ast.Name("f", ast.Load()), args=[], keywords=[]))])
    verify_print(bare, "f()\n")
