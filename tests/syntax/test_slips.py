"""Slips that people make, mostly those who come from Python: each is one finding, at its cause, that helps.

``BODY`` holds statements of a network, placed within it (line 1, column 1 is the first of them); ``FILE`` whole
files. The last part of a row must stand in the help, or in the message of a finding without help.
"""

from __future__ import annotations

import pytest

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.driver.compilation import Compilation
from archdsl.source.loader import MemoryLoader

PATH = "a.arch"
HEAD = "network n() {\n    input image: [N, 3, 32, 32]\n"
TAIL = "    output y\n}\n"
INPUT = "    input image: [N, 3, 32, 32]\n"
STEPS = f"{INPUT}    relu\n"
NET = f"{HEAD}    relu\n{TAIL}"

Row = tuple[str, int, int, str, str]

BODY: list[Row] = [
    ("let a = 1 +\n    2\nconv(a, 1)", 1, 11, "E0101", "put the expression in parentheses to go on"),
    ("let a = 1 +\nconv(8, 1)", 1, 11, "E0101", "put the expression in parentheses to go on"),
    ("let a = 1\n    + 2\nconv(a, 1)", 2, 5, "E0101", "a statement that goes on in the next line"),
    ("add\n    identity\n    conv(3, 1)\n}", 1, 4, "E0101", "open what belongs to it with a brace: `{`"),
    ("if true\n    relu\n}", 1, 8, "E0101", "open what belongs to it with a brace: `{`"),
    ("conv(8, 3, padding=\"same)\nrelu", 1, 20, "E0108", "the string is not closed on its line"),
    ("relu\n}\nrelu", 2, 1, "E0103", "delete it, or open what it closes"),
    ("conv(8, 3))\nrelu", 1, 11, "E0103", "delete it, or open what it closes"),
    ("conv(8, 3)]\nrelu", 1, 11, "E0103", "delete it, or open what it closes"),
    ("conv(8, 3\nrelu", 1, 5, "E0103", "behind what belongs to it"),
    ("conv(8, 3 -> relu", 1, 5, "E0103", "behind what belongs to it"),
    ("conv[8, 3]\nrelu", 1, 5, "E0101", "arguments stand in parentheses"),
    ("let repeat = 3\nrelu", 1, 5, "E0101", "`repeat` is a keyword of the language;"),
    ("for: conv(8, 3)\nrelu", 1, 4, "E0101", "`for` is a keyword of the language; choose"),
    ("if true {\n    relu\n} elif false {\n    relu\n}", 3, 3, "E0101", "write `else if`"),
    ("if true {\n    relu\n} elseif false {\n    relu\n}", 3, 3, "E0101", "write `else if`"),
    ("relu\nelse {\n    relu\n}", 2, 1, "E0101", "`else` stands behind the `}` of its `if`"),
    ("if true:\n    relu", 1, 8, "E0101", "what belongs to it stands in braces: `{ ..."),
    ("for i in range(3):\n    relu", 1, 18, "E0101", "what belongs to it stands in braces: `{ ..."),
    ("for i in range(3) {\n    relu\n}", 1, 10, "E0219", "a range is written `0..3`"),
    ("while true { relu }", 1, 7, "E0101", "loops are `repeat n { ... }` and `for i in"),
    ('relu\xa0-> relu', 1, 5, "E0102", "write a plain space"),
    ('conv(8, 3, padding=\u201csame\u201d)', 1, 20, "E0102", "strings stand in double quotes"),
    ('conv\uff088, 3\uff09', 1, 5, "E0102", "write `(` and `)`"),
    ('relu \u2192 relu', 1, 6, "E0102", "write `->`"),
    ('relu \u2013> relu', 1, 6, "E0102", "write `-`"),
    ("relu => relu", 1, 6, "E0101", "steps are joined by `->`, or stand on lines"),
    ("relu | relu", 1, 6, "E0102", "steps are joined by `->`; a condition takes"),
    ("relu |> relu", 1, 6, "E0102", "steps are joined by `->`; a condition takes"),
    ("relu >> relu", 1, 6, "E0101", "steps are joined by `->`, or stand on lines"),
    ("self.conv1 = conv(8, 3)", 1, 12, "E0101", "there is no `self`: a labelled step is"),
    ("self.conv(8, 3)", 1, 10, "E0101", "there is no `self`: a labelled step is"),
    ("x = conv(8, 3)\nrelu", 1, 3, "E0101", "a label takes a colon: `x: ...`; a variable"),
    ("y = relu", 1, 3, "E0101", "a label takes a colon: `y: ...`; a variable"),
    ("width = 64\nconv(width, 3)", 1, 7, "E0101", "a label takes a colon: `width: ...`; a"),
    ("let width: 64\nconv(width, 3)", 1, 10, "E0101", "a variable has no type: `let name = ...`"),
    ("let width: int = 64\nconv(width, 3)", 1, 10, "E0101", "a variable has no type: `let name = ...`"),
    ("width := 64\nconv(width, 3)", 1, 8, "E0101", "a variable is written `let width = 64`"),
    ("conv(8, 3, **options)", 1, 12, "E0101", "arguments are written out one by one: there"),
    ("conv(8, *sizes)", 1, 9, "E0101", "arguments are written out one by one: there"),
    ("conv(8, kernel: 3)", 1, 15, "E0101", "an argument takes an equals sign:"),
    ("conv(8, kernel==3)", 1, 9, "E0219", "nothing here is called `kernel`"),
    ("conv(8, 3) // the stem", 1, 12, "E0101", "a comment begins with `#`"),
    ("// the stem\nconv(8, 3)", 1, 1, "E0101", "a comment begins with `#`"),
    ("/* the stem */\nconv(8, 3)", 1, 1, "E0101", "a comment begins with `#`"),
    ("-- the stem\nconv(8, 3)", 1, 1, "E0101", "a comment begins with `#`"),
    ("conv(8, 3),\nrelu", 1, 11, "E0101", "a statement ends with its line, without a"),
    ("conv(8, 3, bias=True)", 1, 17, "E0219", "did you mean `true`?"),
    ("conv(8, 3, bias=False)", 1, 17, "E0219", "did you mean `false`?"),
    ("max_pool(2, stride=None)", 1, 20, "E0219", "did you mean `none`?"),
    ("if true && false { relu }", 1, 9, "E0102", "write `and`"),
    ("if !true { relu }", 1, 4, "E0102", "write `not`"),
    ("conv(2^3, 3)", 1, 7, "E0102", "write `**` for a power"),
    ("conv(true ? 8 : 4, 3)", 1, 11, "E0102", "an open size has a name, such as `N` or"),
    ("conv(8, 3, padding=f\"same\")", 1, 21, "E0101", "strings have no prefix"),
    ("conv(8, 3, padding='same')", 1, 20, "E0102", "strings stand in double quotes"),
    ("let f = lambda c: conv(c, 3)", 1, 16, "E0101", "what is applied later is a `block`, or a"),
    ("nn.Conv2d(3, 8, 3)", 1, 10, "E0101", "layers have names of their own: `conv`,"),
    ("Conv2d(8, 3)", 1, 1, "E0201", "did you mean `conv`?"),
    ("conv(8, 3) -> ReLU", 1, 15, "E0201", "did you mean `relu`?"),
    ("relu\nreturn x", 2, 8, "E0101", "a block ends with its last step; a network"),
    ("pass", 1, 1, "E0201", "there is no layer, block or earlier value"),
    ("conv(8, 3) relu", 1, 12, "E0101", "steps are joined by `->`, or stand on lines"),
    ("conv(8, 3) ->\n", 1, 12, "E0101", "write it on a line of its own"),
    ("conv(8, 3) -> -> relu", 1, 12, "E0101", "expected a layer or a block after `->`,"),
    ("-> relu", 1, 1, "E0101", "the first step follows the input without an"),
    ("dropout(.5)", 1, 9, "E0101", "a number begins with a digit: `0.5`"),
    ("dropout(5.)", 1, 11, "E0101", "a number ends with a digit: `5.0`"),
    ("conv(0x10, 3)", 1, 8, "E0101", "expected `)` or `,`, found `10`"),
    ("layer {1}: relu", 1, 8, "E0101", "a computed label is written without spaces:"),
    ("layer-1: relu", 1, 6, "E0101", "a name begins with a letter, and goes on"),
    ("_x: relu", 1, 1, "E0101", "a name begins with a letter, and goes on"),
    ("1conv: relu", 1, 1, "E0101", "a name begins with a letter, and goes on"),
    ("\"stem\": relu", 1, 1, "E0101", "a name begins with a letter, and goes on"),
    ("stem.conv: relu", 1, 10, "E0101", "a label is one name: `conv1: conv(8, 3)`"),
    ("let i = 1\ni += 1", 2, 3, "E0101", "paths are added by `add { ... }`; a"),
    ("let a = 1\nidentity + conv(3, 1)", 2, 10, "E0101", "paths are added by `add { ... }`; a"),
    ("conv(8,, 3)", 1, 8, "E0101", "expected an expression or `)`, found `,`"),
    ("conv(8 *, 3)", 1, 9, "E0101", "expected an expression, found `,`"),
    ("conv(, 3)", 1, 6, "E0101", "expected an expression or `)`, found `,`"),
    ("conv(8, kernel=)", 1, 16, "E0101", "expected an expression, found `)`"),
    ("network m() {\n    relu\n}", 1, 9, "E0101", "blocks and networks stand at the top of the"),
    ("block m() {\n    relu\n}\nm", 1, 7, "E0101", "blocks and networks stand at the top of the"),
    ("x: Tensor = relu", 1, 11, "E0101", "a label is followed by its step: `name: relu`"),
    ("conv($width, 3)", 1, 6, "E0102", "names stand as they are"),
    ("dropout(50%)", 1, 12, "E0101", "expected an expression, found `)`"),
    ('gr\xf6\xdfe: relu', 1, 1, "E0102", "names are ASCII: a letter, then letters,"),
    ("add{identity; conv(3, 1)}", 1, 4, "E0101", "put a space before it"),
    ("add{identity\n    conv(3, 1)\n}", 1, 4, "E0101", "put a space before it"),
    ("let s = 3\nfor i in 0..s{relu}", 2, 14, "E0101", "put a space before it"),
    ("add\n{\n    identity\n    conv(3, 1)\n}", 1, 1, "E0220", "write `add { ... }` with one path on each"),
    ("if true\n{\n    relu\n}", 1, 8, "E0101", "what belongs to it stands in braces: `{ ..."),
    ("for i in 0..3\n    relu\n}", 1, 14, "E0101", "open what belongs to it with a brace: `{`"),
    ("add {\n    identity\n    conv(3, 1)\n}}", 4, 2, "E0103", "delete it, or open what it closes"),
]  # fmt: skip

FILE: list[Row] = [
    (
        ("network n() {\n    input image: [N, 3, h, w]\n    relu\n    output y: [N, 3, h, w]\n}\n"),
        2,
        25,
        "E0219",
        "write `H`, or give it a value: `let h =",
    ),
    (
        ("network n() {\n    input image: [N, 3, h, w]\n    relu\n    conv(h, 3)\n") + TAIL,
        2,
        25,
        "E0219",
        "write `H`, or give it a value: `let h =",
    ),
    ("network n() {\n    input image: [N, 3, H W]\n    relu\n" + TAIL, 2, 27, "E0101", "put a comma between the two"),
    (
        "network n() {\n    input image = [N, 3, H, W]\n    relu\n" + TAIL,
        2,
        17,
        "E0101",
        "write a colon: `input image: [N, 3, H, W]`",
    ),
    ("network n() {\n    input image\n    relu\n" + TAIL, 2, 16, "E0101", "an input states its shape: `input image:"),
    (
        "network n() {\n    input image: (N, 3, H, W)\n    relu\n" + TAIL,
        2,
        18,
        "E0101",
        "a shape stands in square brackets: `[N, 3,",
    ),
    (
        "network n() {\n    input image: [?, 3, 32, 32]\n    relu\n" + TAIL,
        2,
        19,
        "E0102",
        "an open size has a name, such as `N` or",
    ),
    (
        "network n() {\n    input image: [-1, 3, 32, 32]\n    relu\n" + TAIL,
        2,
        19,
        "E0206",
        "a size is a whole number of at least 1, not",
    ),
    (
        HEAD
        + "    add {\n        identity\n        conv(3, 1)\n    relu\n"
        + TAIL
        + "\nnetwork m() {\n"
        + STEPS
        + TAIL,
        3,
        9,
        "E0103",
        "behind what belongs to it",
    ),
    (HEAD + "    relu\n    output y\n", 1, 13, "E0103", "behind what belongs to it"),
    ("block a() {\n    relu\n\n" + HEAD + "    a\n" + TAIL, 1, 11, "E0103", "behind what belongs to it"),
    ("network n()\n" + STEPS + TAIL, 1, 12, "E0101", "open what belongs to it with a brace: `{`"),
    (
        "block a()\n    relu\n}\n\n" + HEAD + "    a\n" + TAIL,
        1,
        10,
        "E0101",
        "open what belongs to it with a brace: `{`",
    ),
    (NET + "}\n", 6, 1, "E0103", "delete it, or open what it closes"),
    (
        "block b(in: int) { conv(in, 3) }\n" + HEAD + "    b(4)\n" + TAIL,
        1,
        9,
        "E0101",
        "`in` is a keyword of the language; choose",
    ),
    ("block let() { relu }\n" + NET, 1, 7, "E0101", "`let` is a keyword of the language; choose"),
    (HEAD + "    relu\n    output in\n}\n", 4, 12, "E0101", "`in` is a keyword of the language; choose"),
    ("def n():\n" + STEPS + "    output y\n", 1, 1, "E0101", "a reusable part is a `block`, a whole model"),
    ("def unit(c) {\n    conv(c, 3)\n}\n" + NET, 1, 1, "E0101", "a reusable part is a `block`, a whole model"),
    (
        (
            "class Net(nn.Module):\n"
            "    def __init__(self):\n"
            "        super().__init__()\n"
            "        self.conv = nn.Conv2d(3, 8, 3)\n"
        ),
        1,
        1,
        "E0101",
        "a reusable part is a `block`, a whole model",
    ),
    ("import torch\nimport torch.nn as nn\n\n" + NET, 1, 1, "E0101", "write `from std import name` or `from .file"),
    ("from torch import nn\n" + NET, 1, 6, "E0214", "a file beside this one is imported with a"),
    ("network n {\n" + STEPS + TAIL, 1, 11, "E0101", "parentheses stand behind the name even"),
    ("block b {\n    relu\n}\n" + HEAD + "    b\n" + TAIL, 1, 9, "E0101", "parentheses stand behind the name even"),
    (
        "block b(c) { conv(c, 3) }\n" + HEAD + "    b(4)\n" + TAIL,
        1,
        10,
        "E0101",
        "a parameter states its type: `c: int`",
    ),
    (
        "block b(int c) { conv(c, 3) }\n" + HEAD + "    b(4)\n" + TAIL,
        1,
        13,
        "E0101",
        "a parameter states its type: `c: int`",
    ),
    ("block b(c: Int) { conv(c, 3) }\n" + HEAD + "    b(4)\n" + TAIL, 1, 12, "E0206", "did you mean `int`?"),
    (
        "block b(c=4) { conv(c, 3) }\n" + HEAD + "    b(4)\n" + TAIL,
        1,
        10,
        "E0101",
        "a parameter states its type: `c: int = ...`",
    ),
    (HEAD + "    relu\n    output y = relu\n}\n", 4, 14, "E0101", "`output y` hands out what the steps before"),
    (HEAD + "    relu\n    output(y)\n}\n", 4, 11, "E0101", "write `output name: [N, 10]`"),
    (HEAD + "    relu -> output y\n}\n", 3, 10, "E0101", "write it on a line of its own"),
    ("network n():\n" + STEPS + "    output y\n", 1, 12, "E0101", "what belongs to it stands in braces: `{ ..."),
    ("network n() => {\n" + STEPS + TAIL, 1, 13, "E0101", "steps are joined by `->`, or stand on lines"),
    ("fn unit() { relu }\n" + NET, 1, 1, "E0101", "a reusable part is a `block`, a whole model"),
    ("model n() {\n" + STEPS + TAIL, 1, 1, "E0101", "a whole model is a `network`"),
    ("import conv_bn from std\n" + NET, 1, 1, "E0101", "write `from std import name` or `from .file"),
    ("from std import *\n" + NET, 1, 17, "E0101", "name what is imported"),
    (
        "from std.conv import conv_bn\n" + HEAD + "    conv_bn(8, 3)\n" + TAIL,
        1,
        6,
        "E0214",
        "a file beside this one is imported with a",
    ),
    (
        "from std import conv_bn,\n" + HEAD + "    conv_bn(8, 3)\n" + TAIL,
        1,
        25,
        "E0101",
        "expected a name, found the end of the line",
    ),
    (HEAD + "    relu\n    output y\n    expect params = 0\n}\n", 5, 19, "E0101", "write `==` to compare"),
    (HEAD + "    relu\n    output y\n    expect params < 5 M\n}\n", 5, 23, "E0101", "a unit touches its number: `5M`"),
    ("conv(8, 3)\nrelu\n", 1, 1, "E0101", "layers stand inside a `block` or a `network`"),
    (NET + "network m = n\n", 6, 13, "E0101", "a variant states its arguments: `n()`"),
    ("@model\n" + NET, 1, 1, "E0102", "nothing is decorated: a model is a `network`"),
    ("name: net\nlayers:\n  - conv: 8\n", 1, 1, "E0101", "expected `block`, `network` or `from`,"),
    ('layer {\n  name: "conv1"\n  type: "Convolution"\n}\n', 1, 1, "E0101", "expected `block`, `network` or `from`,"),
    ("network n()\n{\n" + STEPS + TAIL, 1, 12, "E0101", "what belongs to it stands in braces: `{ ..."),
    ("network n()\n" + STEPS + "    output y\n", 1, 12, "E0101", "what belongs to it stands in braces: `{ ..."),
]


def findings(text: str) -> tuple[list[Diagnostic], list[tuple[int, int, str]]]:
    run = Compilation(MemoryLoader({PATH: text}))
    run.check_file(PATH)
    found = list(run.sink)
    positions = [run.sources[PATH].position(one.span.start) for one in found]
    return found, [(at.line, at.column, one.code) for at, one in zip(positions, found, strict=True)]


def in_a_network(body: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in body.split("\n")) + TAIL


def assert_one(text: str, place: tuple[int, int, str], told: str) -> None:
    found, places = findings(text)
    assert places == [place], [one.message for one in found]
    (one,) = found
    assert told in (one.help.text if one.help is not None else one.message)


@pytest.mark.parametrize(("body", "line", "column", "code", "told"), BODY)
def test_a_slip_in_a_network(body: str, line: int, column: int, code: str, told: str) -> None:
    assert_one(in_a_network(body), (line + 2, column + 4, code), told)


@pytest.mark.parametrize(("text", "line", "column", "code", "told"), FILE)
def test_a_slip_in_a_file(text: str, line: int, column: int, code: str, told: str) -> None:
    assert_one(text, (line, column, code), told)


RIGHT = [
    "add{\n    identity\n    conv(3, 1)\n}",
    "add{ identity; conv(3, 1) }",
    "if true {\n    relu\n}\nelse {\n    relu\n}",
    "\trelu\t-> relu",
    "relu;\nrelu;",
    "let i = 1\nlayer{i}: relu",
]


@pytest.mark.parametrize("body", RIGHT)
def test_other_layouts_are_no_slips(body: str) -> None:
    assert findings(in_a_network(body))[1] == []


@pytest.mark.parametrize("slip", BODY, ids=lambda row: row[0][:40])
def test_what_is_whole_is_checked_beside_a_slip(slip: Row) -> None:
    """A shape error in the network below is found whatever happened above."""
    body, line, column, code, _ = slip
    other = "network other() {\n    input i: [N, 3, 8, 8]\n    conv(3, 9)\n    output y\n}\n"
    text = in_a_network(body) + other
    below = text[: text.index("conv(3, 9)")].count("\n") + 1
    assert findings(text)[1] == [(line + 2, column + 4, code), (below, 13, "E0301")]
