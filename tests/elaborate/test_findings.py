"""Slips in what is written, each told once and in its place, whatever rests on it."""

from __future__ import annotations

import pytest

from archdsl.driver.compilation import Compilation
from archdsl.source.loader import MemoryLoader

NETWORK = "network n() {{\n    input image: [N, 3, 8, 8]\n    {}\n    output y\n}}\n"
PORTS = "block p() { output a { conv(1, 1) }\n    output z { conv(2, 1) } }\n"
OTHERS = "    output y { a }\n    output z { b -> relu }\n}\n"
FOUND = {
    "what an input declares rests on another": (
        "network n() {\n    input a: [N, 3, H, 8]\n    input b: [N, 3, K, 8] where K in 1..=x.width\n" + OTHERS,
        "E0405",
        "what an input declares cannot depend on the sizes of values",
        "1..=x.width",
    ),
    "a size that an input proposes rests on another": (
        "network n() {\n    input a: [N, 3, H, 8]\n    input b: [N, 3, K = x.width, 8]\n" + OTHERS,
        "E0405",
        "a proposed size cannot depend on the sizes of values",
        "x.width",
    ),
    "a size of a value that is not there": (
        NETWORK.format("conv(nowhere.channels, 1)"),
        "E0208",
        "no earlier value is labelled `nowhere`",
        "nowhere",
    ),
    "a variant with a sign that is no text": (
        "network n() {\n input image: [N, 3, 8, 8]\n relu\n output y\n}\n"
        "network m = n() {\n expect depth == 0\n ?\n}\n",
        "E0102",
        "unexpected `?`",
        "?",
    ),
    "a variant with a line that cannot be read": (
        "network n() {\n input image: [N, 3, 8, 8]\n relu\n output y\n}\n"
        "network m = n() {\n expect depth == 0\n repeat\n}\n",
        "E0101",
        "expected an expression, found `}`",
        "}",
    ),
    "a label in an output that comes later": (
        NETWORK.format("add { identity; late }\n    output a { late: conv(3, 1) }\n    relu"),
        "E0208",
        "`late` comes later: a step can only refer to values before it",
        "late",
    ),
    "a label in a branch that comes later": (
        NETWORK.format("add { identity; late }\n    if 1 == 1 { late: conv(3, 1) } else { relu }"),
        "E0208",
        "`late` comes later: a step can only refer to values before it",
        "late",
    ),
    "an output that nobody takes": (
        PORTS + NETWORK.format("p\n relu"),
        "E0502",
        "the output `z` of `p` is never used",
        "p",
    ),
    "an output that nobody takes, in a group": (
        PORTS + NETWORK.format("g: { q: p\n relu\n relu }"),
        "E0502",
        "the output `z` of `p` is never used",
        "p",
    ),
    "an output that nobody takes, in a branch": (
        PORTS + NETWORK.format("if 1 == 1 { t: p } else { relu }"),
        "E0502",
        "the output `z` of `p` is never used",
        "p",
    ),
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


def test_two_values_that_come_later_are_told_each() -> None:
    steps = "add { identity; one }\n    add { identity; two }\n    one: relu\n    two: relu"
    compilation = Compilation(MemoryLoader({"test.arch": NETWORK.format(steps)}))
    compilation.check_file("test.arch")
    assert [(told.code, told.message.split(" ")[0]) for told in compilation.sink] == [
        ("E0208", "`one`"),
        ("E0208", "`two`"),
    ]


def test_blocks_in_a_circle_that_is_too_long_to_be_told() -> None:
    circle = "".join(f"block b{number}() {{ b{(number + 1) % 70} }}\n" for number in range(70))
    compilation = Compilation(MemoryLoader({"test.arch": circle + NETWORK.format("b0")}))
    typed = [compilation.typed("test.arch", each) for each in compilation.check_file("test.arch")]
    assert not any(each is not None and each.complete for each in typed)
    assert {told.code for told in compilation.sink} == {"E0106"}


def test_a_loop_whose_turns_nobody_counts_may_drop_a_value_at_its_end() -> None:
    """With two turns or more the convolution of each but the last would be for nothing."""
    known = NETWORK.format("repeat 2 { image\n    conv(3, 1) }")
    compilation = Compilation(MemoryLoader({"test.arch": known}))
    compilation.check_file("test.arch")
    assert [told.code for told in compilation.sink] == ["E0502"]
    steps = "block b(turns: int) { repeat turns { x\n    conv(3, 1) } }\n"
    compilation = Compilation(MemoryLoader({"test.arch": steps + NETWORK.format("b(2)")}))
    compilation.check_file("test.arch")
    assert [told.code for told in compilation.sink] == []


def test_among_too_many_names_nobody_looks_for_the_one_that_was_meant() -> None:
    labels = "\n    ".join(f"layer{number}: relu" for number in range(400))
    steps = f"{labels}\n    " + "\n    ".join(f"conv(leyer{number}.channels, 1)" for number in range(60))
    compilation = Compilation(MemoryLoader({"test.arch": NETWORK.format(steps)}))
    compilation.check_file("test.arch")
    helped = [told.help is not None for told in compilation.sink]
    assert len(helped) == 60
    assert helped[0]
    assert not helped[-1]


def test_outputs_under_computed_labels_may_be_taken_by_others() -> None:
    steps = "for i in 0..2 { q{i}: p\n    c{i}: conv(3, 1) }\n    concat { identity; q0.z; q1.z }"
    compilation = Compilation(MemoryLoader({"test.arch": PORTS + NETWORK.format(steps)}))
    compilation.check_file("test.arch")
    assert [told.code for told in compilation.sink] == []
