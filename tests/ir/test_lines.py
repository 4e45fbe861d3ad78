"""What is a chain of modules, and what needs lines of its own: the generated classes compute what torch does."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archdsl.codegen import emit
from tests.check.support import network
from tests.networks.support import check_text, execute

Steps = list[str]

CHAINS = [
    ("c: conv(8, 1) -> tanh -> conv(8, 1)", ["c", "tanh", "conv", "tanh"][:3], True),
    ("c: conv(8, 1) -> tanh -> conv(8, 1) -> tanh", ["c", "tanh", "conv", "tanh"], False),
    ("c: conv(8, 1) -> tanh -> repeat 5 { tanh }", ["c", *["tanh"] * 6], False),
    ("c: conv(8, 1) -> tanh -> if x.channels > 4 { tanh }", ["c", "tanh", "tanh"], False),
    ("c: conv(8, 1) -> relu -> if x.channels > 4 { tanh }", ["c", "relu", "tanh"], False),
]


def run(weights: dict[str, Tensor], prefix: str, steps: Steps, x: Tensor) -> Tensor:
    for step in steps:
        if step in ("tanh", "relu"):
            x = getattr(torch, step)(x)
        else:
            x = F.conv2d(x, weights[f"{prefix}{step}.weight"], weights[f"{prefix}{step}.bias"])
    return x


@pytest.mark.parametrize(("chain", "steps", "is_sequential"), CHAINS)
def test_a_module_used_twice_is_no_part_of_a_sequential(chain: str, steps: Steps, is_sequential: bool) -> None:
    _, designs = check_text(network("b", before=f"block b() {{ {chain} }}\n"))
    net = execute(emit(designs))["n"]()
    assert isinstance(net.b, nn.Sequential) == is_sequential
    x = torch.randn(2, 8, 5, 6)
    assert torch.equal(net(x), run(net.state_dict(), "b.", steps, x))


def test_a_path_with_several_outputs_has_a_line_of_its_own() -> None:
    two = "block two() { output a { conv(8, 1) }; output b }\n"
    _, designs = check_text(network("add { identity; two }", before=two))
    net = execute(emit(designs))["n"]()
    x = torch.randn(2, 8, 5, 6)
    assert torch.equal(net(x), x + run(net.state_dict(), "two.", ["conv"], x))
