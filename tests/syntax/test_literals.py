"""Numbers are read exactly: Python's ``decimal`` and ``float`` are the judges."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.syntax.literals import MAX_INTEGER, UNITS, Fault, read_number, read_string

DIGITS = st.text("0123456789", min_size=1, max_size=9)
WHOLE = DIGITS.map(lambda digits: str(int(digits)))


@given(WHOLE, st.sampled_from(sorted(UNITS)))
def test_whole_numbers(digits: str, unit: str) -> None:
    assert read_number(digits + unit) == int(digits) * UNITS[unit]


@given(WHOLE, DIGITS, st.sampled_from(["", "e3", "e-3", "E+10"]), st.sampled_from(sorted(UNITS)))
def test_numbers_with_a_point(digits: str, fraction: str, exponent: str, unit: str) -> None:
    found = read_number(f"{digits}.{fraction}{exponent}{unit}")
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(f"{digits}.{fraction}{exponent}") * UNITS[unit]
    if UNITS[unit] > 1 and exact == int(exact):
        assert (found, type(found)) == (int(exact), int)
    else:
        assert (found, type(found)) == (float(exact), float)


@pytest.mark.parametrize(
    ("text", "code", "start"),
    [
        ("3x", "E0107", 1),
        ("5m", "E0107", 1),
        ("1_", "E0107", 0),
        ("1__0", "E0107", 0),
        ("1.5_", "E0107", 0),
        ("1e5x", "E0107", 3),
        (str(MAX_INTEGER + 1), "E0407", 0),
        ("1" * 19, "E0407", 0),
        ("1." + "1" * 30, "E0407", 0),
        ("1e999", "E0407", 0),
        ("1e1000", "E0407", 0),
        ("1e99999999999", "E0407", 0),
    ],
)
def test_numbers_that_are_none(text: str, code: str, start: int) -> None:
    found = read_number(text)
    assert isinstance(found, Fault)
    assert (found.code, found.start) == (code, start)


@given(st.text("0_", max_size=4), WHOLE, st.sampled_from(["", ".5", "e3", "K", ".0_1MiB"]))
def test_a_zero_in_front_is_refused_with_the_number_that_is_meant(zeros: str, digits: str, rest: str) -> None:
    found = read_number(f"0{zeros}{digits}{rest}")
    assert isinstance(found, Fault) and found.code == "E0107"
    assert "__" in f"{zeros}" or found.help == f"write `{digits}{rest}`"


def test_the_largest_integer() -> None:
    assert read_number(str(MAX_INTEGER)) == MAX_INTEGER
    assert read_number("2_147_483_647") == MAX_INTEGER


@given(st.text(st.characters(exclude_characters='"\\\n', exclude_categories=["Cs"])))
def test_strings_without_escapes(text: str) -> None:
    assert read_string(f'"{text}"') == (text, [])


@pytest.mark.parametrize(("text", "value"), [(r'"a\n"', "a\n"), (r'"\\n"', "\\n"), (r'"\""', '"'), (r'"\t"', "\t")])
def test_escapes(text: str, value: str) -> None:
    assert read_string(text) == (value, [])


@pytest.mark.parametrize(
    ("text", "places"), [(r'"\q"', [(1, 3)]), (r'"a\x41\u"', [(2, 4), (6, 8)]), (r'"\\\a"', [(3, 5)])]
)
def test_unknown_escapes(text: str, places: list[tuple[int, int]]) -> None:
    faults = read_string(text)[1]
    assert [(fault.start, fault.end) for fault in faults] == places
    assert {fault.code for fault in faults} == {"E0108"}
