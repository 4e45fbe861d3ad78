"""The rows of the table: against the flat view layer by layer, and folded rows against what they stand for."""

from __future__ import annotations

import pytest

from archdsl.analysis import receptive_field as rf
from archdsl.analysis.flatten import flatten
from archdsl.analysis.table import MOST_ROWS, UNFOLDED_TURNS, Row, TooManyRows, rows
from archdsl.analysis.totals import totals
from archdsl.ir.typed import TypedDesign
from tests.analysis.support import network, program, spec
from tests.codegen.programs import PROGRAMS

SPECS = [
    ("googlenet.arch", "googlenet"),
    ("resnet.arch", "resnet50"),
    ("densenet.arch", "densenet121"),
    ("vgg.arch", "vgg16_bn"),
    ("nin.arch", "nin"),
]


def designs() -> list[TypedDesign]:
    return [spec(file, name) for file, name in SPECS] + [program(name) for name in PROGRAMS]


IDS = [name for _, name in SPECS] + list(PROGRAMS)


@pytest.mark.parametrize("index", range(len(IDS)), ids=IDS)
def test_unfolded_rows_are_the_flat_view(index: int) -> None:
    design = designs()[index]
    flat = [
        (layer.path, layer.op, layer.inputs, layer.output, layer.weights, layer.span, layer.when)
        for layer in flatten(design)
    ]
    found = [
        (row.path, row.kind, row.inputs, row.output, row.weights, row.span, row.when)
        for row in rows(design, merge_equal=False)
    ]
    assert found == flat


@pytest.mark.parametrize("merge_equal", [True, False])
@pytest.mark.parametrize("index", range(len(IDS)), ids=IDS)
def test_folded_rows_hold_all_that_they_stand_for(index: int, merge_equal: bool) -> None:
    design = designs()[index]
    whole = totals(design)
    for depth in (1, 2, 3, None):
        found = rows(design, depth=depth, merge_equal=merge_equal)
        assert sum(row.weights * row.count for row in found) == whole.weights
        assert sum(row.layers * row.count for row in found) == whole.layers
        macs = [row.macs for row in found if row.when is None]
        counts = [row.count for row in found if row.when is None]
        assert sum((one or 0) * count for one, count in zip(macs, counts, strict=True)) == whole.macs
        assert depth is None or all(row.path.count(".") < depth for row in found if not row.is_layer)


@pytest.mark.parametrize("index", range(len(IDS)), ids=IDS)
def test_a_folded_row_sees_what_its_last_layer_sees(index: int) -> None:
    design = designs()[index]
    unfolded = rows(design, merge_equal=False)
    for depth in (1, 2):
        place = -1
        for row in rows(design, depth=depth):
            place += row.layers * row.count
            if row.output == unfolded[place].output and row.kind != "pyramid":  # its running value is its first output
                assert row.field == unfolded[place].field, (depth, row.path)


def turns(count: int, steps: str) -> list[Row]:
    return rows(
        network(f"network n() {{ input i2: [N, 4, 9, 9]\n repeat {count} {{ {steps} }}\n output y: [N, 4, 9, 9] }}")
    )


def test_equal_turns_of_one_row_become_one() -> None:
    (row,) = turns(7, "conv(4, 3, padding=1)")
    assert (row.path.rpartition(".")[2], row.count, row.weights) == ("0", 7, 148)
    assert row.last is not None
    assert row.last.rpartition(".")[2] == "6"
    assert rf.extents(row.field) == (15, 15)


def test_few_equal_turns_of_several_rows_stay_and_many_are_shown_once() -> None:
    few = turns(UNFOLDED_TURNS, "conv(4, 3, padding=1) -> relu")
    assert [row.path.rpartition(".")[2] for row in few] == [str(index) for index in range(2 * UNFOLDED_TURNS)]
    many = turns(UNFOLDED_TURNS + 1, "conv(4, 3, padding=1) -> relu")
    assert [(row.kind, row.count) for row in many] == [("conv", 5), ("relu", 5)]
    assert [rf.extents(row.field) for row in many] == [(11, 11), (11, 11)]


def test_names_go_on_behind_folded_turns() -> None:
    text = """network n() { input i2: [N, 4, 9, 9]
    body: { repeat 10 { conv(4, 3, padding=1) -> relu } conv(4, 1) }
    output y: [N, 4, 9, 9] }"""
    design = network(text.replace("} conv", "}\n conv"))
    assert rows(design)[-1].path == list(flatten(design))[-1].path == "body.20"


# --- limits -----------------------------------------------------------------------------------------------------------


def test_too_many_rows_are_refused_at_once() -> None:
    design = network(
        "network n() { input i2: [N, 4, 9, 9]\n repeat 100_000 { conv(4, 1) -> relu }\n output y: [N, 4, 9, 9] }"
    )
    with pytest.raises(TooManyRows, match="200,000 rows"):
        rows(design, merge_equal=False)
    assert len(rows(design)) == 2


def test_too_many_rows_of_blocks_in_blocks_are_refused() -> None:
    text = "block b0() { conv(4, 1) }\n"
    text += "".join(f"block b{i}() {{ b{i - 1} -> b{i - 1} }}\n" for i in range(1, 20))
    design = network(f"{text}network n() {{ input x2: [N, 4, 2, 2]\n b19\n output y: [N, 4, 2, 2] }}")
    with pytest.raises(TooManyRows, match=f"more than {MOST_ROWS:,} rows"):
        rows(design)
    assert [row.layers for row in rows(design, depth=3)] == [2**17] * 4


@pytest.mark.parametrize("steps", ["conv(4, 3, padding=1)", "conv(4, 3, padding=1) -> relu"])
def test_loops_in_loops_do_not_multiply_the_work(steps: str) -> None:
    nested = "repeat 3 {\n" * 14 + steps + "\n}" * 14
    design = network(f"network n() {{ input x2: [N, 4, 9, 9]\n {nested}\n output y: [N, 4, 9, 9] }}")
    found = rows(design, depth=1)
    assert sum(row.layers * row.count for row in found) == design.root.body.layers
    assert rf.extents(found[-1].field) == (2 * 3**14 + 1, 2 * 3**14 + 1)
