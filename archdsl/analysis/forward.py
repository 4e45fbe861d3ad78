"""What the generated ``forward`` runs, in its order, with what Python holds meanwhile.

A call holds its arguments until it returns, a variable its value until it is assigned again, a temporary lives until
the call that takes it is over: torch can free no sooner. The lines are those of the code writer (``ir.lines``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from archdsl.analysis.costs import call_of
from archdsl.analysis.flatten import bind_turn, is_single, label_text
from archdsl.analysis.frames import SPLICED, Event, Frame, Hold, Run, X
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.expr import NameTemplate, locals_in
from archdsl.ir.kinds import Value
from archdsl.ir.lines import MAX_NESTED, UNROLLED_TURNS, is_sequential, is_short
from archdsl.ir.types import TensorType
from archdsl.ir.walk import label_of
from archdsl.ops import defines_channels, is_a_call
from archdsl.ops.base import Call
from archdsl.ops.form import TorchOperator

MOST_EVENTS = 60_000
"""Programs longer than that are not followed."""


class NotFollowed(Exception):
    """The network runs more steps than are followed."""


class _Operand(NamedTuple):
    """The value of a path, in a variable or as a temporary."""

    value: int
    is_temporary: bool


class Program:
    """The events of one run of a network, and the type of every value by its number."""

    def __init__(self, design: t.TypedDesign, *, training: bool) -> None:
        """
        :raises NotFollowed: as its name says.
        """
        self.types: list[TensorType] = []
        self.events: list[Event] = []
        self.inputs: tuple[int, ...]
        self._training = training
        self._times = 1
        self._branches = _branches(design.root)
        self._network(design)

    # --- calls ----------------------------------------------------------------------------------------

    def _network(self, design: t.TypedDesign) -> None:
        frame = self._frame(design.root.body, design.root.arguments, MAX_NESTED)
        self.inputs = tuple(self._value(type_) for _, type_ in design.inputs)
        for (name, _), value in zip(design.inputs, self.inputs, strict=True):
            frame.parameter(f"{name}:", value, name)
        frame.receive(self.inputs[0])
        self._body(design.root.body, frame)
        frame.finish()

    def _call(self, body: t.TypedBody, frame: Frame) -> int:
        """A module made of a body: an ``nn.Sequential``, or a class with a ``forward`` of its own."""
        inner = self._frame(body, frame.scope, 1 if is_sequential(body.body) else MAX_NESTED)
        inner.receive(frame.value)
        for label in inner.needed & frame.labels.keys():  # what it reads from around it, it is given
            inner.parameter(f"{label}:", frame.variables[frame.labels[label]], label)
        self._body(body, inner)
        return inner.finish()[0]

    def _frame(self, body: t.TypedBody, scope: Mapping[str, Value], nested: int) -> Frame:
        return Frame(self.events, dict(scope), frozenset(_referred(body)), nested)

    def _value(self, type_: TensorType) -> int:
        self.types.append(type_)
        return len(self.types) - 1

    # --- steps ----------------------------------------------------------------------------------------

    def _body(self, body: t.TypedBody, frame: Frame) -> None:
        for index, node in enumerate(body.nodes):
            if len(self.events) > MOST_EVENTS:
                raise NotFollowed
            self._node(node, frame, body.nodes[index + 1 :])
            label = label_of(node.node)
            text = label_text(label, frame.scope) if label is not None else None
            if text is not None and text in frame.needed and text not in frame.labels:
                frame.save(text)

    def _node(self, node: t.TypedNode, frame: Frame, following: Sequence[t.TypedNode]) -> None:
        match node:
            case t.TypedLayer():
                self._layer(node, frame)
            case t.TypedMerge():
                self._merge(node, frame)
            case t.TypedApply():
                self._apply(node, frame)
            case t.TypedInline(arguments=arguments, body=body):
                self._inline(body, arguments, frame)
            case t.TypedGroup(body=body):
                self._group(node, body, frame)
            case t.TypedChoice(body=body):
                self._choice(node, body, frame)
            case t.TypedLoop():
                self._loop(node, frame)
            case t.TypedLet(values=values):
                frame.scope.update(zip(node.node.names, values, strict=True))
            case t.TypedRefer(label=label):
                frame.take(f"{label}.{node.node.output}" if isinstance(node.node, d.Port) else label)
            case t.TypedOutput():
                self._output(node, frame, following)

    def _inline(self, body: t.TypedBody, arguments: Mapping[str, Value], frame: Frame) -> None:
        """The steps of a spliced block; ``x`` in it is the value that flows into it."""
        scope, first = frame.scope, frame.labels.get(X)
        frame.scope = dict(arguments)
        if X in _referred(body):
            frame.labels[X] = frame.save(SPLICED)
        self._body(body, frame)
        frame.scope = scope
        if first is not None:
            frame.labels[X] = first

    def _layer(self, node: t.TypedLayer, frame: Frame) -> None:
        if node.op == "identity" and node.node.slot is None:
            return
        starts_line = node.node.slot is not None and defines_channels(node.op)
        if starts_line or frame.depth >= frame.nested:
            frame.begins_line()
        assert node.output is not None
        frame.push(self._run(call_of(node), node.output, (frame.value,)))

    def _run(self, call: Call, output: TensorType, operands: tuple[int, ...]) -> int:
        result = self._value(output)
        self.events.append(Run(call, result, operands, self._times))
        return result

    def _merge(self, node: t.TypedMerge, frame: Frame) -> None:
        frame.begins_line()
        source = frame.name
        long = [path for path in node.paths if not self._is_short(path, frame)]
        computed = {
            index: self._path(path, frame, source, frame.fresh("out" if len(long) == 1 else f"branch{index + 1}"))
            for index, path in enumerate(node.paths)
            if path in long
        }
        call, operands = call_of(node), list[_Operand]()
        is_operator = isinstance(call.op.to_torch(call), TorchOperator)
        for index, path in enumerate(node.paths):
            operands.append(computed.get(index) or self._path(path, frame, source, None))
            if is_operator and len(operands) == 2:
                operands = [self._joined(node, call, operands, frame)]
        if not is_operator:
            operands = [self._joined(node, call, operands, frame)]
        frame.value, frame.depth = operands[0].value, 1
        if not operands[0].is_temporary:
            self.events.append(Hold(frame.value))

    def _joined(self, node: t.TypedMerge, call: Call, operands: Sequence[_Operand], frame: Frame) -> _Operand:
        """Operands go into a call of the join, or into one of its operators; the temporaries among them go."""
        assert node.output is not None
        inputs = tuple(self.types[operand.value] for operand in operands)
        values = tuple(operand.value for operand in operands)
        result = self._run(Call(call.op, call.arguments, inputs), node.output, values)
        frame.drop_all([operand.value for operand in operands if operand.is_temporary])
        return _Operand(result, True)

    def _path(self, path: t.TypedBody, frame: Frame, source: str, variable: str | None) -> _Operand:
        """The value of a path; a long one is computed into a variable."""
        outer, frame.running = frame.running, variable or frame.running
        frame.start(source)
        self._body(path, frame)
        if variable is not None and frame.depth:
            frame.flush()
        frame.running = outer
        found, frame.depth = _Operand(frame.value, frame.depth > 0), 0
        return found

    def _is_short(self, path: t.TypedBody, frame: Frame) -> bool:
        several = {
            id(node.node) for node in path.nodes if isinstance(node, t.TypedApply) and len(node.instance.outputs) > 1
        }

        def is_needed(label: NameTemplate) -> bool:
            return label_text(label, frame.scope) in frame.needed

        def has_outputs(node: d.Apply) -> bool:
            return id(node) in several

        return is_short(
            path.body, is_needed=is_needed, has_outputs=has_outputs, begins_line=defines_channels, is_a_call=is_a_call
        )

    def _apply(self, node: t.TypedApply, frame: Frame) -> None:
        frame.begins_line()
        block = node.instance.block
        body = node.instance.body
        inner = self._frame(body, node.instance.arguments, 1 if is_sequential(block.body) else MAX_NESTED)
        for name, label in zip(block.tensor_parameters, node.tensors, strict=True):
            inner.parameter(name, frame.variables[frame.labels[label]], name)
        inner.receive(frame.value)
        self._body(body, inner)
        first, *others = inner.finish()
        frame.push(first)
        if others:
            self._unpack(node, frame, others)
        frame.ends_line()

    def _unpack(self, node: t.TypedApply, frame: Frame, others: Sequence[int]) -> None:
        """Each output of a block goes under a name of its own; the first flows on."""
        label = label_text(node.node.label, frame.scope) if node.node.label is not None else ""
        first, *names = (name for name, _ in node.instance.outputs)
        for name, value in zip(names, others, strict=True):
            frame.variables[f"{label}.{name}"] = value
            frame.labels[f"{label}.{name}"] = f"{label}.{name}"
        frame.save(f"{label}.{first}")
        frame.labels[label] = f"{label}.{first}"

    def _group(self, node: t.TypedGroup, body: t.TypedBody, frame: Frame) -> None:
        if node.node.slot is None:
            self._body(body, frame)
            return
        frame.begins_line()
        frame.push(self._call(body, frame))
        frame.ends_line()

    def _choice(self, node: t.TypedChoice, body: t.TypedBody, frame: Frame) -> None:
        if node.node.slot is None:
            is_written = self._branches[id(node.node)] > 1
            if is_written:
                frame.flush()
            self._body(body, frame)
            if is_written:
                frame.flush()
        elif is_single(body.body):
            self._body(body, frame)
        else:
            frame.push(self._call(body, frame))

    # --- loops and outputs ----------------------------------------------------------------------------

    def _loop(self, node: t.TypedLoop, frame: Frame) -> None:
        is_written_out = len(node.items) <= UNROLLED_TURNS and not locals_in(node.node.iterable)
        if node.node.slot is None and is_written_out:
            self._turns(node, frame, as_modules=False)
            return
        frame.begins_line()
        if node.node.slot is None:
            self._turns(node, frame, as_modules=False, on_own_lines=True)
            frame.flush()
            return
        inner = Frame(self.events, dict(frame.scope), frozenset(), 1)
        inner.receive(frame.value)
        self._turns(node, inner, as_modules=node.node.own or not is_sequential(node.node.body))
        frame.push(inner.finish()[0])
        frame.ends_line()

    def _turns(self, node: t.TypedLoop, frame: Frame, *, as_modules: bool, on_own_lines: bool = False) -> None:
        for turn in node.turns:
            for index, times in _followed(turn):
                bind_turn(node, index, frame.scope)
                self._times *= times
                if as_modules or on_own_lines:
                    frame.flush()
                if as_modules:
                    frame.push(self._call(turn.body, frame))
                else:
                    self._body(turn.body, frame)
                self._times //= times

    def _output(self, node: t.TypedOutput, frame: Frame, following: Sequence[t.TypedNode]) -> None:
        name = node.node.name
        if node.body is None and node.node.when is None:
            if any(not isinstance(after, t.TypedOutput) for after in following):
                frame.save(name)
            else:
                frame.flush()
            frame.results.append(frame.name)
            return
        if node.node.when is not None and not self._training:
            return
        frame.begins_line()
        source, outer, frame.running = frame.name, frame.running, f"{name}!"
        if node.body is not None:
            self._body(node.body, frame)
        frame.flush()
        frame.results.append(frame.running)
        frame.running = outer
        frame.start(source)


def _followed(turn: t.Turn) -> Iterator[tuple[int, int]]:
    """The turns to follow by their index, and how many equal ones each stands for: of many, three are followed."""
    last = turn.first + turn.count - 1
    if turn.count <= UNROLLED_TURNS:
        yield from ((index, 1) for index in range(turn.first, last + 1))
        return
    yield turn.first, 1
    yield turn.first + 1, turn.count - 2
    yield last, 1


def _branches(root: t.BlockInstance) -> dict[int, int]:
    """How many branches of each condition are taken somewhere: one that always goes one way is not written."""
    taken: dict[int, set[bool]] = {}
    seen: set[int] = set()

    def visit(body: t.TypedBody) -> None:
        if id(body) in seen:
            return
        seen.add(id(body))
        for node in body.nodes:
            if isinstance(node, t.TypedChoice):
                taken.setdefault(id(node.node), set()).add(node.taken)
            for inner in t.bodies_of(node):
                visit(inner)

    visit(root.body)
    return {node: len(ways) for node, ways in taken.items()}


def _referred(body: t.TypedBody) -> Iterator[str]:
    """The labels that a body refers to, in what is written into the same ``forward``."""
    for node in body.nodes:
        match node:
            case t.TypedRefer(label=label):
                yield label
            case t.TypedApply(tensors=tensors):
                yield from tensors
            case t.TypedMerge(paths=paths):
                for path in paths:
                    yield from _referred(path)
            case t.TypedInline(body=inner) | t.TypedOutput(body=t.TypedBody() as inner):
                yield from _referred(inner)
            case t.TypedGroup(body=inner) | t.TypedChoice(body=inner) if node.node.slot is None:
                yield from _referred(inner)
            case t.TypedLoop(turns=turns) if node.node.slot is None:
                for turn in turns:
                    yield from _referred(turn.body)
