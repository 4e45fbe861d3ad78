"""Loops: a turn counted is a turn written out, and the work does not grow with turns that are alike."""

from __future__ import annotations

import sys
from collections import Counter
from types import FrameType
from typing import Any

import pytest

from archdsl.check.state import MAX_LAYERS, MAX_UNROLLED, State
from archdsl.ir.typed import TypedDesign
from tests.check.support import checked, codes, network

UNIT = "block unit(c: int) {\n    add { conv(c, 3, padding=1, bias=false) -> batch_norm\nidentity }\n    relu\n}\n"


def measures(typed: TypedDesign | None) -> tuple[int, int, list[str]]:
    assert typed is not None
    assert typed.complete
    return typed.root.body.layers, typed.root.body.weights, [str(shape) for _, shape, _ in typed.outputs]


@pytest.mark.parametrize(
    ("loop", "turns"),
    [
        ("repeat 4 { unit(8) }", ["unit(8)"] * 4),
        ("repeat 0 { unit(8) }", []),
        ("for i in 0..3 { conv(8 + i, 1) }", ["conv(8, 1)", "conv(9, 1)", "conv(10, 1)"]),
        ("for i in 3..0 { conv(8 + i, 1) }", []),
        ("for i in 3..=1 by -1 { conv(8 + i, 1) }", ["conv(11, 1)", "conv(10, 1)", "conv(9, 1)"]),
        ("for i in 0..6 by 2 { conv(8 + i, 1) }", ["conv(8, 1)", "conv(10, 1)", "conv(12, 1)"]),
        ("for (c, k) in [(8, 1), (4, 3)] { conv(c, k) }", ["conv(8, 1)", "conv(4, 3)"]),
        ("for c in [16, 16] + [8] { conv(c, 1) }", ["conv(16, 1)", "conv(16, 1)", "conv(8, 1)"]),
        ("repeat 3 { max_pool(2) }", ["max_pool(2)"] * 3),
        ("repeat 2 { repeat 3 { unit(8) } }", ["unit(8)"] * 6),
        ("repeat 3 { concat { identity\nconv(4, 1) } }", ["concat { identity\nconv(4, 1) }"] * 3),
        ("for i in 0..2 { if i == 0 { conv(4, 1) } else { relu } }", ["conv(4, 1)", "relu"]),
        ("for i in 0..50 { a{i}: conv(8, 1) }", ["conv(8, 1)"] * 50),
    ],
)
def test_a_loop_is_its_turns(loop: str, turns: list[str]) -> None:
    looped, found = checked(network(loop, before=UNIT))
    written, others = checked(network("\n".join(turns), before=UNIT))
    assert found == others == []
    assert measures(looped) == measures(written)


def calls(text: str) -> int:
    """How many functions of the checker are called while a text is checked: a measure of work without a clock."""
    count: Counter[str] = Counter()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and "/archdsl/" in frame.f_code.co_filename:
            count["calls"] += 1

    sys.setprofile(note)
    try:
        checked(text)
    finally:
        sys.setprofile(None)
    return count["calls"]


@pytest.mark.parametrize("step", ["unit(8)", "conv(8, 3, padding=1) -> relu", "{ unit(8) -> relu }"])
def test_equal_turns_cost_what_two_cost(step: str) -> None:
    two, many = (calls(network(f"repeat {turns} {{ {step} }}", before=UNIT)) for turns in (2, 100_000))
    assert many == two


@pytest.mark.parametrize(
    "step",
    [
        "conv(8, 3, padding=1) -> relu",
        "unit(8)",
        "a{}: relu",
        "if true { relu }",
        "add { relu; identity }",
        "conv(8, 3)",
    ],
)
def test_every_layer_costs_the_same(step: str) -> None:
    few, many = 200, 800

    def cost(count: int) -> int:
        given = "[N, 8, H, W]"
        return calls(network("\n".join(step.replace("{}", str(number)) for number in range(count)), given, before=UNIT))

    start = cost(2)
    per_layer = (cost(few) - start) / (few - 2), (cost(many) - start) / (many - 2)
    assert per_layer[1] <= per_layer[0] * 1.05


def test_a_block_is_typed_once_for_each_input() -> None:
    typed, found = checked(network("unit(8)\nunit(8)\nmax_pool(2)\nunit(8)\nrepeat 9 { unit(8) }", before=UNIT))
    assert found == []
    assert typed is not None
    instances = {id(node.instance) for node in typed.root.body.nodes if hasattr(node, "instance")}
    assert len(instances) == 2


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        (f"repeat {MAX_LAYERS} {{ relu }}", None),
        (f"repeat {MAX_LAYERS} {{ relu }}\nrelu", "E0404"),
        (f"repeat {MAX_LAYERS + 1} {{ relu }}", "E0404"),
        (f"for i in 0..{MAX_UNROLLED} {{ dropout(i / {MAX_UNROLLED}) }}", None),
        (f"for i in 0..{MAX_UNROLLED + 1} {{ dropout(i / 1M) }}", "E0404"),
        (f"for i in 0..{MAX_UNROLLED} {{ a{{i}}: relu }}", None),
        (f"for i in 0..{MAX_UNROLLED + 2} {{ a{{i}}: relu }}", "E0404"),
        ("repeat 10_000 { repeat 10_000 { relu } }", "E0404"),
        ("repeat 10_000_000 { repeat 0 { relu } }", None),
        ("for i in 0..300 { for j in 0..400 { dropout((i + j) / 1K) } }", "E0404"),
        ("repeat 2**300 { relu }", "E0407"),
        ("repeat 2**100 { relu }", "E0404"),
    ],
)
def test_limits(steps: str, code: str | None) -> None:
    assert codes(network(steps)) == ([code] if code else [])


def test_steps_without_layers_are_counted_too() -> None:
    lets = "\n".join(f"let v{number} = i + {number}" for number in range(100))
    uses = " + ".join(f"v{number}" for number in range(50))
    others = " + ".join(f"v{number}" for number in range(50, 100))
    body = f"for i in 0..90_000 {{\n{lets}\ndropout(({uses}) / 1G)\ndropout(({others}) / 1G)\n}}"
    assert codes(network(body)) == ["E0404"]


def test_the_state_forgets_nothing_of_what_is_open() -> None:
    state = State(sink=None)  # type: ignore[arg-type]
    with state.in_turn("in turn 1 of 2"):
        state.enter()
        assert (state.depth, state.turns) == (1, ("in turn 1 of 2",))
        state.leave()
    assert (state.depth, state.deepest, state.turns) == (0, 1, ())
