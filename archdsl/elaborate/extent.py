"""Measures what a block becomes before anything is expanded: how deep it nests, how much is spliced into it."""

from __future__ import annotations

from dataclasses import dataclass, field

from archdsl.diagnostics.diagnostic import Diagnostic, Help
from archdsl.diagnostics.sink import Sink
from archdsl.ir.design import Apply, Block, Body, Inline
from archdsl.ir.walk import inner_bodies
from archdsl.source.span import Span
from archdsl.syntax.lexer import MAX_NESTING

MAX_SPLICED = 100_000
"""So many steps may ``inline`` copy in all blocks of a project together."""


class Extents:
    """The measures of the blocks lowered so far."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._blocks: dict[Block, _Extent] = {}
        self._last = _Extent()
        self._ignores_input: set[Block] = set()
        self._spliced = 0
        self._is_too_deep = False

    def is_bounded(self, raw: Body) -> bool:
        """Whether a body, everything applied and spliced, keeps the limits; reported otherwise."""
        measured = self._measure(raw)
        if measured.depth > MAX_NESTING and measured.deepest is not None:
            if self._is_too_deep:
                return False  # whatever is deep after the first that is has the same cause
            self._is_too_deep = True
            message = f"braces and blocks nest more than {MAX_NESTING} deep from here"
            self._sink.report(Diagnostic("E0106", message, measured.deepest))
            return False
        for node in measured.inlined:
            self._spliced += self._blocks[node.target].steps
            if self._spliced > MAX_SPLICED:
                message = f"more than {MAX_SPLICED:,} steps would be copied by `inline`"
                help = Help("apply the block without `inline`: a block is checked once, however often it is applied")
                self._sink.report(Diagnostic("E0404", message, node.name_span, help=help))
                return False
        self._last = measured
        return True

    def remember(self, block: Block) -> None:
        """Keeps the measures of a block whose body was just found to be bounded."""
        self._last.steps += sum(self._blocks[node.target].steps for node in self._last.inlined)
        self._blocks[block] = self._last

    # --- use of the input -----------------------------------------------------------------------------

    def note_ignored_input(self, block: Block) -> None:
        """The block never uses the value that it is applied to."""
        self._ignores_input.add(block)

    def uses_input(self, block: Block) -> bool:
        """Whether the value before an application goes into it."""
        return block not in self._ignores_input

    def _measure(self, raw: Body) -> _Extent:
        """Walks a body once; braces lie in each other at most 64 deep, so the list of those to visit stays short."""
        found = _Extent()
        waiting = [(raw, 1)]
        while waiting:
            body, level = waiting.pop()
            found.reach(level, None)
            found.steps += len(body.nodes)
            for node in body.nodes:
                if isinstance(node, Inline):
                    found.inlined.append(node)
                if not isinstance(node, Apply | Inline):
                    waiting += [(inner, level + 1) for inner in inner_bodies(node)]
                elif isinstance(node.target, Block):
                    found.reach(level + self._blocks[node.target].depth, node.name_span)
        return found


@dataclass(slots=True)
class _Extent:
    """What one block becomes: its depth with the place that reaches deepest, its steps, what it inlines."""

    depth: int = 0
    deepest: Span | None = None
    steps: int = 0
    inlined: list[Inline] = field(default_factory=list)

    def reach(self, depth: int, at: Span | None) -> None:
        """A place of this depth."""
        if depth > self.depth:
            self.depth, self.deepest = depth, at
