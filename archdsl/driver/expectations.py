"""Compares a network with what it expects of itself; what an analysis needs is loaded when it is asked for."""

from __future__ import annotations

from dataclasses import replace

from archdsl.check.check import check
from archdsl.diagnostics.diagnostic import Diagnostic, Help
from archdsl.diagnostics.sink import Sink
from archdsl.ir.amount import Amount, Polynomial
from archdsl.ir.design import Expectation
from archdsl.ir.evaluate import EvaluationError, compare
from archdsl.ir.typed import TypedDesign, TypedExpectation

Measured = Amount | tuple[int, ...] | None
"""A count, a count for each axis, or nothing that could be compared."""

_COST = {
    "params": "weights",
    "macs": "macs",
    "flops": "macs",
    "activations": "activations",
    "memory": "activations",
    "training_memory": "activations",
}
"""By what the parts are compared that a failed expectation names."""

_WORDS = {"weights": "weights", "macs": "multiply-adds", "activations": "values"}
_AT_SIZES = ("macs", "flops", "activations", "memory", "training_memory")
_NAMED = 3


def keeps_its_expectations(design: TypedDesign, sink: Sink) -> bool:
    """Whether a checked network is as it says; every expectation that fails is reported."""
    nominal = _at_nominal_sizes(design) if any(each.node.metric != "params" for each in design.expectations) else design
    kept = [_holds(nominal, expectation, sink) for expectation in design.expectations]
    return all(kept)


def _at_nominal_sizes(design: TypedDesign) -> TypedDesign:
    """The network with the sizes that its inputs propose: those for which its numbers are printed."""
    if not design.nominal:
        return design
    fixed = check(replace(design.design, expectations=()), Sink(), sizes=design.nominal)
    return fixed if fixed is not None and fixed.complete else design


def _holds(design: TypedDesign, expectation: TypedExpectation, sink: Sink) -> bool:
    node = expectation.node
    actual = measure(design, node.metric)
    if actual is None or isinstance(actual, Polynomial):
        sink.report(_undecided(node.metric, actual, expectation))
        return False
    try:
        if all(_is_as_expected(value, expectation) for value in (actual if isinstance(actual, tuple) else (actual,))):
            return True
    except EvaluationError as error:
        sink.report(Diagnostic(error.code, error.message, error.span))
        return False
    sink.report(_failed(design, expectation, actual))
    return False


def _is_as_expected(actual: int, expectation: TypedExpectation) -> bool:
    node = expectation.node
    if node.tolerance is not None:
        return abs(actual - expectation.value) <= expectation.tolerance
    return compare(node.relation, actual, expectation.value, node.value.span)


def measure(design: TypedDesign, metric: str) -> Measured:
    """A figure of a network by the name that ``expect`` has for it (``ir.metrics``)."""
    if metric == "params":
        return design.root.body.weights
    if metric == "layers":
        return design.root.body.layers
    if metric == "depth":
        from archdsl.analysis.depth import depth

        return depth(design)
    if metric == "receptive_field":
        from archdsl.analysis.table import last_field, rows

        return last_field(rows(design, depth=1))
    if metric in ("memory", "training_memory"):
        return _memory(design, metric)
    from archdsl.analysis.costs import CostTable

    costs = CostTable().body(design.root.body)
    found: Amount | None = getattr(costs, metric)
    return found


def _memory(design: TypedDesign, metric: str) -> int | None:
    from archdsl.analysis.budget import DEFAULT, budget
    from archdsl.analysis.costs import CostTable
    from archdsl.analysis.memory import Programs
    from archdsl.ops.rules import OpenSize

    programs = Programs.of(design)
    if programs is None:
        return None
    try:
        found = budget(programs, CostTable().body(design.root.body), DEFAULT)
    except OpenSize:
        return None
    return found.inference if metric == "memory" else found.training


def _undecided(metric: str, actual: Polynomial | None, expectation: TypedExpectation) -> Diagnostic:
    span, help = expectation.node.span, Help("give open sizes a value in the input, as in `H = 224`, or fix them")
    if actual is None:
        return Diagnostic("E0406", f"`{metric}` of this network is not known", span, help=help)
    here = f"{metric}({', '.join(actual.symbols)}) = {actual}"
    return Diagnostic("E0406", f"`{metric}` depends on open sizes", span, here=here, help=help)


def _failed(design: TypedDesign, expectation: TypedExpectation, actual: int | tuple[int, ...]) -> Diagnostic:
    node, value = expectation.node, expectation.value
    shown = " x ".join(f"{size:,}" for size in actual) if isinstance(actual, tuple) else f"{actual:,}"
    within = f" within {expectation.tolerance:,.0f}" if node.tolerance is not None else ""
    here = "" if isinstance(actual, tuple) else _off_by(actual, value)
    message = f"expected {node.metric} {node.relation} {value:,}{within}, but the network has {shown}"
    sizes = ", ".join(f"{name} = {size}" for name, size in design.nominal.items())
    notes = (*((f"with {sizes}",) if sizes and node.metric in _AT_SIZES else ()), *_most_costly(design, node.metric))
    return Diagnostic("E0501", message, node.span, here=here, notes=notes, help=_if_meant(node, actual))


def _if_meant(node: Expectation, actual: int | tuple[int, ...]) -> Help | None:
    """The expectation as the network keeps it, where a single number makes it so."""
    if isinstance(actual, tuple) or node.tolerance is not None or node.relation not in ("==", "<=", ">="):
        return None
    return Help(f"if the change is meant, write `expect {node.metric} {node.relation} {actual:_}`")


def _off_by(actual: int, value: float) -> str:
    difference = actual - value
    share = f" ({difference / value:+.2%})" if value and abs(difference) >= abs(value) / 10_000 else ""
    return f"off by {difference:+,}{share}"


def _most_costly(design: TypedDesign, metric: str) -> tuple[str, ...]:
    """``most of it: layer3 36 %, layer2 25 %, layer4 20 % of the multiply-adds``; nothing where there are no parts."""
    cost = _COST.get(metric)
    if cost is None:
        return ()
    from archdsl.analysis.heaviest import COSTS, cost_of, heaviest
    from archdsl.analysis.table import rows

    parts = rows(design, depth=1)
    if sum(cost_of(part, COSTS[cost]) > 0 for part in parts) < _NAMED:
        parts = rows(design, depth=2)
    total = sum(cost_of(part, COSTS[cost]) for part in parts)
    named = heaviest(parts, COSTS[cost], _NAMED)
    if len(named) < 2:
        return ()
    shares = ", ".join(f"`{part.path}` {cost_of(part, COSTS[cost]) / total:.0%}" for part in named)
    return (f"most of the {_WORDS[cost]}: {shares}",)
