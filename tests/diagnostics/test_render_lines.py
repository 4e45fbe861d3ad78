"""Single lines of the full text: carets below what they mean, places at the edges, lines that are too long."""

from __future__ import annotations

import re

import pytest

from archdsl.diagnostics.diagnostic import Diagnostic, Label
from archdsl.source.source import Source
from archdsl.source.span import Span
from tests.diagnostics.rendering import RESNET, at, full


@pytest.mark.parametrize(
    ("line", "marked", "shown", "underline"),
    [
        ("\tconv(3)", "conv", "    conv(3)", "    ^^^^"),
        ("a\tconv", "conv", "a   conv", "    ^^^^"),
        ("\t\tconv\t# x", "# x", "        conv    # x", "                ^^^"),
        ("\t", "\t", "", "^^^^"),
        ('name("漢字", cnov)', "cnov", 'name("漢字", cnov)', "             ^^^^"),
        ('"漢字"', "漢字", '"漢字"', " ^^^^"),
        ('"e\u0301e\u0301" x', "x", '"e\u0301e\u0301" x', "     ^"),
        ('"ＡＢ" x', "x", '"ＡＢ" x', "       ^"),
        ('"😀" x', "x", '"😀" x', "     ^"),
        ('"\x1b[2J" x', "x", r'"\x1b[2J" x', "          ^"),
        ("\u202econv", "\u202e", r"\u202econv", "^^^^^^"),
        ("a\u200bb c", "c", r"a\u200bb c", "         ^"),
        ("relu ##[error] x", "x", r"relu \x23#[error] x", "                  ^"),
        ("", "", "", "^"),
        ("relu", "", "relu", "^"),
    ],
)
def test_carets_stand_below_what_they_mean(line: str, marked: str, shown: str, underline: str) -> None:
    source = Source("a.arch", f"identity\n{line}\nidentity\n")
    start = source.text.index(marked, source.lines.line_start(2))
    diagnostic = Diagnostic("E0201", "m", source.span(start, start + len(marked)))
    assert full(diagnostic, source).split("\n")[3:5] == [f" 2 | {shown}".rstrip(), f"   | {underline}"]


@pytest.mark.parametrize(
    ("text", "start", "end", "place", "line", "underline"),
    [
        ("", 0, 0, "1:1", " 1 |", "^"),
        ("\n", 1, 1, "2:1", " 2 |", "^"),
        ("add {", 5, 5, "1:6", " 1 | add {", "     ^"),
        ("add {\n", 6, 6, "2:1", " 2 |", "^"),
        ("add {\n", 5, 6, "1:6", " 1 | add {", "     ^"),
        ("add {\n", 4, 6, "1:5", " 1 | add {", "    ^"),
        ("add {   \n}", 4, 10, "1:5", " 1 | add {", "    ^…"),
        ("add {\n}\n", 0, 8, "1:1", " 1 | add {", "^^^^^…"),
        ("relu", 2, 99, "1:3", " 1 | relu", "  ^^"),
        ("relu", 99, 120, "1:5", " 1 | relu", "    ^"),
        ("relu", 3, 1, "1:4", " 1 | relu", "   ^"),
        ("relu\r\n", 4, 5, "1:5", " 1 | relu\\r", "    ^^"),
    ],
)
def test_places_at_the_edges_of_a_text(text: str, start: int, end: int, place: str, line: str, underline: str) -> None:
    rows = full(Diagnostic("E0103", "m", Span("a.arch", start, end)), Source("a.arch", text)).split("\n")
    assert rows == ["error[E0103]: m", f"  --> a.arch:{place}", "   |", line, f"   | {underline}", ""]


# --- narrow screens and long lines -------------------------------------------------------------------


def test_a_label_that_does_not_fit_beside_goes_below() -> None:
    diagnostic = Diagnostic("E0302", "m", at(RESNET, "identity"), "this path is N x 64 x 56 x 56")
    assert full(diagnostic, RESNET, width=46).split("\n")[3:6] == [
        " 5 |         identity",
        "   |         ^^^^^^^^",
        "   |         this path is N x 64 x 56 x 56",
    ]
    assert full(diagnostic, RESNET, width=40).split("\n")[3:6] == [
        " 5 |         identity",
        "   |         ^^^^^^^^",
        "   |       this path is N x 64 x 56 x 56",
    ]


@pytest.mark.parametrize(
    ("marked", "line", "underline"),
    [
        ("a1", "a1 -> b2 -> c3 -> d4 -> e5 -> f6 -…", "^^"),
        ("f6", "a1 -> b2 -> c3 -> d4 -> e5 -> f6 -…", "                              ^^"),
        ("h8", "…-> f6 -> g7 -> h8 -> i9 -> j10 ->…", "                ^^"),
        ("n14", "…> j10 -> k11 -> l12 -> m13 -> n14", "                               ^^^"),
    ],
)
def test_a_long_line_is_cut_around_its_mark(marked: str, line: str, underline: str) -> None:
    chain = Source("a.arch", "a1 -> b2 -> c3 -> d4 -> e5 -> f6 -> g7 -> h8 -> i9 -> j10 -> k11 -> l12 -> m13 -> n14\n")
    rows = full(Diagnostic("E0201", "m", at(chain, marked)), chain, width=40).split("\n")
    assert rows[3:5] == [f" 1 | {line}", f"   | {underline}"]
    assert all(len(row) <= 40 for row in rows[2:])


def test_a_mark_outside_of_the_cut_stands_below_the_ellipsis() -> None:
    chain = Source("a.arch", "first -> " + "relu -> " * 30 + "last")
    labels = (Label(at(chain, "first"), "from here"), Label(at(chain, "last"), "to here"))
    rows = full(Diagnostic("E0208", "m", at(chain, "relu", 15), "not this", labels), chain, width=40).split("\n")
    assert rows[3:] == [
        " 1 | …lu -> relu -> relu -> relu -> rel…",
        "   | -              ^^^^               -",
        "   | |              |                  |",
        "   | |              |                  to here",
        "   | |              not this",
        "   | from here",
        "",
    ]


def test_a_mark_wider_than_the_screen_runs_to_its_edge() -> None:
    wide = Source("a.arch", "input image: " + "x" * 500)
    rows = full(Diagnostic("E0106", "m", at(wide, "x" * 500), "500 characters"), wide, width=40).split("\n")
    assert rows[3] == " 1 | …" + "x" * 33 + "…"
    assert rows[4] == "   |  " + "^" * 34
    assert rows[5].strip("| ") == "500 characters"


def test_a_wide_character_is_never_cut_in_two() -> None:
    for blanks in range(4):
        source = Source("a.arch", " " * blanks + "漢" * 60 + "x" + "字" * 60)
        row, underline = full(Diagnostic("E0102", "m", at(source, "x")), source, width=40).split("\n")[3:5]
        shown, before = row[5:], row[5 : row.index("x")]
        assert re.fullmatch("…漢+x字+…", shown)
        assert underline[5:] == " " * (1 + 2 * before.count("漢")) + "^"
