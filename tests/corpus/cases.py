"""Reads the corpus: wrong ``.arch`` files whose comments say what is wrong and where.

The first line of a case is a comment in prose. A place that must be found is marked below it, by a caret under
its first character and the code; ``# finds:`` marks what no line can stand below:

    conv(8, 3, stride=0)
    #                 ^ E0401

    # finds: E0105 at 1:1

The marks are written by hand and hold whatever the texts beside the cases say. A folder may hold an ``archdsl.toml``,
with marks of the same kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from archdsl.cli.outputs import FORMATS
from archdsl.cli.settings import OWN
from archdsl.codegen import Refused
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.render.full import render_full
from archdsl.diagnostics.render.run import range_of
from archdsl.diagnostics.sink import Sink
from archdsl.driver.compilation import Compilation
from archdsl.driver.configuration import read_configuration
from archdsl.driver.outcome import check_path, heed_comments
from archdsl.driver.source import source_of
from archdsl.source.loader import DiskLoader
from archdsl.source.source import Source

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
    """Checks a file from its own folder, which is the root of its project; a faulty configuration comes first."""
    loader = DiskLoader(str(path.parent))
    configuration = loader.load(OWN) if (path.parent / OWN).exists() else None
    if isinstance(configuration, Source):
        faults = read_configuration(configuration, (), FORMATS)[1]
        if faults:
            return _found(faults, {OWN: configuration})
    outcome = check_path(loader, path.name)
    return _found(heed_comments(outcome.findings, [outcome]), outcome.sources)


def compile_file(path: Path) -> Findings:
    """What `archdsl compile` says of a file that the check has nothing against."""
    run = Compilation(DiskLoader(str(path.parent)))
    try:
        source_of(run, path.name, run.designs(path.name))
    except Refused as refused:
        return _found([refused.diagnostic], run.sources)
    return _found([], run.sources)


def _found(findings: Iterable[Diagnostic], sources: Mapping[str, Source]) -> Findings:
    """The places of all findings and the text for a screen of 100 columns."""
    sink = Sink()
    sink.extend(findings)
    places: list[Place] = []
    for found in sink:
        where = range_of(found.span, sources)
        places.append((found.span.path, where.line, where.column, found.code))
    return Findings(places, render_full(sink.shown()[0], sources, width=WIDTH))
