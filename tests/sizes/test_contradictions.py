"""Conditions that exclude each other are one error that names the lines, no more than it takes."""

from __future__ import annotations

from itertools import chain
from random import Random

import pytest

from archdsl.check.state import culprits
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.driver.compilation import Compilation
from archdsl.ir.dim import Dim, SizeSet
from archdsl.ir.typed import SizeCondition
from archdsl.source.loader import MemoryLoader
from archdsl.source.span import Span

EVEN = "add { identity; max_pool((2, 1)) -> conv_transpose(4, (2, 1), stride=(2, 1)) }"
THIRDS = EVEN.replace("2", "3")
"""Work where 2 divides H, and where 3 does."""


def checked(body: str, image: str = "image: [N, 4, H, W]", *more: str) -> tuple[str, list[Diagnostic]]:
    inputs = "\n    ".join(f"input {text}" for text in (image, *more))
    text = f"network n() {{\n    {inputs}\n{body}\n    output y: [N, 4, _, _]\n}}\n"
    compilation = Compilation(MemoryLoader({"n.arch": text}))
    compilation.check_file("n.arch")
    return text, [finding for finding in compilation.sink if finding.code.startswith("E")]


def line(text: str, span: Span) -> int:
    return text.count("\n", 0, span.start) + 1


def test_two_lines_are_named_and_an_innocent_one_between_them_is_not() -> None:
    text, (finding,) = checked(f"""\
    {EVEN}
    concat {{
        max_pool((4, 1)) -> [N, 4, 3, _] -> global_avg_pool
        max_pool((2, 1)) -> global_avg_pool
        conv(4, (9, 1)) -> [N, 4, 20, _] -> global_avg_pool
    }}
    conv(4, 1)""")
    assert finding.code == "E0313"
    assert finding.message == "no size `H` of the input satisfies all layers"
    assert line(text, finding.span) == 7
    assert finding.here.endswith("H = 28")
    assert [(line(text, label.span), label.text.split(": ")[-1]) for label in finding.labels] == [(5, "12 <= H <= 15")]


def test_three_lines_where_it_takes_three() -> None:
    """No multiple of 6 lies between 13 and 17."""
    text, (finding,) = checked(f"""\
    {EVEN}
    {THIRDS}
    concat {{
        max_pool((13, 1)) -> [N, 4, 1, _] -> global_avg_pool
        max_pool((3, 1), stride=(1, 1)) -> global_avg_pool
        conv(4, (2, 1), stride=(16, 1)) -> [N, 4, 1, _] -> global_avg_pool
    }}
    conv(4, 1)""")
    assert (finding.code, line(text, finding.span)) == ("E0313", 8)
    assert [line(text, label.span) for label in finding.labels] == [3, 4, 6]


def test_two_open_sizes_are_never_taken_for_equal() -> None:
    """torch accepts where both happen to be alike: that is no condition on one of them, and the message says so."""
    text, (finding,) = checked("    add { identity; other }", "image: [N, 4, H, W]", "other: [N, 4, V, W]")
    assert (finding.code, line(text, finding.span)) == ("E0302", 4)
    assert finding.help is not None
    assert finding.help.text.startswith("`H` and `V` are independent of each other: write one name for both")
    _, found = checked("    add { identity; other }", "image: [N, 4, H, W]", "other: [N, 4, H, W]")
    assert found == []


@pytest.mark.parametrize("stated", ["[N, 4, W - 2, _]", "[N, 4, _, H]", "[N, 4, _, H // 2]"])
def test_a_stated_shape_in_the_wrong_symbol(stated: str) -> None:
    _, (finding,) = checked(f"    conv(4, 3) -> {stated}")
    assert finding.code == "E0311"
    assert finding.help is not None
    assert "independent of each other" in finding.help.text


def test_a_size_made_of_two_symbols_is_not_followed() -> None:
    _, (finding,) = checked("    conv(4, 3) -> [N, 4, H + W, _]")
    assert finding.code == "E0405"
    assert "`H + W` cannot be computed with open sizes" in finding.message


def test_no_projection_is_proposed_where_its_sizes_cannot_be_followed() -> None:
    """Found by the campaign: looking for the stride of a repair went beyond exact arithmetic."""
    _, (finding,) = checked("""\
    max_pool(1, stride=4) -> upsample(1.5) -> conv(4, 2, padding=1, dilation=3)
    repeat 4 { upsample(0.75) }
    add {
        identity
        conv(4, 2, stride=3, padding=1) -> upsample(3)
    }""")
    assert finding.code == "E0302"
    assert finding.help is not None
    assert finding.help.code is None


# --- as few as can be -------------------------------------------------------------------------------------------------


def conditions(random: Random, count: int) -> list[SizeCondition]:
    def one() -> SizeSet:
        kind, number = random.random(), random.randint(2, 12)
        if kind < 0.4:
            return Dim.solve_equal(Dim.symbol("H") % number, random.randrange(number))
        if kind < 0.7:
            return SizeSet.between("H", random.randint(1, 40))
        return SizeSet.between("H", 1, random.randint(20, 60))

    return [SizeCondition(one(), f"condition {index}", Span("n.arch", index, index + 1)) for index in range(count)]


def test_culprits_leave_nothing_and_none_of_them_can_be_spared() -> None:
    found: list[int] = []
    for seed in range(400):
        random = Random(seed)
        *before, last = conditions(random, random.randint(2, 9))
        sets = [condition.accepted for condition in before]
        if any(all(every.contains(n) for every in (*sets, last.accepted)) for n in range(1, 30_000)):
            continue
        guilty = culprits(before, last.accepted)
        found.append(len(guilty))
        for without in chain([None], guilty):
            rest = [condition.accepted for condition in guilty if condition is not without]
            left = any(all(every.contains(n) for every in (*rest, last.accepted)) for n in range(1, 30_000))
            assert left == (without is not None), (seed, [str(condition.accepted) for condition in guilty])
    assert len(found) > 100
    assert {1, 2} <= set(found)
