"""The explain pages: one Markdown page per code, shipped beside the registry."""

from __future__ import annotations

import os

import archdsl.diagnostics

FOLDER = os.path.join(os.path.dirname(os.path.abspath(archdsl.diagnostics.__file__)), "explain")


def read_page(code: str) -> str:
    """The page of a code of the registry as Markdown; empty where the installation lacks it."""
    try:
        with open(os.path.join(FOLDER, f"{code}.md"), encoding="utf-8") as stream:
            return stream.read()
    except OSError:
        return ""
