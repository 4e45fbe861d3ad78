"""The JSON documents: real output fits the published schemas, wrong output does not, and the schemas are current."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from archdsl.documents.schemas import DOCUMENTS, schema_text
from tests.cli.support import GOOD, TWO, UNFINISHED, UNKNOWN_LAYER, WIDE_KERNEL, Cli
from tests.house import ROOT

SCHEMAS = ROOT / "docs" / "schemas"
SPECS = str(ROOT / "specs")


def published(name: str) -> Any:
    return json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_published_schema_is_that_of_the_model(name: str) -> None:
    """ARCHDSL_UPDATE=1 writes the schemas anew."""
    place = SCHEMAS / f"{name}.json"
    if os.environ.get("ARCHDSL_UPDATE"):
        SCHEMAS.mkdir(parents=True, exist_ok=True)
        place.write_text(schema_text(name), "utf-8")
    assert place.read_text("utf-8") == schema_text(name)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_schema_is_one_and_names_its_fields(name: str) -> None:
    schema = published(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["required"][0] == "version"
    assert schema["additionalProperties"] is False


def test_there_is_no_schema_of_other_commands() -> None:
    with pytest.raises(KeyError):
        schema_text("compile")


# --- real output ------------------------------------------------------------------------------------------------------

RUNS: list[tuple[str, ...]] = [
    ("check", SPECS),
    ("check", "good.arch"),
    ("check", "name.arch", "shape.arch", "syntax.arch", "binary.arch", "trace.arch"),
    ("check", "missing.arch"),
    ("check", "--no-such-option"),
    ("networks", SPECS),
    ("networks", "."),
    ("summary", f"{SPECS}/googlenet.arch"),
    ("summary", f"{SPECS}/resnet.arch", "-n", "resnet50", "--depth", "2"),
    ("summary", "open.arch"),
]


@pytest.fixture
def project(cli: Cli) -> Cli:
    for name, text in [("good", GOOD), ("name", UNKNOWN_LAYER), ("shape", WIDE_KERNEL), ("syntax", UNFINISHED)]:
        cli.write(f"{name}.arch", text)
    cli.write("binary.arch", b"\x00")
    cli.write("trace.arch", TWO.replace("conv(channels, 3, padding=1)", "conv(channels, 3, groups=5)"))
    cli.write(
        "open.arch", GOOD.replace("[N, 3, 32, 32]", "[N, 3, H, W]").replace("flatten", "global_avg_pool -> flatten")
    )
    return cli


@pytest.mark.parametrize("run", RUNS, ids=" ".join)
def test_real_output_fits_its_schema_and_its_model(run: tuple[str, ...], project: Cli) -> None:
    document = project(*run, "--format", "json").json
    jsonschema.validate(document, published(run[0]))
    model = DOCUMENTS[run[0]].model_validate(document)
    assert model.model_dump(mode="json") == document


def test_the_findings_in_these_runs_use_every_part(project: Cli) -> None:
    findings = project(*RUNS[2], "--format", "json").json["findings"]
    assert any(finding["trace"] for finding in findings)
    assert any(finding["help"] for finding in findings)
    assert any(finding["here"] for finding in findings)


# --- wrong output -----------------------------------------------------------------------------------------------------

Damage = Callable[[Any], object]
DAMAGES: list[tuple[str, tuple[str, ...], Damage]] = [
    ("check", ("shape.arch",), lambda document: document.update(version=2)),
    ("check", ("shape.arch",), lambda document: document.pop("files")),
    ("check", ("shape.arch",), lambda document: document.update(extra=1)),
    ("check", ("shape.arch",), lambda document: document["findings"][0].update(line=0)),
    ("check", ("shape.arch",), lambda document: document["findings"][0].update(code="X1")),
    ("check", ("shape.arch",), lambda document: document["findings"][0].update(severity="fatal")),
    ("check", ("shape.arch",), lambda document: document["findings"][0].pop("help")),
    ("networks", ("good.arch",), lambda document: document["networks"][0].pop("line")),
    ("networks", ("good.arch",), lambda document: document["networks"][0]["inputs"][0].update(shape=[1.5])),
    ("networks", ("good.arch",), lambda document: document["networks"][0]["outputs"][0].update(shape=[True])),
    ("summary", ("good.arch",), lambda document: document["layers"][0].update(weights=-1)),
    ("summary", ("good.arch",), lambda document: document["layers"][0].update(macs="many")),
    ("summary", ("good.arch",), lambda document: document["layers"][0].update(receptive_field=[0])),
    ("summary", ("good.arch",), lambda document: document["totals"].pop("depth")),
]


@pytest.mark.parametrize(("command", "arguments", "damage"), DAMAGES)
def test_wrong_output_is_refused(command: str, arguments: tuple[str, ...], damage: Damage, project: Cli) -> None:
    document = project(command, *arguments, "--format", "json").json
    wrong = copy.deepcopy(document)
    damage(wrong)
    assert wrong != document
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, published(command))
    with pytest.raises(ValidationError):
        DOCUMENTS[command].model_validate(wrong)
