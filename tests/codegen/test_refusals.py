"""What ``compile`` refuses of what ``check`` accepts is a closed list, which stands in docs/trust.md."""

from __future__ import annotations

import re

import pytest

from archdsl.codegen import Refused, emit
from tests.networks.support import ROOT, check_text
from tests.trust.judge import NOT_WRITTEN

PAGE = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
NETWORK = "network n() {{\n    input image: [N, 3, 8, 8]\n    {}\n    output y\n}}\n"
TWO_SIZES = NETWORK.format("output a { conv(4, 1) -> b }\n    output c { conv(4, 3) -> b }").replace(
    "    output y\n", ""
)
WILD = ", ".join(str(3 * n + n % 2) for n in range(1, 40))
FAMILY = "network n(q: int = 4) {{\n    input image: [N, 3, H, 8]{}\n    {}\n    output y\n}}\nnetwork m = n(q=2)\n"
REFUSED = {
    "`conv` would be another PyTorch layer in each application of this block": (
        "block b() { relu -> conv(4, 1) }\nnetwork n() {\n    input image: [N, 3, 8, 8]\n    input sound: [N, 3, 8]\n"
        "    output seen { b }\n    output heard { sound -> b }\n}\n"
    ),
    "this size differs between the applications of the block, or is open": (
        "block b() { conv(4, x.height // 2) }\n" + NETWORK.format("b -> b")
    ),
    "the size that this layer takes differs between the applications of the block": (
        "block b() { pixel_shuffle(2) -> flatten -> linear(3) }\nnetwork n() {\n    input image: [N, 3, 8, 8]\n"
        "    output a { conv(4, 1) -> b }\n    output c { conv(4, 3) -> b }\n}\n"
    ),
    "a condition in `forward` rests on this size; give the block a parameter for it": (
        FAMILY.format("", "a: conv(q, 1)\n    if a.channels == 4 { add { identity; a } }")
    ),
    "a condition with joins in it needs a block for each branch": (
        "block b(k: int) { v: if k == 1 { add { identity; conv(3, 1) } } else { conv(3, 1) } }\n"
        + NETWORK.format("b(1) -> b(2)")
    ),
    "the guard of `H` would differ between the networks of this class": (
        FAMILY.format(" guarded", "a: relu\n    max_pool(q) -> upsample(q)\n    add { identity; a }")
    ),
    "this layer is no module of an `nn.Sequential`": (
        "block b(n: int) { for i in 0..n { t{i}: class_token } }\n" + NETWORK.format("tokens -> b(5) -> b(6)")
    ),
    "the value `d{…}` is not at hand here": (
        "block b(n: int) { for i in 0..n { d{i}: conv(3, 1) }\n add { d{n - 1}; identity } }\n"
        + NETWORK.format("b(5) -> b(6)")
    ),
    "a parameter of type [block] has no counterpart in Python": (
        "block b(acts: [block], k: int) { if len(acts) > k { relu } }\n"
        + NETWORK.format("b([relu], 1) -> b([tanh], 0)")
    ),
    "this layer cannot be handed on as a block": (
        "block b(act: block) { act\n add { identity; linear(3) } }\n" + NETWORK.format("tokens -> b(class_token)")
    ),
    "the channels that flow in here differ between applications": (
        "block b() { pixel_shuffle(2) -> flatten -> c }\nblock c() { linear(3) }\n" + TWO_SIZES
    ),
    "the channel count after each turn has no expression that could be written in `__init__`": (
        "block b() { pixel_shuffle(2) -> flatten\n repeat 5 { concat { identity; linear(3) } } }\n" + TWO_SIZES
    ),
    "the sizes H that the network accepts are too many kinds for a guard: more than 16 single numbers": (
        f"network n() {{\n    input image: [N, 3, H, 8] guarded where H in [{WILD}]\n    relu\n    output y\n}}\n"
    ),
    "loops nest too deeply to be written out turn by turn": NETWORK.format("repeat 2 { " * 15 + "relu" + " }" * 15),
}
"""What is said, by a program of which it is."""
PLACES = {
    "this size differs between the applications of the block, or is open": "x.height",
    "the size that this layer takes differs between the applications of the block": "linear(3)",
    "a condition in `forward` rests on this size; give the block a parameter for it": "a.channels",
    "this layer is no module of an `nn.Sequential`": "class_token",
    "the value `d{…}` is not at hand here": "d{n - 1}",
    "a parameter of type [block] has no counterpart in Python": "acts: [block]",
    "this layer cannot be handed on as a block": "act",
    "the channels that flow in here differ between applications": "c",
    "the channel count after each turn has no expression that could be written in `__init__`": "repeat 5",
    "loops nest too deeply to be written out turn by turn": "repeat 2 { relu }",
}
"""Of what it is said, where that is no more than a word."""


@pytest.mark.parametrize("message", REFUSED)
def test_what_is_refused(message: str) -> None:
    _, designs = check_text(REFUSED[message])
    with pytest.raises(Refused) as found:
        emit(designs)
    assert str(found.value) == message
    assert found.value.diagnostic.code == "E0601"
    span = found.value.diagnostic.span
    assert REFUSED[message][span.start : span.end].startswith(PLACES.get(message, ""))
    assert span.end > span.start


@pytest.mark.parametrize(
    ("message", "place", "text"),
    [
        (
            "a condition in `forward` rests on this size; give the block a parameter for it",
            "a.channels",
            FAMILY.format("", "a: conv(q, 1)\n let w = a.channels\n if w == 4 { add { identity; a } }"),
        ),
        (
            "this size differs between the applications of the block, or is open",
            "a.features",
            "block b() { pixel_shuffle(2) -> flatten\n a: relu\n linear(a.features) }\n" + TWO_SIZES,
        ),
        (
            "the channel count after each turn has no expression that could be written in `__init__`",
            "repeat 5",
            "block b() { a: flatten\n x -> global_avg_pool -> flatten -> linear(3)\n"
            " repeat 5 { concat { identity; a } } }\n" + TWO_SIZES,
        ),
        (
            "the value `d{…}` is not at hand here",
            "d{n - 1}",
            "block f(s: tensor) { add { identity; s } }\n"
            "block b(n: int) { for i in 0..n { d{i}: conv(3, 1) }\n f(d{n - 1}) }\n" + NETWORK.format("b(5) -> b(6)"),
        ),
    ],
)
def test_what_is_refused_elsewhere_too(message: str, place: str, text: str) -> None:
    """On a second way to the same words."""
    _, designs = check_text(text)
    with pytest.raises(Refused) as found:
        emit(designs)
    span = found.value.diagnostic.span
    assert (str(found.value), text[span.start : span.end].partition(" {")[0]) == (message, place)


def test_a_trained_tensor_of_two_shapes_is_refused() -> None:
    """One class cannot hold both: a factor for each channel of an image, and one for each feature."""
    _, designs = check_text("block b() { layer_scale(0.1) }\n" + NETWORK.format("b\n    flatten -> b"))
    with pytest.raises(Refused, match="`layer_scale` would be another PyTorch layer in each application"):
        emit(designs)


@pytest.mark.parametrize("name", ["n", "m"])
@pytest.mark.parametrize("message", [message for message, text in REFUSED.items() if "network m" in text])
def test_each_network_of_a_refused_family_can_be_compiled_alone(message: str, name: str) -> None:
    _, designs = check_text(REFUSED[message])
    assert emit([design for design in designs if design.design.name == name])


def test_the_page_lists_them() -> None:
    table = PAGE.partition("## What `compile` refuses")[2].partition("\n## ")[0]
    reasons = re.findall(r"^\| (.+?) \|", table, re.MULTILINE)[1:]
    assert set(REFUSED) == set(reasons)
    for pattern in NOT_WRITTEN:
        assert any(re.fullmatch(pattern, reason) for reason in reasons), pattern


def test_a_new_refusal_needs_a_line_on_the_page() -> None:
    """There are so many places that refuse; each is in the table, or said there to be met by no program."""
    count = sum(path.read_text().count("raise Refused(") for path in (ROOT / "archdsl" / "codegen").glob("*.py"))
    assert count == 14
