"""What a check costs: counted in steps, the same on every machine, and bounded before the time is spent."""

from __future__ import annotations

from dataclasses import dataclass

MAX_WORK = 5_000_000
"""Steps for all networks of a file together, some 1.5 seconds of one core; what takes how many stands below."""

EXPRESSION = 3
"""Each part of an expression that is evaluated."""
ITEMS_PER_STEP = 8
"""So many items of a list are compared, or added up, in one step."""
STATEMENT = 12
LAYER = 28
"""A layer whose input and arguments were not met before in this network."""
WINDOW_AXIS = 300
"""Each axis of a window of such a layer."""
JOIN = 60
PATH = 10
"""Each path of a join."""
INSTANCE = 60
"""A block with arguments or an input that were not met before."""


@dataclass(slots=True)
class Meter:
    """The steps that were taken so far."""

    spent: int = 0
    is_told: bool = False
    """Whether the end of the budget was reported."""

    @property
    def is_empty(self) -> bool:
        """Whether the budget is used up."""
        return self.spent > MAX_WORK
