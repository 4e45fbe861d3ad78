"""Runs layers of the vocabulary and their torch counterparts on concrete shapes.

``evaluate`` does what the checker does for one layer, with integers only. ``build`` interprets the ``to_torch``
description with the real ``torch.nn``; it shares no code with the generator.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor, nn

from archdsl.codegen.support import DEFINITIONS
from archdsl.ir.kinds import Value
from archdsl.ir.types import Size, TensorType
from archdsl.ops import REGISTRY
from archdsl.ops.base import (
    Argument,
    Argumentlike,
    Call,
    InputSize,
    Literal,
    Operand,
    Operands,
    TorchForm,
    TorchFunction,
    TorchModule,
)

torch.set_num_threads(1)  # tensors of a few numbers: threads only cost time

Shape = tuple[int, ...]

REFUSED = (RuntimeError, ValueError, IndexError, TypeError)
"""What torch raises when it cannot work with a shape or an argument."""


@dataclass(frozen=True)
class Outcome:
    """What became of one layer: its output, or the reason why there is none."""

    call: Call
    output: TensorType | None
    refusal: str = ""
    """``parameter: sentence`` of the constraint or kind that an argument broke; then no rule was asked."""

    @property
    def shape(self) -> Shape | None:
        """The output's shape, None where the layer was refused."""
        return self.output and self.output.shape  # type: ignore[return-value]

    @property
    def codes(self) -> list[str]:
        return [problem.code for problem in self.call.problems]


def evaluate(name: str, *inputs: tuple[Size, ...], **arguments: Value) -> Outcome:
    """Binds arguments, checks kinds and constraints, and asks the layer's rule."""
    op = REGISTRY[name]
    formal = {parameter.name: parameter for parameter in op.parameters}
    assert arguments.keys() <= formal.keys(), f"{name} has no parameter {arguments.keys() - formal.keys()}"
    bound = {key: arguments.get(key, parameter.default) for key, parameter in formal.items()}
    call = Call(op, bound, tuple(TensorType(shape) for shape in inputs))
    for key, value in arguments.items():
        parameter = formal[key]
        if not parameter.kind.accepts(value):
            return Outcome(call, None, f"{key}: {parameter.kind}")
        if parameter.constraint is not None and not parameter.constraint.holds(value):
            return Outcome(call, None, f"{key}: {parameter.constraint.sentence}")
    missing = [key for key, parameter in formal.items() if parameter.required and key not in arguments]
    assert not missing, f"{name} needs {missing}"
    output = op.apply(call)
    assert (output is None) == bool(call.problems), "a rule reports problems exactly where it gives no output"
    return Outcome(call, output)


def torch_shape(function: Callable[..., Tensor], *arguments: object, **keywords: object) -> Shape | None:
    """The shape that real torch computes, None where it refuses."""
    try:
        with torch.no_grad():
            return tuple(function(*arguments, **keywords).shape)
    except REFUSED:
        return None


def module_shape(cls: Callable[..., nn.Module], shape: Shape, *arguments: object, **keywords: object) -> Shape | None:
    """The shape that a new module makes of a tensor, None where its making or its running is refused."""
    return torch_shape(lambda: cls(*arguments, **keywords)(torch.zeros(*shape)))


@dataclass(frozen=True)
class Case:
    """One configuration of an enumeration: what archdsl and what torch make of it."""

    config: object
    ours: Shape | None
    theirs: Shape | None
    stricter: str = ""
    """Why archdsl refuses where torch may not; then only the refusal is asserted."""

    @property
    def wrong(self) -> bool:
        empty = self.theirs is not None and 0 in self.theirs  # no value of archdsl is ever empty
        return self.ours is not None if self.stricter or empty else self.ours != self.theirs


def assert_agreement(cases: Iterable[Case], at_least: int) -> None:
    """No disagreement among so many configurations, of which torch accepts some and refuses some."""
    every = list(cases)
    wrong = [case for case in every if case.wrong]
    assert not wrong, f"{len(wrong)} of {len(every)} differ, the first: {wrong[:3]}"
    assert len(every) >= at_least
    accepted = sum(case.theirs is not None for case in every)
    assert len(every) / 50 < accepted < len(every) * 49 / 50, f"one-sided: {accepted} of {len(every)} accepted"


def described_shape(outcome: Outcome) -> Shape | None:
    """The shape that the module described by ``to_torch`` computes; None where the layer was refused."""
    form = outcome.output and outcome.call.op.to_torch(outcome.call)
    if form is None:
        return None
    module = build(form, outcome.call)
    return torch_shape(module, *(torch.zeros(*path.shape) for path in outcome.call.inputs))  # type: ignore[arg-type]


class Applied(nn.Module):
    """A function of tensors as a module without weights."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *tensors: Tensor) -> Tensor:
        return self.function(*tensors)


def carried(name: str) -> type[nn.Module]:
    """A class that generated files carry with them, because torch has none."""
    namespace: dict[str, object] = {"torch": torch, "nn": nn, "Tensor": Tensor}
    for text in DEFINITIONS.values():
        exec(text, namespace)
    made = namespace[name]
    assert isinstance(made, type) and issubclass(made, nn.Module)
    return made


def build(form: TorchForm, call: Call) -> nn.Module:
    """The module that a description stands for."""
    if isinstance(form, TorchModule):
        cls = getattr(nn, form.name.removeprefix("nn.")) if form.name.startswith("nn.") else carried(form.name)
        positional, keywords = _values(form.positional, call, ()), _keywords(form.keywords, call, ())
        module = cls(*positional, **keywords)
        assert isinstance(module, nn.Module)
        return module
    if isinstance(form, TorchFunction):
        function = getattr(torch, form.name.removeprefix("torch."))
        return Applied(lambda *x: function(*_values(form.positional, call, x), **_keywords(form.keywords, call, x)))
    combine = {"+": operator.add, "*": operator.mul}[form.symbol]
    return Applied(lambda *tensors: reduce(combine, tensors))


def _values(arguments: Iterable[Argumentlike], call: Call, tensors: tuple[Tensor, ...]) -> list[object]:
    return [_value(argument, call, tensors) for argument in arguments]


def _keywords(pairs: Iterable[tuple[str, Argumentlike]], call: Call, tensors: tuple[Tensor, ...]) -> dict[str, object]:
    return {name: _value(argument, call, tensors) for name, argument in pairs}


def _value(argument: Argumentlike, call: Call, tensors: tuple[Tensor, ...]) -> object:
    match argument:
        case Argument(name):
            return call.arguments[name]
        case InputSize(axis, operand):
            return call.inputs[operand].shape[axis]
        case Literal(value):
            return value
        case Operand(index):
            return tensors[index]
        case Operands():
            return list(tensors)


def with_batch(shape: Shape, batch: int) -> Shape:
    """The same shape for another batch."""
    return (batch, *shape[1:])
