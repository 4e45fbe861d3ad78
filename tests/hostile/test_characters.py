"""Every character that hides, turns or imitates, at every kind of place: an error there, or data."""

from __future__ import annotations

import unicodedata

import pytest

from tests.hostile.support import codes, compiled, network, places, positions, quick_codes

TEXT = network('a{1}: conv(8, 3, padding="same") -> relu  # A remark.\n    add { a1; identity }', before="## Doc.\n")

CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\0\t\n\r"]
HIDING = list("\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2064")
HIDING += list("\u2066\u2067\u2068\u2069\u206a\u206f\ufeff\u061c\u00ad\u180e\u3164\uffa0\u115f\ufff9\ufffb")
HIDING += ["\U0001d173", "\U000e0001", "\U000e0041", "\U000e007f", "\U000e0100"]
ALIKE = list("\u0430\u03bf\uff41\u212a\u2126\u00e9\u0131\u017f\ufb01\u00aa\u00b2\u0661\u06f1\uff11\u2170\u1d400"[:16])
ALIKE += ["\u2215", "\u2044", "\uff1a", "\u037e", "\uff5b", "\u2768", "\u2010", "\u2212", "\u00a0", "\u3000", "e\u0301"]

PLACES = {
    "name of a block": lambda char: f"block b{char}() {{ relu }}\n{network('relu')}",
    "name of a layer": lambda char: network(f"re{char}lu"),
    "label": lambda char: network(f"a{char}: relu"),
    "tail of a label": lambda char: network(f"a{{1}}b{char}: relu"),
    "keyword": lambda char: network(f"rep{char}eat 2 {{ relu }}"),
    "number": lambda char: network(f"conv(8{char}, 1)"),
    "operator": lambda char: network(f"conv(8 /{char}/ 1, 1)"),
    "arrow": lambda char: network(f"relu -{char}> relu"),
    "between tokens": lambda char: network(f"conv(8,{char} 1)"),
    "end of a line": lambda char: network(f"relu{char}"),
    "size": lambda char: network("relu", shape=f"N, 8, H{char}, W"),
    "module": lambda char: f"from .a{char} import b\n{network('relu')}",
}
"""Every kind of place where text is no data."""
DATA = {
    "comment": lambda char: network(f"relu  # {char}"),
    "documentation": lambda char: network("relu", before=f"## {char}\n"),
    "ignore comment": lambda char: network(f"relu  # archdsl: ignore[W0319] {char}"),
    "string": lambda char: network(f'conv(8, 3, padding="{char}")'),
}


@pytest.mark.parametrize("place", [*PLACES, *DATA])
def test_what_hides_is_an_error_everywhere(place: str) -> None:
    make = (PLACES | DATA)[place]
    assert [f"U+{ord(char):04X}" for char in CONTROLS + HIDING if "E0102" not in quick_codes(make(char))] == []


def test_every_character_that_hides_is_listed() -> None:
    invisible = ("Cc", "Cs", "Zl", "Zp")
    found = [
        chr(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in invisible or unicodedata.bidirectional(chr(code)) in _TURNING
    ]
    assert [f"U+{ord(char):04X}" for char in found if "E0102" not in codes_of_a_comment(char)] == []


_TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


def codes_of_a_comment(char: str) -> list[str]:
    if char in "\t\n\r":
        return ["E0102"]  # white space, which the language has
    if char == "\0" or "\ud800" <= char <= "\udfff":
        return ["E0102"] if quick_codes(f"# {char}") == ["E0104"] else []  # no text at all
    return quick_codes(f"block b() {{ relu }}  # {char}\n")


@pytest.mark.parametrize("place", PLACES)
def test_what_looks_like_something_else_is_none_of_it(place: str) -> None:
    accepted = [f"{char} U+{ord(char[0]):04X}" for char in ALIKE if not quick_codes(PLACES[place](char))]
    assert accepted == []


@pytest.mark.parametrize("place", ["comment", "documentation"])
def test_other_scripts_are_data_that_code_shows_escaped(place: str) -> None:
    for char in ALIKE:
        assert codes(DATA[place](char)) == []
        assert compiled(DATA[place](char)).isascii()


@pytest.mark.parametrize("char", ["\0", "\x1b", "\u202e", "\u200b", "\u0430", "\ufeff", "\ud800", "\u2028"])
def test_anywhere_in_a_file_it_comes_to_a_proper_end(char: str) -> None:
    for at in positions(TEXT, 12, repr(char)):
        found = places(TEXT[:at] + char + TEXT[at:])
        in_comment = "#" in TEXT[:at].rpartition("\n")[2]
        is_mark = at == 0 and char == "\ufeff"
        assert found or is_mark or (char == "\u0430" and in_comment), (at, found)


def test_all_that_is_invisible_is_pointed_at_a_few_times() -> None:
    assert codes(network("relu  # " + "\u200b" * 1_000)) == ["E0102"] * 5


def test_a_file_of_what_no_language_has_is_given_up() -> None:
    assert 0 < len(codes("? " * 5_000)) <= 1_010
