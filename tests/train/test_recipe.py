"""Recipes: what is wrong in them has a place, what is right comes out whole, and the schema says the same."""

from __future__ import annotations

import json
import os
import tomllib
from typing import Any

import jsonschema
import pytest

from archdsl.documents.recipe import Recipe
from archdsl.documents.schemas import recipe_schema_text
from archdsl.driver.api import ArchError
from archdsl.driver.recipe import COMMAND_LINE, SettingError, read_recipe
from archdsl.driver.toml import toml_text
from archdsl.source.source import Source
from tests.house import ROOT

SCHEMA = ROOT / "docs" / "schemas" / "recipe.json"

Found = tuple[str, str, int, int]
"""Code, path, line and column of a finding."""


def found(text: str | None, *settings: str) -> list[tuple[Found, str]]:
    """The findings of a recipe with their messages."""
    with pytest.raises(ArchError) as caught:
        read_recipe(Source("recipe.toml", text) if text is not None else None, settings)
    return [
        ((each.code, each.span.path, *_position(caught.value, each.span.path, each.span.start)), each.message)
        for each in caught.value.findings
    ]


def _position(error: ArchError, path: str, offset: int) -> tuple[int, int]:
    position = error.sources[path].position(offset)
    return position.line, position.column


WRONG: dict[str, tuple[str, str, int, int, str]] = {
    "no TOML": ("epochs = \n", "E0801", 1, 10, "this is no TOML: invalid value"),
    "a key twice": ("epochs = 1\nepochs = 2\n", "E0801", 2, 11, "cannot overwrite a value"),
    "an unknown setting": ("[optimizer]\nlearning_rate = 0.1\n", "E0802", 2, 1, "no setting `optimizer.learning_rate`"),
    "an unknown table": ("[optimiser]\nlr = 0.1\n", "E0802", 1, 2, "no setting `optimiser`"),
    "a rate of NaN": ("[optimizer]\nlr = nan\n", "E0803", 2, 6, "`optimizer.lr` must be a finite number, not nan"),
    "an infinite rate": ("optimizer.lr = inf\n", "E0803", 1, 16, "must be a finite number, not inf"),
    "a negative rate": ("optimizer = { lr = -1 }\n", "E0803", 1, 20, "must be greater than 0, not -1"),
    "a number as text": ('epochs = "3"\n', "E0803", 1, 10, "`epochs` must be a whole number, not '3'"),
    "half an epoch": ("epochs = 1.5\n", "E0803", 1, 10, "`epochs` must be a whole number"),
    "no epoch": ("epochs = 0\n", "E0803", 1, 10, "`epochs` must be at least 1"),
    "true as a number": ("batch = true\n", "E0803", 1, 9, "must be a whole number, not true"),
    "an unknown loss": ('[loss]\nname = "l1"\n', "E0803", 2, 8, "must be 'cross_entropy', 'hinge' or 'mse', not 'l1'"),
    "a table as a value": ("[epochs]\nn = 1\n", "E0803", 1, 2, "must be a whole number"),
    "a value as a table": ("data = 3\n", "E0803", 1, 8, "`data` must be a table, not 3"),
    "three sides": ("data.size = [1, 2, 3]\n", "E0803", 1, 13, "or a list of 2"),
    "smoothing of 1": ("loss.label_smoothing = 1.0\n", "E0803", 1, 24, "must be less than 1"),
    "everything for validation": ("data.validation = 1.0\n", "E0803", 1, 19, "must be less than 1"),
    "an unknown data set": ('data.source = "imagenet"\n', "E0803", 1, 15, "a data set is one of digits, synthetic"),
    "a folder without a name": ('data.source = "folder:"\n', "E0803", 1, 15, "a data set is one of"),
    "a deep table": ("[data.size.x]\ny = 1\n", "E0803", 1, 2, "`data.size` must be 'auto' or"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_recipe_is_one_finding_at_its_place(case: str) -> None:
    text, code, line, column, message = WRONG[case]
    ((place, told),) = found(text)
    assert place == (code, "recipe.toml", line, column)
    assert message in told


def test_faults_do_not_hide_each_other() -> None:
    codes = [place for place, _ in found("epoch = 3\nbatch = 0\n[optimizer]\nlr = nan\n", "ema=2")]
    assert codes == [
        ("E0803", "recipe.toml", 2, 9),
        ("E0803", COMMAND_LINE, 1, 7),
        ("E0803", "recipe.toml", 4, 6),
        ("E0802", "recipe.toml", 1, 1),
    ]


def test_a_setting_of_the_command_line_has_its_own_place() -> None:
    ((place, told),) = found("epochs = 3\n", "batch=4", "optimizer.lr=fast")
    assert place == ("E0803", COMMAND_LINE, 2, 16)
    assert told == "`optimizer.lr` must be a number, not 'fast'"


@pytest.mark.parametrize("setting", ["epochs", "=3", "epochs=", "1x=3", "a..b=1", "optimizer.=1", "a b=1"])
def test_a_setting_without_form_is_refused(setting: str) -> None:
    with pytest.raises(SettingError):
        read_recipe(None, [setting])


@pytest.mark.parametrize("value", ['"a" # b', "1\nbatch = 2", '"""', "[1", "{ a = 1 } x", "'''\n'''"])
def test_no_value_gets_out_of_its_setting(value: str) -> None:
    """Whatever stands behind the sign is one value: it cannot set anything else."""
    with pytest.raises(ArchError) as caught:
        read_recipe(None, [f"data.source={value}"])
    assert {finding.code for finding in caught.value.findings} == {"E0803"}


def test_the_command_line_comes_before_the_file() -> None:
    source = Source("recipe.toml", "epochs = 3\n[optimizer]\nlr = 0.5\nmomentum = 0.8\n")
    written = read_recipe(source, ["optimizer.lr=0.1", "schedule.name=linear", "data.source=folder:a b"])
    recipe = written.recipe
    assert (recipe.epochs, recipe.optimizer.lr, recipe.optimizer.momentum) == (3, 0.1, 0.8)
    assert (recipe.schedule.name, recipe.data.source) == ("linear", "folder:a b")
    span = written.span("optimizer", "lr")
    assert span is not None and written.sources[span.path].slice(span) == "0.1"
    assert span.path == COMMAND_LINE
    assert written.span("seed") is None


def test_a_complete_recipe_reads_as_it_was_written() -> None:
    recipe = read_recipe(
        None, ["network.arguments={classes=3,layers=[1,2]}", "data.size=[8,9]", "time_limit=1.5"]
    ).recipe
    again = read_recipe(Source("recipe.toml", toml_text(recipe.model_dump()))).recipe
    assert again == recipe


# --- the schema -------------------------------------------------------------------------------------------------------


def test_the_published_schema_is_that_of_the_model() -> None:
    """ARCHDSL_UPDATE=1 writes the schema anew."""
    if os.environ.get("ARCHDSL_UPDATE"):
        SCHEMA.write_text(recipe_schema_text(), "utf-8")
    assert SCHEMA.read_text("utf-8") == recipe_schema_text()


def validate(values: dict[str, Any]) -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(values)


def test_the_schema_accepts_a_complete_recipe() -> None:
    validate(tomllib.loads(toml_text(Recipe().model_dump())))


SEEN_BY_A_SCHEMA = [
    case for case in WRONG if WRONG[case][1] != "E0801" and case not in {"a rate of NaN", "an infinite rate"}
]


@pytest.mark.parametrize("case", [case for case in SEEN_BY_A_SCHEMA if "data set" not in case and "folder" not in case])
def test_the_schema_refuses_what_the_model_refuses(case: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validate(tomllib.loads(WRONG[case][0]))
