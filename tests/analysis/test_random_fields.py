"""Receptive fields of random networks, place by place: extent, stride and offset against real gradients."""

from __future__ import annotations

from random import Random

import pytest
import torch

from archdsl.analysis import receptive_field as rf
from archdsl.analysis.flatten import flatten
from archdsl.analysis.table import rows
from archdsl.driver.compilation import Compilation
from archdsl.ir.typed import TypedDesign
from archdsl.source.loader import MemoryLoader
from tests.analysis.gradients import linearised
from tests.analysis.support import module_of

NETWORKS = 200
SIZE = 128
MARGIN = 24
"""Places are compared that see nothing this near to the border, where padding and what strides leave over cut off."""
SAMPLED = 6
"""Places that are compared: more than any period here is long."""

STEPS = (
    "conv(2, {k}, stride={s}, padding={p}, dilation={d})",
    "conv(2, ({k}, {s}), padding=({p}, 0))",
    "conv(2, 3, padding=1)",
    "avg_pool({k}, stride={s})",
    "avg_pool(2)",
    "conv_transpose(2, {k}, stride={s})",
    "conv_transpose(2, {k}, stride=2, padding=1)",
    "upsample(2)",
    'upsample({s}, mode="bilinear")',
    "zero_pad(({p}, 0, 1, {s}))",
    "add {{ identity; conv(2, 3, padding=1) -> conv(2, 3, padding=1) }}",
    "concat {{ conv(2, 3, stride={s}, padding=1); conv(2, 5, stride={s}, padding=2) }}",
    "add {{ identity; avg_pool(2) -> conv(2, 3, padding=1) -> upsample(2) }}",
    "add {{ conv(2, 1); zero_pad(({p}, 0, {p}, 0)) -> conv(2, 1) -> conv(2, {p} + 1) }}",
    "repeat {k} {{ conv(2, 3, padding=1) }}",
)


def drawn(seed: int) -> TypedDesign:
    """A network of a few steps that is accepted; steps that do not fit are drawn anew."""
    random = Random(seed)
    steps: list[str] = ["conv(2, 1)"]
    design = accepted(steps)
    while len(steps) < random.randint(3, 6):
        numbers = {"k": random.randint(1, 5), "s": random.randint(1, 3), "p": random.randint(0, 2)}
        step = random.choice(STEPS).format(**numbers, d=random.randint(1, 2))
        longer = accepted([*steps, step])
        if longer is not None:
            steps.append(step)
            design = longer
    assert design is not None
    return design


def accepted(steps: list[str]) -> TypedDesign | None:
    body = "\n".join(steps)
    text = f"network n() {{ input image: [N, 2, {SIZE}, {SIZE}]\n{body}\noutput y: [N, _, _, _] }}"
    compilation = Compilation(MemoryLoader({"n.arch": text}))
    (design,) = compilation.designs("n.arch")
    typed = compilation.typed("n.arch", design)
    if typed is None or compilation.sink.has_errors:
        return None
    output = typed.outputs[0][1]
    assert output is not None
    small = all(isinstance(size, int) and size <= 2 * SIZE for size in output.spatial)
    return typed if small and len(places_inside(typed)) >= SAMPLED else None


def places_inside(design: TypedDesign) -> list[int]:
    """Places on the diagonal of the output that see nothing near the border."""
    field, output = rows(design)[-1].field, design.outputs[0][1]
    assert output is not None
    sizes = [size for size in output.spatial if isinstance(size, int)]
    if isinstance(field, rf.Blind):
        return []
    return [
        place
        for place in range(min(sizes))
        if all(seen.at(place)[0] >= MARGIN and seen.at(place)[1] < SIZE - MARGIN for seen in field)
    ]


def has_holes(design: TypedDesign) -> bool:
    """Whether a transposed convolution steps over more than its kernel: some places then see nothing."""
    found = (layer.arguments for layer in flatten(design) if layer.op == "conv_transpose")
    return any(arguments["kernel"] < arguments["stride"] for arguments in found)  # type: ignore[operator]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(NETWORKS))
def test_every_place_sees_what_its_gradient_reaches(seed: int) -> None:
    design = drawn(seed)
    field = rows(design)[-1].field
    assert not isinstance(field, rf.Blind)
    image = torch.ones(1, 2, SIZE, SIZE, dtype=torch.float64, requires_grad=True)
    output = linearised(module_of(design))(image)
    for place in places_inside(design)[:SAMPLED]:
        (gradient,) = torch.autograd.grad(output[0, :, place, place].sum(), image, retain_graph=True)
        for axis, seen in enumerate(field):
            first, last = seen.at(place)
            reached = gradient[0].abs().sum(0).sum(1 - axis).nonzero().flatten().tolist()
            if reached or not has_holes(design):
                assert (reached[0], reached[-1]) == (first, last), (place, axis)


def test_a_field_that_is_off_by_one_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rf.Seen, "at", lambda self, place: (self.spans[0][0] + place, self.spans[0][1] + place))
    with pytest.raises(AssertionError):
        test_every_place_sees_what_its_gradient_reaches(0)


def test_offset_and_stride() -> None:
    """By hand: a 7x7 convolution of stride 2 with padding 3 is centred on every second pixel, a 3x3 pool behind it
    (stride 2, padding 1) on every fourth; a 2x2 pool of stride 2 is centred between pixels.
    """
    design = accepted(["conv(2, 7, stride=2, padding=3)", "max_pool(3, stride=2, padding=1)", "avg_pool(2)"])
    assert design is not None
    fields = [row.field for row in rows(design)]
    assert [rf.extents(field) for field in fields] == [(7, 7), (11, 11), (15, 15)]
    assert [rf.strides(field) for field in fields] == [(2, 2), (4, 4), (8, 8)]
    assert [rf.offsets(field) for field in fields] == [(0, 0), (0, 0), (2, 2)]
