"""Reads the places of findings back out of every format, each in its own way."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from urllib.parse import unquote

Place = tuple[str, int, int, str]
"""Path, line, column and code."""


def _full(text: str) -> list[Place]:
    found = re.findall(r"(?m)^(?:error|warning)\[(\w+)\]: .*\n +--> (.*):(\d+):(\d+)$", text)
    return [(path, int(line), int(column), code) for code, path, line, column in found]


def _concise(text: str) -> list[Place]:
    found = re.findall(r"(?m)^(.*):(\d+):(\d+): (?:error|warning)\[(\w+)\] ", text)
    return [(path, int(line), int(column), code) for path, line, column, code in found]


def _json(text: str) -> list[Place]:
    return [_of_document(finding) for finding in json.loads(text)["findings"]]


def _jsonl(text: str) -> list[Place]:
    return [_of_document(json.loads(line)) for line in text.splitlines()]


def _of_document(finding: dict[str, object]) -> Place:
    line, column = finding["line"], finding["column"]
    assert isinstance(line, int) and isinstance(column, int)
    return str(finding["path"]), line, column, str(finding["code"])


def _github(text: str) -> list[Place]:
    found = re.findall(r"(?m)^::(?:error|warning) file=([^,]*),line=(\d+),endLine=\d+,col=(\d+)[^:]*title=(\w+) ", text)
    return [(unquote(path), int(line), int(column), code) for path, line, column, code in found]


def _gitlab(text: str) -> list[Place]:
    found = []
    for entry in json.loads(text):
        begin = entry["location"]["positions"]["begin"]
        assert entry["location"]["lines"]["begin"] == begin["line"]
        found.append((entry["location"]["path"], begin["line"], begin["column"], entry["check_name"]))
    return found


def _junit(text: str) -> list[Place]:
    found = []
    for case in ET.fromstring(text).iter("testcase"):
        match = re.fullmatch(r"(\w+) \S+ at (\d+):(\d+)", case.get("name", ""))
        if match:
            assert case.get("line") == match[2]
            found.append((case.get("file", ""), int(match[2]), int(match[3]), match[1]))
    return found


def _sarif(text: str) -> list[Place]:
    found = []
    for result in json.loads(text)["runs"][0]["results"]:
        place = result["locations"][0]["physicalLocation"]
        region = place["region"]
        path = unquote(place["artifactLocation"]["uri"])
        found.append((path, region["startLine"], region["startColumn"], result["ruleId"]))
    return found


READERS: dict[str, Callable[[str], list[Place]]] = {
    "full": _full,
    "concise": _concise,
    "json": _json,
    "jsonl": _jsonl,
    "markdown": _full,
    "github": _github,
    "gitlab": _gitlab,
    "junit": _junit,
    "sarif": _sarif,
}
"""Every format with what reads its places."""

FOR_MACHINES = [name for name in READERS if name not in ("full", "concise")]


def is_a_document(form: str, text: str) -> bool:
    """Whether a text can be read as a whole in its format."""
    READERS[form](text)
    return bool(text) or form == "jsonl"
