"""Follows what has no module of its own while ``__init__`` is written: variables, references, inputs, stated shapes."""

from __future__ import annotations

import ast

from archdsl.codegen import pytree as py
from archdsl.codegen.convert import to_python
from archdsl.codegen.flow import Flow, common
from archdsl.codegen.init_layers import InitLayers
from archdsl.codegen.sinks import Collected, ModuleSink
from archdsl.codegen.symbolic import added_per_turn, factor_per_turn, last_of, substitute, turns_of
from archdsl.codegen.units import block_bindings
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.expr import BinaryOp, Const, Expr, IndexOf, Local, locals_in
from archdsl.ir.terms import NOWHERE, number, plus, times


class InitValues(InitLayers):
    """Steps that hand a value on, and the names that a body gives to numbers."""

    def _wordless(self, node: d.Assert | d.Refer | d.Port | d.Input) -> None:
        """What flows behind a step that has no module. A stated shape says the channels as a person thinks of them."""
        match node:
            case d.Assert(shape=d.Shape(sizes=(_, Const() | Local() | BinaryOp() as stated, *_))):
                self.flow = self.flow.with_channels(self.term(stated))
            case d.Refer(name=name):
                self.flow = self._value_flow(self._label_text(name), node)
            case d.Port(name=name, output=output):
                self.flow = self._value_flow(f"{self._label_text(name)}.{output}", node)
            case d.Input():
                self._input(node)

    def _blocks_given(self, node: d.Inline) -> dict[str, d.BlockValue]:
        """The block-valued arguments of a spliced block; in one class they are the same in every use."""
        uses = [use for use in self.unit.uses(node) if isinstance(use, t.TypedInline)]
        return block_bindings(uses[0].arguments) if uses else {}

    def _input(self, node: d.Input) -> None:
        """The channels of an input as the spec states them; the chain begins with the first one."""
        sizes = node.shape.sizes
        terms = [size if isinstance(size, str | None) else self.term(size) for size in sizes]
        space = frozenset[str]().union(*(locals_in(term) for term in terms[2:] if not isinstance(term, str | None)))
        channels = terms[1] if not isinstance(terms[1], str) else None
        flow = self._labels[node.name] = Flow(channels, space)
        if node is next(other for other in self.unit.body.nodes if isinstance(other, d.Input)):
            self.flow = self._block_flow = flow

    def after_turns(self, node: d.Loop, iterable: Expr, before: Local, after: Expr | None) -> Expr | None:
        """The channels after all turns: every turn adds or multiplies the same, or the last turn says them.

        ``after`` are those after one turn, in terms of ``before``.
        """
        start, over = self.closed_form_of(self.flow.channels), self.closed_form_of(self.expanded(iterable))
        after = self.closed_form_of(self.expanded(after)) if after is not None else None
        turns = turns_of(over, node.is_repeat) if over is not None else None
        if after is None or start is None or over is None or turns is None:
            return None
        if before.name not in locals_in(after):
            return self._after_last_turn(node, over, after)
        if locals_in(after) & set(node.names):
            return None
        added = added_per_turn(after, before)
        if added is not None:
            return plus(start, times(turns, added))
        factor = factor_per_turn(after, before)
        return times(start, BinaryOp("**", factor, turns, NOWHERE)) if factor is not None else None

    def _after_last_turn(self, node: d.Loop, iterable: Expr, after: Expr) -> Expr | None:
        """What the last turn makes, if there is one in every use."""
        uses = [use for use in self.unit.uses(node) if isinstance(use, t.TypedLoop)]
        if not all(use.turns for use in uses):
            return None
        if not locals_in(after) & set(node.names):
            return after
        last = last_of(iterable)
        if not node.unpacks:
            return substitute(after, dict.fromkeys(node.names, last), self.size)
        items = {name: IndexOf(last, number(index), NOWHERE) for index, name in enumerate(node.names)}
        return substitute(after, items, self.size)

    def written_iterable(self, node: d.Loop, iterable: Expr) -> ast.expr:
        """What the loop runs over, as Python."""
        written = to_python(iterable)
        return py.call("range", [written]) if node.is_repeat else written

    def _value_flow(self, text: str | None, node: d.Node) -> Flow:
        known = self._value_of(text)
        if known is not None:
            return known
        uses = self.unit.uses(node)
        return Flow(common(use.output.shape[1] if use.output is not None else None for use in uses))

    def _let(self, names: tuple[str, ...], value: Expr, node: d.Let, sink: ModuleSink) -> None:
        term = self.term(value)
        if not node.unpacks:
            self.scope[names[0]] = term if isinstance(sink, Collected) else self.variable_for(names[0], term)
            return
        parts = getattr(term, "items", None)
        if isinstance(parts, tuple):
            self.scope.update(zip(names, parts, strict=True))
            return
        uses = [use.values for use in self.unit.uses(node) if isinstance(use, t.TypedLet)]
        if len(set(uses)) == 1:
            self.decisions.pin(term)
            self.scope.update((name, Const(value, NOWHERE)) for name, value in zip(names, uses[0], strict=True))
            return
        self.scope.update(zip(names, self.variables_for(names, term), strict=True))
