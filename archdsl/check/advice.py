"""Warns of layers whose work the next step undoes, or does once more: what one layer alone does not show.

Looked at once for each application of a block that is typed; the layers of one level only, so that what stands
in different blocks is nobody's mistake.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from archdsl.check.state import State
from archdsl.diagnostics.diagnostic import Diagnostic, Help, Label
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.types import TensorType
from archdsl.ir.walk import label_of, templates, written
from archdsl.source.loader import STD_PREFIX
from archdsl.source.span import Span

_WITH_BIAS = ("conv", "conv_transpose", "linear")

_Item = t.TypedLayer | t.TypedOutput | None
"""A layer, an output, or None where something else joins in or goes off."""


def advise(state: State, block: d.Block, body: t.TypedBody) -> None:
    """The warnings about a block that was typed without a fault."""
    referred = {str(template.parts[0]) for node in written(block.raw) for template in templates(node)}
    for items in _Flat(referred).sequences(body):
        for before, after in pairwise(items):
            if isinstance(before, t.TypedLayer) and isinstance(after, t.TypedLayer):
                _cancelled_bias(state, before, after)
            if isinstance(before, t.TypedLayer) and isinstance(after, t.TypedOutput) and block.is_network:
                _softmax_at_the_end(state, before, after)


def _cancelled_bias(state: State, before: t.TypedLayer, after: t.TypedLayer) -> None:
    """A number added to each channel is part of its mean, which batch norm subtracts (Ioffe and Szegedy, 2015)."""
    if before.op not in _WITH_BIAS or before.arguments.get("bias") is not True or after.op != "batch_norm":
        return
    if before.op == "linear" and after.inputs[0].rank != 2:
        return  # its features are the last axis, the channels of the norm the second
    if _place(before, "bias").path.startswith(STD_PREFIX):
        return  # a standard block has it because published weights have it, and its user cannot change it
    message = f"`batch_norm` cancels the bias of the `{before.op}` before it"
    labels = (Label(_name_span(after), "subtracts the mean of each channel, the bias with it"),)
    state.warn(Diagnostic("W0341", message, _place(before, "bias"), labels=labels, help=Help("write `bias=false`")))


def _softmax_at_the_end(state: State, before: t.TypedLayer, after: t.TypedOutput) -> None:
    """Cross-entropy takes logits; an output that is called ``probabilities`` says that it is none."""
    if before.op != "softmax" or after.node.name.lower().startswith("prob"):
        return
    message = f"`softmax` before the output `{after.node.name}`: cross-entropy applies it once more"
    labels = (Label(after.node.span, "handed out here"),)
    help = Help("hand out the logits; if probabilities are meant, call the output `probabilities`")
    state.warn(Diagnostic("W0335", message, _name_span(before), labels=labels, help=help))


def _name_span(layer: t.TypedLayer) -> Span:
    return layer.node.name_span


def _place(layer: t.TypedLayer, argument: str) -> Span:
    written = (given.span for given in layer.node.arguments if given.name == argument)
    return next(written, layer.node.name_span)


class _Flat:
    """Takes bodies apart into runs of layers that follow each other directly."""

    def __init__(self, referred: set[str]) -> None:
        self._referred = referred
        self._found: list[list[_Item]] = []

    def sequences(self, body: t.TypedBody) -> list[list[_Item]]:
        """One list for the body, one for each path and turn in it."""
        self._found = []
        self._add(body)
        return self._found

    def _add(self, body: t.TypedBody) -> None:
        self._found.append(list(self._items(body)))

    def _items(self, body: t.TypedBody) -> Iterator[_Item]:
        for typed in body.nodes:
            yield from self._item(typed)
            label = label_of(typed.node)
            if label is not None and self._is_referred(label.parts[0]):
                yield None

    def _item(self, typed: t.TypedNode) -> Iterator[_Item]:
        match typed:
            case t.TypedLayer(op="identity") | t.TypedLet() | t.TypedAssert():
                return
            case t.TypedLayer(output=TensorType()):
                yield typed
            case t.TypedGroup(body=body) | t.TypedChoice(body=body) | t.TypedInline(body=body):
                yield from self._items(body)
            case t.TypedOutput(body=None):
                yield typed
            case t.TypedOutput(body=t.TypedBody() as body):
                self._found.append([*self._items(body), typed])
                yield None
            case t.TypedMerge(paths=paths):
                for path in paths:
                    self._add(path)
                yield None
            case t.TypedLoop(turns=turns):
                for turn in turns:
                    self._add(turn.body)
                yield None
            case _:
                yield None

    def _is_referred(self, label: object) -> bool:
        """Whether a label, or the beginning of a computed one, is referred to anywhere in the block."""
        begin = str(label)
        return any(name.startswith(begin) or begin.startswith(name) for name in self._referred)
