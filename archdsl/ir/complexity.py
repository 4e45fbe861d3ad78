"""Where exact arithmetic on open sizes ends: the limits, and the error that says one was reached."""

from __future__ import annotations

MAX_STEPS = 4_096
"""Jumps per period that a function given as a table may have, and terms that one division may create."""

MAX_CELLS = 65_536
"""Cells that one question about sizes (where is f zero?) may look at, and cells that one answer may consist of."""

MAX_DEPTH = 64
"""Levels of remainders below remainders; keeps every recursion here far from Python's own limit."""

MAX_BITS = 4_096
"""Bits of a divisor or factor; numbers stay printable (Python refuses beyond 4,300 digits)."""


class DimTooComplex(ArithmeticError):
    """An open size that is not decided here: two open symbols, a product of open sizes, or a limit of this module.

    The message is a sentence a caller can show: the honest answer is then "fix this size", never a guess.
    """
