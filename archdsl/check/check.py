"""Checks a Design: types its inputs, infers everything from there, compares outputs, evaluates what is expected."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.check.activation import Activation
from archdsl.check.advice import advise
from archdsl.check.applications import Applications
from archdsl.check.arguments import block_arguments, evaluated, no_shapes
from archdsl.check.blocks import declared_outputs
from archdsl.check.declared import check_declared_sizes, declared_sizes
from archdsl.check.infer import Inference
from archdsl.check.inputs import check_nominal_sizes, nominal_sizes, typed_inputs
from archdsl.check.partial import complete_block
from archdsl.check.state import MAX_LAYERS, MAX_WEIGHTS, State
from archdsl.diagnostics.sink import Sink
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.evaluate import Environment, describe, evaluate
from archdsl.ir.kinds import Value
from archdsl.ir.meter import Meter
from archdsl.ir.values import is_number
from archdsl.source.span import Span


def check(
    design: d.Design,
    sink: Sink,
    *,
    sizes: Mapping[str, int] | None = None,
    applications: Applications | None = None,
    meter: Meter | None = None,
) -> t.TypedDesign | None:
    """The typed network; None where not even its arguments or inputs could be understood.

    ``sizes`` fixes open sizes (``{"H": 224}``), as tables and pictures do. ``applications`` are those that earlier
    checks of the same run made, ``meter`` is the budget of work that they share.
    """
    state = State(sink, applications=applications or Applications(), meter=meter or Meter())
    network = design.network
    arguments = _arguments(design, state)
    if arguments is None:
        return None
    inference = Inference(state)
    activation = inference.activation(network, arguments, None)
    inputs = typed_inputs(network, state, activation, sizes or {})
    nominal = nominal_sizes(network, state, activation)
    declared = declared_sizes(network, state, activation)
    activation.x = inputs[0][1] if inputs else None
    activation.labels.values.update(inputs)
    body = inference.body(network.body, activation, activation.x)
    known = [(name, type_) for name, type_ in inputs if type_ is not None]
    if len(known) < len(inputs) or not inputs:
        return None
    _check_limits(state, design, body)
    advise(state, network, body)
    if not sizes:
        check_nominal_sizes(network, state, nominal)
        if not state.failed:
            check_declared_sizes(network, state, declared, nominal)
    expectations = [_expectation(state, expectation, activation) for expectation in design.expectations]
    if network.whole and not sizes:  # a table's sizes are an example, not the network's
        state.release_warnings()
    root = t.BlockInstance(network, arguments, tuple(type_ for _, type_ in known), body, declared_outputs(body))
    return t.TypedDesign(
        design=design,
        root=root,
        inputs=tuple(known),
        outputs=tuple(
            (node.node.name, node.value, node.node.when) for node in body.nodes if isinstance(node, t.TypedOutput)
        ),
        nominal=nominal,
        conditions=tuple(state.conditions),
        accepted=dict(state.accepted),
        declared=declared,
        complete=network.whole and not state.failed,
        expectations=tuple(expectation for expectation in expectations if expectation is not None),
    )


def _arguments(design: d.Design, state: State) -> dict[str, Value] | None:
    """The network's arguments: what the variant gives, what is given from outside, defaults."""
    env = Environment({}, no_shapes, complete_block)
    bound: dict[str, tuple[Value, Span]] = {}
    whole = True
    for argument in design.arguments:
        ok, value = evaluated(argument.value, env, state)
        whole = whole and ok
        bound[argument.name] = (value, argument.span)
    for name, value in design.overrides:
        bound[name] = (value, design.name_span)
    return block_arguments(design.network, bound, state) if whole else None


def _check_limits(state: State, design: d.Design, body: t.TypedBody) -> None:
    if body.layers > MAX_LAYERS:
        message = f"the network has {body.layers:,} layers; the limit is {MAX_LAYERS:,}"
        state.fail("E0404", message, design.name_span)
    if body.weights > MAX_WEIGHTS:
        message = f"the network has {body.weights:,} weights; the limit is {MAX_WEIGHTS:,}"
        state.fail("E0314", message, design.name_span)


def _expectation(state: State, node: d.Expectation, activation: Activation) -> t.TypedExpectation | None:
    """An expectation with its numbers evaluated; None after a report."""
    ok, value = evaluated(node.value, activation.environment(), state)
    if not ok:
        return None
    if not is_number(value) or not isinstance(value, int | float):
        message = f"`{node.metric}` is a number: it cannot be compared with {describe(value)}"
        state.fail("E0206", message, node.value.span)
        return None
    if node.tolerance is None:
        return t.TypedExpectation(node, value)
    number = evaluate(node.tolerance.number, activation.environment())
    assert isinstance(number, int | float)  # the grammar has nothing else
    return t.TypedExpectation(node, value, number / 100 * abs(value) if node.tolerance.in_percent else number)
