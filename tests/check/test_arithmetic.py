"""The numbers in shape findings are torch's: kernels that do not fit, and the step in which a join went wrong."""

from __future__ import annotations

import itertools
import re

import pytest
import torch
from torch import nn

from tests.check.support import checked, errors, network

WINDOWS = [
    (size, kernel, stride, padding, dilation)
    for size, kernel, stride, padding, dilation in itertools.product(
        (1, 2, 5, 8, 13), (1, 2, 3, 5), (1, 2, 3), (0, 1, 2), (1, 2)
    )
]


def height_after(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int | None:
    """What real torch makes of a height; None where it refuses."""
    layer = nn.Conv2d(2, 2, (kernel, 1), (stride, 1), (padding, 0), (dilation, 1))
    try:
        return layer(torch.zeros(1, 2, size, 3)).shape[2]
    except RuntimeError:
        return None


def written(kernel: int, stride: int, padding: int, dilation: int) -> str:
    return f"conv(2, ({kernel}, 1), stride=({stride}, 1), padding=({padding}, 0), dilation=({dilation}, 1))"


@pytest.mark.parametrize("size", sorted({window[0] for window in WINDOWS}))
def test_a_join_tells_the_arithmetic_of_the_step_that_changed_the_size(size: int) -> None:
    told = 0
    for _, kernel, stride, padding, dilation in (window for window in WINDOWS if window[0] == size):
        after = height_after(size, kernel, stride, padding, dilation)
        step = written(kernel, stride, padding, dilation)
        text = network(f"add {{\n{step} -> relu\nidentity\n}}", f"[N, 2, {size}, 3]")
        found = errors(text)
        if after is None:
            assert [one.code for one in found] == ["E0301"]
            continue
        if after == size:
            assert found == []
            continue
        (one,) = found
        assert one.code == "E0302"
        (label,) = [label for label in one.labels if "becomes" in label.text]
        assert text[label.span.start : label.span.end] == step
        formula = re.fullmatch(rf"height {size} becomes (.*) = {after} here", label.text)
        assert formula is not None, label.text
        # The textbook's formula, with the total padding and the dilated kernel, worked out by Python.
        extent = dilation * (kernel - 1) + 1
        assert formula.group(1).strip("⌊⌋").split("/")[0].strip("()") == f"{size} − {extent} + {2 * padding} + {stride}"
        assert (size - extent + 2 * padding + stride) // stride == after
        told += 1
    assert told > 5


@pytest.mark.parametrize("size", sorted({window[0] for window in WINDOWS}))
def test_a_kernel_that_does_not_fit_tells_the_smallest_size_that_does(size: int) -> None:
    for _, kernel, stride, padding, dilation in (window for window in WINDOWS if window[0] == size):
        found = errors(network(written(kernel, stride, padding, dilation), f"[N, 2, {size}, 3]"))
        fits = height_after(size, kernel, stride, padding, dilation) is not None
        assert bool(found) == (not fits)
        for one in found:
            smallest = int(one.message.rsplit(" ", 1)[1])
            assert height_after(smallest, kernel, stride, padding, dilation) is not None
            assert smallest == 1 or height_after(smallest - 1, kernel, stride, padding, dilation) is None


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        # The first change that the paths do not share.
        (["conv(8, 3, stride=2, padding=1) -> max_pool(2)", "conv(8, 1, stride=2)"], ["max_pool(2)"]),
        (["conv(8, 3) -> conv(8, 3)", "conv(8, 3)"], ["conv(8, 3)"]),
        (["relu -> { conv(8, 3) }", "sigmoid"], ["conv(8, 3)"]),
        (["repeat 2 { max_pool(2) }", "identity"], ["max_pool(2)"]),
        (["conv(8, 3)", "conv(8, 5)"], ["conv(8, 3)", "conv(8, 5)"]),
        # Channels: the last step that states them.
        (["conv(4, 1) -> conv(16, 1) -> relu", "identity"], ["conv(16, 1)"]),
        (["conv(4, 1) -> conv(16, 1)", "conv(2, 1) -> conv(32, 1)"], ["conv(16, 1)", "conv(32, 1)"]),
    ],
)
def test_where_the_sizes_began_to_differ(paths: list[str], told: list[str]) -> None:
    text = network("add {\n" + "\n".join(paths) + "\n}", "[N, 8, 32, 32]")
    (found,) = checked(text)[1]
    labels = [label for label in found.labels if "become" in label.text]
    assert [text[label.span.start : label.span.end] for label in labels] == told


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("conv(16, 3, stride=2, padding=1)", "conv(16, 1, stride=2)"),
        ("conv(16, 3, padding=1)", "conv(16, 1)"),
        ("max_pool(2)", "conv(8, 1, stride=2)"),
        ("conv(16, 3, stride=2)", None),
        ("flatten", None),
    ],
)
def test_the_projection_that_is_proposed_is_one(path: str, code: str | None) -> None:
    given = "[N, 8, 32, 32]"
    (found,) = checked(network(f"add {{\n{path}\nidentity\n}}", given))[1]
    assert (found.help.code if found.help else None) == code
    if code is not None:
        assert checked(network(f"add {{\n{path}\n{code}\n}}", given))[1] == []
