"""The verifiers accept what the stages make, and notice every promise that is broken by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from archdsl.check.verify import verify_typed
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.dump import dump_design, dump_typed
from archdsl.ir.expr import Const, Local, NameTemplate
from archdsl.ir.types import TensorType
from archdsl.ir.verify import verify_design
from archdsl.source.span import Span
from tests.codegen.programs import PROGRAMS
from tests.networks.support import NETWORKS, check_text, typed

SPAN = Span("test.arch", 0, 1)
TEXT = """
block unit(channels: int) { conv1: conv(channels, 3, padding=1) -> relu }
network net() {
    input image: [N, 3, 8, 8]
    unit(4)
    repeat 3 { unit(4) }
    add { identity; conv(4, 1) }
    output y: [N, 4, 8, 8]
}
"""


@pytest.mark.parametrize(("file", "name"), NETWORKS)
def test_every_spec_verifies(file: str, name: str) -> None:
    design = typed(file, name)
    assert verify_design(design.design) == []
    assert verify_typed(design) == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_feature_program_verifies(name: str) -> None:
    for design in check_text(PROGRAMS[name])[1]:
        assert verify_design(design.design) == []
        assert verify_typed(design) == []


def _typed() -> t.TypedDesign:
    return check_text(TEXT)[1][0]


def _with_nodes(design: t.TypedDesign, change: Callable[[list[Any]], None]) -> t.TypedDesign:
    nodes = list(design.root.body.nodes)
    change(nodes)
    body = replace(design.root.body, nodes=tuple(nodes))
    root = t.BlockInstance(design.root.block, design.root.arguments, design.root.inputs, body, design.root.outputs)
    return replace(design, root=root)


def _replace_at(index: int, **changes: Any) -> Callable[[list[Any]], None]:
    def change(nodes: list[Any]) -> None:
        nodes[index] = replace(nodes[index], **changes)

    return change


WRONG = TensorType((1, 4, 9, 9))


def _wrong_turn(nodes: list[Any]) -> None:
    loop = nodes[2]
    nodes[2] = replace(loop, turns=(replace(loop.turns[0], count=2),))


def _dropped(nodes: list[Any]) -> None:
    del nodes[1]


def _wrong_path(nodes: list[Any]) -> None:
    merge = nodes[3]
    nodes[3] = replace(merge, paths=(replace(merge.paths[0], output=WRONG), merge.paths[1]))


def _wrong_weights(nodes: list[Any]) -> None:
    merge = nodes[3]
    path = merge.paths[1]
    layer = replace(path.nodes[0], weights=7)
    nodes[3] = replace(merge, paths=(merge.paths[0], replace(path, nodes=(layer,))))


@pytest.mark.parametrize(
    "change",
    [
        _replace_at(1, output=WRONG),
        _replace_at(1, inputs=(WRONG,)),
        _replace_at(3, output=WRONG),
        _replace_at(4, value=WRONG),
        _replace_at(4, output=WRONG),
        _wrong_turn,
        _dropped,
        _wrong_path,
        _wrong_weights,
    ],
)
def test_a_broken_typed_design_is_noticed(change: Callable[[list[Any]], None]) -> None:
    design = _typed()
    assert verify_typed(design) == []
    assert verify_typed(_with_nodes(design, change)) != []


def _block_with(block: d.Block, nodes: tuple[d.Node, ...]) -> d.Block:
    return replace(block, body=replace(block.body, nodes=nodes))


def _name(text: str) -> NameTemplate:
    return NameTemplate((text,), SPAN)


def _layer(argument: object, slot: d.Slot | None) -> d.Layer:
    bound = d.BoundArgument("channels", argument, SPAN)  # type: ignore[arg-type]
    return d.Layer("conv", (bound,), None, slot, SPAN, SPAN)


@pytest.mark.parametrize(
    "extra",
    [
        (_layer(Local("nowhere", SPAN), d.Slot(_name("a"))),),
        (_layer(Const(3, SPAN), d.Slot()),),
        (_layer(Const(3, SPAN), d.Slot(_name("twice"))), _layer(Const(3, SPAN), d.Slot(_name("twice")))),
        (d.Unknown(SPAN),),
        (d.Refer(NameTemplate(("a", Local("nowhere", SPAN)), SPAN), None, SPAN),),
    ],
)
def test_a_broken_design_is_noticed(extra: tuple[d.Node, ...]) -> None:
    design = _typed().design
    broken = _block_with(design.network, design.network.body.nodes + extra)
    assert verify_design(design) == []
    assert verify_design(replace(design, network=broken)) != []


def test_a_name_in_a_numbered_body_is_noticed() -> None:
    text = "block unit(channels: int) { conv(channels, 1) }\n" + TEXT[TEXT.index("network") :]
    design = check_text(text)[1][0].design
    (unit,) = {node.target for node in design.network.body.nodes if isinstance(node, d.Apply)}
    assert isinstance(unit, d.Block)
    assert unit.body.numbered
    object.__setattr__(unit.body, "nodes", (_layer(Const(3, SPAN), d.Slot(_name("a"))),))
    assert any("the name a in a numbered body" in fault for fault in verify_design(design))


def test_blocks_in_each_other_are_noticed() -> None:
    text = "block inner() { conv(4, 1) }\nblock unit(channels: int) { inner -> conv(channels, 1) }\n"
    design = check_text(text + TEXT[TEXT.index("network") :])[1][0].design
    (unit,) = {node.target for node in design.network.body.nodes if isinstance(node, d.Apply)}
    assert isinstance(unit, d.Block)
    (inner,) = {node.target for node in unit.body.nodes if isinstance(node, d.Apply)}
    assert isinstance(inner, d.Block)
    back = d.Apply(unit, (), (), None, d.Slot(), SPAN, SPAN)
    object.__setattr__(inner.body, "nodes", (*inner.body.nodes, back))
    assert {fault for fault in verify_design(design) if "contains itself" in fault} == {
        "inner: contains itself",
        "unit: contains itself",
    }


def test_a_block_in_itself_is_noticed() -> None:
    design = _typed().design
    (unit,) = {node.target for node in design.network.body.nodes if isinstance(node, d.Apply)}
    assert isinstance(unit, d.Block)
    itself = d.Apply(unit, (), (), None, d.Slot(_name("again")), SPAN, SPAN)
    object.__setattr__(unit.body, "nodes", (*unit.body.nodes, itself))
    assert any("contains itself" in fault for fault in verify_design(design))


def test_dumps_are_stable_text() -> None:
    design = _typed()
    assert dump_design(design.design) == (
        "design net\n"
        "network net()\n"
        "  input image [N, 3, 8, 8]\n"
        "  apply unit(channels=4)  @ unit\n"
        "  repeat 3  @ layers\n"
        "    apply unit(channels=4)  @ next\n"
        "  merge add()\n"
        "    path 0\n"
        "      identity()\n"
        "    path 1\n"
        "      conv(channels=4, kernel=1)  @ conv\n"
        "  output y [N, 4, 8, 8]\n"
        "block unit(channels: int)\n"
        "  conv1: conv(channels=channels, kernel=3, padding=1)  @ conv1\n"
        "  relu()  @ relu shared\n"
    )
    text = dump_typed(design)
    assert "instance 1 unit(channels=4) on N x 3 x 8 x 8\n" in text
    assert "turn 0 x 3\n" in text
    assert text == dump_typed(_typed())
