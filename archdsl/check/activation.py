"""One block while it is applied: its variables, its labelled values, where its application was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from archdsl.ir.evaluate import Environment, EvaluationError
from archdsl.ir.kinds import Value
from archdsl.ir.types import Size, TensorType
from archdsl.source.span import Span


@dataclass(slots=True)
class Activation:
    """The names of one block application. ``symbols`` are open sizes and sizes named by stated shapes."""

    is_network: bool
    variables: dict[str, Value]
    x: TensorType | None
    unrolls_labels: bool
    """Whether labels are referred to by computed names, so that every turn's labels must be kept."""
    labels: dict[str, TensorType | None] = field(default_factory=dict)
    ports: dict[str, Mapping[str, TensorType | None]] = field(default_factory=dict)
    symbols: dict[str, Size] = field(default_factory=dict)
    taken: dict[str, Span] = field(default_factory=dict)
    """Evaluated computed labels of this class with their places."""

    def environment(self) -> Environment:
        """What expressions are evaluated in."""
        return Environment(self.variables, self.shape_of)

    def shape_environment(self) -> Environment:
        """What stated sizes are evaluated in: open sizes count as values too."""
        return Environment({**self.symbols, **self.variables}, self.shape_of)

    def shape_of(self, name: str | None, span: Span) -> TensorType:
        """The type of a labelled value, or of the block's input."""
        found = self.x if name is None else self.labels.get(name)
        if found is not None:
            return found
        if name is not None and name not in self.labels:
            raise EvaluationError("E0208", f"no earlier value is labelled `{name}`", span)
        raise EvaluationError("E0208", "the shape is not known", span, silent=True)
