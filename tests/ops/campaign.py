"""Every enumeration of layer configurations against real CPU torch: ``python -m tests.ops.campaign`` counts them."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from torch.nn import functional as F

from tests.ops import test_enumeration_conv as conv
from tests.ops import test_enumeration_conv_transpose as transpose
from tests.ops import test_enumeration_norm as norm
from tests.ops import test_enumeration_pooling as pooling
from tests.ops import test_enumeration_shape as shape
from tests.ops.support import Case

Cases = Callable[[], Iterator[Case]]
ENUMERATIONS: dict[str, Cases] = {
    "conv": conv.plain,
    "conv, padding same": conv.same,
    **{f"conv, {mode}": partial(conv.modes, mode) for mode in ("zeros", "reflect", "replicate", "circular")},
    "conv, groups": conv.groups,
    "conv of images": partial(conv.sampled, 2, 6_000),
    "conv of volumes": partial(conv.sampled, 3, 3_000),
    "conv_transpose": transpose.plain,
    "conv_transpose, groups": transpose.groups,
    **{f"conv_transpose, {axes} axes": partial(transpose.sampled, axes, 4_000) for axes in (1, 2, 3)},
    "max_pool without gradients": partial(pooling.max_pools, F.max_pool1d),
    "max_pool with gradients": partial(pooling.max_pools, pooling.training_max_pool1d),
    "max_pool of images": partial(pooling.max_pools, pooling.column_max_pool2d),
    "avg_pool": partial(pooling.avg_pools, F.avg_pool1d),
    "avg_pool of images": partial(pooling.avg_pools, pooling.column_avg_pool2d),
    "avg_pool of volumes": pooling.volumes,
    **{
        f"{name}, {axes} axes": partial(pooling.sampled, name, axes, 4_000)
        for name in ("max_pool", "avg_pool")
        for axes in (1, 2, 3)
    },
    "adaptive_avg_pool": partial(pooling.adaptive, "adaptive_avg_pool", F.adaptive_avg_pool1d),
    "adaptive_max_pool": partial(pooling.adaptive, "adaptive_max_pool", F.adaptive_max_pool1d),
    "group_norm": norm.group_norms,
    **{
        f"instance_norm, batch {batch}, training {training}": partial(norm.instance_norms, batch, training)
        for batch in (1, 2)
        for training in (True, False)
    },
    "batch_norm": norm.batch_norms,
    "local_response_norm": norm.response_norms,
    "linear": shape.linears,
    "flatten": shape.flattens,
    **{name: partial(shape.softmaxes, name) for name in ("softmax", "log_softmax")},
    **{f"upsample, {mode}": partial(shape.upsamples, mode) for mode in ("nearest", "bilinear")},
    **{f"upsample by fractions, {mode}": partial(shape.rational_upsamples, mode) for mode in ("nearest", "bilinear")},
    "crop": shape.crops,
    **{name: partial(shape.pixel_shuffles, name) for name in ("pixel_shuffle", "pixel_unshuffle")},
    "channel_shuffle": shape.channel_shuffles,
    "zero_pad": shape.zero_pads,
    **{name: partial(shape.elementwise, name) for name in ("add", "mul")},
    "concat": shape.concats,
    "scale": shape.scales,
}
"""What is enumerated, by the name that a report gives it."""


@dataclass(frozen=True)
class Count:
    """What was compared: configurations, those that torch accepts, and those that differ."""

    configurations: int
    accepted: int
    wrong: tuple[str, ...]


def campaign(name: str) -> Count:
    """One enumeration."""
    warnings.filterwarnings("ignore")
    configurations = accepted = 0
    wrong = []
    for case in ENUMERATIONS[name]():
        configurations += 1
        accepted += case.theirs is not None
        if case.wrong:
            wrong.append(f"{name}: {case}")
    return Count(configurations, accepted, tuple(wrong))


def main() -> int:
    """All of them, with a line for each."""
    start, total, faults = time.perf_counter(), 0, 0
    for name in ENUMERATIONS:
        found = campaign(name)
        total, faults = total + found.configurations, faults + len(found.wrong)
        print(f"{found.configurations:>8,} {name}", *found.wrong[:3], sep="\n", flush=True)
    print(f"{total:,} configurations, {faults} disagreements in {time.perf_counter() - start:.0f} s")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
