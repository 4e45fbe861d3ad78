"""What applying layers and joins came to: known again wherever the same is asked, in all networks of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from archdsl.ir.kinds import Value
from archdsl.ir.types import TensorType
from archdsl.ops.base import Op, Problem, Requirement

Key = tuple[object, ...]
"""A layer or join, its arguments, and the identities of its inputs' types."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a layer or a join came to, wherever it stands."""

    output: TensorType
    weights: int
    requirements: tuple[Requirement, ...]
    warnings: tuple[Problem, ...]


@dataclass(slots=True)
class Applications:
    """Most networks apply a few layers again and again, and so do the networks of a family.

    To look one up costs less than to infer it, because a type is known by its identity: ``same`` gives one object for
    all equal types, and keeps it.
    """

    _types: dict[TensorType, TensorType] = field(default_factory=dict)
    _known: dict[Key, Applied] = field(default_factory=dict)

    def same(self, type_: TensorType) -> TensorType:
        """The one object that stands for all types equal to this one."""
        return self._types.setdefault(type_, type_)

    @staticmethod
    def key(op: Op, arguments: Mapping[str, Value], inputs: tuple[TensorType, ...]) -> Key:
        """What an application is known by; ``inputs`` that are not ``same`` are never found, which is safe."""
        return (op.name, tuple(arguments.values()), *map(id, inputs))

    def get(self, key: Key) -> Applied | None:
        """What such an application came to before."""
        return self._known.get(key)

    def add(self, key: Key, applied: Applied, inputs: tuple[TensorType, ...]) -> None:
        """Remembers an application; one of a type that nothing keeps is not remembered: its identity may pass on."""
        if all(self._types.get(value) is value for value in inputs):
            self._known[key] = applied
