"""Merges: several paths become one value. Shapes must agree; nothing is ever broadcast unasked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from archdsl.ir.kinds import INT, Parameter, at_least
from archdsl.ir.types import Size, TensorType
from archdsl.ops.base import Call, Example, Op
from archdsl.ops.form import Argument, Operands, TorchForm, TorchFunction, TorchOperator
from archdsl.ops.memory import INPUTS, NOTHING, Kept, Scratch, Storage
from archdsl.ops.rules import axis_word, independent, term, volume


def there_is_a_path(call: Call) -> bool:
    """A merge has something to merge."""
    if call.inputs:
        return True
    call.fail("E0308", f"`{call.op.name}` needs at least one path", help="write one path per line between the braces")
    return False


def simpler(left: Size, right: Size) -> Size:
    """Of two forms of one size the fixed one, otherwise the first."""
    return right if isinstance(right, int) else left


def agreed_size(call: Call, axis: int, left: Size, right: Size, value: TensorType) -> Size | None:
    """The size of an axis on which two paths must agree; None where they never do."""
    reason = f"the paths of `{call.op.name}` have the same {axis_word(value, axis)}"
    return simpler(left, right) if call.equal(left, right, reason) else None


def agreed_shape(call: Call, left: TensorType, right: TensorType, free: int | None = None) -> list[Size] | None:
    """The common shape of two paths, the first one's size on the ``free`` axis; None where they differ."""
    if left.rank != right.rank or left.channels_last != right.channels_last:
        return None
    agreed: list[Size] = []
    for axis, (a, b) in enumerate(zip(left.shape, right.shape, strict=True)):
        size = a if axis == free else agreed_size(call, axis, a, b, left)
        if size is None:
            return None
        agreed.append(size)
    return agreed


def shapes_of(paths: Iterable[TensorType]) -> str:
    """``N x 64 x 28 x 28 and N x 64 x 56 x 56``, each shape once."""
    return " and ".join(dict.fromkeys(str(path) for path in paths))


def repair(expected: TensorType, actual: TensorType, otherwise: str) -> str:
    """What to do about two paths that do not fit: by their ranks, as a gate, or ``otherwise``."""
    if expected.rank != actual.rank:
        return "bring both paths to the same rank: `flatten` both or neither"
    if expected.channels_last != actual.channels_last:
        return "one path has its channels last: `permute` it back"
    for left, right in zip(expected.shape, actual.shape, strict=True):
        apart = independent(left, right)
        if apart is not None:
            return apart
    spatial = tuple(size == 1 for size in expected.spatial), tuple(size == 1 for size in actual.spatial)
    if spatial[0] != spatial[1] and any(all(ones) for ones in spatial):
        return "a channel gate of size 1 x 1 is applied by `scale`"
    return otherwise


class _Elementwise(Op):
    """Merges that combine values place by place: all shapes are equal."""

    inputs = None
    channels_last = True
    symbol: ClassVar[str]
    examples = (
        Example(((2, 3, 4, 5), (2, 3, 4, 5))),
        Example(((2, 7), (2, 7), (2, 7))),
        Example(((2, 3, 6),)),
    )

    def infer(self, call: Call) -> TensorType | None:
        """The common shape."""
        if not there_is_a_path(call):
            return None
        common = call.inputs[0]
        for index, path in enumerate(call.inputs[1:], start=1):
            agreed = agreed_shape(call, common, path)
            if agreed is None:
                self._shapes_differ(call, index)
                return None
            common = replace(common, shape=tuple(agreed))
        return common

    def stored(self, call: Call, *, training: bool) -> Storage:
        """One path alone is handed on."""
        return Storage.INPUT if len(call.inputs) == 1 else Storage.OWN

    def scratch(self, call: Call, output: TensorType) -> Scratch:
        """Three and more paths are combined two by two."""
        return Scratch(values=volume(output) if len(call.inputs) > 2 else 0)

    def _shapes_differ(self, call: Call, index: int) -> None:
        expected, actual = call.inputs[0], call.inputs[index]
        call.fail(
            "E0302",
            f"`{call.op.name}` needs equal shapes on all its paths",
            here=f"paths are {shapes_of(call.inputs)}",
            help=repair(
                expected, actual, "project one path to the shape of the other: a `conv` with kernel 1, same strides"
            ),
            operand=index,
            expected=expected,
            actual=actual,
        )

    def to_torch(self, call: Call) -> TorchForm:
        """``a + b``."""
        return TorchOperator(self.symbol)


class Add(_Elementwise):
    """The sum of its paths, place by place: the join of a residual block (He et al., 2016).

    Stricter than torch: shapes must be equal, nothing is broadcast.
    """

    name = "add"
    keeps = NOTHING
    symbol = "+"


class Mul(_Elementwise):
    """The product of its paths, place by place. Shapes must be equal; a gate per channel is ``scale``."""

    name = "mul"
    symbol = "*"

    def kept(self, call: Call, output: TensorType) -> Kept:
        """Both factors of every product; one path alone is no product."""
        products = len(call.inputs) - 1
        return Kept(inputs=True, values=(products - 1) * volume(output)) if products else NOTHING


class Concat(Op):
    """The values of its paths one behind the other along an axis: the channels, unless told otherwise."""

    name = "concat"
    keeps = NOTHING
    inputs = None
    parameters = (
        Parameter("axis", INT, 1, at_least(1), "the axis that grows, counted from the batch (0); never the batch"),
    )
    examples = (
        Example(((2, 3, 4, 5), (2, 6, 4, 5))),
        Example(((2, 3, 4), (2, 3, 1), (2, 3, 2)), {"axis": 2}),
        Example(((2, 7), (2, 1))),
        Example(((2, 3, 4, 5),)),
    )

    def infer(self, call: Call) -> TensorType | None:
        """The common shape, with the sum of the sizes on the axis."""
        axis = call.integer("axis")
        if not there_is_a_path(call) or not self._axis_exists(call, axis):
            return None
        shape = list(call.inputs[0].shape)
        for index, path in enumerate(call.inputs[1:], start=1):
            agreed = agreed_shape(call, TensorType(tuple(shape)), path, free=axis)
            if agreed is None:
                self._shapes_differ(call, index, axis)
                return None
            shape = agreed
            shape[axis] = shape[axis] + path.shape[axis]
        return TensorType(tuple(shape))

    def _axis_exists(self, call: Call, axis: int) -> bool:
        rank = call.inputs[0].rank
        if axis < rank:
            return True
        here = f"the first path is {call.inputs[0]}, its last axis is {rank - 1}"
        call.fail("E0304", f"`concat` has no axis {axis} to join on", argument="axis", here=here, actual=call.inputs[0])
        return False

    def _shapes_differ(self, call: Call, index: int, axis: int) -> None:
        expected, actual = call.inputs[0], call.inputs[index]
        word = axis_word(expected, axis)
        call.fail(
            "E0302",
            f"`concat` needs paths that differ in their {word} only",
            here=f"paths are {shapes_of(call.inputs)}",
            help=repair(expected, actual, "give the paths the same strides and paddings, or pool the larger one"),
            operand=index,
            expected=expected,
            actual=actual,
        )

    def arithmetic(self, call: Call, axis: int) -> str | None:
        """``64 + 32 = 96``."""
        if axis != call.integer("axis") or len(call.inputs) < 2:
            return None
        total, *rest = (path.shape[axis] for path in call.inputs)
        for size in rest:
            total = total + size
        return f"{' + '.join(term(path.shape[axis]) for path in call.inputs)} = {total}"

    def to_torch(self, call: Call) -> TorchForm:
        """``torch.cat([a, b], dim=1)``."""
        return TorchFunction("torch.cat", (Operands(),), (("dim", Argument("axis")),))


class Scale(Op):
    """A value times a gate with one number per channel: the second path is ``[N, C, 1, 1]`` (Hu et al., 2018).

    The one broadcast of the language, so it has a name. Sequences take ``[N, C, 1]``, volumes ``[N, C, 1, 1, 1]``.
    """

    name = "scale"
    keeps = INPUTS
    inputs = None
    examples = (
        Example(((2, 3, 4, 5), (2, 3, 1, 1))),
        Example(((2, 3, 7), (2, 3, 1))),
        Example(((2, 3, 4, 5, 6), (2, 3, 1, 1, 1))),
        Example(((2, 3, 1, 1), (2, 3, 1, 1))),
    )

    def infer(self, call: Call) -> TensorType | None:
        """The shape of the first path."""
        if len(call.inputs) != 2:
            here = f"there are {len(call.inputs)}"
            call.fail("E0308", "`scale` needs two paths: a value, then its gate", here=here)
            return None
        value, gate = call.inputs
        if value.rank < 3:
            call.fail(
                "E0304",
                f"`scale` cannot work on a value of rank {value.rank}",
                here=f"the value is {value}: it has no space over which a gate could be spread",
                help="`mul` multiplies equal shapes",
                operand=0,
                actual=value,
            )
            return None
        expected = TensorType((*value.shape[:2], *(1 for _ in value.spatial)))
        agreed = agreed_shape(call, expected, gate)
        if agreed is not None:
            return TensorType((*agreed[:2], *value.spatial))
        call.fail(
            "E0302",
            "`scale` needs a gate with one number per channel",
            here=f"the value is {value}, so the gate should be {expected}, but it is {gate}",
            help="end the gate's path with as many channels as the value has, after `global_avg_pool`",
            operand=1,
            expected=expected,
            actual=gate,
        )
        return None

    def to_torch(self, call: Call) -> TorchForm:
        """``value * gate``."""
        return TorchOperator("*")
