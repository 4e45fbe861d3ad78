"""`archdsl summary`: the table as text, Markdown and JSON; sizes, depth, and what stands in its way."""

from __future__ import annotations

import pytest

from tests.cli.support import GOOD, TWO, UNFINISHED, UNKNOWN_LAYER, WIDE_KERNEL, Cli, listing
from tests.house import ROOT

RESNET, GOOGLENET = str(ROOT / "specs/resnet.arch"), str(ROOT / "specs/googlenet.arch")

REPEATED = """\
network deep() {
    input image: [N, 8, 16, 16]
    repeat 350_000 { conv(8, 3, padding=1) -> relu }
    output y: [N, 8, 16, 16]
}
"""

OPEN = """\
network open_sizes() {
    input image: [N, 3, H, W]
    conv(8, 3, padding=1) -> max_pool(2)
    output y: [N, 8, _, _]
}
"""

# --- text -------------------------------------------------------------------------------------------------------------

SMALL = """\
small  a.arch:2
image N x 3 x 32 x 32 -> logits N x 10

layer    kind      output           weights     MACs  field  line
-------  --------  ---------------  -------  -------  -----  ----
conv     conv      N x 8 x 32 x 32      224  221,184      3     4
relu     relu      N x 8 x 32 x 32                        3     4
maxpool  max_pool  N x 8 x 16 x 16                        4     5
flatten  flatten   N x 2048                                     6
fc       linear    N x 10            20,490   20,480            7
-------  --------  ---------------  -------  -------  -----  ----
total                                20,714  241,664

where they go  weights                      MACs                         values
conv           ▎                        1%  ████████████████████▏   92%  █████████▊              44%
relu                                                                     █████████▊              44%
maxpool                                                                  ██▌                     11%
fc             █████████████████████▊  99%  █▉                       8%  ▏                       <1%

20.7 k weights
242 k multiply-adds a sample
18.4 k values in the outputs of its layers a sample
2 weighted layers deep, 5 layers in all; receptive field 4

memory, batch 1, fp32      inference  training
weights and buffers         80.9 KiB  80.9 KiB
gradients                             80.9 KiB
state of adam                          162 KiB
values: at the peak, kept   76.0 KiB  68.0 KiB
together                     157 KiB   392 KiB
"""


def test_the_whole_text(cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    result = cli("summary", "a.arch")
    assert (result.code, result.out, result.err) == (0, SMALL, "")


def test_resnet50_folds_its_blocks_and_fits(cli: Cli) -> None:
    out = cli("summary", RESNET, "-n", "resnet50").out
    lines = out.splitlines()
    assert max(map(len, lines)) <= 100
    assert [line.split()[0] for line in lines if " bottleneck " in line] == [
        f"layer{stage}.{turns}" for stage, last in ((1, 2), (2, 3), (3, 5), (4, 2)) for turns in ("0", f"1-{last}")
    ]
    assert (
        " ".join(next(line for line in lines if line.startswith("total")).split()) == "total 25,557,032 4,089,184,256"
    )
    assert "25.6 M weights; 53,173 values in buffers" in lines
    assert "4.09 G multiply-adds a sample" in lines
    assert "50 weighted layers deep, 187 layers in all; receptive field 427" in lines


def test_the_columns_sum_up_to_the_totals(cli: Cli) -> None:
    for depth in ("1", "2", "3", "all"):
        lines = cli("summary", RESNET, "-n", "resnet34", "--depth", depth).out.splitlines()
        rules = [index for index, line in enumerate(lines) if line.startswith("---")]
        ends = [line.index("weights") + len("weights") for line in lines if line.startswith("layer ")]
        figures = [line[ends[0] - 11 : ends[0]].strip() for line in lines[rules[0] + 1 : rules[1]]]
        assert sum(int(figure.replace(",", "")) for figure in figures if figure) == 21_797_672


def test_what_runs_in_training_only_stands_in_brackets(cli: Cli) -> None:
    lines = cli("summary", GOOGLENET).out.splitlines()
    assert [line.split()[-2] for line in lines if line.startswith("aux") and "(" in line] == [
        "(4,169,728)",
        "(4,202,496)",
    ]
    assert "13.0 M weights, 6.38 M of them for training only; 15,131 values in buffers" in lines
    assert "1.50 G multiply-adds a sample" in lines


@pytest.mark.parametrize("columns", [40, 70, 80, 100, 200])
def test_the_table_gives_way_to_a_narrow_screen(columns: int, cli: Cli) -> None:
    out = cli.with_variables(COLUMNS=str(columns))("summary", GOOGLENET, "--depth", "all").out
    table = [line for line in out.splitlines()[3:] if "  " in line]
    assert max(map(len, table)) <= max(columns, 98)
    if columns == 200:
        assert "\N{HORIZONTAL ELLIPSIS}" not in out


def test_colours_are_asked_for(cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    coloured = cli.with_variables(FORCE_COLOR="1")("summary", "a.arch").out
    assert coloured.replace("\x1b[1m", "").replace("\x1b[2m", "").replace("\x1b[0m", "") == SMALL
    assert coloured != SMALL


def test_markdown(cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    lines = cli("summary", "a.arch", "--format", "markdown").out.splitlines()
    assert lines[0] == "## small  a.arch:2"
    rows = [line for line in lines if line.startswith("|")]
    assert rows[0] == "| layer | kind | output | weights | MACs | field | line |"
    assert rows[1] == "| :--- | :--- | :--- | ---: | ---: | ---: | ---: |"
    assert rows[2] == "| `conv` | conv | N x 8 x 32 x 32 | 224 | 221,184 | 3 | 4 |"
    assert rows[7] == "| **total** |  |  | **20,714** | **241,664** |  |  |"
    assert {row.count("|") for row in rows[:8]} == {8}
    assert rows[8:10] == ["| memory, batch 1, fp32 | inference | training |", "| :--- | ---: | ---: |"]
    assert rows[-1] == "| together | 157 KiB | 392 KiB |"


def test_a_file_name_does_not_become_markdown(cli: Cli) -> None:
    cli.write("[a](http:__b)|*c*.arch", GOOD)
    first = cli("summary", "[a](http:__b)|*c*.arch", "--format", "markdown").out.splitlines()[0]
    assert first == "## small  \\[a\\](http:\\_\\_b)\\|\\*c\\*.arch:2"


# --- JSON -------------------------------------------------------------------------------------------------------------


def test_the_document(cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    document = cli("summary", "a.arch", "--format", "json").json
    assert list(document) == ["version", "network", "path", "line", "sizes", "layers", "totals", "memory"]
    assert (document["version"], document["network"], document["path"], document["line"]) == (1, "small", "a.arch", 2)
    assert document["layers"][0] == {
        "path": "conv",
        "op": "conv",
        "inputs": [["N", 3, 32, 32]],
        "output": ["N", 8, 32, 32],
        "weights": 224,
        "macs": 221_184,
        "macs_formula": None,
        "flops": 442_368,
        "activations": 8192,
        "buffers": 0,
        "receptive_field": [3, 3],
        "stride": [1.0, 1.0],
        "offset": [0.0, 0.0],
        "line": 4,
        "file": "a.arch",
        "when": None,
        "layers": 1,
        "skips": [],
    }
    assert document["layers"][-1]["receptive_field"] is None
    assert document["totals"] == {
        "weights": 20_714,
        "training_weights": 0,
        "buffers": 0,
        "macs": 241_664,
        "macs_formula": None,
        "flops": 483_328,
        "activations": 18_442,
        "activations_formula": None,
        "layers": 5,
        "depth": 2,
        "receptive_field": [4, 4],
    }


def test_json_lists_every_layer_unless_folded(cli: Cli) -> None:
    layers = cli("summary", RESNET, "-n", "resnet50", "--format", "json").json["layers"]
    assert len(layers) == 187
    found = next(layer for layer in layers if layer["path"] == "layer1.0.conv1")
    assert (found["inputs"], found["output"]) == ([["N", 64, 56, 56]], ["N", 64, 56, 56])
    assert (found["weights"], found["macs"], found["receptive_field"]) == (4096, 12_845_056, [11, 11])
    assert found["file"] == "archdsl/std/residual.arch"
    folded = cli("summary", RESNET, "-n", "resnet50", "--format", "json", "--depth", "1").json["layers"]
    assert [layer["op"] for layer in folded].count("group") == 4
    assert sum(layer["weights"] for layer in folded) == 25_557_032
    assert sum(layer["layers"] for layer in folded) == 187


# --- sizes ------------------------------------------------------------------------------------------------------------


def test_a_size_given_replaces_the_nominal_one(cli: Cli) -> None:
    document = cli("summary", RESNET, "-n", "resnet18", "--size", "H=448", "--format", "json").json
    assert document["sizes"] == {"H": 448, "W": 224}
    assert document["layers"][0]["output"] == ["N", 64, 224, 112]
    assert document["totals"]["macs"] == 2 * (1_814_073_344 - 512_000) + 512_000


def test_without_a_size_the_table_is_symbolic_and_says_what_is_missing(cli: Cli) -> None:
    cli.write("open.arch", OPEN)
    result = cli("summary", "open.arch")
    assert result.code == 0
    assert "N x 8 x ⌊H/2⌋ x ⌊W/2⌋" in result.out
    assert "MACs(H, W) = 216·H·W\n" in result.out
    assert result.err == "for numbers and memory, give the open sizes: --size H=224 --size W=224\n"
    document = cli("summary", "open.arch", "--format", "json").json
    assert (document["sizes"], document["totals"]["macs"], document["totals"]["weights"]) == ({}, None, 224)
    half = cli("summary", "open.arch", "--size", "H=10")
    assert "N x 8 x 5 x ⌊W/2⌋" in half.out
    assert "MACs(W) = 2,160·W\n" in half.out
    assert half.err == "for numbers and memory, give the open sizes: --size W=224\n"


def test_a_size_that_is_too_small_is_a_finding(cli: Cli) -> None:
    result = cli("summary", RESNET.replace("resnet", "alexnet"), "-n", "alexnet", "--size", "H=20")
    assert (result.code, result.out) == (1, "")
    assert "error[E03" in result.err


# --- what stands in the way -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [UNKNOWN_LAYER, WIDE_KERNEL, UNFINISHED, "", b"\x00"], ids=str)
@pytest.mark.parametrize("format", ["text", "json", "markdown"])
def test_errors_are_shown_instead(text: str | bytes, format: str, cli: Cli) -> None:
    cli.write("bad.arch", text)
    before = listing(cli.folder)
    result = cli("summary", "bad.arch", "--format", format)
    assert (result.code, result.out) == (1, "")
    assert "error[E" in result.err
    assert listing(cli.folder) == before


def test_an_error_in_another_network_does_not_hide_this_one(cli: Cli) -> None:
    cli.write("a.arch", TWO.replace("output y: [N, 4, H, W]", "output y: [N, 5, H, W]"))
    assert cli("summary", "a.arch", "-n", "first").code == 0
    assert cli("summary", "a.arch", "-n", "second").code == 1


# --- large networks ---------------------------------------------------------------------------------------------------


def test_700_000_layers_fold_at_once(cli: Cli) -> None:
    cli.write("deep.arch", REPEATED)
    result = cli("summary", "deep.arch")
    assert result.code == 0
    assert len(result.out.splitlines()) < 26
    assert "350,000 x conv" in result.out
    assert result.out.splitlines()[-8] == "350,000 weighted layers deep, 700,000 layers in all; receptive field 700,001"


def test_the_limit_is_told_where_every_layer_is_asked_for(cli: Cli) -> None:
    cli.write("deep.arch", REPEATED)
    result = cli("summary", "deep.arch", "--format", "json")
    assert (result.code, result.out) == (2, "")
    assert "would have 700,000 rows: fold it with --depth" in result.err
    folded = cli("summary", "deep.arch", "--format", "json", "--depth", "1").json
    assert folded["totals"]["layers"] == 700_000
