"""Each kind of nesting at its limit and one level beyond it, and far beyond: never a fault of Python's own stack."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.hostile.support import codes, network, quick_codes

Make = Callable[[int], str]


def chained_blocks(count: int) -> str:
    """Blocks of which each applies the next."""
    blocks = "".join(f"block b{number}() {{ b{number + 1} }}\n" for number in range(count))
    return network("b0", before=f"{blocks}block b{count}() {{ relu }}\n")


def handed_on(count: int) -> str:
    """Blocks that are arguments of blocks."""
    given = "relu"
    for _ in range(count):
        given = f"b(of={given})"
    return network(given, before="block b(of: block) { of }\n")


KINDS: dict[str, Make] = {
    "parentheses": lambda n: network(f"conv({'(' * n}8{')' * n}, 1)"),
    "lists": lambda n: network(f"let v = {'[' * n}{']' * n}\n    if v == v {{ relu }}"),
    "tuples": lambda n: network(f"let v = {'(' * n}1{',)' * n}\n    if v == v {{ relu }}"),
    "items": lambda n: network(f"let v = [1]\n    conv(v{'[v' * n}[0]{']' * n}, 1)"),
    "calls": lambda n: network(f"conv({'abs(' * n}8{')' * n}, 1)"),
    "groups": lambda n: network(f"{'{ ' * n}relu{' }' * n}"),
    "labelled groups": lambda n: network(f"{'a: { ' * n}relu{' }' * n}"),
    "joins": lambda n: network(f"{'add { identity; ' * n}relu{' }' * n}"),
    "paths": lambda n: network(f"{'add { { ' * n}relu{' }; identity }' * n}"),
    "loops": lambda n: network(f"{'repeat 1 { ' * n}relu{' }' * n}"),
    "loops of two": lambda n: network(f"{'repeat 2 { ' * n}relu{' }' * n}"),
    "conditions": lambda n: network(f"{'if x.height == 8 { ' * n}relu{' }' * n}", before="").replace("x.", "image."),
    "else if": lambda n: network(" else ".join(f"if image.height == {number} {{ relu }}" for number in range(n))),
    "labels": lambda n: network(f"{'a{' * n}1{'}' * n}: relu"),
    "signs": lambda n: network(f"dropout({'-' * (2 * n)}0.5)"),
    "not": lambda n: network(f"if {'not ' * n}true {{ relu }} else {{ tanh }}"),
    "powers": lambda n: network(f"conv({'1 ** ' * n}1, 1)"),
    "sums": lambda n: network(f"conv({'1 + ' * n}1, 1)"),
    "and": lambda n: network(f"if {'true and ' * n}true {{ relu }}"),
    "choices": lambda n: network(f"conv({'1 if true else ' * n}1, 1)"),
    "attributes": lambda n: network(f"conv(image{'.channels' * n}, 1)"),
    "types": lambda n: network("relu", before=f"block b(v: {'[' * n}int{']' * n}) {{ relu }}\n"),
    "blocks": chained_blocks,
    "blocks as arguments": handed_on,
}


def limit_of(make: Make) -> int:
    """The deepest that is accepted: there is one, all below are accepted as well, and nothing above is."""
    low, high = 0, 200
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if "E0106" not in quick_codes(make(middle)) else (low, middle)
    return low


@pytest.mark.parametrize("kind", KINDS)
def test_one_level_too_many_is_an_answer(kind: str) -> None:
    make = KINDS[kind]
    limit = limit_of(make)
    assert 14 <= limit <= 130, limit
    assert "E0106" not in codes(make(limit))
    assert "E0106" in codes(make(limit + 1))


@pytest.mark.parametrize("depth", [1_000, 20_000])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if "block" not in kind])
def test_far_too_many_are_no_fault_of_the_stack(kind: str, depth: int) -> None:
    found = codes(KINDS[kind](depth))
    assert "E0106" in found
    assert len(found) <= 2


@pytest.mark.parametrize("kind", ["blocks", "blocks as arguments"])
def test_a_thousand_blocks_are_no_fault_of_the_stack(kind: str) -> None:
    assert "E0106" in codes(KINDS[kind](1_000))


@pytest.mark.parametrize(
    "text", ["(", "[", "{", "a{", "add {", "f(", "repeat 2 {", "block b() {", "if a {", "{(", "[{"]
)
@pytest.mark.parametrize("times", [1, 64, 65, 100_000])
def test_what_is_never_closed(text: str, times: int) -> None:
    assert codes(network(text * times))


@pytest.mark.parametrize("text", [")", "]", "}", "})", "(]", "{]", "[)", "({)}"])
@pytest.mark.parametrize("times", [1, 65, 10_000])
def test_what_closes_nothing(text: str, times: int) -> None:
    assert codes(network(text * times))
