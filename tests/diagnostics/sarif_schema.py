"""SARIF 2.1.0 twice: the standard's own JSON Schema, and a stricter one of the part that archdsl writes.

The first is that of the OASIS committee, as it is (``data/README.md`` says where it comes from). The second is written
by hand from the text of the standard: what archdsl does not write is not allowed, paths may not be absolute, and what
the standard demands in words only is demanded. Section numbers are those of the standard.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

TEXT = {"type": "string", "minLength": 1}
POSITION = {"type": "integer", "minimum": 1}


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    """An object with these properties and no others."""
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


MESSAGE = closed(["text"], text={"type": "string"}, markdown=TEXT)  # 3.11, 3.12
REGION = closed(  # 3.30
    ["startLine", "startColumn"], startLine=POSITION, startColumn=POSITION, endLine=POSITION, endColumn=POSITION
)
ARTIFACT = closed(  # 3.4; a relative reference (RFC 3986): no scheme, no host, no backslash, no space
    ["uri", "uriBaseId"],
    uri={
        "type": "string",
        "pattern": r"^(?!/)(?![A-Za-z][A-Za-z0-9+.-]*:)(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})+$",
    },
    uriBaseId={"const": "%SRCROOT%"},
)
LOCATION = closed(  # 3.28
    ["physicalLocation"],
    id={"type": "integer", "minimum": 0},
    physicalLocation=closed(["artifactLocation", "region"], artifactLocation=ARTIFACT, region=REGION),  # 3.29
    message=MESSAGE,
)
LEVEL = {"enum": ["none", "note", "warning", "error"]}  # 3.27.10
RULE = closed(  # 3.49
    ["id"],
    id={"type": "string", "pattern": "^[EW][0-9]{4}$"},
    name=TEXT,
    shortDescription=MESSAGE,
    fullDescription=MESSAGE,
    help=MESSAGE,
    defaultConfiguration=closed(["level"], level=LEVEL),  # 3.50
)
RESULT = closed(  # 3.27
    ["ruleId", "message", "locations"],
    ruleId={"type": "string"},
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=MESSAGE,
    locations={"type": "array", "minItems": 1, "items": LOCATION},
    relatedLocations={"type": "array", "uniqueItems": True, "items": LOCATION},
    stacks={  # 3.44, 3.45
        "type": "array",
        "uniqueItems": True,
        "items": closed(
            ["frames"], message=MESSAGE, frames={"type": "array", "items": closed(["location"], location=LOCATION)}
        ),
    },
    fixes={  # 3.55 to 3.57
        "type": "array",
        "uniqueItems": True,
        "items": closed(
            ["description", "artifactChanges"],
            description=MESSAGE,
            artifactChanges={
                "type": "array",
                "minItems": 1,
                "items": closed(
                    ["artifactLocation", "replacements"],
                    artifactLocation=ARTIFACT,
                    replacements={
                        "type": "array",
                        "minItems": 1,
                        "items": closed(
                            ["deletedRegion", "insertedContent"],
                            deletedRegion=REGION,
                            insertedContent=closed(["text"], text={"type": "string"}),
                        ),
                    },
                ),
            },
        ),
    },
    partialFingerprints={"type": "object", "additionalProperties": TEXT},  # 3.27.17
)
INVOCATION = closed(  # 3.20
    ["executionSuccessful"],
    executionSuccessful={"type": "boolean"},
    exitCode={"type": "integer"},
    toolExecutionNotifications={"type": "array", "items": closed(["message"], level=LEVEL, message=MESSAGE)},  # 3.58
)
DRIVER = closed(  # 3.19
    ["name"],
    name=TEXT,
    semanticVersion={"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+"},
    rules={"type": "array", "uniqueItems": True, "items": RULE},
)
RUN = closed(  # 3.14
    ["tool", "results"],
    tool=closed(["driver"], driver=DRIVER),  # 3.18
    invocations={"type": "array", "items": INVOCATION},
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    originalUriBaseIds={
        "type": "object",
        "additionalProperties": closed([], uri=TEXT, description=MESSAGE),
    },
    results={"type": "array", "items": RESULT},
)
SCHEMA: dict[str, Any] = {  # 3.13
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **closed(
        ["version", "runs"],
        **{"$schema": {"type": "string", "format": "uri"}, "version": {"const": "2.1.0"}},
        runs={"type": "array", "minItems": 1, "items": RUN},
    ),
}

OASIS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "data" / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8")
)
_VALIDATORS = (
    jsonschema.Draft4Validator(OASIS, format_checker=jsonschema.FormatChecker()),
    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()),
)


def sarif_faults(document: Any) -> list[str]:
    """What is wrong with a document, by either schema; the standard's own first."""
    return [error.message for validator in _VALIDATORS for error in validator.iter_errors(document)]
