"""A short campaign in every run, and proof that it finds what it is for. The long one: `make sizes-campaign`."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from archdsl.check.state import State
from archdsl.ir.types import Size
from archdsl.ops.base import Call
from archdsl.ops.window_axis import WindowAxis
from tests.sizes.campaign import Tally, campaign, compare
from tests.sizes.trees import Chain, Join, Network, Step

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same'")


CONTENTS = {
    *"conv conv_transpose max_pool avg_pool adaptive_avg_pool zero_pad crop upsample pixel_shuffle".split(),
    *"pixel_unshuffle add mul concat scale flatten linear repeat for group_norm output_padding dilation".split(),
    *("ceil=true", 'padding="same"', *(f'padding_mode="{mode}"' for mode in ("reflect", "replicate", "circular"))),
    *("axis=2", "upsample by a fraction", "a block with parameters"),
}
"""What has to be drawn: a campaign says nothing about what it leaves out."""


def test_proven_sets_are_what_fixed_checks_and_torch_accept() -> None:
    tally = campaign(60, 60, seed=4)
    assert not tally.wrong, tally.wrong[0]
    assert tally.networks == 60
    assert tally.sizes == 3_600
    assert 600 < tally.accepted < 3_000
    assert tally.refused_networks >= 5
    assert set(tally.contents) >= CONTENTS, CONTENTS - set(tally.contents)
    for kind in ("remainders", "finitely many", "a minimum", "every size"):
        assert tally.kinds[kind] >= 3, tally.kinds


# --- broken on purpose ------------------------------------------------------------------------------------------------


def wrong_of(*steps: Step | Chain | Join) -> list[str]:
    """The disagreements over one network on an open image."""
    tally = Tally()
    compare(Network((4, "H", 12), list(steps)), Random(0), 80, tally)
    assert tally.networks == 1
    assert not tally.kinds["not followed"]
    return tally.wrong


CONV = Step("conv", {"channels": 4, "kernel": 5, "stride": 2})
POOL = Step("max_pool", {"kernel": 3, "stride": 2, "ceil": True})
DOWN_AND_UP = Join("add", [Step("identity"), Chain([Step("max_pool", {"kernel": 2}), Step("upsample", {"scale": 2})])])


def off_by_one(original: Callable[[WindowAxis], int]) -> property:
    return property(lambda axis: original(axis) + 1)


def test_a_minimum_that_is_too_high_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not wrong_of(CONV)
    monkeypatch.setattr(WindowAxis, "smallest_input", off_by_one(WindowAxis.smallest_input.fget))  # type: ignore[attr-defined]
    assert "proven False" in wrong_of(CONV)[0]


def test_a_condition_that_is_forgotten_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not wrong_of(DOWN_AND_UP)
    monkeypatch.setattr(State, "require", lambda *_: True)
    assert "proven True, fixed False, torch None" in wrong_of(DOWN_AND_UP)[0]


def test_a_join_that_says_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Call.equal

    def careless(call: Call, left: Size, right: Size, reason: str) -> bool:
        return original(call, left, right, reason) or True

    monkeypatch.setattr(Call, "equal", careless)
    assert "fixed True, torch None" in wrong_of(DOWN_AND_UP)[0]


def test_a_wrong_size_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last window of ceil-mode pooling, as five projects have it."""
    assert not wrong_of(POOL)
    monkeypatch.setattr(
        WindowAxis, "output", property(lambda axis: -(-(axis.size - axis.extent + axis.padding) // axis.stride) + 2)
    )
    assert "is proven, torch gives" in wrong_of(POOL)[0]
