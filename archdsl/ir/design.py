"""A Design: one network with every name bound, every argument matched, every module's place fixed.

A Design is a program, not its trace: blocks, loops and conditions are kept as they were written,
because a condition may ask for a shape and a loop may run 100,000 times. What follows
(``check``) applies the blocks, once per distinct (block, arguments, input types).

Vocabulary: a *slot* is the place of a node's module in the class around it; ``Body.numbered`` bodies
are an ``nn.Sequential``, whose slots are positions; in all others slots are attribute names.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from archdsl.ir.expr import BoundArgument, Expr, Local, NameTemplate
from archdsl.ir.kinds import Kind, Value
from archdsl.source.span import Span

X = "x"
"""The name of a block's input."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The attribute of a module: a name (possibly computed), or (``name`` None) the next position.

    ``inherited``: the module takes the name of the condition around it, as in
    ``downsample: if ... { identity }``. ``shared``: all weightless layers alike share this module.
    """

    name: NameTemplate | None = None
    inherited: bool = False
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer applied to the running value; ``op`` is its name in the registry of ``ops``."""

    op: str
    arguments: tuple[BoundArgument, ...]
    label: NameTemplate | None
    slot: Slot | None
    name_span: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Apply:
    """A block applied to the running value; ``target`` is the block, or the parameter that holds one.

    ``arguments`` are matched to parameters if the block is known; otherwise positional ones carry the
    names ``#0``, ``#1`` ... until it is. ``tensors`` are the arguments that are values (labels).
    """

    target: Block | Local
    arguments: tuple[BoundArgument, ...]
    tensors: tuple[tuple[str, NameTemplate], ...]
    label: NameTemplate | None
    slot: Slot | None
    name_span: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Inline:
    """A block spliced into the body around it: no module of its own."""

    target: Block
    arguments: tuple[BoundArgument, ...]
    body: Body
    name_span: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Merge:
    """Paths that all start from the running value, joined by ``op`` (its name in the registry)."""

    op: str
    arguments: tuple[BoundArgument, ...]
    paths: tuple[Body, ...]
    label: NameTemplate | None
    name_span: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Group:
    """Steps between braces; with a slot it is a module of its own."""

    body: Body
    label: NameTemplate | None
    slot: Slot | None
    span: Span


@dataclass(frozen=True, slots=True)
class Loop:
    """``for`` and ``repeat``. With a slot the turns are a module list; ``own`` turns are modules themselves."""

    names: tuple[str, ...]
    """The loop variables; none for ``repeat``."""
    unpacks: bool
    """Whether each item is a tuple that the names take apart."""
    iterable: Expr
    """A list or range; for ``repeat`` the count."""
    body: Body
    label: NameTemplate | None
    slot: Slot | None
    own: bool
    span: Span

    @property
    def is_repeat(self) -> bool:
        """Whether the loop only counts."""
        return not self.names


@dataclass(frozen=True, slots=True)
class Choice:
    """``if`` and ``else``; without an ``else`` the other branch hands its input on."""

    condition: Expr
    then: Body
    otherwise: Body
    label: NameTemplate | None
    slot: Slot | None
    span: Span


@dataclass(frozen=True, slots=True)
class Let:
    """A name for a value."""

    names: tuple[str, ...]
    unpacks: bool
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Refer:
    """An earlier value by its label, an input, a tensor parameter, or ``x``, becomes the running value."""

    name: NameTemplate
    label: NameTemplate | None
    span: Span


@dataclass(frozen=True, slots=True)
class Port:
    """An output of a labelled block that has several becomes the running value."""

    name: NameTemplate
    output: str
    label: NameTemplate | None
    span: Span


@dataclass(frozen=True, slots=True)
class Shape:
    """A stated shape: an expression per axis, None for ``_``, a string for a size that is named here."""

    sizes: tuple[Expr | str | None, ...]
    spans: tuple[Span, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Assert:
    """A shape as a step: the running value must have it."""

    shape: Shape
    span: Span


@dataclass(frozen=True, slots=True)
class Declared:
    """What an input declares of an open size: ``in`` a range or list, divided by (``divides``), or a comparison."""

    symbol: str
    relation: str
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Input:
    """An input of a network. ``nominal`` gives open sizes a value for tables and pictures.

    ``declared`` limits open sizes to those that the network has to work for, all parts together. ``guarded``: the
    generated code raises on any other value.
    """

    name: str
    shape: Shape
    nominal: tuple[tuple[str, Expr], ...]
    declared: tuple[Declared, ...]
    guarded: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Output:
    """An output: the running value, or (``body``) a branch off it. ``when`` is None or ``training``."""

    name: str
    shape: Shape | None
    when: str | None
    body: Body | None
    span: Span


@dataclass(frozen=True, slots=True)
class Unknown:
    """A step that could not be understood and was reported; its value is unknown, but its label is taken."""

    span: Span
    label: NameTemplate | None = None


Node = Layer | Apply | Inline | Merge | Group | Loop | Choice | Let | Refer | Port | Assert | Input | Output | Unknown


@dataclass(frozen=True, slots=True)
class Body:
    """Nodes in order. ``numbered``: an ``nn.Sequential`` whose children are positions.

    ``plain``: a chain without joins, references and outputs. ``lines`` tells how many nodes each
    written statement has, so that generated code can follow the spec's lines.
    """

    nodes: tuple[Node, ...]
    span: Span
    plain: bool = True
    numbered: bool = False
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class BlockParameter:
    """A parameter of a block."""

    name: str
    kind: Kind
    default: Expr | None
    constraint: tuple[str, Expr] | None
    span: Span

    @property
    def required(self) -> bool:
        """Whether an application has to give it."""
        return self.default is None


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What ``within`` allows: a number, or so many hundredths of the expected value."""

    number: Expr
    in_percent: bool


@dataclass(frozen=True, slots=True)
class Expectation:
    """``expect params == 25_557_032``, ``expect macs == 4.1G within 1%``."""

    metric: str
    metric_span: Span
    relation: str
    value: Expr
    span: Span
    tolerance: Tolerance | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A block or network definition; compared by identity.

    ``raw`` is the body before slots were given, for splicing into another body.
    """

    name: str
    is_network: bool
    parameters: tuple[BlockParameter, ...]
    body: Body
    raw: Body
    expectations: tuple[Expectation, ...]
    doc: str
    span: Span
    name_span: Span
    whole: bool = True
    """False if part of it was reported and is missing."""
    class_name: str | None = None
    """The name of the generated class, where it is stated (``as BasicBlock``)."""

    @property
    def tensor_parameters(self) -> tuple[str, ...]:
        """The parameters that are values flowing in beside ``x``."""
        return tuple(parameter.name for parameter in self.parameters if parameter.kind is TENSOR)

    def outputs(self) -> tuple[Output, ...]:
        """The declared outputs, wherever they stand at this level."""
        return tuple(node for node in self.body.nodes if isinstance(node, Output))


@dataclass(frozen=True, slots=True)
class BlockValue:
    """An evaluated block argument: a block, or a layer by its name, with the arguments given so far."""

    target: Block | str
    arguments: tuple[tuple[str, Value], ...] = ()

    @property
    def name(self) -> str:
        """The name of the block or layer."""
        return self.target if isinstance(self.target, str) else self.target.name


BLOCK = Kind("block", lambda value: isinstance(value, BlockValue))
TENSOR = Kind("tensor", lambda value: False)


@dataclass(frozen=True, slots=True)
class Design:
    """One network, ready to be checked."""

    name: str
    network: Block
    arguments: tuple[BoundArgument, ...]
    """What a variant (``network resnet18 = ResNet(...)``) fixes."""
    expectations: tuple[Expectation, ...]
    doc: str
    span: Span
    name_span: Span
    variant_of: str | None = None
    overrides: tuple[tuple[str, Value], ...] = field(default=())
    """Arguments given from outside (``archdsl.load(..., classes=10)``)."""
