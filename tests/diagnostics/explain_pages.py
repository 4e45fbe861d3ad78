"""Reads the page of a code, runs what stands on it, and tells what comes out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from archdsl.diagnostics.render.full import render_full
from archdsl.driver.outcome import check_path, heed_comments
from archdsl.source.loader import DiskLoader
from tests.docs.pages import Block, blocks_of, steps_of
from tests.house import PACKAGE, ROOT

FOLDER = PACKAGE / "diagnostics" / "explain"
WIDTH = 100
REPAIRED = "## Repaired"

_FILE = re.compile(r"# file: (\S+)\n")
_PROGRAMS = {"archdsl": "-m archdsl"}


@dataclass(frozen=True)
class Half:
    """One half of a page, the example or its repair: what is written down, and what is run."""

    blocks: list[Block]

    @property
    def files(self) -> list[Block]:
        return [block for block in self.blocks if block.language == "arch"]

    @property
    def commands(self) -> list[Block]:
        return [block for block in self.blocks if block.language == "console"]

    @property
    def shown(self) -> Block | None:
        """The block that holds the finding as it is shown."""
        return next((block for block in self.blocks if block.language == "text"), None)

    def write_into(self, folder: Path) -> None:
        for block in self.files:
            name = _FILE.match(block.text)
            place = folder / (name[1] if name else "model.arch")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(block.text, encoding="utf-8")


def page_of(code: str) -> Path:
    return FOLDER / f"{code}.md"


def halves(code: str) -> tuple[Half, Half]:
    """The example and the repair."""
    text = page_of(code).read_text(encoding="utf-8")
    border = text[: text.index(REPAIRED)].count("\n")
    blocks = blocks_of(code, text)
    return Half([each for each in blocks if each.line < border]), Half([each for each in blocks if each.line > border])


def found_in(folder: Path) -> tuple[list[str], str]:
    """The codes that a check of ``model.arch`` gives, and the findings as text; the folder is the working directory."""
    (folder / ".git").mkdir(exist_ok=True)  # the root of the project
    outcome = check_path(DiskLoader("."), "model.arch")
    findings = heed_comments(outcome.findings, [outcome])
    return [finding.code for finding in findings], render_full(findings, outcome.sources, width=WIDTH)


def run_commands(block: Block, folder: Path, scratch: Path) -> str:
    """The block with the real outputs of its commands."""
    programs = scratch / "bin"
    programs.mkdir(exist_ok=True)
    place = programs / "archdsl"
    place.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m archdsl "$@"\n')
    place.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": str(scratch / "cache"),
    }
    lines: list[str] = []
    for step in steps_of(block):
        done = subprocess.run(
            ["bash", "-c", step.command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        lines += [f"$ {step.command}", *done.stdout.splitlines()]
    return "\n".join(lines) + "\n"


def with_text(page: str, block: Block, text: str) -> str:
    """A page with another text in one of its blocks."""
    lines = page.splitlines(keepends=True)
    start = block.line - 1
    lines[start : start + block.text.count("\n")] = [text]
    return "".join(lines)
