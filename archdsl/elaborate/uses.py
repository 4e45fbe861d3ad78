"""Reports what a block computes or takes and never uses: values, inputs, tensors, parameters, variables.

A value is used if a step goes on from it, an output or the end of the block hands it out, or its label is
referred to. Whatever happens on one branch of a condition counts, so that nothing is reported which some
arguments need. A block is looked at once, whatever it is applied to later.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from archdsl.diagnostics.diagnostic import Diagnostic, Help, Label
from archdsl.diagnostics.sink import Sink
from archdsl.elaborate.extent import Extents
from archdsl.ir.design import (
    Apply,
    Assert,
    Block,
    Body,
    Choice,
    Group,
    Inline,
    Input,
    Layer,
    Let,
    Loop,
    Merge,
    Node,
    Output,
    Port,
    Refer,
)
from archdsl.ir.expr import Const, Expr, Items, NameTemplate, RangeOf, locals_in
from archdsl.ir.walk import expressions, label_of, template_variables, templates, written
from archdsl.source.span import Span


def report_unused(block: Block, extents: Extents, sink: Sink) -> None:
    """Everything unused in a block that was lowered without a fault."""
    flow = _Flow(extents)
    entry = flow.block(block)
    if not (entry.used or flow.is_referred(entry)):
        extents.note_ignored_input(block)
    for value in flow.values:
        if value is not entry and not value.used and not flow.is_referred(value):
            sink.report(_unused_value(value, block.outputs()))
    _report_inputs(block, flow, entry, sink)
    for applied, value in flow.applied:
        _report_unused_outputs(applied, flow, value, extents, sink)
    _report_variables(block, sink)


@dataclass(slots=True, eq=False)
class _Value:
    """What one step makes. ``dropped_at`` is the step that goes on from another value instead."""

    span: Span
    labels: list[NameTemplate] = field(default_factory=list)
    used: bool = False
    is_reference: bool = False
    dropped_at: Span | None = None


_Values = tuple[_Value, ...]
"""The values that may be the running value at a place."""


@dataclass(slots=True)
class _Flow:
    """Follows the running value through a body."""

    extents: Extents
    values: list[_Value] = field(default_factory=list)
    plain: set[str] = field(default_factory=set)
    """Plain labels that are referred to."""
    computed: set[str] = field(default_factory=set)
    """How the computed labels begin that are referred to."""
    applied: list[tuple[Apply, _Value]] = field(default_factory=list)
    """Applications of blocks with outputs of their own."""
    outputs: set[tuple[str, str | None]] = field(default_factory=set)
    """What is referred to: a label and an output behind its dot; None is the first output."""
    unread: frozenset[str] = frozenset()
    """Outputs of the block itself that its application does not use."""

    def block(self, block: Block) -> _Value:
        """Follows a whole block; the value that it is applied to."""
        entry = self.value(block.name_span, "x")
        end = self.body(block.raw, (entry,))
        if not block.outputs():
            self.use(end)
        return entry

    def value(self, span: Span, label: str | None = None) -> _Value:
        made = _Value(span)
        if label is not None:
            made.labels.append(NameTemplate((label,), span))
        self.values.append(made)
        return made

    def use(self, values: _Values) -> None:
        for value in values:
            value.used = True

    def is_referred(self, value: _Value) -> bool:
        return not value.is_reference and any(self._is_label_referred(label) for label in value.labels)

    def _is_label_referred(self, label: NameTemplate) -> bool:
        name, begin = label.plain, str(label.parts[0])
        if name is not None:
            return name in self.plain or any(name[:end] in self.computed for end in range(1, len(name)))
        return any(other.startswith(begin) for other in self.plain) or any(
            other.startswith(begin) or begin.startswith(other) for other in self.computed
        )

    # --- bodies ---------------------------------------------------------------------------------------

    def body(self, body: Body, before: _Values) -> _Values:
        """The values that may leave a body which is entered with ``before``."""
        for node in body.nodes:
            if isinstance(node, Output) and node.name in self.unread:
                if node.body is not None:
                    self.body(node.body, before)
                continue
            self._note_references(node)
            after = self._node(node, before)
            if isinstance(node, Refer | Port):
                self._drop(before, node.span)
            before = after
        return before

    def _drop(self, values: _Values, at: Span) -> None:
        for value in values:
            value.dropped_at = value.dropped_at or at

    def _note_references(self, node: Node) -> None:
        output = node.output if isinstance(node, Port) else None
        for template in templates(node):
            (self.plain if template.plain is not None else self.computed).add(str(template.parts[0]))
            self.outputs.add((str(template.parts[0]), output))

    def _node(self, node: Node, before: _Values) -> _Values:
        match node:
            case Layer():
                self.use(before)
            case Let() | Input() | Assert():
                return before
            case Output(body=None):
                self.use(before)
                return before
            case Output(body=Body() as body):
                self.use(self.body(body, before))
                return before
            case Group(body=body, label=None):
                return self.body(body, before)
            case Choice(then=then, otherwise=otherwise, label=None):
                return _either(self.body(then, before), self.body(otherwise, before))
            case Loop(label=None):
                return self._loop(node, before)
            case Group() | Choice() | Loop():
                self._module(node, before)
            case Merge(paths=paths):
                for path in paths:
                    self.use(self.body(path, before))
            case Apply(target=Block() as target) | Inline(target=target):
                if self.extents.uses_input(target):
                    self.use(before)
                else:
                    self._drop(before, node.span)
            case Refer() | Port():
                pass
            case _:
                self.use(before)
        return (self._made(node),)

    def _made(self, node: Node) -> _Value:
        made = self.value(node.span)
        if isinstance(node, Apply) and isinstance(node.target, Block) and node.target.outputs():
            self.applied.append((node, made))
        made.is_reference = isinstance(node, Refer | Port)
        label = label_of(node)
        if label is not None:
            made.labels.append(label)
            made.is_reference = False
        return made

    def _module(self, node: Group | Choice | Loop, before: _Values) -> None:
        """Under a label, braces are a module of their own, with labels of their own."""
        inner = _Flow(self.extents)
        bodies = (node.then, node.otherwise) if isinstance(node, Choice) else (node.body,)
        for body in bodies:
            inner.use(inner.body(body, before))
        self.values += [value for value in inner.values if not inner.is_referred(value)]
        for applied, value in inner.applied:
            self.applied.append((applied, value))
        self.outputs |= inner.outputs

    def _loop(self, node: Loop, before: _Values) -> _Values:
        """What leaves the last turn, or went in where there is none; each turn begins with what left the one before."""
        probe = _Value(node.span)
        after = self.body(node.body, (*before, probe))
        left = tuple(value for value in after if value is not probe)
        goes_on = probe.used or len(left) < len(after)
        if not goes_on and _has_two_turns(node):
            first = node.body.nodes[0]
            for value in left:
                self.values.append(_Value(value.span, value.labels, dropped_at=first.span))
        return _either(before, left)


def _either(left: _Values, right: _Values) -> _Values:
    """The values of two branches; of those in use already nobody needs to know more."""
    return tuple(value for value in dict.fromkeys((*left, *right)) if not value.used)


def _has_two_turns(node: Loop) -> bool:
    """Whether a loop plainly has more than one turn, whatever the arguments."""
    match node.iterable:
        case Const(int(count)):
            return node.is_repeat and count >= 2
        case Items(items):
            return len(items) >= 2
        case RangeOf(Const(int(start)), Const(int(stop)), None, inclusive):
            return stop - start + inclusive >= 2
    return False


# --- findings -----------------------------------------------------------------------------------------


def _unused_value(value: _Value, outputs: tuple[Output, ...]) -> Diagnostic:
    """A value that is not used, because the flow goes on from another one or its block hands out nothing more."""
    labels: tuple[Label, ...]
    if value.dropped_at is not None:
        labels = (Label(value.dropped_at, "here the flow goes on from another value"),)
        help = Help("label it and refer to it, or delete it")
    else:
        labels = tuple(Label(last.span, "after this output nothing is handed out") for last in outputs[-1:])
        help = Help("move the step before the output, or delete it")
    return Diagnostic("E0502", "the value of this step is never used", value.span, labels=labels, help=help)


def _report_unused_outputs(node: Apply, flow: _Flow, value: _Value, extents: Extents, sink: Sink) -> None:
    """Outputs of an applied block that nobody takes, where steps of the block work for them alone."""
    assert isinstance(node.target, Block)
    outputs = node.target.outputs()
    name = node.label.plain if node.label is not None else ""
    if name is None or flow.computed:
        return  # which turn takes which output is not known here
    taken = {output for label, output in flow.outputs if label == name}
    if value.used or None in taken:
        taken.add(outputs[0].name)
    unread = [output for output in outputs if output.name not in taken and output.when is None]
    if not unread:
        return
    inner = _Flow(extents, unread=frozenset(output.name for output in unread))
    inner.block(node.target)
    wasted = [one for one in inner.values[1:] if not one.used and not inner.is_referred(one)]
    if not wasted or len(unread) == len(outputs):
        return  # nothing is wasted, or the whole application is, which is reported as a value
    names = " and ".join(f"`{output.name}`" for output in unread)
    plural = "s" if len(unread) > 1 else ""
    message = f"the output{plural} {names} of `{node.target.name}` {'are' if plural else 'is'} never used"
    labels = (Label(wasted[-1].span, "this step works for nothing else"),)
    how = f"refer to it: `{name or 'both'}.{unread[0].name}`"
    how += "" if name else f", behind the label of `both: {node.target.name}(...)`"
    help = Help(f"{how}, or take the output and its steps out of the block")
    sink.report(Diagnostic("E0502", message, node.name_span, labels=labels, help=help))


def _report_inputs(block: Block, flow: _Flow, entry: _Value, sink: Sink) -> None:
    """Inputs of a network and tensor parameters that nothing goes on from; the first input is the running value."""
    inputs = [node for node in block.raw.nodes if isinstance(node, Input)]
    for index, node in enumerate(inputs):
        value = _Value(node.span, [NameTemplate((node.name,), node.span)])
        used = flow.is_referred(value) or (index == 0 and (entry.used or flow.is_referred(entry)))
        if not used:
            message = f"the input `{node.name}` is never used"
            help = Help(f"refer to it by its name, as in `add {{ identity; {node.name} }}`") if index else None
            sink.report(Diagnostic("E0502", message, node.span, help=help))
    for parameter in block.parameters:
        if parameter.name in block.tensor_parameters and parameter.name not in flow.plain:
            help = Help(f"refer to it by its name, as in `add {{ identity; {parameter.name} }}`")
            message = f"the tensor `{parameter.name}` is never used"
            sink.report(Diagnostic("E0502", message, parameter.span, help=help))


def _report_variables(block: Block, sink: Sink) -> None:
    """Parameters and ``let`` variables that nothing reads."""
    read = _variables_read(block)
    for parameter in block.parameters:
        if parameter.name not in read and parameter.name not in block.tensor_parameters:
            message = f"the parameter `{parameter.name}` of `{block.name}` is never used"
            sink.report(Diagnostic("W0504", message, parameter.span))
    for node in written(block.raw):
        if isinstance(node, Let) and not read.intersection(node.names):
            names = " and ".join(f"`{name}`" for name in node.names)
            sink.report(Diagnostic("W0504", f"the variable {names} is never used", node.span))


def _variables_read(block: Block) -> set[str]:
    roots: list[Expr] = [expectation.value for expectation in block.expectations]
    read: set[str] = set()
    for parameter in block.parameters:
        roots += [parameter.default] if parameter.default is not None else []
        roots += [parameter.constraint[1]] if parameter.constraint is not None else []
    for node in written(block.raw):
        roots += expressions(node)
        if isinstance(node, Input):
            roots += [value for _, value in node.nominal]
            roots += [declared.value for declared in node.declared]
        own = label_of(node)
        for template in (*templates(node), *([own] if own is not None else [])):
            read |= template_variables(template)
    for root in roots:
        read |= locals_in(root)
    return read
