"""A TypedDesign: every block applied, every value with its shape, nothing written out more than once.

An instance belongs to one (block, arguments, input types) and is shared by all applications alike; a
loop keeps runs of equal turns as one ``Turn`` with a count. Types are None where a fault was reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archdsl.diagnostics.diagnostic import Frame
from archdsl.ir import design as d
from archdsl.ir.dim import SizeSet
from archdsl.ir.kinds import Value
from archdsl.ir.types import TensorType
from archdsl.source.span import Span

Env = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class TypedLayer:
    """A layer with its evaluated arguments (defaults included). ``weights`` counts its trainable values."""

    node: d.Layer | d.Apply
    op: str
    arguments: Mapping[str, Value]
    inputs: tuple[TensorType, ...]
    output: TensorType | None
    weights: int = 0


@dataclass(frozen=True, slots=True)
class TypedApply:
    """A block applied; ``output`` is its running result."""

    node: d.Apply
    instance: BlockInstance
    inputs: tuple[TensorType, ...]
    tensors: tuple[str, ...]
    """The labels that went into tensor parameters, evaluated."""
    output: TensorType | None


@dataclass(frozen=True, slots=True)
class TypedInline:
    """A block spliced in: its body in place, with the arguments that its variables stand for."""

    node: d.Inline
    arguments: Mapping[str, Value]
    body: TypedBody
    output: TensorType | None


@dataclass(frozen=True, slots=True)
class TypedMerge:
    """Paths joined."""

    node: d.Merge
    arguments: Mapping[str, Value]
    paths: tuple[TypedBody, ...]
    output: TensorType | None


@dataclass(frozen=True, slots=True)
class TypedGroup:
    """Steps between braces."""

    node: d.Group
    body: TypedBody
    output: TensorType | None


@dataclass(frozen=True, slots=True)
class Turn:
    """``count`` equal turns from number ``first`` on (from 0); ``items`` are the loop's items there."""

    first: int
    count: int
    body: TypedBody


@dataclass(frozen=True, slots=True)
class TypedLoop:
    """A loop with its turns; ``items`` is what it runs over (a range or a tuple)."""

    node: d.Loop
    items: range | tuple[Value, ...]
    turns: tuple[Turn, ...]
    output: TensorType | None


@dataclass(frozen=True, slots=True)
class TypedChoice:
    """A condition decided."""

    node: d.Choice
    taken: bool
    body: TypedBody
    output: TensorType | None


@dataclass(frozen=True, slots=True)
class TypedLet:
    """A variable with its value."""

    node: d.Let
    values: tuple[Value, ...]
    output: TensorType | None


@dataclass(frozen=True, slots=True)
class TypedRefer:
    """An earlier value, by its evaluated label."""

    node: d.Refer | d.Port
    label: str
    output: TensorType | None


@dataclass(frozen=True, slots=True)
class TypedAssert:
    """A stated shape that was compared."""

    node: d.Assert
    output: TensorType | None


@dataclass(frozen=True, slots=True)
class TypedInput:
    """An input of the network."""

    node: d.Input
    output: TensorType | None


@dataclass(frozen=True, slots=True)
class TypedOutput:
    """An output: its value's type, and the branch that computes it if it has one. ``output`` flows on."""

    node: d.Output
    value: TensorType | None
    body: TypedBody | None
    output: TensorType | None


@dataclass(frozen=True, slots=True)
class TypedUnknown:
    """A step that was reported before."""

    node: d.Unknown
    output: None = None


TypedNode = (
    TypedLayer
    | TypedApply
    | TypedInline
    | TypedMerge
    | TypedGroup
    | TypedLoop
    | TypedChoice
    | TypedLet
    | TypedRefer
    | TypedAssert
    | TypedInput
    | TypedOutput
    | TypedUnknown
)


def bodies_of(node: TypedNode) -> tuple[TypedBody, ...]:
    """The bodies inside a node, an applied block's own included."""
    match node:
        case TypedApply(instance=instance):
            return (instance.body,)
        case TypedMerge(paths=paths):
            return paths
        case TypedInline(body=body) | TypedGroup(body=body) | TypedChoice(body=body):
            return (body,)
        case TypedLoop(turns=turns):
            return tuple(turn.body for turn in turns)
        case TypedOutput(body=TypedBody() as body):
            return (body,)
    return ()


@dataclass(frozen=True, slots=True)
class TypedBody:
    """The nodes of a body with the types at its ends.

    ``layers`` and ``weights`` count what the body expands to, repeated turns included.
    """

    body: d.Body
    nodes: tuple[TypedNode, ...]
    input: TensorType | None
    output: TensorType | None
    layers: int
    weights: int


@dataclass(frozen=True, slots=True, eq=False)
class BlockInstance:
    """A block for one set of arguments and input types; compared by identity."""

    block: d.Block
    arguments: Mapping[str, Value]
    inputs: tuple[TensorType, ...]
    body: TypedBody
    outputs: tuple[tuple[str, TensorType | None], ...]
    """The declared outputs by name; empty for a block that hands on its running value."""

    @property
    def output(self) -> TensorType | None:
        """What the running value is after the block."""
        return self.outputs[0][1] if self.outputs else self.body.output


@dataclass(frozen=True, slots=True)
class TypedExpectation:
    """An expectation with its numbers; ``tolerance`` is how far off is still right."""

    node: d.Expectation
    value: int | float
    tolerance: float = 0


@dataclass(frozen=True, slots=True)
class TypedDesign:
    """A checked network. ``root`` is None where not even its inputs could be typed."""

    design: d.Design
    root: BlockInstance
    inputs: tuple[tuple[str, TensorType], ...]
    outputs: tuple[tuple[str, TensorType | None, str | None], ...]
    """Name, type and condition (None or ``training``) of every output."""
    nominal: Mapping[str, int]
    """The values that tables use for open sizes."""
    conditions: tuple[SizeCondition, ...]
    accepted: Mapping[str, SizeSet]
    """What all conditions leave of each open size; a symbol that is missing is accepted whatever its size."""
    declared: Mapping[str, SizeSet]
    """The sizes that the inputs declare for their symbols (``where H in 64..=512``); all of them are accepted."""
    complete: bool
    """Whether the check found no error: only then can code be generated."""
    expectations: tuple[TypedExpectation, ...] = ()
    """What the network expects of itself; not compared yet."""


@dataclass(frozen=True, slots=True)
class SizeCondition:
    """What an open input size must satisfy, with the place that asks for it."""

    accepted: SizeSet
    """A set of sizes of one symbol."""
    reason: str
    span: Span
    trace: tuple[Frame, ...] = ()
    """The applications of blocks that led there first, the innermost first; an instance asks once for all of them."""
