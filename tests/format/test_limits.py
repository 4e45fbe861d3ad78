"""Large and deep files: the work grows with the size, and no nesting that the language allows is too deep."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archdsl.format.layout import lay_out
from archdsl.source.source import Source
from tests.counting import calls_of
from tests.format.support import faults_of, formatted
from tests.syntax.support import PATH, parsed, whole


def block(text: str) -> str:
    """A block with a body."""
    return f"block b() {{{text}}}\n"


LARGE: dict[str, Callable[[int], str]] = {
    "statements": lambda n: block("\n" + "conv( 8 )\n" * n),
    "statements on a line": lambda n: block("relu; " * n),
    "a chain on a line": lambda n: block(" -> ".join(["relu"] * n)),
    "a chain of bodies": lambda n: block(" -> ".join(["add {\nx\n}"] * n)),
    "a list": lambda n: block(f"let v = [{', '.join(['1'] * n)}]"),
    "rows": lambda n: block("let v = [" + "(1, 2),\n(3, 4)," * n + "]"),
    "arguments": lambda n: block(f"f({', '.join(['(1 + 2)'] * n)})"),
    "definitions": lambda n: "block b( ) { relu }\n" * n,
    "comments": lambda n: block("\n" + "# c\n" * n),
    "comments behind code": lambda n: block("\n" + "a # c\n" * n),
    "comments in brackets": lambda n: block("f(1\n" + ", 1 # c\n" * n + ")"),
    "ignore comments": lambda n: block("\n" + "a; b # archdsl: ignore[W0341]\n" * n),
    "blank lines": lambda n: block("\n" * n + "a") + "\n" * n,
    "imports": lambda n: f"from std import {', '.join(['a'] * n)}\n",
}


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE)
def test_work_grows_with_size_and_not_faster(make: Callable[[int], str]) -> None:
    few, many = [(Source(PATH, make(n)), whole(make(n))) for n in (250, 1_000)]
    # Four times the size: quadratic growth would be 16 times the work.
    assert calls_of(lambda: lay_out(*many)) < 6 * calls_of(lambda: lay_out(*few))
    assert faults_of(make(250)) == []


def deepest(make: Callable[[int], str]) -> str:
    """The text with the largest number for which the language still takes it."""
    return make(max(n for n in range(1, 70) if parsed(make(n))[0].whole))


DEEP: dict[str, Callable[[int], str]] = {
    "braces": lambda n: block("{" * n + "\n" + "}" * n),
    "braces on a line": lambda n: block("{ " * n + "relu" + " }" * n),
    "else if": lambda n: block(" else ".join(["if a { relu }"] * n)),
    "parentheses": lambda n: block("conv(" + "(" * n + "1" + ")" * n + ")"),
    "lists": lambda n: block("let v = " + "[" * n + "]" * n),
    "calls": lambda n: block("let v = " + "f(" * n + ")" * n),
    "labels": lambda n: block("a{" * n + "1" + "}" * n + ": relu "),
    "sums": lambda n: block("let v = " + " + ".join(["a"] * n)),
    "signs": lambda n: block("let v = " + "-" * n + "1"),
    "powers": lambda n: block("let v = " + "**".join(["a"] * n)),
    "attributes": lambda n: block("let v = a" + ".b" * n),
    "types": lambda n: "block b(a: " + "[" * n + "int" + "]" * n + ") {}\n",
    "bodies in chains": lambda n: block("relu -> add {\n" * n + "}" * n),
}


@pytest.mark.parametrize("make", DEEP.values(), ids=DEEP)
def test_no_nesting_is_too_deep(make: Callable[[int], str]) -> None:
    assert faults_of(deepest(make)) == []


def test_bodies_in_chains_are_measured_a_bounded_number_of_times() -> None:
    texts = [DEEP["bodies in chains"](n).replace("relu ->", "relu; " * 20 + "relu ->") for n in (15, 60)]
    few, many = [(Source(PATH, text), whole(text)) for text in texts]
    assert calls_of(lambda: lay_out(*many)) < 16 * calls_of(lambda: lay_out(*few))


def test_what_cannot_break_is_left_too_long() -> None:
    name = "a" * 60
    text = f"block b() {{\n    {name}.{name}\n}}\n"
    assert formatted(text) == text
