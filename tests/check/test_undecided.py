"""Sizes that cannot be decided, conditions that exclude each other in odd ways: told at the step that asks."""

from __future__ import annotations

import pytest

from archdsl.diagnostics.diagnostic import Diagnostic
from tests.check.support import errors, network


def only_half(modulus: int) -> str:
    """A step that accepts the heights whose remainder is in the lower half."""
    return f"[N, _, (H + {modulus // 2}) // {modulus} - H // {modulus} + H, _]"


def written(text: str, found: Diagnostic) -> str:
    return text[found.span.start : found.span.end]


FOUR_FLOORS = "H // 4099 + H // 4111 + H // 4127 - H // 4129 + H"
MANY_REMAINDERS = "conditions on sizes with thousands of remainders each and no common period are too complex"


def test_a_stated_size_that_cannot_be_compared() -> None:
    text = network(f"relu\n[N, _, {FOUR_FLOORS}, _]")
    (found,) = errors(text)
    assert (found.code, written(text, found)) == ("E0305", FOUR_FLOORS)
    assert found.message.startswith("whether H is H + ⌊H/4099⌋")
    assert [(written_label.text, text[written_label.span.start :][:4]) for written_label in found.labels] == [
        ("this is N x 8 x H x W", "relu")
    ]


def test_two_conditions_that_cannot_be_combined() -> None:
    text = network(f"{only_half(20_011)}\n{only_half(20_021)}")
    (found,) = errors(text)
    assert (found.code, written(text, found)) == ("E0305", only_half(20_021))
    assert found.message == f"the sizes that work cannot be decided: {MANY_REMAINDERS}"


def test_declared_sizes_that_cannot_be_compared_with_the_accepted_ones() -> None:
    text = network(only_half(120_011), "[N, 8, H, W] where 60013 divides H")
    (found,) = errors(text)
    assert (found.code, written(text, found)) == ("E0305", "60013 divides H")
    assert found.message == f"whether all declared sizes work cannot be decided: {MANY_REMAINDERS}"


HUGE = [f"(10 ** 18 * 10 ** 18 * 10 ** 18 * 10 ** 18 + {k})" for k in range(1, 130, 2)]
"""Sixty-five numbers of 73 digits whose common multiple has more than Python prints."""


@pytest.mark.parametrize("declared", ["", ", H < 7"])
def test_declared_sizes_of_which_the_first_has_thousands_of_digits(declared: str) -> None:
    text = network("relu", "[N, 8, H, W] where " + ", ".join(f"{number} divides H" for number in HUGE) + declared)
    (found,) = errors(text)
    assert found.code == "E0305"
    assert found.message.startswith("the declared sizes cannot be combined: sizes with numbers of 12,")


@pytest.mark.parametrize("given", ["[N, 8, H, W]", "[N, 8, H = 32, W]", "[N, 8, H, W] where H == 32"])
def test_accepted_sizes_of_which_the_first_has_thousands_of_digits(given: str) -> None:
    text = network("\n".join(f"[N, _, H // {number} * {number}, _]" for number in HUGE), given)
    assert "E0305" in {found.code for found in errors(text)}


# --- contradictions -----------------------------------------------------------------------------------


def test_the_guilty_one_is_found_though_another_is_too_complex_to_weigh() -> None:
    odd_half = "[N, _, (H + 10010) // 20021 - H // 20021 + H - 1, _]"
    text = network(f"{only_half(20_011)}\n[N, _, H // 5 + H, _]\n{odd_half}")
    (found,) = errors(text)
    assert (found.code, written(text, found)) == ("E0313", odd_half)
    (label,) = found.labels
    assert text[label.span.start : label.span.end] == "[N, _, H // 5 + H, _]"
    assert label.text.endswith(": H <= 4")


def test_of_many_conditions_that_only_together_leave_nothing_the_last_are_named() -> None:
    text = network("for d in 2..=70 { [N, _, H // d * d, _] }\n[N, _, H // 10000 + H, _]")
    (found,) = errors(text)
    assert (found.code, written(text, found)) == ("E0313", "[N, _, H // 10000 + H, _]")
    assert [label.text.split(": ")[1] for label in found.labels] == [f"{d} divides H" for d in (68, 69, 70)]
