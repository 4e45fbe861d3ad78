"""Writes ``__init__``: the modules of a class, with the channel counts that flow between them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from archdsl.codegen import pytree as py
from archdsl.codegen.convert import to_python
from archdsl.codegen.decisions import inline_scope, local
from archdsl.codegen.flow import Flow, after_merge, common, joined_flow, joined_labels
from archdsl.codegen.init_scope import Tried
from archdsl.codegen.init_values import InitValues
from archdsl.codegen.naming import fresh
from archdsl.codegen.refusal import Refused
from archdsl.codegen.sinks import Attributes, Collected, ModuleSink, NotPure
from archdsl.codegen.units import Unit, outer_values, words
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.expr import Expr, NameTemplate
from archdsl.ir.lines import is_sequential
from archdsl.ir.walk import every, only_step

_NOTHING = ast.Constant(None)
"""Stands for a module while it is only asked what flows."""


class InitWriter(InitValues):
    """The modules of one class: bodies, joins, groups, loops and conditions."""

    def body(self, body: d.Body, sink: ModuleSink) -> None:
        """The modules of a body, in order."""
        for node in body.nodes:
            self._node(node, sink)
            label = getattr(node, "label", None)
            if isinstance(label, NameTemplate):
                plain = self._label_text(label)
                if plain is not None:
                    self._labels[plain] = self.flow

    def _node(self, node: d.Node, sink: ModuleSink) -> None:
        match node:
            case d.Layer():
                self._layer(node, sink)
            case d.Apply():
                self._apply(node, sink)
            case d.Inline(body=body):
                outer = self.scope
                self.scope = inline_scope(node, outer, self.size)
                around = self._block_flow, self._spliced, self._blocks
                self._block_flow, self._spliced = self.flow, node
                self._blocks = self._blocks | self._blocks_given(node)
                self.body(body, sink)
                self.scope, (self._block_flow, self._spliced, self._blocks) = outer, around
            case d.Merge(paths=paths):
                self._merge(node, paths, sink)
            case d.Group(body=body, slot=None):
                self.body(body, sink)
            case d.Group(slot=slot):
                assert slot is not None
                with self._own_labels():
                    sink.add(self._name(slot), self._group(node))
            case d.Loop(slot=None):
                self._loop(node, sink)
            case d.Loop(slot=slot):
                assert slot is not None
                with self._own_labels():
                    sink.add(self._name(slot), self._module_list(node))
            case d.Choice():
                self._choice(node, sink)
            case d.Let(names=names, value=value):
                self._let(names, value, node, sink)
            case d.Assert() | d.Refer() | d.Port() | d.Input():
                self._wordless(node)
            case _:
                assert isinstance(node, d.Output)
                before = self.flow
                if node.body is not None:
                    self._joining.append((before,))
                    self.body(node.body, sink)
                    self._joining.pop()
                self.outputs[node.name] = self.closed_form_of(self.flow.channels)
                self.flow = before

    @contextmanager
    def _own_labels(self) -> Iterator[None]:
        """A module of its own keeps its labels to itself: one outside may read the same."""
        labels = dict(self._labels)
        yield
        self._labels = labels

    def _merge(self, node: d.Merge, paths: tuple[d.Body, ...], sink: ModuleSink) -> None:
        start = self.flow
        flows: list[Flow] = []
        for path in paths:
            self.flow = start
            self._joining.append((start, *flows))
            self.body(path, sink)
            self._joining.pop()
            flows.append(self.flow)
        uses = [use for use in self.unit.uses(node) if isinstance(use, t.TypedMerge)]
        self.flow = after_merge(node.op, start, flows, uses)

    def _hint(self, slot: d.Slot | None) -> str:
        """A variable name for a list of modules: the label, or what is written out in it."""
        if slot is None or slot.name is None:
            return "layers"
        return (self._label_text(slot.name) or words(slot.name)).replace("-", "_") or "layers"

    def _group(self, node: d.Group) -> ast.expr:
        """A labelled group: an ``nn.Sequential``, or a class of its own where it has joins."""
        if is_sequential(node.body):
            return self.sequential(node.body, self._hint(node.slot))
        return self._own_class(node, [use.body for use in self.unit.uses(node) if isinstance(use, t.TypedGroup)])

    def sequential(self, body: d.Body, hint: str) -> ast.expr:
        """``nn.Sequential(...)``: one expression if it is a plain list, else built up in a variable before."""
        if self._trying:
            self.body(body, ModuleSink.discarded())
            return _NOTHING
        around, self._shared = self._shared, set()
        made = self._collected(body) or self.build_up(body, hint)
        self._shared = around
        return made

    def _collected(self, body: d.Body) -> ast.expr | None:
        """The modules as arguments of one call; None where statements are needed."""
        if not body.numbered:
            return None
        saved = self._save()
        try:
            collected = Collected()
            self.body(body, collected)
            return py.call("nn.Sequential", collected.modules)
        except NotPure:
            self._restore(saved)
            return None

    def build_up(self, body: d.Body, hint: str) -> ast.expr:
        """Statements that fill a list of modules; the expression that makes an ``nn.Sequential`` of it."""
        variable = fresh((hint, "modules"), self._taken)
        self._taken.add(variable)
        if body.numbered:
            sink: ModuleSink = ModuleSink.listed(self.statements, variable)
            empty: ast.expr = py.list_of([])
            annotation = py.subscript(py.name("list"), py.dotted("nn.Module"))
            self.statements.append(py.assign_typed(variable, annotation, empty))
        else:
            sink = ModuleSink.named(self.statements, variable)
            self.statements.append(py.assign(variable, py.call("nn.Sequential")))
        self.body(body, sink)
        if not body.numbered:
            return py.name(variable)
        return py.call("nn.Sequential", [ast.Starred(py.name(variable), py.LOAD)])

    def _module_list(self, node: d.Loop) -> ast.expr:
        """A loop that is a module: its turns in an ``nn.Sequential``, spliced or each a module of its own."""
        own = node.own or not is_sequential(node.body)
        turns = d.Loop(node.names, node.unpacks, node.iterable, node.body, None, None, own, node.span)
        numbered = own or node.body.numbered
        made = self.sequential(d.Body((turns,), node.span, True, numbered), self._hint(node.slot))
        return _listed(made) if outer_values(node.body).read and not self._trying else made

    def _turn(self, node: d.Loop, sink: ModuleSink, index: int | None = None) -> None:
        """The modules of one turn: of that with the index where turns are written out."""
        if not node.own:
            self.body(node.body, sink)
            return
        turns = [turn for use in self.unit.uses(node) if isinstance(use, t.TypedLoop) for turn in use.turns]
        chosen = [turn.body for turn in turns if index is None or turn.first <= index < turn.first + turn.count]
        sink.add(None, self._own_class(node, chosen))

    def _loop(self, node: d.Loop, sink: ModuleSink) -> None:
        iterable = self.term(node.iterable)
        needed = self.decisions.writes_out_loops or isinstance(sink, Attributes)
        written_out = needed or not _repeats_itself(node)
        turns = self.decisions.written_out(node, self.expanded(iterable)) if written_out else None
        if turns is not None:
            self._count(len(turns), node)
            for index, values in enumerate(turns):
                self.scope.update(zip(node.names, values, strict=True))
                self._turn(node, sink, index)
            return
        if self.decisions.never_turns(node):
            self.decisions.pin(iterable)
            return
        for name in node.names:
            self.scope.pop(name, None)
        self._taken.update(node.names)
        before = self.unknown()
        after = self.tried(lambda: self._turn(node, ModuleSink.discarded()), self.flow.with_channels(before)).flow
        stays = after.channels in (before, self.flow.channels)
        closed = None if stays else self.after_turns(node, iterable, before, after.channels)
        if self._trying:
            self.flow = after.with_channels(self.flow.channels if stays else closed or self.unclosed())
        elif not isinstance(sink, Collected):
            self._kept_loop(node, iterable, sink, None if stays else self.carry(node), closed)
        elif stays:
            self._star(node, iterable, sink)
        else:
            raise NotPure

    def _star(self, node: d.Loop, iterable: Expr, sink: Collected) -> None:
        """``*(Bottleneck(256, 64) for _ in range(n))`` for turns of one module."""
        inner = Collected()
        self._turn(node, inner)
        if len(inner.modules) != 1 or isinstance(inner.modules[0], ast.Starred):
            raise NotPure
        sink.repeat(inner.modules[0], node.names, self.written_iterable(node, iterable))

    def _kept_loop(
        self, node: d.Loop, iterable: Expr, sink: ModuleSink, variable: str | None, closed: Expr | None
    ) -> None:
        """A loop that stays one; ``variable`` is the running count of its channels, where they change."""
        written = self.written_iterable(node, iterable)
        inner: list[ast.stmt] = []
        outer, self.statements = self.statements, inner
        self._outer.append(outer)
        outer_carrying, self._carrying = self._carrying, variable or self._carrying
        self._turn(node, sink.into(inner))
        if variable is not None:
            self._settle(variable, node)
        self._carrying = outer_carrying
        self._outer.pop()
        self.statements = outer
        if inner:
            names = node.names or ("_",)
            outer.append(ast.For(py.target_of(_used_names(names, inner)), written, inner, [], None))
        if variable is not None:
            self.flow = self.flow.with_channels(local(variable))
            self.closed[variable] = closed

    def _choice(self, node: d.Choice, sink: ModuleSink) -> None:
        if node.slot is not None:
            with self._own_labels():
                self._named_choice(node, self._name(node.slot), sink)
            return
        tested = self.term(node.condition)
        decided = self.decisions.condition(node, self.expanded(tested))
        if decided is not None:
            self.body(node.then if decided else node.otherwise, sink)
        elif isinstance(sink, Collected):
            raise NotPure
        else:
            self._kept_choice(node, tested, sink)

    def _named_choice(self, node: d.Choice, name: ast.expr | None, sink: ModuleSink, *, typed: bool = True) -> None:
        """A condition that is a module: one attribute, set in each branch."""
        tested = self.term(node.condition)
        decided = self.decisions.condition(node, self.expanded(tested))
        if decided is not None:
            self._branch(node, node.then if decided else node.otherwise, name, sink, typed=False)
            return
        start = self.flow
        branches: list[tuple[list[ast.stmt], Flow]] = []
        outer = self.statements
        for index, branch in enumerate((node.then, node.otherwise)):
            self.flow, self.statements = start, []
            self._branch(node, branch, name, sink.into(self.statements), typed=typed and index == 0)
            branches.append((self.statements, self.flow))
        self.statements = outer
        outer.append(ast.If(to_python(tested), branches[0][0], branches[1][0]))
        self.flow = _joined(node, tested, branches[0][1], branches[1][1], self.unit)

    def _branch(self, node: d.Choice, body: d.Body, name: ast.expr | None, sink: ModuleSink, *, typed: bool) -> None:
        """The module of one branch; a further condition, ``else if``, sets the same attribute."""
        first = only_step(body)
        if isinstance(first, d.Choice) and first.slot is not None and first.slot.inherited:
            self._named_choice(first, name, sink, typed=typed)
            return
        sink.add(name, self._branch_module(body, node), typed=typed)

    def _branch_module(self, body: d.Body, node: d.Choice) -> ast.expr:
        if not body.nodes:
            return py.call("nn.Identity")
        slot = getattr(only_step(body), "slot", None)
        if isinstance(slot, d.Slot) and slot.inherited:
            collected = Collected()
            self.body(body, collected)
            return collected.modules[0]
        if not is_sequential(body):
            raise Refused("a condition with joins in it needs a block for each branch", node.span)
        return self.sequential(body, self._hint(node.slot))

    def _kept_choice(self, node: d.Choice, tested: Expr, sink: ModuleSink) -> None:
        then, otherwise = (self._branch_tried(branch) for branch in (node.then, node.otherwise))
        joined = joined_flow(tested, then.flow, otherwise.flow)
        if self._trying:
            self.flow = joined if joined.channels is not None else joined.with_channels(self.unclosed())
            self._labels = joined_labels(tested, then.labels, otherwise.labels)
            return
        closed = self.closed_form_of(joined.channels)
        is_one = joined.channels is not None and joined.channels == then.flow.channels
        variable = None if is_one else self.carry(node)
        start, labels, outer = self.flow, self._labels, self.statements
        flows: list[Flow] = []
        named: list[dict[str, Flow]] = []
        written: list[list[ast.stmt]] = []
        for branch in (node.then, node.otherwise):
            self.flow, self._labels, self.statements = start, dict(labels), []
            self._outer.append(outer)
            self.body(branch, sink.into(self.statements))
            self._outer.pop()
            if variable is not None:
                self._settle(variable, node)
            written.append(self.statements)
            flows.append(self.flow)
            named.append(self._labels)
        self.statements, self._labels = outer, joined_labels(tested, *named)
        # A count that one branch keeps does not exist behind the other one.
        channels = joined.channels if variable is None else local(variable)
        self.flow = Flow(channels, flows[0].space | flows[1].space)
        condition = to_python(tested)
        if written[0]:
            outer.append(ast.If(condition, written[0], written[1]))
        elif written[1]:
            outer.append(ast.If(ast.UnaryOp(ast.Not(), condition), written[1], []))
        if variable is not None:
            self.closed[variable] = closed

    def _branch_tried(self, body: d.Body) -> Tried:
        return self.tried(lambda: self.body(body, ModuleSink.discarded()), self.flow)


def _listed(sequential: ast.expr) -> ast.expr:
    """The turns as an ``nn.ModuleList``: a Sequential would not hand the values from outside to each."""
    assert isinstance(sequential, ast.Call)
    first = sequential.args[0]
    if len(sequential.args) == 1 and isinstance(first, ast.Starred):
        return py.call("nn.ModuleList", [first.value])
    return py.call("nn.ModuleList", [py.list_of(sequential.args)])


def _repeats_itself(node: d.Loop) -> bool:
    """Whether a loop has loops in it: written out turn by turn, each of them would be there several times."""
    return any(isinstance(inner, d.Loop) for inner in every(node.body))


def _used_names(names: tuple[str, ...], statements: list[ast.stmt]) -> tuple[str, ...]:
    """Loop variables, with ``_`` for those that the body does not read."""
    read = {
        node.id for statement in statements for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }  # fmt: skip
    return tuple(name if name in read else ("_" if len(names) == 1 else f"_{name}") for name in names)


def _joined(node: d.Choice, tested: Expr, left: Flow, right: Flow, unit: Unit) -> Flow:
    joined = joined_flow(tested, left, right)
    if left.channels == right.channels:
        return joined
    known = common(use.output.channels if use.output is not None else None for use in unit.uses(node))
    return joined if known is None else joined.with_channels(known)
