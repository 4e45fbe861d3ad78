"""Loops, conditions and groups in each other: the work grows with the square of the depth at most."""

from __future__ import annotations

import pytest

from archdsl.codegen import emit, layer_forms
from archdsl.codegen.init_writer import InitWriter
from archdsl.ir.typed import TypedLayer
from tests.networks.support import check_text

NESTS = {
    "turns that state their channels": "repeat 2 { INNER }",
    "turns that are written out": "repeat 2 { conv(x.channels, 1)\n INNER }",
    "loops that stay": "for i# in 0..a# { INNER }",
    "loops that count": "for i# in 0..a# { INNER\n conv(i# + 2, 1) }",
    "conditions": "if a# == 2 { conv(4, 1)\n INNER }",
    "conditions with an else": "if a# == 1 { conv(4, 1) -> tanh } else { conv(5, 1)\n INNER }",
    "labelled conditions": "c#: if a# == 2 { conv(4, 1)\n INNER }",
    "groups that need statements": "g#: { INNER\n if a# == 1 { conv(4, 1) -> relu } }",
    "groups with loops": "g#: { for i# in 0..a# { batch_norm -> relu }\n INNER }",
    "loops and conditions": "for i# in 0..a# { if a# == 2 { conv(4, 1)\n INNER } }",
    "joins of conditions": "if a# == 2 { concat { identity; conv(3, 1)\n { INNER } } }",
}
"""One level: # is its number, and a# a parameter that differs between the applications."""


def nested(level: str, depth: int) -> str:
    """A block of that many levels, applied so that each level is reached, and left out once."""
    body = "batch_norm"
    for number in reversed(range(depth)):
        body = level.replace("#", str(number)).replace("INNER", body)
    parameters = ", ".join(f"a{number}: int" for number in range(depth))
    calls = [", ".join(["2"] * number + ["1"] * (depth - number)) for number in range(depth + 1)]
    steps = "\n".join(f" s{number}: b({arguments})" for number, arguments in enumerate(calls))
    return (
        f"block b({parameters}) {{\n conv(3, 1)\n {body}\n conv(3, 1)\n }}\n"
        f"network n() {{\n input image: [N, 3, 8, 8]\n{steps}\n output y\n}}\n"
    )


def steps_gone_through(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many steps the writer of constructors goes through, tries included."""
    count = 0
    visit = InitWriter._node

    def counted(*arguments: object) -> None:
        nonlocal count
        count += 1
        visit(*arguments)  # type: ignore[arg-type]

    _, designs = check_text(text)
    with monkeypatch.context() as patch:
        patch.setattr(InitWriter, "_node", counted)
        emit(designs)
    return count


@pytest.mark.parametrize("nest", NESTS)
def test_twice_as_deep_is_four_times_the_work(nest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of tries that try again what is in them, 4 levels more would be 16 times the work."""
    shallow, deep = (steps_gone_through(nested(NESTS[nest], depth), monkeypatch) for depth in (4, 8))
    assert deep <= 4.5 * shallow


def test_turns_that_are_alike_are_asked_for_their_form_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop that is written out asked all of its turns in each: a thousand turns took half a minute."""
    asked = 0
    key = layer_forms._call_key

    def counted(use: TypedLayer) -> tuple[object, ...]:
        nonlocal asked
        asked += 1
        return key(use)

    monkeypatch.setattr(layer_forms, "_call_key", counted)
    _, designs = check_text(
        "network n() {\n input image: [N, 3, 8, 8]\n for i in 0..100 { d{i}: tanh }\n"
        " add { d0; identity }\n output y\n}\n"
    )
    emit(designs)
    assert asked <= 200
