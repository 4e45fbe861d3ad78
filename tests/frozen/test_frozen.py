"""What an earlier release accepted is accepted, and means the same: same layers and sizes, same ``state_dict``."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from archdsl import __version__
from tests.frozen.__main__ import files
from tests.frozen.digests import FROZEN, checked, keys, meaning
from tests.house import ROOT

RELEASES = sorted(path.name for path in FROZEN.iterdir() if (path / "digests.json").is_file())
FILES = [(release, name) for release in RELEASES for name, _ in files(FROZEN / release)]


@cache
def frozen(release: str) -> Any:
    return json.loads((FROZEN / release / "digests.json").read_text("utf-8"))


def test_a_set_holds_every_file_and_every_network() -> None:
    assert RELEASES
    for release in RELEASES:
        assert sorted(frozen(release)) == sorted(name for at, name in FILES if at == release)
    assert sum(len(found) for found in frozen(RELEASES[-1]).values()) > 100


@pytest.mark.parametrize(("release", "name"), FILES)
def test_every_network_means_what_it_meant(release: str, name: str) -> None:
    known = frozen(release)[name]
    found = checked(FROZEN / release / name)
    assert found.keys() == known.keys()
    for network, design in found.items():
        assert {**meaning(design), "keys": known[network]["keys"]} == known[network], network


@pytest.mark.parametrize(("release", "name"), [(release, name) for release, name in FILES if "features" in name])
def test_a_state_dict_has_the_keys_it_had(release: str, name: str) -> None:
    assert_keys(release, name)


@pytest.mark.nightly
@pytest.mark.parametrize(("release", "name"), [(release, name) for release, name in FILES if "specs" in name])
def test_a_state_dict_of_a_spec_has_the_keys_it_had(release: str, name: str) -> None:
    assert_keys(release, name)


def assert_keys(release: str, name: str) -> None:
    for network, design in checked(FROZEN / release / name).items():
        known = frozen(release)[name][network]["keys"]
        assert known is None or keys(design) == known, network


# --- what would be noticed ------------------------------------------------------------------------------

TEXT = """\
network n() {
    input image: [N, 3, 32, W]
    first: conv(8, 3, padding=1) -> relu -> max_pool(2)
    output y: [N, 8, 16, _]
}
"""
CHANGES = {
    "a label": ("first", "second", {"weights", "keys"}),
    "the name of an output": ("output y", "output z", {"sizes"}),
    "a number": ("conv(8, 3, padding=1)", "conv(8, 5, padding=2)", {"computation", "weights", "keys"}),
    "an argument that no size shows": ("relu", "leaky_relu(slope=0.5)", {"computation", "weights", "sizes"}),
    "another layer": ("max_pool", "avg_pool", {"computation", "weights", "sizes"}),
    "sizes that are accepted": ("[N, 8, 16, _]", "[N, 8, 16, 20]", {"sizes"}),
    "comments and layout": (" -> ", "  # A remark.\n        -> ", set()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_noticed(change: str, tmp_path: Path) -> None:
    before, after, changed = CHANGES[change]
    one, other = tmp_path / "a.arch", tmp_path / "b.arch"
    one.write_text(TEXT)
    other.write_text(TEXT.replace(before, after))
    designs = (design for path in (one, other) for design in checked(path).values())
    first, second = ({**meaning(design), "keys": keys(design)} for design in designs)
    assert {name for name in first if first[name] != second[name]} == changed


@pytest.mark.parametrize("arguments", [(), (RELEASES[0],), ("a", "b")])
def test_what_is_frozen_stays(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.frozen", *arguments], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 2


def test_this_version_is_frozen_or_not_released() -> None:
    assert __version__ in RELEASES
