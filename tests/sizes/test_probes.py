"""The five probes of open sizes through the command line: sets are what real torch accepts, lines the guilty ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from archdsl.cli.main import main

LAST = 140

Sizes = Callable[..., tuple[int, Any]]


@pytest.fixture
def sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Sizes:
    """Runs ``archdsl sizes`` on a text; gives the exit code and the document, or what was said instead."""
    monkeypatch.chdir(tmp_path)

    def run(text: str, *options: str, form: str = "json") -> tuple[int, Any]:
        (tmp_path / "p.arch").write_text(text, "utf-8")
        code = main(["sizes", "p.arch", "--format", form, *options])
        out, err = capsys.readouterr()
        return code, json.loads(out) if form == "json" and out else out + err

    return run


def elements(symbol: dict[str, Any]) -> list[int]:
    """The sizes up to ``LAST``, by what the document says."""

    def contains(n: int) -> bool:
        if n < symbol["settles_at"]:
            return n in symbol["irregular"]
        return n % symbol["modulus"] in symbol["residues"]

    return [n for n in range(1, LAST + 1) if contains(n)]


def torchs(network: Callable[[Tensor], object], width: int = 64) -> list[int]:
    """The heights that real torch accepts; a join that would broadcast counts as refused."""
    heights = []
    for height in range(1, LAST + 1):
        try:
            network(torch.zeros(1, 1, height, width))
        except (RuntimeError, ValueError):
            continue
        heights.append(height)
    return heights


def joined(left: Tensor, right: Tensor) -> Tensor:
    if left.shape[2:] != right.shape[2:]:
        raise ValueError("shapes differ")
    return torch.cat([left, right], dim=1)


def conv(x: Tensor, kernel: int, stride: int = 1, padding: int = 0) -> Tensor:
    return F.conv2d(x, torch.ones(1, 1, kernel, kernel), stride=stride, padding=padding)


NEVER = """\
network p() {
    input image: [N, 4, H, W]
    add {
        identity
        conv(4, 3)
    }
    output y: [N, 4, _, _]
}
"""


def test_an_unpadded_convolution_never_meets_its_skip(sizes: Sizes) -> None:
    assert torchs(lambda x: joined(x, conv(x, 3))) == []
    code, said = sizes(NEVER)
    assert code == 1
    assert "error[E0302]: `add` needs equal shapes on all its paths" in said
    assert "--> p.arch:3:5" in said
    assert "height H becomes H − 3 + 0 + 1 = H − 2" in said


PROJECTION = NEVER.replace("identity", "conv(4, 1, stride=2)").replace("conv(4, 3)", "conv(4, 3, stride=2, padding=1)")


def test_a_projection_shortcut_meets_its_block_always(sizes: Sizes) -> None:
    code, document = sizes(PROJECTION)
    assert code == 0
    assert elements(document["symbols"]["H"]) == torchs(lambda x: joined(conv(x, 3, 2, 1), conv(x, 1, 2)))
    assert [symbol["text"] for symbol in document["symbols"].values()] == ["every H", "every W"]
    assert all(symbol["causes"] == [] for symbol in document["symbols"].values())


FLOOR_AND_CEILING = NEVER.replace("identity", "max_pool(2)").replace("conv(4, 3)", "conv(4, 3, stride=2, padding=1)")


def test_a_floor_path_meets_a_ceil_path_for_even_sizes(sizes: Sizes) -> None:
    code, document = sizes(FLOOR_AND_CEILING)
    height = document["symbols"]["H"]
    assert code == 0
    assert elements(height) == torchs(lambda x: joined(F.max_pool2d(x, 2), conv(x, 3, 2, 1)))
    assert (height["text"], height["modulus"], height["residues"]) == ("H is even", 2, [0])
    (cause,) = height["causes"]
    assert (cause["path"], cause["line"], cause["column"]) == ("p.arch", 3, 5)
    assert cause["message"] == "the paths of `add` have the same height"


UNET = """\
block double_conv(channels: int) {
    repeat 2 { conv(channels, 3, padding=1, bias=false) -> batch_norm -> relu }
}
network unet(depth: int = DEPTH, base: int = 2) {
    input image: [N, 1, H, W]
    for i in 0..depth {
        down{i}: double_conv(base * 2**i)
        max_pool(2)
    }
    bottom: double_conv(base * 2**depth)
    for i in depth-1 ..= 0 by -1 {
        up{i}: conv_transpose(base * 2**i, 2, stride=2)
        concat { down{i}; identity }
        mix{i}: double_conv(base * 2**i)
    }
    head: conv(2, 1)
    output mask: [N, 2, H, W]
}
"""


def unet(x: Tensor, depth: int) -> Tensor:
    if depth == 0:
        return x
    below = unet(F.max_pool2d(x, 2), depth - 1)[:, :1]
    return joined(x, F.conv_transpose2d(below, torch.ones(1, 1, 2, 2), stride=2))


@pytest.mark.parametrize("depth", range(1, 7))
def test_a_unet_accepts_multiples_because_of_its_joins(depth: int, sizes: Sizes) -> None:
    code, document = sizes(UNET.replace("DEPTH", str(depth)))
    height, width = document["symbols"]["H"], document["symbols"]["W"]
    assert code == 0
    assert elements(height) == torchs(lambda x: unet(x, depth), width=64)
    for symbol in (height, width):
        assert (symbol["minimum"], symbol["modulus"], symbol["residues"]) == (2**depth, 2**depth, [0])
        # one join per level, each with a demand of its own: none follows from the others
        assert [(cause["line"], cause["column"]) for cause in symbol["causes"]] == [(13, 9)] * depth
        assert len({cause["accepts"] for cause in symbol["causes"]}) == depth


def test_a_unet_in_words(sizes: Sizes) -> None:
    _, said = sizes(UNET.replace("DEPTH", "4"), form="text")
    assert said.splitlines() == [
        "unet  p.arch:4",
        "  accepts H only where 16 divides H, because of lines 13, 13, 13, 13",
        "    line 13: the paths of `concat` have the same height (4 times): "
        "H mod 16 is 0 to 7; H mod 8 is 0 to 3; H mod 4 is 0 or 1; H is even",
        "  W likewise",
    ]


ONE_HEIGHT = """\
network p() {
    input image: [N, 1, H, 32]
    conv(4, 5) -> relu
    flatten -> [N, 3136]
    linear(10)
    output y: [N, 10]
}
"""


def test_a_linear_layer_fixes_one_height(sizes: Sizes) -> None:
    layer = torch.nn.Linear(3136, 10)
    code, document = sizes(ONE_HEIGHT)
    height = document["symbols"]["H"]
    assert code == 0
    assert elements(height) == torchs(lambda x: layer(conv(x, 5).expand(1, 4, -1, -1).flatten(1)), width=32) == [32]
    assert (height["text"], height["minimum"], height["maximum"], height["residues"]) == ("H = 32", 32, 32, [])
    (cause,) = height["causes"]
    assert (cause["line"], cause["message"]) == (4, "the features 112*H − 448 has to be 3136")


def test_a_linear_layer_of_unstated_width_says_what_to_fix(sizes: Sizes) -> None:
    code, said = sizes(ONE_HEIGHT.replace(" -> [N, 3136]", ""))
    assert code == 1
    assert "error[E0305]: `linear` needs a fixed width" in said
    assert "--> p.arch:5:5" in said
    assert "fixed size" in said


# --- one size ---------------------------------------------------------------------------------------------------------


def test_a_size_that_works(sizes: Sizes) -> None:
    code, said = sizes(UNET.replace("DEPTH", "4"), "--at", "H=336,W=16", form="text")
    assert (code, said) == (0, "H = 336, W = 16: accepted\n")


def test_a_size_that_does_not_work(sizes: Sizes) -> None:
    text = UNET.replace("DEPTH", "4")
    code, document = sizes(text, "--at", "H=333")
    assert code == 1
    assert document["at"]["accepted"] is False
    assert document["at"]["nearest"] == {"H": {"below": 320, "above": 336}}
    finding = document["at"]["finding"]
    assert (finding["code"], finding["line"], finding["column"]) == ("E0302", 13, 9)
    assert finding["actual"][2] == 40 and finding["expected"][2] == 41
    code, said = sizes(text, "--at", "H=333", form="text")
    assert code == 1
    assert said.startswith(
        "H = 333: refused\n  accepts H only where 16 divides H, because of lines 13, 13, 13, 13\n"
        "  nearest sizes that work: H = 320 and 336\n\nerror[E0302]"
    )
    assert said.endswith("pool the larger one\n")


@pytest.mark.parametrize(
    ("text", "at", "nearest", "line"),
    [
        (UNET.replace("DEPTH", "4"), "H=3", {"H": {"below": None, "above": 16}}, 8),
        (UNET.replace("DEPTH", "1"), "H=8,W=9", {"W": {"below": 8, "above": 10}}, 13),
        (ONE_HEIGHT, "H=40", {"H": {"below": 32, "above": None}}, 4),
        (ONE_HEIGHT, "H=3", {"H": {"below": None, "above": 32}}, 3),
        (FLOOR_AND_CEILING, "H=1", {"H": {"below": None, "above": 2}}, 4),
    ],
)
def test_the_first_line_that_fails_and_the_neighbours(
    text: str, at: str, nearest: dict[str, Any], line: int, sizes: Sizes
) -> None:
    code, document = sizes(text, "--at", at)
    assert code == 1
    assert document["at"]["nearest"] == nearest
    assert document["at"]["finding"]["line"] == line
    for symbol, near in nearest.items():
        for size in filter(None, near.values()):
            assert sizes(text, "--at", f"{symbol}={size}")[0] == 0


@pytest.mark.parametrize("at", ["H", "H=", "H=-1", "H=0", "H=16777217", "Q=3", "H=3;W=3", "H=1e3"])
def test_a_wrong_question_is_wrong_usage(at: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "p.arch"
    place.write_text(NEVER.replace("conv(4, 3)", "relu"), "utf-8")
    assert main(["sizes", str(place), "--at", at]) == 2
    assert "Traceback" not in capsys.readouterr().err


# --- causes that matter -----------------------------------------------------------------------------------------------


PROBE = "network p() {\n    input image: [N, 1, H, 8]\n    BODY\n    output y: [N, _, _, _]\n}\n"


def test_a_weaker_minimum_is_left_out(sizes: Sizes) -> None:
    text = PROBE.replace("BODY", "conv(2, 3)\n    conv(2, 5)\n    max_pool(2)")
    _, document = sizes(text)
    height = document["symbols"]["H"]
    assert (height["text"], [cause["line"] for cause in height["causes"]]) == ("every H >= 8", [5])


def test_equal_demands_are_all_named(sizes: Sizes) -> None:
    text = PROBE.replace("BODY", "max_pool((2, 1))\n    add { identity; x -> max_pool((2, 1)) }")
    _, document = sizes(text)
    assert [cause["line"] for cause in document["symbols"]["H"]["causes"]] == [3, 4]


def test_a_shared_instance_asks_once_and_for_all_its_applications(sizes: Sizes) -> None:
    """The second application of `u` is the first one's instance; its condition is not lost, nor asked for twice."""
    text = """\
block u() {
    add { identity; max_pool(2) -> upsample(2) }
}
network p() {
    input image: [N, 1, H, 8]
    relu
    u
    sigmoid
    u
    output y: [N, 1, _, _]
}
"""
    code, document = sizes(text)
    height = document["symbols"]["H"]
    assert (code, height["text"]) == (0, "H is even")
    (cause,) = height["causes"]
    assert (cause["line"], cause["count"], cause["trace"]) == (2, 1, ["in `u`, applied at p.arch:7"])


def test_an_instance_on_another_value_asks_again(sizes: Sizes) -> None:
    text = """\
block u() {
    add { identity; max_pool(2) -> upsample(2) }
}
network p() {
    input image: [N, 1, H, 8]
    u
    conv(1, (3, 1), padding=0)
    u
    max_pool(2)
    u
    output y: [N, 1, _, _]
}
"""
    _, document = sizes(text)

    def network(x: Tensor) -> Tensor:
        def u(x: Tensor) -> Tensor:
            return joined(x, F.interpolate(F.max_pool2d(x, 2), scale_factor=2))[:, :1]

        return u(F.max_pool2d(u(F.conv2d(u(x), torch.ones(1, 1, 3, 1))), 2))

    assert elements(document["symbols"]["H"]) == torchs(network, width=8)
    assert document["symbols"]["H"]["text"] == "H mod 4 is 2 and H >= 6"


def test_a_line_of_another_file_is_named_with_its_path(sizes: Sizes) -> None:
    text = PROBE.replace("BODY", "down(4)")
    Path("parts.arch").write_text(
        "block down(channels: int) {\n    conv(channels, 3) -> max_pool((2, 1))\n}\n", "utf-8"
    )
    code, said = sizes("from .parts import down\n" + text, form="text")
    assert code == 0
    assert said.splitlines() == [
        "p  p.arch:2",
        "  accepts every H >= 4, because of parts.arch:2",
        "    parts.arch:2: `max_pool` needs a height of at least 2: H >= 4",
        "      in `down`, applied at p.arch:4",
    ]


def test_a_faulty_network_has_findings_and_no_document(sizes: Sizes) -> None:
    code, said = sizes(NEVER.replace("identity", "idenity"))
    assert code == 1
    assert "E0201" in said


def test_several_networks_need_a_name_in_json(sizes: Sizes) -> None:
    both = PROJECTION + FLOOR_AND_CEILING.replace("network p", "network q")
    assert sizes(both)[0] == 2
    code, said = sizes(both, form="text")
    assert (code, "accepts every H" in said, "accepts H only where H is even" in said) == (0, True, True)
    assert sizes(both, "-n", "q")[1]["network"] == "q"
