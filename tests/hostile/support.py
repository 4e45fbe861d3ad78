"""What the tests of hostile input share: small programs, and checks that run in this process."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from archdsl.driver.compilation import Compilation
from archdsl.driver.outcome import check_path, heed_comments
from archdsl.driver.overlay import OverlayLoader, place_of
from archdsl.driver.source import source_of
from tests.trust.fuzz import FuzzResult, judged

PATH = "hostile.arch"

Place = tuple[int, int, str]
"""Line, column and code of a finding."""


def network(steps: str, *, before: str = "", shape: str = "N, 8, 8, 8") -> str:
    """A network of some steps; what it puts out is not stated."""
    rank = ", ".join("_" for _ in shape.split(",")[1:])
    return f"{before}network n() {{\n    input image: [{shape}]\n    {steps}\n    output y: [N, {rank}]\n}}\n"


def places(data: str | bytes) -> list[Place]:
    """The findings in a text, the check of which came to a proper end in every respect (``judged``)."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    result: FuzzResult = judged(raw)
    assert result.faults == ()
    outcome = check_path(_loader(raw), PATH)
    found = []
    for finding in heed_comments(outcome.findings, [outcome]):
        source = outcome.sources.get(finding.span.path)
        at = source.position(finding.span.start) if source is not None else None
        found.append((at.line if at else 1, at.column if at else 1, finding.code))
    return found


def codes(data: str | bytes) -> list[str]:
    """The codes of the errors in a text, in order."""
    return [code for _, _, code in places(data) if code[0] == "E"]


def quick_codes(text: str) -> list[str]:
    """The same without a look at anything but the check itself, for tests that ask a thousand times."""
    outcome = check_path(_loader(text.encode("utf-8", "surrogatepass")), PATH)
    return [finding.code for finding in outcome.findings if finding.code[0] == "E"]


def compiled(text: str) -> str:
    """The PyTorch source of all networks of a text."""
    compilation = Compilation(_loader(text.encode()))
    source = source_of(compilation, PATH, compilation.check_file(PATH))
    assert source is not None, [finding.message for finding in compilation.sink]
    return source


def _loader(data: bytes) -> OverlayLoader:
    return OverlayLoader(".", {place_of(PATH): data})


def positions(text: str, count: int, seed: str) -> list[int]:
    """Some places in a text, its beginning and end among them."""
    inner = random.Random(seed).sample(range(1, len(text)), count)
    return [0, *sorted(inner), len(text)]


def python(code: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
