"""The configuration of a project: what it sets, and faults at their line and column."""

from __future__ import annotations

import pytest

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.driver.configuration import Configuration, read_configuration
from archdsl.source.source import Source

FORMATS = ("full", "concise", "json")
TABLE = ("tool", "archdsl")


def read(text: str, table: tuple[str, ...] = ()) -> tuple[Configuration | None, list[Diagnostic]]:
    return read_configuration(Source("archdsl.toml", text), table, FORMATS)


def right(text: str, table: tuple[str, ...] = ()) -> Configuration:
    configuration, faults = read(text, table)
    assert faults == []
    assert configuration is not None
    return configuration


def fault(text: str, table: tuple[str, ...] = ()) -> tuple[str, int, int, str]:
    """Code, line, column and message of the only fault, with its help."""
    source = Source("archdsl.toml", text)
    _, (finding,) = read_configuration(source, table, FORMATS)
    place = source.position(finding.span.start)
    help = f"; {finding.help.text}" if finding.help else ""
    return finding.code, place.line, place.column, finding.message + help


# --- right ------------------------------------------------------------------------------------------------------------


def test_every_option() -> None:
    text = """\
select = ["W03", "unused-name"]
ignore = ["W0319"]
exclude = ["tests/bad", "./old.arch", "a\\\\b/"]
error-on-warning = true
format = "concise"
"""
    assert right(text) == Configuration(
        select=("W03", "W0504"),
        ignore=("W0319",),
        exclude=("tests/bad", "old.arch", "a/b"),
        error_on_warning=True,
        format="concise",
    )


@pytest.mark.parametrize("text", ["", "# nothing\n", "select = []\n"])
def test_without_options_the_defaults_hold(text: str) -> None:
    assert right(text) == Configuration()


def test_a_table_of_another_file() -> None:
    assert right('[project]\nname = 1\n[tool.archdsl]\nformat = "json"\n', TABLE).format == "json"
    assert right('tool = { archdsl = { format = "json" } }', TABLE).format == "json"


@pytest.mark.parametrize("text", ["", "[tool]\nx = 1", "[tool.archdslx]\nformat = 1", "tool = 1"])
def test_a_file_without_the_table_sets_nothing(text: str) -> None:
    assert read(text, TABLE) == (None, [])


# --- wrong ------------------------------------------------------------------------------------------------------------

WRONG = {
    "error-on-warning = yes": ("E0701", 1, 20, "this is no TOML: invalid value"),
    "format = 'json'\nformat = 'json'": ("E0701", 2, 15, "this is no TOML: cannot overwrite a value"),
    "\nselect = [": ("E0701", 2, 10, "this is no TOML: invalid value"),
    "a = 'x\n": ("E0701", 1, 6, "this is no TOML: "),
    "[": ("E0701", 1, 1, "this is no TOML: "),
    "x = " + "[" * 5_000: ("E0701", 1, 1, "this cannot be read as TOML"),
    "error-on-warnings = true": (
        "E0702",
        1,
        1,
        "there is no option `error-on-warnings`; did you mean `error-on-warning`?",
    ),
    "error_on_warning = true": (
        "E0702",
        1,
        1,
        "there is no option `error_on_warning`; did you mean `error-on-warning`?",
    ),
    "\n  colour = 1": ("E0702", 2, 3, "there is no option `colour`; the options are error-on-warning, exclude,"),
    "rules.select = []": ("E0702", 1, 1, "there is no option `rules`"),
    "error-on-warning = 1": ("E0703", 1, 20, "`error-on-warning` must be true or false, not a number"),
    "error-on-warning = 'true'": ("E0703", 1, 20, "`error-on-warning` must be true or false, not a string"),
    "select = 'W'": ("E0703", 1, 10, "`select` must be a list of at most 1,000 strings, not a string"),
    "select.all = 1": ("E0703", 1, 14, "`select` must be a list of at most 1,000 strings, not a table"),
    "select = 1979-05-27": ("E0703", 1, 10, "`select` must be a list of at most 1,000 strings, not a date or time"),
    "ignore = [\n  'W0319',\n  7,\n]": ("E0703", 3, 3, "`ignore` must hold strings"),
    "ignore = ['W', 'W0391']": ("E0703", 1, 16, "in `ignore`: there is no warning `W0391`; did you mean `W0319`?"),
    "ignore = ['E0302']": ("E0703", 1, 11, "in `ignore`: `E0302` is an error, and errors are always reported"),
    "select = ['E']": ("E0703", 1, 11, "in `select`: `E` are errors, and errors are always reported"),
    "ignore = [" + '"W",' * 1_001 + "]": ("E0703", 1, 10, "`ignore` must be a list of at most 1,000 strings"),
    "format = 'yaml'": ("E0703", 1, 10, "there is no format `yaml`; the formats are full, concise, json"),
    "format = 'concice'": ("E0703", 1, 10, "there is no format `concice`; did you mean `concise`?"),
    "format = []": ("E0703", 1, 10, "`format` must be a string, not a list"),
    "exclude = ['/etc']": ("E0703", 1, 12, "in `exclude`: `/etc` leads out of the project"),
    "exclude = ['a/../../b']": ("E0703", 1, 12, "in `exclude`: `a/../../b` leads out of the project"),
    "exclude = ['C:/x']": ("E0703", 1, 12, "in `exclude`: `C:/x` leads out of the project"),
    "exclude = ['.']": ("E0703", 1, 12, "in `exclude`: `.` would leave out everything"),
    "exclude = ['']": ("E0703", 1, 12, "in `exclude`: `` would leave out everything"),
}


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:40])
def test_a_fault_has_its_place(text: str) -> None:
    code, line, column, beginning = WRONG[text]
    found = fault(text)
    assert found[:3] == (code, line, column)
    assert found[3].startswith(beginning)


def test_a_fault_in_a_table_has_its_place_in_the_file() -> None:
    text = '[project]\nname = "ignore"\nignore = 1\n\n[tool.archdsl]\nselect = ["W"]\nignore = [1]\n'
    assert fault(text, TABLE)[:3] == ("E0703", 7, 11)


@pytest.mark.parametrize(("text", "column"), [("tool.archdsl = 1", 16), ("[[tool.archdsl]]\nx = 1", 3)])
def test_a_table_that_is_none(text: str, column: int) -> None:
    code, line, at, message = fault(text, TABLE)
    assert (code, line, at, message) == ("E0703", 1, column, "`tool.archdsl` must be a table")


def test_all_faults_are_told() -> None:
    _, faults = read("colour = 1\nselect = 1\nignore = ['x', 'y']\n")
    assert [finding.code for finding in faults] == ["E0702", "E0703", "E0703", "E0703"]


def test_a_key_with_escapes_has_its_fault_at_the_head_of_the_file() -> None:
    assert fault('x = 1\n"\\u0066ormat" = 1'.partition("\n")[2])[:3] == ("E0703", 1, 1)
