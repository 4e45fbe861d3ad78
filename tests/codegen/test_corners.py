"""Programs that use what others seldom do; what each class computes is what the interpreter computes."""

from __future__ import annotations

import pytest

from tests.codegen.judge import outputs_agree

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
        "p(4) -> p(5) -> conv(3, 1)",
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
}
"""Blocks, and the steps of a network."""


@pytest.mark.parametrize("case", PROGRAMS)
def test_what_is_seldom_written(case: str) -> None:
    blocks, steps = PROGRAMS[case]
    outputs_agree(f"{blocks}\nnetwork n() {{\n input image: [N, 3, 8, 8]\n {steps}\n output y\n}}\n")
