"""Runs the command line as a process of its own, and tells what it left in a folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.house import ROOT

GOOD = """\
## Four layers.
network small(classes: int = 10) {
    input image: [N, 3, 32, 32]
    conv(8, 3, padding=1) -> relu
    max_pool(2)
    flatten
    fc: linear(classes)
    output logits: [N, classes]
}
"""

TWO = """\
block unit(channels: int) {
    conv(channels, 3, padding=1) -> relu
}

network first() {
    input image: [N, 3, H = 16, W = 16]
    unit(8)
    output y: [N, 8, H, W]
}

network second() {
    input image: [N, 3, H = 16, W = 16]
    unit(4)
    output y: [N, 4, H, W]
}
"""

TEMPLATE = """\
network Family(width: int) {
    input image: [N, 3, 8, 8]
    conv(width, 3, padding=1)
    output y: [N, width, 8, 8]
}
"""

BLOCK_ONLY = "block unit() { relu }\n"

UNKNOWN_LAYER = GOOD.replace("relu", "rleu")
WIDE_KERNEL = GOOD.replace("max_pool(2)", "conv(8, 99)")
UNFINISHED = GOOD.replace("}", "")


@dataclass(frozen=True)
class Result:
    """What a run gave; ``Traceback`` in its output is a fault of its own, which ``run`` has looked for."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Cli:
    """The command line in a folder; its cache lies in ``scratch``, its byte code is shared by a session."""

    folder: Path
    scratch: Path
    byte_code: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def cache(self) -> Path:
        return self.scratch / "cache"

    @property
    def environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "ARCHDSL"))}
        own = {
            "PYTHONPATH": str(ROOT),
            "PYTHONPYCACHEPREFIX": str(self.byte_code),
            "XDG_CACHE_HOME": str(self.cache),
        }
        return {**kept, **own, **self.variables}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "archdsl", *arguments]

    def __call__(self, *arguments: str, input: bytes | None = None, user: int | None = None) -> Result:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            input=input if input is not None else b"",
            capture_output=True,
            check=False,
            timeout=120,
            user=user,
        )
        result = Result(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))
        assert "Traceback" not in result.err + result.out, result.err
        assert result.code in (0, 1, 2), result
        return result

    def with_variables(self, **variables: str) -> Cli:
        """The same with more in its environment."""
        return replace(self, variables={**self.variables, **variables})

    def write(self, name: str, text: str | bytes) -> Path:
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
        return place


def listing(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file below a folder with its content and the time of its last change."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
