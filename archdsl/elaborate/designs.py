"""Makes the Designs of a file: one for every network and variant that it defines."""

from __future__ import annotations

from dataclasses import replace

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.sink import Sink
from archdsl.elaborate.expressions import bind_to, given_arguments
from archdsl.elaborate.lower import Lowering, lower_expectation
from archdsl.ir.design import Block, Design, Expectation
from archdsl.resolve.resolved import Definition, ResolvedFile
from archdsl.syntax import ast


def elaborate(file: ResolvedFile, sink: Sink, lowering: Lowering) -> tuple[Design, ...]:
    """The networks of a file in order; blocks that no network uses are lowered for their errors."""
    designs: list[Design] = []
    for definition in file.own:
        node = definition.node
        if isinstance(node, ast.Variant):
            design = _variant(definition, node, sink, lowering)
            designs.extend([design] if design is not None else [])
            continue
        block = lowering.block(definition, node.name.span)
        if block is None or not block.is_network or any(parameter.required for parameter in block.parameters):
            continue
        designs.append(Design(block.name, block, (), block.expectations, block.doc, node.span, node.name.span))
    return tuple(designs)


def _variant(definition: Definition, node: ast.Variant, sink: Sink, lowering: Lowering) -> Design | None:
    scope = lowering.scope(definition, is_network=True)
    base = definition.file.scope.get(node.base.text)
    if base is None or not isinstance(base.node, ast.BlockDef) or not base.node.is_network:
        networks = [
            name
            for name, known in definition.file.scope.items()
            if isinstance(known.node, ast.BlockDef) and known.node.is_network
        ]
        help = scope.suggestion(node.base.text, networks)
        scope.fail("E0201", f"there is no network `{node.base.text}` to make a variant of", node.base.span, help)
        return None
    block = lowering.block(base, node.base.span)
    given = given_arguments(scope, node.arguments)
    if block is None or given is None:
        return None
    arguments = bind_to(scope, block.name, block, given, node.base.span)
    if arguments is None:
        return None
    expectations = _expectations(node, sink, lowering, definition)
    return Design(
        name=node.name.text,
        network=block,
        arguments=arguments,
        expectations=expectations,
        doc=node.doc or block.doc,
        span=node.span,
        name_span=node.name.span,
        variant_of=block.name,
    )


def _expectations(
    node: ast.Variant, sink: Sink, lowering: Lowering, definition: Definition
) -> tuple[Expectation, ...]:
    found: list[Expectation] = []
    scope = lowering.scope(definition, is_network=True)
    for statement in node.body.statements if node.body is not None else ():
        if isinstance(statement, ast.Expect):
            found.extend(lower_expectation(scope, statement, allowed=True))
        else:
            message = "a variant holds expectations only; its steps are those of the network it varies"
            sink.report(Diagnostic("E0218", message, statement.span))
    return tuple(found)


def with_arguments(design: Design, overrides: dict[str, object]) -> Design:
    """The same network with arguments given from outside (``archdsl.load(path, name, classes=10)``)."""
    return replace(design, overrides=tuple(overrides.items()))


def network_of(design: Design) -> Block:
    """The network definition that a design instantiates."""
    return design.network
