"""Where torch computes something nobody wants, archdsl refuses: each test shows that torch runs and that we do not.

The numbers are those of the list of silent mistakes in the design; those that need more than one layer to see are
tested with the checker.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archdsl.ops import REGISTRY
from tests.ops.support import Shape, evaluate, module_shape, outcome_of, torch_shape

zeros = torch.zeros


def flat(module: nn.Module, shape: Shape) -> Callable[[], Tensor]:
    return partial(module, zeros(shape))


RUNS_IN_TORCH: list[object] = [
    # 1 linear on an image whose width fits
    pytest.param(flat(nn.Linear(8, 10), (2, 3, 8, 8)), ("linear", [(2, 3, 8, 8)], {"features": 10}), "E0304", id="1"),
    # 2 a lazy layer fits itself to whatever comes without `flatten`
    pytest.param(flat(nn.LazyLinear(10), (2, 3, 6, 5)), ("linear", [(2, 3, 6, 5)], {"features": 10}), "E0304", id="2"),
    # 3 linear(1, k) on channels pooled to one pixel mixes nothing
    pytest.param(flat(nn.Linear(1, 10), (2, 64, 1, 1)), ("linear", [(2, 64, 1, 1)], {"features": 10}), "E0304", id="3"),
    # 9 upsample of rank 3 scales the last axis only
    pytest.param(
        flat(nn.Upsample(scale_factor=2), (3, 8, 8)), ("upsample", [(3, 8, 8)], {"scale": 2}), "E0304", id="9"
    ),
    # 10 to 14 broadcasts in a sum
    pytest.param(
        partial(torch.add, zeros(2, 5, 4, 4), zeros(5, 1, 1)), ("add", [(2, 5, 4, 4), (5, 1, 1)], {}), "E0302", id="10"
    ),
    pytest.param(
        partial(torch.add, zeros(2, 5, 4, 4), zeros(2, 1, 4, 4)),
        ("add", [(2, 5, 4, 4), (2, 1, 4, 4)], {}),
        "E0302",
        id="11",
    ),
    pytest.param(
        partial(torch.add, zeros(2, 5, 4, 4), zeros(1, 5, 4, 4)),
        ("add", [(2, 5, 4, 4), (1, 5, 4, 4)], {}),
        "E0302",
        id="12",
    ),
    pytest.param(
        partial(torch.add, zeros(2, 5, 4, 4), zeros(4, 4)), ("add", [(2, 5, 4, 4), (4, 4)], {}), "E0302", id="13"
    ),
    pytest.param(partial(torch.add, zeros(2, 5, 4, 5), zeros(5)), ("add", [(2, 5, 4, 5), (5,)], {}), "E0302", id="14"),
    # 15 (N, 1) + (N,) is N x N
    pytest.param(partial(torch.add, zeros(4, 1), zeros(4)), ("add", [(4, 1), (4,)], {}), "E0302", id="15"),
    # 16 a gate on the wrong axis
    pytest.param(
        partial(torch.mul, zeros(2, 4, 4, 4), zeros(2, 1, 4, 1)),
        ("scale", [(2, 4, 4, 4), (2, 1, 4, 1)], {}),
        "E0302",
        id="16",
    ),
    pytest.param(
        partial(torch.mul, zeros(2, 4, 4, 4), zeros(2, 1, 4, 1)),
        ("mul", [(2, 4, 4, 4), (2, 1, 4, 1)], {}),
        "E0302",
        id="16-mul",
    ),
    pytest.param(
        partial(torch.mul, zeros(2, 4, 4, 4), zeros(4)), ("scale", [(2, 4, 4, 4), (4,)], {}), "E0302", id="16-rank"
    ),
    # 18 concat skips empty tensors
    pytest.param(
        partial(torch.cat, [zeros(2, 3, 4, 4), zeros(0)], 1), ("concat", [(2, 3, 4, 4), (0,)], {}), "E0302", id="18"
    ),
    # 28 a group of one value becomes 0, whatever flows in
    pytest.param(
        flat(nn.GroupNorm(8, 8), (2, 8, 1, 1)), ("group_norm", [(2, 8, 1, 1)], {"groups": 8}), "E0308", id="28"
    ),
    pytest.param(flat(nn.GroupNorm(8, 8), (2, 8)), ("group_norm", [(2, 8)], {"groups": 8}), "E0308", id="28-row"),
    # 30 layer_norm(C) on an image as wide as it has channels
    pytest.param(flat(nn.LayerNorm(8), (2, 8, 4, 8)), ("layer_norm", [(2, 8, 4, 8)], {}), "E0304", id="30"),
    # 31 dropout2d on rows, sequences and volumes
    pytest.param(flat(nn.Dropout2d(), (2, 8)), ("dropout2d", [(2, 8)], {}), "E0304", id="31-rank-2"),
    pytest.param(flat(nn.Dropout2d(), (2, 8, 4)), ("dropout2d", [(2, 8, 4)], {}), "E0304", id="31-rank-3"),
    # and: the depth of a volume taken for the channels
    pytest.param(
        flat(nn.PixelShuffle(2), (2, 3, 4, 5, 5)),
        ("pixel_shuffle", [(2, 3, 4, 5, 5)], {"factor": 2}),
        "E0304",
        id="depth",
    ),
]


@pytest.mark.filterwarnings("ignore::UserWarning:torch")
@pytest.mark.parametrize(("torchs", "ours", "code"), RUNS_IN_TORCH)
def test_a_shape_mistake_that_torch_runs(
    torchs: Callable[[], Tensor], ours: tuple[str, list[Shape], dict[str, object]], code: str
) -> None:
    assert torch_shape(torchs) is not None, "torch has learnt to refuse this"
    name, inputs, arguments = ours
    outcome = evaluate(name, *inputs, **arguments)
    assert outcome.codes == [code]


UNREASONABLE: list[tuple[Callable[[], Tensor], str, Shape, dict[str, object]]] = [
    # 23 an adaptive pool to nothing
    (flat(nn.AdaptiveAvgPool2d(0), (2, 3, 4, 4)), "adaptive_avg_pool", (2, 3, 4, 4), {"size": 0}),
    (flat(nn.AdaptiveMaxPool2d(0), (2, 3, 4, 4)), "adaptive_max_pool", (2, 3, 4, 4), {"size": 0}),
    # 32 softmax over the batch
    (flat(nn.Softmax(dim=0), (2, 3)), "softmax", (2, 3), {"axis": 0}),
    (flat(nn.LogSoftmax(dim=-2), (2, 3)), "log_softmax", (2, 3), {"axis": -2}),
    # 38 a dilation of 2^62 wraps around to a length that fits
    (
        partial(F.conv1d, zeros(1, 1, 5), zeros(1, 1, 5), dilation=2**62),
        "conv",
        (1, 1, 5),
        {"channels": 1, "kernel": 5, "dilation": 2**62},
    ),
    # and: padding that crops, no features, numbers that no training can use
    (flat(nn.ZeroPad2d(-1), (1, 1, 4, 4)), "zero_pad", (1, 1, 4, 4), {"padding": -1}),
    (
        flat(nn.Conv1d(1, 1, 1, padding=-1, padding_mode="reflect"), (1, 1, 4)),
        "conv",
        (1, 1, 4),
        {"channels": 1, "kernel": 1, "padding": -1, "padding_mode": "reflect"},
    ),
    (partial(F.linear, zeros(2, 3), zeros(0, 3)), "linear", (2, 3), {"features": 0}),
    (flat(nn.BatchNorm1d(3, momentum=1.5), (2, 3)), "batch_norm", (2, 3), {"momentum": 1.5}),
    (flat(nn.BatchNorm1d(3, momentum=-0.1), (2, 3)), "batch_norm", (2, 3), {"momentum": -0.1}),
    (flat(nn.LayerNorm(3, eps=-1.0), (2, 3)), "layer_norm", (2, 3), {"eps": -1.0}),
    (flat(nn.GroupNorm(1, 3, eps=-1.0), (2, 3)), "group_norm", (2, 3), {"groups": 1, "eps": -1.0}),
    (flat(nn.InstanceNorm1d(3, eps=-1.0), (2, 3, 4)), "instance_norm", (2, 3, 4), {"eps": -1.0}),
]


@pytest.mark.parametrize(("torchs", "name", "shape", "arguments"), UNREASONABLE)
def test_an_argument_that_torch_takes(
    torchs: Callable[[], Tensor], name: str, shape: Shape, arguments: dict[str, object]
) -> None:
    assert torch_shape(torchs) is not None, "torch has learnt to refuse this"
    outcome = evaluate(name, shape, **arguments)
    assert outcome.refusal.partition(":")[0] in arguments


@pytest.mark.parametrize(("length", "arguments"), [
    (1, {"kernel": 2, "padding": 1, "dilation": 2}),
    (4, {"kernel": 2, "padding": 1, "dilation": 5}),
    (1, {"kernel": 4, "stride": 6, "padding": 2, "dilation": 3, "ceil": True}),
    (1, {"kernel": 3, "stride": 9, "padding": 1, "dilation": 2, "ceil": True}),
])  # fmt: skip
def test_a_dilated_max_pool_that_sees_nothing_but_padding(length: int, arguments: dict[str, int]) -> None:
    """torch returns minus infinity, and its backward pass corrupts memory (so it is not run here)."""
    kernel, stride = arguments["kernel"], arguments.get("stride")
    rest = (arguments["padding"], arguments["dilation"], bool(arguments.get("ceil", False)))
    assert F.max_pool1d(zeros(1, 1, length), kernel, stride, *rest).isinf().any()
    outcome = evaluate("max_pool", (1, 1, length), **arguments)
    assert outcome.codes == ["E0307"]
    longer = length + 1
    assert not F.max_pool1d(zeros(1, 1, longer), kernel, stride, *rest).isinf().any()
    assert evaluate("max_pool", (1, 1, longer), **arguments).codes == []


def test_17_concat_never_joins_batches() -> None:
    assert torch.cat([zeros(2, 3), zeros(2, 3)]).shape == (4, 3), "torch's own default"
    assert evaluate("concat", (2, 3), (2, 3)).shape == (2, 6)
    assert evaluate("concat", (2, 3), (2, 3), axis=0).refusal == "axis: at least 1"


def test_4_5_6_8_nothing_touches_the_batch() -> None:
    """Every layer keeps axis 0: there is no reshape, squeeze or flatten that could merge it."""
    assert torch.flatten(zeros(2, 3, 4)).shape == (24,)
    for name, op in REGISTRY.items():
        for example in op.examples:
            outcome = outcome_of(name, example, batch=7)
            assert outcome.shape is not None
            assert outcome.shape[0] == 7


@pytest.mark.filterwarnings("ignore:input's size at dim=1 does not match num_features")
def test_26_27_a_norm_always_knows_the_channels() -> None:
    """torch does not compare them where nothing is trained; here there is no argument to get wrong."""
    assert module_shape(nn.InstanceNorm2d, (2, 3, 4, 4), 5) is not None
    for name in ("batch_norm", "instance_norm", "group_norm", "layer_norm"):
        names = {parameter.name for parameter in REGISTRY[name].parameters}
        assert names <= {"groups", "eps", "momentum", "affine"}


LIMITED = [
    (name, parameter.name)
    for name, op in REGISTRY.items()
    for parameter in op.parameters
    if parameter.name in ("kernel", "stride", "dilation", "size", "scale", "factor") and "adaptive" not in name
]


@pytest.mark.parametrize(("name", "parameter"), LIMITED)
def test_kernels_strides_and_dilations_have_a_limit(name: str, parameter: str) -> None:
    (formal,) = (formal for formal in REGISTRY[name].parameters if formal.name == parameter)
    constraint = formal.constraint
    assert constraint is not None
    assert constraint.holds(4096)
    assert not constraint.holds(4097)
    assert not constraint.holds(0)
    if formal.kind.accepts((1, 4096)):
        assert constraint.holds((1, 4096))
        assert not constraint.holds((1, 4097))


@pytest.mark.parametrize("name", ["conv", "conv_transpose", "max_pool", "avg_pool", "zero_pad"])
def test_paddings_have_a_limit(name: str) -> None:
    (formal,) = (formal for formal in REGISTRY[name].parameters if formal.name == "padding")
    assert formal.constraint is not None
    assert formal.constraint.holds(2**24)
    assert not formal.constraint.holds(2**24 + 1)
    assert not formal.constraint.holds(-1)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("conv", {"channels": 2.0, "kernel": 3}),
        ("conv", {"channels": True, "kernel": 3}),
        ("conv", {"channels": 2, "kernel": "3"}),
        ("conv", {"channels": 2, "kernel": 3, "padding": "valid"}),
        ("conv", {"channels": 2, "kernel": 3, "padding": ("same", 1)}),
        ("conv", {"channels": 2, "kernel": 3, "stride": (1, 2.0)}),
        ("conv", {"channels": 2, "kernel": 3, "bias": 1}),
        ("max_pool", {"kernel": 2, "stride": None}),
        ("max_pool", {"kernel": 2, "ceil": 1}),
        ("dropout", {"p": 1.5}),
        ("dropout", {"p": -0.1}),
        ("dropout", {"p": True}),
        ("upsample", {"scale": (2, 2)}),
        ("upsample", {"scale": 2, "mode": "bicubic"}),
        ("gelu", {"approximate": "erf"}),
        ("local_response_norm", {"size": 0}),
        ("group_norm", {"groups": 0}),
        ("adaptive_avg_pool", {"size": (1, 0)}),
    ],
)
def test_values_of_another_kind_are_refused(name: str, arguments: dict[str, object]) -> None:
    assert evaluate(name, (2, 4, 8, 8), **arguments).refusal.partition(":")[0] in arguments
