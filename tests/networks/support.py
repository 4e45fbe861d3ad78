"""Builds the module that the compiler writes for a network of specs/."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from archdsl.codegen import emit
from archdsl.driver.compilation import Compilation
from archdsl.ir.typed import TypedDesign
from archdsl.source.loader import DiskLoader, MemoryLoader

ROOT = Path(__file__).resolve().parents[2]

TORCHVISION = {
    "alexnet.arch": ["alexnet"],
    "vgg.arch": [f"vgg{depth}{norm}" for depth in (11, 13, 16, 19) for norm in ("", "_bn")],
    "googlenet.arch": ["googlenet"],
    "resnet.arch": [
        *(f"resnet{depth}" for depth in (18, 34, 50, 101, 152)),
        *("resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2"),
    ],
    "densenet.arch": [f"densenet{depth}" for depth in (121, 161, 169, 201)],
    "convnext.arch": [f"convnext_{size}" for size in ("tiny", "small", "base", "large")],
    "swin.arch": [f"swin_{version}{size}" for version in ("", "v2_") for size in "tsb"],
    "maxvit.arch": ["maxvit_t"],
    "vit.arch": ["vit_b_16", "vit_b_32", "vit_l_16", "vit_l_32", "vit_h_14"],
    "squeezenet.arch": ["squeezenet1_0", "squeezenet1_1"],
    "mobilenet_v2.arch": ["mobilenet_v2"],
    "mnasnet.arch": ["mnasnet0_5", "mnasnet0_75", "mnasnet1_0", "mnasnet1_3"],
    "mobilenet_v3.arch": ["mobilenet_v3_small", "mobilenet_v3_large"],
    "shufflenet_v2.arch": [f"shufflenet_v2_{width}" for width in ("x0_5", "x1_0", "x1_5", "x2_0")],
    "regnet.arch": [
        *(f"regnet_x_{size}" for size in ("400mf", "800mf", "1_6gf", "3_2gf", "8gf", "16gf", "32gf")),
        *(f"regnet_y_{size}" for size in ("400mf", "800mf", "1_6gf", "3_2gf", "8gf", "16gf", "32gf", "128gf")),
    ],
    "efficientnet.arch": [
        *(f"efficientnet_b{size}" for size in range(8)),
        *(f"efficientnet_v2_{size}" for size in "sml"),
    ],
    "inception_v3.arch": ["inception_v3"],
}
"""The networks of specs/ that torchvision has under the same name."""

NETWORKS = [(file, name) for file, names in TORCHVISION.items() for name in names]


@cache
def compilation(file: str) -> Compilation:
    """A checked spec."""
    made = Compilation(DiskLoader(str(ROOT)))
    made.check_file(str(ROOT / "specs" / file))
    assert not list(made.sink)
    return made


def typed(file: str, name: str) -> TypedDesign:
    """One checked network of a spec."""
    path = str(ROOT / "specs" / file)
    made = compilation(file)
    (design,) = [design for design in made.designs(path) if design.name == name]
    found = made.typed(path, design)
    assert found is not None and found.complete
    return found


@cache
def source(file: str, *names: str) -> str:
    """The PyTorch source of some networks of a spec."""
    return emit([typed(file, name) for name in names])


def execute(text: str) -> dict[str, Any]:
    """The names that a generated file defines."""
    module = ModuleType("generated")
    exec(compile(text, "generated.py", "exec"), module.__dict__)
    return module.__dict__


def build(file: str, name: str, **arguments: Any) -> nn.Module:
    """An instance of a network, from its generated source."""
    made: nn.Module = execute(source(file, name))[name](**arguments)
    return made


def check_text(text: str) -> tuple[Compilation, list[TypedDesign]]:
    """A spec given as text, checked without findings, with its networks."""
    made = Compilation(MemoryLoader({"test.arch": text}))
    designs = [made.typed("test.arch", design) for design in made.check_file("test.arch")]
    assert not made.sink.errors, [str(finding) for finding in made.sink]
    return made, [design for design in designs if design is not None]
