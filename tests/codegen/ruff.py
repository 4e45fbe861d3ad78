"""Runs ruff on texts, many in one call: the oracle of the printer's tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_RUFF = [sys.executable, "-m", "ruff"]


def formatted(folder: Path, texts: Mapping[str, str]) -> dict[str, str]:
    """What ``ruff format`` with its default settings makes of each text, by name."""
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text, encoding="ascii")
    command = [*_RUFF, "format", "--isolated", "--no-cache", "--quiet", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr
    return {name: (folder / f"{name}.py").read_text(encoding="utf-8") for name in texts}


def complaints(folder: Path, text: str, *options: str) -> str:
    """What ``ruff check`` with its default rules and some more has against a text."""
    path = folder / "generated.py"
    path.write_text(text, encoding="ascii")
    command = [*_RUFF, "check", "--isolated", "--no-cache", "--quiet", "--output-format=concise", *options, str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
