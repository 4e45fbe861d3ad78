"""What is unused: random chains of steps against a graph of who goes on from whom, and cases that read closely."""

from __future__ import annotations

import random

import pytest

from archdsl.driver.compilation import Compilation
from archdsl.source.loader import MemoryLoader


def unused_lines(text: str) -> list[int]:
    """The lines of the findings about unused values; nothing else may be found."""
    run = Compilation(MemoryLoader({"a.arch": text}))
    run.designs("a.arch")
    assert {found.code for found in run.sink} <= {"E0502"}, [found.message for found in run.sink]
    return [run.sources["a.arch"].position(found.span.start).line for found in run.sink]


class Chain:
    """A random network of one step a line, and the lines whose values nothing goes on from."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines = ["network n() {", "    input i: [N, 3, H, W]"]
        self.labels: list[tuple[str, int]] = []
        self.consumed: set[int] = set()
        self.made: list[int] = []
        running = 0  # the line whose value flows; 0 is the input, which no line makes
        for number in range(self.random.randint(3, 14)):
            running = self.step(number, running)
        self.lines += ["    output o: [N, _, _, _]", "}"]
        self.consumed.add(running)

    def step(self, number: int, running: int) -> int:
        line = len(self.lines) + 1
        kind = self.random.choice(["layer", "layer", "label", "label", "refer", "join", "join_all", "group", "output"])
        if kind == "output" or (kind in ("refer", "join_all") and not self.labels):
            if kind == "output":
                self.lines.append(f"    output o{number}: [N, _, _, _]")
                self.consumed.add(running)
                return running
            kind = "layer"
        text = ""
        if kind == "refer":
            # A reference is a value of its own: the one it names counts as used, the one before it does not.
            name, source = self.random.choice(self.labels)
            text = name
            self.consumed.add(source)
        elif kind == "join":
            others = [self.random.choice(self.labels) for _ in range(bool(self.labels))]
            text = f"add {{ identity; {'; '.join(name for name, _ in others) or 'relu'} }}"
            self.consumed |= {running, *(source for _, source in others)}
        elif kind == "join_all":
            name, source = self.random.choice(self.labels)
            text = f"add {{ {name} -> relu; {name} }}"
            self.consumed.add(source)
        elif kind == "group":
            text = "{ relu -> sigmoid }"
            self.consumed.add(running)
        else:
            text = "relu"
            self.consumed.add(running)
        if kind == "label":
            self.labels.append((f"v{number}", line))
            text = f"v{number}: {text}"
        self.lines.append(f"    {text}")
        self.made.append(line)
        return line

    @property
    def unused(self) -> list[int]:
        return [line for line in self.made if line not in self.consumed]


@pytest.mark.parametrize("start", range(0, 600, 100))
def test_random_chains(start: int) -> None:
    found = 0
    for seed in range(start, start + 100):
        chain = Chain(seed)
        text = "\n".join(chain.lines) + "\n"
        if 0 not in chain.consumed:
            continue  # the input itself is unused: a finding of its own
        assert unused_lines(text) == chain.unused, text
        found += bool(chain.unused)
    assert found > 20


BLOCKS = "block passes() { }\nblock starts_anew(t: tensor) { t -> relu }\nblock uses() { relu }\n"


@pytest.mark.parametrize(
    ("steps", "lines"),
    [
        ("if true { conv(3, 1) } else { x }; relu", []),
        ("if true { conv(3, 1) }; x", [5]),
        ("if 1 == 1 { x } else { x -> relu }", []),
        ("a: relu; conv(3, 1); if true { a } else { identity }", []),
        ("a: relu; conv(3, 1); if true { a } else { a -> relu }", [5]),
        ("for i in 0..3 { relu; a{i}: conv(3, 1) }; a1", []),
        ("for i in 0..3 { relu; a{i}: conv(3, 1) }; b: relu; add { a2; b }", []),
        ("a: relu; for i in 0..3 { a -> conv(3, 1) }", [5]),
        ("a: relu; for i in 0..3 { a -> b{i}: conv(3, 1) }; add { b0; b1; b2 }", []),
        ("a: relu; for i in 0..1 { a -> conv(3, 1) }", []),
        ("a: relu; for i in [1] { a -> conv(3, 1) }", []),
        ("a: { b: relu; conv(3, 1); b }; relu", [5]),
        ("a: relu; conv(3, 1); starts_anew(a)", [5]),
        ("a: relu; conv(3, 1); starts_anew(a); uses", [5]),
        ("a: conv(3, 1); uses; starts_anew(a)", [5]),
        ("passes; conv(3, 1); passes; x", [5]),
        ("a: relu; add { a; a }", []),
        ("add { x; x }", []),
        ("a: relu; conv(a.channels, 1); x -> sigmoid", [5]),
        ("output p: [N, _, _, _] { conv(4, 1) }; relu", []),
        ("a: conv(3, 1); output p: [N, _, _, _]; x -> relu", []),
    ],
)
def test_steps(steps: str, lines: list[int]) -> None:
    text = f"{BLOCKS}network n() {{ input i: [N, 3, 8, 8]\n{steps}\noutput o: [N, _, _, _] }}\n"
    assert unused_lines(text) == lines


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("block b(k: int) { relu }", "W0504", "the parameter `k` of `b` is never used"),
        ("block b(k: int, j: int = k) { conv(j, 1) }", None, ""),
        ("block b(k: int, j: int > k) { conv(j, 1) }", None, ""),
        ("block b(k: int) { a{k}: relu }", None, ""),
        ("block b(k: int) { for i in 0..k { relu } }", None, ""),
        ("block b(k: block) { k }", None, ""),
        ("block b(k: int) { [N, k, _, _] }", None, ""),
        ("block b() { let k = 3; relu }", "W0504", "the variable `k` is never used"),
        ("block b() { let (k, j) = (3, 4); conv(k, 1) }", None, ""),
        (
            "block i(k: int) { conv(k, 1) }\nblock b(k: int) { inline i(3) }",
            "W0504",
            "the parameter `k` of `b` is never used",
        ),
        ("block b(t: tensor) { relu }", "E0502", "the tensor `t` is never used"),
        ("block b(t: tensor) { add { t; identity } }", None, ""),
        ("block b(t: tensor) { conv(t.channels, 1) }", "E0502", "the tensor `t` is never used"),
        ("block c(s: tensor) { add { s; identity } }\nblock b(t: tensor) { c(t) }", None, ""),
        ("network n(k: int = 3) { input i: [N, k, H = 8, W]\nrelu\noutput o: [N, _, _, _] }", None, ""),
        ("network n(k: int = 3) { input i: [N, 3, H = k, W]\nrelu\noutput o: [N, _, _, _] }", None, ""),
        (
            "network n(k: int = 3) { input i: [N, 3, H, W]\nrelu\noutput o: [N, _, _, _]\nexpect params == k - 3 }",
            None,
            "",
        ),
        ("block b(k: int) { relu -> nothing }", "E0201", "there is no layer, block or earlier value `nothing`"),
    ],
)
def test_names(text: str, code: str | None, message: str) -> None:
    run = Compilation(MemoryLoader({"a.arch": text + "\n"}))
    run.designs("a.arch")
    assert [(found.code, found.message) for found in run.sink] == ([(code, message)] if code else [])
