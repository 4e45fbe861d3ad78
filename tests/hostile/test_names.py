"""Every name that could break generated Python, at every place of a name: refused, or a module that works in torch."""

from __future__ import annotations

import builtins
import copy
import keyword
from collections.abc import Callable

import pytest
import torch
from torch import nn

from archdsl.ir.reserved import BUILTINS, GENERATED, MODULE_MEMBERS, PYTHON_KEYWORDS, why_reserved
from tests.hostile.support import codes, compiled, network, quick_codes
from tests.networks.support import execute

OF_TORCH = {name for name in dir(nn.Module()) if not name.startswith("_")} | set(vars(nn.Module()))
OF_PYTHON = {*keyword.kwlist, *keyword.softkwlist, *dir(builtins)}
CANDIDATES = sorted(
    name
    for name in OF_TORCH | OF_PYTHON | MODULE_MEMBERS | PYTHON_KEYWORDS | GENERATED | BUILTINS | set(dir(nn.functional))
    if name.isascii() and name.isidentifier()
)
PRIVATE = [name for name in CANDIDATES if name.startswith("_")]
PUBLIC = [name for name in CANDIDATES if not name.startswith("_")]
OURS = "if else for in by repeat inline let where divides within as and or not true false none".split()

PLACES: dict[str, Callable[[str], str]] = {
    "label": lambda name: network(f"{name}: conv(8, 1)\n    relu"),
    "label of a group": lambda name: network(f"{name}: {{ conv(8, 1) -> relu }}"),
    "label referred to": lambda name: network(f"{name}: conv(8, 1)\n    relu\n    add {{ {name}; identity }}"),
    "block": lambda name: network(f"{name}", before=f"block {name}() {{ conv(8, 1) -> relu }}\n"),
    "class": lambda name: network("b", before=f"block b() as {name} {{ conv(8, 1) -> relu }}\n"),
    "network": lambda name: network("conv(8, 1)").replace("network n", f"network {name}"),
    "parameter": lambda name: network("b(4)\n    b(8)", before=f"block b({name}: int) {{ conv({name}, 1) -> relu }}\n"),
    "parameter of the network": lambda name: network(f"conv({name}, 1)").replace("n()", f"n({name}: int = 4)"),
    "loop": lambda name: network(f"for {name} in [4, 6, 8] {{ conv({name}, 1) -> relu }}"),
    "variable": lambda name: network(f"let {name} = image.channels * 2\n    conv({name}, 1)"),
    "input": lambda name: network("conv(8, 1)").replace("image:", f"{name}:"),
    "output": lambda name: network("conv(8, 1)").replace("output y", f"output {name}"),
}


def works(source: str) -> None:
    """Everything that is done with a module in a training script."""
    made = [each for each in vars_of(source) if isinstance(each, type) and issubclass(each, nn.Module)]
    model = made[-1]()
    model.train()
    model(torch.zeros(2, 8, 8, 8))
    twin = copy.deepcopy(model).eval()
    twin.load_state_dict(model.state_dict())
    assert len(list(model.children())) >= 1
    assert repr(model)
    model.requires_grad_(False).to(torch.float64).zero_grad()


def vars_of(source: str) -> list[object]:
    """What the code defines, in order, other than what it imports."""
    return [
        value for value in execute(source).values() if getattr(value, "__module__", "") != "torch.nn.modules.module"
    ]


@pytest.mark.parametrize("place", PLACES)
def test_what_is_accepted_works(place: str) -> None:
    refused = [name for name in PUBLIC if quick_codes(PLACES[place](name))]
    accepted = [name for name in PUBLIC if name not in refused]
    assert accepted
    # Torch executes one in seven, others every time another: each name comes to its turn in the long run of releases.
    for name in accepted[sum(map(ord, place)) % 7 :: 7]:
        works(compiled(PLACES[place](name)))


@pytest.mark.parametrize("place", ["label", "label of a group", "block", "class", "network", "output"])
def test_what_would_break_a_module_is_refused(place: str) -> None:
    breaking = {*OF_TORCH, *keyword.kwlist, *GENERATED} - {"type"}
    assert [
        name for name in sorted(breaking) if not name.startswith("_") and not quick_codes(PLACES[place](name))
    ] == []


@pytest.mark.parametrize("place", PLACES)
def test_no_name_begins_with_an_underscore(place: str) -> None:
    assert [name for name in [*PRIVATE, "_", "__", "_a"] if not quick_codes(PLACES[place](name))] == []


@pytest.mark.parametrize("place", PLACES)
def test_no_name_is_another_one_after_normalisation(place: str) -> None:
    """Python reads ``ｆｏｒ`` and ``ﬁt`` as ``for`` and ``fit``."""
    for name in ("\uff46orward", "\ufb01t", "\uff54rain", "\u1d43", "\U0001d42celf", "\u017fuper", "\u212a", "\uff21"):
        assert "E0102" in quick_codes(PLACES[place](name))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("length", [1, 2, 64, 65])
def test_a_name_of_a_length(place: str, length: int) -> None:
    name = "Q" * length
    found = codes(PLACES[place](name))
    assert set(found) == ({"E0106"} if length > 64 else set())
    if length == 64:
        works(compiled(PLACES[place](name)))


@pytest.mark.parametrize(
    "steps",
    [
        "a: relu\n    A: relu",
        "conv1: relu\n    CONV1: relu",
        "a: { b: relu\n B: relu }",
        "for i in 0..2 { a{i}: relu }\n    A1: relu",
    ],
)
def test_labels_that_differ_in_case_alone(steps: str) -> None:
    """Files of weights end up on disks that know no case."""
    assert codes(network(steps)) == ["E0207"]


def test_blocks_whose_classes_differ_in_case_alone() -> None:
    blocks = "block my_unit() { conv(8, 1) -> relu }\nblock my_Unit() { conv(8, 3, padding=1) -> relu }\n"
    text = network("my_unit\n    my_Unit", before=blocks)
    if not codes(text):
        works(compiled(text))


def test_an_alias_is_a_name_like_others() -> None:
    for name in sorted({*keyword.kwlist, *OF_TORCH, *GENERATED} - set(OURS)):
        text = f"from std import conv_norm as {name}\n" + network(f"{name}(8)")
        assert quick_codes(text), name


@pytest.mark.parametrize("name", ["train", "for", "self", "_a", "a" * 65, "", "a-b", "größe", "a\n", "1a"])
def test_the_list_is_closed(name: str) -> None:
    assert why_reserved(name)
