"""Where keys and values of a TOML text stand: what is cut out there, `tomllib` reads as the same value."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.source.toml_places import places_in
from tests.counting import calls_of
from tests.house import ROOT

TEXT = """\
# [tool.archdsl] in a comment
title = "a # b" # remark
[project]
name = "x"
select = ["no"]

[ tool . "archdsl" ]   # the table
select = ["W03", 'W05',  # remark, with a comma
    \"\"\"W0319\"\"\",
]
error-on-warning = true
exclude=["a]b", "c,d"]
nested = { ignore = [1, [2, 3], {a = "}"}], x.y = 1 }
date = 1979-05-27 07:32:00  # two tokens
number = -1_000.5e3
[tool.other]
select = 1
"""


def cut(text: str, table: tuple[str, ...]) -> dict[str, tuple[str, str, list[str]]]:
    """Key, value and items of each entry as they are written."""
    return {
        name: (text[slice(*place.key)], text[slice(*place.value)], [text[slice(*item)] for item in place.items])
        for name, place in places_in(text, table).items()
    }


def test_the_entries_of_a_table() -> None:
    found = cut(TEXT, ("tool", "archdsl"))
    assert list(found) == ["select", "error-on-warning", "exclude", "nested", "date", "number"]
    assert found["select"][2] == ['"W03"', "'W05'", '"""W0319"""']
    assert found["error-on-warning"] == ("error-on-warning", "true", [])
    assert found["exclude"][1:] == ('["a]b", "c,d"]', ['"a]b"', '"c,d"'])
    assert found["date"][1] == "1979-05-27 07:32:00"
    assert found["number"][1] == "-1_000.5e3"


def test_the_entries_of_the_file_itself() -> None:
    assert cut(TEXT, ())["title"] == ("title", '"a # b"', [])


@pytest.mark.parametrize(
    "text",
    [
        '[tool.archdsl]\nignore = ["W"]',
        '[tool]\narchdsl.ignore = ["W"]',
        'tool.archdsl.ignore = ["W"]',
        'tool = { archdsl = { ignore = ["W"] } }',
        '[tool]\narchdsl = { x = 1, ignore = ["W"], y = 2 }',
        '[\'tool\'."archdsl"]\n"ignore" = [\n\n"W"\n]',
        '[tool.other]\nignore = 1\n[tool.archdsl]\nignore = ["W"]\n[[x]]\nignore = 2',
    ],
)
def test_every_way_to_write_a_table(text: str) -> None:
    assert cut(text, ("tool", "archdsl"))["ignore"][2] == ['"W"']


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ignore = 1",
        "[tool]\nignore = 1",
        "[tool.archdsl.inner]\nx = 1\n[tool.archdslx]\nignore = 1",
        "# tool.archdsl.ignore = 1",
        'text = """\n[tool.archdsl]\nignore = 1\n"""',
        "text = '''\n[tool.archdsl]\nignore = 1'''",
        "list = [\n'''\n[tool.archdsl]\nignore = 1''']",
    ],
)
def test_what_is_no_entry_of_the_table(text: str) -> None:
    tomllib.loads(text)
    assert "ignore" not in places_in(text, ("tool", "archdsl"))


def assert_places_are_right(text: str, table: tuple[str, ...] = ()) -> None:
    """Each value cut out of the text is the one that tomllib reads; so is each item."""
    values: Any = tomllib.loads(text)
    for name in table:
        values = values[name]
    places = places_in(text, table)
    for name, place in places.items():
        if place.key == place.value or tomllib.loads(f"{text[slice(*place.key)]} = 0").keys() != {name}:
            continue  # a dotted key or a header: the value belongs to an inner table
        value = tomllib.loads(f"x = {text[slice(*place.value)]}")["x"]
        assert value == values[name]
        if isinstance(value, list):
            items = [tomllib.loads(f"x = {text[slice(*item)]}")["x"] for item in place.items]
            assert items == value
    assert {name for name, value in values.items() if not isinstance(value, dict | list)} <= places.keys()


def test_our_own_file() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for table in [
        ("project",),
        ("tool", "ruff"),
        ("tool", "mypy"),
        ("tool", "pytest", "ini_options"),
        ("tool", "importlinter"),
    ]:
        assert_places_are_right(text, table)


STRINGS = st.one_of(
    st.text(st.sampled_from("ab#[]{},='\" \t"), max_size=8).map(lambda text: '"' + text.replace('"', '\\"') + '"'),
    st.text(st.sampled_from('ab#[]{},=" \t'), max_size=8).map(lambda text: f"'{text}'"),
    st.text(st.sampled_from("ab#[],\n\\'"), max_size=8).map(lambda text: '"""' + text.replace("\\", "\\\\") + '"""'),
    st.text(st.sampled_from('ab#[],\n\\"'), max_size=8).map(lambda text: f"'''{text}'''"),
)
SPACES = st.sampled_from(["", " ", "\n", " # a, ] } comment\n", "\n\n  "])
SCALARS = st.one_of(STRINGS, st.sampled_from(["1", "-0.5e3", "true", "1979-05-27", "inf", "0x1F"]))


@st.composite
def arrays(draw: st.DrawFn, values: st.SearchStrategy[str]) -> str:
    items = [f"{draw(SPACES)}{item}{draw(SPACES)}" for item in draw(st.lists(values, max_size=4))]
    return "[" + ",".join(items) + ("," if items and draw(st.booleans()) else "") + draw(SPACES) + "]"


@st.composite
def inline_tables(draw: st.DrawFn, values: st.SearchStrategy[str]) -> str:
    inner = ", ".join(f"k{number} = {value}" for number, value in enumerate(draw(st.lists(values, max_size=3))))
    return f"{{ {inner} }}"


VALUES = st.recursive(SCALARS, lambda inner: arrays(inner) | inline_tables(SCALARS), max_leaves=8)


@given(st.lists(st.tuples(st.sampled_from(["k{}", '"k{}"', "'k {}'"]), SPACES, VALUES), max_size=5))
def test_any_file(entries: list[tuple[str, str, str]]) -> None:
    lines = [f"{key.format(number)} = {value} # remark" for number, (key, _, value) in enumerate(entries)]
    text = "\n".join(lines) + "\n[next]\nx = 1\n"
    assert_places_are_right(text)


@given(st.text(st.sampled_from("[]{}\"'#=.,\n ax"), max_size=60))
def test_what_is_no_toml_ends_the_search(text: str) -> None:
    for place in places_in(text, ("a",)).values():
        assert 0 <= place.key[0] <= place.key[1] <= len(text)


@pytest.mark.parametrize(
    "piece", ["[", "a=[", '"', "'''", "a.", "{", "#", "\n", 'a="', "[a]\n", "a=1\n", "= ", ",", "\\"]
)
def test_long_texts_are_read_once(piece: str) -> None:
    def calls(length: int) -> int:
        text = piece * (length // len(piece))
        return calls_of(lambda: (places_in(text, ("tool", "archdsl")), places_in(f"a = {text}", ())))

    assert calls(64 * 1024) <= 2.1 * calls(32 * 1024)
