"""The depth of trees while they are built, so that what nests too deeply is refused in time."""

from __future__ import annotations

from typing import Any


class Levels:
    """How deep trees are nested: every later walk over them is recursive, and Python's stack is not endless.

    Trees are known by identity, so each one deeper than a leaf is kept alive here.
    """

    def __init__(self) -> None:
        self._depth: dict[int, tuple[int, object]] = {}
        self.is_deep = False
        """Whether anything is deeper than a leaf."""

    def above(self, parts: list[Any]) -> int:
        """The depth of the deepest part."""
        deepest = 0
        for part in parts:
            known = self._depth.get(id(part))
            if known is not None and known[0] > deepest:
                deepest = known[0]
        return deepest

    def record(self, tree: object, depth: int) -> None:
        """Remembers the depth of a tree."""
        self.is_deep = True
        self._depth[id(tree)] = (depth, tree)
