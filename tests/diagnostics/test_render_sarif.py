"""SARIF: valid, relative to the repository, columns in code points, rules that explain, no links that users plant."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.render.run import Run
from archdsl.diagnostics.render.sarif import render_sarif, uri_of
from archdsl.source.source import Source
from archdsl.source.span import Span
from tests.diagnostics.runs import CLEAN_RUN, FAILED_RUN, FULL_RUN
from tests.diagnostics.sarif_schema import OASIS, SCHEMA, sarif_faults


def document(run: Run) -> Any:
    return json.loads(render_sarif(run, lambda code: f"# {code}\n\nA page."))


def test_the_schemas_are_schemas() -> None:
    jsonschema.Draft4Validator.check_schema(OASIS)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("run", [FULL_RUN, CLEAN_RUN, FAILED_RUN], ids=["findings", "clean", "failed"])
def test_the_document_is_valid(run: Run) -> None:
    assert sarif_faults(document(run)) == []


BROKEN: dict[str, Callable[[Any], Any]] = {
    "no version": lambda value: value.pop("version"),
    "no results": lambda value: value["runs"][0].pop("results"),
    "no driver": lambda value: value["runs"][0]["tool"].pop("driver"),
    "line 0": lambda value: region(value).update(startLine=0),
    "an absolute path": lambda value: artifact(value).update(uri="/home/me/a.arch"),
    "an address": lambda value: artifact(value).update(uri="file:///a.arch"),
    "a drive": lambda value: artifact(value).update(uri="C:/a.arch"),
    "a blank": lambda value: artifact(value).update(uri="a b.arch"),
    "an unknown level": lambda value: value["runs"][0]["results"][0].update(level="fatal"),
    "a message without text": lambda value: value["runs"][0]["results"][0].update(message={}),
    "a rule twice": lambda value: rules(value).append(rules(value)[0]),
    "an unknown unit": lambda value: value["runs"][0].update(columnKind="bytes"),
    "no success": lambda value: value["runs"][0]["invocations"][0].pop("executionSuccessful"),
}


def artifact(value: Any) -> Any:
    return value["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]


def region(value: Any) -> Any:
    return value["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]


def rules(value: Any) -> Any:
    return value["runs"][0]["tool"]["driver"]["rules"]


@pytest.mark.parametrize("name", BROKEN)
def test_the_schema_refuses(name: str) -> None:
    broken = copy.deepcopy(document(FULL_RUN))
    BROKEN[name](broken)
    assert sarif_faults(broken)


def test_a_result_says_where_and_what() -> None:
    value = document(FULL_RUN)
    result = value["runs"][0]["results"][0]
    assert value["runs"][0]["columnKind"] == "unicodeCodePoints"
    assert region(value) == {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 8}
    assert artifact(value) == {"uri": "specs/resnet.arch", "uriBaseId": "%SRCROOT%"}
    assert result["message"]["text"].startswith("`add` needs equal shapes on all its paths: paths are")
    assert [place["message"]["text"] for place in result["relatedLocations"]] == [
        "this path is N x 64 x 56 x 56",
        "from here",
    ]
    assert result["stacks"][0]["frames"][0]["location"]["message"]["text"] == "basic(channels=64, stride=2)"


def test_columns_count_code_points() -> None:
    source = Source("a.arch", 'x: "😀漢" rleu\n')
    run = Run((Diagnostic("E0201", "m", Span("a.arch", 8, 12)),), {"a.arch": source}, ("a.arch",))
    assert (region(document(run))["startColumn"], region(document(run))["endColumn"]) == (9, 13)


def test_a_file_without_text_is_at_1_1() -> None:
    place = document(FULL_RUN)["runs"][0]["results"][3]["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}


def test_every_result_points_to_its_rule_and_every_rule_explains() -> None:
    value = document(FULL_RUN)
    for result in value["runs"][0]["results"]:
        rule = rules(value)[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert rule["defaultConfiguration"]["level"] == result["level"]
        assert rule["help"]["markdown"] == f"# {rule['id']}\n\nA page."
        assert rule["shortDescription"]["text"] == CODES[rule["id"]].summary


def test_a_page_that_is_missing_leaves_the_summary() -> None:
    value = json.loads(render_sarif(FULL_RUN, lambda code: ""))
    assert sarif_faults(value) == []
    assert rules(value)[0]["help"]["text"] == CODES[rules(value)[0]["id"]].summary


def test_fingerprints_differ() -> None:
    found = [result["partialFingerprints"]["archdslFinding/v1"] for result in document(FULL_RUN)["runs"][0]["results"]]
    assert len(set(found)) == 4


def test_paths_are_those_of_the_repository() -> None:
    value = document(replace(FULL_RUN, in_repository=lambda path: f"models/{path}"))
    assert set(uris(value["runs"][0]["results"])) == {
        "models/specs/resnet.arch",
        "models/lib/blocks.arch",
        "models/gone.arch",
    }


def uris(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and "uri" in value:
        yield value["uri"]
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from uris(inner)


def test_an_early_end_is_no_success_and_says_why() -> None:
    (invocation,) = document(FAILED_RUN)["runs"][0]["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == FAILED_RUN.failure


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a b.arch", "a%20b.arch"),
        ("/etc/passwd", "etc/passwd"),
        ("//host/x", "host/x"),
        ("https://host/x", "https%3A//host/x"),
        ("a?b#c%41", "a%3Fb%23c%2541"),
        ("é\udcff", "%C3%A9%FF"),
        ("..\\x", "..%5Cx"),
        ("<stdin>", "%3Cstdin%3E"),
    ],
)
def test_no_path_is_more_than_a_relative_path(path: str, uri: str) -> None:
    assert uri_of(path) == uri
    run = Run((Diagnostic("E0109", "m", Span(path, 0, 0)),), {}, (path,))
    assert sarif_faults(document(run)) == []


def test_no_text_of_a_user_becomes_a_link_or_a_command() -> None:
    text = "[click](https://host) ##[error]\x1b[2J\u202e"
    source = Source("a.arch", "abc")
    finding = Diagnostic("E0201", text, Span("a.arch", 0, 1), text, notes=(text,))
    written = render_sarif(Run((finding,), {"a.arch": source}, ("a.arch",)), lambda code: "")
    assert "##[" not in written
    message = json.loads(written)["runs"][0]["results"][0]["message"]["text"]
    assert "](" not in message
    assert "\x1b" not in message
    assert "\u202e" not in message
    assert "[click]\\x28https://host)" in message
