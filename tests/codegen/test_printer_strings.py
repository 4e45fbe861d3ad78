"""Strings, docstrings, f-strings and comments of any content: ASCII, the same value, in the layout ruff wants."""

from __future__ import annotations

import ast
import inspect
import random
from pathlib import Path

import pytest

from archdsl.codegen.printer import Notes, docstring_value, print_module, verify_print
from archdsl.codegen.printer_texts import Field, text_parts
from tests.codegen.ruff import formatted

HOSTILE = [
    '"',
    '""',
    '"""',
    "'",
    "'''",
    "\\",
    "\\\\",
    "\\N{DASH}",
    "\n",
    "\n\n",
    "\n    ",
    "\n        ",
    " ",
    "\t",
    "\r",
    "\r\n",
    "\0",
    "\x0b",
    "\x0c",
    "\x1b[0m",
    "\x1c",
    "\x7f",
    "\x85",
    "\xa0",
    "\xad",
    "\u2028",
    "\u202e",
    "\u2066",
    "\ufeff",
    "\ud800",
    "\U0001f40d",
    "\u0430",
    "# -*- coding: utf-7 -*-",
    "+AGkbXBvcnQgb3M-",
    "{x}",
    "%s",
    ">>> x",
    "text",
    "Two words.",
]


def arguments() -> ast.arguments:
    return ast.arguments([], [], None, [], [], None, [])


def function(name: str, *body: ast.stmt) -> ast.stmt:
    return ast.FunctionDef(name, arguments(), list(body), [], None)


def module_of(value: str, number: int) -> list[ast.stmt]:
    """The value as a docstring of a function and of a method, as a string, in an f-string, and as a lone argument."""
    docstring = ast.Expr(ast.Constant(value))
    parts: list[ast.expr] = [ast.Constant(value)] if value else []
    text = ast.JoinedStr([*parts, ast.FormattedValue(ast.Name("x", ast.Load()), -1)])
    method = function("f", docstring, ast.Raise(ast.Call(ast.Name("E", ast.Load()), [text], []), None))
    assign = ast.Assign([ast.Name("y", ast.Store())], text)
    return [
        function(f"f{number}", docstring, ast.Return(ast.Constant(value)), assign),
        ast.ClassDef(f"C{number}", [], [], [docstring, method], []),
    ]


def values(seed: int) -> list[str]:
    """Strings put together from hostile pieces; every third is laid out as a docstring of some level."""
    rng = random.Random(seed)
    made = ["".join(rng.choices(HOSTILE, k=rng.randint(0, 6))) for _ in range(900)]
    return [
        *HOSTILE,
        "",
        *(docstring_value(text, rng.choice([0, 1, 2])) if at % 3 else text for at, text in enumerate(made)),
    ]


def test_hostile_strings_keep_their_value_and_their_layout(tmp_path: Path) -> None:
    texts = {}
    cases = values(1)
    for start in range(0, len(cases), 40):
        body: list[ast.stmt] = [ast.Expr(ast.Constant(cases[start]))]
        for number, value in enumerate(cases[start : start + 40]):
            body += module_of(value, number)
        tree = ast.Module(body, [])
        texts[f"m{start}"] = text = print_module(tree)
        verify_print(tree, text)
        assert text.isascii() and all(char.isprintable() or char == "\n" for char in text)
    assert formatted(tmp_path, texts) == texts


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", '"plain"'),
        ("it's", '"it\'s"'),
        ('a "b"', "'a \"b\"'"),
        ("'\"", '"\'\\""'),
        ("a\nb\tc\r\\", '"a\\nb\\tc\\r\\\\"'),
        ("caf\u00e9 \u202e \U0001f40d \0 \x7f \ud800", '"caf\\xe9 \\u202e \\U0001f40d \\x00 \\x7f \\ud800"'),
        ("# coding: utf-7", '"# coding: utf-7"'),
    ],
)
def test_strings(value: str, text: str) -> None:
    assert (
        print_module(ast.Module([ast.Assign([ast.Name("x", ast.Store())], ast.Constant(value))], [])) == f"x = {text}\n"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Plain.", '"""Plain."""'),
        ("", '""""""'),
        (" ", '"""\\x20"""'),
        ('"quoted"', '"""\\x22quoted\\x22"""'),
        ("ends with \\", '"""ends with \\x5c"""'),
        ('a """ b', '"""a \\x22\\x22\\x22 b"""'),
        ("a \\ b", '"""a \\\\ b"""'),
        ("First.\n\n    Second.\n    ", '"""First.\n\n    Second.\n    """'),
        ("First.\n    Second.", '"""First.\n    Second."""'),
        ("First.\n      - item\n    Last.", '"""First.\n      - item\n    Last."""'),
        # The formatter would re-indent or trim these.
        ("First.\nSecond.", '"""First.\\nSecond."""'),
        ("First.\n        Second.", '"""First.\\n        Second."""'),
        ("First. \n    Second.", '"""First. \\n    Second."""'),
        ("First.\n    Second.\n", '"""First.\\n    Second.\\n"""'),
        ("First.\r\n    Second.", '"""First.\\r\\n    Second."""'),
    ],
)
def test_docstrings(value: str, text: str, tmp_path: Path) -> None:
    tree = ast.Module([function("f", ast.Expr(ast.Constant(value)))], [])
    shown = print_module(tree)
    assert shown == f"def f():\n    {text}\n"
    verify_print(tree, shown)
    assert formatted(tmp_path, {"a": shown}) == {"a": shown}


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("text", ["One line.", "One.\n\nTwo.\n  - three", "  One.  \nTwo.\n\n"])
def test_docstring_values_read_as_their_text(text: str, level: int) -> None:
    value = docstring_value(text, level)
    assert inspect.cleandoc(value) == "\n".join(line.rstrip() for line in text.strip().split("\n"))


# --- f-strings ----------------------------------------------------------------------------------------


def field(value: ast.expr, specification: ast.expr | None = None) -> ast.Module:
    """``x = f"{value:specification}"``."""
    text = ast.JoinedStr([ast.FormattedValue(value, -1, specification)])
    return ast.Module([ast.Assign([ast.Name("x", ast.Store())], text)], [])


def test_a_string_in_a_field_has_the_other_quotes() -> None:
    index = ast.Subscript(ast.Name("d", ast.Load()), ast.Constant("two words"), ast.Load())
    assert print_module(field(index)) == "x = f\"{d['two words']}\"\n"


@pytest.mark.parametrize("value", ["it's", 'a "b"', "a\\b", "\n", "\u202e", "caf\xe9", "#", "{", "}", "\x7f"])
def test_a_string_in_a_field_that_python_cannot_write_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="cannot stand inside the braces"):
        print_module(field(ast.Constant(value)))


@pytest.mark.parametrize("text", ["{", "}", '"', "'", "\\", "\n", "\u202e", "caf\xe9"])
def test_a_format_specification_that_is_not_plain_is_refused(text: str) -> None:
    with pytest.raises(TypeError, match="is not printed"):
        print_module(field(ast.Name("x", ast.Load()), ast.JoinedStr([ast.Constant(text)])))


@pytest.mark.parametrize("source", ["f\"{f'{x}'}\"", 'f"{x:{width}}"'])
def test_an_f_string_in_an_f_string_is_refused(source: str) -> None:
    with pytest.raises(TypeError, match="printed"):
        print_module(ast.parse(f"x = {source}"))


@pytest.mark.parametrize("code", [ord("x"), 10, ord("}"), 0x202E])
def test_a_conversion_that_python_does_not_know_is_refused(code: int) -> None:
    text = ast.JoinedStr([ast.FormattedValue(ast.Name("x", ast.Load()), code)])
    with pytest.raises(TypeError, match="conversion"):
        print_module(ast.Module([ast.Assign([ast.Name("x", ast.Store())], text)], []))


def test_a_long_text_is_broken_after_blanks_and_nowhere_else() -> None:
    parts = text_parts(["many words " * 5 + "name=", Field("{value}"), ", ", Field("{other}"), " x" * 30])
    assert parts[0] == '"' + "many words " * 5 + '"'
    assert parts[1].startswith('f"name={value}, {other} x')
    assert all(part.endswith(' "') and len(part) <= 64 + 3 for part in parts[:-1])
    assert eval("".join(parts), {"value": 1, "other": 2}) == "many words " * 5 + "name=1, 2" + " x" * 30


@pytest.mark.parametrize("text", ["a 'quoted' word " * 9, 'a "quoted" word ' * 9, "a back\\slash " * 9])
def test_a_long_text_with_quotes_stays_whole(text: str) -> None:
    assert len(text_parts([text])) == 1


# --- comments -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [text for text in HOSTILE if "coding" not in text])
def test_a_comment_cannot_leave_its_line(text: str) -> None:
    tree = ast.parse("x = 1\ny = 2")
    notes = Notes()
    notes.comment(tree.body[0], f"a{text}b")
    notes.comment_above(tree.body[1], f"a{text}b")
    printed = print_module(tree, notes)
    verify_print(tree, printed)
    assert printed.isascii() and printed.count("\n") == 3


@pytest.mark.parametrize(
    "text",
    [
        "coding: utf-7",
        "-*- coding=utf-7 -*-",
        "vim: set fileencoding:utf-7",
        "noqa",
        "noqa: F401",
        "ruff: noqa",
        "type: ignore",
        "fmt: off",
        "fmt:skip",
        "a shape  # type: int",
        "isort: skip_file",
        "pragma: no cover",
        "mypy: ignore-errors",
    ],
)
def test_a_comment_that_is_an_order_to_a_tool_is_refused(text: str) -> None:
    tree = ast.parse("x = 1")
    with pytest.raises(ValueError, match="directive"):
        Notes(text)
    with pytest.raises(ValueError, match="directive"):
        Notes().comment(tree.body[0], text)
    with pytest.raises(ValueError, match="directive"):
        Notes().comment_above(tree.body[0], text)


def test_line_1_cannot_change_the_encoding() -> None:
    # Read as UTF-7, `+AAo-` in a comment is a line break, and what follows is code.
    with pytest.raises(ValueError, match="directive"):
        Notes("coding: utf-7 +AAo-import os")
