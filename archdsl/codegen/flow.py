"""Follows the channel count of the running value as an expression in the terms of the class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from archdsl.codegen.symbolic import NOWHERE, fold
from archdsl.codegen.units import Unit
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.expr import BinaryOp, Const, Expr, locals_in
from archdsl.ir.types import Size, TensorType
from archdsl.ops import REGISTRY


@dataclass(frozen=True, slots=True)
class Flow:
    """The running value: its channels as an expression (None: not expressible), and its parameters' reach.

    ``space`` are the parameters on which the sizes of its spatial axes rest: a literal made of those sizes
    holds only for the values that these parameters have now.
    """

    channels: Expr | None
    space: frozenset[str] = frozenset()

    def with_channels(self, channels: Expr | None) -> Flow:
        """The same value with other channels."""
        return replace(self, channels=channels)


def channel_argument(op: str) -> str | None:
    """The argument of a layer that states its output's channels or features."""
    for parameter in REGISTRY[op].parameters:
        if parameter.name in ("channels", "features"):
            return parameter.name
    return None


def after_layer(flow: Flow, op: str, arguments: Mapping[str, Expr], uses: list[t.TypedLayer]) -> Flow:
    """The flow after a layer."""
    stated = channel_argument(op)
    read = frozenset(name for key, value in arguments.items() if key != stated for name in locals_in(value))
    # Adaptive pools make a fixed size of any: what the sizes rested on before does not matter any more.
    space = read if op.startswith(("adaptive", "global")) else flow.space | read
    if stated is not None and stated in arguments:
        return Flow(arguments[stated], space)
    if op == "flatten":
        return Flow(_flattened(flow, uses), space)
    if all(use.output is not None and use.output.shape[1] == use.inputs[0].shape[1] for use in uses):
        return Flow(flow.channels, space)
    return Flow(common(use.output.shape[1] if use.output is not None else None for use in uses), space)


def _flattened(flow: Flow, uses: list[t.TypedLayer]) -> Expr | None:
    """``channels * height * width``, the spatial sizes as numbers; None if they differ between uses."""
    spaces = spatial_sizes(uses)
    if flow.channels is None or len(spaces) != 1:
        return common(use.output.shape[1] if use.output is not None else None for use in uses)
    total = flow.channels
    for size in spaces.pop():
        if not isinstance(size, int):
            return None
        if size != 1:
            total = BinaryOp("*", total, Const(size, NOWHERE), NOWHERE)
    return total


def spatial_sizes(uses: list[t.TypedLayer]) -> set[tuple[Size, ...]]:
    """The spatial sizes that flow into a layer in its uses."""
    return {use.inputs[0].shape[2:] for use in uses}


def common(sizes: object) -> Expr | None:
    """The number that all sizes are, if they are one number."""
    found = set(sizes)  # type: ignore[call-overload]
    if len(found) != 1:
        return None
    (size,) = found
    return Const(size, NOWHERE) if isinstance(size, int) else None


def after_merge(op: str, flows: list[Flow], uses: list[t.TypedMerge]) -> Flow:
    """The flow after a join: concatenation adds channels, the others keep them."""
    space = frozenset[str]().union(*(flow.space for flow in flows))
    if op != "concat":
        known = next((flow.channels for flow in flows if flow.channels is not None), None)
        return Flow(known, space)
    axes = {use.arguments.get("axis") for use in uses}
    if axes != {1}:
        return Flow(flows[0].channels, space)
    total: Expr | None = flows[0].channels
    for flow in flows[1:]:
        if total is None or flow.channels is None:
            return Flow(common(use.output.channels if use.output is not None else None for use in uses), space)
        total = fold(BinaryOp("+", total, flow.channels, NOWHERE))
    return Flow(total, space)


def literal_input(uses: list[t.TypedLayer], axis: int) -> Size | None:
    """The size of an input axis if it is the same number in every use."""
    sizes = {use.inputs[0].shape[axis] for use in uses}
    size = sizes.pop() if len(sizes) == 1 else None
    return size if isinstance(size, int) else None


def types_after(unit: Unit, node: d.Node) -> TensorType | None:
    """The type after a node, if it is the same in every use."""
    types = {use.output for use in unit.uses(node)}
    return types.pop() if len(types) == 1 else None
