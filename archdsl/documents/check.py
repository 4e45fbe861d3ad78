"""The document of ``archdsl check --format json``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from archdsl.documents.base import Column, Document, Line, Part, Size


class Place(Part):
    """A range of text; the end is exclusive. In a file that could not be read it is 1:1."""

    path: str
    line: Annotated[int, Line]
    column: Annotated[int, Column]
    end_line: Annotated[int, Line]
    end_column: Annotated[int, Column]


class Related(Place):
    """Another place that belongs to a finding."""

    message: str


class Application(Place):
    """One application of a block on the way from the network to the finding, the innermost first."""

    block: str
    arguments: str


class Edit(Place):
    """A range to be replaced; the end is exclusive."""

    text: str = Field(description="What is to stand there instead.")


class Fix(Part):
    """A certain repair: all its edits are to be made, or none."""

    edits: list[Edit]


class Finding(Place):
    """One finding."""

    code: str = Field(pattern=r"^[EW][0-9]{4}$")
    name: str = Field(description="The code's name, such as shape-mismatch.")
    severity: Literal["error", "warning"]
    message: str
    here: str = Field(description="What stands beside the place: the arithmetic with its numbers.")
    expected: list[Size] | None
    actual: list[Size] | None
    related: list[Related]
    trace: list[Application]
    notes: list[str]
    help: str | None
    help_code: str | None = Field(description="What to write, where it can be said.")
    fix: Fix | None = Field(description="What `archdsl check --fix` does about it, if anything.")
    url: str


class CheckDocument(Document):
    """All findings of a run. It is printed for every outcome, wrong usage included."""

    findings: list[Finding]
    files: int = Field(ge=0)
    networks: int = Field(ge=0)
