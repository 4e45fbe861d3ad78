"""Verifies a TypedDesign: derives every shape anew and checks that each value is the one before it says it is."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from archdsl.check.infer import measure
from archdsl.ir import typed as t
from archdsl.ir.types import TensorType
from archdsl.ops import REGISTRY
from archdsl.ops.base import Call


def verify_typed(design: t.TypedDesign) -> list[str]:
    """Broken promises as sentences; empty for a sound TypedDesign. Only complete ones are verified."""
    if not design.complete:
        return []
    seen: set[int] = set()
    found = list(_instance_faults(design.root, seen))
    outputs = {node.node.name: node.value for node in design.root.body.nodes if isinstance(node, t.TypedOutput)}
    if outputs != {name: type_ for name, type_, _ in design.outputs}:
        found.append("the network's outputs are not those of its body")
    return found


def _instance_faults(instance: t.BlockInstance, seen: set[int]) -> Iterator[str]:
    if id(instance) in seen:
        return
    seen.add(id(instance))
    if instance.body.input != instance.inputs[0]:
        yield f"{instance.block.name}: the body does not start with the block's input"
    for fault in _body_faults(instance.body, seen):
        yield f"{instance.block.name}: {fault}" if not fault.startswith("in ") else fault


def _body_faults(body: t.TypedBody, seen: set[int]) -> Iterator[str]:
    x = body.input
    layers = weights = 0
    for node in body.nodes:
        yield from _node_faults(node, x, seen)
        x = node.output
        counted = measure(node)
        layers, weights = layers + counted[0], weights + counted[1]
    if x != body.output:
        yield f"a body ends in {x}, and says {body.output}"
    if (layers, weights) != (body.layers, body.weights):
        yield f"a body has {layers} layers and {weights} weights, and says {body.layers} and {body.weights}"


def _node_faults(node: t.TypedNode, x: TensorType | None, seen: set[int]) -> Iterator[str]:
    match node:
        case t.TypedLayer():
            yield from _layer_faults(node, x)
        case t.TypedMerge(paths=paths):
            yield from _merge_faults(node, x)
            for path in paths:
                yield from _body_faults(path, seen)
        case t.TypedApply(instance=instance):
            if node.inputs != instance.inputs or node.inputs[0] != x or node.output != instance.output:
                yield f"{instance.block.name} is applied to {node.inputs}, and its instance takes {instance.inputs}"
            yield from _instance_faults(instance, seen)
        case t.TypedLoop():
            yield from _loop_faults(node, x, seen)
        case t.TypedInline(body=body) | t.TypedGroup(body=body) | t.TypedChoice(body=body):
            if body.input != x or body.output != node.output:
                yield "a group, branch or spliced block does not continue the running value"
            yield from _body_faults(body, seen)
        case t.TypedOutput(body=t.TypedBody() as body, value=value):
            if body.input != x or body.output != value or node.output != x:
                yield f"the branch of output {node.node.name} does not hang on the running value"
            yield from _body_faults(body, seen)
        case t.TypedAssert():
            yield from _statement_faults(x, node.output)
        case t.TypedLet():
            if node.output != x:
                yield "a statement changes the running value"
        case t.TypedUnknown():
            yield "an unknown value in a complete design"


def _statement_faults(x: TensorType | None, stated: TensorType | None) -> Iterator[str]:
    """A stated shape says of open sizes what number they are, and nothing else."""
    if x == stated:
        return
    pairs = list(zip(x.shape, stated.shape, strict=False)) if x is not None and stated is not None else []
    fixes = all(real == said or (isinstance(said, int) and not isinstance(real, int)) for real, said in pairs)
    if x is None or stated is None or x.rank != stated.rank or not fixes:
        yield "a stated shape changes the running value"


def _layer_faults(node: t.TypedLayer, x: TensorType | None) -> Iterator[str]:
    if not node.inputs or node.inputs[0] != x:
        yield f"{node.op} takes {node.inputs}, but what flows is {x}"
        return
    op = REGISTRY[node.op]
    call = Call(op, node.arguments, node.inputs)
    derived = op.infer(call)
    if derived != node.output or call.problems:
        yield f"{node.op} gives {derived}, and says {node.output}"
        return
    weights = sum(prod(shape) for shape in op.weights(call).values())
    if weights != node.weights:
        yield f"{node.op} has {weights} weights, and says {node.weights}"


def _merge_faults(node: t.TypedMerge, x: TensorType | None) -> Iterator[str]:
    if any(path.input != x for path in node.paths):
        yield f"a path of {node.node.op} does not start from the running value"
    inputs = tuple(path.output for path in node.paths if path.output is not None)
    op = REGISTRY[node.node.op]
    derived = op.infer(Call(op, node.arguments, inputs))
    if len(inputs) != len(node.paths) or derived != node.output:
        yield f"{node.node.op} gives {derived}, and says {node.output}"


def _loop_faults(node: t.TypedLoop, x: TensorType | None, seen: set[int]) -> Iterator[str]:
    expected = 0
    for turn in node.turns:
        if turn.first != expected:
            yield f"turn {turn.first} follows turn {expected - 1}"
        if turn.body.input != x:
            yield "a turn does not continue the running value"
        if turn.count > 1 and turn.body.input != turn.body.output:
            yield "turns count as equal though they change the value"
        yield from _body_faults(turn.body, seen)
        expected, x = turn.first + turn.count, turn.body.output
    if expected != len(node.items):
        yield f"a loop of {len(node.items)} has {expected} turns"
    if x != node.output:
        yield "a loop does not end with its last turn"
