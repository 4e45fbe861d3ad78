"""Where exact arithmetic on open sizes ends: the limits, and the error that says one was reached.

Networks that people build stay far below: a dozen terms, a few hundred steps. The limits bound time and memory for
files that nobody would write, and keep the recursions here far from Python's own limit.
"""

from __future__ import annotations

MAX_TERMS = 1_024
"""Floors that one size may be a sum of."""

MAX_STEPS = 4_096
"""Jumps within a period, or separate remainders, that one operation follows."""

MAX_CELLS = 16_384
"""Cases that one question (where is f zero?) may look at, and that one answer may consist of."""

MAX_DEPTH = 64
"""Levels of remainders below remainders."""

MAX_BITS = 4_096
"""Bits of a number in a size; it can still be printed (Python refuses beyond 4,300 digits)."""

MAX_SET_BITS = 3 * MAX_BITS
"""Bits of a number in a set of sizes, where the numbers of several sizes are multiplied; it can be printed as well."""


class DimTooComplex(ArithmeticError):
    """An open size that is not decided here: two open symbols, a product of open sizes, or a limit of this module.

    The message is a sentence a caller can show: the honest answer is then "fix this size", never a guess.
    """


def counted(number: int) -> str:
    """A count for such a message; beyond a billion nobody needs the digits."""
    return f"{number:,}" if number < 10**9 else "over a billion"
