"""What breaks, against torch: random edits judged twice, and every rule of the interface on both of its sides."""

from __future__ import annotations

from random import Random

import pytest

from archdsl.compare.breaking import Category, findings
from archdsl.compare.dataflow import computed
from archdsl.compare.tree import Numbers
from tests.compare.campaign import SUBJECTS, judged, judged_texts
from tests.compare.support import categories, difference, found_breaks, side
from tests.compare.test_state_dict import NET, RENAMES, RESHAPES

STATE_DICT, SHAPE, API, SEMANTICS = Category

OPEN = """\
network net(classes: int = 10, width: int = 8) {
    input image: [N, 3, H, W]
    a: conv(width, 3, padding=1) -> relu
    max_pool(2)
    b: conv(width, 3, padding=1) -> tanh
    c: conv(width, 3, padding=1)
    output map: [N, width, _, _]
    global_avg_pool -> flatten
    fc: linear(classes)
    output logits: [N, classes]
}
"""

MORE = "    input z: [N, 3, H, W]\n    add { image; z }\n"

BREAKING = {
    "a pool of another size": ("max_pool(2)", "max_pool(4)", {SHAPE, SEMANTICS}),
    "fewer sizes": ("[N, 3, H, W]", "[N, 3, H, H]", {SHAPE}),
    "a fixed size": ("[N, 3, H, W]", "[N, 3, 224, 224]", {SHAPE}),
    "another number of channels": ("[N, 3, H, W]", "[N, 4, H, W]", {SHAPE, STATE_DICT}),
    "an input more": ("    a: conv", MORE + "    a: conv", {SHAPE, SEMANTICS}),
    "an input of another name": ("input image", "input picture", {API}),
    "an output of another name": ("output map", "output features", {API}),
    "an output gone": ("    output map: [N, width, _, _]\n", "", {SHAPE}),
    "outputs in training only": ("[N, width, _, _]\n", "[N, width, _, _] when training\n", {SHAPE, SEMANTICS}),
    "a parameter of another name": ("classes", "labels", {API}),
    "another default": ("classes: int = 10", "classes: int = 12", {API, SHAPE, STATE_DICT}),
    "parameters in another order": ("classes: int = 10, width: int = 8", "width: int = 8, classes: int = 10", {API}),
    "a parameter in front": ("net(classes", "net(depth: int = 1, classes", {API}),
    "a constraint": ("width: int = 8", "width: int > 4 = 8", {API}),
    "another class": (") {\n    input", ") as Net2 {\n    input", {API}),
    "an activation": ("-> relu", "-> silu", {SEMANTICS}),
    "a layer without weights": ("max_pool(2)", "max_pool(2) -> dropout(0.5)", {SEMANTICS}),
    "an activation gone": (" -> tanh", "", {SEMANTICS}),
    "weights in another order": ("    b: ", "    c_: ", {STATE_DICT}),
}  # fmt: skip
HARMLESS = {
    "a parameter behind": ("width: int = 8", "width: int = 8, more: int = 1", set()),
    "a size for tables": ("[N, 3, H, W]", "[N, 3, H = 64, W = 64]", set()),
    "other letters": ("H, W]", "A, B]", set()),
    "identity": ("max_pool(2)", "identity -> max_pool(2)", set()),
    "a comment": ("    max_pool", "    # halves\n    max_pool", set()),
    "a loop": ("    max_pool(2)", "    repeat 1 { max_pool(2) }", set()),
    "nothing": ("", "", set()),
}


@pytest.mark.parametrize("edit", BREAKING.values(), ids=BREAKING)
def test_what_breaks(edit: tuple[str, str, set[Category]]) -> None:
    old, new, expected = edit
    assert categories(OPEN, OPEN.replace(old, new)) == expected


@pytest.mark.parametrize("edit", HARMLESS.values(), ids=HARMLESS)
def test_what_breaks_nothing(edit: tuple[str, str, set[Category]]) -> None:
    old, new, expected = edit
    assert categories(OPEN, OPEN.replace(old, new, 1)) == expected


def test_fixed_sizes_may_become_open() -> None:
    fixed = OPEN.replace("[N, 3, H, W]", "[N, 3, 32, 32]")
    assert categories(fixed, OPEN) == set()
    assert categories(OPEN, fixed) == {SHAPE}


def test_labels_that_change_places_load_and_compute_something_else() -> None:
    new = (
        OPEN.replace("    b: conv", "    x_: conv")
        .replace("    c: conv", "    b: conv")
        .replace("    x_: conv", "    c: conv")
    )
    assert categories(OPEN, new) == {SEMANTICS}
    assert judged_texts(OPEN, new, "net", 16) == "SEMANTICS"


@pytest.mark.parametrize("edit", [*RENAMES.values(), *RESHAPES.values()], ids=[*RENAMES, *RESHAPES])
def test_torch_agrees_about_edits(edit: tuple[str, str]) -> None:
    assert judged_texts(NET, NET.replace(*edit), "net", 16) is not None


@pytest.mark.parametrize("seed", range(24))
def test_torch_agrees_about_random_edits(seed: int) -> None:
    random = Random(seed)
    file, network, size = random.choice(SUBJECTS[:4])
    judged(file, network, size, random)


def test_a_break_in_a_block_is_one_finding_for_all_networks() -> None:
    text = NET + NET[NET.index("network") :].replace("network net", "network other")
    new = text.replace("padding=1, bias=false", "padding=1, groups=2, bias=false")
    found = [each for name in ("net", "other") for each in found_breaks(text, new, name)]
    (finding,) = findings(found, "main")
    assert finding.code == "E0901"
    assert finding.notes[-1] == "in 2 networks: net, other"


def test_what_follows_from_an_edit_is_in_its_notes() -> None:
    new = NET.replace("        unit(8)\n", "        unit(8)\n        relu\n")
    (finding,) = findings(found_breaks(NET, new), "main")
    assert finding.here == "this relu is new"
    assert finding.notes[0] == "`body.1.weight` is `body.2.weight` now"


@pytest.mark.parametrize(("one", "other"), [("relu", "silu"), ("max_pool(2)", "avg_pool(2)"), ("add {", "mul {")])
def test_values_are_numbered_by_what_they_are(one: str, other: str) -> None:
    head, body = "network net() {\n    input image: [N, 4, 8, 8]\n", "    add { relu; tanh }\n    max_pool(2)\n"
    text = f"{head}{body}    output y: [N, 4, 4, 4]\n}}\n"
    inlined = text.replace("{ relu; tanh }", "{ inline b(); tanh }") + "block b() { relu }\n"
    numbers = Numbers()
    old, same, new = side(text), side(inlined), side(text.replace(one, other))
    assert old is not None
    assert same is not None
    assert new is not None
    assert computed(old.design, numbers) == computed(same.design, numbers)
    assert computed(old.design, numbers) != computed(new.design, numbers)


def test_nothing_is_told_of_equal_networks() -> None:
    assert difference(OPEN, OPEN).is_empty
    assert found_breaks(OPEN, OPEN) == []


def test_a_fixed_size_that_an_open_input_refuses() -> None:
    old = OPEN.replace("[N, 3, H, W]", "[N, 3, 5, 5]")
    new = OPEN.replace("max_pool(2)", "max_pool(6)")
    told = {each.here for each in found_breaks(old, new)}
    assert {"H = 5 is not accepted any more", "W = 5 is not accepted any more"} <= told
    assert not any("accepted" in each.here for each in found_breaks(old, OPEN))
