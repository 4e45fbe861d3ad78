"""Lowers definitions to blocks: each body once, whatever it is applied to later."""

from __future__ import annotations

from collections.abc import Callable
from itertools import dropwhile, islice

from archdsl.diagnostics.diagnostic import Diagnostic, Help
from archdsl.diagnostics.sink import Sink
from archdsl.elaborate.expressions import lower_expression
from archdsl.elaborate.extent import Extents
from archdsl.elaborate.kinds import lower_kind
from archdsl.elaborate.scope import BlockScope
from archdsl.elaborate.slots import place_modules
from archdsl.elaborate.statements import StatementLowering
from archdsl.elaborate.uses import report_unused
from archdsl.ir.design import TENSOR, Block, BlockParameter, Body, Expectation, Output, Tolerance, Unknown
from archdsl.ir.expr import Const, sizes_in
from archdsl.ir.kinds import ANY, UNKNOWN, Kind
from archdsl.ir.metrics import METRICS
from archdsl.ir.reserved import why_reserved
from archdsl.ir.walk import written
from archdsl.resolve.resolved import Definition
from archdsl.source.span import Span
from archdsl.syntax import ast

MAX_PARAMETERS = 255
MAX_CHAIN = 64
"""Blocks in each other that are read while the one around them is being read."""


class Lowering:
    """Lowers the definitions of one project; each once."""

    def __init__(self, sink: Sink, std_home: Callable[[str], str | None]) -> None:
        self._sink = sink
        self._std_home = std_home
        self._extents = Extents(sink)
        self._done: dict[Definition, Block | None] = {}
        self._waiting: list[Definition] = []
        """Definitions whose turn comes when those that they mention are done; what is mentioned may not be applied."""
        self._lowering: list[Definition] = []
        """The definitions that are being read, each applied by the one before it."""
        self._rests_on_fault: set[Definition] = set()

    def block(self, definition: Definition, at: Span) -> Block | None:
        """The block of a definition; None where blocks contain themselves or a variant is used (reported at ``at``)."""
        if isinstance(definition.node, ast.Variant):
            help = Help("apply the blocks that the network is made of")
            message = f"`{definition.name}` is a finished network; only blocks can be applied"
            self._sink.report(Diagnostic("E0201", message, at, help=help))
            return None
        if definition in self._lowering:
            self._report_recursion(definition, at)
            return None
        if definition not in self._done:
            if len(self._lowering) >= MAX_CHAIN:
                message = f"more than {MAX_CHAIN} blocks lie in each other from here"
                self._sink.report(Diagnostic("E0106", message, at))
                return None
            self._lower_with_needs(definition)
        block = self._done[definition]
        if self._lowering and (block is None or not block.whole):
            self._rests_on_fault.add(self._lowering[-1])
        return block

    def scope(self, definition: Definition, *, is_network: bool) -> BlockScope:
        """The scope in which the body of a definition is read."""
        file, node = definition.file, definition.node
        return BlockScope(
            file.scope,
            self.block,
            self._sink,
            is_network,
            awaits_input=is_network and isinstance(node, ast.BlockDef) and ast.Input in map(type, node.body.statements),
            lost=file.unknown,
            node=node if isinstance(node, ast.BlockDef) else None,
            std_home=self._std_home,
        )

    # --- order ----------------------------------------------------------------------------------------

    def _lower_with_needs(self, definition: Definition) -> None:
        """Lowers a definition after all that it mentions, without recursion: chains of blocks may be long."""
        outer, self._waiting = self._waiting, [*self._waiting, definition]
        needs = [self._needs(definition)]
        while needs:
            need = next((need for need in needs[-1] if not self._is_begun(need)), None)
            if need is not None:
                self._waiting.append(need)
                needs.append(self._needs(need))
                continue
            last = self._waiting.pop()
            needs.pop()
            if last not in self._done:
                self._done[last] = self._lower(last)
        self._waiting = outer

    def _is_begun(self, definition: Definition) -> bool:
        return definition in self._done or definition in self._waiting or definition in self._lowering

    def _needs(self, definition: Definition) -> list[Definition]:
        """The blocks that a definition mentions; a parameter of the same name hides one."""
        node, scope = definition.node, definition.file.scope
        assert isinstance(node, ast.BlockDef)
        own = {parameter.name.text for parameter in node.parameters}
        mentioned = (scope[name] for name in sorted(node.mentions - own) if name in scope)
        return [known for known in mentioned if isinstance(known.node, ast.BlockDef)]

    def _report_recursion(self, definition: Definition, at: Span) -> None:
        names = [f"`{each.name}`" for each in self._lowering[self._lowering.index(definition) :]]
        chain = ", which applies ".join([*names[1:], names[0]])
        message = f"the block {names[0]} contains itself: it applies {chain}"
        if len(names) == 1:
            message = f"the block {names[0]} contains itself"
        self._sink.report(Diagnostic("E0211", message, at, help=Help("write repetition as `repeat` or `for`")))

    # --- one definition -------------------------------------------------------------------------------

    def _lower(self, definition: Definition) -> Block | None:
        node = definition.node
        assert isinstance(node, ast.BlockDef)
        self._lowering.append(definition)
        block = self._lower_body(definition, node)
        self._lowering.pop()
        return block

    def _lower_body(self, definition: Definition, node: ast.BlockDef) -> Block | None:
        errors = self._sink.errors
        scope = self.scope(definition, is_network=node.is_network)
        parameters = self._parameters(scope, node)
        raw = StatementLowering(scope).block_body(node.body)
        expectations = tuple(
            expectation
            for statement in node.body.statements
            if isinstance(statement, ast.Expect)
            for expectation in lower_expectation(scope, statement, allowed=node.is_network)
        )
        if node.is_network:
            self._check_contract(definition, node, raw)
        if not self._extents.is_bounded(raw):
            return None
        body = place_modules(raw, scope.report, network=node.is_network)
        block = Block(
            name=node.name.text,
            is_network=node.is_network,
            parameters=parameters,
            body=body,
            raw=raw,
            expectations=expectations,
            doc=node.doc,
            span=node.span,
            name_span=node.name.span,
            class_name=self._class_name(node.class_name),
            whole=self._sink.errors == errors and definition not in self._rests_on_fault and definition.file.tree.whole,
        )
        self._extents.remember(block)
        if self._sink.errors == errors and not any(isinstance(part, Unknown) for part in written(raw)):
            report_unused(block, self._extents, self._sink)
        return block

    def _class_name(self, node: ast.Identifier | None) -> str | None:
        """The stated name of the generated class; it looks like one, and is free in Python."""
        if node is None:
            return None
        reason = why_reserved(node.text)
        if reason is None and not node.text[0].isupper():
            reason = "classes begin with a capital letter"
        if reason is not None:
            self._sink.report(Diagnostic("E0209", f"`{node.text}` cannot be a class: {reason}", node.span))
        return node.text

    def _parameters(self, scope: BlockScope, node: ast.BlockDef) -> tuple[BlockParameter, ...]:
        if len(node.parameters) > MAX_PARAMETERS:
            message = f"a block may have at most {MAX_PARAMETERS} parameters; this one has {len(node.parameters)}"
            scope.fail("E0106", message, node.name.span)
        return tuple(self._parameter(scope, parameter, node) for parameter in node.parameters[:MAX_PARAMETERS])

    def _parameter(self, scope: BlockScope, node: ast.ParameterDef, block: ast.BlockDef) -> BlockParameter:
        kind = lower_kind(scope, node.type)
        default = lower_expression(scope, node.default) if node.default is not None else None
        constraint = None
        if node.constraint is not None:
            lowered = lower_expression(scope, node.constraint[1])
            constraint = (node.constraint[0], lowered) if lowered is not None else None
        for part in (default, constraint[1] if constraint is not None else None):
            if part is not None and sizes_in(part):
                message = "what a parameter is declared with cannot depend on the input"
                scope.fail("E0405", message, sizes_in(part)[0].span, "use the size inside the block")
        if kind is not None:
            self._check_tensor(scope, node, kind, block)
        scope.declare(node.name, kind, known=kind is not None)
        if default is None and node.default is not None:
            default = Const(UNKNOWN, node.default.span)
        return BlockParameter(node.name.text, kind or ANY, default, constraint, node.span)

    def _check_tensor(self, scope: BlockScope, node: ast.ParameterDef, kind: Kind, block: ast.BlockDef) -> None:
        if kind is not TENSOR:
            return
        if block.is_network:
            message = "a network has no tensor parameters; its tensors are its inputs"
            scope.fail("E0206", message, node.span, f"write `input {node.name.text}: [N, ...]` in its body")
        if node.default is not None:
            scope.fail("E0206", "a tensor parameter has no default", node.default.span)

    def _check_contract(self, definition: Definition, node: ast.BlockDef, body: Body) -> None:
        """Every network states its inputs and at least one output; one that could not be read may do so."""
        # What cannot be read behind it may be its end: a brace too many closes a network early.
        behind = dropwhile(lambda item: item is not node, definition.file.tree.items)
        if any(isinstance(each, ast.Broken) for each in (*node.body.statements, *islice(behind, 1, 2))):
            return
        name = node.name.text
        statements = [type(statement) for statement in node.body.statements]
        if ast.Input not in statements and ast.Output not in statements:
            help = Help("state them in the body, as in `input image: [N, 3, H, W]` and `output logits: [N, 10]`")
            message = f"the network `{name}` has no input and no output"
            self._sink.report(Diagnostic("E0216", message, node.name.span, help=help))
            return
        if ast.Input not in statements:
            help = Help("state it in the body, as in `input image: [N, 3, H, W]`")
            self._sink.report(Diagnostic("E0216", f"the network `{name}` has no input", node.name.span, help=help))
        if ast.Output not in statements:
            help = Help("state it at the end of the body, as in `output logits: [N, 10]`")
            self._sink.report(Diagnostic("E0217", f"the network `{name}` has no output", node.name.span, help=help))
        elif not any(isinstance(item, Output) and item.when is None for item in body.nodes):
            message = f"all outputs of the network `{name}` exist in training only"
            help = Help("give it an output without `when training`")
            self._sink.report(Diagnostic("E0217", message, node.name.span, help=help))


def lower_expectation(scope: BlockScope, node: ast.Expect, *, allowed: bool) -> tuple[Expectation, ...]:
    """An expectation, if it is one that a network can have."""
    if not allowed:
        scope.fail("E0218", "only a network has expectations", node.span)
        return ()
    if node.metric.text not in METRICS:
        known = ", ".join(f"`{metric}`" for metric in METRICS)
        help = (
            scope.suggestion(node.metric.text, node.metric.span, tuple(METRICS)) or f"what can be expected is {known}"
        )
        message = f"nothing is known about the `{node.metric.text}` of a network"
        scope.fail("E0219", message, node.metric.span, help)
        return ()
    if node.tolerance is not None and node.relation != "==":
        message = f"`within` belongs to `==`: a bound such as `{node.relation}` is kept or not"
        scope.fail("E0218", message, node.tolerance.span, "move the bound instead")
        return ()
    value = lower_expression(scope, node.value)
    tolerance = _tolerance(scope, node.tolerance)
    if value is None:
        return ()
    return (Expectation(node.metric.text, node.metric.span, node.relation, value, node.span, tolerance),)


def _tolerance(scope: BlockScope, node: ast.Tolerance | None) -> Tolerance | None:
    number = lower_expression(scope, node.number) if node is not None else None
    return Tolerance(number, node.in_percent) if node is not None and number is not None else None
