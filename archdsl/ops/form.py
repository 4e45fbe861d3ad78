"""What a layer is in PyTorch, as data: a module, a function, an operator, a trained tensor, and their arguments."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.ir.kinds import Value


@dataclass(frozen=True, slots=True)
class Argument:
    """A value taken from the layer's own argument, printed as the spec wrote it; left out there, its default."""

    name: str


@dataclass(frozen=True, slots=True)
class InputSize:
    """A value inferred from the input: the size of one of its axes (1 = channels, -1 = last)."""

    axis: int
    operand: int = 0


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that the rule itself fixes."""

    value: Value


@dataclass(frozen=True, slots=True)
class Operand:
    """One of the tensors that flow in."""

    index: int = 0


@dataclass(frozen=True, slots=True)
class Operands:
    """All tensors that flow in, as a list (``torch.cat``)."""


@dataclass(frozen=True, slots=True)
class Negated:
    """The layer's own integer argument with the other sign: torch's padding of ``-margin`` cuts off."""

    name: str


@dataclass(frozen=True, slots=True)
class Several:
    """A tuple: ``(channels, 1, 1)``."""

    items: tuple[Argument | InputSize | Literal, ...]


Argumentlike = Argument | Negated | InputSize | Literal | Operand | Operands | Several


@dataclass(frozen=True, slots=True)
class TorchModule:
    """``nn.Conv2d(in, out, kernel_size=...)``: a class of ``torch.nn`` and its constructor arguments.

    Keyword arguments whose value equals torch's own default are left out by the rule itself. A name without ``nn.``
    is the class of ``Op.definition``, which the generated file holds.
    """

    name: str
    positional: tuple[Argumentlike, ...] = ()
    keywords: tuple[tuple[str, Argumentlike], ...] = ()
    applied: str = "layer(x)"
    """How ``forward`` applies it, as a Python expression of the module ``layer`` and what flows in, ``x``."""


@dataclass(frozen=True, slots=True)
class TorchFunction:
    """``torch.flatten(x, 1)``: a function applied in ``forward``; ``module`` is its twin for ``nn.Sequential``."""

    name: str
    positional: tuple[Argumentlike, ...] = (Operand(),)
    keywords: tuple[tuple[str, Argumentlike], ...] = ()
    module: TorchModule | None = None


@dataclass(frozen=True, slots=True)
class TorchOperator:
    """``a + b`` between all operands."""

    symbol: str


@dataclass(frozen=True, slots=True)
class TorchExpression:
    """``x[:, 0]``: what a function of ``forward`` computes, as a Python expression of ``x`` and the layer's arguments.

    For what is several calls, or none, in torch.
    """

    text: str


@dataclass(frozen=True, slots=True)
class TorchParameter:
    """A trained tensor that is an attribute of the class itself: its label alone is its name in ``state_dict``.

    ``value`` makes the tensor. ``applied`` is how ``forward`` uses it, a Python expression of the tensor, ``layer``,
    and of what flows in, ``x``.
    """

    value: TorchFunction
    applied: str


TorchForm = TorchModule | TorchFunction | TorchOperator | TorchExpression | TorchParameter
