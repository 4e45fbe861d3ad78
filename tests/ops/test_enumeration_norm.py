"""Normalisations: accepted and rejected as by real CPU torch, in training and in evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
import torch
from torch import nn

from tests.ops.support import Case, Shape, assert_agreement, evaluate, module_shape


def spaces(axes: int, largest: int) -> Iterator[Shape]:
    yield from product(range(1, largest + 1), repeat=axes)


def group_norms() -> Iterator[Case]:
    """With a batch of 1; a larger one hides from torch that a group holds a single value (see the stricter tests)."""
    shapes = [*spaces(0, 1), *spaces(1, 4), *spaces(2, 3), *spaces(3, 2)]
    for channels, groups, space in product(range(1, 9), range(-1, 10), shapes):
        shape = (1, channels, *space)
        theirs = module_shape(nn.GroupNorm, shape, groups, channels) if groups != 0 else None
        yield Case((shape, groups), evaluate("group_norm", shape, groups=groups).shape, theirs)


def test_group_norm() -> None:
    assert_agreement(group_norms(), 1_800)


INSTANCE_NORMS = (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)


def instance_norms(batch: int, training: bool) -> Iterator[Case]:
    for axes in (1, 2, 3):
        for channels, space, affine in product((1, 3), spaces(axes, 4), (False, True)):
            shape = (batch, channels, *space)
            theirs = module_shape(
                lambda *a, axes=axes, **k: INSTANCE_NORMS[axes - 1](*a, **k).train(training),
                shape,
                channels,
                affine=affine,
            )
            yield Case(shape, evaluate("instance_norm", shape, affine=affine).shape, theirs)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("batch", [1, 2])
def test_instance_norm(batch: int, training: bool) -> None:
    cases = list(instance_norms(batch, training))
    assert [case for case in cases if case.wrong] == []
    refused = {case.config for case in cases if case.theirs is None}
    assert refused == {(batch, c, *((1,) * axes)) for c in (1, 3) for axes in (1, 2, 3)}


def batch_norms() -> Iterator[Case]:
    kinds = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d, 5: nn.BatchNorm3d}
    for rank, n, eps in product((2, 3, 4, 5), (1, 2), (-1e-5, 0.0, 1e-5, 1.0)):
        shape = (2, 3, n, n, n)[:rank]
        yield Case(
            (shape, eps), evaluate("batch_norm", shape, eps=eps).shape, module_shape(kinds[rank], shape, 3, eps=eps)
        )


def test_batch_norm_wants_a_positive_eps() -> None:
    assert_agreement(batch_norms(), 32)


def response_norms() -> Iterator[Case]:
    for rank, channels, n, size in product((2, 3, 4, 5), range(1, 5), (1, 2), range(-1, 12)):
        shape = (2, channels, n, n, n)[:rank]
        theirs = module_shape(nn.LocalResponseNorm, shape, size)
        yield Case((shape, size), evaluate("local_response_norm", shape, size=size).shape, theirs)


def test_local_response_norm() -> None:
    assert_agreement(response_norms(), 400)


def test_layer_norm_takes_the_width_of_rows_and_sequences() -> None:
    for shape in product((1, 2), (1, 2, 3), (1, 4)):
        for length in (2, 3):
            x = shape[:length]
            assert evaluate("layer_norm", x).shape == x == module_shape(nn.LayerNorm, x, x[-1])
    assert torch.is_tensor(nn.LayerNorm(4, eps=0.0)(torch.randn(2, 4)))
    assert evaluate("layer_norm", (2, 4), eps=0.0).shape == (2, 4)
