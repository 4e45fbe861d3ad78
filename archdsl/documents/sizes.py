"""The document of ``archdsl sizes --format json``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from archdsl.documents.base import Column, Document, Line, Part
from archdsl.documents.check import Finding

Number = Annotated[int, Field(ge=1)]


class SizeSetPart(Part):
    """A set of sizes, exactly.

    From ``settles_at`` on, n belongs to it exactly if ``n % modulus`` is one of ``residues`` (none: nothing there);
    below, exactly if it is one of ``irregular``.
    """

    text: str = Field(description="The set in words, such as 16 divides H.")
    minimum: Number
    maximum: Number | None = Field(description="Null: there is no largest size.")
    modulus: Number | None = Field(description="Null where the remainders are too many to be told.")
    residues: list[int] | None = Field(description="Null where they are more than 4,096.")
    residue_ranges: list[tuple[int, int]] | None = Field(description="The same as ranges, first and last included.")
    settles_at: Number | None
    irregular: list[int] | None = Field(description="Null where they are more than 4,096.")


class Cause(Part):
    """A place that asks for something without which more sizes would be accepted."""

    path: str
    line: Annotated[int, Line]
    column: Annotated[int, Column]
    message: str
    accepts: str = Field(description="What this place alone accepts, in words.")
    count: int = Field(ge=1, description="How often the place asks for it: turns of a loop, applications of a block.")
    trace: list[str] = Field(description="The applications of blocks that lead there, the innermost first.")


class Symbol(SizeSetPart):
    """What a network accepts of one open size."""

    causes: list[Cause]
    declared: SizeSetPart | None = Field(description="The sizes that the input declares; all of them are accepted.")


class Neighbours(Part):
    """The nearest sizes that work; null where there is none."""

    below: Number | None
    above: Number | None


class At(Part):
    """What became of the sizes that were asked for."""

    sizes: dict[str, int]
    accepted: bool
    finding: Finding | None = Field(description="The first thing that fails at these sizes.")
    nearest: dict[str, Neighbours] = Field(description="For each size that does not work.")


class SizesDocument(Document):
    """The input sizes that one network accepts, with the lines that cause each condition."""

    network: str
    path: str
    line: Annotated[int, Line]
    symbols: dict[str, Symbol]
    at: At | None = Field(description="Null unless --at asked for sizes.")
