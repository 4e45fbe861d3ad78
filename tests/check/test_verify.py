"""The verifier of typed networks: every promise broken by hand is named, in the block in which it is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from archdsl.check.verify import verify_typed
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.types import TensorType
from archdsl.source.span import Span
from tests.check.support import checked

TEXT = """
block unit() { conv1: conv(4, 3, padding=1) -> relu }
network net() {
    input image: [N, 4, H, 8]
    unit
    conv(4, 1)
    repeat 3 { relu }
    { relu }
    let wide = 4
    [N, wide, H, 8]
    add { identity; relu }
    output early { relu }
    output y: [N, 4, H, 8]
}
"""
INPUT, UNIT, CONV, LOOP, GROUP, LET, STATED, MERGE, EARLY, LAST = range(10)
WRONG = TensorType((1, 4, 9, 9))
Change = Callable[[Any], Any]


def typed_network() -> t.TypedDesign:
    typed, found = checked(TEXT)
    assert typed is not None
    assert found == []
    return typed


def changed(design: t.TypedDesign, index: int, change: Change) -> t.TypedDesign:
    nodes = list(design.root.body.nodes)
    nodes[index] = change(nodes[index])
    body = replace(design.root.body, nodes=tuple(nodes))
    root = t.BlockInstance(design.root.block, design.root.arguments, design.root.inputs, body, design.root.outputs)
    return replace(design, root=root)


def with_fields(**changes: Any) -> Change:
    return lambda node: replace(node, **changes)


def with_body(**changes: Any) -> Change:
    return lambda node: replace(node, body=replace(node.body, **changes))


def with_turn(**changes: Any) -> Change:
    return lambda node: replace(node, turns=(replace(node.turns[0], **changes),))


def with_instance_on(value: TensorType) -> Change:
    def change(node: t.TypedApply) -> t.TypedApply:
        old = node.instance
        return replace(node, instance=t.BlockInstance(old.block, old.arguments, (value,), old.body, old.outputs))

    return change


def other_turn_body(node: t.TypedLoop) -> t.TypedLoop:
    turn = node.turns[0]
    return replace(node, turns=(replace(turn, body=replace(turn.body, output=WRONG)),))


def other_path_input(node: t.TypedMerge) -> t.TypedMerge:
    return replace(node, paths=(replace(node.paths[0], input=WRONG), node.paths[1]))


GROUPED = "a group, branch or spliced block does not continue the running value"


@pytest.mark.parametrize(
    ("index", "change", "fault"),
    [
        (UNIT, with_instance_on(WRONG), "unit: the body does not start with the block's input"),
        (CONV, with_fields(inputs=()), "conv takes ()"),
        (CONV, with_fields(output=WRONG), "conv gives"),
        (CONV, with_fields(weights=7), "conv"),
        (LOOP, with_turn(first=1), "turn 1 follows turn -1"),
        (LOOP, with_turn(count=2), "a loop of 3 has 2 turns"),
        (LOOP, other_turn_body, "turns count as equal though they change the value"),
        (LOOP, with_fields(output=WRONG), "a loop does not end with its last turn"),
        (GROUP, with_body(input=WRONG), GROUPED),
        (GROUP, with_fields(output=WRONG), GROUPED),
        (LET, with_fields(output=WRONG), "a statement changes the running value"),
        (STATED, with_fields(output=WRONG), "a stated shape changes the running value"),
        (STATED, with_fields(output=None), "a stated shape changes the running value"),
        (STATED, with_fields(output=TensorType((1, 4))), "a stated shape changes the running value"),
        (MERGE, other_path_input, "a path of add does not start from the running value"),
        (EARLY, with_body(input=WRONG), "the branch of output early does not hang on the running value"),
        (EARLY, with_fields(value=WRONG), "the branch of output early does not hang on the running value"),
        (GROUP, lambda node: t.TypedUnknown(d.Unknown(Span("", 0, 0))), "an unknown value in a complete design"),
    ],
)
def test_a_broken_promise_is_named(index: int, change: Change, fault: str) -> None:
    design = typed_network()
    assert verify_typed(design) == []
    broken = changed(design, index, change)
    found = verify_typed(broken)
    assert any(fault in sentence for sentence in found), found
    assert verify_typed(replace(broken, complete=False)) == []


def test_a_stated_shape_may_fix_open_sizes() -> None:
    text = TEXT.replace("[N, wide, H, 8]", "[N, wide, 8, 8]").replace("y: [N, 4, H, 8]", "y: [N, 4, 8, 8]")
    typed, found = checked(text)
    assert typed is not None
    assert found == []
    assert (typed.root.body.nodes[STATED].output, verify_typed(typed)) == (typed.outputs[0][1], [])
