"""Measures what a block becomes before anything is expanded: how deep it nests, how much is spliced into it."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.diagnostics.diagnostic import Diagnostic, Help
from archdsl.diagnostics.sink import Sink
from archdsl.ir.design import Apply, Block, Body, Inline
from archdsl.ir.walk import inner_bodies, written
from archdsl.source.span import Span
from archdsl.syntax.lexer import MAX_NESTING

MAX_SPLICED = 100_000
"""So many steps may ``inline`` copy in all blocks of a project together."""


class Extents:
    """The measures of the blocks lowered so far."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._depth: dict[Block, int] = {}
        self._size: dict[Block, int] = {}
        self._ignores_input: set[Block] = set()
        self._spliced = 0
        self._is_too_deep = False

    def is_bounded(self, raw: Body) -> bool:
        """Whether a body, everything applied and spliced, keeps the limits; reported otherwise."""
        deepest = max(self._applied_depths(raw, 1), default=(0, None), key=lambda found: found[0])
        if deepest[0] > MAX_NESTING and deepest[1] is not None:
            if self._is_too_deep:
                return False  # whatever is deep after the first that is has the same cause
            self._is_too_deep = True
            message = f"braces and blocks nest more than {MAX_NESTING} deep from here"
            self._sink.report(Diagnostic("E0106", message, deepest[1]))
            return False
        for node in self._inlined(raw):
            self._spliced += self._size[node.target]
            if self._spliced > MAX_SPLICED:
                message = f"more than {MAX_SPLICED:,} steps would be copied by `inline`"
                help = Help("apply the block without `inline`: a block is checked once, however often it is applied")
                self._sink.report(Diagnostic("E0404", message, node.name_span, help=help))
                return False
        return True

    def remember(self, block: Block) -> None:
        """Measures a block that is bounded."""
        self._depth[block] = max((depth for depth, _ in self._applied_depths(block.raw, 1)), default=0)
        own = sum(1 for _ in written(block.raw))
        self._size[block] = own + sum(self._size[node.target] for node in self._inlined(block.raw))

    # --- use of the input -----------------------------------------------------------------------------

    def note_ignored_input(self, block: Block) -> None:
        """The block never uses the value that it is applied to."""
        self._ignores_input.add(block)

    def uses_input(self, block: Block) -> bool:
        """Whether the value before an application goes into it."""
        return block not in self._ignores_input

    # --- walks ----------------------------------------------------------------------------------------

    def _applied_depths(self, body: Body, level: int) -> Iterator[tuple[int, Span | None]]:
        """The depth that each step of a body reaches, with its place."""
        yield level, None
        for node in body.nodes:
            if isinstance(node, Apply | Inline):
                if isinstance(node.target, Block):
                    yield level + self._depth[node.target], node.name_span
                continue
            for inner in inner_bodies(node):
                yield from self._applied_depths(inner, level + 1)

    def _inlined(self, body: Body) -> list[Inline]:
        return [node for node in written(body) if isinstance(node, Inline)]
