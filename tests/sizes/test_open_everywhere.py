"""Comments, tables, stated shapes, expectations, findings and documents speak in open sizes; the batch is open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from archdsl.cli.main import main
from archdsl.codegen import emit
from tests.networks.support import check_text, execute

TEXT = """\
network n() {
    input image: [N, 3, H, W]
    conv(8, 7, stride=2, padding=3) -> [N, 8, (H + 1) // 2, _]
    norm: batch_norm -> relu
    add { max_pool(2); conv(8, 3, stride=2, padding=1) }
    [N, _, _, (W + 1) // 4]
    output features: [N, 8, (H + 1) // 4, (W + 1) // 4]
    global_avg_pool -> flatten -> linear(5)
    output logits: [N, 5]
    expect params < 3K
}
"""

Run = Any


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)

    def run(text: str, *arguments: str) -> tuple[int, str, str]:
        (tmp_path / "n.arch").write_text(text, "utf-8")
        code = main([arguments[0], "n.arch", *arguments[1:]])
        return code, *capsys.readouterr()

    return run


def test_stated_shapes_and_expectations_hold_for_open_sizes(cli: Run) -> None:
    assert cli(TEXT, "check", "--no-cache")[0] == 0
    code, out, err = cli(TEXT.replace("params < 3K", "params < 1K"), "check", "--no-cache")
    assert (code, "E0501" in out + err) == (1, True)
    code, out, _ = cli(TEXT.replace("(H + 1) // 2, _]", "H // 2, _]"), "sizes", "--format", "json")
    height = json.loads(out)["symbols"]["H"]
    assert (code, height["text"], [cause["line"] for cause in height["causes"]]) == (0, "4 divides H", [3, 5])
    code, out, _ = cli(TEXT.replace("(H + 1) // 2, _]", "H // 2 + 2, _]"), "check", "--no-cache", "--format", "json")
    (finding,) = json.loads(out)["findings"]
    assert (code, finding["code"], finding["line"]) == (1, "E0311", 3)
    assert finding["actual"] == ["N", 8, "⌊(H + 1)/2⌋", "⌊(W + 1)/2⌋"]


def test_shape_comments_speak_of_open_sizes_and_are_true() -> None:
    _, (design,) = check_text(TEXT)
    source = emit([design])
    assert "# N x 8 x ((H + 1) // 2) x ((W + 1) // 2)" in source
    module = execute(source)["n"]().eval()
    for batch, height, width in ((1, 3, 4), (5, 31, 8)):
        features, logits = module(torch.zeros(batch, 3, height, width))
        assert (features.shape, logits.shape) == ((batch, 8, (height + 1) // 4, (width + 1) // 4), (batch, 5))


def test_a_table_without_numbers_shows_the_sizes_themselves(cli: Run) -> None:
    _, out, _ = cli(TEXT, "summary")
    assert "N x 8 x ⌊(H + 1)/2⌋" in out
    assert "N x 8 x 18 x 20" in cli(TEXT, "summary", "--size", "H=35", "--size", "W=39")[1]
    code, out, err = cli(TEXT, "summary", "--size", "H=34", "--size", "W=39")
    assert (code, "E0302" in out + err) == (1, True)


def test_every_document_writes_open_sizes_as_expressions(cli: Run) -> None:
    _, out, _ = cli(TEXT, "summary", "--format", "json")
    assert json.loads(out)["layers"][0]["output"] == ["N", 8, "⌊(H + 1)/2⌋", "⌊(W + 1)/2⌋"]
    _, out, _ = cli(TEXT, "networks", "--format", "json")
    (network,) = json.loads(out)["networks"]
    assert network["outputs"][0]["shape"] == ["N", 8, "⌊(H + 1)/4⌋", "⌊(W + 1)/4⌋"]
    assert network["accepted"] == {"H": "H mod 4 is 0 or 3", "W": "W mod 4 is 0 or 3"}


def test_findings_name_the_size_as_it_came_about(cli: Run) -> None:
    code, out, err = cli(TEXT.replace("add { max_pool(2);", "add { max_pool(3);"), "check", "--no-cache")
    assert code == 1
    assert "height (H + 1)/2" in out + err or "⌊(H + 1)/2⌋" in out + err


# --- the batch --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", ["4", "2 * 8", "size"])
def test_a_batch_is_never_fixed(batch: str, cli: Run) -> None:
    text = TEXT.replace("n()", "n(size: int = 4)").replace("[N, 3, H, W]", f"[{batch}, 3, H, W]", 1)
    code, out, err = cli(text, "check", "--no-cache")
    assert (code, "E0304" in out + err) == (1, True)


@pytest.mark.parametrize("stated", ["[4, 5]", "[2 * N, 5]", "[H, 5]"])
def test_a_stated_batch_is_the_batch(stated: str, cli: Run) -> None:
    code, out, err = cli(TEXT.replace("logits: [N, 5]", f"logits: {stated}"), "check", "--no-cache")
    assert code == 1
    assert "E0312" in out + err or "E0305" in out + err


def test_the_batch_has_no_conditions_and_sizes_does_not_list_it(cli: Run) -> None:
    _, out, _ = cli(TEXT, "sizes", "--format", "json")
    assert list(json.loads(out)["symbols"]) == ["H", "W"]
    assert cli(TEXT, "sizes", "--at", "N=3")[0] == 2


def test_a_trap_of_the_batch_is_shown_by_sizes_too(cli: Run) -> None:
    """One value per channel: the sizes are accepted, and the warning stands beside them."""
    text = TEXT.replace("global_avg_pool -> flatten", "global_avg_pool -> late: batch_norm -> flatten")
    code, out, err = cli(text, "sizes")
    assert (code, "W0329" in err, "W0329" in out, "H mod 4 is 0 or 3" in out) == (0, True, False, True)


# --- norms over space -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "step", "code"),
    [
        ("[N, 3, H, W]", "layer_norm", "E0304"),
        ("[N, 3, 8, 8]", "layer_norm", "E0304"),
        ("[N, 3, L]", "layer_norm", "E0305"),
        ("[N, 3, H, 4]", "flatten -> layer_norm", "E0305"),
    ],
)
def test_a_norm_whose_weights_would_have_an_open_size_is_refused(image: str, step: str, code: str, cli: Run) -> None:
    text = f"network n() {{\n    input image: {image}\n    {step}\n    output y\n}}\n"
    status, out, err = cli(text, "check", "--no-cache")
    assert (status, f"error[{code}]" in out + err) == (1, True)
