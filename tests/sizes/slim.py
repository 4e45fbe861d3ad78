"""Runs a checked network in real torch with one channel per value: sizes are torch's own, at little cost."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from archdsl.analysis.flatten import FlatLayer
from archdsl.ir import typed as t
from archdsl.ir.types import TensorType
from archdsl.ops import REGISTRY
from archdsl.ops.base import Call
from archdsl.ops.merge import Add, Mul, Scale
from tests.codegen.interpreter import Interpreter
from tests.ops.support import REFUSED, build

_ANY_CHANNELS = ("conv", "conv_transpose")
"""Layers that are run with one channel in and out; all others get the channels that they have."""


class SlimRun(Interpreter):
    """Calls give the shape of each output by name, or None where torch (or a join, which never broadcasts) refuses."""

    def __init__(self, design: t.TypedDesign) -> None:
        nn.Module.__init__(self)
        self._design = design
        self._made: dict[tuple[object, ...], nn.Module | None] = {}

    def __call__(self, sizes: Mapping[str, int]) -> dict[str, tuple[int, ...]] | None:  # type: ignore[override]
        values = []
        for _, type_ in self._design.inputs:
            spatial = [
                size if isinstance(size, int) else size.evaluate(sizes[size.symbol_name]) for size in type_.spatial
            ]
            values.append(torch.zeros(1, 1, *spatial))
        try:
            with torch.no_grad():
                return {name: tuple(value.shape) for name, value in self.forward(*values).items()}
        except (*REFUSED, AssertionError):
            return None

    def _run(self, layer: FlatLayer, *operands: Tensor) -> Tensor:
        op = REGISTRY[layer.op]
        if isinstance(op, Add | Mul) and len({value.shape for value in operands}) > 1:
            raise ValueError("shapes differ")
        if isinstance(op, Scale) and any(size != 1 for size in operands[1].shape[2:]):
            raise ValueError("no gate")
        module = self._module(layer, operands)
        values = operands
        if layer.op not in _ANY_CHANNELS:
            values = tuple(_widened(value, type_) for value, type_ in zip(operands, layer.inputs, strict=True))
        result: Tensor = module(*values) if module is not None else values[0]
        if 0 in result.shape:
            raise ValueError("an empty value")
        assert layer.output is not None
        return result.narrow(layer.output.channel_axis, 0, 1) if result.dim() > 2 else result

    def _module(self, layer: FlatLayer, operands: tuple[Tensor, ...]) -> nn.Module | None:
        """The layer as its ``to_torch`` says; convolutions with one channel in, one out and one group."""
        ranks = tuple(value.dim() for value in operands)
        given = layer.arguments
        if layer.op in _ANY_CHANNELS:
            given = {**given, "channels": 1, "groups": 1}
        key = (
            layer.op,
            tuple(given.items()),
            ranks,
            tuple(type_.channels for type_ in layer.inputs),
            layer.op in _ANY_CHANNELS,
        )
        if key not in self._made:
            inputs = layer.inputs
            if layer.op in _ANY_CHANNELS:
                inputs = tuple(type(type_)((type_.shape[0], 1, *type_.spatial)) for type_ in inputs)
            call = Call(REGISTRY[layer.op], given, inputs)
            form = call.op.to_torch(call)
            self._made[key] = build(form, call).eval() if form is not None else None
        return self._made[key]


def _widened(value: Tensor, type_: TensorType) -> Tensor:
    """A value with the channels that it stands for; ``[N, F]`` is what it is."""
    if value.dim() == 2 or not isinstance(type_.channels, int):
        return value
    shape = list(value.shape)
    shape[type_.channel_axis] = type_.channels
    return value.expand(shape)
