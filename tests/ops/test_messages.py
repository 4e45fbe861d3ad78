"""What rules say: headline, numbers and repair, written down by hand from the textbook's formula."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archdsl import ops
from archdsl.diagnostics.codes import CODES
from archdsl.ir.dim import Dim
from archdsl.ir.types import Size
from archdsl.ops.base import Call, Problem
from tests.ops.support import evaluate, outcome_of

H, N = Dim.symbol("H"), Dim.symbol("N")


def problem_of(name: str, *inputs: tuple[Size, ...], **arguments: object) -> Problem:
    (problem,) = evaluate(name, *inputs, **arguments).call.problems
    return problem


IMAGE = (N, 3, 2, 9)
HALVING = {"channels": 4, "kernel": 3, "stride": 2, "padding": 1}
PAIRS = {"channels": 4, "kernel": 2, "stride": 2}


@pytest.mark.parametrize(
    ("name", "inputs", "arguments", "code", "argument", "message", "here"),
    [
        (
            "conv", [IMAGE], {"channels": 4, "kernel": 3}, "E0301", "kernel",
            "`conv` needs a height of at least 3", "height 2 + padding 0 < kernel 3",
        ),
        (
            "conv", [IMAGE], {"channels": 4, "kernel": (1, 4), "dilation": 4, "padding": 1}, "E0301", "kernel",
            "`conv` needs a width of at least 11", "width 9 + padding 2 < dilated kernel 4·(4 − 1) + 1 = 13",
        ),
        (
            "max_pool", [(N, 3, 5)], {"kernel": 9, "stride": 3, "ceil": True}, "E0301", "kernel",
            "`max_pool` needs a length of at least 7", "length 5 + padding 0 + stride 3 − 1 < kernel 9",
        ),
        (
            "avg_pool", [(N, 3, 2, 5, 5)], {"kernel": 3, "padding": 1}, "E0301", "kernel",
            "`avg_pool` of a volume needs a depth of at least 3",
            "depth 2 < kernel 3; for volumes torch does not count padding here",
        ),
        (
            "conv", [IMAGE], {"channels": 4, "kernel": 1, "groups": 2}, "E0303", "groups",
            "`conv` needs input channels that are a multiple of 2", "3 input channels are no multiple of 2",
        ),
        (
            "conv_transpose", [IMAGE], {"channels": 4, "kernel": 3, "groups": 3}, "E0303", "groups",
            "`conv_transpose` needs output channels that are a multiple of 3", "4 output channels are no multiple of 3",
        ),
        (
            "pixel_shuffle", [IMAGE], {"factor": 2}, "E0303", "factor",
            "`pixel_shuffle` needs input channels that are a multiple of 4", "3 input channels are no multiple of 4",
        ),
        (
            "pixel_unshuffle", [IMAGE], {"factor": 2}, "E0309", "factor",
            "`pixel_unshuffle` needs a width that is a multiple of 2", "width 9 is no multiple of 2",
        ),
        (
            "conv", [(N, 512)], {"channels": 4, "kernel": 3}, "E0304", None,
            "`conv` cannot work on a value of rank 2",
            "this value is N x 512; `conv` takes N x C x L, N x C x H x W or N x C x D x H x W",
        ),
        (
            "linear", [(N, 512, 7, 7)], {"features": 10}, "E0304", None,
            "`linear` cannot work on a value of rank 4",
            "this value is N x 512 x 7 x 7; `linear` takes N x F or N x C x L",
        ),
        (
            "softmax", [(N, 10)], {"axis": 2}, "E0304", "axis",
            "`softmax` cannot work on a value of rank 2", "this value is N x 10; `softmax` takes rank 3 or more",
        ),
        (
            "linear", [(N, H * 512)], {"features": 10}, "E0305", None,
            "`linear` needs a fixed width", "512*H is open in N x 512*H",
        ),
        (
            "conv", [(N, H, 5)], {"channels": 1, "kernel": 1}, "E0305", None,
            "`conv` needs a fixed number of channels", "H is open in N x H x 5",
        ),
        (
            "flatten", [(N, 8, H, Dim.symbol("W"))], {}, "E0305", None,
            "`flatten` cannot multiply sizes that are open", "H and W are open in N x 8 x H x W",
        ),
        (
            "conv_transpose", [(N, 3, 1, 5)], {"channels": 4, "kernel": 2, "padding": 1}, "E0306", "padding",
            "`conv_transpose` needs a height of at least 2",
            "height (1 − 1)·1 − 2 + 2 + 0 < 1: the padding cuts everything off",
        ),
        (
            "max_pool", [(N, 3, 9, 9)], {"kernel": 3, "padding": 2}, "E0307", "padding",
            "`max_pool` needs a padding of at most half its kernel", "height: padding 2 > ⌊3/2⌋ = 1",
        ),
        (
            "conv", [IMAGE], {"channels": 4, "kernel": 5, "padding": 2, "padding_mode": "reflect"}, "E0307", "padding",
            '`conv` with padding_mode="reflect" needs a height of at least 3',
            "height 2 <= 2 places of padding on one side",
        ),
        (
            "conv", [IMAGE], {"channels": 4, "kernel": 7, "padding": 3, "padding_mode": "circular"}, "E0307", "padding",
            '`conv` with padding_mode="circular" needs a height of at least 3',
            "height 2 < 3 places of padding on one side",
        ),
        (
            "conv_transpose", [IMAGE], {"channels": 4, "kernel": 2, "stride": 2, "output_padding": 2}, "E0307",
            "output_padding", "`conv_transpose` needs an output padding below its stride or its dilation",
            "height: output padding 2, stride 2, dilation 1",
        ),
        (
            "conv", [IMAGE], {"channels": 4, "kernel": 3, "padding": "same", "stride": (1, 2)}, "E0308", "stride",
            '`conv` with padding="same" needs stride 1', "stride 2 makes the output smaller, so it cannot be the same",
        ),
        (
            "instance_norm", [(N, 3, 1, 1)], {}, "E0308", None,
            "`instance_norm` has a single value per channel to normalise",
            "in N x 3 x 1 x 1 each channel holds one value, so every output would be 0",
        ),
        (
            "zero_pad", [IMAGE], {"padding": (1, 2, 3)}, "E0310", "padding",
            "`padding` has 3 numbers for 2 spatial axes",
            "N x 3 x 2 x 9 takes one number or (left, right, top, bottom)",
        ),
        (
            "concat", [(N, 3), (N, 4)], {"axis": 2}, "E0304", "axis",
            "`concat` has no axis 2 to join on", "the first path is N x 3, its last axis is 1",
        ),
        (
            "add", [(N, 64, 28, 28), (N, 64, 56, 56)], {}, "E0302", None,
            "`add` needs equal shapes on all its paths", "paths are N x 64 x 28 x 28 and N x 64 x 56 x 56",
        ),
        (
            "concat", [(N, 64, 28, 28), (N, 32, 28, 27)], {}, "E0302", None,
            "`concat` needs paths that differ in their channels only",
            "paths are N x 64 x 28 x 28 and N x 32 x 28 x 27",
        ),
        (
            "scale", [(N, 64, 28, 28), (N, 16, 1, 1)], {}, "E0302", None,
            "`scale` needs a gate with one number per channel",
            "the value is N x 64 x 28 x 28, so the gate should be N x 64 x 1 x 1, but it is N x 16 x 1 x 1",
        ),
        ("scale", [(N, 64)], {}, "E0308", None, "`scale` needs two paths: a value, then its gate", "there are 1"),
    ],
)  # fmt: skip
def test_a_problem_in_words(
    name: str,
    inputs: list[tuple[Size, ...]],
    arguments: dict[str, object],
    code: str,
    argument: str | None,
    message: str,
    here: str,
) -> None:
    problem = problem_of(name, *inputs, **arguments)
    assert (problem.code, problem.argument) == (code, argument)
    assert (problem.message, problem.here) == (message, here)


@pytest.mark.parametrize(
    ("name", "inputs", "arguments", "help"),
    [
        ("linear", [(N, 512, 7, 7)], {"features": 10}, "`flatten` first"),
        ("conv", [(N, 512)], {"channels": 1, "kernel": 1}, "before `flatten`"),
        ("max_pool", [(N, 512)], {"kernel": 1}, "before `flatten`"),
        ("linear", [(N, H * 2)], {"features": 10}, "`global_avg_pool -> flatten`"),
        ("add", [(N, 8, 4, 4), (N, 8, 1, 1)], {}, "`scale`"),
        ("mul", [(N, 8, 1, 1), (N, 8, 4, 4)], {}, "`scale`"),
        ("add", [(N, 8, 1, 4), (N, 8, 4, 4)], {}, "`conv` with kernel 1"),
        ("add", [(N, 8, 1, 1), (N, 4, 1, 1)], {}, "`conv` with kernel 1"),
        ("add", [(N, 8, 4, 4), (N, 8)], {}, "rank"),
        ("add", [(N, 8, 4, 4), (N, 4, 4, 4)], {}, "`conv` with kernel 1"),
        ("dropout2d", [(N, 8)], {}, "`dropout`"),
        ("max_pool", [(N, 3, 9, 9)], {"kernel": 3, "padding": 2}, "padding=1"),
    ],
)
def test_the_repair(name: str, inputs: list[tuple[Size, ...]], arguments: dict[str, object], help: str) -> None:
    assert help in (problem_of(name, *inputs, **arguments).help or "")


def test_sizes_beyond_exact_arithmetic_are_a_problem_like_any_other() -> None:
    problem = problem_of("concat", (N, H, 2), (N, Dim.symbol("W"), 2))
    assert (problem.code, problem.message) == ("E0305", "`concat` makes a size that cannot be followed")
    assert "H and W" in problem.here


def test_a_join_names_the_path_at_fault() -> None:
    problem = problem_of("add", (N, 2, 4), (N, 2, 4), (N, 2, 5))
    assert problem.operand == 2
    assert (str(problem.expected), str(problem.actual)) == ("N x 2 x 4", "N x 2 x 5")
    assert problem.here == "paths are N x 2 x 4 and N x 2 x 5"


def test_a_concat_names_the_path_at_fault() -> None:
    problem = problem_of("concat", (N, 2, 4), (N, 3, 4), (N, 3, 5))
    assert problem.operand == 2
    assert (str(problem.expected), str(problem.actual)) == ("N x 2 x 4", "N x 3 x 5")
    assert str(problem_of("concat", (N, 2, 4), (N, 3, 4), axis=3).actual) == "N x 2 x 4"


def test_a_gate_at_fault_is_the_second_path() -> None:
    problem = problem_of("scale", (N, 64, 28), (N, 64, 28))
    assert (problem.operand, str(problem.expected), str(problem.actual)) == (1, "N x 64 x 1", "N x 64 x 28")
    assert problem_of("scale", (N, 64), (N, 64)).operand == 0


def test_independent_faults_are_all_reported() -> None:
    outcome = evaluate("conv", (N, 3, 2, 2), channels=4, kernel=5, groups=2)
    assert outcome.codes == ["E0303", "E0301"]


def test_one_cause_is_reported_once() -> None:
    assert evaluate("conv", (N, 3, 2, 2), channels=4, kernel=5).codes == ["E0301"]


@pytest.mark.parametrize(
    ("name", "inputs", "arguments", "axis", "expected"),
    [
        ("conv", [(N, 3, 56, 30)], HALVING, 2, "⌊(56 − 3 + 2 + 2)/2⌋ = 28"),
        ("conv", [(N, 3, 56, 30)], HALVING, 3, "⌊(30 − 3 + 2 + 2)/2⌋ = 15"),
        ("conv", [(N, 3, 56)], {"channels": 4, "kernel": 3, "dilation": 4}, 2, "56 − 9 + 0 + 1 = 48"),
        ("conv", [(N, 3, 56)], {"channels": 4, "kernel": 4, "padding": "same"}, 2, "56 − 4 + 3 + 1 = 56"),
        ("conv", [(N, 3, H)], HALVING, 2, "⌊(H − 3 + 2 + 2)/2⌋ = ⌊(H + 1)/2⌋"),
        ("conv", [(N, 3, (H + 1) // 2 + 3)], PAIRS, 2, "⌊(⌊(H + 7)/2⌋ − 2 + 0 + 2)/2⌋ = ⌊(H + 7)/4⌋"),
        ("conv", [(N, 3, H + 3)], PAIRS, 2, "⌊((H + 3) − 2 + 0 + 2)/2⌋ = ⌊(H + 3)/2⌋"),
        ("conv", [(N, 3, 56)], {"channels": 4, "kernel": 3}, 1, None),
        ("conv", [(N, 3, 56)], {"channels": 4, "kernel": 3}, 0, None),
        ("max_pool", [(N, 3, 112)], {"kernel": 3, "stride": 2, "ceil": True}, 2, "⌈(112 − 3 + 0 + 2)/2⌉ = 56"),
        ("max_pool", [(N, 3, 7)], {"kernel": 2, "stride": 2, "padding": 1, "ceil": True}, 2, "⌈(7 + 1)/2⌉ = 4"),
        ("conv_transpose", [(N, 3, 28)], {"channels": 4, "kernel": 2, "stride": 2}, 2, "(28 − 1)·2 − 0 + 2 = 56"),
        (
            "conv_transpose", [(N, 3, 28)],
            {**HALVING, "output_padding": 1}, 2, "(28 − 1)·2 − 2 + 3 + 1 = 56",
        ),
        ("upsample", [(N, 3, H, 5)], {"scale": 2}, 2, "H·2 = 2*H"),
        ("pixel_shuffle", [(N, 8, 3, 5)], {"factor": 2}, 1, "8/4 = 2"),
        ("pixel_shuffle", [(N, 8, 3, 5)], {"factor": 2}, 3, "5·2 = 10"),
        ("pixel_unshuffle", [(N, 8, 4, 6)], {"factor": 2}, 1, "8·4 = 32"),
        ("pixel_unshuffle", [(N, 8, 4, 6)], {"factor": 2}, 3, "6/2 = 3"),
        ("flatten", [(N, 512, 7, 7)], {}, 1, "512·7·7 = 25088"),
        ("flatten", [(N, 512)], {}, 1, None),
        ("zero_pad", [(N, 3, 28, 30)], {"padding": (1, 2, 3, 4)}, 2, "28 + 3 + 4 = 35"),
        ("zero_pad", [(N, 3, 28, 30)], {"padding": (1, 2, 3, 4)}, 3, "30 + 1 + 2 = 33"),
        ("concat", [(N, 64, 8), (N, 32, 8), (N, 32, 8)], {}, 1, "64 + 32 + 32 = 128"),
        ("concat", [(N, 64, 8), (N, 32, 8)], {}, 1, "64 + 32 = 96"),
        ("concat", [(N, 64, 8), (N, 32, 8)], {}, 2, None),
        ("concat", [(N, 64, 8)], {}, 1, None),
        ("relu", [(N, 64, 8)], {}, 2, None),
        ("adaptive_avg_pool", [(N, 64, 8)], {"size": 3}, 2, None),
    ],
)  # fmt: skip
def test_arithmetic_in_words(
    name: str, inputs: list[tuple[Size, ...]], arguments: dict[str, object], axis: int, expected: str | None
) -> None:
    call: Call = evaluate(name, *inputs, **arguments).call
    assert call.op.arithmetic(call, axis) == expected


def test_arithmetic_ends_in_the_size_that_infer_gives() -> None:
    told = 0
    for name, op in ops.REGISTRY.items():
        for example in op.examples:
            outcome = outcome_of(name, example)
            assert outcome.shape is not None
            for axis, size in enumerate(outcome.shape):
                text = op.arithmetic(outcome.call, axis)
                told += text is not None
                assert text is None or text.endswith(f" = {size}")
    assert told > 40


def test_every_code_is_registered() -> None:
    package = Path(ops.__file__).parent
    used = {code for file in package.glob("*.py") for code in re.findall(r'"([EW]\d{4})"', file.read_text("utf-8"))}
    assert {"E0301", "E0310"} <= used <= CODES.keys()
