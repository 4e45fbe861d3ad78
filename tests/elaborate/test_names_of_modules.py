"""Every module of a class has a name of its own, whatever is labelled and whatever is not."""

from __future__ import annotations

import random

import pytest

from archdsl.codegen import emit
from archdsl.driver.compilation import Compilation
from archdsl.ir.design import Apply, Body, Choice, Group, Layer, Loop
from archdsl.ir.walk import inner_bodies
from archdsl.source.loader import MemoryLoader
from tests.check.support import checked, network
from tests.networks.support import execute

LAYERS = ["conv(8, 1)", "relu", "batch_norm", "dropout(0.5)", "dropout(0.1)", "unit", "identity"]


def random_steps(chance: random.Random, depth: int, names: list[str]) -> str:
    """Steps of all kinds, some of them under labels that look like the names that unlabelled ones get."""
    steps = []
    for _ in range(chance.randint(1, 4)):
        kind = chance.choice(["layer"] * 4 + ["group", "if", "loop", "add"] * (depth > 0))
        step = chance.choice(LAYERS)
        if kind == "group":
            step = f"{{ {random_steps(chance, depth - 1, names)} }}"
        elif kind == "if":
            step = f"if true {{ {random_steps(chance, depth - 1, names)} }} else {{ identity }}"
        elif kind == "loop":
            step = f"repeat 2 {{ {random_steps(chance, 0, [])} }}"
        elif kind == "add":
            step = f"add {{ {random_steps(chance, depth - 1, names)} -> relu\nidentity }}".replace(";", "->")
        if names and chance.random() < 0.3 and kind == "layer":
            step = f"{names.pop()}: {step}"
        steps.append(step)
    return "; ".join(steps)


def names_in(body: Body) -> list[str]:
    """The attribute names of one class: those of inner bodies too, but of modules only their own."""
    found: list[str] = []
    for node in body.nodes:
        slot = node.slot if isinstance(node, Layer | Apply | Group | Loop | Choice) else None
        if slot is not None and slot.name is not None and slot.name.plain is not None:
            if not slot.shared or slot.name.plain not in found:
                found.append(slot.name.plain)
            continue
        for inner in inner_bodies(node):
            found += [name for name in names_in(inner) if name not in found or name not in shared(inner)]
    return found


def shared(body: Body) -> set[str]:
    """The names of modules that several layers alike share."""
    own = {
        node.slot.name.plain or ""
        for node in body.nodes
        if isinstance(node, Layer) and node.slot and node.slot.shared and node.slot.name
    }
    return own.union(*(shared(inner) for node in body.nodes for inner in inner_bodies(node)))


@pytest.mark.parametrize(
    "written",
    ["{ { unit } }", "{ [N, _, 6, 6] -> unit }", "{ unit -> [N, 8, _, _] }", "{ { { unit } } -> [N, 8, 6, 6] }"],
)
@pytest.mark.parametrize("step", ["conv(8, 1)", "part", "relu -> conv(8, 1)"])
@pytest.mark.parametrize("frame", ["if true {}", "if x.channels == 3 { identity } else {}", "u: if true {}"])
def test_braces_and_stated_shapes_name_nothing(frame: str, step: str, written: str) -> None:
    """Rules 8 and 9 of docs/language.md. A shape noted in a branch once renamed its weights in ``state_dict``."""
    part = "block part() { conv(8, 1) -> batch_norm }\n"

    def keys(branch: str) -> list[str]:
        text = network(frame.replace("{}", branch) + "\nconv(8, 1)", "[N, 8, 6, 6]", before=part)
        design, _ = checked(text)
        assert design is not None and design.complete
        return list(execute(emit([design]))["n"]().state_dict())

    assert keys(written.replace("unit", step)) == keys(f"{{ {step} }}")


@pytest.mark.parametrize("start", range(0, 400, 100))
def test_names_differ(start: int) -> None:
    checked = 0
    for seed in range(start, start + 100):
        chance = random.Random(seed)
        names = ["conv1", "relu", "bn", "Dropout2", "stem", "unit1", "layers"]
        chance.shuffle(names)
        text = f"block unit() {{ conv(8, 1) }}\nblock b() {{ {random_steps(chance, 2, names)} }}\n"
        run = Compilation(MemoryLoader({"a.arch": text}))
        run.designs("a.arch")
        if any(found.code != "W0504" for found in run.sink):
            continue  # the random labels met a rule: in loops every layer needs one
        block = run._lowering.block(run.resolved("a.arch").scope["b"], run.resolved("a.arch").tree.span)  # type: ignore[union-attr]
        assert block is not None
        lowered = [name.lower() for name in names_in(block.body)]
        assert len(lowered) == len(set(lowered)), text
        checked += 1
    assert checked > 40


@pytest.mark.parametrize(
    ("steps", "names"),
    [
        ("add { conv(8, 1) -> relu; identity }; relu", ["conv", "relu"]),
        ("add { conv(8, 1); conv(8, 1) }", ["conv1", "conv2"]),
        ("conv1: conv(8, 1); add { conv(8, 1); identity }", ["conv1", "conv"]),
        ("conv: conv(8, 1); add { conv(8, 1); identity }", ["conv", "conv1"]),
        ("add { dropout(0.5); dropout(0.5) -> dropout(0.1) }", ["dropout1", "dropout2"]),
        ("a: conv(8, 1); if true { conv(8, 1) }", ["a", "conv"]),
        ("a: conv(8, 1); repeat 3 { conv(8, 1) }", ["a", "layers"]),
    ],
)
def test_names(steps: str, names: list[str]) -> None:
    run = Compilation(MemoryLoader({"a.arch": f"block b() {{ {steps} }}\n"}))
    run.designs("a.arch")
    assert [found.message for found in run.sink] == []
    block = run._lowering.block(run.resolved("a.arch").scope["b"], run.resolved("a.arch").tree.span)  # type: ignore[union-attr]
    assert block is not None
    assert list(dict.fromkeys(names_in(block.body))) == names
