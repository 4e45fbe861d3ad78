"""Follows the channel count of the running value as an expression in the terms of the class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from archdsl.ir import typed as t
from archdsl.ir.expr import BinaryOp, Const, Expr, IfElse, locals_in
from archdsl.ir.terms import NOWHERE, fold
from archdsl.ir.types import Size
from archdsl.ops.base import Op


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


def after_layer(flow: Flow, op: Op, arguments: Mapping[str, Expr], uses: Sequence[t.TypedLayer]) -> Flow:
    """The flow after a layer."""
    stated = op.stated_channels
    read = frozenset(name for key, value in arguments.items() if key != stated for name in locals_in(value))
    # Adaptive pools make a fixed size of any: what the sizes rested on before does not matter any more.
    space = read if op.forgets_sizes else flow.space | read
    value = uses[0].inputs[0]
    incoming = [None, *(_known_size(size) for size in common_space(uses))]
    incoming.insert(value.channel_axis, flow.channels)
    defaults = {name: Const(value, NOWHERE) for name, value in uses[0].arguments.items()}
    told = op.channels(value, incoming, {**defaults, **arguments})
    if told is not None:
        return Flow(told, space)
    return Flow(common(use.output.channels if use.output is not None else None for use in uses), space)


def common_space(uses: Sequence[t.TypedLayer]) -> tuple[Size | None, ...]:
    """The spatial sizes that flow into a layer; None where they differ between its uses."""
    return tuple(
        sizes[0] if len(set(sizes)) == 1 else None
        for sizes in zip(*(use.inputs[0].spatial for use in uses), strict=False)
    )


def _known_size(size: Size | None) -> Expr | None:
    return Const(size, NOWHERE) if isinstance(size, int) else None


def spatial_sizes(uses: Sequence[t.TypedLayer]) -> set[tuple[Size, ...]]:
    """The spatial sizes that flow into a layer in its uses."""
    return {use.inputs[0].spatial for use in uses}


def common(sizes: object) -> Expr | None:
    """The number that all sizes are, if they are one number."""
    found = set(sizes)  # type: ignore[call-overload]
    if len(found) != 1:
        return None
    (size,) = found
    return Const(size, NOWHERE) if isinstance(size, int) else None


def after_merge(op: str, start: Flow, flows: list[Flow], uses: list[t.TypedMerge]) -> Flow:
    """The flow after a join of paths that begin at ``start``: concatenation adds channels, the others keep them."""
    space = frozenset[str]().union(*(flow.space for flow in flows))
    if op != "concat":
        known = [flow.channels for flow in flows if flow.channels is not None]
        if start.channels in known:
            return Flow(start.channels, space)
        plain = [channels for channels in known if not isinstance(channels, IfElse)]
        return Flow(next(iter(plain or known), None), space)
    axes = {use.arguments.get("axis") for use in uses}
    if axes != {1}:
        return Flow(flows[0].channels, space)
    total: Expr | None = flows[0].channels
    for flow in flows[1:]:
        if total is None or flow.channels is None:
            return Flow(common(use.output.channels if use.output is not None else None for use in uses), space)
        total = fold(BinaryOp("+", total, flow.channels, NOWHERE))
    return Flow(total, space)


def joined_flow(tested: Expr, then: Flow, otherwise: Flow) -> Flow:
    """The flow after a condition, of which it is not known which branch is taken."""
    space = then.space | otherwise.space
    if then.channels is None or otherwise.channels is None or then.channels == otherwise.channels:
        return Flow(then.channels and otherwise.channels, space)
    return Flow(IfElse(then.channels, tested, otherwise.channels, NOWHERE), space)


def joined_labels(tested: Expr, then: Mapping[str, Flow], otherwise: Mapping[str, Flow]) -> dict[str, Flow]:
    """The labelled values after a condition: both branches may have one of a name."""
    both = {label: joined_flow(tested, then[label], otherwise[label]) for label in then.keys() & otherwise.keys()}
    return {**then, **otherwise, **both}


def literal_input(uses: Sequence[t.TypedLayer], axis: int) -> Size | None:
    """The size of an input axis if it is the same number in every use."""
    sizes = {use.inputs[0].shape[axis] for use in uses}
    size = sizes.pop() if len(sizes) == 1 else None
    return size if isinstance(size, int) else None
