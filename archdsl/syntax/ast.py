"""The syntax tree of a ``.arch`` file: what was written, nothing decided yet.

Every node carries the span it was written at. Comments are kept beside the tree (``File.comments``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from archdsl.source.span import Span


@dataclass(frozen=True, slots=True)
class Identifier:
    """A name at its place."""

    text: str
    span: Span


# --- expressions --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Number:
    """An integer or float literal, unit already applied (``5M`` is 5,000,000)."""

    value: int | float
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Constant:
    """``true``, ``false`` or ``none``."""

    value: bool | None
    span: Span


@dataclass(frozen=True, slots=True)
class String:
    """A string literal, escapes decoded."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Template:
    """A name with computed parts: ``layer{i + 1}`` is ``("layer", <i + 1>)``; a plain name has one part."""

    parts: tuple[str | Expression, ...]
    span: Span

    @property
    def plain(self) -> str | None:
        """The name, if nothing in it is computed."""
        first = self.parts[0]
        return first if len(self.parts) == 1 and isinstance(first, str) else None


@dataclass(frozen=True, slots=True)
class Name:
    """A name used as a value, possibly a label template (``down{i}`` before ``.channels``)."""

    template: Template
    span: Span


@dataclass(frozen=True, slots=True)
class Attribute:
    """``x.channels``."""

    value: Expression
    name: Identifier
    span: Span


@dataclass(frozen=True, slots=True)
class Index:
    """``layers[i]``."""

    value: Expression
    index: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """``len(layers)``, or a block with some of its arguments: ``basic(groups=32)``."""

    function: Identifier
    arguments: Arguments
    span: Span


@dataclass(frozen=True, slots=True)
class Sequence:
    """A tuple or a list."""

    items: tuple[Expression, ...]
    is_list: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """``-a`` or ``not a``."""

    operator: str
    operand: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """``a + b``, ``a == b``, ``a and b``."""

    operator: str
    left: Expression
    right: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Range:
    """``a..b`` (b excluded) or ``a..=b``."""

    start: Expression
    stop: Expression
    inclusive: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Conditional:
    """``a if condition else b``."""

    then: Expression
    condition: Expression
    otherwise: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Invalid:
    """An expression that was reported and has no meaning: a number with an unknown unit, or nested too deep."""

    span: Span


Expression = (
    Number
    | Constant
    | String
    | Name
    | Attribute
    | Index
    | Call
    | Sequence
    | Unary
    | Binary
    | Range
    | Conditional
    | Invalid
)


@dataclass(frozen=True, slots=True)
class Keyword:
    """``stride=2`` in a call."""

    name: Identifier
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Arguments:
    """What stands between the parentheses of a call, in order."""

    items: tuple[Expression | Keyword, ...]
    span: Span


# --- shapes -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AnySize:
    """``_``: a size that is not stated."""

    span: Span


@dataclass(frozen=True, slots=True)
class NominalSize:
    """``H = 224``: an open size with the value that tables and pictures use for it."""

    name: Identifier
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Shape:
    """``[N, 64, H, W]``."""

    sizes: tuple[Expression | AnySize | NominalSize, ...]
    span: Span


# --- statements ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Apply:
    """A layer, a block, a merge or a reference: ``conv(64, 3)``, ``add { ... }``, ``down{i}``."""

    name: Template
    arguments: Arguments | None
    body: Body | None
    inline: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Port:
    """An output of a block with several: ``pyramid.p3``."""

    name: Template
    output: Identifier
    span: Span


@dataclass(frozen=True, slots=True)
class Group:
    """``{ ... }``."""

    body: Body
    span: Span


@dataclass(frozen=True, slots=True)
class ShapeStep:
    """``-> [N, 64, 56, 56] ->``: a statement of what flows there."""

    shape: Shape
    span: Span


@dataclass(frozen=True, slots=True)
class If:
    """``if condition { ... } else { ... }``; an ``else if`` is an ``otherwise`` with one If in it."""

    condition: Expression
    then: Body
    otherwise: Body | None
    span: Span


@dataclass(frozen=True, slots=True)
class For:
    """``for i in 0..4 by 2 { ... }``."""

    target: Target
    iterable: Expression
    by: Expression | None
    body: Body
    span: Span


@dataclass(frozen=True, slots=True)
class Repeat:
    """``repeat n { ... }``."""

    count: Expression
    body: Body
    span: Span


Action = Apply | Port | Group | ShapeStep | If | For | Repeat


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a chain, labelled or not."""

    label: Template | None
    action: Action
    span: Span


@dataclass(frozen=True, slots=True)
class Chain:
    """Steps joined by ``->``; in a merge, one path."""

    steps: tuple[Step, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Target:
    """What a loop or a ``let`` binds: one name, or a tuple of names."""

    names: tuple[Identifier, ...]
    is_tuple: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Let:
    """``let width = channels // 4``."""

    target: Target
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Demand:
    """A part of an input's ``where``: ``H in 64..=512``, ``32 divides H``, ``H >= 64``.

    ``relation`` is ``in``, ``divides`` or a comparison.
    """

    left: Expression
    relation: str
    right: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Input:
    """``input image: [N, 3, H, W] where H in 64..=512, 32 divides H``."""

    name: Identifier
    shape: Shape
    demands: tuple[Demand, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Output:
    """``output logits: [N, classes]``, ``output aux when training { ... }``."""

    name: Identifier
    shape: Shape | None
    when: Identifier | None
    body: Body | None
    span: Span


@dataclass(frozen=True, slots=True)
class Expect:
    """``expect params == 25_557_032``."""

    metric: Identifier
    relation: str
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Broken:
    """A statement or definition that could not be read and was reported."""

    span: Span


Statement = Input | Output | Expect | Let | Chain | Broken


@dataclass(frozen=True, slots=True)
class Body:
    """The statements between braces."""

    statements: tuple[Statement, ...]
    span: Span


# --- top level ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NamedType:
    """``int``, ``block`` ..."""

    name: Identifier
    span: Span


@dataclass(frozen=True, slots=True)
class ListType:
    """``[int]``."""

    item: TypeExpression
    span: Span


@dataclass(frozen=True, slots=True)
class TupleType:
    """``(int, int)``."""

    items: tuple[TypeExpression, ...]
    span: Span


TypeExpression = NamedType | ListType | TupleType


@dataclass(frozen=True, slots=True)
class ParameterDef:
    """``channels: int > 0 = 64``."""

    name: Identifier
    type: TypeExpression
    constraint: tuple[str, Expression] | None
    default: Expression | None
    span: Span


@dataclass(frozen=True, slots=True)
class BlockDef:
    """A block or a network. ``mentions`` are the names that its text applies or hands on."""

    name: Identifier
    is_network: bool
    parameters: tuple[ParameterDef, ...]
    class_name: Identifier | None
    """``as BasicBlock``: the name of the generated class."""
    body: Body
    doc: str
    span: Span
    mentions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Variant:
    """``network resnet18 = ResNet(basic, [2, 2, 2, 2]) { expect ... }``."""

    name: Identifier
    base: Identifier
    arguments: Arguments
    body: Body | None
    doc: str
    span: Span


@dataclass(frozen=True, slots=True)
class Imported:
    """One name of an import, with the name it gets here."""

    name: Identifier
    alias: Identifier
    span: Span


@dataclass(frozen=True, slots=True)
class Import:
    """``from ..blocks import a, b as c``; ``dots`` counts the leading dots."""

    dots: int
    module: tuple[str, ...]
    module_span: Span
    names: tuple[Imported, ...]
    span: Span


Item = Import | BlockDef | Variant | Broken


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment with its ``#``, as written."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class File:
    """One file. ``whole`` is False when something in it was reported, and ``Broken`` or ``Invalid`` may stand in it."""

    path: str
    items: tuple[Item, ...]
    comments: tuple[Comment, ...] = ()
    whole: bool = True
    span: Span = field(default=Span("", 0, 0))
    lost: frozenset[str] = frozenset()
    """The names in broken parts: whether they are defined there nobody can tell."""
