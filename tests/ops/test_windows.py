"""What a layer says about its windows, against which inputs really move which outputs of the torch module."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from torch import nn

from archdsl.ir.dim import Dim
from archdsl.ops import REGISTRY
from archdsl.ops.base import Window
from tests.ops.support import Outcome, build, evaluate


def windows_seen(outcome: Outcome) -> list[range]:
    """For each place of the output's last axis the span of places of the input's last axis that move it."""
    form = outcome.call.op.to_torch(outcome.call)
    assert form is not None
    module = build(form, outcome.call).eval()
    for weight in module.parameters():
        nn.init.ones_(weight)
    shape: tuple[int, ...] = outcome.call.x.shape  # type: ignore[assignment]
    with torch.no_grad():
        rest = module(torch.zeros(shape))
        moved = []
        for place in range(shape[-1]):
            x = torch.zeros(shape)
            x[..., place] = 1000.0 + torch.rand(shape[:-1])
            difference = (module(x) - rest).abs()
            moved.append((difference.flatten(0, -2).amax(0) > 0).tolist())
    spans = []
    for output in range(len(moved[0])):
        places = [place for place, outputs in enumerate(moved) if outputs[output]]
        spans.append(range(min(places), max(places) + 1) if places else range(0))
    return spans


def window_of(outcome: Outcome) -> Window:
    windows = outcome.call.op.window(outcome.call)
    assert windows is not None
    assert len(windows) == len(outcome.call.x.spatial)
    return windows[-1]


LENGTH = 60
SLIDING = [
    *(("conv", {"channels": 1, "kernel": k, "stride": s, "padding": p, "dilation": d})
      for k in (1, 2, 3, 5) for s in (1, 2, 3) for p in (0, 1, 2) for d in (1, 2)),
    *(("conv", {"channels": 1, "kernel": k, "padding": "same", "dilation": d}) for k in (1, 2, 3, 4) for d in (1, 3)),
    *(("max_pool", {"kernel": k, "padding": p, "dilation": d, "ceil": c})
      for k in (2, 3) for p in (0, 1) for d in (1, 2) for c in (False, True)),
    *(("avg_pool", {"kernel": k, "stride": s, "padding": p}) for k in (2, 3, 4) for s in (1, 2, 5) for p in (0, 1)),
    ("zero_pad", {"padding": (3, 1)}),
    ("crop", {"margin": 4}),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize(("name", "arguments"), SLIDING)
def test_sliding_windows_start_where_they_say(name: str, arguments: dict[str, object]) -> None:
    outcome = evaluate(name, (1, 1, LENGTH), **arguments)
    extent, stride, padding, _ = window_of(outcome)
    assert isinstance(extent, int)
    assert isinstance(stride, int)
    for index, seen in enumerate(windows_seen(outcome)):
        start = index * stride - padding
        inside = range(max(start, 0), min(start + extent, LENGTH))
        assert len(seen) == 0 or (inside.start <= seen.start and seen.stop <= inside.stop)
        if start >= 0 and start + extent <= LENGTH:
            assert seen == inside, index


ENLARGING = [
    *(("conv_transpose", (1, 1, 20), {"channels": 1, "kernel": k, "stride": s, "dilation": 1})
      for k in (1, 2, 3, 4, 5) for s in (1, 2, 3)),
    *(("upsample", (1, 1, 1, 20), {"scale": s, "mode": m}) for s in (2, 3) for m in ("nearest", "bilinear")),
    ("upsample", (1, 1, 1, 1, 20), {"scale": 2}),
    ("pixel_shuffle", (1, 4, 2, 20), {"factor": 2}),
    ("pixel_unshuffle", (1, 1, 3, 21), {"factor": 3}),
    ("subsample", (1, 1, 2, 20), {"kernel": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "shape", "arguments"), ENLARGING)
def test_enlarging_windows(name: str, shape: tuple[int, ...], arguments: dict[str, object]) -> None:
    outcome = evaluate(name, shape, **arguments)
    extent, stride, _, spans = window_of(outcome)
    seen = windows_seen(outcome)
    assert max(map(len, seen)) == extent
    assert isinstance(stride, int | Fraction)
    assert Fraction(shape[-1], len(seen)) == stride or name == "conv_transpose"
    if name == "conv_transpose":
        first = next(index for index in range(len(seen) // 3, len(seen)) if seen[index])
        assert Fraction(seen[first + 6].start - seen[first].start, 6) == stride
    for index in range(len(seen) // 3, 2 * len(seen) // 3) if spans else ():
        begin, end = (place + index // len(spans) for place in spans[index % len(spans)])
        assert seen[index] == (range(begin, end + 1) if begin <= end else range(0)), index


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize("length", range(1, 14))
def test_adaptive_windows(length: int, size: int) -> None:
    outcome = evaluate("adaptive_avg_pool", (1, 1, length), size=size)
    extent, stride, padding, _ = window_of(outcome)
    seen = windows_seen(outcome)
    longest = max(map(len, seen))
    assert (extent, padding) == (longest, 0)
    if 1 < size <= length:
        assert stride == seen[1].start - seen[0].start
    open_extent = window_of(evaluate("adaptive_avg_pool", (1, 1, Dim.symbol("L")), size=size)).extent
    bound = open_extent.evaluate(length) if isinstance(open_extent, Dim) else open_extent
    assert longest <= bound <= longest + 1


def test_a_global_pool_sees_everything() -> None:
    height, width = Dim.symbol("H"), Dim.symbol("W")
    outcome = evaluate("global_avg_pool", (1, 1, height, width))
    assert [window.extent for window in outcome.call.op.window(outcome.call) or ()] == [height, width]


@pytest.mark.parametrize("name", [
    "relu", "prelu", "batch_norm", "dropout", "softmax", "linear", "flatten", "add", "concat", "scale", "identity",
    "channel_shuffle", "local_response_norm",
])  # fmt: skip
def test_layers_without_a_window(name: str) -> None:
    example = REGISTRY[name].examples[0]
    outcome = evaluate(name, *example.inputs, **example.arguments)
    assert outcome.call.op.window(outcome.call) is None
