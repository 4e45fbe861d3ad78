"""Which process of a run this is, by what torchrun tells it."""

from __future__ import annotations

import os


def processes_of_run() -> int:
    """How many processes torchrun started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ else 1
