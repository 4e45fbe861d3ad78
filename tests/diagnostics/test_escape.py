"""Escaping and measuring: what a screen gets to see of a stranger's text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.diagnostics.escape import Cells, escape, escape_start, width_of


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("conv(64, 3)", "conv(64, 3)"),
        ("café ⌊n/2⌋ − × 漢字", "café ⌊n/2⌋ − × 漢字"),
        ("a\\b", "a\\b"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x00\x07\x08\x7f", r"\x00\x07\x08\x7f"),
        ("\x85\x9b31m", r"\x85\x9b31m"),
        ("a\tb\nc\rd", r"a\tb\nc\rd"),
        ("user\u202enimda", r"user\u202enimda"),
        ("\u2066\u2069\u061c\u200e\u200f", r"\u2066\u2069\u061c\u200e\u200f"),
        ("one\u2028two\u2029", r"one\u2028two\u2029"),
        ("con\u200bv \ufeff\u00ad\u2060", r"con\u200bv \ufeff\xad\u2060"),
        ("\u3164\u115f", r"\u3164\u115f"),
        ("\U000e0041", r"\U000e0041"),
        ("\ud800", r"\ud800"),
        ("## a comment, # another", "## a comment, # another"),
        ("##[error]x", r"\x23#[error]x"),
        ("####[group]", r"##\x23#[group]"),
        ("##vso[task.complete]", r"\x23#vso[task.complete]"),
        ("##teamcity[x]", r"\x23#teamcity[x]"),
        ("#[3]", "#[3]"),
    ],
)
def test_escape(text: str, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", r"\x3a:error::x"),
        ("  ::set-env name=a::b", r"  \x3a:set-env name=a::b"),
        ("\u3000::error::x", "\u3000\\x3a:error::x"),
        ("\t::error::x", r"\t::error::x"),
        ("a::b", "a::b"),
        (":a", ":a"),
        ("::", r"\x3a:"),
    ],
)
def test_escape_at_the_start_of_a_line(text: str, shown: str) -> None:
    assert escape_start(text) == shown


def test_no_character_of_a_dangerous_category_survives() -> None:
    leaks = [
        f"U+{number:04X}"
        for number in range(0x110000)
        if unicodedata.category(chr(number)) in ("Cc", "Zl", "Zp", "Cs")
        or unicodedata.bidirectional(chr(number)) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        if escape(chr(number)) == chr(number)
    ]
    assert leaks == []


def test_invisible_format_characters_are_shown_except_signs_of_scripts() -> None:
    kept = {
        chr(number)
        for number in range(0x110000)
        if unicodedata.category(chr(number)) == "Cf" and escape(chr(number)) == chr(number)
    }
    # Visible number and verse signs of Arabic, Syriac, Kaithi; format controls inside hieroglyphs, shorthand, music.
    assert all("\u0600" <= char <= "\u08e2" or char >= "\U000110bd" for char in kept)


@given(st.text())
def test_escaped_text_is_one_encodable_line_without_commands(text: str) -> None:
    shown = escape_start(text)
    assert len(shown.splitlines()) <= 1
    shown.encode("utf-8")
    assert "##[" not in shown
    assert not shown.lstrip().startswith("::")


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126).filter(lambda char: char not in "#:")))
def test_plain_text_is_left_alone(text: str) -> None:
    assert escape_start(text) == text


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", [0]),
        ("abc", [0, 1, 2, 3]),
        ("\ta", [0, 4, 5]),
        ("ab\tc", [0, 1, 2, 4, 5]),
        ("abcd\te", [0, 1, 2, 3, 4, 8, 9]),
        ("漢\t字", [0, 2, 4, 6]),
        ("e\u0301x", [0, 1, 1, 2]),
        ("कु", [0, 1, 1]),
        ("한\u1112\u1161\u11ab", [0, 2, 4, 4, 4]),
        ("ＡB", [0, 2, 3]),
        ("😀!", [0, 2, 3]),
        ("\x1bx", [0, 4, 5]),
        ("\u202ex", [0, 6, 7]),
        ("##[", [0, 4, 5, 6]),
    ],
)
def test_columns(text: str, columns: list[int]) -> None:
    cells = Cells(text)
    assert list(cells.columns) == columns
    assert cells.width == columns[-1]
    assert cells.column(10_000) == columns[-1]


@pytest.mark.parametrize(
    ("text", "left", "right", "shown"),
    [
        ("abcdef", 0, 6, ("abcdef", 0, 6)),
        ("abcdef", 2, 4, ("cd", 2, 4)),
        ("abcdef", 4, 99, ("ef", 4, 6)),
        ("漢字漢", 1, 5, ("字", 2, 4)),
        ("漢字漢", 2, 4, ("字", 2, 4)),
        ("e\u0301x", 1, 2, ("x", 1, 2)),
        ("xe\u0301y", 0, 2, ("xe\u0301", 0, 2)),
        ("a\x1bb", 2, 6, ("b", 5, 6)),
        ("abc", 9, 12, ("", 3, 3)),
    ],
)
def test_a_cut_shows_whole_characters_only(text: str, left: int, right: int, shown: tuple[str, int, int]) -> None:
    assert Cells(text).cut(left, right) == shown


@given(st.text("ab\t\x1b漢e\u0301#[", max_size=30), st.integers(0, 40), st.integers(0, 40))
def test_a_cut_takes_the_columns_that_it_says(text: str, left: int, length: int) -> None:
    cells = Cells(text)
    shown, begin, end = cells.cut(left, left + length)
    assert width_of(shown) == end - begin
    assert min(left, cells.width) <= begin or not shown
    assert end <= max(left + length, begin)
