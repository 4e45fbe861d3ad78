"""Runs layers of the vocabulary and their torch counterparts on concrete shapes.

``evaluate`` does what the checker does for one layer, with integers only. ``build`` interprets the ``to_torch``
description with the real ``torch.nn``; it shares no code with the generator.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial, reduce

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archdsl.codegen.support import DEFINITIONS
from archdsl.ir.kinds import Value
from archdsl.ir.types import Size, TensorType
from archdsl.ops import REGISTRY
from archdsl.ops.base import Call, Example
from archdsl.ops.form import (
    Argument,
    Argumentlike,
    InputSize,
    Literal,
    Negated,
    Operand,
    Operands,
    Several,
    TorchExpression,
    TorchForm,
    TorchFunction,
    TorchModule,
    TorchParameter,
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
    return evaluate_types(name, *(TensorType(shape) for shape in inputs), **arguments)


def evaluate_types(name: str, *inputs: TensorType, **arguments: Value) -> Outcome:
    """The same for values that may have their channels last."""
    op = REGISTRY[name]
    formal = {parameter.name: parameter for parameter in op.parameters}
    assert arguments.keys() <= formal.keys(), f"{name} has no parameter {arguments.keys() - formal.keys()}"
    bound = {key: arguments.get(key, parameter.default) for key, parameter in formal.items()}
    call = Call(op, bound, inputs)
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
    causes = [(problem.code, problem.argument) for problem in call.problems]
    assert len(set(causes)) == len(causes), "a cause is reported once, not for each axis"
    return Outcome(call, output)


def outcome_of(name: str, example: Example, batch: int = 2) -> Outcome:
    """An example as the rule sees it, for some batch."""
    types = [TensorType(with_batch(shape, batch), example.channels_last) for shape in example.inputs]
    return evaluate_types(name, *types, **example.arguments)


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


class Holder(nn.Module):
    """A class with nothing but a trained tensor."""

    def __init__(self, value: Tensor, applied: str) -> None:
        super().__init__()
        self.value = nn.Parameter(value)
        self.applied = applied

    def forward(self, x: Tensor) -> Tensor:
        return apply_layer(self.applied, self.value, x)


def apply_layer(applied: str, layer: object, x: Tensor) -> Tensor:
    """What `forward` does with a module or a trained tensor."""
    result = eval(applied, {"torch": torch, "layer": layer, "x": x})
    assert isinstance(result, Tensor)
    return result


def applied_as(cls: type[nn.Module], applied: str) -> type[nn.Module]:
    """The class with one tensor in and one out, where ``forward`` has to say more than ``layer(x)``."""
    if applied == "layer(x)":
        return cls
    return type(cls.__name__, (cls,), {"forward": lambda self, x: apply_layer(applied, partial(cls.forward, self), x)})


@cache
def carried_names() -> dict[str, object]:
    """What generated files carry with them, because torch has nothing like it."""
    namespace: dict[str, object] = {"math": math, "torch": torch, "nn": nn, "F": F, "Tensor": Tensor}
    for text in DEFINITIONS.values():
        exec(text, namespace)
    return namespace


def carried(name: str) -> type[nn.Module]:
    """A class that generated files carry with them."""
    made = carried_names()[name]
    assert isinstance(made, type) and issubclass(made, nn.Module)
    return made


def build(form: TorchForm, call: Call) -> nn.Module:
    """The module that a description stands for."""
    if isinstance(form, TorchModule):
        cls = getattr(nn, form.name.removeprefix("nn.")) if form.name.startswith("nn.") else carried(form.name)
        module = applied_as(cls, form.applied)(
            *_values(form.positional, call, ()), **_keywords(form.keywords, call, ())
        )
        assert isinstance(module, nn.Module)
        return module
    if isinstance(form, TorchExpression):
        return Applied(lambda x: eval(form.text, {**carried_names(), **call.arguments, "x": x}))
    if isinstance(form, TorchParameter):
        return Holder(_called(form.value, call, ()), form.applied)
    if isinstance(form, TorchFunction):
        return Applied(lambda *tensors: _called(form, call, tensors))
    combine = {"+": operator.add, "*": operator.mul}[form.symbol]
    return Applied(lambda *tensors: reduce(combine, tensors))


def _called(form: TorchFunction, call: Call, tensors: tuple[Tensor, ...]) -> Tensor:
    function = getattr(torch, form.name.removeprefix("torch."))
    result = function(*_values(form.positional, call, tensors), **_keywords(form.keywords, call, tensors))
    assert isinstance(result, Tensor)
    return result


def _values(arguments: Iterable[Argumentlike], call: Call, tensors: tuple[Tensor, ...]) -> list[object]:
    return [_value(argument, call, tensors) for argument in arguments]


def _keywords(pairs: Iterable[tuple[str, Argumentlike]], call: Call, tensors: tuple[Tensor, ...]) -> dict[str, object]:
    return {name: _value(argument, call, tensors) for name, argument in pairs}


def _value(argument: Argumentlike, call: Call, tensors: tuple[Tensor, ...]) -> object:
    match argument:
        case Argument(name):
            return call.arguments[name]
        case Negated(name):
            return -call.integer(name)
        case InputSize(axis, operand):
            return call.inputs[operand].shape[axis]
        case Literal(value):
            return value
        case Operand(index):
            return tensors[index]
        case Operands():
            return list(tensors)
        case Several(items):
            return tuple(_value(item, call, tensors) for item in items)


def with_batch(shape: Shape, batch: int) -> Shape:
    """The same shape for another batch."""
    return (batch, *shape[1:])
