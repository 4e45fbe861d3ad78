"""Findings as JSON documents: the contract of ``check --format json``, version 1."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic, Help
from archdsl.diagnostics.render.run import range_of
from archdsl.source.source import Source
from archdsl.source.span import Span

VERSION = 1


def finding_document(diagnostic: Diagnostic, sources: Mapping[str, Source]) -> dict[str, Any]:
    """One finding with the fields of the contract, always all of them and always in this order.

    Lines and columns count from 1 in code points, the end is exclusive. Where the text of a file is not in
    ``sources`` (it could not be read), places in it are 1:1. Texts are the user's own, unescaped: escaping
    is the work of whoever shows them.
    """
    code = CODES[diagnostic.code]
    help = diagnostic.help
    return {
        "code": code.id,
        "name": code.slug,
        "severity": code.severity,
        "message": diagnostic.message,
        "path": diagnostic.span.path,
        **_range(diagnostic.span, sources),
        "here": diagnostic.here,
        "expected": _shape(diagnostic.expected),
        "actual": _shape(diagnostic.actual),
        "related": [
            {"message": label.text, "path": label.span.path, **_range(label.span, sources)}
            for label in diagnostic.labels
        ],
        "trace": [
            {
                "block": frame.block,
                "arguments": frame.arguments,
                "path": frame.span.path,
                **_range(frame.span, sources),
            }
            for frame in diagnostic.trace
        ],
        "notes": list(diagnostic.notes),
        "help": help.text if help else None,
        "help_code": help.code if help else None,
        "fix": _fix(help, sources),
        "url": code.url,
    }


def check_document(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, Source], *, files: int, networks: int
) -> dict[str, Any]:
    """The whole answer of ``check``: all findings, and how many files and networks were looked at."""
    return {
        "version": VERSION,
        "findings": [finding_document(diagnostic, sources) for diagnostic in diagnostics],
        "files": files,
        "networks": networks,
    }


def dump(document: Mapping[str, Any] | list[Any], *, indent: int | None = 2) -> str:
    """A document as ASCII text without a newline at the end (``indent=None``: on one line).

    Every string is escaped so far that neither a terminal nor a CI log finds a command in it.
    """
    text = json.dumps(document, ensure_ascii=True, allow_nan=False, indent=indent)
    # Outside of strings JSON has neither of these, so the replacements cannot change what the document means.
    return text.replace("\x7f", "\\u007f").replace("##", "#\\u0023")


def _range(span: Span, sources: Mapping[str, Source]) -> dict[str, int]:
    where = range_of(span, sources)
    return {
        "line": where.line,
        "column": where.column,
        "end_line": where.end_line,
        "end_column": where.end_column,
    }


def _fix(help: Help | None, sources: Mapping[str, Source]) -> dict[str, Any] | None:
    if help is None or not help.edits:
        return None
    edits = [{"path": edit.span.path, **_range(edit.span, sources), "text": edit.text} for edit in help.edits]
    return {"edits": edits}


def _shape(shape: tuple[int | str, ...] | None) -> list[int | str] | None:
    return None if shape is None else list(shape)
