"""The syntax tree of a ``.arch`` file: what was written, nothing decided yet.

Every node carries the span it was written at. Comments are kept beside the tree (``File.comments``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from archdsl.source.span import Span
from archdsl.syntax.ast_expressions import (
    Arguments,
    Attribute,
    Binary,
    Call,
    Conditional,
    Constant,
    Expression,
    Identifier,
    Index,
    Invalid,
    Keyword,
    Name,
    Number,
    Range,
    Sequence,
    String,
    Template,
    Tolerance,
    Unary,
)

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
    """``input image: [N, 3, H, W] guarded where H in 64..=512, 32 divides H``.

    ``guard`` is the word behind the shape, which has to be ``guarded``.
    """

    name: Identifier
    shape: Shape
    guard: Identifier | None
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
    """``expect params == 25_557_032``, ``expect macs == 4.1G within 1%``."""

    metric: Identifier
    relation: str
    value: Expression
    span: Span
    tolerance: Tolerance | None = None


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


__all__ = [
    "Action",
    "AnySize",
    "Apply",
    "Arguments",
    "Attribute",
    "Binary",
    "BlockDef",
    "Body",
    "Broken",
    "Call",
    "Chain",
    "Comment",
    "Conditional",
    "Constant",
    "Demand",
    "Expect",
    "Expression",
    "File",
    "For",
    "Group",
    "Identifier",
    "If",
    "Import",
    "Imported",
    "Index",
    "Input",
    "Invalid",
    "Item",
    "Keyword",
    "Let",
    "ListType",
    "Name",
    "NamedType",
    "NominalSize",
    "Number",
    "Output",
    "ParameterDef",
    "Port",
    "Range",
    "Repeat",
    "Sequence",
    "Shape",
    "ShapeStep",
    "Statement",
    "Step",
    "String",
    "Target",
    "Template",
    "Tolerance",
    "TupleType",
    "TypeExpression",
    "Unary",
    "Variant",
]
