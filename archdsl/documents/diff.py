"""The document of ``archdsl diff --format json``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from archdsl.compare.events import Action
from archdsl.compare.interface import Aspect
from archdsl.documents.base import Document, Line, Part

Path = Annotated[str | None, Field(description="Null where there is none.")]
Text = Annotated[str | None, Field(description="Null where there is none.")]
Shape = list[int]


class DiffPlace(Part):
    """A line of one of the files."""

    path: str
    line: Annotated[int, Line]


class Use(Part):
    """One place where a change takes effect, by its path in both networks."""

    old: Path
    new: Path


class ValuePair(Part):
    """An old and a new value, as a person would write them."""

    old: str
    new: str


class ArgumentChange(Part):
    """An argument that has other values, with the distinct pairs over all uses."""

    name: str
    values: list[ValuePair]


class StructureChange(Part):
    """One change of layers or blocks, told once for all places where it takes effect."""

    action: Action
    kind: str = Field(description="The layer's or block's name; group, path or branch for what has none.")
    old_kind: str = Field(description="What stood there, where it is of another kind; else empty.")
    name: str = Field(description="Its label, or the name of its module; empty for what has neither.")
    level: str = Field(description="The path of the module around its first use; empty for the network.")
    block: str = Field(description="The block in which it is written.")
    uses: list[Use]
    arguments: list[ArgumentChange]
    old_count: int | None = Field(
        description="How many unnamed parts of this kind its level had; null where it is named."
    )
    new_count: int | None
    position: str = Field(description="What was added or removed stands after this, as in `after each of 13 conv`.")
    old_place: DiffPlace | None
    new_place: DiffPlace | None
    weights: int = Field(description="New less old, with what follows from the change.")
    macs: int | None = Field(description="The same for multiply-adds; null for formulas of open sizes.")


class InterfaceDifference(Part):
    """A parameter, the class, an input, accepted sizes or an output that differs."""

    aspect: Aspect
    name: str
    old: Text
    new: Text
    breaks: str | None = Field(description="Why users of the old network notice; null where they do not.")


class FigurePair(Part):
    """A figure of both networks."""

    name: str
    unit: Literal["count", "bytes"]
    old: int | None = Field(description="Null where it is a formula, or not known.")
    new: int | None
    old_formula: str | None
    new_formula: str | None


class RenamedKey(Part):
    """The same weights under another key."""

    old: str
    new: str


class ReshapedKey(Part):
    """The same layer's weights in another shape."""

    old: str
    new: str
    old_shape: Shape
    new_shape: Shape


class Key(Part):
    """An entry of one state_dict that the other does not have."""

    key: str
    shape: Shape


class StateDictDifference(Part):
    """What became of the entries of the state_dict."""

    loads: bool = Field(description="Whether the old one loads strictly: the same keys with the same shapes.")
    same: int = Field(ge=0)
    renamed: list[RenamedKey]
    reshaped: list[ReshapedKey]
    added: list[Key]
    removed: list[Key]


class NetworkDifference(Part):
    """Two networks compared."""

    old: str
    new: str
    old_place: DiffPlace
    new_place: DiffPlace
    same: bool
    structure: list[StructureChange]
    interface: list[InterfaceDifference]
    numbers: list[FigurePair] = Field(description="Empty where nothing differs.")
    state_dict: StateDictDifference
    computes_same: bool = Field(description="Certain where true: the same functions of the inputs and the state_dict.")


class DiffDocument(Document):
    """Two files, or two networks, compared."""

    old: str
    new: str
    same: bool
    networks: list[NetworkDifference]
    added: list[str] = Field(description="Networks of the new file that the old one does not have.")
    removed: list[str]
