"""Programs that use what others seldom do; what each class computes is what the interpreter computes."""

from __future__ import annotations

import pytest
import torch

from archdsl.codegen import emit
from tests.codegen.interpreter import Interpreter, random_inputs
from tests.codegen.judge import outputs_agree
from tests.networks.support import check_text, execute

PROGRAMS = {
    "the height of what flows into a spliced block": (
        "block c() { conv(x.height, 1) }\nblock b() { max_pool(2)\n inline c\n conv(4, 1) }",
        "max_pool(2)\n inline c\n b",
    ),
    "a group asks for the height of the block's input": (
        "block b() { g: { max_pool(2)\n conv(8, 1)\n add { identity; conv(x.height, 1) } } }",
        "repeat 5 { conv(8, 1)\n add { identity; conv(x.height, 1) } }\n b",
    ),
    "the first output of a block flows on": (
        "block p(c: int) { output a { conv(c, 1) }\n output z { conv(c + 1, 1) } }",
        "s: p(4)\n t: p(5)\n conv(3, 1)\n concat { identity; s.z; t.z }",
    ),
    "each output of a block has its own channels": (
        "block p(c: int) { repeat c { concat { identity; conv(2, 1) } }\n output a\n output z { conv(c + 1, 1) } }\n"
        "block q(c: int) { t: p(c)\n concat { t.z -> conv(3, 1); t.a -> conv(3, 1) } }",
        "q(4) -> q(5)",
    ),
    "a loop of five thousand labels": ("", "for i in 0..5000 { d{i}: tanh }\n add { d0; identity }"),
    "conditions in all words": (
        "block b(k: int, f: bool) { if not (k == 2) { conv(4, 1) }\n"
        " if f == false { conv(5, 1) } else { relu -> conv(4, 1) }\n"
        " if f != false and k > 1 and k < 9 or k == 1 { conv(3, 1) } }",
        "b(1, true) -> b(2, false) -> b(3, true)",
    ),
    "ranges that include their end": (
        "block b(k: int) { for i in 0..=6 { conv(k + i, 1) }\n for i in 6..=0 by -1 { conv(k + i, 1) }\n"
        " for i in k..=0 by -k { conv(k, 1) }\n for i in 1..=k { conv(i, 1) } }",
        "b(1) -> b(2)",
    ),
    "a condition on the turn that comes out alike": (
        "block b(n: int) { for i in 0..n { conv(i + 3, 1, bias=false)\n if i < 10 { batch_norm } } }",
        "b(5) -> b(6)",
    ),
    "pairs of a list that is a parameter, under computed labels": (
        "block b(ps: [(int, int)], n: int) { for (a, c) in ps { l{a}: conv(c, 1) }\n add { l1; l2 }\n conv(n, 1) }",
        "b([(1, 4), (2, 4)], 3) -> b([(1, 4), (2, 4)], 4)",
    ),
    "no turn in any use": (
        "block b(n: int) { repeat n { if x.channels == 3 { conv(3, 1) } }\n conv(3, 1)\n repeat n { relu } }",
        "b(0)",
    ),
    "variables of a condition": (
        "block b(f: bool, n: int) { let w = n * 2 if f else n + x.channels\n let (u, v) = (w + 1, w)\n"
        " conv(w, 1) -> conv(u, 1)\n if v > 8 { add { identity; x -> conv(u, 1) } } else { add { identity; relu } } }",
        "b(true, 4) -> b(false, 5)",
    ),
    "branches of one module, of several and of none": (
        "block b(f: bool, g: bool) { c: if f { conv(4, 1) } else if g { conv(5, 1) -> relu }\n"
        " if f { identity } else { relu -> conv(3, 1) }\n if f { relu }\n if f { identity } else { relu } }",
        "b(true, true) -> b(false, true) -> b(false, false)",
    ),
    "parameters of every type": (
        "block b(a: bool, s: string, f: float, w: (int, [int]), k: sizes) { if a { conv(3, k) }\n"
        ' if s == "x" { conv(4, 1) } else { conv(5, 1) }\n if f > w[0] { conv(6, 1) } else { conv(w[1][0], 1) } }',
        'b(true, "x", 1.0, (2, [3]), (1, 1)) -> b(false, "y", 2.5, (1, [2]), 1)',
    ),
    "paths are put one below the other": (
        "block b(k: int) { concat(axis=2) { identity; conv(x.channels, k, padding=k // 2) }\n conv(k, 1) }",
        "b(3) -> b(5)",
    ),
    "layers and blocks that are handed on with some of their arguments": (
        "block b(act: block) { c: act(4) -> relu }\nblock u(c: int, k: int = 1) { conv(c, k) }",
        "b(conv(kernel=1)) -> b(u(k=1)) -> b(u)",
    ),
    "turns that double, written two ways": (
        "block b(n: int) { repeat n { conv(2 * x.channels, 1) } }\n"
        "block d(n: int) { repeat n { inline e } }\nblock e() { conv(x.channels * 2, 1) }",
        "b(2) -> d(2) -> d(3) -> conv(3, 1)",
    ),
    "a layer that is a function is handed on as a block": (
        "block b(act: block) { act -> flatten }",
        "b(take_channels(2)) -> linear(3)",
    ),
    "`x` is named before, inside and behind a spliced block": (
        "block c() { conv(3, 1)\n add { identity; x } }\n"
        "block b() { add { identity; x }\n inline c\n add { identity; x } }",
        "b",
    ),
    "different numbers of turns, of which none is taken": (
        "block b(n: int) { for i in 0..n { relu -> conv(4, 1) }\n s: for i in 0..n { add { identity; conv(3, 1) } }\n"
        " for i in 0..n { l{i}: conv(3, 1) }\n conv(3, 1)\n add { identity; relu } }",
        "b(0) -> b(-1)",
    ),
    "turns that do nothing": (
        "block b(n: int) { repeat n { identity }\n repeat n { [N, _, _, _] }\n conv(3, 1)\n add { identity; relu } }",
        "b(5) -> b(6)",
    ),
    "a value that no application of the block reads": (
        "block b(f: bool) { a: conv(4, 1)\n x -> conv(3, 1)\n if f { add { identity; a -> conv(3, 1) } } }",
        "b(false)",
    ),
    "the one output of a block has steps of its own": (
        "block b() { add { identity; relu }\n output a { conv(4, 1) } }",
        "b -> conv(3, 1)",
    ),
    "channels of a tensor in a condition and in a function": (
        "block b(s: tensor) { add { identity; relu }\n if s.channels == 4 { add { conv(4, 1); s } }\n"
        " take_channels(s.channels // 2)\n concat { identity; s } }",
        "a: conv(4, 1)\n b(a)\n c: conv(5, 1)\n b(c)",
    ),
    "a block is handed on with a list": (
        "block u(ws: [int]) { for w in ws { conv(w, 1) } }\nblock b(act: block) { act -> relu }",
        "b(u(ws=[4, 5])) -> b(u(ws=[4, 5])) -> u([1, 2])",
    ),
    "features of sequences and of images": (
        "block b() { linear(x.features * 2)\n add { identity; relu } }\n"
        "block c() { a: conv(x.features, 1)\n relu -> conv(a.features * 2, 1) }\n"
        "block d() { a: linear(3)\n inline b\n linear(a.features + 1)\n inline b }",
        "c -> tokens -> b -> b -> d -> d",
    ),
    "the height of a label and of an input": (
        "block b() { a: conv(7, 3)\n relu -> conv(a.height * 2, 1) }",
        "conv(image.height, 1) -> b",
    ),
    "a branch whose channels nobody reads has no module": (
        "block b(f: bool) { add { identity; relu }\n if f { take_channels(2) } else { t: tanh } }",
        "b(true) -> b(false)",
    ),
    "channels behind turns that some uses do not take": (
        "block b(n: int) { repeat n { conv(4, 1) }\n conv(3, 1) }",
        "b(0) -> b(2) -> conv(3, 1)",
    ),
    "channels behind turns that count down": (
        "block b(n: int) { for i in n..=0 by -1 { conv(i + 1, 1) }\n relu }\nblock c(n: int) { b(n) -> conv(3, 1) }",
        "c(5) -> c(6) -> conv(3, 1)",
    ),
    "a pair that is the same in every use is taken apart": (
        "block b(p: (int, int), k: int) { let (a, c) = p\n conv(a, 1) -> conv(c, 1) -> conv(k, 1) }",
        "b((2, 3), 4) -> b((2, 3), 5)",
    ),
    "a stated shape of a group names a variable from around it": (
        "block b(n: int) { for i in 0..n { let k = i + 2\n let v = k\n s{i}: conv(k, 1)\n"
        " g{i}: { add { identity; relu }\n conv(i + 2, 1) -> [N, v, _, _] }\n h{i}: conv(4, 1, bias=false) } }",
        "b(5) -> b(6)",
    ),
    "turns that double the channels and add some": (
        "block b(n: int) { c(n) -> batch_norm }\n"
        "block c(n: int) { repeat n { concat { identity; conv(2, 1); identity } } }",
        "conv(4, 1) -> b(1) -> conv(1, 1) -> b(2)",
    ),
    "turns that square the channels": (
        "block b(n: int) { c(n) -> batch_norm }\nblock c(n: int) { repeat n { inline squared } }\n"
        "block squared() { conv(x.channels * x.channels, 1) }",
        "conv(4, 1) -> b(1) -> conv(2, 1) -> b(2)",
    ),
    "turns that add channels twice": (
        "block b(n: int, k: int) { c(n, k) -> batch_norm }\n"
        "block c(n: int, k: int) { repeat n { concat { identity; conv(n, 1); conv(k, 1) } } }",
        "b(1, 2) -> conv(4, 1) -> b(2, 3)",
    ),
    "turns over every other number": (
        "block b(n: int) { c(n) -> batch_norm }\nblock c(n: int) { for i in 1..n by 2 { conv(i, 1) } }",
        "b(6) -> b(7)",
    ),
    "a join of values whose channels have no expression": (
        "block b(n: int) { c(n) -> concat { relu; identity; tanh } -> relu }\n"
        "block c(n: int) { repeat n { concat { identity; identity } } }",
        "conv(4, 1) -> b(1) -> conv(4, 1) -> b(2) -> conv(3, 1)",
    ),
    "a condition chooses between ranges": (
        "block b(k: int) { let (r, s) = (1..14, 0..3) if k > 0 else (1..3, 0..3)\n conv(r[k], 1)\n conv(s[k] + 1, 1) }",
        "b(2) -> b(1)",
    ),
    "one list for every use is counted through and asked for an item": (
        "block b(ws: [int], k: int) { conv(ws[k], 1)\n for w in ws { d{w}: conv(w, 1) }\n add { d1; conv(1, 1) } }",
        "b([1, 2, 3], 1) -> b([1, 2, 3], 2)",
    ),
    "a condition that is a module, in a branch of another one": (
        "block b(f: bool, g: bool) { if f { relu\n c: if g { conv(4, 1) } else { conv(4, 3, padding=1) }\n tanh }"
        " else { conv(4, 1) }\n conv(3, 1) }",
        "b(true, true) -> b(true, false) -> b(false, true) -> b(false, false)",
    ),
}
"""Blocks, and the steps of a network."""


@pytest.mark.parametrize("case", PROGRAMS)
def test_what_is_seldom_written(case: str) -> None:
    blocks, steps = PROGRAMS[case]
    outputs_agree(f"{blocks}\nnetwork n() {{\n input image: [N, 3, 8, 8]\n {steps}\n output y\n}}\n")


TWO_NETWORKS = (
    "network n(q: int = 4) {{\n input image: [N, 3, 8, 8]\n a: conv(q, 1)\n {}\n output y\n}}\nnetwork m = n(q=2)\n"
)


@pytest.mark.parametrize(
    "steps",
    [
        "let w = a.channels\n relu -> conv(w + 1, 1)\n add { identity; a -> conv(w + 1, 1) }",
        "relu\n if a.channels > 1 { add { identity; a } }",
    ],
)
def test_what_forward_cannot_say_and_need_not(steps: str) -> None:
    """Two networks share a class and differ in a size: only the constructor reads it, or it decides nothing."""
    outputs_agree(TWO_NETWORKS.format(steps))


def test_branches_without_steps_keep_no_parameter() -> None:
    block = "block b(n: int) { if n == 5 { [N, _, _, _] }\n conv(3, 1)\n add { identity; relu } }"
    source = outputs_agree(
        f"{block}\nnetwork n() {{\n input image: [N, 3, 8, 8]\n b(5) -> b(6)\n output y: [N, _, _, _]\n}}\n"
    )
    assert "self.n " not in source
    assert "n: int" not in source


def test_a_number_made_of_sizes_binds_the_parameters_that_made_them() -> None:
    block = "block b(s: int, k: int) { conv(4, 1, stride=s) -> tokens -> positional_embedding -> linear(k) }"
    source = outputs_agree(
        f"{block}\nnetwork n() {{\n input image: [N, 3, 8, 8]\n output a {{ b(2, 3) }}\n output c {{ b(2, 4) }}\n}}\n"
    )
    assert "def __init__(self, in_channels: int, k: int)" in source


def test_an_output_of_training_may_be_the_running_value() -> None:
    text = "network n() {\n input image: [N, 3, 8, 8]\n conv(4, 1)\n output early when training\n relu\n output y\n}\n"
    outputs_agree(text)
    _, (design,) = check_text(text)
    network, oracle = execute(emit([design]))["n"](), Interpreter(design)
    oracle.load(network.state_dict())
    (image,) = random_inputs(design)
    late, early = network(image)
    assert torch.equal(late, oracle(image)["y"])
    assert torch.equal(early, oracle(image)["early"])


def test_variants_hand_on_the_defaults_that_they_make() -> None:
    """A default that reads another parameter stands in no signature. Its lists were tuples below the first level."""
    source = outputs_agree(
        "network Any(k: int, w: int = k * 2, ws: [[int]] = [[k, w], [3]], ps: [(int, [int])] = [(k, [w])],"
        " s: sizes = (k, 1)) {\n input image: [N, 3, H, W]\n conv(w, k)\n for c in ws { conv(c[0], s) }\n"
        " for (a, c) in ps { conv(a + c[0], 1) }\n output y\n}\n"
        "network small = Any(3)\nnetwork large = Any(5, w=4)\nnetwork other = Any(1, ws=[[2]])\n"
    )
    assert "return Any(3, 6, [[3, 6], [3]], [(3, [6])], (3, 1))" in source
    assert "return Any(5, 4, [[5, 4], [3]], [(5, [4])], (5, 1))" in source
    assert "return Any(1, 2, [[2]], [(1, [2])], (1, 1))" in source
