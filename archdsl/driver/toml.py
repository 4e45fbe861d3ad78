"""Reads TOML, tells where a text is none, and writes tables."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.source.source import Source

_POSITION = re.compile(r" \(at line (\d+), column (\d+)\)$")


def read_toml(source: Source, code: str) -> dict[str, Any] | Diagnostic:
    """The values of a TOML text, or the finding (of this ``code``) that tells why it is none."""
    try:
        return tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        return _not_toml(source, code, str(error))
    except (RecursionError, ValueError):
        return Diagnostic(code, "this cannot be read as TOML", source.span(0, 0))


def toml_text(values: Mapping[str, Any], table: str = "") -> str:
    """Values as TOML, tables last; what is None is left out. Keys are bare, as those of a recipe are."""
    plain = [f"{key} = {_inline(value)}\n" for key, value in values.items() if not _is_none_or_table(value)]
    inner = {f"{table}.{key}" if table else key: value for key, value in values.items() if isinstance(value, Mapping)}
    return "".join(plain) + "".join(f"\n[{name}]\n{toml_text(value, name)}" for name, value in inner.items())


def _is_none_or_table(value: object) -> bool:
    return value is None or isinstance(value, Mapping)


def _inline(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_inline, value))}]"
    return json.dumps(value)


def _not_toml(source: Source, code: str, message: str) -> Diagnostic:
    position = _POSITION.search(message)
    sentence = message[: position.start()] if position else message.removesuffix(" (at end of document)")
    if position is None:
        at = max(0, len(source.text.rstrip()) - 1)  # the end is missing behind the last character
    else:
        line = min(int(position[1]), source.lines.line_count)
        at = source.lines.line_start(line) + int(position[2]) - 1
    sentence = sentence[:1].lower() + sentence[1:]
    return Diagnostic(code, f"this is no TOML: {sentence}", source.span(at, at + 1))
