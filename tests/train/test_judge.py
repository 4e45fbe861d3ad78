"""``evaluate``, ``predict`` and the page of a run: right figures, placed errors, nothing in the page that could run."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from sklearn.datasets import load_digits

import archdsl
from archdsl.report.charts import confusion_matrix, curves
from archdsl.report.training import RunData, training_page
from tests.cli.support import Cli
from tests.house import ROOT
from tests.train.support import SMALL, rows_of, small_plan, trained

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>&\"'"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    trained(small_plan(tmp_path, "data.samples=400", "epochs=6", "optimizer.lr=0.02"), tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Ten images of digits as files."""
    data = load_digits()
    for number in range(10):
        Image.fromarray((data.images[number] * 255 / 16).astype(np.uint8)).save(tmp_path / f"{number}.png")
    return tmp_path


def test_evaluation_repeats_the_figures_of_the_best_epoch(run: Path) -> None:
    document = archdsl.evaluate_run(str(run))
    best = max(rows_of(run), key=lambda row: (row["accuracy"], -row["loss"]))
    assert document.metrics["accuracy"] == best["accuracy"]
    assert document.metrics["loss"] == pytest.approx(best["loss"], rel=1e-6)
    assert document.confusion == json.loads((run / "confusion.json").read_text())
    assert sum(map(sum, document.confusion)) == document.samples == 80


def test_predictions_are_those_of_the_weights_in_plain_torch(run: Path, digits: Path) -> None:
    """Read, scaled and run by hand."""
    paths = [str(digits / f"{number}.png") for number in range(10)]
    found = archdsl.predict_images(str(run), paths)
    model = archdsl.load(digits / "small.arch").eval()
    model.load_state_dict(load_file(run / "checkpoints" / "best.safetensors"))
    recipe = (run / "recipe.toml").read_text()
    mean, std = (float(re.search(rf"{name} = \[(.*)\]", recipe)[1]) for name in ("mean", "std"))  # type: ignore[index]
    images = torch.stack([torch.from_numpy(np.array(Image.open(path)))[None].float() / 255 for path in paths])
    with torch.no_grad():
        shares = model((images - mean) / std).softmax(1)
    assert [each.label for each in found.predictions] == [str(index) for index in shares.argmax(1).tolist()]
    assert [each.probability for each in found.predictions] == pytest.approx(shares.max(1).values.tolist(), abs=1e-6)


def test_files_that_cannot_be_read_are_told_and_the_rest_is_answered(run: Path, digits: Path) -> None:
    (digits / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    found = archdsl.predict_images(str(run), [str(digits / name) for name in ("1.png", "bad.png", "none.png", "2.png")])
    assert [Path(each.path).name for each in found.predictions] == ["1.png", "2.png"]
    assert len(found.broken) == 2


def test_the_commands_give_their_documents(cli: Cli) -> None:
    cli.write("archdsl.toml", "")
    cli.write("small.arch", SMALL)
    cli.write("bad.png", "no image")
    Image.fromarray(np.zeros((8, 8), dtype=np.uint8)).save(cli.folder / "zero.png")
    assert cli("train", "small.arch", "--epochs", "1", "--set", "data.samples=64", "--run", "out").code == 0
    for command, *images in (["evaluate"], ["predict", "zero.png"]):
        result = cli(command, "out", *images, "--format", "json")
        assert result.code == 0, result.err
        jsonschema.validate(result.json, json.loads((ROOT / "docs" / "schemas" / f"{command}.json").read_text("utf-8")))
    for arguments, code, told in [
        (["evaluate", "nowhere"], 2, "is no run folder"),
        (["predict", "out", "bad.png"], 2, "`bad.png` cannot be read"),
        (["evaluate", "out", "--data", "folder:nowhere"], 1, "error[E0804]"),
        (["evaluate"], 2, "usage"),
        (["predict"], 2, "usage"),
    ]:
        result = cli(*arguments)
        assert (result.code, told in result.err) == (code, True), result.err


def test_a_run_without_an_epoch_has_nothing_to_measure(run: Path) -> None:
    (run / "checkpoints" / "best.safetensors").unlink()
    with pytest.raises(archdsl.RunError, match="no weights yet"):
        archdsl.evaluate_run(str(run))


def test_a_data_set_with_other_classes_is_refused(run: Path, tmp_path: Path) -> None:
    for number in range(10):
        for name in "ab":
            place = tmp_path / "other" / f"class{number}" / f"{name}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.zeros((8, 8), dtype=np.uint8)).save(place)
    with pytest.raises(archdsl.ArchError) as caught:
        archdsl.evaluate_run(str(run), f"folder:{tmp_path / 'other'}")
    assert {finding.code for finding in caught.value.findings} == {"E0807"}


# --- the page ---------------------------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


ROW = {"epoch": 1, "train_loss": 1.0, "loss": 1.0, "accuracy": 0.5, "lr": 0.1, "time": {"seconds": 1.0}}


def test_nothing_in_the_page_runs_or_asks_for_anything() -> None:
    data = RunData(HOSTILE, HOSTILE, [HOSTILE, "b"], [ROW], [[3, 1], [0, 2]], HOSTILE, HOSTILE)
    tags = Tags(training_page(data)).found
    assert not {"script", "img", "link", "iframe", "object", "form", "a"} & {tag for tag, _ in tags}
    names = {name for _, attributes in tags for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in {"src", "href", "style"}]
    (policy,) = [each["content"] for tag, each in tags if tag == "meta" and "http-equiv" in each]
    assert policy is not None and policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_the_page_of_a_run_is_there(run: Path) -> None:
    page = (run / "report.html").read_text("utf-8")
    assert "best accuracy" in page
    assert page.count("<svg") == 3
    for name in ("loss", "accuracy", "confusion"):
        ET.fromstring((run / f"{name}.svg").read_text("utf-8"))


@pytest.mark.parametrize(
    "points", [[], [(1, 0.5)], [(1, float("nan")), (2, float("inf"))], [(1, 0), (2, 0)], [(1, 1e30), (2, -1e30)]]
)
def test_any_numbers_make_a_picture(points: list[tuple[float, float]]) -> None:
    ET.fromstring(curves(HOSTILE, {HOSTILE: points}))


def test_a_matrix_shows_its_counts() -> None:
    picture = ET.fromstring(confusion_matrix([[5, 0], [2, 7]], ["a", HOSTILE]))
    texts = [element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {"5", "2", "7"} <= set(texts)
    assert "0" not in texts
