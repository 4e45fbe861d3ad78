"""Depth against the networks' names, and against tensors that count the layers they went through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from archdsl.analysis.depth import depth
from archdsl.ir.typed import TypedDesign
from tests.analysis.support import inputs_of, module_of, network, program, spec_totals
from tests.codegen.programs import PROGRAMS

NAMED = {
    ("lenet.arch", "lenet"): 5,
    ("alexnet.arch", "alexnet"): 8,
    ("nin.arch", "nin"): 12,
    ("googlenet.arch", "googlenet"): 22,
    **{("vgg.arch", f"vgg{n}{norm}"): n for n in (11, 13, 16, 19) for norm in ("", "_bn")},
    **{("resnet.arch", f"resnet{n}"): n for n in (18, 34, 50, 101, 152)},
    **{("densenet.arch", f"densenet{n}"): n for n in (121, 161, 169, 201)},
}


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_networks_are_as_deep_as_they_are_called(file: str, name: str) -> None:
    assert spec_totals(file, name).depth == NAMED[file, name]


WEIGHTED: set[Callable[..., Any]] = {F.linear, torch.conv1d, torch.conv2d, torch.conv3d}
WEIGHTED |= {torch.conv_transpose1d, torch.conv_transpose2d, torch.conv_transpose3d}


class Counting(torch.Tensor):
    """A tensor that knows how many weighted layers lie behind it at most: our algorithm has no part in it."""

    depth = 0

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        before = max((each.depth for each in tensors((args, kwargs)) if isinstance(each, Counting)), default=0)
        result = super().__torch_function__(function, types, args, kwargs or {})
        if isinstance(result, Counting):
            result.depth = before + (function in WEIGHTED)
        return result


def tensors(value: Any) -> Iterable[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from tensors(item)
    elif isinstance(value, dict):
        yield from tensors(list(value.values()))


def counted(model: nn.Module, inputs: list[torch.Tensor]) -> int:
    with torch.no_grad():
        outputs = model.eval()(*(value.as_subclass(Counting) for value in inputs))
    return max(each.depth for each in tensors(outputs) if isinstance(each, Counting))


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_is_as_deep_as_its_tensors_say(name: str) -> None:
    design = program(name)
    assert depth(design) == counted(module_of(design), inputs_of(design))


WRONG_WAYS = {
    "the longer path": ("add { identity; conv(4, 1) -> conv(4, 1) }", 2),
    "the path of a reference": ("a: conv(4, 1)\n b: { conv(4, 1) -> conv(4, 1) }\n add { a; b }", 3),
    "a reference back": ("a: conv(4, 1)\n add { a; a; conv(4, 1) }", 2),
    "norms do not count": ("batch_norm -> relu -> batch_norm", 0),
    "a loop from outside": ("a: conv(4, 1)\n repeat 10 { add { identity; a -> conv(4, 1) -> conv(4, 1) } }", 3),
    "a loop from inside": ("a: conv(4, 1)\n repeat 10 { add { conv(4, 1); a -> conv(4, 1) -> conv(4, 1) } }", 12),
    "a loop of nothing": ("repeat 10 { relu }\n conv(4, 1)", 1),
    "a loop in a loop": ("repeat 3 { repeat 5 { conv(4, 1) }\n conv(4, 1) }", 18),
    "the block's own input": ("a: conv(4, 1)\n add { a; x -> conv(4, 1) -> conv(4, 1) }", 2),
}


@pytest.mark.parametrize("name", WRONG_WAYS)
def test_small_ways(name: str) -> None:
    steps, expected = WRONG_WAYS[name]
    assert depth(small(steps)) == expected
    written_out = re.sub(r"^ repeat 10 \{ (add .*) \}$", r"\1\n" * 10, steps, flags=re.MULTILINE)
    assert "a ->" not in steps or written_out.count("add") == 10
    assert expected == counted(module_of(small(written_out)), inputs_of(small(steps)))


def small(steps: str) -> TypedDesign:
    return network(f"network n() {{ input image: [N, 4, 3, 3]\n {steps}\n output y: [N, 4, 3, 3] }}")


def test_training_heads_do_not_count() -> None:
    text = """network n() { input image: [N, 4, 3, 3]
    output early: [N, 4, 3, 3] when training { deep: { conv(4, 1) -> conv(4, 1) -> conv(4, 1) } }
    conv(4, 1)
    output y: [N, 4, 3, 3] }"""
    assert depth(network(text)) == 1


def test_many_turns_and_shared_blocks_are_not_written_out() -> None:
    text = "block b0() { conv(4, 1) }\n"
    text += "".join(f"block b{i}() {{ b{i - 1} -> b{i - 1} }}\n" for i in range(1, 15))
    text += "network n() { input x2: [N, 4, 2, 2]\n repeat 100 { b14 }\n repeat 1_000_000 { conv(4, 1) }\n"
    assert depth(network(text + "output y: [N, 4, 2, 2] }")) == 100 * 2**14 + 1_000_000
