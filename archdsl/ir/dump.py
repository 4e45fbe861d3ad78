"""Stable text of a Design and of a TypedDesign: what tests compare and what one reads to see a stage's result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.expr import BoundArgument, NameTemplate
from archdsl.ir.text import expr_text, template_text, value_text
from archdsl.ir.types import TensorType
from archdsl.ir.walk import every

_INDENT = "  "


def dump_design(design: d.Design) -> str:
    """The network and every block it reaches, each once: nodes with their slots and argument expressions."""
    lines = [f"design {design.name}"]
    for argument in design.arguments:
        lines.append(f"{_INDENT}{argument.name} = {expr_text(argument.value)}")
    for block in reachable_blocks(design):
        lines.append(_signature(block))
        lines.extend(_body(block.body, 1))
    return "\n".join(lines) + "\n"


def reachable_blocks(design: d.Design) -> list[d.Block]:
    """The network's block first, then those that it applies by name, in the order in which they are met."""
    found: dict[d.Block, None] = {}
    waiting = [design.network]
    while waiting:
        block = waiting.pop(0)
        if block in found:
            continue
        found[block] = None
        targets = [node.target for node in every(block.body) if isinstance(node, d.Apply)]
        waiting.extend(target for target in targets if isinstance(target, d.Block))
    return list(found)


def _signature(block: d.Block) -> str:
    kind = "network" if block.is_network else "block"
    parameters = []
    for parameter in block.parameters:
        default = f" = {expr_text(parameter.default)}" if parameter.default is not None else ""
        relation = f" {parameter.constraint[0]} {expr_text(parameter.constraint[1])}" if parameter.constraint else ""
        parameters.append(f"{parameter.name}: {parameter.kind}{relation}{default}")
    return f"{kind} {block.name}({', '.join(parameters)})"


def _body(body: d.Body, depth: int) -> Iterator[str]:
    for node in body.nodes:
        yield _INDENT * depth + _node_line(node)
        for title, inner in _titled_bodies(node):
            if title:
                yield _INDENT * (depth + 1) + title
            yield from _body(inner, depth + 1 + bool(title))


def _titled_bodies(node: d.Node) -> list[tuple[str, d.Body]]:
    match node:
        case d.Merge(paths=paths):
            return [(f"path {index}", path) for index, path in enumerate(paths)]
        case d.Inline(body=body) | d.Group(body=body) | d.Loop(body=body):
            return [("", body)]
        case d.Choice(then=then, otherwise=otherwise):
            return [("then", then), ("else", otherwise)]
        case d.Output(body=d.Body() as body):
            return [("", body)]
    return []


def _node_line(node: d.Node) -> str:
    label = getattr(node, "label", None)
    named = f"{template_text(label)}: " if isinstance(label, NameTemplate) else ""
    return f"{named}{_what(node)}{_slot(getattr(node, 'slot', None))}"


def _slot(slot: object) -> str:
    if not isinstance(slot, d.Slot):
        return ""
    if slot.inherited:
        return "  @ inherited"
    place = template_text(slot.name) if slot.name is not None else "next"
    return f"  @ {place}{' shared' if slot.shared else ''}"


def _what(node: d.Node) -> str:
    match node:
        case d.Layer(op=op, arguments=arguments):
            return f"{op}({_arguments(arguments)})"
        case d.Apply(target=target, arguments=arguments, tensors=tensors):
            given = [_arguments(arguments)] if arguments else []
            given += [f"{name}=%{template_text(template)}" for name, template in tensors]
            return f"apply {target.name}({', '.join(given)})"
        case d.Inline(target=target, arguments=arguments):
            return f"inline {target.name}({_arguments(arguments)})"
        case d.Merge(op=op, arguments=arguments):
            return f"merge {op}({_arguments(arguments)})"
        case d.Group():
            return "group"
        case d.Loop(names=names, iterable=iterable, own=own):
            over = f"for {', '.join(names)} in" if names else "repeat"
            return f"{over} {expr_text(iterable)}{' own' if own else ''}"
        case d.Choice(condition=condition):
            return f"if {expr_text(condition)}"
        case d.Let(names=names, value=value):
            return f"let {', '.join(names)} = {expr_text(value)}"
        case d.Refer(name=name):
            return f"refer %{template_text(name)}"
        case d.Port(name=name, output=output):
            return f"refer %{template_text(name)}.{output}"
        case d.Assert(shape=shape):
            return f"assert {_shape(shape)}"
        case d.Input(name=name, shape=shape, guarded=guarded):
            return f"input {name} {_shape(shape)}{' guarded' if guarded else ''}"
        case d.Output(name=name, shape=shape, when=when):
            stated = f" {_shape(shape)}" if shape is not None else ""
            return f"output {name}{stated}{f' when {when}' if when else ''}"
        case d.Unknown():
            return "unknown"
    assert_never(node)


def _arguments(arguments: tuple[BoundArgument, ...]) -> str:
    return ", ".join(f"{argument.name}={expr_text(argument.value)}" for argument in arguments)


def _shape(shape: d.Shape) -> str:
    sizes = ["_" if size is None else size if isinstance(size, str) else expr_text(size) for size in shape.sizes]
    return f"[{', '.join(sizes)}]"


def dump_typed(design: t.TypedDesign) -> str:
    """Every instance once, numbered in the order of first use, with the type after each node."""
    numbers: dict[int, int] = {}
    instances: list[t.BlockInstance] = []

    def number(instance: t.BlockInstance) -> int:
        if id(instance) not in numbers:
            numbers[id(instance)] = len(instances)
            instances.append(instance)
        return numbers[id(instance)]

    number(design.root)
    lines = [f"typed {design.design.name}"]
    index = 0
    while index < len(instances):
        instance = instances[index]
        arguments = ", ".join(f"{name}={value_text(value)}" for name, value in instance.arguments.items())
        inputs = ", ".join(_type(type_) for type_ in instance.inputs)
        lines.append(f"instance {index} {instance.block.name}({arguments}) on {inputs}")
        lines.append(f"{_INDENT}layers {instance.body.layers}, weights {instance.body.weights}")
        lines.extend(_typed_body(instance.body, 1, number))
        index += 1
    for condition in design.conditions:
        lines.append(f"condition {condition.reason}")
    return "\n".join(lines) + "\n"


def _typed_body(body: t.TypedBody, depth: int, number: object) -> Iterator[str]:
    for node in body.nodes:
        applied = f"instance {number(node.instance)}" if isinstance(node, t.TypedApply) else ""  # type: ignore[operator]
        text = applied or _typed_text(node)
        yield f"{_INDENT * depth}{text} -> {_type(node.output)}"
        for title, inner in _typed_bodies(node):
            if title:
                yield _INDENT * (depth + 1) + title
            yield from _typed_body(inner, depth + 1 + bool(title), number)


def _typed_text(node: t.TypedNode) -> str:
    match node:
        case t.TypedLayer(op=op, arguments=arguments):
            given = ", ".join(f"{name}={value_text(value)}" for name, value in arguments.items())
            return f"{op}({given})"
        case t.TypedRefer(label=label):
            return f"refer %{label}{f'.{node.node.output}' if isinstance(node.node, d.Port) else ''}"
        case t.TypedChoice(taken=taken):
            return f"if {'taken' if taken else 'not taken'}"
        case t.TypedLoop(items=items):
            return f"loop of {len(items)}"
        case t.TypedLet(values=values):
            return f"let {', '.join(value_text(value) for value in values)}"
        case t.TypedOutput(value=value):
            return f"output {node.node.name} {_type(value)}"
    return _what(node.node)


def _typed_bodies(node: t.TypedNode) -> list[tuple[str, t.TypedBody]]:
    match node:
        case t.TypedMerge(paths=paths):
            return [(f"path {index}", path) for index, path in enumerate(paths)]
        case t.TypedLoop(turns=turns):
            return [(f"turn {turn.first} x {turn.count}", turn.body) for turn in turns]
        case t.TypedInline(body=body) | t.TypedGroup(body=body) | t.TypedChoice(body=body):
            return [("", body)]
        case t.TypedOutput(body=t.TypedBody() as body):
            return [("", body)]
    return []


def _type(type_: TensorType | None) -> str:
    return str(type_) if type_ is not None else "unknown"
