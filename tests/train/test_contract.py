"""What does not fit together is found before anything starts, at its place; what fits is left alone."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archdsl.driver.api import ArchError
from archdsl.train.plan import plan_training
from tests.house import ROOT
from tests.train.support import SMALL, write_spec

SPECS = ROOT / "specs"
SOFTMAX = SMALL.replace("fc: linear(classes)", "fc: linear(classes) -> softmax")
PROBABILITIES = SMALL.replace("fc: linear(classes)", "fc: linear(classes) -> log_softmax")
FIXED = SMALL.replace("classes: int = 10", "").replace("classes", "12")
SINGLE = SMALL.replace("classes: int = 10", "").replace("classes", "1")
NORMED = SMALL.replace("[N, 1, 8, 8]", "[N, 1, H, W]").replace("flatten", "global_avg_pool -> flatten")
VECTOR = "network n() {\n    input image: [N, 64]\n    fc: linear(10)\n    output logits: [N, 10]\n}\n"
MAP = "network n() {\n    input image: [N, 1, 8, 8]\n    c: conv(10, 1)\n    output mask: [N, 10, 8, 8]\n}\n"
TWO_OUTPUTS = SMALL.replace("    fc:", "    output early: [N, 64] { identity }\n    fc:")

MODULE = """\
import numpy as np

class Set:
    def __init__(self, labels, images, classes=None):
        self.labels, self.images = labels, images
        if classes is not None:
            self.classes = classes
    def __len__(self):
        return len(self.labels)
    def __getitem__(self, i):
        return self.images[i], self.labels[i]

images = np.zeros((40, 1, 8, 8), dtype=np.float32)
numbers = np.arange(40) % 10

def index(): return Set(numbers, images)
def one_hot(): return Set(np.eye(10, dtype=np.float32)[numbers], images)
def column(): return Set(numbers[:, None], images)
def floats(): return Set(numbers.astype(np.float32), images)
def flat(): return Set(numbers, images[:, 0])
def colour(): return Set(numbers, np.repeat(images, 3, axis=1))
def two(): return Set(numbers % 2, images)
def empty(): return Set([], images)
def nothing(): return None
def lonely(): return Set(numbers[:1], images, range(10))
def wrong(): raise RuntimeError("no such luck")
def no_pair(): return [1, 2, 3]
"""

Case = tuple[str, list[str], str, str]
"""The spec, the settings, the code, and the text at the place of the finding."""

WRONG: dict[str, Case] = {
    "8 x 8 into AlexNet": ("alexnet.arch", ["data.size=8"], "E0806", "8"),
    "another size than a fixed one": ("lenet.arch", ["data.size=[28,32]"], "E0806", "[28,32]"),
    "too many channels": ("lenet.arch", ["data.channels=3"], "E0805", "3"),
    "too few channels": ("alexnet.arch", ["data.channels=1"], "E0805", "1"),
    "colour for a grey network": (SMALL, ["data.source=sets:colour"], "E0805", '"sets:colour"'),
    "a network of 12 classes": (FIXED, [], "E0807", "12"),
    "classes that were given": (SMALL, ["network.arguments.classes=3"], "E0807", "3"),
    "one output for two classes": (SINGLE, ["data.source=sets:two"], "E0808", "1"),
    "one output for ten classes": (SMALL, ["network.arguments.classes=1"], "E0808", "1"),
    "one-hot labels, index loss": (SMALL, ["data.source=sets:one_hot"], "E0809", '"sets:one_hot"'),
    "one-hot labels, hinge": (SMALL, ["data.source=sets:one_hot", "loss.name=hinge"], "E0809", '"hinge"'),
    "class numbers as probabilities": (SMALL, ["loss.targets=probabilities"], "E0809", '"probabilities"'),
    "labels with an axis of 1": (SMALL, ["data.source=sets:column"], "E0809", '"sets:column"'),
    "labels that are floats": (SMALL, ["data.source=sets:floats"], "E0809", '"sets:floats"'),
    "softmax before cross-entropy": (SOFTMAX, [], "E0810", "softmax"),
    "softmax and a stated loss": (SOFTMAX, ["loss.name=cross_entropy"], "E0810", '"cross_entropy"'),
    "a network of vectors": (VECTOR, [], "E0811", "input image: [N, 64]"),
    "a network of maps": (MAP, [], "E0811", "10"),
    "two outputs": (TWO_OUTPUTS, [], "E0811", "64"),
    "batch norm over one sample": (NORMED, ["batch=1"], "E0812", "1"),
    "micro-batches of one sample": (NORMED, ["batch=8", "accumulate=8"], "E0812", "8"),
    "a batch without enough samples": (SMALL, ["batch=2000"], "E0812", "2000"),
    "a batch that cannot be divided": (SMALL, ["accumulate=3"], "E0812", "3"),
    "a mean of two channels": (SMALL, ["data.mean=[0.1,0.2]"], "E0803", "[0.1,0.2]"),
    "an argument that does not exist": (SMALL, ["network.arguments.width=3"], "E0803", "3"),
    "a missing folder": (SMALL, ["data.source=folder:nowhere"], "E0804", '"folder:nowhere"'),
    "a folder without classes": (SMALL, ["data.source=folder:flat"], "E0804", '"folder:flat"'),
    "an empty class": (SMALL, ["data.source=folder:empty_class"], "E0804", '"folder:empty_class"'),
    "a corrupt image": (SMALL, ["data.corrupt=error", "data.source=folder:corrupt"], "E0804", '"folder:corrupt"'),
    "classes mismatch of the parts": (SMALL, ["data.source=folder:parts"], "E0807", '"folder:parts"'),
    "colour files for grey": (SMALL, ["batch=2", "data.source=folder:coloured"], "E0805", '"folder:coloured"'),
    "a missing module": (SMALL, ["data.source=nowhere:make"], "E0804", '"nowhere:make"'),
    "a missing function": (SMALL, ["data.source=sets:make"], "E0804", '"sets:make"'),
    "a function that fails": (SMALL, ["data.source=sets:wrong"], "E0804", '"sets:wrong"'),
    "a module that is no Python": (SMALL, ["data.source=broken:make"], "E0804", '"broken:make"'),
    "a function that gives nothing": (SMALL, ["data.source=sets:nothing"], "E0804", '"sets:nothing"'),
    "items that are no pairs": (SMALL, ["data.source=sets:no_pair"], "E0804", '"sets:no_pair"'),
    "an empty set": (SMALL, ["data.source=sets:empty"], "E0804", '"sets:empty"'),
    "a set of one sample": (SMALL, ["data.source=sets:lonely"], "E0804", '"sets:lonely"'),
    "images without channels": (SMALL, ["data.source=sets:flat"], "E0804", '"sets:flat"'),
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with data sets."""
    (tmp_path / "sets.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "broken.py").write_text("def make(:\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "sets", raising=False)
    for folder, mode, names in [
        ("empty_class", "L", ["a/1", "a/2", "b"]),
        ("corrupt", "L", ["a/1", "a/2", "b/1", "b/2"]),
        ("parts", "L", ["train/a/1", "train/b/1", "val/a/1", "val/c/1"]),
        ("coloured", "RGB", ["a/1", "a/2", "b/1", "b/2"]),
        ("flat", "L", ["1", "2"]),
    ]:
        for name in names:
            make_image(tmp_path / folder / name, mode)
    (tmp_path / "corrupt" / "a" / "1.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    return tmp_path


def make_image(path: Path, mode: str) -> None:
    """An image, or (a name without a number) a folder."""
    if not path.name.isdigit():
        path.mkdir(parents=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (8, 8) if mode == "L" else (8, 8, 3)
    Image.fromarray(np.full(shape, int(path.name), dtype=np.uint8)).save(path.with_suffix(".png"))


def spec_of(text: str, folder: Path) -> str:
    return str(SPECS / text) if text.endswith(".arch") else write_spec(folder, text)


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_is_one_finding_at_its_place(case: str, project: Path) -> None:
    spec, settings, code, text = WRONG[case]
    before = sorted(project.rglob("*"))
    with pytest.raises(ArchError) as caught:
        plan_training(spec_of(spec, project), "alexnet" if "alexnet" in spec else None, settings=settings)
    (finding,) = caught.value.findings
    assert finding.code == code, caught.value.text
    assert caught.value.sources[finding.span.path].slice(finding.span) == text, caught.value.text
    assert set(project.rglob("*")) - set(before) <= {project / "small.arch", project / "archdsl.toml"} | set(
        (project / "__pycache__").rglob("*")
    ) | {project / "__pycache__"}, "nothing was started"


RIGHT: dict[str, tuple[str, list[str]]] = {
    "one-hot labels as probabilities": (SMALL, ["data.source=sets:one_hot", "loss.targets=probabilities"]),
    "one-hot labels and squares": (SMALL, ["data.source=sets:one_hot", "loss.name=mse"]),
    "class numbers and squares": (SMALL, ["data.source=sets:index", "loss.name=mse"]),
    "softmax and squares": (SOFTMAX, ["loss.name=mse"]),
    "log-softmax, which cross-entropy does not change": (PROBABILITIES, []),
    "grey files": (SMALL, ["data.source=folder:corrupt", "batch=2"]),
    "colour files made grey": (SMALL, ["data.source=folder:coloured", "data.channels=1", "batch=2"]),
    "two samples for batch norm": (NORMED, ["batch=2"]),
    "synthetic samples": (MAP.replace("c: conv(10, 1)", "flatten -> fc: linear(3)").replace("[N, 10, 8, 8]", "[N, 3]"),
                          ["data.source=synthetic"]),
}  # fmt: skip


@pytest.mark.parametrize("case", RIGHT)
def test_what_fits_is_planned(case: str, project: Path) -> None:
    spec, settings = RIGHT[case]
    plan = plan_training(spec_of(spec, project), settings=[*([] if "batch=2" in settings else ["batch=4"]), *settings])
    assert plan.warnings == ()


@pytest.mark.parametrize(
    ("spec", "network", "shape", "classes"),
    [
        ("lenet.arch", "lenet", (1, 28, 28), {}),
        ("resnet.arch", "resnet18", (3, 32, 32), {"classes": 10}),
        ("alexnet.arch", "alexnet", (3, 63, 63), {"classes": 10}),
        ("nin.arch", "nin", (1, 67, 67), {}),
        ("googlenet.arch", "googlenet", (3, 32, 32), {"classes": 10}),
    ],
)
def test_digits_are_made_to_fit(spec: str, network: str, shape: tuple[int, int, int], classes: dict[str, int]) -> None:
    plan = plan_training(SPECS / spec, network)
    assert plan.input == shape
    assert plan.recipe.network.arguments == classes
    assert plan.recipe.data.channels == shape[0]


def test_images_of_many_sizes_get_the_size_that_the_spec_names(project: Path) -> None:
    plan = plan_training(SPECS / "resnet.arch", "resnet18", settings=["data.source=folder:coloured", "batch=2"])
    assert plan.input == (3, 224, 224)
    assert plan.built.typed.root.arguments["classes"] == 2
