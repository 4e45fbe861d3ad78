"""The explain pages: one Markdown page per code, shipped beside the registry."""

from __future__ import annotations

import os
import re

import archdsl.diagnostics

FOLDER = os.path.join(os.path.dirname(os.path.abspath(archdsl.diagnostics.__file__)), "explain")

_REMARK = re.compile(r"<!--.*-->")
_LINK = re.compile(r"\[([^\]]*)\]\((?:\.\./)*([^)]*)\)")


def read_page(code: str) -> str:
    """The page of a code of the registry as Markdown; empty where the installation lacks it."""
    try:
        with open(os.path.join(FOLDER, f"{code}.md"), encoding="utf-8") as stream:
            return stream.read()
    except OSError:
        return ""


def page_without_links(code: str) -> str:
    """The page for readers who have it alone: links name the file that they lead to, remarks are left out."""
    lines = [_LINK.sub(r"\1 (\2)", line) for line in read_page(code).splitlines() if not _REMARK.fullmatch(line)]
    return "".join(f"{line}\n" for line in lines)
