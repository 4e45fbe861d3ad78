"""Faults that were found once: each with the program that showed it."""

from __future__ import annotations

import pytest
import torch

from archdsl.codegen import emit
from archdsl.driver.compilation import Compilation
from archdsl.source.loader import MemoryLoader
from tests.codegen.interpreter import Interpreter, random_inputs
from tests.codegen.judge import outputs_agree
from tests.networks.support import check_text, execute

PROGRAMS = {
    "a layer that no turn reaches": (
        "block b(n: int) { for i in [6, 4] { if n >= i // 2 { } else { if i == 4 { leaky_relu } } }\n conv(3, 1) }",
        "b(2)",
    ),
    "a block that no turn reaches": (
        "block c() { conv(3, 1) -> relu }\n"
        "block b(n: int) { for i in [6, 4] { if n >= i // 2 { } else { if i == 4 { c } } }\n conv(3, 1) }",
        "b(2)",
    ),
    "a loop in one branch of a condition keeps its count to itself": (
        "block b(k: int) { if k == 1 { conv(2, 1) } else { for i in 1..6 { conv(2, 1) } }\n conv(3, 1) }",
        "b(1)\n b(2)",
    ),
    "in a block spliced into a group a function asks for the channels of what flows in": (
        "block b() { take_channels(x.channels // 2) }",
        "g: { add { identity; relu }\n conv(x.channels * 4, 1)\n inline b\n conv(3, 1) }",
    ),
    "a block whose loop runs over a variable of it hands channels on": (
        "block b() { let n = 3 if x.channels == 8 else 5\n for i in 0..n { conv(i + 8, 1) } }",
        "b -> conv(1, 1)",
    ),
    "a loop in the steps of an output leaves the running value alone": (
        "",
        "repeat 5 { conv(1, 1) }\n output a: [N, _, _, _] when training { for i in 1..=5 { conv(2, 1) } }\n conv(2, 1)",
    ),
    "turns in a path that read a value from outside": (
        "",
        "concat { repeat 1 { image\n conv(1, 1) }; identity; relu }",
    ),
    "a plain name may stand for a computed label": (
        "",
        "for i in 0..2 { d{i}: conv(3, 1) }\n add { d0; d1 }",
    ),
    "a block before other layers in a path leaves the join's value alone": (
        "block b() { conv(3, 1) -> relu }",
        "add { identity; b -> relu -> sigmoid }",
    ),
    "in a spliced block `x` is what flows into it": (
        "block b() { conv(8, 1)\n add { identity; x } }",
        "conv(8, 1) -> relu\n inline b\n inline b",
    ),
    "a condition in a spliced block asks what flows into it": (
        "block b() { if x.channels == 8 { add { identity; conv(8, 1) } } else { add { identity; x } } }",
        "inline b\n conv(8, 1)\n inline b",
    ),
    "a layer changes the channels in a block of several widths": (
        "block up(factor: int) { pixel_shuffle(factor) -> batch_norm -> pixel_unshuffle(2) -> batch_norm }",
        "conv(16, 1) -> up(2)\n conv(32, 1) -> up(4)",
    ),
    "turns read a value from outside of the loop": (
        "",
        "conv(8, 1)\n a: conv(8, 1)\n repeat 6 { add { identity; a }\n conv(8, 3, padding=1) }",
    ),
    "turns that are classes ask for the block's own width": (
        "block b(n: int) { for i in 0..n { conv(x.channels * 2, 1) -> concat { identity; conv(i + 1, 1) } } }",
        "b(5)\n b(6)",
    ),
    "every turn halves": (
        "block halving(turns: int) { for i in 0..turns { conv(x.channels // 2 ** (i + 1), 1) } }\n"
        "block b(turns: int) { halving(turns) -> batch_norm }",
        "conv(16, 1) -> b(2)\n conv(8, 1) -> b(3)",
    ),
    "every turn doubles": (
        "block twice() { conv(x.channels * 2, 1) }\nblock b(n: int) { repeat n { twice }\n batch_norm }\n"
        "block c(n: int) { b(n) -> batch_norm }",
        "c(1)\n c(2)",
    ),
    "the last turn of a list says the channels": (
        "block features(widths: [int]) { for w in widths { conv(w, 1) } }\n"
        "block stages(spec: [(int, int)]) { for (count, w) in spec { repeat count { conv(w, 1) } } }\n"
        "block b(widths: [int]) { features(widths) -> batch_norm -> stages([(1, 4), (2, widths[0])]) -> batch_norm }",
        "b([1, 2, 3, 4, 5])\n b([5, 3])",
    ),
    "two splices of one block differ in an argument of a layer without weights": (
        "block act(s: float) { leaky_relu(slope=s) -> conv(3, 1) }",
        "inline act(0.1)\n inline act(0.9)",
    ),
    "two splices of one block differ in a window without weights": (
        "block pool(k: int) { max_pool(kernel=k // 2) }",
        "inline pool(2)\n inline pool(4)",
    ),
    "a network is one loop over a layer without weights": ("", "repeat 6 { tanh }"),
    "a loop in one path of a join leaves the channels of the others alone": (
        "block b() {\n for i in 0..=(x.channels // 3) { conv(2, 1) }\n"
        " concat { for i in 1..[9, 6, 7][1] { conv(1, 3, padding=1) }; identity }\n}",
        "conv(4, 1) -> b\n group_norm(1)",
    ),
    "a variable of the loop makes each turn another module": (
        "",
        "for i in [2, 4] { let k = i + 1\n leaky_relu(slope=k) }",
    ),
    "a condition on the turn around a layer without weights": (
        "",
        "for i in [0, 1, 2] { if i == 1 { tanh } }",
    ),
    "a module that both branches could share is no step of both": (
        "block b(n: int) { conv(4, 1) -> relu\n if n == 3 { tanh } else { conv(4, 1) } }",
        "b(3)\n b(4)",
    ),
    "the branches of a join inside of a path keep their names to themselves": (
        "",
        "concat { identity; conv(3, 1) -> tanh\n { add { conv(3, 1) -> relu; conv(3, 3, padding=1) -> tanh } } }",
    ),
    "a group asks for the block's own channels beside a spliced block": (
        "block b() { if x.channels == 6 { add { identity; x } } }",
        "conv(6, 1)\n g: { conv(6, x.channels, padding=1)\n inline b\n add { identity; conv(x.channels * 2, 1) }}",
    ),
    "a function and a module as the branches of a condition": (
        "block b() { if x.channels == 3 { take_channels(2) } else { conv(4, 1) } }\n"
        "block c() { if x.channels == 3 { flatten } else { conv(4, 1) } }",
        "b -> conv(5, 1) -> b -> c\n if x.channels == 3 { take_channels(1) } else { conv(3, 1) }",
    ),
    "a loop counts on from the channels that a spliced block asks for": (
        "block twice() { repeat 6 { conv(x.channels * 2, 1) } }\n"
        "block b(ks: [int]) { for k in ks { conv(1, 1) }\n inline twice }",
        "b([4, 2]) -> b([3])",
    ),
    "a loop counts on from the channels of a label": (
        "block b(ks: [int]) { for k in ks { conv(2, 1) }\n a: relu\n repeat 6 { conv(a.channels * 2, 1) }\n"
        "concat { identity; a }\n batch_norm -> conv(a.channels + 1, 1) }",
        "b([4, 2]) -> b([3])",
    ),
    "a loop of a network counts on from the channels of a label": (
        "block twice() { for i in 0..6 { conv(x.channels * 2 + i, 1) } }",
        "g: { for i in 1..7 { conv(i, 1) }\n inline twice\n inline twice }",
    ),
    "a loop in a loop counts on from the channels of a variable": (
        "block b(ks: [int]) { for k in ks { inline c(k) } }\n"
        "block c(k: int) { let w = x.channels\n repeat 6 { conv(w + k, 1) }\n conv(w + 1, 1) }",
        "b([4, 2]) -> b([3])",
    ),
    "layers of one kind in a group and around it": (
        "",
        "relu -> conv(4, 1)\n g: { v: conv(4, 1)\n relu }",
    ),
    "a loop variable hides a block of its name": (
        "block outer() { inner }\nblock inner() { for outer in [4, 5] { conv(outer, 1) } }",
        "outer",
    ),
    "a loop in a loop starts from the channels that a spliced block asks for": (
        "block b(n: int) { repeat n { inline c } }\n"
        "block c() { conv(x.channels, 1)\n repeat 6 { conv(x.channels * 2, 1) } }",
        "b(2) -> b(1) -> conv(3, 1)",
    ),
    "channels after either branch of a condition have no expression": (
        "block b(ws: [int], vs: [int], f: bool) {\n if f { for w in ws { concat { identity; conv(w, 1) } } }\n"
        " else { for v in vs { concat { identity; conv(v + 1, 1) } } }\n conv(3, 1) }",
        "b([1, 2], [3, 4], true) -> b([1, 2], [3, 4], false)",
    ),
    "a group has a label of the same name inside": (
        "",
        "a: conv(4, 1)\n g: { a: conv(8, 1) -> relu }\n add { a; conv(a.channels, 1) }",
    ),
    "turns add the channels of a label that were counted": (
        "block b(ks: [int]) { for k in ks { conv(k, 1) }\n a: relu\n"
        " repeat 6 { concat { identity; a -> conv(a.channels, 1) } } }",
        "b([4, 2]) -> b([3]) -> conv(3, 1)",
    ),
    "a value is named by a label computed from numbers": (
        "",
        "for i in 0..3 { if i > 0 { add { identity; step{i - 1} } }\n step{i}: conv(3, 1) }\n"
        " add { identity; step0; step{len([1, 2]) - 1} }",
    ),
    "groups apply the block that was handed to the block around them": (
        "block b(unit: block) { g: { add { identity; unit } } }\n"
        "block u() { conv(3, 1) }\nblock v() { relu -> conv(3, 1) }",
        "b(u) -> b(v) -> b(batch_norm) -> b(u)",
    ),
    "both branches of a condition have a value of one label": (
        "block b(f: bool) { if f { a: conv(4, 1) -> relu } else { a: conv(8, 1) -> tanh }\n"
        " add { a; identity }\n conv(a.channels * 2, 1) }",
        "b(true) -> b(false) -> conv(3, 1)",
    ),
    "a branch of a condition goes on from a label": (
        "block b(f: bool) { if f { a: relu -> conv(8, 1) } else { conv(4, 1) }\n"
        " if f { concat { a -> conv(a.channels * 2, 1); identity } }\n conv(3, 1) }",
        "b(true) -> b(false) -> conv(3, 1)",
    ),
    "a default that only a stated shape reads, and a parameter of its name where the block is applied": (
        "block b(p: int = 8, r: int = p + 1) { add { identity; relu }\n conv(9, 1) -> [N, r, _, _] }\n"
        "block c(p: int) { b -> conv(p, 1) -> b(r=9) -> conv(p, 1) }",
        "c(3) -> b -> c(4) -> b -> conv(3, 1)",
    ),
    "lists are joined to those that are tuples in Python: defaults, parts of what is bound": (
        "block u(a: int, ws: [int] = [2, 3]) { for w in ws[0..1] + ([a] + ws) + [a] { conv(w, 1) }\n"
        " conv(sum(ws + [a]) + a, 1) }\n"
        "block v(p: (int, [int]), k: int) { let (a, c) = p\n for w in c + [k, a] + c { conv(w, 1) } }\n"
        "block w(wss: [[int]]) { for ws in wss { for w in ws + [3] { conv(w, 1) } } }\n"
        "block b(act: block) { act -> relu }",
        "u(1) -> u(2, [4]) -> v((2, [3]), 4) -> v((2, [3]), 5) -> b(w(wss=[[4, 5]])) -> w([[1, 2], [3]])",
    ),
    "lists are compared with those that are tuples in Python": (
        "block u(ws: [int] = [2, 3]) { if ws == [2, 3] { conv(3, 1) } else { conv(4, 1) }\n"
        " if [2] != ws[0..1] { add { identity; relu } }\n conv(ws[0], 1) }",
        "u -> u([2]) -> u([3, 4])",
    ),
}


@pytest.mark.parametrize("case", PROGRAMS)
def test_generated_code_does_what_the_program_says(case: str) -> None:
    """Each was refused, or compiled to something else, before."""
    blocks, steps = PROGRAMS[case]
    text = f"{blocks}\nnetwork n() {{\n input image: [N, 3, 8, 8]\n {steps}\n output y: [N, _, _, _]\n}}\n"
    outputs_agree(text)


def test_a_block_has_no_outputs_that_exist_in_training_alone() -> None:
    """Its caller unpacks a fixed number of values: in inference it took the batch apart instead."""
    text = (
        "block two(c: int) {\n    conv(c, 1)\n    output a\n    output b when training { conv(5, 1) }\n}\n"
        "network n() {\n    input image: [N, 3, 8, 8]\n    t: two(4)\n    output y: [N, 4, 8, 8]\n}\n"
    )
    compilation = Compilation(MemoryLoader({"test.arch": text}))
    compilation.check_file("test.arch")
    assert [finding.code for finding in compilation.sink] == ["E0218"]


def test_the_channels_of_the_input_may_be_a_parameter() -> None:
    """The class took the parameter, and its first convolution kept the channels of the default."""
    text = (
        "network n(channels: int = 3) {\n    input image: [N, channels, H, W]\n    conv(8, 3, padding=1) -> relu\n"
        "    conv(channels, 3, padding=1)\n    add { identity; image }\n    output y: [N, channels, H, W]\n}\n"
    )
    _, (design,) = check_text(text)
    network = execute(emit([design]))["n"](channels=2).eval()
    assert network(torch.zeros(1, 2, 5, 6)).shape == (1, 2, 5, 6)


def test_what_one_branch_of_a_condition_does_to_sizes_is_known_behind_it() -> None:
    """``linear`` took a number that rests on the stride, and the stride stayed a parameter."""
    text = (
        "block b(s: int, f: bool) { if f { conv(3, 3, stride=s, padding=1) -> relu }\n flatten -> linear(5) }\n"
        "network n() {\n input image: [N, 3, 8, 8]\n output y { b(2, true) }\n"
        " output z { max_pool(2) -> b(2, false) }\n}\n"
    )
    _, (design,) = check_text(text)
    assert "def __init__(self, in_channels: int, f: bool)" in emit([design])


@pytest.mark.parametrize(
    ("names", "steps", "attributes"),
    [
        (("b", "b2"), "b -> b -> b2", ["b1", "b3", "b2"]),
        (("b", "b1"), "b1 -> b -> b", ["b1", "b2", "b3"]),
        (("b", "b1"), " -> ".join(["b1"] * 2 + ["b"] * 12), None),
    ],
)
def test_numbered_names_are_no_other_blocks_names(names: tuple[str, str], steps: str, attributes: list[str]) -> None:
    """Two applications of ``b`` took the name of a block ``b2``: two modules under one attribute, and no word of it."""
    blocks = "".join(f"block {name}() {{ conv({index + 2}, 1) }}\n" for index, name in enumerate(names))
    _, (design,) = check_text(
        f"{blocks}network n() {{\n input image: [N, 3, 8, 8]\n {steps}\n output y: [N, _, _, _]\n}}\n"
    )
    network, oracle = execute(emit([design]))["n"]().eval(), Interpreter(design).eval()
    children = [name for name, _ in network.named_children()]
    assert len(children) == steps.count("b")
    assert attributes is None or children == attributes
    oracle.load(network.state_dict())
    (image,) = random_inputs(design)
    assert torch.equal(network(image), oracle(image)["y"])


def test_the_first_of_several_inputs_is_x() -> None:
    """It was said not to be at hand."""
    text = (
        "network n() {\n    input image: [N, 3, 8, 8]\n    input other: [N, 2, 8, 8]\n    other\n"
        "    concat {\n        conv(4, 1)\n        x\n    }\n    output y: [N, 7, 8, 8]\n}\n"
    )
    _, (design,) = check_text(text)
    network, oracle = execute(emit([design]))["n"]().eval(), Interpreter(design).eval()
    oracle.load(network.state_dict())
    inputs = random_inputs(design)
    assert torch.equal(network(*inputs), oracle(*inputs)["y"])


def test_every_branch_of_an_else_if_is_the_same_module() -> None:
    """``else if`` used to add a level to the names of what stands behind it."""
    blocks = (
        "block part(channels: int, stride: int) { down: if x.channels == channels { identity } "
        "else if stride == 1 { conv(channels, 1) } else { conv(channels, 2, stride=2) -> relu } }\n"
    )
    steps = "a: part(3, 1)\n b: part(4, 1)\n c: part(8, 2)\n"
    _, (design,) = check_text(
        f"{blocks}network n() {{\n input image: [N, 3, 8, 8]\n {steps} output y: [N, 8, 4, 4]\n}}\n"
    )
    keys = list(execute(emit([design]))["n"]().state_dict())
    assert keys == ["b.down.weight", "b.down.bias", "c.down.0.weight", "c.down.0.bias"]


def test_turns_that_read_the_networks_input_keep_no_copy_of_their_own() -> None:
    """A second name for the turn's own input stood there, and nothing read it."""
    text = "network n() {\n input image: [N, 3, 8, 8]\n repeat 5 { mul { x; conv(3, 1) } }\n output y\n}\n"
    _, (design,) = check_text(text)
    source = emit([design])
    assert "block_input: Tensor" in source
    assert "identity" not in source
