"""The history of a size: the steps of a path that change an axis, and how to undo a difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from archdsl.diagnostics.diagnostic import Help
from archdsl.ir import typed as t
from archdsl.ir.dim import DimTooComplex
from archdsl.ir.expr import Expr, Local
from archdsl.ir.types import Size, TensorType
from archdsl.ops import REGISTRY
from archdsl.ops.base import Call
from archdsl.ops.rules import axis_word
from archdsl.source.span import Span


class Change(NamedTuple):
    """A step in which one axis of the value got another size."""

    span: Span
    before: Size
    after: Size
    layer: t.TypedLayer | None
    """The layer that did it; None where several did."""
    block: str | None
    """The block in which it stands, if it is not written in the path itself."""


def differing_axis(expected: TensorType, actual: TensorType) -> int | None:
    """The first axis after the batch on which two shapes of one rank differ; space before channels."""
    if expected.rank != actual.rank:
        return None
    axes = [axis for axis in range(1, expected.rank) if expected.shape[axis] != actual.shape[axis]]
    return next((axis for axis in axes if axis > 1), axes[0] if axes else None)


def causes(paths: Sequence[t.TypedBody], axis: int) -> list[Change]:
    """The changes that made two paths differ.

    A size along space is made by every step on the way: the first change that the other path does not share.
    The number of channels is simply stated by the last step that has one.
    """
    history = History()
    histories = [history.of(path, axis) for path in paths]
    shared = 0
    if axis > 1 and len(histories) == 2:
        shared = _shared([[change.after for change in changes] for changes in histories])
    return [changes[-1] if axis == 1 else changes[shared] for changes in histories if len(changes) > shared]


def _shared(sizes: Sequence[Sequence[Size]]) -> int:
    """How many sizes two paths have in common from their beginning."""
    count = 0
    for left, right in zip(*sizes, strict=False):
        if left != right:
            break
        count += 1
    return count


class History:
    """Looks up what changes an axis; each block instance is looked at once."""

    def __init__(self) -> None:
        self._only: dict[tuple[int, int], t.TypedLayer | None] = {}

    def of(self, body: t.TypedBody, axis: int) -> list[Change]:
        """The steps of a body that change an axis, in order; a reference starts anew."""
        found: list[Change] = []
        for node in body.nodes:
            match node:
                case t.TypedRefer():
                    found = []
                case t.TypedLayer(inputs=(before,), output=TensorType() as after):
                    found += _change(node.node.span, before, after, axis, node)
                case t.TypedGroup(body=inner) | t.TypedChoice(body=inner):
                    found += self.of(inner, axis)
                case t.TypedLoop(turns=turns):
                    for turn in turns:
                        found += self.of(turn.body, axis)
                case t.TypedMerge(paths=paths, output=TensorType() as after):
                    found += _change(node.node.name_span, paths[0].input, after, axis)
                case t.TypedApply(instance=instance, inputs=(before, *_), output=TensorType() as after):
                    layer, name = self._only_layer(instance.body, axis), instance.block.name
                    found += _change(node.node.span, before, after, axis, layer, name)
                case t.TypedInline(body=inner, output=TensorType() as after):
                    layer, name = self._only_layer(inner, axis), node.node.target.name
                    found += _change(node.node.span, inner.input, after, axis, layer, name)
        return found

    def _only_layer(self, body: t.TypedBody, axis: int) -> t.TypedLayer | None:
        """The layer in a block that changes an axis, if it is the only one."""
        key = (id(body), axis)
        if key not in self._only:
            found = self.of(body, axis)
            self._only[key] = found[0].layer if len(found) == 1 else None
        return self._only[key]


def _change(
    span: Span,
    before: TensorType | None,
    after: TensorType,
    axis: int,
    layer: t.TypedLayer | None = None,
    block: str | None = None,
) -> list[Change]:
    if before is None or _laid_out(before) != _laid_out(after) or before.shape[axis] == after.shape[axis]:
        return []
    return [Change(span, before.shape[axis], after.shape[axis], layer, block)]


def _laid_out(value: TensorType) -> tuple[int, bool]:
    """What two values share whose axes mean the same."""
    return value.rank, value.channels_last


def describe_change(change: Change, axis: int) -> str:
    """``height 56 becomes ⌊(56 − 3 + 2 + 2)/2⌋ = 28 here``, or ``... in `residual```."""
    layer = change.layer
    arithmetic: str | None = None
    value = TensorType((1, 1, 1, 1))
    if layer is not None:
        op = REGISTRY[layer.op]
        arithmetic = op.arithmetic(Call(op, layer.arguments, layer.inputs), axis)
        value = layer.inputs[0]
    where = f"in `{change.block}`" if change.block is not None else "here"
    verb = "become" if axis == value.channel_axis else "becomes"
    return f"{axis_word(value, axis)} {change.before} {verb} {arithmetic or change.after} {where}"


# --- how to make the shapes equal ---------------------------------------------------------------------


def projection(paths: Sequence[t.TypedBody]) -> Help | None:
    """For a path beside an unchanged one: the 1 x 1 convolution that gives that one the same shape, if there is one."""
    changed = [path for path in paths if path.output != path.input]
    if len(paths) != 2 or len(changed) != 1:
        return None
    path = changed[0]
    before, after = path.input, path.output
    if before is None or after is None or _laid_out(before) != _laid_out(after) or before.rank < 3:
        return None
    stride = None if before.channels_last else _stride(before, after)
    if stride is None or not isinstance(after.channels, int):
        return None
    channels, steps = _written(path, "channels", after.channels), _written(path, "stride", stride)
    code = f"conv({channels}, 1)" if stride == 1 else f"conv({channels}, 1, stride={steps})"
    return Help("project the unchanged path to the same shape", code)


def padding_that_keeps(causes: Sequence[Change], axis: int, paths: Sequence[t.TypedBody]) -> Help | None:
    """For a window that cuts a border off: the padding with which it would not, if that makes the paths equal."""
    cutting = [change for change in causes if change.layer is not None and change.block is None]
    if axis < 2 or len(causes) != 1 or not cutting or len(paths) != 2:
        return None
    change = cutting[0]
    layer = change.layer
    others = [path.output.shape[axis] for path in paths if path.output is not None]
    if layer is None or change.before not in others or layer.arguments.get("padding") == "same":
        return None
    op = REGISTRY[layer.op]
    windows = op.window(Call(op, layer.arguments, layer.inputs))
    window = windows[axis - 2] if windows is not None else None
    if window is None or "padding" not in layer.arguments or window.stride != 1 or not isinstance(window.extent, int):
        return None
    if window.extent % 2 == 0:
        return None
    word = axis_word(layer.inputs[0], axis)
    return Help(f"with `padding={window.extent // 2}` the `{layer.op}` keeps the {word}")


def _stride(before: TensorType, after: TensorType) -> int | None:
    """The stride with which a 1 x 1 convolution makes these sizes of those; None also where that is too hard to say."""
    try:
        return next((stride for stride in (1, 2, 3, 4, 8) if _strided(before.spatial, stride) == after.spatial), None)
    except DimTooComplex:
        return None


def _strided(sizes: Sequence[Size], stride: int) -> tuple[Size, ...]:
    return tuple((size + (stride - 1)) // stride for size in sizes)


def _written(path: t.TypedBody, argument: str, value: int) -> str:
    """A value as the last layer of the path that has it writes it, if that is a plain name."""
    for node in reversed(path.nodes):
        if not isinstance(node, t.TypedLayer) or node.arguments.get(argument) != value:
            continue
        exprs: list[Expr] = [given.value for given in node.node.arguments if given.name == argument]
        if exprs and isinstance(exprs[0], Local):
            return exprs[0].name
    return str(value)
