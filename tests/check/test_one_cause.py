"""A mistake has one finding, at the place where it was made, however many values rest on it."""

from __future__ import annotations

import pytest

from archdsl.check.applications import Applications, Applied
from archdsl.ir.types import TensorType
from archdsl.ops import REGISTRY
from tests.check.support import errors, network

PART = "block part(c: int >= 1) { conv(c, 1) }\n"
BESIDE = "block beside(t: tensor) { add { t; identity } }\n"
LOW = "for i in 1..=2 { low{i}: conv(8, 1) }\n"
HEAD = "network n() {{\n    let {let}\n    input i: [N, a, 8, 8]\n    relu\n    output o: [N, 8, 8, 8]\n}}\n"

MISTAKES = [
    (network("dropout(true)"), "E0206", "true", "`p` of `dropout` must be a float, not true"),
    (network("batch_norm(eps=true)"), "E0206", "true", "`eps` of `batch_norm` must be a float, not true"),
    (network("inline part(0)", before=PART), "E0401", "0", "`c` of `part` must be >= 1, not 0"),
    (
        network("part(relu)", before="block part(u: block) { conv(u, 1) -> u -> u }\n"),
        "E0206",
        "u",
        "`channels` of `conv` must be an int, not the block `relu`",
    ),
    (network(f"{LOW}beside(t=low{{3}})", before=BESIDE), "E0208", "low{3}", "no earlier value is labelled `low3`"),
    (network(f"{LOW}beside(t=low{{1 // 0}})", before=BESIDE), "E0402", "1 // 0", "division by zero"),
    (network("low: conv(1 // 0, 1)\nbeside(t=low)", before=BESIDE), "E0402", "1 // 0", "division by zero"),
    (
        network("part(conv)", before="block part(u: block) { sub(u(8, size=3)) }\nblock sub(u: block) { u }\n"),
        "E0202",
        "size",
        "`conv` has no parameter `size`",
    ),
    (
        network("part(conv(8))", before="block part(u: block) { sub(u(channels=8)) }\nblock sub(u: block) { u(1) }\n"),
        "E0204",
        "channels",
        "`channels` is given twice to `conv`",
    ),
    (
        network("for i in 1..=2 { a{i}: conv(8, 1) }\nfor i in 2..=3 { A{i}: conv(8, 1) }"),
        "E0207",
        "A{i}",
        "the labels `a2` and `A2` differ in case only",
    ),
    (
        network("relu", "[N, 8, W]", "[N, _, _, _]"),
        "E0312",
        "[N, _, _, _]",
        "the output `o` is N x 8 x W, not N x _ x _ x _",
    ),
    (HEAD.format(let="a = 1 // 0"), "E0402", "1 // 0", "division by zero"),
    (
        HEAD.format(let="(a, b) = [8, 8, 8]"),
        "E0206",
        "[8, 8, 8]",
        "3 items cannot be taken apart into `a` and `b`",
    ),
]


@pytest.mark.parametrize(("text", "code", "place", "message"), MISTAKES)
def test_one_finding_at_its_place(text: str, code: str, place: str, message: str) -> None:
    (found,) = errors(text)
    assert (found.code, text[found.span.start : found.span.end], found.message) == (code, place, message)


@pytest.mark.parametrize(
    "text",
    [
        network("max_pool(2, stride=none)"),
        network("positional_embedding(length=none)", "[N, 8, 16]", "[N, _, _]"),
        HEAD.format(let="(a, b) = [8, 2]"),
        network("for i in 0..3 { low{i}: conv(8, 1) }\nconv(low{2}.channels, 1)"),
    ],
)
def test_none_lists_and_computed_labels_where_they_are_meant(text: str) -> None:
    assert errors(text) == []


def test_an_application_to_a_type_that_nothing_keeps_is_not_remembered() -> None:
    applications = Applications()
    relu, kept, other = REGISTRY["relu"], applications.same(TensorType((1, 8))), TensorType((1, 8))
    applied = Applied(kept, 0, (), ())
    for inputs in ((other,), (kept,)):
        applications.add(applications.key(relu, {}, inputs), applied, inputs)
    assert applications.get(applications.key(relu, {}, (kept,))) is applied
    assert applications.get(applications.key(relu, {}, (other,))) is None
