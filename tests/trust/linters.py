"""What ruff and mypy say of generated files: they take seconds to start, so they get many files at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def complaints(sources: Sequence[str], folder: Path, cache: Path) -> str:
    """What the linters say that are not content; empty if all are. mypy keeps what it knows of torch in ``cache``."""
    home = folder / "generated"
    home.mkdir(exist_ok=True)
    for index, source in enumerate(sources):
        (home / f"g{index}.py").write_text(source, encoding="ascii")
    programs = Path(sys.executable).parent
    said = []
    for command in (
        [programs / "ruff", "format", "--isolated", "--diff", "."],
        [programs / "ruff", "check", "--isolated", "--select", "E,F,I,UP,B", "."],
        [programs / "mypy", "--strict", "--cache-dir", cache, *sorted(home.glob("*.py"))],
    ):
        done = subprocess.run(command, check=False, cwd=home, capture_output=True, text=True)
        if done.returncode != 0:
            said.append(done.stdout + done.stderr)
    return "\n".join(said)
