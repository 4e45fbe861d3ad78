"""The published JSON Schemas (docs/schemas): one per document, made from the models."""

from __future__ import annotations

import json

from archdsl.documents.base import Document
from archdsl.documents.check import CheckDocument
from archdsl.documents.networks import NetworksDocument
from archdsl.documents.sizes import SizesDocument
from archdsl.documents.summary import SummaryDocument

DOCUMENTS: dict[str, type[Document]] = {
    "check": CheckDocument,
    "networks": NetworksDocument,
    "sizes": SizesDocument,
    "summary": SummaryDocument,
}
"""The documents by the command that prints them."""


def schema_text(name: str) -> str:
    """The schema of a command's document as it lies in docs/schemas; ``KeyError`` for a command without one.

    Every field that the schema names is always there, also those that may be null.
    """
    schema = DOCUMENTS[name].model_json_schema(mode="serialization")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"archdsl {name}, version 1"}
    return json.dumps({**head, **{key: value for key, value in schema.items() if key != "title"}}, indent=2) + "\n"
