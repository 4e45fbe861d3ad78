"""``python -m tests.frozen 1.2.0``: freezes specs/ and the programs of the corpus as they are in a release."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from tests.corpus.cases import GOOD
from tests.frozen.digests import FROZEN, checked, keys, meaning
from tests.house import ROOT

LEFT_OUT = ("*.toml", "hundred_thousand_turns.arch")
"""What is no program, or one of more layers than a test should make each time."""


def main() -> int:
    """Copies the files and writes their digests; a set that is there stays as it is."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder = FROZEN / sys.argv[1]
    if folder.exists():
        print(f"{folder} is frozen: a release never changes", file=sys.stderr)
        return 2
    for source, name in ((ROOT / "specs", "specs"), (GOOD, "features")):
        shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (folder / "archdsl.toml").write_text("# The root of this set: its imports stay inside.\n", encoding="utf-8")
    write_digests(folder)
    return 0


def write_digests(folder: Path) -> None:
    """Writes ``digests.json`` of the files that are there."""
    document = {
        name: {network: {**meaning(design), "keys": keys(design)} for network, design in checked(path).items()}
        for name, path in files(folder)
    }
    (folder / "digests.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def files(folder: Path) -> list[tuple[str, Path]]:
    """The files of a set by their path in it."""
    return [(str(path.relative_to(folder)), path) for path in sorted(folder.rglob("*.arch"))]


if __name__ == "__main__":
    sys.exit(main())
