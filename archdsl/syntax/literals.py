"""Reads numbers and strings: their values, or what is wrong with them."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_INTEGER = 2**31 - 1
MAX_DIGITS = 18
MAX_EXPONENT = 999
UNITS = {
    "": 1,
    "K": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "B": 1,
}
_NUMBER = re.compile(r"([0-9][0-9_]*)(\.[0-9][0-9_]*)?([eE][+-]?[0-9]+)?([A-Za-z_]*)")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


class Fault(NamedTuple):
    """Why a literal has no value: a code of the registry, a sentence, a repair, and the place within the literal."""

    code: str
    message: str
    help: str | None = None
    start: int = 0
    end: int | None = None


def is_number(text: str) -> bool:
    """Whether a text has the form of a number; it may still have no value."""
    return _NUMBER.fullmatch(text) is not None


def read_number(text: str) -> int | float | Fault:
    """The value of a number token, unit applied; exact where it is whole."""
    match = _NUMBER.fullmatch(text)
    assert match is not None, "the lexer's pattern for numbers is this one"
    digits, fraction, exponent, unit = match.groups()
    if unit not in UNITS:
        return _wrong_unit(text, unit)
    if digits.endswith("_") or "__" in digits or (fraction and (fraction.endswith("_") or "__" in fraction)):
        return Fault("E0107", f"`{text[:40]}` is no number: an underscore stands between two digits")
    digits = digits.replace("_", "")
    if len(digits) > 1 and digits.startswith("0"):
        rest = text.lstrip("0_")
        repaired = rest if rest[:1].isdigit() else f"0{rest}"
        return Fault("E0107", f"`{text[:40]}` begins with a zero", f"write `{repaired[:40]}`")
    if len(digits) > MAX_DIGITS or (fraction and len(fraction) > MAX_DIGITS):
        return Fault("E0407", f"the number has more than {MAX_DIGITS} digits")
    if exponent and (len(exponent) > 5 or abs(int(exponent[1:])) > MAX_EXPONENT):
        return Fault("E0407", "the exponent of the number is too large")
    if not fraction and not exponent:
        if int(digits) > MAX_INTEGER and not unit:
            return Fault("E0407", f"an integer may be at most {MAX_INTEGER:,}")
        return int(digits) * UNITS[unit]
    return _decimal(digits, (fraction or ".")[1:].replace("_", ""), int((exponent or "e0")[1:]), UNITS[unit])


def _decimal(digits: str, fraction: str, exponent: int, unit: int) -> int | float | Fault:
    """``25.557032M`` is an integer, exactly; without a unit a number with a point is a float."""
    power = exponent - len(fraction)
    numerator, denominator = int(digits + fraction) * unit, 1
    if power < 0:
        denominator = 10**-power
    else:
        numerator *= 10**power
    if unit > 1 and numerator % denominator == 0:
        return numerator // denominator
    try:
        return numerator / denominator
    except OverflowError:
        return Fault("E0407", "the number is too large")


def _wrong_unit(text: str, unit: str) -> Fault:
    start = len(text) - len(unit)
    near = next((known for known in UNITS if known and known.lower() == unit.lower()), None)
    help = f"did you mean `{near}`?" if near else "units are K, M, G, T, B, KiB, MiB and GiB"
    return Fault("E0107", f"a number cannot end in `{unit[:40]}`", help, start, len(text))


def read_string(text: str) -> tuple[str, list[Fault]]:
    """The value of a string token with its quotes, and the escapes in it that mean nothing."""
    raw = text[1:-1]
    faults = [
        Fault(
            "E0108",
            f"the escape `\\{found.group(1)}` is unknown",
            'the escapes are `\\n`, `\\t`, `\\"` and `\\\\`',
            1 + found.start(),
            3 + found.start(),
        )
        for found in _ESCAPE.finditer(raw)
        if found.group(1) not in _ESCAPES
    ]
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found.group(1), found.group(1)), raw), faults
