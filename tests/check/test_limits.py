"""Limits that a check reports once, wherever they are reached, and says nothing else of what lies behind them."""

from __future__ import annotations

import pytest

from archdsl.ir.meter import MAX_WORK, Meter
from tests.check.support import checked, codes, network

BLOCKS = """\
block unit(channels: int >= 8, act: block = relu) { conv(channels, 3, padding=1) -> act }
block with_value(t: tensor, names: [int]) { add { t; identity }; if len(names) > 1 { relu } }
"""
STEPS = """\
let widths = [8, 8, max(4, 8), sum(1..=3) + 2]
first: unit(8)
for w in widths { unit(w, leaky_relu(0.1)) }
for i in 0..4 { low{i}: conv(8, 1, groups=2 ** i // 2 ** i) }
add { identity; conv(8, 1) -> unit(widths[0]) }
inline unit(8, act=tanh)
with_value(first, widths)
if x.channels == 8 and widths == [8, 8, 8, 8] { relu } else { unit(9) }
{ with_value(low3, widths[1..=2]) }
[N, 8 * 1, _, _]
"""


TEXT = network(STEPS, before=BLOCKS)
STRIDE = 13
"""Less than what most steps cost, and no multiple of it."""


def test_the_end_of_the_budget_is_told_once_wherever_it_comes() -> None:
    meter = Meter()
    typed, found = checked(TEXT, meter=meter)
    assert typed is not None
    assert (typed.complete, found) == (True, [])
    assert checked(TEXT, meter=Meter(MAX_WORK - meter.spent))[1] == []
    for left in range(0, meter.spent, STRIDE):
        short = Meter(MAX_WORK - left)
        typed, found = checked(TEXT, meter=short)
        assert [finding.code for finding in found] == ["E0404"], left
        assert typed is None or not typed.complete
        typed, found = checked(TEXT, meter=short)  # the next network of the file
        assert found == []
        assert typed is None or not typed.complete


def test_layers_to_be_written_out_are_told_once() -> None:
    steps = "for i in 0..100001 { dropout(i / 200000) }"
    assert codes(network(f"{steps}\n{steps}\nfor i in 0..9 {{ dropout(i / 10) }}")) == ["E0404"]


def test_braces_in_blocks_that_are_handed_on_count_as_deep() -> None:
    before = "block grow(u: block, n: int) { {{{ u(u=u, n=n + 1) }}} }\n"
    assert codes(network("grow(grow, 0)", before=before)) == ["E0106"]


@pytest.mark.parametrize(("turns", "found"), [(9, []), (10, ["E0314"])])
def test_the_weights_of_all_layers_together(turns: int, found: list[str]) -> None:
    text = network(f"repeat {turns} {{ linear(1000000) }}", "[N, 1000000]", "[N, _]")
    typed, findings = checked(text)
    assert [finding.code for finding in findings] == found
    assert typed is not None
    assert (typed.root.body.weights > 10**13) == bool(found)
    assert typed.complete != bool(found)
