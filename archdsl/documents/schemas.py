"""The published JSON Schemas (docs/schemas): one per document, made from the models."""

from __future__ import annotations

import json
from typing import Any

from archdsl.documents.base import Document
from archdsl.documents.check import CheckDocument
from archdsl.documents.diff import DiffDocument
from archdsl.documents.networks import NetworksDocument
from archdsl.documents.recipe import Recipe
from archdsl.documents.run import EvaluateDocument, PredictDocument, TrainDocument
from archdsl.documents.sizes import SizesDocument
from archdsl.documents.summary import SummaryDocument

DOCUMENTS: dict[str, type[Document]] = {
    "check": CheckDocument,
    "diff": DiffDocument,
    "evaluate": EvaluateDocument,
    "networks": NetworksDocument,
    "predict": PredictDocument,
    "sizes": SizesDocument,
    "summary": SummaryDocument,
    "train": TrainDocument,
}
"""The documents by the command that prints them."""


def schema_text(name: str) -> str:
    """The schema of a command's document as it lies in docs/schemas; ``KeyError`` for a command without one.

    Every field that the schema names is always there, also those that may be null.
    """
    return _text(DOCUMENTS[name].model_json_schema(mode="serialization"), f"archdsl {name}, version 1")


def recipe_schema_text() -> str:
    """The schema of training recipes, for editors; every setting may be left out."""
    return _text(Recipe.model_json_schema(), "archdsl training recipe")


def _text(schema: dict[str, Any], title: str) -> str:
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return json.dumps({**head, **{key: value for key, value in schema.items() if key != "title"}}, indent=2) + "\n"
