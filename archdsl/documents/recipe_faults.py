"""Says in a person's words what is wrong with the values of a recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from archdsl.documents.recipe import Recipe

MOST_VALUE = 40
"""Of a longer value, so many characters are shown."""

_WANTED = {
    "bool_type": "true or false",
    "dict_type": "a table",
    "finite_number": "a finite number",
    "float_type": "a number",
    "greater_than": "greater than {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "int_type": "a whole number",
    "less_than": "less than {lt:g}",
    "less_than_equal": "at most {le:g}",
    "list_type": "a list",
    "literal_error": "{expected}",
    "model_type": "a table",
    "string_type": "a string",
    "too_long": "a list of {max_length}",
    "too_short": "a list of {min_length}",
    "value_error": "{error}",
}
"""What a value must be, by pydantic's name of the error."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one setting; ``known`` are the settings that exist where this one does not."""

    path: tuple[str, ...]
    message: str
    known: tuple[str, ...] | None = None


def validate(values: Mapping[str, Any]) -> tuple[Recipe | None, list[Fault]]:
    """The recipe, or each faulty setting once."""
    try:
        return Recipe.model_validate(values), []
    except ValidationError as error:
        details = error.errors(include_url=False)
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for detail in details:
        groups.setdefault(_path(detail["loc"], values), []).append(dict(detail))
    return None, [_fault(path, group) for path, group in groups.items()]


def _path(location: Sequence[str | int], values: Any) -> tuple[str, ...]:
    """The keys of a location that stand in the recipe: pydantic names the members of unions in it, too."""
    path: list[str] = []
    for part in location:
        if not isinstance(values, dict) or part not in values:
            break
        path.append(str(part))
        values = values[part]
    return tuple(path)


def _fault(path: tuple[str, ...], group: Sequence[Mapping[str, Any]]) -> Fault:
    name = ".".join(path)
    if group[0]["type"] == "extra_forbidden":
        return Fault(path, f"a recipe has no setting `{name}`", tuple(_section(path[:-1]).model_fields))
    wanted = " or ".join(dict.fromkeys(_wanted(detail) for detail in group))
    if group[0]["type"] == "value_error":
        return Fault(path, f"`{name}` cannot be {_shown(group[0]['input'])}: {wanted}")
    return Fault(path, f"`{name}` must be {wanted}, not {_shown(group[0]['input'])}")


def _wanted(detail: Mapping[str, Any]) -> str:
    template = _WANTED.get(detail["type"])
    return template.format(**detail.get("ctx", {})) if template else str(detail["msg"]).lower()


def _shown(value: object) -> str:
    text = {True: "true", False: "false"}.get(value, repr(value)) if isinstance(value, bool) else repr(value)
    return text if len(text) <= MOST_VALUE else text[: MOST_VALUE - 1] + "…"


def _section(path: Sequence[str]) -> type[BaseModel]:
    section: type[BaseModel] = Recipe
    for name in path:
        inner = section.model_fields[name].annotation
        assert isinstance(inner, type) and issubclass(inner, BaseModel)
        section = inner
    return section
