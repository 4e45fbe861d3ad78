"""One block while it is applied: its variables, its labelled values, where its application was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from archdsl.check.partial import complete_block
from archdsl.ir.evaluate import Environment, EvaluationError
from archdsl.ir.expr import NameTemplate
from archdsl.ir.kinds import Value
from archdsl.ir.meter import Meter
from archdsl.ir.types import Size, TensorType
from archdsl.source.span import Span


@dataclass(slots=True)
class Labels:
    """The labelled values of one module, by evaluated label."""

    values: dict[str, TensorType | None] = field(default_factory=dict)
    """The type of each; None where it was reported."""
    spans: dict[str, Span] = field(default_factory=dict)
    ports: dict[str, Mapping[str, TensorType | None]] = field(default_factory=dict)
    """The outputs of applied blocks that declare some."""
    taken: dict[str, tuple[str, NameTemplate]] = field(default_factory=dict)
    """The evaluated labels of the module by their lower case; shared by what is inlined."""
    is_incomplete: bool = False
    """Whether some label could not be evaluated: then nothing is known to be missing."""


@dataclass(slots=True)
class Activation:
    """The names of one block application. ``symbols`` are open sizes and sizes named by stated shapes."""

    is_network: bool
    variables: dict[str, Value]
    x: TensorType | None
    unrolls_labels: bool
    """Whether labels are referred to by computed names, so that every turn's labels must be kept."""
    meter: Meter
    labels: Labels = field(default_factory=Labels)
    symbols: dict[str, Size] = field(default_factory=dict)

    def environment(self) -> Environment:
        """What expressions are evaluated in."""
        return Environment(self.variables, self.shape_of, complete_block, self.meter)

    def shape_environment(self) -> Environment:
        """What stated sizes are evaluated in: open sizes count as values too."""
        return Environment({**self.symbols, **self.variables}, self.shape_of, complete_block, self.meter)

    def shape_of(self, name: str | None, span: Span) -> TensorType:
        """The type of a labelled value, or of the block's input."""
        found = self.x if name is None else self.labels.values.get(name)
        if found is not None:
            return found
        if name is None or name in self.labels.values or self.labels.is_incomplete:
            raise EvaluationError("E0208", "the value is not known", span, silent=True)
        near = [known for known in self.labels.values if known.rstrip("0123456789") == name.rstrip("0123456789")]
        help = f"there are {', '.join(f'`{known}`' for known in near[:6])}" if near else None
        raise EvaluationError("E0208", f"no earlier value is labelled `{name}`", span, help)

    @contextmanager
    def own_module(self, is_own: bool = True) -> Iterator[None]:
        """Labels inside are those of a module of its own: a labelled group, loop or condition."""
        outer = self.labels
        if is_own:
            self.labels = Labels()
        yield
        self.labels = outer

    def inlined(self, arguments: Mapping[str, Value], x: TensorType | None, unrolls_labels: bool) -> Activation:
        """A block spliced in here: names and values of its own, attributes of the same module."""
        labels = Labels(taken=self.labels.taken)
        return replace(
            self,
            is_network=False,
            variables=dict(arguments),
            x=x,
            unrolls_labels=unrolls_labels,
            labels=labels,
            symbols={},
        )
