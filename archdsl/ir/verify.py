"""Verifies a Design: what elaboration promises to later stages, checked anew from the data alone."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.ir import design as d
from archdsl.ir.dump import reachable_blocks
from archdsl.ir.expr import Local, children
from archdsl.ir.walk import expressions, inner_bodies, label_of, level, template_variables, templates

_SLOTTED = d.Layer | d.Apply | d.Group | d.Loop | d.Choice


def verify_design(design: d.Design) -> list[str]:
    """Broken promises as sentences; empty for a sound Design.

    Variables are declared before they are read, arguments belong to parameters, blocks do not contain
    themselves, positions stand in numbered bodies and names in all others, names are unique in their class.
    """
    found: list[str] = []
    for block in reachable_blocks(design):
        declared = {parameter.name for parameter in block.parameters}
        found += [f"{block.name}: {fault}" for fault in _body_faults(block.body, set(declared), block)]
        found += [f"{block.name}: {fault}" for fault in _name_faults(block.body)]
        if _contains(block, block, set()):
            found.append(f"{block.name}: contains itself")
    return found


def _body_faults(body: d.Body, declared: set[str], block: d.Block) -> Iterator[str]:
    for node in body.nodes:
        yield from _node_faults(node, declared, body, block)
        if isinstance(node, d.Let):
            declared |= set(node.names)
        inner_declared = declared | set(node.names) if isinstance(node, d.Loop) else declared
        for inner in inner_bodies(node):
            if isinstance(node, d.Inline):
                own = {parameter.name for parameter in node.target.parameters}
                yield from _body_faults(inner, own, node.target)
            else:
                yield from _body_faults(inner, set(inner_declared), block)


def _node_faults(node: d.Node, declared: set[str], body: d.Body, block: d.Block) -> Iterator[str]:
    if isinstance(node, d.Unknown) and block.whole:
        yield "an unknown step in a block that counts as whole"
    for expr in expressions(node):
        if not isinstance(node, d.Input | d.Output | d.Assert):
            yield from (f"reads undeclared `{name}`" for name in sorted(_locals(expr) - declared))
    names = [label_of(node), *templates(node)]
    for template in names:
        if template is not None:
            undeclared = sorted(template_variables(template) - declared)
            yield from (f"a label reads undeclared `{name}`" for name in undeclared)
    if isinstance(node, d.Apply) and isinstance(node.target, d.Block):
        known = {parameter.name for parameter in node.target.parameters}
        yield from (f"no parameter `{a.name}` in {node.target.name}" for a in node.arguments if a.name not in known)
    slot = getattr(node, "slot", None)
    if isinstance(node, _SLOTTED) and isinstance(slot, d.Slot) and not slot.inherited:
        if body.numbered and slot.name is not None:
            yield f"the name {slot.name} in a numbered body"
        if not body.numbered and slot.name is None:
            yield "a position in a body of names"


def _locals(expr: object) -> set[str]:
    found: set[str] = set()
    waiting = [expr]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Local):
            found.add(item.name)
        waiting.extend(children(item))  # type: ignore[arg-type]
    return found


def _name_faults(body: d.Body) -> Iterator[str]:
    """Plain names twice in one class; the branches of a condition may share one, shared modules do."""
    seen: set[str] = set()
    choices = [inner for node in level(body) if isinstance(node, d.Choice) for inner in (node.then, node.otherwise)]
    in_branches = {id(node) for choice in choices for node in level(choice)}
    for node in level(body):
        slot = getattr(node, "slot", None)
        if not isinstance(slot, d.Slot) or slot.name is None or slot.shared or id(node) in in_branches:
            continue
        plain = slot.name.plain
        if plain is not None and plain in seen:
            yield f"two modules called {plain}"
        seen |= {plain} if plain is not None else set()


def _contains(block: d.Block, wanted: d.Block, seen: set[d.Block]) -> bool:
    for target in _applied(block.body):
        if target is wanted:
            return True
        if target not in seen:
            seen.add(target)
            if _contains(target, wanted, seen):
                return True
    return False


def _applied(body: d.Body) -> Iterator[d.Block]:
    for node in body.nodes:
        if isinstance(node, d.Apply) and isinstance(node.target, d.Block):
            yield node.target
        for inner in inner_bodies(node):
            yield from _applied(inner)
