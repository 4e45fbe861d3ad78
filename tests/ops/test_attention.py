"""Attention, windows, tokens: values as torchvision computes them, and what is refused although torch runs it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import pytest
import torch
from torch import nn

from archdsl.ir.dim import Dim
from archdsl.ir.kinds import Value
from archdsl.ir.types import TensorType
from tests.ops.support import Case, assert_agreement, build, carried_names, evaluate, evaluate_types, torch_shape
from tests.oracles.torchvision_models import flops, randomise_constants, torchvision

swin, maxvit = torchvision.models.swin_transformer, torchvision.models.maxvit


def last(*shape: int | Dim) -> TensorType:
    """A value whose channels are its last axis."""
    return TensorType(shape, channels_last=True)


def made(name: str, x: TensorType, **arguments: Value) -> tuple[nn.Module, int]:
    """The module that a layer is, and its multiply-adds."""
    outcome = evaluate_types(name, x, **arguments)
    assert outcome.output is not None, outcome.call.problems
    form = outcome.call.op.to_torch(outcome.call)
    assert form is not None
    return build(form, outcome.call).eval(), outcome.call.op.macs(outcome.call, outcome.output)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("window_attention", swin.ShiftedWindowAttention),
        ("cosine_window_attention", swin.ShiftedWindowAttentionV2),
    ],
)
def test_window_attention_is_torchvision_s_to_the_bit(name: str, theirs: type[nn.Module]) -> None:
    """Windows that fit, that are padded, that are larger than the image; every shift."""
    generator = torch.Generator().manual_seed(0)
    for height, width, window in product((1, 3, 4, 8, 9), (2, 6, 7), (2, 3, 4)):
        for shift in range(window):
            oracle = theirs(12, [window] * 2, [shift] * 2, 3).eval()
            randomise_constants(oracle)
            x = torch.randn(2, height, width, 12, generator=generator)
            ours, macs = made(name, last(*x.shape), heads=3, window=window, shift=shift)
            ours.load_state_dict(oracle.state_dict())
            assert torch.equal(ours(x), oracle(x)), (height, width, window, shift)
            assert 2 * macs == flops(oracle, x[:1])


@pytest.mark.parametrize("name", ["window_attention", "cosine_window_attention"])
def test_buffers_are_computed_as_torchvision_does(name: str) -> None:
    theirs = swin.ShiftedWindowAttention if name == "window_attention" else swin.ShiftedWindowAttentionV2
    for window in (2, 3, 7, 8):
        ours, _ = made(name, last(1, 8, 8, 4), heads=2, window=window)
        oracle = theirs(4, [window] * 2, [0, 0], 2)
        for key, value in oracle.named_buffers():
            torch.testing.assert_close(ours.get_buffer(key), value)


def test_patches_are_merged_as_in_torchvision() -> None:
    for height, width in product(range(1, 6), repeat=2):
        x = torch.randn(2, height, width, 3)
        ours, _ = made("patch_merge", last(*x.shape))
        assert torch.equal(ours(x), swin._patch_merging_pad(x))


@pytest.mark.parametrize(("height", "width", "side"), [(6, 6, 2), (6, 9, 3), (4, 8, 4), (5, 5, 1)])
def test_windows_and_grids_are_torchvision_s(height: int, width: int, side: int) -> None:
    x = torch.randn(2, 3, height, width)
    windows = made("window_partition", TensorType(tuple(x.shape)), window=side)[0](x)
    assert torch.equal(windows, maxvit.WindowPartition()(x, side))
    back, _ = made("window_reverse", last(*windows.shape), window=side, height=height)
    assert torch.equal(back(windows), x)
    grids = made("grid_partition", TensorType(tuple(x.shape)), grid=side)[0](x)
    assert torch.equal(made("grid_reverse", last(*grids.shape), grid=side, height=height)[0](grids), x)
    if height == width:
        swapped = maxvit.SwapAxes(-2, -3)(maxvit.WindowPartition()(x, height // side))
        assert torch.equal(grids, swapped)


def cuts(name: str, argument: str) -> Iterator[Case]:
    split = carried_names()[{"window_partition": "split_windows", "grid_partition": "split_grids"}[name]]
    assert callable(split)
    for height, width, side in product(range(1, 9), range(1, 9), range(1, 6)):
        theirs = torch_shape(split, torch.zeros(2, height, width, 3), side)
        ours = evaluate(name, (2, 3, height, width), **{argument: side}).shape
        chance = theirs is not None and (height % side > 0 or width % side > 0)
        yield Case((height, width, side), ours, theirs, "what is left over would be torn apart" if chance else "")


@pytest.mark.parametrize(("name", "argument"), [("window_partition", "window"), ("grid_partition", "grid")])
def test_cuts_of_every_small_image(name: str, argument: str) -> None:
    assert_agreement(cuts(name, argument), 320)


def joints(name: str, argument: str) -> Iterator[Case]:
    join = carried_names()[{"window_reverse": "join_windows", "grid_reverse": "join_grids"}[name]]
    assert callable(join)
    for groups, side, extra, height in product(range(1, 13), range(1, 5), (-1, 0, 1), range(1, 13)):
        places = side**2 + extra
        if not places:
            continue
        theirs = torch_shape(join, torch.zeros(2, groups, places, 3), side, height)
        ours = evaluate_types(name, last(2, groups, places, 3), **{argument: side, "height": height}).shape
        chance = theirs is not None and (extra != 0 or height % side > 0)
        yield Case((groups, side, places, height), ours, theirs, "the numbers fit by chance" if chance else "")


@pytest.mark.parametrize(("name", "argument"), [("window_reverse", "window"), ("grid_reverse", "grid")])
def test_joints_of_every_few_groups(name: str, argument: str) -> None:
    assert_agreement(joints(name, argument), 1_500)


@pytest.mark.parametrize(
    ("name", "x", "arguments"),
    [
        ("tokens", TensorType((2, 3, 4, 5)), {}),
        ("window_partition", TensorType((2, 3, 4, 6)), {"window": 2}),
        ("grid_partition", TensorType((2, 3, 4, 6)), {"grid": 2}),
        ("window_reverse", last(2, 6, 4, 3), {"window": 2, "height": 4}),
        ("grid_reverse", last(2, 6, 4, 3), {"grid": 2, "height": 4}),
        ("permute", TensorType((2, 3, 4, 5)), {"axes": (0, 3, 2, 1)}),
        ("permute", last(2, 4, 5, 3), {"axes": (0, 3, 2, 1)}),
        ("patch_merge", last(2, 4, 6, 3), {}),
    ],
)
def test_channels_are_said_to_be_where_they_are(name: str, x: TensorType, arguments: dict[str, Value]) -> None:
    """Along no other axis does a tensor differ that says of each value which channel it belongs to."""
    output = evaluate_types(name, x, **arguments).output
    assert output is not None
    marked = torch.arange(1.0, 4.0).view([-1 if axis == x.channel_axis else 1 for axis in range(x.rank)])
    found = made(name, x, **arguments)[0](marked.expand(*x.shape))
    differing = [axis for axis in range(found.ndim) if (found.diff(dim=axis) != 0).any()]
    assert differing == [output.channel_axis]


def test_relative_attention_is_torchvision_s_to_the_bit() -> None:
    for window, groups in ((2, 5), (3, 1), (7, 4)):
        oracle = maxvit.RelativePositionalMultiHeadAttention(12, 4, window**2).eval()
        x = torch.randn(2, groups, window**2, 12)
        ours, macs = made("relative_attention", last(*x.shape), heads=3, window=window)
        ours.load_state_dict(oracle.state_dict())
        assert torch.equal(ours(x), oracle(x))
        assert 2 * macs == flops(oracle, x[:1])


def test_open_sizes() -> None:
    height, width = Dim.symbol("H"), Dim.symbol("W")
    x = last(2, height, width, 8)
    assert evaluate_types("window_attention", x, heads=2, window=7, shift=3).output == x
    merged = evaluate_types("patch_merge", x).output
    assert merged is not None
    assert str(merged) == "2 x ⌊(H + 1)/2⌋ x ⌊(W + 1)/2⌋ x 32"
    sequence = evaluate("multi_head_attention", (2, height, 8), heads=2).output
    assert sequence == TensorType((2, height, 8))


# --- what is refused --------------------------------------------------------------------------------------------------

IMAGE, SWAPPED, TOKENS = TensorType((2, 4, 4, 4)), last(2, 4, 4, 4), last(2, 4, 4)

REFUSED: list[tuple[str, TensorType, dict[str, Value], str, str]] = [
    # torch runs these: the last axis fits by chance
    ("linear", IMAGE, {"features": 4}, "E0304", "rank 4"),
    ("layer_norm", IMAGE, {}, "E0304", "rank 4"),
    ("window_attention", IMAGE, {"heads": 2, "window": 2}, "E0304", "channels are last"),
    ("relative_attention", IMAGE, {"heads": 2, "window": 2}, "E0304", "channels are last"),
    ("patch_merge", IMAGE, {}, "E0304", "channels are last"),
    # and these, on the height in place of the channels
    ("conv", SWAPPED, {"channels": 4, "kernel": 1}, "E0304", "axis 1"),
    ("batch_norm", SWAPPED, {}, "E0304", "axis 1"),
    ("layer_norm2d", SWAPPED, {}, "E0304", "axis 1"),
    ("max_pool", SWAPPED, {"kernel": 2}, "E0304", "axis 1"),
    ("global_avg_pool", SWAPPED, {}, "E0304", "axis 1"),
    ("flatten", SWAPPED, {}, "E0304", "axis 1"),
    ("window_partition", SWAPPED, {"window": 2}, "E0304", "axis 1"),
    ("tokens", SWAPPED, {}, "E0304", "axis 1"),
    ("conv", TOKENS, {"channels": 4, "kernel": 1}, "E0304", "axis 1"),
    # ranks
    ("multi_head_attention", IMAGE, {"heads": 2}, "E0304", "rank 4"),
    ("class_token", IMAGE, {}, "E0304", "rank 4"),
    ("select_token", TensorType((2, 4)), {"index": 0}, "E0304", "rank 2"),
    ("tokens", TensorType((2, 4)), {}, "E0304", "rank 2"),
    ("layer_norm2d", TensorType((2, 4, 4)), {}, "E0304", "rank 3"),
    ("window_attention", TOKENS, {"heads": 2, "window": 2}, "E0304", "rank 3"),
    # orders
    ("permute", IMAGE, {"axes": (0, 2, 1, 3)}, "E0308", "between the spatial axes"),
    ("permute", IMAGE, {"axes": (1, 0, 2, 3)}, "E0308", "batch in front"),
    ("permute", IMAGE, {"axes": (0, 1, 1, 3)}, "E0308", "each other axis once"),
    ("permute", IMAGE, {"axes": (0, 2, 3, 4)}, "E0308", "each other axis once"),
    ("permute", IMAGE, {"axes": (0, 2, 1)}, "E0310", "3 numbers for 4 axes"),
    ("permute", IMAGE, {"axes": 1}, "E0310", "1 number for 4 axes"),
    ("permute", TensorType((2, 4)), {"axes": (0, 1)}, "E0304", "rank 2"),
    # numbers that do not fit
    ("multi_head_attention", TOKENS, {"heads": 3}, "E0303", "multiple of 3"),
    ("window_attention", SWAPPED, {"heads": 3, "window": 2}, "E0303", "multiple of 3"),
    ("window_attention", SWAPPED, {"heads": 2, "window": 2, "shift": 2}, "E0308", "less than a window"),
    ("relative_attention", SWAPPED, {"heads": 2, "window": 3}, "E0302", "3 x 3 = 9"),
    ("window_partition", IMAGE, {"window": 3}, "E0309", "multiple of 3"),
    ("grid_partition", IMAGE, {"grid": 3}, "E0309", "multiple of 3"),
    ("window_reverse", SWAPPED, {"window": 3, "height": 3}, "E0302", "9 places"),
    ("window_reverse", SWAPPED, {"window": 2, "height": 3}, "E0308", "height 3"),
    ("grid_reverse", SWAPPED, {"grid": 2, "height": 12}, "E0308", "height 12"),
    ("select_token", TOKENS, {"index": 4}, "E0308", "at least 5"),
    ("positional_embedding", TOKENS, {"length": 5}, "E0302", "5 tokens"),
    # open sizes that would shape weights
    ("positional_embedding", last(2, Dim.symbol("L"), 4), {}, "E0305", "fixed"),
    ("positional_embedding", last(2, 4, Dim.symbol("L")), {}, "E0305", "fixed"),
    ("class_token", last(2, 4, Dim.symbol("L")), {}, "E0305", "fixed"),
    ("multi_head_attention", last(2, 4, Dim.symbol("L")), {"heads": 2}, "E0305", "fixed"),
    ("layer_scale", TensorType((2, Dim.symbol("L"), 4)), {"initial": 0.1}, "E0305", "fixed"),
    ("tokens", TensorType((2, 4, Dim.symbol("H"), Dim.symbol("W"))), {}, "E0305", "open"),
    ("window_partition", TensorType((2, 4, Dim.symbol("H"), Dim.symbol("W"))), {"window": 2}, "E0305", "open"),
    ("window_reverse", last(2, Dim.symbol("L"), 4, 4), {"window": 2, "height": 4}, "E0308", "height 4"),
]


@pytest.mark.parametrize(("name", "x", "arguments", "code", "message"), REFUSED)
def test_what_is_refused(name: str, x: TensorType, arguments: dict[str, Value], code: str, message: str) -> None:
    outcome = evaluate_types(name, x, **arguments)
    assert outcome.codes == [code]
    assert message in outcome.call.problems[0].message


@pytest.mark.parametrize("rank", [3, 4, 5])
def test_channels_elsewhere_are_put_where_the_help_says(rank: int) -> None:
    x = last(*range(2, 2 + rank))
    (problem,) = evaluate_types("local_response_norm", x, size=1).call.problems
    found = re.search(r"`permute\(\(([0-9, ]+)\)\)`", problem.help or "")
    assert found is not None
    axes = tuple(map(int, found[1].split(",")))
    moved = evaluate_types("permute", x, axes=axes).output
    assert moved == TensorType(tuple(torch.zeros(*x.shape).movedim(-1, 1).shape))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["batch_norm", "flatten", "linear", "concat", "relu"])
def test_the_last_axis_of_a_row_is_axis_1(name: str) -> None:
    """So it does not matter where its channels are said to be."""
    arguments = {"features": 3} if name == "linear" else {}
    outcome = evaluate_types(name, last(2, 4), **arguments)
    assert outcome.shape == evaluate(name, (2, 4), **arguments).shape is not None


@pytest.mark.parametrize(
    ("name", "arguments", "refusal"),
    [
        ("multi_head_attention", {"heads": 0}, "heads: between 1"),
        ("window_attention", {"heads": 2, "window": 0}, "window: between 1"),
        ("cosine_window_attention", {"heads": 2, "window": 1}, "window: between 2"),
        ("window_attention", {"heads": 2, "window": 4, "shift": -1}, "shift: between 0"),
        ("select_token", {"index": -1}, "index: at least 0"),
        ("positional_embedding", {"length": 0}, "length: between 1"),
        ("stochastic_depth", {"p": 1.5}, "p: between 0 and 1"),
    ],
)
def test_arguments_out_of_range(name: str, arguments: dict[str, Value], refusal: str) -> None:
    assert evaluate_types(name, SWAPPED, **arguments).refusal.startswith(refusal)


@pytest.mark.parametrize("name", ["add", "mul"])
def test_paths_with_their_channels_elsewhere_do_not_join(name: str) -> None:
    """torch adds them: all four sizes are equal."""
    outcome = evaluate_types(name, IMAGE, SWAPPED)
    assert outcome.codes == ["E0302"]
    assert "permute" in (outcome.call.problems[0].help or "")
    assert evaluate_types(name, SWAPPED, SWAPPED).output == SWAPPED


def test_permute_there_and_back() -> None:
    there = evaluate("permute", (2, 3, 4, 5), axes=(0, 2, 3, 1)).output
    assert there == last(2, 4, 5, 3)
    assert (there.channels, there.spatial) == (3, (4, 5))
    back = evaluate_types("permute", there, axes=(0, 3, 1, 2)).output
    assert back == TensorType((2, 3, 4, 5))
