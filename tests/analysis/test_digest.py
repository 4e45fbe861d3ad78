"""Digests of networks: equal where torch agrees that the networks are, and different where they are not."""

from __future__ import annotations

import pytest
import torch

from archdsl.analysis.digest import MAX_LAYERS, Digests, digests
from archdsl.codegen import emit
from archdsl.ir.typed import TypedDesign
from tests.check.support import checked
from tests.networks.support import execute

INPUT = "[N, 4, 8, 8]"


def typed(steps: str, before: str = "", given: str = INPUT, output: str = "output o") -> TypedDesign:
    found, _ = checked(f"{before}network n() {{\n    input i: {given}\n{steps}\n    {output}\n}}\n")
    assert found is not None
    return found


def of(*text: str) -> Digests:
    found = digests(typed(*text))
    assert found is not None
    return found


UNIT = "block unit(c: int, k: int = 3) { conv(c, k, padding=k // 2) -> relu }\n"
BOTH_ALIKE = [
    ("conv(4, 3) -> relu", "conv(4, (3, 3))\nrelu", ""),
    ("conv(4, 3, stride=1, bias=true, groups=1)", "conv(channels=2 * 2, kernel=7 - 4)", ""),
    ("max_pool(2, stride=none)", "max_pool(2)", ""),
    ("a: conv(4, 1)\nb: relu", "a: conv(4, 1)\nc: relu", ""),
    ("repeat 2 { relu }", "relu -> relu", ""),
    ("leaky_relu(slope=1)", "leaky_relu(slope=1.0)", ""),
    ("u: unit(4)", "u: { conv(4, 3, padding=1) -> relu }", UNIT),
    ("for k in [1, 3] { u{k}: unit(4, k) }", "u1: unit(k=1, c=4)\nu3: unit(4)", UNIT),
    ("add { identity; conv(4, 1) }", "add { x; conv(4, 1) }", ""),
    ("low: relu\nconv(4, 1)\nadd { identity; low }", "other: relu\nconv(4, 1)\nadd { identity; other }", ""),
    ("if x.channels == 4 { relu } else { conv(8, 1) }", "relu", ""),
    ("relu -> [N, 4, _, _] -> identity", "let c = 4\n[N, c, 8, 8]\nrelu", ""),
    ("inline unit(4)", "conv(4, 3, padding=1) -> relu", UNIT),
]
"""Written otherwise, with the same names in ``state_dict``."""
OTHER_NAMES = [
    ("a: conv(4, 1)", "b: conv(4, 1)", ""),
    ("unit(4)", "inline unit(4)", UNIT),
    ("repeat 2 { conv(4, 1) }", "conv(4, 1) -> conv(4, 1)", ""),
    ("a: conv(4, 1)\nb: conv(4, 1)", "b: conv(4, 1)\na: conv(4, 1)", ""),
    ("a: layer_scale(0.1)", "b: layer_scale(0.1)", ""),
]
"""The same function of other names."""
DIFFERENT = [
    ("relu", "tanh", ""),
    ("relu", "relu -> relu", ""),
    ("conv(4, 3)", "conv(4, 3, bias=false)", ""),
    ("conv(4, 3)", 'conv(4, 3, padding_mode="reflect")', ""),
    ("conv(4, (3, 1), padding=(1, 0))", "conv(4, (1, 3), padding=(0, 1))", ""),
    ("leaky_relu(0.1)", "leaky_relu(0.2)", ""),
    ("dropout(0.1)", "dropout(0.2)", ""),
    ("add { identity; relu }", "mul { identity; relu }", ""),
    ("add { identity; relu }", "add { relu; relu }", ""),
    ("concat { identity; relu }", "concat { relu; identity }", ""),
    ("concat { relu; tanh }", "concat(axis=2) { relu; tanh }", ""),
    ("a: relu\nb: tanh\nadd { a; i }", "a: relu\nb: tanh\nadd { b; i }", ""),
    ("relu -> tanh", "tanh -> relu", ""),
    ("permute((0, 2, 3, 1))", "permute((0, 3, 2, 1))", ""),
]
"""Other functions."""


def keys(design: TypedDesign) -> dict[str, tuple[int, ...]]:
    module = execute(emit([design]))["n"]()
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


@pytest.mark.parametrize(("left", "right", "before"), BOTH_ALIKE)
def test_how_it_is_written_makes_no_difference(left: str, right: str, before: str) -> None:
    assert of(left, before) == of(right, before)
    assert keys(typed(left, before)) == keys(typed(right, before))


@pytest.mark.parametrize(("left", "right", "before"), OTHER_NAMES)
def test_names_in_the_checkpoint_are_told(left: str, right: str, before: str) -> None:
    one, other = of(left, before), of(right, before)
    assert one.computation == other.computation
    assert one.weights != other.weights


@pytest.mark.parametrize(("left", "right", "before"), DIFFERENT)
def test_other_functions_have_other_digests(left: str, right: str, before: str) -> None:
    one, other = of(left, before), of(right, before)
    assert one.computation != other.computation
    assert one.weights != other.weights


def test_equal_weights_mean_equal_outputs() -> None:
    """Two labels swapped: the same names, and yet a checkpoint of the one gives the other different outputs."""
    texts = ["a: conv(4, 1)\nb: conv(4, 1)", "b: conv(4, 1)\na: conv(4, 1)"]
    one, other = (execute(emit([typed(text)]))["n"]() for text in texts)
    other.load_state_dict(one.state_dict())
    image = torch.rand(1, 4, 8, 8)
    assert not torch.allclose(one(image), other(image))
    assert of(texts[0]).weights != of(texts[1]).weights


@pytest.mark.parametrize(
    ("left", "right", "alike"),
    [
        ("[N, 4, H, W]", "[N, 4, A, B]", True),
        ("[N, 4, H, W]", "[N, 4, H = 32, W = 32]", True),
        ("[N, 4, H, W]", "[N, 4, H, H]", False),
        ("[N, 4, H, W]", "[N, 4, H, 8]", False),
        ("[N, 4, 8, 8]", "[N, 4, 8, 9]", False),
        ("[N, 4, H, W]", "[N, 4, H, W] where H in 8..=64", True),
    ],
)
def test_open_sizes_have_no_names(left: str, right: str, alike: bool) -> None:
    assert (of("relu", "", left) == of("relu", "", right)) is alike


@pytest.mark.parametrize(
    ("left", "right", "alike"),
    [
        ("output a { tanh }\noutput b", "output c { tanh }\noutput d", True),
        ("output a { tanh }\noutput b", "output b\noutput a { tanh }", False),
        ("output a { tanh }\noutput b", "output a when training { tanh }\noutput b", False),
        ("output a: [N, 4, _, _]", "output a", True),
    ],
)
def test_outputs_have_an_order_and_no_names(left: str, right: str, alike: bool) -> None:
    assert (of("relu", "", INPUT, left) == of("relu", "", INPUT, right)) is alike


def test_the_order_of_independent_steps_makes_no_difference() -> None:
    left = "low: relu\na: conv(4, 1)\nlow -> b: conv(4, 1)\nadd { identity; a }"
    right = "low: relu\nb: conv(4, 1)\nlow -> a: conv(4, 1)\nadd { b; identity }"
    assert of(left) == of(right)
    assert of(left).weights != of(right.replace("b; identity", "identity; b")).weights, "operands have an order"


def test_blocks_with_several_outputs_and_tensors() -> None:
    before = (
        "block two(c: int) {\n    output p { conv(c, 1) }\n    output q { conv(c, 3, padding=1) }\n}\n"
        "block fuse(skip: tensor) { add { identity; skip } }\n"
    )
    one = of("t: two(4)\nt.q -> relu\nfuse(i)\nadd { identity; t.p }", before)
    other = of("t: two(4)\nt.p -> relu\nfuse(i)\nadd { identity; t.q }", before)
    by_hand = of("p: conv(4, 1)\ni -> q: conv(4, 3, padding=1)\nrelu\nadd { identity; i }\nadd { identity; p }")
    assert one.computation == by_hand.computation != other.computation


@pytest.mark.parametrize("steps", ["linear(3) -> relu", "conv(4, 9)", f"repeat {MAX_LAYERS + 1} {{ relu }}"])
def test_what_is_wrong_or_too_large_has_none(steps: str) -> None:
    assert digests(typed(steps)) is None


def test_digests_stay_what_they_are() -> None:
    """They outlive versions: whoever changes these two numbers breaks a promise (docs/commands.md)."""
    found = of("conv(8, 3, padding=1, bias=false) -> batch_norm -> relu -> u: unit(4)", UNIT)
    assert (found.computation[:16], found.weights[:16]) == ("7e7ee7173cb7df60", "2dddafa888c3db03")
