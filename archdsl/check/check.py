"""Checks a Design: types its inputs, infers everything from there, compares outputs and expectations."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.check.arguments import block_arguments, evaluated, report_evaluation
from archdsl.check.infer import Inference
from archdsl.check.state import MAX_WEIGHTS, State, within_limits
from archdsl.diagnostics.sink import Sink
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.dim import Dim
from archdsl.ir.evaluate import Environment, EvaluationError, compare, describe, evaluate
from archdsl.ir.expr import Expr
from archdsl.ir.kinds import Value, is_int
from archdsl.ir.types import Size, TensorType
from archdsl.ir.walk import every
from archdsl.source.span import Span


def check(design: d.Design, sink: Sink, *, sizes: Mapping[str, int] | None = None) -> t.TypedDesign | None:
    """The typed network; None where not even its arguments or inputs could be understood.

    ``sizes`` fixes open sizes (``{"H": 224}``), as tables and pictures do.
    """
    state = State(sink)
    inference = Inference(state)
    arguments = _arguments(design, state)
    if arguments is None:
        return None
    activation = inference.activation(design.network, arguments, None)
    inputs, nominal = _inputs(design.network, state, activation, dict(sizes or {}))
    if inputs is None:
        return None
    activation.x = inputs[0][1]
    activation.labels.update(inputs)
    body = inference.body(design.network.body, activation, activation.x)
    root = t.BlockInstance(
        design.network, arguments, tuple(type_ for _, type_ in inputs), body, _outputs(body)
    )
    if body.weights > MAX_WEIGHTS:
        message = f"the network has {body.weights:,} weights; the limit is {MAX_WEIGHTS:,}"
        state.fail("E0314", message, design.name_span)
    for expectation in _expectations(design):
        _check_expectation(state, expectation, body)
    return t.TypedDesign(
        design=design,
        root=root,
        inputs=tuple(inputs),
        outputs=tuple(
            (node.node.name, node.value, node.node.when) for node in body.nodes if isinstance(node, t.TypedOutput)
        ),
        nominal=nominal,
        conditions=tuple(state.conditions),
        complete=design.network.whole and not state.failed,
    )


def _outputs(body: t.TypedBody) -> tuple[tuple[str, TensorType | None], ...]:
    return tuple((node.node.name, node.value) for node in body.nodes if isinstance(node, t.TypedOutput))


def _expectations(design: d.Design) -> tuple[d.Expectation, ...]:
    """Those of the network itself hold for its own defaults; a variant has its own."""
    return design.expectations


def _arguments(design: d.Design, state: State) -> dict[str, Value] | None:
    """The network's arguments: what the variant gives, what is given from outside, defaults."""
    env = Environment({}, _no_shapes)
    bound: dict[str, tuple[Value, Span]] = {}
    whole = True
    for argument in design.arguments:
        ok, value = evaluated(argument.value, env, state.report)
        whole = whole and ok
        bound[argument.name] = (value, argument.span)
    for name, value in design.overrides:
        bound[name] = (value, design.name_span)
    return block_arguments(design.network, bound, env, state.report) if whole else None


def _no_shapes(name: str | None, span: Span) -> TensorType:
    raise EvaluationError("E0405", "there is no value here to ask the shape of", span)


def _inputs(
    network: d.Block, state: State, activation: object, sizes: dict[str, int]
) -> tuple[list[tuple[str, TensorType]] | None, dict[str, int]]:
    """The type of each input and the nominal values of open sizes; (None, ...) after a report."""
    from_spec: dict[str, int] = {}
    found: list[tuple[str, TensorType]] = []
    whole = True
    for node in every(network.body):
        if not isinstance(node, d.Input):
            continue
        typed = _input(node, state, activation, sizes)
        whole = whole and typed is not None
        found.append((node.name, typed or TensorType(())))
        for name, value in _nominal(node, state, activation):
            from_spec[name] = value
    return (found if whole and found else None), from_spec


def _input(node: d.Input, state: State, activation, sizes: Mapping[str, int]) -> TensorType | None:  # type: ignore[no-untyped-def]
    shape: list[Size] = []
    for size, span in zip(node.shape.sizes, node.shape.spans, strict=True):
        known = _input_size(size, span, state, activation, sizes)
        if known is None:
            return None
        shape.append(known)
    if len(shape) < 2 or isinstance(shape[0], int):
        state.fail(
            "E0304",
            f"the input `{node.name}` needs a batch axis and a channel axis",
            node.shape.span,
            help="write `[N, channels, ...]` with an open first axis",
        )
        return None
    too_large = within_limits(shape[1:])
    if too_large is not None:
        state.fail("E0314", f"the input `{node.name}` is too large: {too_large}", node.shape.span)
        return None
    return TensorType(tuple(shape))


def _input_size(size: Expr | str | None, span: Span, state: State, activation, sizes: Mapping[str, int]) -> Size | None:  # type: ignore[no-untyped-def]
    if size is None:
        state.fail("E0218", "an input states every size: a number, or a name such as `H` for an open one", span)
        return None
    if isinstance(size, str):
        return activation.symbols.setdefault(size, sizes.get(size) or Dim.symbol(size))  # type: ignore[no-any-return]
    try:
        value = evaluate(size, activation.environment())
    except EvaluationError as error:
        report_evaluation(error, state.report)
        return None
    if not is_int(value) or not isinstance(value, int) or value < 1:
        state.fail("E0206", f"a size is a whole number of at least 1, not {describe(value)}", span)
        return None
    return value


def _nominal(node: d.Input, state: State, activation) -> list[tuple[str, int]]:  # type: ignore[no-untyped-def]
    found: list[tuple[str, int]] = []
    for name, expr in node.nominal:
        ok, value = evaluated(expr, activation.environment(), state.report)
        if ok and isinstance(value, int) and is_int(value) and value >= 1:
            found.append((name, value))
        elif ok:
            state.fail("E0206", f"a size is a whole number of at least 1, not {describe(value)}", expr.span)
    return found


def _check_expectation(state: State, node: d.Expectation, body: t.TypedBody) -> None:
    """``expect params == n`` against the sum over all layers."""
    ok, value = evaluated(node.value, Environment({}, _no_shapes), state.report)
    if not ok or state.failed:
        return
    try:
        holds = compare(node.relation, body.weights, value, node.value.span)
    except EvaluationError as error:
        report_evaluation(error, state.report)
        return
    if holds:
        return
    assert isinstance(value, int | float)
    state.fail(
        "E0501",
        f"expected {node.metric} {node.relation} {value:,}, but the network has {body.weights:,}",
        node.span,
        here=f"{body.weights:,}, that is {body.weights - value:+,}",
    )
