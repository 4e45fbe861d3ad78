"""One text that stands in for a file: standard input under the name that an editor gives it."""

from __future__ import annotations

from archdsl.source.loader import MAX_FILE, DiskLoader, Refusal, decode
from archdsl.source.source import Source


class OverlayLoader(DiskLoader):
    """Reads from disk, but for one display path, whose bytes are given. Imports start from that path."""

    def __init__(self, root: str, path: str, data: bytes) -> None:
        super().__init__(root)
        self._path = path
        self._data = data

    def load(self, path: str) -> Source | Refusal:
        """The given bytes under their path, everything else from disk."""
        if path != self._path:
            return super().load(path)
        if len(self._data) > MAX_FILE:
            return Refusal("E0106", f"the input is larger than {MAX_FILE // 1024:,} KiB, the limit for a file")
        return decode(path, self._data)
