"""Data sets of torchvision and Hugging Face: opened by their own code, held to the contract before training."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from archdsl.documents.recipe import Data
from archdsl.driver.api import ArchError
from archdsl.train.data.pictures import Pictures, pixels
from archdsl.train.data.samples import BrokenSample, DataSet, UnusableData
from archdsl.train.plan import plan_training
from tests.house import ROOT
from tests.oracles.torchvision_models import torchvision
from tests.train.support import SMALL, rows_of, small_plan, trained, write_spec

reader = import_module("archdsl.train.data.torchvision")  # behind the oracle, which makes torchvision load here

FAKE = ("data.source=torchvision:FakeData", "data.arguments.size=48", "data.arguments.image_size=[3,8,8]")
COLOUR = SMALL.replace("[N, 1, 8, 8]", "[N, 3, 8, 8]")


def refused(folder: Path, *settings: str, text: str = SMALL) -> tuple[str, str, str]:
    """Code, message and help of the one finding, which stands at a setting of the command line."""
    with pytest.raises(ArchError) as caught:
        small_plan(folder, *settings, text=text)
    (finding,) = caught.value.findings
    assert finding.span.path == "<command line>", caught.value.text
    return finding.code, finding.message, finding.help.text if finding.help else ""


# --- torchvision ------------------------------------------------------------------------------------------------------


def test_a_network_trains_on_a_set_of_torchvision(tmp_path: Path) -> None:
    result = trained(small_plan(tmp_path, *FAKE, "data.samples=48", "batch=8", text=COLOUR), tmp_path / "run")
    assert result.status == "finished"
    assert len(rows_of(tmp_path / "run")) == 2


def test_samples_are_those_of_torchvision() -> None:
    """In order, with the same labels; the split takes each once."""
    data = Data(source="torchvision:FakeData", arguments={"size": 20, "image_size": [3, 9, 7], "num_classes": 5})
    found = reader.open_set(data, "FakeData")
    assert (found.declaration.channels, found.declaration.size) == (3, (9, 7))
    assert found.declaration.classes == tuple("01234")
    oracle = torchvision.datasets.FakeData(size=20, image_size=(3, 9, 7), num_classes=5)
    seen = 0
    wanted = {np.asarray(image).tobytes(): label for image, label in oracle}
    for part in found.open():
        raw = part.read(range(len(part)))
        for image, label in zip(raw.images, raw.labels, strict=True):
            assert wanted[np.ascontiguousarray(image.transpose(1, 2, 0)).tobytes()] == label
            seen += 1
    assert seen == 20


class Halves:
    """A class in the style of torchvision's, with files that have to be there."""

    classes = ("cat", "dog")

    def __init__(self, root: str, train: bool = True, download: bool = False) -> None:
        if not Path(root).exists() and not download:
            raise RuntimeError("Dataset not found. You can use download=True to download it")
        self.count = 12 if train else 4

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> tuple[Any, int]:
        return Image.new("L", (8, 8), number), number % 2


class Named(Halves):
    """A class whose parts have names of their own, and labels instead of classes."""

    classes = None  # type: ignore[assignment]

    def __init__(self, root: str, split: str = "train") -> None:
        if split not in ("train", "test", "extra"):
            raise ValueError(f"Unknown value '{split}' for argument split.")
        self.count = {"train": 12, "test": 4, "extra": 30}[split]
        self.labels = np.arange(self.count) % 2


@pytest.fixture
def own_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    for factory in (Halves, Named):
        monkeypatch.setattr(torchvision.datasets, factory.__name__, factory, raising=False)
    monkeypatch.setattr(torchvision.datasets, "__all__", ("Halves", "Named", "FakeData", "CIFAR10"))


@pytest.mark.usefixtures("own_sets")
@pytest.mark.parametrize(
    ("source", "counts"),
    [
        (Data(source="torchvision:Halves", root="."), (12, 4)),
        (Data(source="torchvision:Halves", root=".", samples=5), (5, 4)),
        (Data(source="torchvision:Halves", root=".", arguments={"train": False}), (3, 1)),
        (Data(source="torchvision:Halves", root="nowhere", download=True), (12, 4)),
        (Data(source="torchvision:Named"), (12, 4)),
        (Data(source="torchvision:Named", splits=["extra", "test"]), (30, 4)),
        (Data(source="torchvision:Named", splits=["extra"]), (24, 6)),
    ],
)
def test_both_parts_are_found(source: Data, counts: tuple[int, int]) -> None:
    found: DataSet = reader.open_set(source, source.source.partition(":")[2])
    assert found.counts() == counts
    assert len(found.declaration.classes) == 2
    assert (found.declaration.channels, found.declaration.size) == (1, (8, 8))


@pytest.mark.usefixtures("own_sets")
@pytest.mark.parametrize(
    ("settings", "code", "message", "help"),
    [
        (("data.source=torchvision:CIFAR11",), "E0804", "no data set `CIFAR11`", "`torchvision:CIFAR10`"),
        (("data.source=torchvision:CIFAR10",), "E0804", "cannot be opened", "`data.download = true`"),
        (("data.source=torchvision:Halves",), "E0804", "cannot be opened", "`data.download = true`"),
        (("data.source=torchvision:Named", "data.splits=[\"fold\"]"), "E0804", "Unknown value 'fold'", ""),
        (("data.source=torchvision:Halves", "data.root=.", "data.arguments.x=1"), "E0804", "unexpected keyword", ""),
        (FAKE, "E0805", "samples with 3 channels", ""),
        ((*FAKE, "data.channels=1", "data.size=9"), "E0806", "9 x 9 pixels", ""),
        ((*FAKE, "data.channels=1", "network.arguments.classes=4"), "E0807", "has 10 classes", "follows the data"),
        (("data.source=torchvision:",), "E0803", "torchvision:...", ""),
        (("data.source=digits", "data.splits=['a','b','c']"), "E0803", "must be a list of 2", ""),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_found_before_training(
    settings: tuple[str, ...], code: str, message: str, help: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = refused(tmp_path, *settings)
    assert found[0] == code
    assert message in found[1]
    assert help in found[2]


def test_a_library_that_is_missing_is_told_with_the_way_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for source, package in [("torchvision:CIFAR10", "torchvision"), ("hf:mnist", "datasets")]:
        monkeypatch.delitem(sys.modules, f"archdsl.train.data.{source.partition(':')[0]}", raising=False)
        monkeypatch.setitem(sys.modules, package, None)
        code, message, help = refused(tmp_path, f"data.source={source}")
        assert (code, help) == ("E0804", f"pip install {package}")
        assert "is not installed" in message


def test_a_torchvision_of_another_torch_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.delitem(sys.modules, "archdsl.train.data.torchvision")
    monkeypatch.setitem(sys.modules, "torchvision", Broken("torchvision"))
    assert "torchvision::nms" in refused(tmp_path, "data.source=torchvision:CIFAR10")[1]


# --- pictures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("P", 3), ("RGBA", 3), ("1", 1), ("RGB", 1)])
def test_pictures_become_bytes_of_channels(mode: str, channels: int) -> None:
    found = pixels(Image.new(mode, (5, 4)), channels)
    assert (found.shape, found.dtype) == ((channels, 4, 5), np.uint8)


def test_a_picture_that_cannot_be_read_is_left_out_or_ends_the_run() -> None:
    items: Any = [(Image.new("L", (8, 8)), 0), (np.zeros((2, 8, 8)), 1), (Image.new("L", (8, 8)), 1)]
    raw = Pictures(items, 1, 2, strict=False).read([0, 1, 2])
    assert (len(raw.images), raw.kept, [name for name, _ in raw.broken]) == (2, [0, 2], ["sample 1"])
    with pytest.raises(BrokenSample, match="sample 1 cannot be read: it has the shape"):
        Pictures(items, 1, 2, strict=True).read([0, 1, 2])
    with pytest.raises(BrokenSample, match="sample 2 has the label 1, not one from 0 to 0"):
        Pictures(items, 1, 1, strict=False).read([2])


# --- Hugging Face -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Sets on the disk: pictures with classes in two parts, in one, and tables of other things."""
    datasets = pytest.importorskip("datasets")
    folder = tmp_path_factory.mktemp("sets")
    random = np.random.default_rng(0)

    def pictures(count: int, label: Any) -> Any:
        images = [Image.fromarray(random.integers(0, 255, (8, 8), dtype=np.uint8)) for _ in range(count)]
        features = datasets.Features({"id": datasets.Value("int32"), "picture": datasets.Image(), "label": label})
        rows = {"id": list(range(count)), "picture": images, "label": [number % 3 for number in range(count)]}
        return datasets.Dataset.from_dict(rows, features=features)

    named, plain = datasets.ClassLabel(names=["a", "b", "c"]), datasets.Value("int64")
    datasets.DatasetDict({"train": pictures(40, named), "test": pictures(9, named)}).save_to_disk(folder / "halves")
    datasets.DatasetDict({"fold": pictures(20, plain)}).save_to_disk(folder / "fold")
    pictures(30, plain).save_to_disk(folder / "single")
    datasets.Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]}).save_to_disk(folder / "texts")
    pictures(5, named).remove_columns("label").save_to_disk(folder / "unlabelled")
    yield folder
    shutil.rmtree(folder)


def test_a_network_trains_on_a_set_saved_to_disk(saved: Path, tmp_path: Path) -> None:
    plan = small_plan(tmp_path, f"data.source=hf:{saved / 'halves'}", "data.samples=40", "batch=8")
    assert plan.data.counts() == (40, 9)
    assert plan.data.declaration.classes == ("a", "b", "c")
    assert trained(plan, tmp_path / "run").status == "finished"


def test_its_samples_are_those_of_the_table(saved: Path) -> None:
    datasets = pytest.importorskip("datasets")
    plan = plan_training(ROOT / "specs" / "lenet.arch", settings=[f"data.source=hf:{saved / 'halves'}"])
    training, _ = plan.data.open()
    table = datasets.load_from_disk(saved / "halves")["train"]
    raw = training.read([7, 3])
    for image, label, number in zip(raw.images, raw.labels, (7, 3), strict=True):
        assert np.array_equal(image[0], np.asarray(table[number]["picture"]))
        assert label == table[number]["label"]


def test_numbers_are_classes_and_a_part_is_split_off(saved: Path, tmp_path: Path) -> None:
    for name, counts, more in [("single", (24, 6), ()), ("fold", (16, 4), ('data.splits=["fold"]',))]:
        plan = small_plan(tmp_path, f"data.source=hf:{saved / name}", "data.samples=40", "batch=8", *more)
        assert plan.data.counts() == counts
        assert plan.data.declaration.classes == ("0", "1", "2")


@pytest.mark.parametrize(
    ("name", "more", "code", "message", "help"),
    [
        ("fold", (), "E0804", "has no split `train`, but `fold`", "data.splits"),
        ("halves", ('data.splits=["left"]',), "E0804", "has no split `left`, but `train`, `test`", ""),
        ("texts", (), "E0804", "has no column of pictures: its columns are text, label", ""),
        ("unlabelled", (), "E0804", "has no column of classes", ""),
        ("halves", ("network.arguments.classes=7",), "E0807", "has 3 classes", "follows the data"),
        ("halves", ("data.channels=3",), "E0805", "takes 1", ""),
    ],
)
def test_what_does_not_fit_in_a_table_is_found(
    name: str, more: tuple[str, ...], code: str, message: str, help: str, saved: Path, tmp_path: Path
) -> None:
    found = refused(tmp_path, f"data.source=hf:{saved / name}", *more)
    assert found[0] == code
    assert message in found[1]
    assert help in found[2]


def test_nothing_is_fetched_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is not on this machine is refused without a word on the network."""
    pytest.importorskip("datasets")
    import socket

    def called(*arguments: object, **named: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "getaddrinfo", called)
    monkeypatch.setattr(socket.socket, "connect", called)
    code, message, help = refused(tmp_path, "data.source=hf:nobody/nothing", f"data.root={tmp_path / 'cache'}")
    assert code == "E0804"
    assert "the network was asked" not in message
    assert "cannot be opened" in message
    assert "`data.download = true`" in help


def test_an_empty_part_is_refused() -> None:
    from archdsl.train.data.pictures import opened

    with pytest.raises(UnusableData, match="has a part of 0 samples"):
        opened(Data(source="hf:x"), [[]], ["a", "b"])  # type: ignore[list-item]


def test_a_plan_of_the_digits_opens_no_library(tmp_path: Path) -> None:
    write_spec(tmp_path)
    assert plan_training(tmp_path / "small.arch").data.declaration.channels == 1
