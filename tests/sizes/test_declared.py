"""Declared sizes (`where`): the verdict and the smallest counterexample are those of real torch, tried size by size."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from archdsl.cli.main import main
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.driver.compilation import Compilation
from archdsl.ir.dim import SizeSet
from archdsl.source.loader import MemoryLoader

TEXT = """\
network n(least: int = 64) {
    input image: [N, 1, H, 4] where WHERE
    concat {
        identity
        max_pool((4, 1)) -> conv_transpose(1, (4, 1), stride=(4, 1))
    }
    conv(1, (30, 1))
    output y: [N, 1, _, _]
}
"""


def runs(height: int) -> bool:
    """Whether real torch runs that network."""
    x = torch.zeros(1, 1, height, 4)

    def join(left: Tensor, right: Tensor) -> Tensor:
        return torch.cat([left, right], dim=1)

    try:
        up = F.conv_transpose2d(F.max_pool2d(x, (4, 1)), torch.ones(1, 1, 4, 1), stride=(4, 1))
        F.conv2d(join(x, up), torch.ones(1, 2, 30, 1))
    except RuntimeError:
        return False
    return True


RUNS = [height for height in range(1, 600) if runs(height)]


def findings(where: str) -> list[Diagnostic]:
    compilation = Compilation(MemoryLoader({"n.arch": TEXT.replace("WHERE", where)}))
    compilation.check_file("n.arch")
    return [finding for finding in compilation.sink if finding.code != "W0504"]


@pytest.mark.parametrize(
    ("where", "declared"),
    [
        ("H in 32..=512, 4 divides H", range(32, 513, 4)),
        ("H in 32..=512, 32 divides H", range(32, 513, 32)),
        ("8 divides H, H >= 32", range(32, 600, 8)),
        ("H in [32, 224, 512]", [32, 224, 512]),
        ("H == 224", [224]),
        ("4 divides H, H > 28, H != 31", range(32, 600, 4)),
        ("4 divides H, least <= H", range(64, 600, 4)),
        ("12 divides H, 20 divides H", range(60, 600, 60)),
        ("H in 32..=512", range(32, 513)),
        ("4 divides H", range(4, 600, 4)),
        ("6 divides H, H >= 32", range(36, 600, 6)),
        ("H in [224, 227]", [224, 227]),
        ("H in 16..=64, 4 divides H", range(16, 65, 4)),
        ("H < 100", range(1, 100)),
        ("H in 34..513, 4 divides H", range(36, 513, 4)),
        ("2 divides H, H >= 30, H <= 32", range(30, 33, 2)),
        ("H in 512..=32 by -32", None),
        ("H in 0..=512, 4 divides H", range(4, 513, 4)),
        ("H >= 1, H <= 1", [1]),
    ],
)
def test_the_smallest_counterexample(where: str, declared: range | list[int] | None) -> None:
    found = findings(where)
    if declared is None:  # `by` belongs to loops
        assert [finding.code for finding in found] == ["E0101"]
        return
    refused = next((height for height in declared if height not in RUNS), None)
    if refused is None:
        assert found == []
        return
    (finding,) = found
    assert finding.code == "E0315"
    assert f"`H = {refused}`" in finding.message
    assert TEXT.replace("WHERE", where)[finding.span.start : finding.span.end] == (
        where if "[" in where else where.split(", ", maxsplit=1)[0]
    )
    (label,) = finding.labels
    guilty = TEXT.replace("WHERE", where)[label.span.start : label.span.end]
    assert guilty == ("max_pool" if refused < 4 else "concat" if refused % 4 else "conv"), label.text


@pytest.mark.parametrize(
    "where",
    [
        "H >= x.channels",
        "H in image",
        "H in relu",
        "H in 1.0..2.0",
        "H in [1.5]",
        "H in [true]",
        "H in []",
        "H in 5..5",
        "H < 1",
        "H >= none",
        "-2 divides H",
        "2.0 divides H",
        "H divides 2",
        "H >= H",
        "N * 2 >= H",
        "H >= missing",
        "least >= 2",
        "H in 10**30..10**40, H < 7",
    ],
)
def test_what_makes_no_sense_is_said_where_it_stands(where: str) -> None:
    found = findings(where)
    assert found
    assert not any(finding.code == "E0315" for finding in found)
    start = TEXT.index("WHERE")
    assert all(start <= finding.span.start <= start + len(where) for finding in found)


def test_two_inputs_share_what_is_declared_of_a_symbol() -> None:
    text = """\
network n() {
    input a: [N, 1, H, 4] where H >= 8
    input b: [N, 1, H, 4] where 2 divides H
    add { max_pool(2); b -> conv(1, 3, stride=2, padding=1) }
    output y: [N, 1, _, 2]
}
"""
    compilation = Compilation(MemoryLoader({"n.arch": text}))
    compilation.check_file("n.arch")
    assert list(compilation.sink) == []
    (design,) = compilation.designs("n.arch")
    typed = compilation.typed("n.arch", design)
    assert typed is not None
    assert typed.declared["H"].describe() == "H is even and H >= 8"


def test_every_command_knows_what_is_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place = tmp_path / "n.arch"
    place.write_text(TEXT.replace("WHERE", "H in least..=512, 4 divides H"), "utf-8")
    assert main(["check", "n.arch"]) == 0
    capsys.readouterr()
    assert main(["networks", "--format", "json"]) == 0
    (network,) = json.loads(capsys.readouterr().out)["networks"]
    assert network["declared"] == {"H": "4 divides H and 64 <= H <= 512"}
    assert main(["sizes", "n.arch", "--format", "json"]) == 0
    height = json.loads(capsys.readouterr().out)["symbols"]["H"]
    assert (height["declared"]["minimum"], height["declared"]["maximum"]) == (64, 512)
    assert height["declared"]["irregular"] == list(range(64, 513, 4))
    assert main(["sizes", "n.arch"]) == 0
    assert "declared: 4 divides H and 64 <= H <= 512; all of them work" in capsys.readouterr().out
    place.write_text(TEXT.replace("WHERE", "H in least..=512"), "utf-8")
    assert main(["check", "n.arch"]) == 1
    assert main(["sizes", "n.arch"]) == 1


# --- the sets ---------------------------------------------------------------------------------------------------------


@given(st.integers(-50, 200), st.integers(-50, 200), st.integers(1, 40), st.booleans())
def test_a_range_as_a_set(start: int, stop: int, step: int, falls: bool) -> None:
    numbers = range(start, stop, step)[::-1] if falls else range(start, stop, step)
    sizes = SizeSet.among("H", numbers)
    assert [n for n in range(1, 260) if sizes.contains(n)] == sorted(n for n in numbers if n >= 1)


@given(st.lists(st.integers(-5, 60), max_size=12), st.lists(st.integers(1, 60), max_size=12))
def test_lists_as_sets_and_what_one_has_beyond_the_other(left: list[int], right: list[int]) -> None:
    first, second = SizeSet.among("H", left), SizeSet.among("H", right)
    expected = sorted({n for n in left if n >= 1} - set(right))
    assert [n for n in range(1, 80) if first.without(second).contains(n)] == expected
    assert first.without(second).minimum == (expected[0] if expected else None)
