"""Random sizes as networks make them, each with its oracle: the same arithmetic on plain Python integers."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from archdsl.ir.dim import Dim
from archdsl.ir.types import Size

Oracle = Callable[[int], int]
H = Dim.symbol("H")
KINDS = """
    conv conv pool ceil_pool upsample crop pad_to_multiple transposed subtract_from remainder concat add difference
""".split()


def random_size(rng: Random, depth: int) -> tuple[Size, Oracle]:
    """A size after ``depth`` layers, and the function that computes it for one input."""
    if depth == 0:
        return H, lambda n: n
    kind = rng.choice(KINDS)
    size, at = random_size(rng, depth - 1)
    s, k, p = rng.choice([1, 2, 2, 2, 3, 3, 4, 5, 7]), rng.randint(1, 7), rng.randint(0, 3)
    if kind in ("concat", "add", "difference"):
        other, other_at = random_size(rng, rng.randint(0, depth - 1))
        if kind == "difference":
            return size - other, lambda n: at(n) - other_at(n)
        return size + other, lambda n: at(n) + other_at(n)
    return {
        "conv": (lambda: ((size + 2 * p - k) // s + 1, lambda n: (at(n) + 2 * p - k) // s + 1)),
        "pool": (lambda: (size // s, lambda n: at(n) // s)),
        "ceil_pool": (lambda: (-(-size // s), lambda n: -(-at(n) // s))),
        "upsample": (lambda: (size * s, lambda n: at(n) * s)),
        "crop": (lambda: (size - p, lambda n: at(n) - p)),
        "pad_to_multiple": (lambda: ((size + s - 1) // s * s, lambda n: (at(n) + s - 1) // s * s)),
        "transposed": (lambda: ((size - 1) * s - 2 * p + k, lambda n: (at(n) - 1) * s - 2 * p + k)),
        "subtract_from": (lambda: (k - s * size, lambda n: k - s * at(n))),
        "remainder": (lambda: (size % (s + 1), lambda n: at(n) % (s + 1))),
    }[kind]()


def value(size: Size, n: int) -> int:
    """A size at one input."""
    return size if isinstance(size, int) else size.evaluate(n)
