"""Tensor types against real tensors: channels put last are those of the tensor with its axes moved."""

from __future__ import annotations

from itertools import product

import pytest
import torch

from archdsl.ir.types import TensorType, size_of

PLAIN = [shape for rank in range(2, 7) for shape in [tuple(range(2, 2 + rank)), tuple(range(9, 9 - rank, -1))]]
TYPES = [TensorType(shape, is_last) for shape, is_last in product(PLAIN, (False, True))]


def channels_first(value: TensorType) -> tuple[int, ...]:
    """The shape of such a tensor when its channels are moved to axis 1."""
    tensor = torch.empty([int(str(size)) for size in value.shape], device="meta")
    return tuple(tensor.movedim(-1, 1).shape if value.channels_last else tensor.shape)


@pytest.mark.parametrize("value", TYPES, ids=repr)
def test_channels_and_space_are_those_of_the_moved_tensor(value: TensorType) -> None:
    batch, channels, *space = channels_first(value)
    assert (value.rank, value.shape[0]) == (2 + len(space), batch)
    assert (value.channels, value.spatial) == (channels, tuple(space))
    assert value.shape[value.channel_axis] == channels
    assert value.of(batch, channels, *space) == value


@pytest.mark.parametrize("value", TYPES, ids=repr)
def test_other_sizes_stand_where_the_old_ones_did(value: TensorType) -> None:
    batch, channels, *space = channels_first(value)
    assert channels_first(value.with_channels(77)) == (batch, 77, *space)
    assert channels_first(value.with_spatial([size + 50 for size in space])) == (
        batch,
        channels,
        *(size + 50 for size in space),
    )


@pytest.mark.parametrize("value", TYPES, ids=repr)
def test_sizes_by_their_names(value: TensorType) -> None:
    _, channels, *space = channels_first(value)
    words = {1: ["length"], 2: ["height", "width"], 3: ["depth", "height", "width"]}.get(len(space), [])
    named = {"channels": channels, "features": value.shape[-1], **dict(zip(words, space, strict=False))}
    for word in ("channels", "features", "length", "depth", "height", "width", "batch"):
        assert size_of(value, word) == named.get(word)
