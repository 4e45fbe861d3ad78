"""Rules on open sizes: for every input size, torch accepts exactly where the requirements hold, and sizes agree."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from archdsl.ir.dim import Dim
from archdsl.ir.types import Size
from archdsl.ops.base import Requirement
from tests.ops.support import Outcome, Shape, build, evaluate, torch_shape

H, W, N = Dim.symbol("H"), Dim.symbol("W"), Dim.symbol("N")
LARGEST = 40


def holds(requirement: Requirement, n: int) -> bool:
    """A requirement at one input size, by its relation in plain integers."""
    left, right = value(requirement.left, n), value(requirement.right, n)
    return {">=": left >= right, "==": left == right, "divides": right and left % right == 0}[requirement.relation]


def value(size: Size, n: int) -> int:
    return size if isinstance(size, int) else size.evaluate(n)


def at(shape: tuple[Size, ...], n: int) -> Shape:
    return tuple(value(size, n) for size in shape)


def torchs_shape(outcome: Outcome, n: int) -> Shape | None:
    """What the described module makes of concrete inputs; nothing, and the maximum of nothing, count as none."""
    concrete = [torch.zeros(at(path.shape, n)) for path in outcome.call.inputs]
    module = build(outcome.call.op.to_torch(outcome.call), outcome.call)  # type: ignore[arg-type]
    shape = torch_shape(module, *concrete)
    if shape is None or 0 in shape:
        return None
    return None if module(*concrete).isinf().any() else shape


WINDOWS: list[tuple[str, dict[str, object]]] = [
    *(
        ("conv", {"channels": 1, "kernel": k, "stride": s, "padding": p, "dilation": d})
        for k in (1, 2, 3, 7)
        for s in (1, 2, 3)
        for p in (0, 1, 3)
        for d in (1, 2)
    ),
    *(
        ("conv", {"channels": 1, "kernel": k, "padding": p, "padding_mode": mode})
        for k in (1, 4)
        for p in (1, 5, "same")
        for mode in ("reflect", "circular", "replicate")
    ),
    *(
        ("max_pool", {"kernel": k, "stride": s, "padding": p, "dilation": d, "ceil": ceil})
        for k in (2, 3, 5)
        for s in (1, 2, 3, 7)
        for p in (0, 1)
        for d in (1, 2)
        for ceil in (False, True)
    ),
    *(
        ("avg_pool", {"kernel": k, "padding": p, "ceil": ceil})
        for k in (2, 5)
        for p in (0, 1)
        for ceil in (False, True)
    ),
    *(
        ("conv_transpose", {"channels": 1, "kernel": k, "stride": s, "padding": p, "output_padding": s - 1})
        for k in (1, 2, 4)
        for s in (1, 2, 3)
        for p in (0, 2, 4)
    ),
    ("adaptive_avg_pool", {"size": 7}),
    ("global_avg_pool", {}),
    ("zero_pad", {"padding": (1, 2)}),
    ("relu", {}),
    ("softmax", {"axis": 2}),
]


def compare(outcome: Outcome, sizes: Iterator[int] | range) -> tuple[int, int]:
    """Checks the outcome at each size; how often torch accepted and refused."""
    accepted = refused = 0
    for n in sizes:
        theirs = torchs_shape(outcome, n)
        ours = outcome.output is not None and all(holds(requirement, n) for requirement in outcome.call.requirements)
        assert ours == (theirs is not None), n
        if theirs is not None:
            assert outcome.output is not None
            assert at(outcome.output.shape, n) == theirs, n
        accepted, refused = accepted + (theirs is not None), refused + (theirs is None)
    return accepted, refused


@pytest.mark.parametrize(("name", "arguments"), WINDOWS)
def test_an_open_length(name: str, arguments: dict[str, object]) -> None:
    compare(evaluate(name, (1, 1, H), **arguments), range(1, LARGEST))


@pytest.mark.parametrize("size", [H // 2, (H + 1) // 2 + 1, H * 2 - 1, H // 3 * 2], ids=str)
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("conv", {"channels": 1, "kernel": 3, "stride": 2, "padding": 1}),
        ("conv", {"channels": 1, "kernel": 7, "stride": 3}),
        ("max_pool", {"kernel": 3, "stride": 2, "ceil": True}),
        ("max_pool", {"kernel": 5, "stride": 2, "padding": 1, "ceil": True}),
        ("conv_transpose", {"channels": 1, "kernel": 3, "stride": 2, "padding": 1}),
        ("conv_transpose", {"channels": 1, "kernel": 1, "padding": 4}),
    ],
)
def test_an_open_length_that_was_computed(size: Dim, name: str, arguments: dict[str, object]) -> None:
    lengths = [n for n in range(1, LARGEST) if size.evaluate(n) >= 1]
    accepted, _ = compare(evaluate(name, (1, 1, size), **arguments), iter(lengths))
    assert accepted


@pytest.mark.parametrize(
    ("name", "shape", "arguments"),
    [
        ("pixel_unshuffle", (1, 1, H, 6), {"factor": 3}),
        ("pixel_shuffle", (1, 4, H, H * 2), {"factor": 2}),
        ("upsample", (1, 1, H, H // 2 + 1), {"scale": 2, "mode": "bilinear"}),
        ("upsample", (1, 1, H, 9), {"scale": 1.5}),
        ("upsample", (1, 1, 9, H), {"scale": 0.375, "mode": "bilinear"}),
        ("upsample", (1, 1, H // 2 + 1, 4, 5), {"scale": 0.25}),
        ("upsample", (1, 1, H * 128, 2), {"scale": 1 - 1 / 4096}),
        ("crop", (1, 1, H), {"margin": 4}),
        ("crop", (1, 1, H, H * 2), {"margin": 3}),
        ("instance_norm", (1, 2, H), {}),
        ("instance_norm", (1, 2, 1, H), {}),
        ("instance_norm", (1, 2, 3, H), {}),
        ("instance_norm", (1, 2, H // 2, H // 3), {}),
        ("instance_norm", (1, 2, H // 3, 1, H // 2), {}),
        ("group_norm", (1, 2, H // 4, H // 3, H // 2), {"groups": 2}),
        ("group_norm", (1, 2, H), {"groups": 2}),
        ("group_norm", (1, 2, H), {"groups": 1}),
        ("flatten", (1, 2, H, 3), {}),
        ("flatten", (1, H, 2, 3), {}),
        ("channel_shuffle", (1, H, 2), {"groups": 3}),
        ("avg_pool", (1, 1, 4, 4, H), {"kernel": 3, "padding": 1}),
        ("avg_pool", (1, 1, 4, 4, H), {"kernel": 3, "stride": 5, "padding": 1, "ceil": True}),
        ("layer_norm", (1, H, 3), {}),
        ("linear", (1, H, 3), {"features": 2}),
        ("tokens", (1, 2, H, 3), {}),
        ("select_token", (1, H, 3), {"index": 4}),
        ("class_token", (1, H, 3), {}),
        ("multi_head_attention", (1, H, 4), {"heads": 2}),
        ("window_partition", (1, 2, H, 6), {"window": 3}),
        ("grid_partition", (1, 2, 6, H), {"grid": 2}),
        ("take_channels", (1, H, 3), {"channels": 2, "start": 3}),
        ("pad_channels", (1, H, 3), {"channels": 7}),
        ("zero_pad", (1, 1, H, H // 2), {"padding": (1, 2, 3, 0)}),
        ("batch_norm", (N, 3, 2), {}),
        ("local_response_norm", (1, 2, H), {"size": 3}),
    ],
)
def test_an_open_axis(name: str, shape: tuple[Size, ...], arguments: dict[str, object]) -> None:
    compare(evaluate(name, shape, **arguments), range(1, LARGEST))


HALF = H // 2
MERGED: list[tuple[str, list[tuple[Size, ...]]]] = [
    ("add", [(1, 2, H), (1, 2, 16)]),
    ("add", [(1, 2, 16), (1, 2, H), (1, 2, H)]),
    ("add", [(1, 2, HALF), (1, 2, (H + 1) // 2)]),
    ("add", [(1, 2, H), (1, 2, HALF * 2)]),
    ("add", [(1, 2, HALF), (1, 2, HALF)]),
    ("mul", [(1, 2, H), (1, 2, H + 1)]),
    ("mul", [(1, 2, H, H // 3), (1, 2, 9, 3)]),
    ("concat", [(1, 2, H), (1, 5, HALF * 2)]),
    ("concat", [(1, 2, 12), (1, 5, H)]),
]


@pytest.mark.parametrize(("name", "paths"), MERGED)
def test_joins_hold_exactly_where_the_sizes_are_equal(name: str, paths: list[tuple[Size, ...]]) -> None:
    outcome = evaluate(name, *paths)
    for n in range(2, 100):
        shapes = [at(path, n) for path in paths]
        theirs = torch_shape(build_merge(outcome), *(torch.zeros(shape) for shape in shapes))
        ours = outcome.output is not None and all(holds(requirement, n) for requirement in outcome.call.requirements)
        equal = len({shape[2:] for shape in shapes}) == 1  # torch would broadcast a size of 1
        assert ours == equal
        if ours:
            assert outcome.output is not None
            assert at(outcome.output.shape, n) == theirs


def build_merge(outcome: Outcome) -> torch.nn.Module:
    form = outcome.call.op.to_torch(outcome.call)
    assert form is not None
    return build(form, outcome.call)


@pytest.mark.parametrize(
    ("name", "paths", "expected"),
    [
        ("add", [(N, 2, H), (N, 2, 16)], (N, 2, 16)),
        ("add", [(N, 2, 16), (N, 2, H)], (N, 2, 16)),
        ("add", [(N, 2, H), (N, 2, HALF * 2)], (N, 2, H)),
        ("add", [(N, 2, HALF * 2), (N, 2, H)], (N, 2, HALF * 2)),
        ("concat", [(N, 2, H), (N, 3, 16)], (N, 5, 16)),
        ("scale", [(N, 2, H, W), (N, 2, 1, 1)], (N, 2, H, W)),
        ("scale", [(N, 2, H, W), (N, 2, H // 8, 1)], (N, 2, H, W)),
    ],
)
def test_a_join_takes_the_simpler_form(name: str, paths: list[tuple[Size, ...]], expected: tuple[Size, ...]) -> None:
    assert evaluate(name, *paths).shape == expected


def test_a_gate_may_depend_on_the_input_to_have_size_one() -> None:
    requirements = evaluate("scale", (N, 2, H, W), (N, 2, H // 8, 1)).call.requirements
    assert [n for n in range(1, 40) if all(holds(requirement, n) for requirement in requirements)] == list(range(8, 16))


def test_concat_along_an_open_axis_adds_the_sizes() -> None:
    outcome = evaluate("concat", (N, 2, H), (N, 2, H // 2), (N, 2, 3), axis=2)
    assert outcome.output is not None
    assert [value(outcome.output.shape[2], n) for n in (1, 2, 9)] == [4, 6, 16]
    assert outcome.call.requirements == []


# --- what open sizes make impossible ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "inputs", "arguments"),
    [
        ("linear", [(N, H * 512)], {"features": 10}),
        ("linear", [(N, 3, W)], {"features": 10}),
        ("layer_norm", [(N, 3, W)], {}),
        ("flatten", [(N, 3, H, W)], {}),
        ("flatten", [(N, 3, H, H)], {}),
        ("conv", [(N, H, 3)], {"channels": 1, "kernel": 1}),
        ("conv_transpose", [(N, H, 3)], {"channels": 1, "kernel": 1}),
        ("batch_norm", [(N, H, 3)], {}),
        ("group_norm", [(N, H, 3)], {"groups": 1}),
        ("instance_norm", [(N, H, 3)], {}),
        ("prelu", [(N, H, 3)], {"per_channel": True}),
        ("concat", [(N, H, 3), (N, W, 3)], {}),
        ("upsample", [(N, 1, H, 3)], {"scale": 1 / 3}),
        ("upsample", [(N, 1, H, 3)], {"scale": 1 + 1 / 8192}),
        ("upsample", [(N, 1, 3, W)], {"scale": 1.3, "mode": "bilinear"}),
    ],
)
def test_sizes_that_have_to_be_fixed(name: str, inputs: list[tuple[Size, ...]], arguments: dict[str, object]) -> None:
    outcome = evaluate(name, *inputs, **arguments)
    assert outcome.codes == ["E0305"]
    problem = outcome.call.problems[0]
    assert "H" in problem.here or "W" in problem.here
    assert problem.help


@pytest.mark.parametrize(
    ("name", "inputs", "arguments", "code"),
    [
        ("add", [(N, 2, H), (N, 2, W)], {}, "E0302"),
        ("add", [(N, 2, H), (N, 2, H + 1)], {}, "E0302"),
        ("add", [(N, 2, H * 2), (N, 2, 7)], {}, "E0302"),
        ("add", [(N, 2), (H, 2)], {}, "E0302"),
        ("concat", [(N, 2, H, W), (N, 2, W, H)], {}, "E0302"),
        ("scale", [(N, 2, H, W), (N, 2, H + 1, 1)], {}, "E0302"),
        ("pixel_unshuffle", [(N, 1, H * 4 + 2, 4)], {"factor": 4}, "E0309"),
        ("instance_norm", [(N, 2, 1, 1)], {}, "E0308"),
    ],
)
def test_what_no_size_can_satisfy_is_refused(
    name: str, inputs: list[tuple[Size, ...]], arguments: dict[str, object], code: str
) -> None:
    assert evaluate(name, *inputs, **arguments).codes == [code]


@pytest.mark.parametrize(
    ("shape", "deciding", "word"),
    [
        ((N, 3, H, W), H, "height"),
        ((N, 3, W, H), W, "height"),
        ((N, 3, 1, H, W), H, "height"),
        ((N, 3, 1, 1, H), H, "width"),
        ((N, 3, H, H), H, "height"),
        ((N, 3, H, 1, H), H, "depth"),
        ((N, 3, H // 2, H, 1), H, "depth"),
        ((N, 3, H), H, "length"),
    ],
)
def test_one_axis_of_an_open_image_decides_for_instance_norm(shape: tuple[Size, ...], deciding: Dim, word: str) -> None:
    """Stricter than torch: height 1 would do where the width is 2 or more, but that is no condition on one axis."""
    (requirement,) = evaluate("instance_norm", shape).call.requirements
    assert (requirement.left, requirement.relation, requirement.right) == (deciding, ">=", 2)
    assert requirement.reason.endswith(f"a {word} of at least 2")


@pytest.mark.parametrize(
    ("name", "shape", "arguments"),
    [
        ("conv", (N, 3, H, W), {"channels": 64, "kernel": 7, "stride": 2, "padding": 3}),
        ("conv", (N, 3, H, W), {"channels": 64, "kernel": 3, "padding": 1, "padding_mode": "circular"}),
        ("max_pool", (N, 3, H, W), {"kernel": 3, "stride": 2, "padding": 1}),
        ("avg_pool", (N, 3, H, W, W), {"kernel": 1, "stride": 3}),
        ("batch_norm", (N, 3, H, W), {}),
        ("global_avg_pool", (N, 3, H, W), {}),
        ("conv_transpose", (N, 3, H, W), {"channels": 1, "kernel": 2, "stride": 2}),
        ("upsample", (N, 3, H, W), {"scale": 2}),
        ("add", (N, 3, H, W), {}),
    ],
)
@pytest.mark.parametrize("taken", [0, 4])
def test_what_always_works_requires_nothing(
    name: str, shape: tuple[Size, ...], arguments: dict[str, object], taken: int
) -> None:
    """Not of a computed size either: that ``H - 4`` is at least 1 is required where it is computed."""
    computed = (*shape[:2], *(size - taken for size in shape[2:]))
    inputs = [computed, computed] if name == "add" else [computed]
    outcome = evaluate(name, *inputs, **arguments)
    assert outcome.output is not None
    assert outcome.call.requirements == []
