"""The figures of a campaign: kept in a file, so that several sittings add up."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.trust.parts import Outcome


@dataclass
class PartFigures:
    """What one part has seen so far: its first ``done`` cases."""

    done: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome, count: int, seconds: float) -> None:
        """The next stretch of cases."""
        self.done += count
        self.counts.update(outcome.counts)
        self.seconds += seconds
        self.wrong += outcome.wrong


@dataclass
class Figures:
    """All parts of a campaign with one seed."""

    seed: str
    parts: dict[str, PartFigures] = field(default_factory=dict)

    def part(self, name: str) -> PartFigures:
        """The figures of a part; a part that never ran has none yet."""
        return self.parts.setdefault(name, PartFigures())

    @property
    def wrong(self) -> list[str]:
        return [sentence for part in self.parts.values() for sentence in part.wrong]

    @classmethod
    def load(cls, path: Path, seed: str) -> Figures:
        """What earlier sittings with the same seed left behind; nothing if there were none."""
        if not path.exists():
            return cls(seed)
        data: dict[str, Any] = json.loads(path.read_text())
        if data["seed"] != seed:
            return cls(seed)
        parts = {
            name: PartFigures(part["done"], Counter(part["counts"]), part["seconds"], part["wrong"])
            for name, part in data["parts"].items()
        }
        return cls(seed, parts)

    def save(self, path: Path) -> None:
        """Writes all of it, or nothing."""
        parts = {name: {**vars(part), "counts": dict(part.counts)} for name, part in self.parts.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(".new")
        aside.write_text(json.dumps({"seed": self.seed, "parts": parts}, indent=1) + "\n")
        os.replace(aside, path)

    def table(self) -> str:
        """A line for each figure; time is that of all processes together."""
        lines = []
        for name, part in self.parts.items():
            lines.append(f"{name}: {len(part.wrong)} disagreements, {part.seconds:,.0f} s")
            lines += [f"  {count:>12,}  {what}" for what, count in part.counts.items()]
        seconds = sum(part.seconds for part in self.parts.values())
        return "\n".join([*lines, f"{len(self.wrong)} disagreements in {seconds:,.0f} s of processor time"])
