"""What a project sets for its checks: ``[tool.archdsl]`` in pyproject.toml, else archdsl.toml.

Checked by hand: a library for validation would take longer to load than most files take to check.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from archdsl.diagnostics.diagnostic import Diagnostic, Help
from archdsl.diagnostics.filters import PatternError, pattern_of
from archdsl.diagnostics.suggest import closest
from archdsl.driver.toml import read_toml
from archdsl.source.source import Source
from archdsl.source.toml_places import Place, Range, places_in

_NAMES = {bool: "true or false", str: "a string", int: "a number", float: "a number", list: "a list", dict: "a table"}

MOST_ITEMS = 1_000


@dataclass(frozen=True, slots=True)
class Configuration:
    """The options of a project; what it leaves out has the default of the command line."""

    select: tuple[str, ...] = ()
    """Beginnings of codes, as ``filters.pattern_of`` gives them."""
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    """Files and folders that a walk leaves out, relative to the configuration file, with ``/``."""
    error_on_warning: bool = False
    format: str | None = None


@dataclass(frozen=True, slots=True)
class _Reader:
    """The options of one file on their way to a ``Configuration``."""

    source: Source
    places: Mapping[str, Place]
    formats: Sequence[str]
    faults: list[Diagnostic]

    def fault(self, code: str, message: str, at: Range, help: str | None = None) -> None:
        span = self.source.span(*at)
        self.faults.append(Diagnostic(code, message, span, help=Help(help) if help else None))

    def place(self, option: str) -> Place:
        # A key written with escapes is not found by the scanner; its finding stands at the head of the file.
        return self.places.get(option, Place((0, 0), (0, 0)))

    def wrong(self, option: str, wanted: str, value: Any) -> None:
        found = _NAMES.get(type(value), "a date or time")
        self.fault("E0703", f"`{option}` must be {wanted}, not {found}", self.place(option).value)

    def patterns(self, option: str, value: Any) -> tuple[str, ...]:
        return self._strings(option, value, pattern_of)

    def paths(self, option: str, value: Any) -> tuple[str, ...]:
        return self._strings(option, value, _relative)

    def _strings(self, option: str, value: Any, read: Callable[[str], str]) -> tuple[str, ...]:
        if not isinstance(value, list) or len(value) > MOST_ITEMS:
            self.wrong(option, f"a list of at most {MOST_ITEMS:,} strings", value)
            return ()
        place, found = self.place(option), []
        for index, item in enumerate(value):
            at = place.items[index] if index < len(place.items) else place.value
            if not isinstance(item, str):
                self.fault("E0703", f"`{option}` must hold strings", at)
                continue
            try:
                found.append(read(item))
            except ValueError as error:
                near = error.near if isinstance(error, PatternError) else None
                self.fault("E0703", f"in `{option}`: {error}", at, f"did you mean `{near}`?" if near else None)
        return tuple(found)

    def flag(self, option: str, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        self.wrong(option, "true or false", value)
        return False

    def format(self, option: str, value: Any) -> str | None:
        if not isinstance(value, str):
            self.wrong(option, "a string", value)
        elif value in self.formats:
            return value
        else:
            near = closest(value, self.formats)
            help = f"did you mean `{near}`?" if near else f"the formats are {', '.join(self.formats)}"
            self.fault("E0703", f"there is no format `{value}`", self.place(option).value, help)
        return None


_OPTIONS: dict[str, tuple[str, Callable[[_Reader, str, Any], object]]] = {
    "error-on-warning": ("error_on_warning", _Reader.flag),
    "exclude": ("exclude", _Reader.paths),
    "format": ("format", _Reader.format),
    "ignore": ("ignore", _Reader.patterns),
    "select": ("select", _Reader.patterns),
}
"""Every option with its field and what reads its value."""


def read_configuration(
    source: Source, table: tuple[str, ...], formats: Sequence[str]
) -> tuple[Configuration | None, list[Diagnostic]]:
    """The options in a table of a TOML text, and what is wrong with them; None where there is no such table."""
    values: Any = read_toml(source, "E0701")
    if isinstance(values, Diagnostic):
        return Configuration(), [values]
    for name in table:
        if not isinstance(values, dict) or name not in values:
            return None, []
        values = values[name]
    places = places_in(source.text, table)
    reader = _Reader(source, places, formats, [])
    if not isinstance(values, dict):
        outer = places_in(source.text, table[:-1]).get(table[-1])
        reader.fault("E0703", f"`{'.'.join(table)}` must be a table", outer.value if outer else (0, 0))
        return Configuration(), reader.faults
    return _configuration(reader, values), reader.faults


def _configuration(reader: _Reader, values: Mapping[str, Any]) -> Configuration:
    found: dict[str, Any] = {}
    for option, value in values.items():
        if option in _OPTIONS:
            field, read = _OPTIONS[option]
            found[field] = read(reader, option, value)
            continue
        dashed = option.replace("_", "-")
        near = dashed if dashed in _OPTIONS else closest(option, _OPTIONS)
        help = f"did you mean `{near}`?" if near else f"the options are {', '.join(_OPTIONS)}"
        reader.fault("E0702", f"there is no option `{option}`", reader.place(option).key, help)
    return replace(Configuration(), **found)


def _relative(path: str) -> str:
    """A path of ``exclude`` in normal form.

    :raises ValueError: for one that leads out of the project, or means all of it.
    """
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    if path.startswith(("/", "\\")) or ".." in parts or re.match(r"[A-Za-z]:", path):
        raise ValueError(f"`{path}` leads out of the project: paths are relative to this file")
    if not parts:
        raise ValueError(f"`{path}` would leave out everything")
    return "/".join(parts)
