"""What a network computes, as digests: equal digests are equal functions, however and wherever it is written.

A value is digested by the layer that makes it, by that layer's arguments and by the values that go in (a Merkle tree of
the dataflow). So neither blocks, loops, conditions and expressions nor the names of files, blocks, variables, inputs,
outputs and open sizes are in a digest, and the order of independent steps is not. The other way round nothing is
promised: two networks with different digests may still compute the same. What the inputs declare (``where``,
``guarded``), stated shapes and expectations are not part of it.

Digests outlive the version that made them: an argument that has its default is left out, so that a layer may get a new
parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from archdsl.analysis.costs import call_of
from archdsl.analysis.dataflow import outputs_of
from archdsl.ir import typed as t
from archdsl.ir.dim import Dim
from archdsl.ir.kinds import FLOAT, Parameter, Value
from archdsl.ir.types import TensorType

MAX_LAYERS = 100_000
"""A network of more layers, repetitions counted, has no digests: every one is looked at."""


@dataclass(frozen=True, slots=True)
class Digests:
    """SHA-256 in hexadecimal digits.

    Equal ``computation``: the same function, once its weights are the same. Equal ``weights``: besides, every tensor
    has the same name in ``state_dict`` and the same task, so that a checkpoint of the one gives the other its outputs.
    """

    computation: str
    weights: str


def digests(design: t.TypedDesign) -> Digests | None:
    """The digests of a checked network; None if it has errors or too many layers."""
    if not design.complete or design.root.body.layers > MAX_LAYERS:
        return None
    shapes = _shapes(design.inputs)
    inputs = [_value("input", index, shape) for index, shape in enumerate(shapes)]
    outputs = [(when, value) for _, when, value in outputs_of(design, inputs, _Digesting())]
    return Digests(
        _digest("network", shapes, [(when, value.computation) for when, value in outputs]),
        _digest("network", shapes, [(when, value.weights) for when, value in outputs]),
    )


def _digest(*parts: object) -> str:
    """Of strings, numbers, None and lists and tuples of them: ``repr`` tells all of these apart."""
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _value(*parts: object) -> Digests:
    return Digests(digest := _digest(*parts), digest)


def _shapes(inputs: tuple[tuple[str, TensorType], ...]) -> list[tuple[object, ...]]:
    """The shapes of the inputs; open sizes are numbered by their first place."""
    numbers: dict[str, int] = {}
    return [
        tuple(
            f"size {numbers.setdefault(size.symbol_name, len(numbers))}" if isinstance(size, Dim) else size
            for size in type_.shape
        )
        for _, type_ in inputs
    ]


class _Digesting:
    """What layers and joins make of digests."""

    def __init__(self) -> None:
        self._stated: dict[int, tuple[object, ...]] = {}
        """The arguments of each layer or join, and the tensors that it has in ``state_dict``."""

    def layer(self, node: t.TypedLayer, path: str, x: Digests) -> Digests:
        """The layer, its arguments, what goes in; for the weights also which tensors it has, and where."""
        arguments, tensors = self._of(node)
        return Digests(
            _digest("layer", node.op, arguments, x.computation),
            _digest("layer", node.op, arguments, x.weights, path, tensors),
        )

    def join(self, node: t.TypedMerge, ends: Sequence[Digests]) -> Digests:
        """The join, its arguments, its paths in their order."""
        arguments, _ = self._of(node)
        return Digests(
            _digest("join", node.node.op, arguments, [end.computation for end in ends]),
            _digest("join", node.node.op, arguments, [end.weights for end in ends]),
        )

    def _of(self, node: t.TypedLayer | t.TypedMerge) -> tuple[object, ...]:
        known = self._stated.get(id(node))
        if known is None:
            call = call_of(node)
            tensors = sorted({**call.op.weights(call), **call.op.buffers(call)}.items())
            known = self._stated.setdefault(id(node), (_arguments(call.op.parameters, node.arguments), tensors))
        return known


def _arguments(parameters: Iterable[Parameter], given: Mapping[str, Value]) -> list[tuple[str, Value]]:
    """The arguments that are not what they are by themselves, each in one form."""
    found = ((parameter, _plain(parameter, given[parameter.name])) for parameter in parameters)
    return sorted(
        (parameter.name, value) for parameter, value in found if value != _plain(parameter, parameter.default)
    )


def _plain(parameter: Parameter, value: Value) -> Value:
    """``(3, 3)`` kernels are ``3`` along every axis, and the number 1 is 1.0 where any number may stand."""
    if isinstance(value, tuple) and len(set(value)) == 1 and parameter.kind.accepts(value[0]):
        return value[0]
    if parameter.kind is FLOAT and isinstance(value, int):
        return float(value)
    return value
