"""Bytes that are no UTF-8, or are it in another way: refused at the byte, or read as what they are."""

from __future__ import annotations

import pytest

from tests.hostile.support import codes, network, places

GOOD = network("conv(8, 3, padding=1) -> relu  # Grüße")
BOM = b"\xef\xbb\xbf"

WRONG = {
    "UTF-16 with a mark": (GOOD.encode("utf-16"), (1, 1, "E0104")),
    "UTF-16 without": (GOOD.encode("utf-16-le"), (1, 2, "E0104")),
    "UTF-32": (GOOD.encode("utf-32"), (1, 1, "E0104")),
    "Latin-1": (GOOD.encode("latin-1"), (3, 40, "E0104")),
    "overlong slash": (b"# \xc0\xaf", (1, 3, "E0104")),
    "overlong NUL": (b"# \xc0\x80", (1, 3, "E0104")),
    "overlong in three": (b"# \xe0\x80\xaf", (1, 3, "E0104")),
    "high surrogate": (b"# \xed\xa0\x80", (1, 3, "E0104")),
    "pair of surrogates": (b"# \xed\xa0\xbd\xed\xb8\x80", (1, 3, "E0104")),
    "beyond Unicode": (b"# \xf4\x90\x80\x80", (1, 3, "E0104")),
    "cut off": (b"# a\n# \xe2\x82", (2, 3, "E0104")),
    "continuation alone": (b"# \x80", (1, 3, "E0104")),
    "FE": (b"\xfe", (1, 1, "E0104")),
    "NUL": (b"# a\0", (1, 4, "E0104")),
    "UTF-7 in line 1": (b"# coding: utf-7\n+AG4-etwork n() {}\n", (2, 1, "E0101")),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_text_is_refused_where_it_begins(case: str) -> None:
    data, place = WRONG[case]
    found = places(data)
    assert found[0] == place
    assert len(found) == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", BOM])
def test_line_ends_and_one_mark_change_nothing(end: str, mark: bytes) -> None:
    assert codes(mark + GOOD.replace("\n", end).encode()) == []
    wrong = GOOD.replace("relu", "rleu").replace("\n", end).encode()
    assert places(mark + wrong) == places(GOOD.replace("relu", "rleu"))


def test_mixed_line_ends_are_counted_as_an_editor_does() -> None:
    assert places(b"# a\r# b\n# c\r\n?") == [(4, 1, "E0102")]
    assert places(b"# a\n\r?") == [(3, 1, "E0102")]


def test_a_second_mark_is_an_invisible_character() -> None:
    assert "E0102" in codes(BOM + BOM + GOOD.encode())
    assert "E0102" in codes(GOOD.encode() + BOM)


@pytest.mark.parametrize("char", ["\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"])
def test_what_other_languages_take_for_line_ends_is_none(char: str) -> None:
    assert places(f"# a{char}?")[0] == (1, 4, "E0102")
