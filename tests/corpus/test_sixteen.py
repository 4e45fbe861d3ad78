"""The sixteen classes of bad input on which checkers of architectures are compared (peers.md).

Each is found at the line and column of its cause, once, with exit code 1 and no traceback. Bombs are refused by
counting: how much is looked at does not grow with how much is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archdsl.check import infer
from archdsl.cli.main import main
from archdsl.driver.compilation import Compilation
from archdsl.source.loader import MemoryLoader
from tests.counting import calls_of


def network(*steps: str, given: str = "[N, 8, 32, 32]", output: str = "y") -> str:
    lines = "".join(f"    {step}\n" for step in steps)
    return f"network n() {{\n    input image: {given}\n{lines}    output {output}\n}}\n"


SIXTEEN: dict[str, tuple[str | bytes, int, int, str]] = {
    "channel mismatch into a layer": (network("conv(8, 3) -> [N, 16, 30, 30] -> relu"), 3, 23, "E0311"),
    "kernel larger than the padded input": (network("conv(8, 37, padding=2)"), 3, 13, "E0301"),
    "residual add with unequal sizes": (network("add { conv(8, 3, stride=2, padding=1); identity }"), 3, 5, "E0302"),
    "concat with unequal sizes": (network("concat { conv(8, 3); identity }"), 3, 5, "E0302"),
    "groups that do not divide the channels": (network("conv(9, 3, groups=3)"), 3, 23, "E0303"),
    "stride 0": (network("conv(8, 3, stride=0)"), 3, 23, "E0401"),
    "negative padding": (network("conv(8, 3, padding=-1)"), 3, 24, "E0401"),
    "unknown layer": (network("conv(8, 3) -> convolve(8)"), 3, 19, "E0201"),
    "misspelt parameter": (network("conv(8, 3, paddding=1)"), 3, 16, "E0202"),
    "a name given twice": (network("a: conv(8, 3)", "a: conv(8, 3)"), 4, 5, "E0207"),
    "an undefined reference": (network("low: relu", "add { identity; lwo }"), 4, 21, "E0201"),
    "a cycle": (f"block a() {{ b }}\nblock b() {{ a }}\n{network('a')}", 1, 13, "E0211"),
    "a wrong width into linear": (
        network("flatten", "linear(10)", "[N, 10] -> linear(10) -> [N, 12]", given="[N, 8, 2, 2]"),
        5,
        34,
        "E0311",
    ),
    "an empty file": ("", 1, 1, "E0105"),
    "a binary file": (b"\x7fELF\x02\x01\x01\0\0\0\xff", 1, 8, "E0104"),
    "a repeat of 10^9": (network("repeat 1_000_000_000 { conv(8, 3, padding=1) }"), 3, 12, "E0404"),
}


@pytest.mark.parametrize("name", SIXTEEN)
def test_the_cause_is_found(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    content, line, column, code = SIXTEEN[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.arch").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main(["check", "--no-cache", "--format", "concise", "model.arch"]) == 1
    printed = capsys.readouterr()
    finding, closing = printed.out.splitlines()
    assert finding.startswith(f"model.arch:{line}:{column}: error[{code}] "), finding
    assert closing.startswith("1 error in 1 file")
    assert printed.err == ""


def nested(levels: int, count: int = 1_000) -> str:
    return network(f"{f'repeat {count} {{ ' * levels}relu{' }' * levels}")


def blocks(levels: int) -> str:
    """Each block applies the next a thousand times: ``1000 ** levels`` layers."""
    last = f"block b{levels}() {{ relu }}\n"
    return "".join(f"block b{n}() {{ repeat 1_000 {{ b{n + 1} }} }}\n" for n in range(levels)) + last + network("b0")


def work_of(text: str, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], int, int]:
    """The codes of the findings, the bodies that were typed, and the calls that it took."""
    bodies = 0
    plain: Callable[..., object] = infer.Inference.body

    def counted(*args: object, **keywords: object) -> object:
        nonlocal bodies
        bodies += 1
        return plain(*args, **keywords)

    monkeypatch.setattr(infer.Inference, "body", counted)
    run = Compilation(MemoryLoader({"bomb.arch": text}))
    calls = calls_of(lambda: run.check_file("bomb.arch"))
    return [found.code for found in run.sink], bodies, calls


@pytest.mark.parametrize(
    "text",
    [
        network("repeat 1_000_000_000 { relu }"),
        nested(3),
        nested(6),
        nested(6, 999_999),
        blocks(3),
        blocks(6),
        blocks(20),
    ],
    ids=["10^9", "10^9 nested", "10^18 nested", "10^36 nested", "10^9 blocks", "10^18 blocks", "10^60 blocks"],
)
def test_a_bomb_is_refused_by_counting(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    codes, bodies, calls = work_of(text, monkeypatch)
    assert set(codes) == {"E0404"}
    assert len(codes) == 1
    assert bodies <= 100
    assert calls <= 100_000
