"""Depth and budgets: blocks in blocks, branches in branches, and shared work counted once."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

import pytest

from archdsl.syntax.lexer import MAX_NESTING
from tests.check.support import codes, network

FRAMES = 650
"""Python allows 1,000; what calls the checker (an editor's server, a test) needs some of them."""

DEEP = MAX_NESTING - 4
EXPRESSIONS = {
    "sum": " + ".join(["0"] * DEEP) + " + 8",
    "signs": "-" * DEEP + "8",
    "and": f"8 if {' and '.join(['true'] * DEEP)} else 1",
    "not": f"8 if {'not ' * DEEP}true else 8",
    "powers": "8" + " ** 1" * DEEP,
    "conditions": " if true else ".join(["8"] * DEEP),
}
BRACES = [
    "{",
    "add { identity;",
    "repeat 1 {",
    "for i{} in 0..1 {{",
    "if true {",
    "if false { relu } else {",
    "g: {",
    "g{}: add {{ identity;",
]


@pytest.fixture
def few_frames() -> Iterator[None]:
    """Python's limit, lowered to what the checker may use from here on."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + FRAMES)
    yield
    sys.setrecursionlimit(limit)


def nested(brace: str, inner: str, depth: int = DEEP - 2) -> str:
    opened = (brace.format(number) if "{}" in brace else brace for number in range(depth))
    return " ".join(opened) + f" {inner} " + "} " * depth


@pytest.mark.usefixtures("few_frames")
@pytest.mark.parametrize("value", EXPRESSIONS)
@pytest.mark.parametrize("brace", BRACES)
def test_braces(brace: str, value: str) -> None:
    assert codes(network(nested(brace, f"dropout(({EXPRESSIONS[value]}) / 16) -> conv({EXPRESSIONS[value]}, 1)"))) == []


@pytest.mark.usefixtures("few_frames")
@pytest.mark.parametrize("value", EXPRESSIONS)
@pytest.mark.parametrize("kind", ["", "inline "])
@pytest.mark.parametrize("order", [1, -1])
def test_blocks(order: int, kind: str, value: str) -> None:
    names = range(DEEP - 2)
    blocks = [f"block b{name}() {{ {kind}b{name + 1} }}\n" for name in names]
    blocks.append(f"block b{len(names)}() {{ conv({EXPRESSIONS[value]}, 1) }}\n")
    assert codes(network(f"{kind}b0", before="".join(blocks[::order]))) == []


@pytest.mark.usefixtures("few_frames")
@pytest.mark.parametrize("value", EXPRESSIONS)
def test_blocks_with_braces_in_each_other(value: str) -> None:
    blocks = "".join(
        f"block b{name}() {{ add {{ identity; if true {{ b{name + 1} }} }} }}\n" for name in range(DEEP // 3 - 1)
    )
    last = f"block b{DEEP // 3 - 1}() {{ conv({EXPRESSIONS[value]}, 1) }}\n"
    assert codes(network("b0", before=blocks + last)) == []


@pytest.mark.usefixtures("few_frames")
@pytest.mark.parametrize("value", EXPRESSIONS)
def test_conditions_in_a_row(value: str) -> None:
    chain = " else ".join(f"if {number} > 99 {{ relu }}" for number in range(DEEP - 2))
    assert codes(network(f"{chain} else {{ conv({EXPRESSIONS[value]}, 1) }}")) == []


@pytest.mark.usefixtures("few_frames")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        (network(nested("{", "relu", MAX_NESTING)), ["E0106"]),
        (network(nested("add { identity;", "relu", MAX_NESTING)), ["E0106"]),
        (network(f"conv({' + '.join(['1'] * (MAX_NESTING + 2))}, 1)"), ["E0106"]),
        (network(f"conv({'max(' * MAX_NESTING}8{')' * MAX_NESTING}, 1)"), ["E0106"]),
        (network(f"conv(x{'[0]' * 5_000}, 1)"), ["E0106"]),
        (network(" else ".join("if 1 > 2 { relu }" for _ in range(MAX_NESTING + 2))), ["E0106"]),
        (
            network(
                "b0", before="".join(f"block b{k}() {{ b{k + 1} }}\n" for k in range(999)) + "block b999() { relu }\n"
            ),
            ["E0106"],
        ),
        (
            network(
                "b0",
                before="block b999() { relu }\n"
                + "".join(f"block b{k}() {{ b{k + 1} }}\n" for k in range(998, -1, -1)),
            ),
            ["E0106"],
        ),
        (
            network(
                "inline b0",
                before="".join(f"block b{k}() {{ inline b{k + 1} }}\n" for k in range(999)) + "block b999() { relu }\n",
            ),
            ["E0106"],
        ),
        (network("b(b)", before="block b(u: block) { u(u) }\n"), ["E0211"]),
        (
            network("b(c(b))", before="block b(u: block) { u(u) }\nblock c(u: block, v: block = relu) { u(v) -> v }\n"),
            ["E0211"],
        ),
        (network("b(relu)", before="block b(u: block) { b(b(u)) }\n"), ["E0211"]),
    ],
)
def test_what_is_too_deep(text: str, found: list[str]) -> None:
    assert codes(text) == found


@pytest.mark.usefixtures("few_frames")
def test_blocks_that_grow_with_every_application_end() -> None:
    before = "block grow(u: block, n: int) { u(u=u, n=n + 1) }\n"
    assert codes(network("grow(grow, 0)", before=before)) == ["E0106"]


@pytest.mark.usefixtures("few_frames")
def test_lists_in_lists_and_blocks_in_blocks_end() -> None:
    lets = "let l0 = [1]\n" + "".join(f"let l{k} = [l{k - 1}]\n" for k in range(1, 500))
    assert codes(network(f"{lets}if l499 == l498 {{ relu }}")) == ["E0106"]
    wide = "let l0 = [1]\n" + "".join(f"let l{k} = [l{k - 1}, l{k - 1}]\n" for k in range(1, 500))
    assert codes(network(f"{wide}if l499 == l498 {{ relu }}")) == ["E0407"]
    lets = "let b0 = w(relu)\n" + "".join(f"let b{k} = w(b{k - 1})\n" for k in range(1, 500))
    assert codes(network(f"{lets}w(b499)", before="block w(u: block) { u }\n")) == ["E0106"]
