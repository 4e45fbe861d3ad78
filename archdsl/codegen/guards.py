"""The lines with which ``forward`` refuses a guarded input that the network was not proven for."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from archdsl.codegen import pytree as py
from archdsl.codegen.decisions import Decisions
from archdsl.codegen.refusal import Refused
from archdsl.codegen.size_tests import is_outside
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.dim import DimTooComplex, SizeSet
from archdsl.ir.expr import Expr, locals_in
from archdsl.ir.walk import every, expressions
from archdsl.ops import REGISTRY

Write = Callable[[Expr], ast.expr]
"""An expression of the spec in the terms of ``forward``."""


@dataclass(frozen=True, slots=True)
class _Place:
    """An axis of an input: the variable that holds it, and the axis counted from the batch."""

    variable: str
    axis: int

    def size(self) -> ast.expr:
        """``x.shape[2]``."""
        return py.subscript(ast.Attribute(py.name(self.variable), "shape", py.LOAD), py.constant(self.axis))


def guards(
    decisions: Decisions, designs: Sequence[t.TypedDesign], variables: Sequence[str], write: Write
) -> Iterator[ast.stmt]:
    """The checks of all guarded inputs, in their order; ``variables`` are the parameters of ``forward``.

    What is proven is proven for the values that the parameters have: those on which sizes rest are bound.
    """
    inputs = [node for node in decisions.unit.body.nodes if isinstance(node, d.Input)]
    if not any(node.guarded for node in inputs):
        return
    assert decisions.unit.block is not None, "only networks have inputs"
    for name in names_behind_sizes(decisions.unit.block):
        decisions.pin_name(name)
    seen: dict[str, _Place] = {}
    told: set[str] = set()
    for node, variable in zip(inputs, variables, strict=False):
        places = {axis: _Place(variable, axis) for axis in range(1, len(node.shape.sizes))}
        if node.guarded:
            yield _shape_check(node, places, seen, write)
        for axis, place in places.items():
            symbol = node.shape.sizes[axis]
            if not isinstance(symbol, str):
                continue
            seen.setdefault(symbol, place)
            if node.guarded and symbol not in told:
                told.add(symbol)
                yield _size_check(node, symbol, place, _allowed(node, symbol, designs))


def _shape_check(node: d.Input, places: dict[int, _Place], seen: dict[str, _Place], write: Write) -> ast.stmt:
    """Rank, fixed sizes, and open ones that stand there twice."""
    variable = places[1].variable
    tests: list[ast.expr] = [_differs(py.call(f"{variable}.dim"), py.constant(len(node.shape.sizes)))]
    said: list[str | ast.expr] = [f"{node.name} has to be N"]
    known = dict(seen)
    shared: dict[str, None] = {}
    for axis, place in places.items():
        size = node.shape.sizes[axis]
        assert size is not None, "an input states every size"
        if not isinstance(size, str):
            tests.append(_differs(place.size(), write(size)))
            said += [" x ", write(size)]
            continue
        said.append(f" x {size}")
        if size in known:
            tests.append(_differs(place.size(), known[size].size()))
            if known[size].variable != variable:
                shared[f"the {size} of {known[size].variable}"] = None
        known.setdefault(size, place)
    said += [f", with {' and '.join(shared)}"] if shared else []
    shape = py.call("tuple", [ast.Attribute(py.name(variable), "shape", py.LOAD)])
    return _raise_if(ast.BoolOp(ast.Or(), tests) if len(tests) > 1 else tests[0], [*said, ", not ", shape])


def _size_check(node: d.Input, symbol: str, place: _Place, allowed: SizeSet) -> ast.stmt:
    """``if x.shape[2] % 16 != 0: raise ValueError(...)``."""
    try:
        test = is_outside(place.size(), allowed)
    except DimTooComplex as error:
        message = f"the sizes {symbol} that the network accepts are too many kinds for a guard: {error}"
        help = f"declare those that are meant: `where {symbol} in 64..=512`"
        raise Refused(message, node.span, help) from error
    words = allowed.describe().removeprefix("every ")
    words = f"where {words}" if words != symbol else f"where {symbol} >= 1"
    return _raise_if(test, [f"{node.name} works {words}, not for {symbol} = ", place.size()])


def _allowed(node: d.Input, symbol: str, designs: Sequence[t.TypedDesign]) -> SizeSet:
    """What the inputs declare of a size, else what the layers accept; alike in all networks of the class."""
    everything = SizeSet.of(True, symbol)
    sets = [design.declared.get(symbol, design.accepted.get(symbol, everything)) for design in designs]
    if any(other != sets[0] for other in sets):
        message = f"the guard of `{symbol}` would differ between the networks of this class"
        raise Refused(message, node.span, "compile them one by one: `-n NETWORK`")
    return sets[0]


def _differs(left: ast.expr, right: ast.expr) -> ast.expr:
    return ast.Compare(left, [ast.NotEq()], [right])


def _raise_if(test: ast.expr, message: Sequence[str | ast.expr]) -> ast.stmt:
    """``if test: raise ValueError(f"...")``; constants become part of the text."""
    parts: list[str | ast.expr] = []
    for part in message:
        text = str(part.value) if isinstance(part, ast.Constant) else part
        if isinstance(text, str) and parts and isinstance(parts[-1], str):
            parts[-1] += text
        else:
            parts.append(text)
    return ast.If(test, [ast.Raise(py.call("ValueError", [py.joined(parts)]), None)], [])


def names_behind_sizes(block: d.Block) -> frozenset[str]:
    """The parameters on which the sizes of values may rest: all that are read for anything but a number of channels."""
    found: frozenset[str] = frozenset()
    for node in every(block.body):
        found |= frozenset[str]().union(*map(locals_in, _size_expressions(node)))
    return found


def _size_expressions(node: d.Node) -> tuple[Expr, ...]:
    """The expressions on a node that may decide on sizes."""
    match node:
        case d.Layer(op=op, arguments=arguments):
            stated = REGISTRY[op].stated_channels
            return tuple(argument.value for argument in arguments if argument.name != stated)
        case d.Apply(target=d.Block() as target, arguments=arguments):
            inner = names_behind_sizes(target)
            return tuple(argument.value for argument in arguments if argument.name in inner)
        case d.Input() | d.Output() | d.Assert():
            return ()  # no code is made of stated shapes
    return expressions(node)
