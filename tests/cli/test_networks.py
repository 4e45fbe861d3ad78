"""`archdsl networks`: what each network takes, gives and lets one choose."""

from __future__ import annotations

import pytest

from tests.cli.support import BLOCK_ONLY, GOOD, TEMPLATE, TWO, UNFINISHED, UNKNOWN_LAYER, WIDE_KERNEL, Cli, listing
from tests.house import ROOT

FAMILY = """\
block unit(channels: int) { conv(channels, 1) }

network Family(step: block, widths: [int], name: string = "x", rate: float = 0.5, bias: bool = true) {
    input a: [N, 3, H, W]
    input b: [N, 3, H, W]
    add { a; b }
    for w in widths { step(w) }
    dropout(rate)
    if bias and name == "x" { relu }
    output aux: [N, _, H, W] when training { relu }
    output y: [N, widths[1], H, W]
}

network little = Family(unit, [1, 2])
network large = Family(conv(kernel=3, padding=1), [8, 9], rate=0.25)
"""


def test_the_document(cli: Cli) -> None:
    cli.write("f.arch", FAMILY)
    result = cli("networks", "f.arch", "--format", "json")
    assert (result.code, result.err) == (0, "")
    assert result.json["version"] == 1
    little, large = result.json["networks"]
    digests = little.pop("digests")
    assert [len(digests[name]) for name in ("computation", "weights")] == [64, 64]
    assert digests["computation"] != large["digests"]["computation"]
    assert little == {
        "name": "little",
        "path": "f.arch",
        "line": 14,
        "parameters": [
            {"name": "step", "type": "block", "default": "unit", "fixed": True},
            {"name": "widths", "type": "[int]", "default": [1, 2], "fixed": True},
            {"name": "name", "type": "string", "default": "x", "fixed": False},
            {"name": "rate", "type": "float", "default": 0.5, "fixed": False},
            {"name": "bias", "type": "bool", "default": True, "fixed": False},
        ],
        "inputs": [{"name": "a", "shape": ["N", 3, "H", "W"]}, {"name": "b", "shape": ["N", 3, "H", "W"]}],
        "outputs": [
            {"name": "aux", "shape": ["N", 2, "H", "W"], "when": "training"},
            {"name": "y", "shape": ["N", 2, "H", "W"], "when": None},
        ],
        "accepted": {"H": "every H", "W": "every W"},
        "declared": {},
    }
    assert large["parameters"][0]["default"] == "conv(kernel=3, padding=1)"
    assert large["parameters"][3] == {"name": "rate", "type": "float", "default": 0.25, "fixed": True}


def test_the_list(cli: Cli) -> None:
    cli.write("a/two.arch", TWO)
    cli.write("small.arch", GOOD)
    cli.write("template.arch", TEMPLATE)
    assert cli("networks").out == (
        "a/two.arch\n"
        "  first   image N x 3 x H x W    ->  y N x 8 x H x W\n"
        "  second  image N x 3 x H x W    ->  y N x 4 x H x W\n"
        "\n"
        "small.arch\n"
        "  small   image N x 3 x 32 x 32  ->  logits N x 10\n"
        "\n"
        "3 networks in 2 files\n"
    )


def test_the_specs_that_ship(cli: Cli) -> None:
    names = {network["name"] for network in cli("networks", str(ROOT / "specs"), "--format", "json").json["networks"]}
    assert len(names) > 100
    assert {"lenet", "nin", "alexnet", "vgg16_bn", "googlenet", "resnet50", "densenet201"} <= names
    assert "ResNet" not in names


@pytest.mark.parametrize("text", [BLOCK_ONLY, TEMPLATE], ids=["block", "template"])
def test_blocks_and_families_are_no_networks(text: str, cli: Cli) -> None:
    cli.write("a.arch", text)
    result = cli("networks", "a.arch", "--format", "json")
    assert (result.code, result.json) == (0, {"version": 1, "networks": []})
    assert cli("networks").out == "0 networks in 0 files\n"


@pytest.mark.parametrize("text", [UNKNOWN_LAYER, WIDE_KERNEL, UNFINISHED, "", b"\x00"], ids=str)
def test_faulty_files_show_findings_beside_the_document(text: str | bytes, cli: Cli) -> None:
    cli.write("bad.arch", text)
    cli.write("good.arch", GOOD)
    before = listing(cli.folder)
    result = cli("networks", ".", "--format", "json")
    assert result.code == 1
    assert "error[E" in result.err
    assert "small" in [network["name"] for network in result.json["networks"] if network["path"] == "good.arch"]
    assert listing(cli.folder) == before


def test_a_network_that_could_not_be_typed_is_listed_with_what_is_known(cli: Cli) -> None:
    cli.write("bad.arch", GOOD.replace("[N, 3, 32, 32]", "[N, 3, 0, 32]"))
    (network,) = cli("networks", "--format", "json").json["networks"]
    assert network["inputs"] == []
    assert network["outputs"] == [{"name": "logits", "shape": None, "when": None}]


def test_missing_paths_are_2_and_the_rest_is_listed(cli: Cli) -> None:
    cli.write("good.arch", GOOD)
    result = cli("networks", "good.arch", "gone.arch", "--format", "json")
    assert result.code == 2
    assert "`gone.arch` cannot be read" in result.err
    assert len(result.json["networks"]) == 1
