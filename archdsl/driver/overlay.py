"""Bytes that stand in for files: standard input under the name that an editor gives it, and texts not yet written."""

from __future__ import annotations

import os
from collections.abc import Mapping

from archdsl.source.loader import MAX_FILE, DiskLoader, Refusal, decode
from archdsl.source.source import Source


class OverlayLoader(DiskLoader):
    """Reads from disk, but for some files, whose bytes are given by ``place_of`` their paths."""

    def __init__(self, root: str, files: Mapping[str, bytes]) -> None:
        super().__init__(root)
        self._files = files

    def load(self, path: str) -> Source | Refusal:
        """The given bytes under their path, everything else from disk."""
        data = self._files.get(place_of(path))
        if data is None:
            return super().load(path)
        if len(data) > MAX_FILE:
            return Refusal("E0106", f"the input is larger than {MAX_FILE // 1024:,} KiB, the limit for a file")
        return decode(path, data)


def place_of(path: str) -> str:
    """What two display paths of one file have in common: the real path."""
    return os.path.realpath(path)
