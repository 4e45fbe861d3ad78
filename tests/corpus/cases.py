"""Reads the corpus: wrong ``.arch`` files whose comments say what is wrong and where.

The first line of a case is a comment in prose. A place that must be found is marked below it, by a caret under
its first character and the code; ``# finds:`` marks what no line can stand below:

    conv(8, 3, stride=0)
    #                 ^ E0401

    # finds: E0105 at 1:1

The marks are written by hand and hold whatever the texts beside the cases say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from archdsl.diagnostics.render.full import render_full
from archdsl.driver.compilation import Compilation
from archdsl.source.loader import DiskLoader

BAD = Path(__file__).parent / "bad"
GOOD = Path(__file__).parent / "good"
WIDTH = 100

_MARK = re.compile(r"^ *#( *)(\^+) ([EW]\d{4})$")
_FINDS = re.compile(r"^# finds: ([EW]\d{4}) at (\d+):(\d+)$")

Place = tuple[str, int, int, str]
"""Path, line and column of a finding, and its code."""


@dataclass(frozen=True)
class Findings:
    """What a check found: the places, and the text that a user sees."""

    places: list[Place]
    text: str


def cases(folder: Path) -> list[Path]:
    """The file that each case begins with: ``name.arch``, or ``main.arch`` in a folder of several files."""
    mains = {path.parent for path in folder.rglob("main.arch")}
    return sorted(path for path in folder.rglob("*.arch") if path.name == "main.arch" or path.parent not in mains)


def name_of(case: Path) -> str:
    """How a case is called in the list of tests: ``shapes/residual_add``."""
    relative = case.relative_to(BAD if case.is_relative_to(BAD) else GOOD)
    return str(relative.parent if case.name == "main.arch" else relative.with_suffix(""))


def marked_places(name: str, text: str) -> list[Place]:
    """The places marked in one file, in the order of the text."""
    places: list[Place] = []
    line = 0
    for number, row in enumerate(text.split("\n"), 1):
        mark = _MARK.match(row)
        finds = _FINDS.match(row)
        if mark:
            places.append((name, line, mark.start(2) + 1, mark.group(3)))
        elif finds:
            places.append((name, int(finds.group(2)), int(finds.group(3)), finds.group(1)))
        if not mark:
            line = number
    return sorted(places)


def check_file(path: Path) -> Findings:
    """Checks a file from its own folder, which is the root of its project."""
    return findings(Compilation(DiskLoader(str(path.parent))), path.name)


def findings(run: Compilation, name: str) -> Findings:
    """Every network of a file checked; the places of all findings and the text for a screen of 100 columns."""
    run.check_file(name)
    places: list[Place] = []
    for found in run.sink:
        source = run.sources.get(found.span.path)
        position = source.position(found.span.start) if source is not None else None
        line, column = (position.line, position.column) if position is not None else (1, 1)
        places.append((found.span.path, line, column, found.code))
    return Findings(places, render_full(run.sink.shown()[0], run.sources, width=WIDTH))
