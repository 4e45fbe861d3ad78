"""What two networks compute, as numbers: equal numbers are equal functions of the inputs and of ``state_dict``.

Every value is numbered by the layer that makes it, its arguments, the key of its weights and the values that go in
(value numbering). The other way round nothing is promised: two networks with different numbers may still compute the
same.
"""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.analysis.dataflow import outputs_of
from archdsl.compare.tree import Numbers, plain_arguments
from archdsl.ir import typed as t

Outputs = tuple[tuple[str, str | None, int], ...]
"""The name of each output, when it exists, and the number of its value."""


def computed(design: t.TypedDesign, numbers: Numbers) -> Outputs:
    """The outputs of a network."""
    inputs = [numbers.of("input", index) for index in range(len(design.inputs))]
    return outputs_of(design, inputs, _Numbering(numbers))


def is_same(old: Outputs, new: Outputs) -> bool:
    """Whether the outputs that both networks have are the same functions; as many stand in one order, else by name."""
    if len(old) == len(new):
        return [each[1:] for each in old] == [each[1:] for each in new]
    after = {name: each for name, *each in new}
    return all(after.get(name, each) == each for name, *each in old)


class _Numbering:
    """What layers and joins make of numbers."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._arguments: dict[int, object] = {}

    def layer(self, node: t.TypedLayer, path: str, x: int) -> int:
        """The layer, its arguments, its weights, what goes in."""
        return self._numbers.of("layer", node.op, self._stated(node), path, x)

    def join(self, node: t.TypedMerge, ends: Sequence[int]) -> int:
        """The join, its arguments, its paths."""
        return self._numbers.of("join", node.node.op, self._stated(node), tuple(ends))

    def _stated(self, node: t.TypedLayer | t.TypedMerge) -> object:
        known = self._arguments.get(id(node))
        return known if known is not None else self._arguments.setdefault(id(node), plain_arguments(node.arguments))
