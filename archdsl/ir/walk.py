"""Walks over bodies: which nodes stand at one level, which variables a body reads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from archdsl.ir.design import (
    Apply,
    Assert,
    Body,
    Choice,
    Group,
    Inline,
    Input,
    Layer,
    Let,
    Loop,
    Merge,
    Node,
    Output,
    Port,
    Refer,
    X,
)
from archdsl.ir.expr import BinaryOp, Const, Expr, Local, NameTemplate, locals_in, sizes_in

_LEAVES = frozenset((Layer, Apply, Let, Assert))
"""What most nodes are: no body is in them."""


def open_bodies(node: Node) -> tuple[Body, ...]:
    """The bodies inside a node whose modules belong to the class around it (no label in between)."""
    if type(node) in _LEAVES:
        return ()
    match node:
        case Merge(paths=paths):
            return paths
        case Inline(body=body):
            return (body,)
        case Group(body=body, label=None) | Loop(body=body, label=None):
            return (body,)
        case Choice(then=then, otherwise=otherwise, label=None):
            return then, otherwise
        case Output(body=Body() as body):
            return (body,)
    return ()


def inner_bodies(node: Node) -> tuple[Body, ...]:
    """All bodies inside a node."""
    if type(node) in _LEAVES:
        return ()
    match node:
        case Merge(paths=paths):
            return paths
        case Inline(body=body) | Group(body=body) | Loop(body=body):
            return (body,)
        case Choice(then=then, otherwise=otherwise):
            return then, otherwise
        case Output(body=Body() as body):
            return (body,)
    return ()


def level(body: Body) -> Iterator[Node]:
    """The nodes whose modules belong to the same class: into paths, loops and conditions without a label."""
    for node in body.nodes:
        yield node
        for inner in open_bodies(node):
            yield from level(inner)


def every(body: Body) -> Iterator[Node]:
    """All nodes of a body, inner ones included."""
    for node in body.nodes:
        yield node
        for inner in inner_bodies(node):
            yield from every(inner)


def written(body: Body) -> Iterator[Node]:
    """All nodes that are written in a body, inner ones included, but not what ``inline`` splices in."""
    for node in body.nodes:
        yield node
        if isinstance(node, Inline):
            continue
        for inner in inner_bodies(node):
            yield from written(inner)


def only_step(body: Body) -> Node | None:
    """The one node of a body, stated shapes left out; None if there are others or none."""
    steps = [node for node in body.nodes if not isinstance(node, Assert)]
    return steps[0] if len(steps) == 1 else None


def label_of(node: Node) -> NameTemplate | None:
    """The label of a node; None for nodes that have none."""
    label = getattr(node, "label", None)
    return label if isinstance(label, NameTemplate) else None


def labels(body: Body) -> Iterator[NameTemplate]:
    """The labels at one level."""
    for label, _ in placed_labels(body):
        yield label


def placed_labels(body: Body, inlined: Inline | None = None) -> Iterator[tuple[NameTemplate, Inline | None]]:
    """The labels at one level, each with the outermost ``inline`` that brings it in."""
    for node in body.nodes:
        label = label_of(node)
        if label is not None:
            yield label, inlined
        by = node if inlined is None and isinstance(node, Inline) else inlined
        for inner in open_bodies(node):
            yield from placed_labels(inner, by)


def is_plain(body: Body) -> bool:
    """Whether a body is a chain: no joins, references, outputs or tensor arguments at its level."""
    return not any(
        isinstance(node, Merge | Refer | Port | Output | Input) or (isinstance(node, Apply) and node.tensors)
        for node in level(body)
    )


def expressions(node: Node) -> tuple[Expr, ...]:
    """The expressions directly on a node, labels left out."""
    match node:
        case Layer(arguments=arguments) | Inline(arguments=arguments) | Merge(arguments=arguments):
            return tuple(argument.value for argument in arguments)
        case Apply(target=target, arguments=arguments):
            own = (target,) if isinstance(target, Local) else ()
            return (*own, *(argument.value for argument in arguments))
        case Loop(iterable=iterable):
            return (iterable,)
        case Choice(condition=condition):
            return (condition,)
        case Let(value=value):
            return (value,)
        case Assert(shape=shape) | Input(shape=shape):
            return tuple(size for size in shape.sizes if size is not None and not isinstance(size, str))
        case Output(shape=shape) if shape is not None:
            return tuple(size for size in shape.sizes if size is not None and not isinstance(size, str))
    return ()


def templates(node: Node) -> tuple[NameTemplate, ...]:
    """The names that a node refers to (not its own label)."""
    match node:
        case Refer(name=name) | Port(name=name):
            return (name,)
        case Apply(tensors=tensors):
            return tuple(template for _, template in tensors)
    return ()


def refers_to_input(body: Body) -> bool:
    """Whether a step names the block's own input, ``x``; in blocks spliced into it the name means something else."""
    return any(template.plain == X for node in written(body) for template in templates(node))


def values_read(body: Body) -> frozenset[str]:
    """The variables on which the values and shapes of a body depend; those in labels alone do not count."""
    found: frozenset[str] = frozenset()
    for node in every(body):
        for expr in expressions(node):
            found |= locals_in(expr)
        for template in templates(node):
            found |= template_variables(template)
    return found


def template_variables(template: NameTemplate) -> frozenset[str]:
    """The variables in the computed parts of a label."""
    found: frozenset[str] = frozenset()
    for part in template.parts:
        if not isinstance(part, str):
            found |= locals_in(part)
    return found


def referred_to(node: Node) -> Iterator[str | None]:
    """The values that a node refers to; None stands for a computed label."""
    return (template.plain for template in templates(node))


def from_outside(body: Body, names: Callable[[Node], Iterable[str | None]]) -> list[str]:
    """Of the values that the nodes of a body name, those from outside of it; in a spliced block `x` flows into it."""
    own = {label.plain for node in every(body) if (label := label_of(node)) is not None}
    here = {id(node) for node in written(body)}
    named = ((name, id(node) in here) for node in every(body) for name in names(node))
    outer = (name for name, is_here in named if name not in own and (is_here or name != X))
    return [name for name in dict.fromkeys(outer) if name is not None]


def refers_to_computed_labels(body: Body, tensors: Collection[str] = ()) -> bool:
    """Whether anything in a body names a value by a computed label: then loops must be unrolled.

    A plain name that nothing in the body carries plainly (``d1`` for the label ``d{i}``) counts as well.
    ``tensors`` are the names of values that come from outside.
    """
    nodes = list(every(body))
    plain = {X, *tensors, *(node.name for node in nodes if isinstance(node, Input))}
    plain |= {label.plain for node in nodes if (label := label_of(node)) is not None and label.plain is not None}
    for node in nodes:
        if any(template.plain not in plain for template in templates(node)):
            return True
        for expr in expressions(node):
            if any(size.value is not None and size.value.plain not in plain for size in sizes_in(expr)):
                return True
    return False


def is_different_each_turn(template: NameTemplate, variable: str) -> bool:
    """Whether a label is plainly different for different values of one variable: ``a{i}``, ``a{i + 1}``."""
    computed = [part for part in template.parts if not isinstance(part, str)]
    if len(computed) != 1:
        return False
    match computed[0]:
        case Local(name):
            return name == variable
        case BinaryOp("+" | "-", Local(name), Const()):
            return name == variable
    return False
