"""Slips in what is written, each told once and in its place, whatever rests on it."""

from __future__ import annotations

import pytest

from archdsl.driver.compilation import Compilation
from archdsl.source.loader import MemoryLoader

NETWORK = "network n() {{\n    input image: [N, 3, 8, 8]\n    {}\n    output y\n}}\n"
PORTS = "block p() { output a { conv(1, 1) }\n    output z { conv(2, 1) } }\n"
FOUND = {
    "a join holds paths only": (
        NETWORK.format("add { identity; let k = 1 }"),
        "E0218",
        "only paths stand between the braces of `add`",
        "let k = 1",
    ),
    "a parameter takes no braces": (
        "block b(act: block) { act { relu } }\n" + NETWORK.format("b(relu)"),
        "E0220",
        "`act` takes no braces",
        "{ relu }",
    ),
    "a variable that has no value is a step": (
        NETWORK.format("let act = missing\n act"),
        "E0219",
        "nothing here is called `missing`",
        "missing",
    ),
    "an argument is given twice to a parameter": (
        "block b(act: block) { act(3, k=1, k=2) }\n" + NETWORK.format("b(conv)"),
        "E0204",
        "`k` is given twice to `act`",
        "k",
    ),
    "an argument of a parameter is not known": (
        "block b(act: block) { act(missing) }\n" + NETWORK.format("b(conv)"),
        "E0219",
        "nothing here is called `missing`",
        "missing",
    ),
    "an argument of a variant is not known": (
        "network n(q: int) {\n input image: [N, 3, 8, 8]\n conv(q, 1)\n output y\n}\nnetwork m = n(q=missing)\n",
        "E0219",
        "nothing here is called `missing`",
        "missing",
    ),
    "a variant of a network that was not found": (
        "from .gone import n\nnetwork m = n()\n",
        "E0214",
        "there is no file `gone.arch`",
        ".gone",
    ),
    "a variant with a slip in its braces": (
        "network n() {\n input image: [N, 3, 8, 8]\n relu\n output y\n}\nnetwork m = n() { ) }\n",
        "E0103",
        "`)` closes nothing",
        ")",
    ),
    "a computed part of a label is not known": (
        NETWORK.format("a{missing}: relu"),
        "E0219",
        "nothing here is called `missing`",
        "missing",
    ),
    "a computed part of a label in front of an output is not known": (
        PORTS + NETWORK.format("t: p\n t{missing}.z -> relu"),
        "E0219",
        "nothing here is called `missing`",
        "missing",
    ),
    "an open size in small letters is told once": (
        "network n() {\n input image: [N, 3, h, h]\n relu\n output y: [N, 3, h, h]\n}\n",
        "E0219",
        "nothing here is called `h`; open sizes are in capital letters",
        "h",
    ),
    "an open size is no number": (
        NETWORK.format("conv(H, 1)"),
        "E0219",
        "nothing here is called `H`",
        "H",
    ),
    "a small name in a size": (
        "network n() {\n input image: [N, 3, H, H + wide]\n relu\n output y\n}\n",
        "E0219",
        "nothing here is called `wide`",
        "wide",
    ),
    "a size of something that was not found": (
        "from .gone import g\n" + NETWORK.format("conv(g.channels, 1)"),
        "E0214",
        "there is no file `gone.arch`",
        ".gone",
    ),
    "a variable has no size": (
        NETWORK.format("let k = 3\n conv(k.channels, 1)"),
        "E0222",
        "`k` is a variable and has no shape",
        "k",
    ),
    "a size of a value around a group": (
        NETWORK.format("a: conv(4, 1)\n g: { relu -> conv(a.channels, 1) }"),
        "E0208",
        "`a` cannot be reached from inside `g`",
        "a",
    ),
    "a function that was not found": (
        "from .gone import g\n" + NETWORK.format("conv(g(3), 1)"),
        "E0214",
        "there is no file `gone.arch`",
        ".gone",
    ),
    "an argument of a block value is not known": (
        "block b(act: block) { act }\n" + NETWORK.format("b(conv(missing))"),
        "E0219",
        "nothing here is called `missing`",
        "missing",
    ),
    "an argument is given twice to a parameter that is handed on": (
        "block c(act: block) { act }\nblock b(act: block) { c(act(3, k=1, k=2)) }\n" + NETWORK.format("b(conv)"),
        "E0204",
        "`k` is given twice to `act`",
        "k",
    ),
    "a block value has too many arguments": (
        "block b(act: block) { act }\n" + NETWORK.format("b(relu(1, 2, 3, 4, 5))"),
        "E0205",
        "`relu` takes no arguments",
        "1",
    ),
    "an input in a group": (
        NETWORK.format("g: { input other: [N, 3, 8, 8] }"),
        "E0218",
        "inputs stand directly in the network",
        "input other: [N, 3, 8, 8]",
    ),
    "an expectation in a group": (
        NETWORK.format("g: { relu\n expect params == 3 }"),
        "E0218",
        "expectations stand directly in the network",
        "expect params == 3",
    ),
    "a proposed size is not known": (
        "network n() {\n input image: [N, 3, H = missing, W = 8]\n relu\n output y\n}\n",
        "E0219",
        "nothing here is called `missing`",
        "missing",
    ),
    "a number of turns is not known": (
        NETWORK.format("repeat missing { relu }"),
        "E0219",
        "nothing here is called `missing`",
        "missing",
    ),
    "a variable is not known and used": (
        NETWORK.format("let k = missing\n conv(k, 1)"),
        "E0219",
        "nothing here is called `missing`",
        "missing",
    ),
    "a range is not known": (
        NETWORK.format("for i in missing { conv(i, 1) }"),
        "E0219",
        "nothing here is called `missing`",
        "missing",
    ),
    "a condition is not known": (
        NETWORK.format("if missing { relu }"),
        "E0219",
        "nothing here is called `missing`",
        "missing",
    ),
    "a value of every turn is dropped": (
        NETWORK.format("for i in 0..3 { d{i}: conv(3, 1)\n x }"),
        "E0502",
        "the value of this step is never used",
        "conv(3, 1)",
    ),
    "a parameter cannot be inlined": (
        "block b(act: block) { inline act }\n" + NETWORK.format("b(relu)"),
        "E0218",
        "which block `act` is depends on the call: it cannot be inlined",
        "inline act",
    ),
    "an output of a label that is not known": (
        NETWORK.format("a{missing}.z -> relu"),
        "E0219",
        "nothing here is called `missing`",
        "missing",
    ),
}
"""Programs, each with the code, the message and the place of its one finding."""


@pytest.mark.parametrize("case", FOUND)
def test_a_slip_is_told_once(case: str) -> None:
    text, code, message, place = FOUND[case]
    compilation = Compilation(MemoryLoader({"test.arch": text}))
    for design in compilation.check_file("test.arch"):
        compilation.typed("test.arch", design)
    found = [(told.code, told.message, text[told.span.start : told.span.end]) for told in compilation.sink]
    assert found == [(code, message, place)]
