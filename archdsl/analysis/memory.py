"""How much memory a network takes: its values in inference, what training keeps, weights, gradients, optimizer state.

Counted as torch allocates on the CPU, in bytes, by batch and type of number; what the kernels of a device use inside
(workspaces, rounding up of allocations) is not counted. What "kept" and "peak" mean exactly stands in docs/numbers.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archdsl.analysis.forward import NotFollowed, Program
from archdsl.analysis.frames import Drop, Hold, Run
from archdsl.ir import typed as t
from archdsl.ir.dim import Dim
from archdsl.ir.types import TensorType
from archdsl.ops.base import Call
from archdsl.ops.memory import Storage
from archdsl.ops.rules import OpenSize, volume

DTYPES: Mapping[str, int] = {"fp64": 8, "fp32": 4, "tf32": 4, "bf16": 2, "fp16": 2}
"""The bytes of one number, by the name of its type."""

INDEX = 8
"""The bytes of the index of a maximum, whatever the type of the numbers."""

SUM = 4
"""The bytes that the sum of a softmax takes at least."""

OPTIMIZERS: Mapping[str, int] = {"sgd": 0, "momentum": 1, "adam": 2}
"""The numbers that an optimizer keeps for each weight."""


@dataclass(frozen=True, slots=True)
class Values:
    """The bytes of a network's values, for one batch and one type of number.

    ``inputs`` is what flows in, ``activations`` all that its layers allocate for outputs in inference, ``peak`` the
    most that is alive at one time there (inputs included), ``kept`` what training keeps for the backward pass.
    """

    inputs: int
    activations: int
    peak: int
    kept: int


@dataclass(frozen=True, slots=True)
class Programs:
    """The two programs of a network; one pair serves all batches and types."""

    inference: Program
    training: Program

    @staticmethod
    def of(design: t.TypedDesign) -> Programs | None:
        """None for a network of more steps than are followed."""
        try:
            return Programs(Program(design, training=False), Program(design, training=True))
        except NotFollowed:
            return None

    def values(self, batch: int, dtype: str) -> Values:
        """
        :raises OpenSize: where other sizes than the batch are open.
        """
        inference = _Count(self.inference, batch, DTYPES[dtype], training=False)
        return Values(inference.inputs, inference.activations, inference.peak, self.kept(batch, dtype))

    def peak(self, batch: int, dtype: str) -> int:
        """Of these, the peak alone."""
        return _Count(self.inference, batch, DTYPES[dtype], training=False).peak

    def kept(self, batch: int, dtype: str) -> int:
        """Of these, what training keeps alone."""
        return _Count(self.training, batch, DTYPES[dtype], training=True).kept


class _Count:
    """Goes through a program once, and follows every storage."""

    def __init__(self, program: Program, batch: int, size: int, *, training: bool) -> None:
        self._size = size
        self._training = training
        self._at_batch = _AtBatch(program, batch)
        self._types = program.types
        self._storage = list(range(len(program.types)))
        self._in_order = [True] * len(program.types)
        self._trained = [False] * len(program.types)
        self._bytes: dict[int, int] = {}
        self._times: dict[int, int] = {}
        self._references: dict[int, int] = {}
        self._kept: set[int] = set()
        self._kept_besides = self._now = self.peak = self.activations = 0
        for value in program.inputs:
            self._allocate(value, 1)
        self.inputs = self.peak = self._now
        for event in program.events:
            match event:
                case Run():
                    self._run(event)
                case Hold(value):
                    self._references[self._storage[value]] += 1
                case Drop(value):
                    self._drop(self._storage[value])

    @property
    def kept(self) -> int:
        """The bytes that the backward pass waits for."""
        return self._kept_besides + sum(self._bytes[storage] * self._times[storage] for storage in self._kept)

    def _allocate(self, value: int, times: int, surplus: int = 0) -> None:
        self._bytes[value] = self._size * (volume(self._at_batch.type(self._types[value])) + surplus)
        self._times[value] = times
        self._references[value] = 1
        self._now += self._bytes[value]

    def _drop(self, storage: int) -> None:
        self._references[storage] -= 1
        if not self._references[storage]:
            self._now -= self._bytes[storage]

    def _run(self, run: Run) -> None:
        call = self._at_batch.call(run.call)
        output = self._at_batch.type(self._types[run.result])
        self._place(run, call)
        scratch = call.op.scratch(call, output)
        self.peak = max(self.peak, self._now + self._size * scratch.values + INDEX * scratch.indices)
        self._trained[run.result] = bool(call.op.weights(call)) or any(self._trained[value] for value in run.operands)
        if not self._training or not self._trained[run.result]:
            return
        kept = call.op.kept(call, output)
        inputs = self._needed(run.operands) if kept.inputs else ()
        trained = (value for value in run.operands if kept.trained_inputs and self._trained[value])
        values = (*inputs, *trained, *((run.result,) if kept.output else ()))
        self._kept.update(self._storage[value] for value in values)
        own = self._size * kept.values + max(self._size, SUM) * kept.sums + INDEX * kept.indices
        self._kept_besides += run.times * own

    def _needed(self, operands: tuple[int, ...]) -> tuple[int, ...]:
        """The operands that a backward pass asks for: of several, those that another one's gradient rests on."""
        if len(operands) == 1:
            return operands
        trained = [self._trained[value] for value in operands]
        return tuple(value for index, value in enumerate(operands) if any(trained[:index] + trained[index + 1 :]))

    def _place(self, run: Run, call: Call) -> None:
        """The result lies in a storage of its own, or in that of the first operand."""
        where, first = call.op.stored(call, training=self._training), run.operands[0]
        in_order = self._in_order[first]
        if where is Storage.OWN or (where is Storage.RESHAPED and not in_order):
            output = self._at_batch.type(self._types[run.result])
            self._allocate(run.result, run.times, call.op.surplus(call, output))
            self.activations += self._size * volume(output) * run.times
            return
        self._storage[run.result] = self._storage[first]
        self._in_order[run.result] = in_order and where is not Storage.REORDERED
        self._references[self._storage[first]] += 1


class _AtBatch:
    """Types and calls with the batch filled in, each once."""

    def __init__(self, program: Program, batch: int) -> None:
        self._batch = batch
        sizes = [program.types[value].shape[0] for value in program.inputs]
        self._symbols = {size.symbol_name for size in sizes if isinstance(size, Dim)}
        self._types: dict[TensorType, TensorType] = {}

    def type(self, value: TensorType) -> TensorType:
        known = self._types.get(value)
        if known is None:
            known = self._types.setdefault(value, TensorType(tuple(self._fixed(size) for size in value.shape)))
        return known

    def call(self, call: Call) -> Call:
        return Call(call.op, call.arguments, tuple(self.type(value) for value in call.inputs))

    def _fixed(self, size: int | Dim) -> int:
        if isinstance(size, int):
            return size
        if size.symbol_name not in self._symbols:
            raise OpenSize
        return size.evaluate(self._batch)
