"""Aligns two sequences in bounded time: Myers' greedy algorithm for the shortest edit script, given up when too long.

E. W. Myers, An O(ND) Difference Algorithm and Its Variations, Algorithmica 1986. Two sequences of 100,000 elements
with few differences cost what reading them costs; what differs in more than ``MOST_EDITS`` places has its common
beginning and end aligned, and nothing between them.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

MOST_EDITS = 500
"""Elements inserted or deleted; the time grows with the square of it."""


def common(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    """The positions of a longest common subsequence in both, ascending; of several, the one that begins earliest."""
    begin = 0
    least = min(len(old), len(new))
    while begin < least and old[begin] == new[begin]:
        begin += 1
    end = 0
    while end < least - begin and old[-1 - end] == new[-1 - end]:
        end += 1
    middle = _shortest(old[begin : len(old) - end], new[begin : len(new) - end])
    return [
        *((index, index) for index in range(begin)),
        *((begin + left, begin + right) for left, right in middle),
        *((len(old) - index, len(new) - index) for index in range(end, 0, -1)),
    ]


def _shortest(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    """The matches on a shortest edit path; none where it is longer than ``MOST_EDITS``."""
    furthest = {1: 0}
    history: list[dict[int, int]] = []
    for edits in range(min(len(old) + len(new), MOST_EDITS) + 1):
        history.append(dict(furthest))
        for diagonal in range(-edits, edits + 1, 2):
            x = _stepped(furthest, diagonal, edits)
            y = x - diagonal
            while x < len(old) and y < len(new) and old[x] == new[y]:
                x, y = x + 1, y + 1
            furthest[diagonal] = x
            if x >= len(old) and y >= len(new):
                return _traced(history, len(old), len(new))
    return []


def _stepped(furthest: dict[int, int], diagonal: int, edits: int) -> int:
    """How far one edit leads: a deletion from the diagonal below, or an insertion from the one above."""
    down = diagonal == -edits or (diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1])
    return furthest[diagonal + 1] if down else furthest[diagonal - 1] + 1


def _traced(history: Sequence[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for edits in range(len(history) - 1, -1, -1):
        furthest, diagonal = history[edits], x - y
        down = diagonal == -edits or (diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1])
        before = diagonal + 1 if down else diagonal - 1
        from_x = furthest[before] if edits else 0
        from_y = from_x - before if edits else 0
        while x > from_x and y > from_y:
            x, y = x - 1, y - 1
            found.append((x, y))
        x, y = from_x, from_y
    return found[::-1]
