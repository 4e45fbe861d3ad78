"""An argument with a number for each axis has as many as there are axes; a wrong count is a finding at its place."""

from __future__ import annotations

import pytest

from archdsl.ir.kinds import Value
from archdsl.ir.types import TensorType
from archdsl.ops import REGISTRY
from archdsl.ops.base import Call

GIVEN: dict[str, dict[str, Value]] = {
    "conv": {"channels": 4, "kernel": 1},
    "conv_transpose": {"channels": 4, "kernel": 1},
    "max_pool": {"kernel": 1},
    "avg_pool": {"kernel": 1},
    "adaptive_avg_pool": {"size": 1},
    "adaptive_max_pool": {"size": 1},
}
PER_AXIS = [
    (op, parameter.name)
    for op in GIVEN
    for parameter in REGISTRY[op].parameters
    if parameter.kind.accepts(1) and parameter.kind.accepts((1, 1))
]


def called(op: str, rank: int, **changed: Value) -> Call:
    """The layer applied to an image of ones with four channels."""
    layer = REGISTRY[op]
    arguments = {parameter.name: parameter.default for parameter in layer.parameters} | GIVEN[op] | changed
    call = Call(layer, arguments, (TensorType((2, 4, *(8,) * (rank - 2))),))
    assert (layer.apply(call) is None) is bool(call.problems)
    return call


@pytest.mark.parametrize(("op", "parameter"), PER_AXIS)
@pytest.mark.parametrize("rank", [3, 4, 5])
@pytest.mark.parametrize("more", [-1, 1])
def test_one_number_too_many_or_too_few(op: str, parameter: str, rank: int, more: int) -> None:
    usual = 0 if "padding" in parameter else 1
    (problem,) = called(op, rank, **{parameter: (usual,) * (rank - 2 + more)}).problems
    assert (problem.code, problem.argument) == ("E0310", parameter)
    assert called(op, rank, **{parameter: (usual,) * (rank - 2)}).problems == []


def test_every_layer_with_windows_is_asked() -> None:
    assert len(PER_AXIS) >= 14
