"""Reads training recipes: a TOML file and settings of the command line, as one validated recipe with places."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from archdsl.diagnostics.diagnostic import Diagnostic, Help
from archdsl.diagnostics.suggest import closest
from archdsl.documents.recipe import Recipe
from archdsl.documents.recipe_faults import Fault, validate
from archdsl.driver.api import ArchError
from archdsl.driver.toml import read_toml
from archdsl.source.source import Source
from archdsl.source.span import Span
from archdsl.source.toml_places import Place, places_in

COMMAND_LINE = "<command line>"
_SETTING = re.compile(r"([A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z][A-Za-z0-9_-]*)*)=(.+)", re.DOTALL)

Path = tuple[str, ...]
"""A setting by its tables and key: ``("optimizer", "lr")``."""


class SettingError(ValueError):
    """A setting of the command line that is not written as ``key=value``."""


@dataclass(frozen=True, slots=True)
class WrittenRecipe:
    """A valid recipe, the texts that it was read from, and the place of each setting that is written in them."""

    recipe: Recipe
    sources: Mapping[str, Source] = field(default_factory=dict)
    places: Mapping[Path, tuple[str, Place]] = field(default_factory=dict)

    def span(self, *path: str) -> Span | None:
        """Where the value of a setting stands; None for a default."""
        found = self.places.get(path)
        return Span(found[0], *found[1].value) if found else None


def setting_line(setting: str) -> str:
    """A ``key=value`` of the command line as a line of TOML; a word that is no TOML value is a string.

    :raises SettingError: where it has another form.
    """
    match = _SETTING.fullmatch(setting)
    if match is None:
        raise SettingError(f"write a setting and its value, as in optimizer.lr=0.1, not {setting!r}")
    key, value = match[1].replace("-", "_"), match[2]
    line = f"{key} = {value}"
    is_toml = "\n" not in value and not isinstance(read_toml(Source("", line), "E0801"), Diagnostic)
    return line if is_toml else f"{key} = {json.dumps(value)}"


def read_recipe(file: Source | None, settings: Sequence[str] = ()) -> WrittenRecipe:
    """The recipe of a file, with settings (``key=value``) that come before those of the file.

    :raises ArchError: with what is wrong with it.
    :raises SettingError: where a setting has another form.
    """
    lines = [setting_line(setting) for setting in settings]
    shown = Source(COMMAND_LINE, "\n".join(lines))
    values: dict[str, Any] = {}
    places: dict[Path, tuple[str, Place]] = {}
    sources = {source.path: source for source in (file, shown if lines else None) if source is not None}
    if file is not None:
        read = read_toml(file, "E0801")
        if isinstance(read, Diagnostic):
            raise ArchError.of([read], sources)
        values = read
        places |= {path: (file.path, place) for path, place in _places(file.text, values)}
    start = 0
    for line in lines:
        read = read_toml(Source(COMMAND_LINE, line), "E0801")
        assert isinstance(read, dict)
        values = _merged(values, read)
        places |= {path: (COMMAND_LINE, _moved(place, start)) for path, place in _places(line, read)}
        start += len(line) + 1
    recipe, faults = validate(values)
    if recipe is None:
        raise ArchError.of([_finding(fault, places, sources) for fault in faults], sources)
    return WrittenRecipe(recipe, sources, places)


def _finding(fault: Fault, places: Mapping[Path, tuple[str, Place]], sources: Mapping[str, Source]) -> Diagnostic:
    """A fault at the place of its setting, or of the table around it."""
    path = fault.path
    # A key written with escapes is not found by the scanner; its finding stands at the head of the text.
    at = next((places[path[:length]] for length in range(len(path), 0, -1) if path[:length] in places), None)
    name, place = at or (next(iter(sources)), Place((0, 0), (0, 0)))
    if fault.known is None:
        return Diagnostic("E0803", fault.message, Span(name, *place.value))
    near = closest(path[-1], fault.known)
    help = f"did you mean `{near}`?" if near else f"the settings here are {', '.join(fault.known)}"
    return Diagnostic("E0802", fault.message, Span(name, *place.key), help=Help(help))


def _places(text: str, values: Mapping[str, Any], table: Path = ()) -> Iterable[tuple[Path, Place]]:
    """Every key of a text with its place, tables before what is in them."""
    here = places_in(text, table)
    for key, value in values.items():
        if key in here:
            yield (*table, key), here[key]
        if isinstance(value, dict):
            yield from _places(text, value, (*table, key))


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _moved(place: Place, by: int) -> Place:
    (a, b), (c, d) = place.key, place.value
    return Place((a + by, b + by), (c + by, d + by))
