"""Compares the sizes that inputs declare with those that the layers accept; finds the smallest counterexample."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.check.activation import Activation
from archdsl.check.arguments import evaluated
from archdsl.check.state import State, demand
from archdsl.diagnostics.diagnostic import Label
from archdsl.ir import design as d
from archdsl.ir.dim import Dim, DimTooComplex, SizeSet
from archdsl.ir.evaluate import describe
from archdsl.ir.kinds import Value, is_int


def declared_sizes(network: d.Block, state: State, activation: Activation) -> dict[str, SizeSet]:
    """What the inputs declare of each open size, all parts together; empty sets and wrong values are reported."""
    found: dict[str, SizeSet] = {}
    for node in _declarations(network):
        ok, value = evaluated(node.value, activation.environment(), state)
        if not ok:
            continue
        sizes = _sizes(node, value)
        if sizes is None:
            message = f"`{node.symbol}` cannot be limited by {describe(value)}"
            state.fail("E0206", message, node.value.span, help=_TAKES.get(node.relation, _COMPARED))
            continue
        try:
            both = sizes.intersect(found.get(node.symbol, sizes))
        except DimTooComplex as error:
            state.fail("E0305", f"the declared sizes cannot be combined: {error}", node.span)
            return found
        if both.never:
            state.fail("E0313", f"no size `{node.symbol}` is as the input declares it", node.span)
            continue
        found[node.symbol] = both
    return found


def check_declared_sizes(
    network: d.Block, state: State, declared: Mapping[str, SizeSet], nominal: Mapping[str, int]
) -> None:
    """Every declared size is accepted, and what the spec proposes is declared; else reported at the first part."""
    for symbol, sizes in declared.items():
        place = next(node.span for node in _declarations(network) if node.symbol == symbol)
        proposed = nominal.get(symbol)
        if proposed is not None and not sizes.contains(proposed):
            message = f"`{symbol} = {proposed}` is not among the sizes that the input declares"
            state.fail("E0315", message, place, here=f"declared: {sizes.describe()}")
        accepted = state.accepted.get(symbol)
        if accepted is None:
            continue
        try:
            refused = sizes.without(accepted).minimum
        except DimTooComplex as error:
            state.fail("E0305", f"whether all declared sizes work cannot be decided: {error}", place)
            continue
        if refused is None:
            continue
        guilty = next(c for c in state.conditions if c.accepted.symbol == symbol and not c.accepted.contains(refused))
        state.fail(
            "E0315",
            f"the network does not work for `{symbol} = {refused}`, which the input declares",
            place,
            here=f"{refused} is the smallest of these sizes that is refused",
            labels=(Label(guilty.span, demand(guilty.accepted, guilty.reason)),),
            notes=(f"the network works only where {accepted.describe().removeprefix('every ')}",),
        )


_TAKES = {
    "in": "`in` takes a range or a list of sizes: `64..=512`, `[224, 256]`",
    "divides": "`divides` takes a whole number of at least 1",
}
_COMPARED = "a size is compared with a whole number"


def _declarations(network: d.Block) -> list[d.Declared]:
    return [node for input in network.body.nodes if isinstance(input, d.Input) for node in input.declared]


def _sizes(node: d.Declared, value: Value) -> SizeSet | None:
    """The sizes of one part; None where the value is of the wrong kind."""
    symbol = node.symbol
    if node.relation == "in":
        if isinstance(value, range):
            return SizeSet.among(symbol, value)
        items = [item for item in value if is_int(item) and isinstance(item, int)] if isinstance(value, tuple) else []
        return SizeSet.among(symbol, items) if isinstance(value, tuple) and len(items) == len(value) else None
    if not is_int(value) or not isinstance(value, int):
        return None
    if node.relation == "divides":
        return Dim.solve_divides(value, Dim.symbol(symbol)) if value >= 1 else None
    match node.relation:
        case ">=":
            return SizeSet.between(symbol, value)
        case ">":
            return SizeSet.between(symbol, value + 1)
        case "<=":
            return SizeSet.between(symbol, 1, value)
        case "<":
            return SizeSet.between(symbol, 1, value - 1)
        case "==":
            return SizeSet.among(symbol, (value,))
    return SizeSet.of(True, symbol).without(SizeSet.among(symbol, (value,)))
