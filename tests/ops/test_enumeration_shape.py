"""Layers without a window, and merges: accepted, rejected and sized as by real CPU torch.

Where archdsl is stricter on purpose the configurations are marked; test_stricter_than_torch.py shows why.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.ops.support import Case, Shape, assert_agreement, described_shape, evaluate, module_shape, torch_shape


def shapes(ranks: range, largest: int) -> Iterator[Shape]:
    for rank in ranks:
        yield from product(range(1, largest + 1), repeat=rank)


# --- linear, flatten, softmax, prelu --------------------------------------------------------------------


def linears() -> Iterator[Case]:
    for shape, features in product(shapes(range(1, 5), 3), range(-1, 4)):
        theirs = module_shape(nn.Linear, shape, shape[-1], features)
        why = "not a row or a sequence" if len(shape) not in (2, 3) else ""
        yield Case((shape, features), evaluate("linear", shape, features=features).shape, theirs, why)


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_linear() -> None:
    assert_agreement(linears(), 600)


def flattens() -> Iterator[Case]:
    for shape in shapes(range(1, 6), 3):
        outcome = evaluate("flatten", shape)
        yield Case(shape, outcome.shape, torch_shape(torch.flatten, torch.zeros(shape), 1))


def test_flatten() -> None:
    cases = list(flattens())
    assert not [case for case in cases if case.wrong]
    assert {case.config for case in cases if case.theirs is None} == {(1,), (2,), (3,)}


def softmaxes(name: str) -> Iterator[Case]:
    function = {"softmax": F.softmax, "log_softmax": F.log_softmax}[name]
    for shape, axis in product(shapes(range(1, 5), 2), range(-5, 6)):
        ours = evaluate(name, shape, axis=axis).shape
        why = "the batch, or counted from the end" if axis < 1 else ""
        yield Case((shape, axis), ours, torch_shape(function, torch.zeros(shape), axis), why)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_axes(name: str) -> None:
    assert_agreement(softmaxes(name), 330)


def test_prelu_takes_one_slope_or_one_per_channel() -> None:
    for shape, per_channel in product(shapes(range(1, 5), 3), (False, True)):
        outcome = evaluate("prelu", shape, per_channel=per_channel)
        channels = shape[1] if len(shape) > 1 else 2
        theirs = module_shape(nn.PReLU, shape, channels if per_channel else 1)
        assert outcome.shape == theirs == described_shape(outcome)


# --- upsample, pixel shuffle, channel shuffle, zero pad ------------------------------------------------


def upsamples(mode: str) -> Iterator[Case]:
    for shape, scale in product(shapes(range(2, 7), 3), range(-1, 5)):
        theirs = module_shape(nn.Upsample, shape, scale_factor=scale, mode=mode)
        why = "a sequence, or an image that lacks an axis" if len(shape) == 3 else ""
        yield Case((shape, scale), evaluate("upsample", shape, scale=scale, mode=mode).shape, theirs, why)
    for n, scale in product(range(1, 130), range(1, 9)):
        theirs = module_shape(nn.Upsample, (1, 1, n, 1), scale_factor=scale, mode=mode)
        yield Case((n, scale), evaluate("upsample", (1, 1, n, 1), scale=scale, mode=mode).shape, theirs)


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_upsample(mode: str) -> None:
    assert_agreement(upsamples(mode), 5_000)


SCALES = (0.0, -0.5, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 1.3, 0.1, 1 / 3, 4 / 3, 5 / 3, 1 / 49, 1 / 7, 0.7, 2.0000001)


def rational_upsamples(mode: str) -> Iterator[Case]:
    for n, scale in product(range(1, 150), SCALES):
        theirs = module_shape(nn.Upsample, (1, 1, n, 150), scale_factor=scale, mode=mode)
        yield Case((n, scale), evaluate("upsample", (1, 1, n, 150), scale=scale, mode=mode).shape, theirs)


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_upsample_by_a_rational_factor_rounds_as_torch_does(mode: str) -> None:
    assert_agreement(rational_upsamples(mode), 2_500)


@pytest.mark.parametrize("divisor", range(2, 130))
def test_a_refused_upsample_names_the_smallest_size_that_torch_takes(divisor: int) -> None:
    """``3 * (1/3)`` is 1 in double precision, ``49 * (1/49)`` is less."""
    taken = (n for n in range(1, 150) if module_shape(nn.Upsample, (1, 1, n, 150), scale_factor=1 / divisor))
    (problem,) = evaluate("upsample", (1, 1, 1, 150), scale=1 / divisor).call.problems
    assert (problem.code, problem.message) == ("E0306", f"`upsample` needs a height of at least {next(taken)}")


def crops() -> Iterator[Case]:
    for axes in (1, 2, 3):
        for space, margin in product(product(range(1, 8), repeat=axes), range(-1, 5)):
            theirs = module_shape(PADS[axes - 1], (1, 2, *space), -margin)
            ours = evaluate("crop", (1, 2, *space), margin=margin).shape
            yield Case((space, margin), ours, theirs, "below zero it would pad" if margin < 0 else "")


def test_crop() -> None:
    assert_agreement(crops(), 2_000)


def pixel_shuffles(name: str) -> Iterator[Case]:
    function = {"pixel_shuffle": F.pixel_shuffle, "pixel_unshuffle": F.pixel_unshuffle}[name]
    for channels, height, width, factor in product(range(1, 20), range(1, 7), range(1, 7), range(-1, 5)):
        shape = (1, channels, height, width)
        theirs = torch_shape(function, torch.zeros(shape), factor)
        yield Case((shape, factor), evaluate(name, shape, factor=factor).shape, theirs)


@pytest.mark.parametrize("name", ["pixel_shuffle", "pixel_unshuffle"])
def test_pixel_shuffles(name: str) -> None:
    assert_agreement(pixel_shuffles(name), 4_000)


def channel_shuffles() -> Iterator[Case]:
    for rank, channels, groups in product(range(2, 6), range(1, 13), range(-1, 14)):
        shape = (2, channels, 2, 2, 2)[:rank]
        theirs = module_shape(nn.ChannelShuffle, shape, groups)
        yield Case((shape, groups), evaluate("channel_shuffle", shape, groups=groups).shape, theirs)


def test_channel_shuffle() -> None:
    assert_agreement(channel_shuffles(), 700)


PADS = (nn.ZeroPad1d, nn.ZeroPad2d, nn.ZeroPad3d)


def zero_pads() -> Iterator[Case]:
    for axes in (1, 2, 3):
        space = (2, 3, 4)[:axes]
        for padding in [*range(-1, 4), *product(range(-1, 3), repeat=2 * axes)]:
            theirs = module_shape(PADS[axes - 1], (1, 2, *space), padding)
            negative = min(padding) < 0 if isinstance(padding, tuple) else padding < 0
            outcome = evaluate("zero_pad", (1, 2, *space), padding=padding)
            yield Case((space, padding), outcome.shape, theirs, "negative padding crops" if negative else "")


def test_zero_pad() -> None:
    cases = list(zero_pads())
    assert not [case for case in cases if case.wrong]
    assert sum(not case.stricter for case in cases) > 800


def test_zero_pad_wants_two_numbers_per_axis() -> None:
    for axes, count in product((1, 2, 3), range(8)):
        if count != 2 * axes:
            outcome = evaluate("zero_pad", (2, 3, 4, 4, 4)[: axes + 2], padding=(1,) * count)
            assert outcome.codes == ["E0310"]
            assert f"{count} numbers for {axes} spatial axes" in outcome.call.problems[0].message


# --- merges -------------------------------------------------------------------------------------------


def elementwise(name: str) -> Iterator[Case]:
    operator = {"add": torch.add, "mul": torch.mul}[name]
    for left, right in product(shapes(range(1, 5), 2), repeat=2):
        why = "a broadcast" if left != right else ""
        yield Case(
            (left, right),
            evaluate(name, left, right).shape,
            torch_shape(operator, torch.zeros(left), torch.zeros(right)),
            why,
        )


@pytest.mark.parametrize("name", ["add", "mul"])
def test_elementwise_merges(name: str) -> None:
    cases = list(elementwise(name))
    assert not [case for case in cases if case.wrong]
    assert sum(case.ours is not None for case in cases) == 30
    assert sum(bool(case.stricter) and case.theirs is not None for case in cases) > 300


def concats() -> Iterator[Case]:
    for left, right, axis in product(shapes(range(1, 4), 3), shapes(range(1, 4), 3), range(-1, 4)):
        theirs = torch_shape(torch.cat, [torch.zeros(left), torch.zeros(right)], axis)
        why = "the batch, or counted from the end" if axis < 1 else ""
        yield Case((left, right, axis), evaluate("concat", left, right, axis=axis).shape, theirs, why)
    for sizes in product(range(1, 4), repeat=4):
        paths = [(2, size, 2) for size in sizes]
        theirs = torch_shape(torch.cat, [torch.zeros(path) for path in paths], 1)
        yield Case(sizes, evaluate("concat", *paths).shape, theirs)


def test_concat() -> None:
    assert_agreement(concats(), 7_000)


def scales() -> Iterator[Case]:
    for value, gate in product(shapes(range(2, 5), 2), repeat=2):
        fits = len(value) == len(gate) >= 3 and gate == (*value[:2], *(1 for _ in value[2:]))
        theirs = torch_shape(torch.mul, torch.zeros(value), torch.zeros(gate))
        yield Case(
            (value, gate), evaluate("scale", value, gate).shape, theirs, "" if fits else "not a gate per channel"
        )


def test_scale() -> None:
    cases = list(scales())
    assert not [case for case in cases if case.wrong]
    assert sum(case.ours is not None for case in cases) == 8 + 16


def test_merges_of_one_path_hand_it_on() -> None:
    for name in ("add", "mul", "concat"):
        assert evaluate(name, (2, 3, 4)).shape == (2, 3, 4)


@pytest.mark.parametrize("name", ["add", "mul", "concat"])
def test_merges_of_nothing_are_refused(name: str) -> None:
    assert evaluate(name).codes == ["E0308"]


@pytest.mark.parametrize("paths", [0, 1, 3])
def test_scale_wants_two_paths(paths: int) -> None:
    outcome = evaluate("scale", *[(2, 3, 1, 1)] * paths)
    assert outcome.codes == ["E0308"]
