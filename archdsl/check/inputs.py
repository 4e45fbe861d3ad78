"""Types the inputs of a network: fixed sizes, open ones by their names, the values that tables use for those."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.check.activation import Activation
from archdsl.check.arguments import evaluated, report_evaluation
from archdsl.check.state import State, demand, within_limits
from archdsl.diagnostics.diagnostic import Label
from archdsl.ir import design as d
from archdsl.ir.dim import Dim
from archdsl.ir.evaluate import EvaluationError, describe, evaluate
from archdsl.ir.expr import Expr
from archdsl.ir.kinds import UNKNOWN, is_int
from archdsl.ir.types import Size, TensorType
from archdsl.source.span import Span


def typed_inputs(
    network: d.Block, state: State, activation: Activation, sizes: Mapping[str, int]
) -> list[tuple[str, TensorType | None]]:
    """The inputs in order; the type is None after a report. Variables before an input may stand in its shape."""
    inputs: list[tuple[str, TensorType | None]] = []
    for node in network.body.nodes:
        if isinstance(node, d.Let):
            _define(node, state, activation)
        elif isinstance(node, d.Input):
            inputs.append((node.name, _input(node, state, activation, sizes)))
    return inputs


def _define(node: d.Let, state: State, activation: Activation) -> None:
    """Gives a variable its value ahead of the walk over the body, which reports what is wrong with it."""
    try:
        value = evaluate(node.value, activation.environment())
    except EvaluationError as error:
        if state.meter.is_empty:  # the walk will not get there
            report_evaluation(error, state)
        value = UNKNOWN
    values = value if node.unpacks and isinstance(value, tuple) else (value,)
    if len(values) != len(node.names):
        values = (UNKNOWN,) * len(node.names)
    activation.variables.update(zip(node.names, values, strict=True))


def nominal_sizes(network: d.Block, state: State, activation: Activation) -> dict[str, int]:
    """The value that each open size is given by the spec, for tables and pictures."""
    found: dict[str, int] = {}
    for node in network.body.nodes:
        for name, expr in node.nominal if isinstance(node, d.Input) else ():
            ok, value = evaluated(expr, activation.environment(), state)
            if not ok:
                continue
            if not isinstance(value, int) or not is_int(value) or value < 1:
                message = f"a size is a whole number of at least 1, not {describe(value)}"
                state.fail("E0206", message, expr.span)
            elif found.setdefault(name, value) != value:
                state.fail("E0313", f"`{name}` is {found[name]} above and {value} here", expr.span)
    return found


def check_nominal_sizes(network: d.Block, state: State, nominal: Mapping[str, int]) -> None:
    """The sizes that the spec proposes are among those that its layers accept."""
    for node in network.body.nodes:
        for name, expr in node.nominal if isinstance(node, d.Input) else ():
            accepted = state.accepted.get(name)
            value = nominal.get(name)
            if accepted is None or value is None or accepted.contains(value):
                continue
            guilty = [c for c in state.conditions if c.accepted.symbol == name and not c.accepted.contains(value)]
            labels = [Label(condition.span, demand(condition.accepted, condition.reason)) for condition in guilty[:1]]
            message = f"the network does not work for `{name} = {value}`"
            here = f"it works only where {accepted.describe().removeprefix('every ')}"
            state.fail("E0313", message, expr.span, here=here, labels=labels)


def _input(node: d.Input, state: State, activation: Activation, sizes: Mapping[str, int]) -> TensorType | None:
    shape: list[Size] = []
    for size, span in zip(node.shape.sizes, node.shape.spans, strict=True):
        known = _size(size, span, state, activation, sizes)
        if known is None:
            return None
        shape.append(known)
    if len(shape) < 2 or isinstance(shape[0], int):
        message = f"the input `{node.name}` needs a batch axis and a channel axis"
        help = "write `[N, channels, ...]`: the first axis is the batch, and its size is open"
        state.fail("E0304", message, node.shape.span, help=help)
        return None
    too_large = within_limits(shape[1:])
    if too_large is not None:
        state.fail("E0314", f"the input `{node.name}` is too large: {too_large}", node.shape.span)
        return None
    return state.applications.same(TensorType(tuple(shape)))


def _size(
    size: Expr | str | None, span: Span, state: State, activation: Activation, sizes: Mapping[str, int]
) -> Size | None:
    if size is None:
        message = "an input states every size: a number, or a name such as `H` for an open one"
        state.fail("E0218", message, span)
        return None
    if isinstance(size, str):
        return activation.symbols.setdefault(size, sizes.get(size) or Dim.symbol(size))
    try:
        value = evaluate(size, activation.environment())
    except EvaluationError as error:
        report_evaluation(error, state)
        return None
    if not is_int(value) or not isinstance(value, int) or value < 1:
        state.fail("E0206", f"a size is a whole number of at least 1, not {describe(value)}", span)
        return None
    return value
