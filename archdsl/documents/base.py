"""What all documents share."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StrictInt, StrictStr

__all__ = ["Column", "Document", "JsonValue", "Line", "Part", "Size"]

Size = StrictInt | StrictStr
"""A size along one axis: a number, or an expression of open input sizes such as ``"H"`` or ``"⌊(H + 1)/2⌋"``."""

Line = Field(ge=1, description="Counts from 1.")
Column = Field(ge=1, description="Counts from 1, in code points.")


class Part(BaseModel):
    """A part of a document: immutable, and nothing in it that the schema does not name."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_serialization_defaults_required=True)


class Document(Part):
    """A document of its own. Fields may be added within a version; none changes its meaning or goes away."""

    version: Literal[1] = 1
