"""Makes the Designs of a file: one for every network and variant that it defines."""

from __future__ import annotations

from archdsl.diagnostics.diagnostic import Help
from archdsl.diagnostics.sink import Sink
from archdsl.elaborate.expressions import bind_to, given_arguments
from archdsl.elaborate.lower import Lowering, lower_expectation
from archdsl.elaborate.scope import BlockScope
from archdsl.ir.design import Block, Design, Expectation
from archdsl.ir.expr import Const
from archdsl.ir.kinds import UNKNOWN
from archdsl.resolve.resolved import Definition, ResolvedFile
from archdsl.source.span import Span
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
        if block is None or not block.is_network or is_template(block):
            continue
        designs.append(Design(block.name, block, (), block.expectations, block.doc, node.span, node.name.span))
    return tuple(designs)


def _variant(definition: Definition, node: ast.Variant, sink: Sink, lowering: Lowering) -> Design | None:
    scope = lowering.scope(definition, is_network=True)
    base = definition.file.scope.get(node.base.text)
    if base is None or not isinstance(base.node, ast.BlockDef) or not base.node.is_network:
        _report_base(scope, definition, node, base)
        return None
    block = lowering.block(base, node.base.span)
    given = given_arguments(scope, node.arguments)
    if block is None or given is None:
        return None
    arguments = bind_to(scope, block.name, block, given, node.base.span)
    own = _expectations(scope, node, block)
    if arguments is None:
        return None
    return Design(
        name=node.name.text,
        network=block,
        arguments=arguments,
        # A network that cannot stand alone states its expectations for all its variants.
        expectations=(*(block.expectations if is_template(block) else ()), *own),
        doc=node.doc or block.doc,
        span=node.span,
        name_span=node.name.span,
        variant_of=block.name,
    )


def _report_base(scope: BlockScope, definition: Definition, node: ast.Variant, base: Definition | None) -> None:
    name = node.base.text
    if base is None and scope.is_unknown(name):
        return
    message = f"there is no network `{name}` to make a variant of"
    networks = [
        known
        for known, other in definition.file.scope.items()
        if isinstance(other.node, ast.BlockDef) and other.node.is_network
    ]
    help: Help | str | None = scope.suggestion(name, node.base.span, networks) if base is None else None
    if base is not None and isinstance(base.node, ast.Variant):
        message = f"`{name}` is a variant itself"
        help = f"write the variant of its network: `{base.node.base.text}(...)`"
    elif base is not None:
        message = f"`{name}` is a block; only a network has variants"
    scope.fail("E0201", message, node.base.span, help)


def _expectations(scope: BlockScope, node: ast.Variant, block: Block) -> tuple[Expectation, ...]:
    """The expectations of a variant, in which the network's parameters have the variant's values."""
    for parameter in block.parameters:
        scope.variables[parameter.name] = (parameter.span, parameter.kind)
    found: list[Expectation] = []
    for statement in node.body.statements if node.body is not None else ():
        lowered: tuple[Expectation, ...] = ()
        if isinstance(statement, ast.Expect):
            lowered = lower_expectation(scope, statement, allowed=True)
        elif not isinstance(statement, ast.Broken):
            message = "a variant holds expectations only; its steps are those of the network it varies"
            scope.fail("E0218", message, statement.span)
        found.extend(lowered or (_unknown(statement.span),))
    return tuple(found)


def _unknown(span: Span) -> Expectation:
    """Stands for what was reported, so that the variant does not pass for complete."""
    return Expectation("params", span, "==", Const(UNKNOWN, span), span)


def is_template(block: Block) -> bool:
    """Whether a network cannot stand alone, because parameters without default have to be given."""
    return any(parameter.required for parameter in block.parameters)
