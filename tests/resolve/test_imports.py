"""What an import binds: names, other names, the same file once; and that a fault is told once."""

from __future__ import annotations

import pytest

from archdsl.driver.compilation import Compilation
from archdsl.resolve.resolved import ResolvedFile
from archdsl.source.loader import MemoryLoader, Refusal
from archdsl.source.source import Source

NETWORK = "network n() {\n    input i: [N, 3, 8, 8]\n    STEP\n    output o: [N, _, _, _]\n}\n"
UNIT = "block unit() { conv(8, 3) }\n"


class CountingLoader(MemoryLoader):
    """Remembers what was read."""

    def __init__(self, files: dict[str, str]) -> None:
        super().__init__(files)
        self.read: list[str] = []

    def load(self, path: str) -> Source | Refusal:
        self.read.append(path)
        return super().load(path)


def codes(files: dict[str, str]) -> list[tuple[str, str]]:
    run = Compilation(MemoryLoader(files))
    run.check_file("a.arch")
    return [(found.span.path, found.code) for found in run.sink]


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("from .b import unit", "unit"),
        ("from .b import unit as stem", "stem"),
        ("from .b import (\n    unit as stem,\n    unit,\n)", "stem -> unit"),
        ("from .sub.c import deep", "deep"),
        ("from std import conv_bn as unit", "unit(8, 3)"),
        ("from .b import unit\nfrom .b import unit", "unit"),
    ],
)
def test_what_is_bound(line: str, step: str) -> None:
    files = {
        "a.arch": f"{line}\n{NETWORK.replace('STEP', step)}",
        "b.arch": UNIT,
        "sub/c.arch": "from ..b import unit\nfrom .d import other\nblock deep() { unit -> other }\n",
        "sub/d.arch": "block other() { relu }\n",
    }
    assert codes(files) == []


def test_a_file_is_read_once() -> None:
    shared = "from .c import unit\n"
    loader = CountingLoader(
        {
            "a.arch": "from .b1 import one\nfrom .b2 import two\n" + NETWORK.replace("STEP", "one -> two"),
            "b1.arch": shared + "block one() { unit }\n",
            "b2.arch": shared + "block two() { unit }\n",
            "c.arch": UNIT,
        }
    )
    run = Compilation(loader)
    run.check_file("a.arch")
    assert sorted(loader.read) == ["a.arch", "b1.arch", "b2.arch", "c.arch"]
    assert not run.sink.has_errors


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"a.arch": "from .b import u\nblock y() { u }\n"}, [("a.arch", "E0214")]),
        ({"a.arch": "from .b import u as y\nblock z() { y }\n"}, [("a.arch", "E0214")]),
        ({"a.arch": "from .b import u\nblock y() { u }\n", "b.arch": ""}, [("a.arch", "E0215"), ("b.arch", "E0105")]),
        ({"a.arch": "from .b import u\nblock y() { u }\n", "b.arch": "block u( { }\n"}, [("b.arch", "E0103")]),
        ({"a.arch": "from .a import u\nblock y() { u }\n"}, [("a.arch", "E0212")]),
        (
            {
                "a.arch": "from .b import u\n" + NETWORK.replace("STEP", "u"),
                "b.arch": "from .a import n\nblock u() { relu }\n",
            },
            [("b.arch", "E0212")],
        ),
        ({"a.arch": "from ..b import u\nblock y() { u }\n"}, [("a.arch", "E0213")]),
        ({"a.arch": "from .b import u\nblock y() { u }\n", "b.arch": "\0"}, [("a.arch", "E0104")]),
        ({"a.arch": "from std import nothing\nblock y() { nothing }\n"}, [("a.arch", "E0215")]),
        ({"a.arch": "from std.x import y\nblock z() { y }\n"}, [("a.arch", "E0214")]),
        (
            {
                "a.arch": "from .b import unit\nfrom .c import unit\nblock z() { unit }\n",
                "b.arch": UNIT,
                "c.arch": UNIT,
            },
            [("a.arch", "E0210")],
        ),
    ],
)
def test_one_fault_is_one_finding(files: dict[str, str], found: list[tuple[str, str]]) -> None:
    assert codes(files) == found


def test_a_refused_file_says_why() -> None:
    run = Compilation(MemoryLoader({}))
    assert isinstance(run.resolved("gone.arch"), Refusal)
    assert isinstance(Compilation(MemoryLoader({"a.arch": UNIT})).resolved("a.arch"), ResolvedFile)
