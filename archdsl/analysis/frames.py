"""The variables of one ``forward`` while it runs: what Python holds, and so what torch cannot free yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from archdsl.ir.kinds import Value
from archdsl.ir.lines import MAX_NESTED
from archdsl.ops.base import Call

X = "x"
_FIRST = "identity"
SPLICED = "identity!"
"""The variable for the value that flows into a spliced block."""


@dataclass(frozen=True, slots=True)
class Run:
    """A layer or a join runs: ``operands`` are values by their numbers, ``result`` is a new one with one reference."""

    call: Call
    result: int
    operands: tuple[int, ...]
    times: int
    """How many equal runs this stands for: in a long loop of equal turns, those between the second and the last."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Python takes one more reference to a value."""

    value: int


@dataclass(frozen=True, slots=True)
class Drop:
    """Python lets go of one reference to a value; with the last one, torch frees it."""

    value: int


Event = Run | Hold | Drop


@dataclass(slots=True)
class Frame:
    """One call of a ``forward``: one running variable, others while they are needed, and the pending expression.

    ``nested`` calls are written inside each other at most; an ``nn.Sequential`` makes one call at a time.
    """

    events: list[Event]
    scope: dict[str, Value]
    needed: frozenset[str]
    """The labels that steps of this body refer to."""
    nested: int = MAX_NESTED
    running: str = X
    value: int = -1
    """The pending expression's value; in a variable if ``depth`` is 0, else a temporary."""
    name: str = X
    depth: int = 0
    variables: dict[str, int] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    """The variable of each label that is kept."""
    results: list[str] = field(default_factory=list)

    def parameter(self, name: str, value: int, label: str | None = None) -> None:
        """The call gives a value to a parameter."""
        self.events.append(Hold(value))
        self.variables[name] = value
        if label is not None:
            self.labels[label] = name

    def receive(self, value: int) -> None:
        """The call gives a value to its running variable; the one it began with stays at hand for ``x``."""
        self.parameter(X, value)
        self.parameter(_FIRST, value, X)
        self.start(X)

    def start(self, name: str) -> None:
        """The flow begins at a variable."""
        self.value, self.name, self.depth = self.variables[name], name, 0

    def push(self, value: int) -> None:
        """The pending expression went into a call, whose result is pending now."""
        if self.depth:
            self.events.append(Drop(self.value))
        self.value, self.depth = value, self.depth + 1

    def flush(self) -> None:
        """The pending expression is assigned to the running variable."""
        if self.depth or self.name != self.running:
            self._assign(self.running)

    def save(self, label: str) -> str:
        """The pending expression is assigned to a variable of its own, from which the flow goes on."""
        self._assign(label)
        self.labels[label] = label
        return label

    def take(self, label: str) -> None:
        """A kept value flows on."""
        if self.depth:
            self.flush()
        self.start(self.labels[label])

    def fresh(self, name: str) -> str:
        """A name that no path around has taken for its variable."""
        while name == self.running:
            name += "_"
        return name

    def begins_line(self) -> None:
        """What comes next is called on a line of its own."""
        if self.depth:
            self.flush()

    def ends_line(self) -> None:
        """What comes next does not join this line."""
        self.depth = max(self.depth, self.nested)

    def finish(self) -> list[int]:
        """The call returns: its results are temporaries of the caller, everything else goes."""
        if not self.results:
            self.flush()
            self.results.append(self.name)
        found = [self.variables[name] for name in self.results]
        if self.depth:
            self.events.append(Drop(self.value))
        self.events += [*map(Hold, found), *map(Drop, self.variables.values())]
        return found

    def drop_all(self, values: Sequence[int]) -> None:
        """Temporaries that went into a call."""
        self.events += map(Drop, values)

    def _assign(self, name: str) -> None:
        if not self.depth:
            self.events.append(Hold(self.value))
        if name in self.variables:
            self.events.append(Drop(self.variables[name]))
        self.variables[name] = self.value
        self.start(name)
