"""What the arguments of each layer rest on: which layers may share a module, and which need one for every turn.

Two layers that read alike need not be alike: ``leaky_relu(slope=s)`` in a block that is spliced in twice, or behind a
variable that differs from turn to turn.
"""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass, replace

from archdsl.ir.design import Body, Choice, Group, Inline, Layer, Let, Loop, Merge, Node, Output
from archdsl.ir.expr import Expr, SizeOf, locals_in, sizes_in
from archdsl.ir.walk import every, labels, open_bodies

_Loops = frozenset[int]
_NONE: _Loops = frozenset()


@dataclass(frozen=True, slots=True)
class Rest:
    """What a value rests on: the places that bind its names, and the loops whose turns may change it."""

    binders: tuple[int, ...] = ()
    loops: _Loops = _NONE


_NOTHING = Rest()


@dataclass(frozen=True, slots=True)
class _Place:
    """What names mean at one place. ``x`` stands for the value that flows into a spliced block."""

    variables: ChainMap[str, Rest]
    """Only what ``_collect`` adds at the level of its body changes."""
    x: Rest
    around: _Loops = _NONE
    inside: frozenset[str | None] = frozenset()
    """The labels of the loops around; None where one of them is computed."""

    def rest(self, *exprs: Expr) -> Rest:
        """What some expressions rest on together."""
        if not exprs:
            return _NOTHING
        names = sorted({name for expr in exprs for name in locals_in(expr)})
        found = [self.variables.get(name, Rest()) for name in names]
        found += [self._of_size(size) for expr in exprs for size in sizes_in(expr)]
        binders = tuple(binder for rest in found for binder in rest.binders)
        return Rest(binders, frozenset[int]().union(*(rest.loops for rest in found)))

    def _of_size(self, size: SizeOf) -> Rest:
        if size.value is None:
            return self.x
        return Rest((), self.around) if size.value.plain is None or size.value.plain in self.inside else Rest()


def rests_of(body: Body) -> dict[int, Rest]:
    """What each layer and condition at the level of a class rests on, by the identity of the node."""
    found: dict[int, Rest] = {}
    _collect(body, _Place(ChainMap(), Rest()), found)
    return found


def _collect(body: Body, place: _Place, found: dict[int, Rest]) -> None:
    variables = place.variables.new_child()
    place = replace(place, variables=variables)
    for node in body.nodes:
        match node:
            case Layer(arguments=arguments):
                found[id(node)] = place.rest(*(argument.value for argument in arguments))
            case Let(names=names, value=value):
                bound = Rest((id(node),), place.rest(value).loops)
                variables.update(dict.fromkeys(names, bound))
            case Choice(condition=condition):
                found[id(node)] = place.rest(condition)
        for inner in open_bodies(node):
            _collect(inner, _inside(node, place), found)


def _inside(node: Node, place: _Place) -> _Place:
    """The place inside the braces of a node."""
    match node:
        case Loop(names=names, iterable=iterable, body=body):
            bound = Rest((id(node),), place.rest(iterable).loops | {id(node)})
            variables = place.variables.new_child(dict.fromkeys(names, bound))
            own = {label.plain for label in labels(body)}
            return replace(place, variables=variables, around=place.around | {id(node)}, inside=place.inside | own)
        case Inline(target=target, arguments=arguments):
            given = {argument.name: Rest((id(node),), place.rest(argument.value).loops) for argument in arguments}
            everything = frozenset[int]().union(*(rest.loops for rest in given.values()))
            free = {name.name: Rest((id(node),), everything) for name in target.parameters if name.name not in given}
            return replace(place, variables=ChainMap({**given, **free}), x=Rest((id(node),), place.around))
    return place


def spliced_apart(body: Body) -> Body:
    """The body with steps of its own in every spliced block: two splices of one block are told apart."""
    return _copy(body) if any(isinstance(node, Inline) for node in every(body)) else body


def _copy(body: Body) -> Body:
    return replace(body, nodes=tuple(map(_apart, body.nodes)))


def _apart(node: Node) -> Node:
    match node:
        case Merge(paths=paths):
            return replace(node, paths=tuple(map(_copy, paths)))
        case Inline(body=body) | Group(body=body) | Loop(body=body) | Output(body=Body() as body):
            return replace(node, body=_copy(body))
        case Choice(then=then, otherwise=otherwise):
            return replace(node, then=_copy(then), otherwise=_copy(otherwise))
    return replace(node)
