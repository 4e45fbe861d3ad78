"""What expressions come to, as Python would compute them; and what has no value, said where it is written."""

from __future__ import annotations

from math import ceil

import pytest

from archdsl.ir.design import BlockValue
from archdsl.ir.dim import Dim
from archdsl.ir.typed import TypedLet
from tests.check.support import checked, errors, network

H = Dim.symbol("H")
HUGE_PERIOD = "x.height // 4099 + x.height // 4111 + x.height // 4127 - x.height // 4129 + x.height"

VALUES = [
    ("len(0..4)", len(range(4))),
    ("(0..10)[2..4]", range(10)[2:4]),
    ("(0..4)[2]", range(4)[2]),
    ("[1, [2, [3]]] + [4]", (1, (2, (3,)), 4)),
    ('"a" + "b"', "a" + "b"),
    ("7.5 // 2", 7.5 // 2),
    ("1 - 2.5", 1 - 2.5),
    ("round(2.5)", round(2.5)),
    ("ceil(2.5)", ceil(2.5)),
    ("int(-2.5)", int(-2.5)),
    ("abs(-3)", abs(-3)),
    ("max([3, 1.5])", max(3, 1.5)),
    ("sum(0..1000)", sum(range(1000))),
    ("sum([1.5, 2])", sum([1.5, 2])),
    ("none == none", True),
    ('3 == "a"', False),
    ("true == 1", False),
    ("[true] == [1]", False),
    ("[1, 2] == [1]", False),
    ("[1, 2] != [1, 3]", True),
    ("relu == relu", True),
    ("conv(8, 1) == conv(8, 3)", False),
    ("relu()", BlockValue("relu")),
    ("x.height == x.height", True),
    ("x.height != x.height", False),
    ("x.height == x.height + 1", False),
    ("x.height < 1", False),
    ("x.height >= 1", True),
    ("[x.height, relu] == [x.height, relu]", True),
    ("min(x.height, x.height + 1)", H),
    ("sum([x.height, 1])", H + 1),
    ("-x.height", -H),
]


@pytest.mark.parametrize(("expression", "value"), VALUES)
def test_values(expression: str, value: object) -> None:
    typed, found = checked(network(f"let v = {expression}\nif v == v {{ relu }}"))
    assert found == []
    assert typed is not None
    (computed,) = [node.values for node in typed.root.body.nodes if isinstance(node, TypedLet)]
    assert computed == (value,)
    assert type(computed[0]) is type(value)


LONG = '"' + "a" * 501 + '"'
NO_VALUES = [
    ('[1, 2]["a"]', "E0405", 'an item is chosen by a whole number, not the string "a"'),
    ("[1, 2][true]", "E0405", "an item is chosen by a whole number, not true"),
    ("[1, 2][2]", "E0403", "there is no item 2: the list has 2 items, numbered from 0 to 1"),
    ('"abc"[0]', "E0405", 'only lists and tuples have items, not the string "abc"'),
    ("0..1.5", "E0405", "a range runs over whole numbers, not 1.5"),
    ("min([])", "E0405", "`min` needs at least one number"),
    ("max(0..4)", "E0405", "`max` takes numbers, not a range"),
    ('min("a", 1)', "E0405", '`min` takes numbers, not the string "a"'),
    ("abs(none)", "E0405", "`abs` takes a number, not none"),
    ("int(1e300)", "E0407", "the result is larger than any size can be"),
    ("sum(0..1001)", "E0407", "a list to be added up may have at most 1,000 items"),
    ('sum([1, "a"])', "E0405", '`+` takes numbers, not the string "a"'),
    ("len(relu)", "E0405", "`len` takes a list, not the block `relu`"),
    ("not 3", "E0405", "`not` takes true or false, not 3"),
    ("-true", "E0405", "`-` takes a number, not true"),
    ("-(0..3)", "E0405", "`-` takes a number, not a range"),
    ("1 < none", "E0405", "`<` compares numbers, not none"),
    (f"{LONG} + {LONG}", "E0407", "a string may have at most 1,000 characters"),
    ("[1] + 2", "E0405", "`+` takes numbers, not a list of 1"),
    ("2 ** -1", "E0405", "a negative power is no whole number"),
    ("0.0 ** -1", "E0402", "a negative power of zero divides by zero"),
    ("10.0 ** 400", "E0407", "the result is no finite number"),
    ("(-8.0) ** 0.5", "E0407", "the result is no finite number"),
    ("7 % 0", "E0402", "division by zero"),
    ("x.height == 1.5", "E0405", "an open size cannot be compared with 1.5"),
    ("relu == x.height", "E0405", "an open size cannot be compared with the block `relu`"),
    ("x.height == 32", "E0406", "whether H == 32 depends on the size of the input"),
    ("x.height / 2", "E0405", "`H / 2` cannot be computed: an open size takes `+`, `-`, `*`, `//` and `%`"),
    ("2 ** x.height", "E0405", "`2 ** H` cannot be computed: an open size takes `+`, `-`, `*`, `//` and `%`"),
    ("x.height // -2", "E0405", "an open size is divided by positive numbers only, not by -2"),
    ("x.height // x.width", "E0405", "`H // W` cannot be computed with open sizes"),
    ("x.depth", "E0304", "a value of shape N x 8 x H x W has no depth"),
]


@pytest.mark.parametrize(("expression", "code", "message"), NO_VALUES)
def test_what_has_no_value(expression: str, code: str, message: str) -> None:
    text = network(f"let v = {expression}\nif v == v {{ relu }}")
    (found,) = errors(text)
    assert (found.code, found.message) == (code, message)
    assert text[found.span.start : found.span.end] == expression


def test_a_comparison_of_sizes_that_is_too_complex() -> None:
    (found,) = errors(network(f"if x.height == {HUGE_PERIOD} {{ relu }}"))
    assert (found.code, found.message.split(": ")[0]) == ("E0406", "this cannot be decided for open sizes")


def test_only_a_block_takes_arguments() -> None:
    text = network("let u = 3\nsub(u(1))", before="block sub(u: block) { u }\n")
    (found,) = errors(text)
    assert (found.code, text[found.span.start : found.span.end]) == ("E0206", "u")
    assert found.message == "`u` is no block: it takes no arguments"


@pytest.mark.parametrize("label", ['a{"é"}', 'a{"b c"}', 'a{"' + "b" * 64 + '"}'])
def test_what_no_computed_label_can_be(label: str) -> None:
    (found,) = errors(network(f"{label}: relu"))
    assert found.code == "E0209"
    assert found.message.endswith("names are a letter, then at most 63 letters, digits and underscores")
