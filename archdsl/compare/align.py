"""Finds for each part of one level its counterpart in the other network.

Labels decide first, then equal content, then equal kinds; each question is put only to what lies between two answers
of the one before, so that counterparts keep their order. What is left over at the end has no counterpart here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from archdsl.compare.sequences import common
from archdsl.compare.tree import Child, Form

Pair = tuple[int, int]
Key = Callable[[Child], Hashable | None]


def aligned(old: Sequence[Child], new: Sequence[Child]) -> list[Pair]:
    """The positions of counterparts in two levels, ascending in both."""
    found: list[Pair] = []
    for key in _QUESTIONS:
        found = [pair for gap in _gaps(found, len(old), len(new)) for pair in (*_asked(key, old, new, *gap), gap[2])]
        found = [pair for pair in found if pair[0] < len(old)]
    return [pair for gap in _gaps(found, len(old), len(new)) for pair in (*_in_place(old, new, *gap), gap[2])][:-1]


_Gap = tuple[range, range, Pair]
"""Positions without counterparts, and the pair that ends them (the ends of both levels for the last gap)."""


def _gaps(found: Sequence[Pair], old: int, new: int) -> list[_Gap]:
    gaps, left, right = list[_Gap](), 0, 0
    for pair in (*found, (old, new)):
        gaps.append((range(left, pair[0]), range(right, pair[1]), pair))
        left, right = pair[0] + 1, pair[1] + 1
    return gaps


def _asked(key: Key, old: Sequence[Child], new: Sequence[Child], left: range, right: range, _: Pair) -> list[Pair]:
    """The pairs that one question finds in a gap; what has no key takes no part."""
    if not left or not right:
        return []
    lefts = [(index, name) for index in left if (name := key(old[index])) is not None]
    rights = [(index, name) for index in right if (name := key(new[index])) is not None]
    pairs = common([name for _, name in lefts], [name for _, name in rights])
    return [(lefts[one][0], rights[other][0]) for one, other in pairs]


def _in_place(old: Sequence[Child], new: Sequence[Child], left: range, right: range, _: Pair) -> list[Pair]:
    """One thing in the place of another: where as many are left on both sides, and all of one form."""
    if len(left) != len(right):
        return []
    pairs = list(zip(left, right, strict=True))
    return pairs if all(_replaces(old[one], new[other]) for one, other in pairs) else []


def _replaces(old: Child, new: Child) -> bool:
    if old.part.form is not new.part.form or bool(old.part.tensors) != bool(new.part.tensors):
        return False
    before, after = ({child.part.content for child in each.part.children} for each in (old, new))
    return not before or not after or bool(before & after)


# --- the questions ------------------------------------------------------------------------------------


def _same_label_and_shape(child: Child) -> Hashable | None:
    return (child.label, child.part.shallow, child.when) if child.label else None


def _same_content(child: Child) -> Hashable | None:
    return (child.part.content, bool(child.name))


def _same_arguments(child: Child) -> Hashable | None:
    return None if _is_named_group(child) else child.part.shallow


def _same_label(child: Child) -> Hashable | None:
    return (child.label, child.part.form) if child.label else None


def _same_kind(child: Child) -> Hashable | None:
    return None if _is_named_group(child) else (child.part.form, child.part.kind)


def _is_named_group(child: Child) -> bool:
    """Groups have nothing in common but that they are groups."""
    return child.part.form is Form.GROUP and bool(child.label)


_QUESTIONS: tuple[Key, ...] = (_same_label_and_shape, _same_content, _same_arguments, _same_label, _same_kind)
