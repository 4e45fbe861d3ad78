"""The generated files that people read: committed, formatted, and what the generator writes today.

``pytest --update-golden`` rewrites them; read the difference as a reviewer before you commit it.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from archdsl.codegen import HEADER
from archdsl.codegen.printer_allowed import check_allowed
from tests.networks.support import ROOT, compilation, execute, source

GOLDEN = {
    "resnet50.py": ("resnet.arch", ("resnet50",)),
    "resnet.py": ("resnet.arch", ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")),
    "googlenet.py": ("googlenet.arch", ("googlenet",)),
    "densenet.py": ("densenet.arch", ("densenet121", "densenet161", "densenet169", "densenet201")),
    "vgg.py": ("vgg.arch", ("vgg11", "vgg16", "vgg16_bn")),
    "alexnet.py": ("alexnet.arch", ("alexnet",)),
    "lenet.py": ("lenet.arch", ("lenet",)),
    "lenet5.py": ("lenet5.arch", ("lenet5",)),
    "shufflenet.py": ("shufflenet.arch", ("shufflenet_g1", "shufflenet_g3")),
    "senet.py": ("senet.arch", ("se_resnet50", "senet154")),
    "resnet_cifar.py": ("resnet_cifar.arch", ("resnet20", "resnet1202")),
    "convnext.py": ("convnext.arch", ("convnext_tiny", "convnext_small", "convnext_base", "convnext_large")),
    "swin.py": ("swin.arch", ("swin_t", "swin_s", "swin_b", "swin_v2_t", "swin_v2_s", "swin_v2_b")),
    "maxvit.py": ("maxvit.arch", ("maxvit_t",)),
    "vit.py": ("vit.arch", ("vit_b_16", "vit_b_32", "vit_l_16", "vit_l_32", "vit_h_14")),
    "nin.py": ("nin.arch", ("nin",)),
    "squeezenet.py": ("squeezenet.arch", ("squeezenet1_0", "squeezenet1_1")),
    "mobilenet_v2.py": ("mobilenet_v2.arch", ("mobilenet_v2",)),
    "mobilenet_v3.py": ("mobilenet_v3.arch", ("mobilenet_v3_small",)),
    "mnasnet.py": ("mnasnet.arch", ("mnasnet0_5", "mnasnet1_3")),
    "shufflenet_v2.py": ("shufflenet_v2.arch", ("shufflenet_v2_x0_5", "shufflenet_v2_x2_0")),
    "regnet.py": ("regnet.arch", ("regnet_x_400mf", "regnet_y_400mf")),
    "efficientnet.py": ("efficientnet.arch", ("efficientnet_b0", "efficientnet_b7")),
    "efficientnet_v2.py": ("efficientnet.arch", ("efficientnet_v2_s",)),
    "inception_v3.py": ("inception_v3.arch", ("inception_v3",)),
    "unet.py": ("unet.arch", ("unet", "unet_padded")),
}
FOLDER = ROOT / "tests" / "golden"


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_file(name: str, request: pytest.FixtureRequest) -> None:
    file, networks = GOLDEN[name]
    text = source(file, *networks)
    if request.config.getoption("--update-golden"):
        (FOLDER / name).write_text(text, encoding="ascii")
    assert (FOLDER / name).read_text(encoding="ascii") == text


@pytest.mark.parametrize("name", GOLDEN)
def test_methods_are_short_and_syntax_is_on_the_list(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="ascii")
    assert text.splitlines()[0] == f"# {HEADER}"
    tree = ast.parse(text)
    check_allowed(tree)
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert {ast.unparse(node) for node in imported} <= {
        "import math", "import torch", "from torch import nn", "from torch import Tensor, nn",
        "from torch.nn import functional as F",
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            limit = {"forward": 35 if name in ("googlenet.py", "unet.py") else 25, "__init__": 40}.get(node.name, 25)
            statements = sum(isinstance(inner, ast.stmt) for inner in ast.walk(node)) - 1
            assert statements <= limit, f"{node.name} has {statements} statements"


def test_linters_leave_golden_files_alone(tmp_path: Path) -> None:
    folder = Path(sys.executable).parent
    for command in (
        [folder / "ruff", "format", "--isolated", "--diff", FOLDER],
        [folder / "ruff", "check", "--isolated", "--select", "E,F,I,UP,B", FOLDER],
        [folder / "mypy", "--strict", "--cache-dir", tmp_path, *sorted(FOLDER.glob("*.py"))],
    ):
        done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_network_compiled_alone_and_in_its_family_has_the_same_keys() -> None:
    alone = execute(source("vgg.arch", "vgg16_bn"))["vgg16_bn"]()
    designs = compilation("vgg.arch").designs(str(ROOT / "specs" / "vgg.arch"))
    family = execute(source("vgg.arch", *(design.name for design in designs)))
    assert list(alone.state_dict()) == list(family["vgg16_bn"]().state_dict())
