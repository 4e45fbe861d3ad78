"""The full text, compared with what a person wrote down as the text to expect."""

from __future__ import annotations

import re

import pytest

from archdsl.diagnostics.diagnostic import Diagnostic, Frame, Help, Label
from archdsl.diagnostics.render.full import render_full, summary_line
from archdsl.source.source import Source
from archdsl.source.span import Span
from tests.counting import calls_of
from tests.diagnostics.rendering import LIBRARY, RESNET, at, expected, full


def test_a_finding_with_everything() -> None:
    diagnostic = Diagnostic(
        "E0302",
        "`add` needs equal shapes on all its paths",
        at(RESNET, "add"),
        "paths are N x 64 x 28 x 28 and N x 64 x 56 x 56",
        labels=(
            Label(at(RESNET, "identity"), "this path is N x 64 x 56 x 56"),
            Label(at(RESNET, "conv(channels, 3, stride=stride, padding=1)"), "height ⌊(56 − 3 + 2 + 2)/2⌋ = 28"),
        ),
        trace=(Frame("basic", at(RESNET, "basic", 1), "channels=64, stride=2"),),
        notes=("sizes are those of network `resnet`",),
        help=Help("project the shortcut to the same shape", "conv(channels, 1, stride=stride) -> batch_norm"),
    )
    assert full(diagnostic, RESNET) == expected("""
        error[E0302]: `add` needs equal shapes on all its paths
          --> specs/resnet.arch:3:5
           |
         3 |     add {
           |     ^^^ paths are N x 64 x 28 x 28 and N x 64 x 56 x 56
         4 |         conv1: conv(channels, 3, stride=stride, padding=1) -> bn1: batch_norm -> relu
           |                ------------------------------------------- height ⌊(56 − 3 + 2 + 2)/2⌋ = 28
         5 |         identity
           |         -------- this path is N x 64 x 56 x 56
           |
           = in block `basic`, applied at specs/resnet.arch:11:18 with channels=64, stride=2
           = note: sizes are those of network `resnet`
        help: project the shortcut to the same shape
           |     conv(channels, 1, stride=stride) -> batch_norm
    """)


def test_the_least_that_a_finding_has() -> None:
    assert full(Diagnostic("W0319", "the last row is dropped", at(RESNET, "relu", 1)), RESNET) == expected("""
        warning[W0319]: the last row is dropped
          --> specs/resnet.arch:8:5
           |
         8 |     relu
           |     ^^^^
    """)


def test_one_line_between_two_is_shown_and_more_are_dots() -> None:
    diagnostic = Diagnostic(
        "E0207",
        "two labels",
        at(RESNET, "relu", 1),
        "here",
        (Label(at(RESNET, "}"), "before"), Label(at(RESNET, "block"), "long before")),
    )
    assert full(diagnostic, RESNET) == expected("""
        error[E0207]: two labels
          --> specs/resnet.arch:8:5
           |
         2 | block basic(channels: int, stride: int = 1) {
           | ----- long before
        ...
         6 |     }
           |     - before
         7 |
         8 |     relu
           |     ^^^^ here
    """)


def test_another_file_has_a_section_of_its_own() -> None:
    diagnostic = Diagnostic(
        "E0210",
        "`stem` is defined twice",
        at(RESNET, "basic"),
        "second definition",
        (Label(at(LIBRARY, "stem"), "first definition"), Label(Span("gone.arch", 5, 9), "and a third")),
        help=Help("rename one of them"),
    )
    assert full(diagnostic, RESNET, LIBRARY) == expected("""
        error[E0210]: `stem` is defined twice
          --> specs/resnet.arch:2:7
           |
         2 | block basic(channels: int, stride: int = 1) {
           |       ^^^^^ second definition
           |
          ::: lib/blocks.arch:1:7
           |
         1 | block stem() {
           |       ---- first definition
           |
           = note: gone.arch: and a third
        help: rename one of them
    """)


def test_several_labels_on_one_line_do_not_collide() -> None:
    diagnostic = Diagnostic(
        "E0202",
        "`conv` has no parameter `stride`",
        at(RESNET, "stride", 1),
        "no such parameter",
        (
            Label(at(RESNET, "conv("), "the layer"),
            Label(at(RESNET, "padding"), "neither is this"),
            Label(at(RESNET, "3"), ""),
            Label(at(RESNET, "relu"), "nor this"),
        ),
    )
    assert full(diagnostic, RESNET) == expected("""
        error[E0202]: `conv` has no parameter `stride`
          --> specs/resnet.arch:4:34
           |
         4 |         conv1: conv(channels, 3, stride=stride, padding=1) -> bn1: batch_norm -> relu
           |                -----          -  ^^^^^^         -------                          ---- nor this
           |                |                 |              |
           |                |                 |              neither is this
           |                |                 no such parameter
           |                the layer
    """)


def test_a_mark_inside_of_another() -> None:
    diagnostic = Diagnostic(
        "E0301",
        "kernel too large",
        at(RESNET, "3, s").to(at(RESNET, "3")),
        "kernel 3",
        (Label(at(RESNET, "conv(channels, 3, stride=stride, padding=1)"), "in this layer"),),
    )
    shortened = Diagnostic(
        "E0301",
        "kernel too large",
        Span(RESNET.path, diagnostic.span.start, diagnostic.span.start + 1),
        "kernel 3",
        diagnostic.labels,
    )
    assert full(shortened, RESNET) == expected("""
        error[E0301]: kernel too large
          --> specs/resnet.arch:4:31
           |
         4 |         conv1: conv(channels, 3, stride=stride, padding=1) -> bn1: batch_norm -> relu
           |                ---------------^--------------------------- in this layer
           |                               |
           |                               kernel 3
    """)


def test_two_labels_at_one_place() -> None:
    diagnostic = Diagnostic("E0302", "m", at(RESNET, "identity"), "first", (Label(at(RESNET, "identity"), "second"),))
    assert full(diagnostic, RESNET) == expected("""
        error[E0302]: m
          --> specs/resnet.arch:5:9
           |
         5 |         identity
           |         ^^^^^^^^ first
           |         |
           |         second
    """)


def test_a_place_over_several_lines_is_drawn_on_its_first() -> None:
    whole = at(RESNET, "add {").to(at(RESNET, "}"))
    diagnostic = Diagnostic("E0302", "m", whole, "this merge", (Label(at(RESNET, "}"), "ends here"),))
    assert full(diagnostic, RESNET) == expected("""
        error[E0302]: m
          --> specs/resnet.arch:3:5
           |
         3 |     add {
           |     ^^^^^… this merge
        ...
         6 |     }
           |     - ends here
    """)


def test_numbers_of_five_digits_widen_the_gutter() -> None:
    source = Source("big.arch", "relu\n" * 9_999 + "softmx\nrelu\n")
    assert full(
        Diagnostic("E0201", "no layer", at(source, "softmx"), "unknown", help=Help("a", "b")), source
    ) == expected("""
        error[E0201]: no layer
             --> big.arch:10000:1
              |
        10000 | softmx
              | ^^^^^^ unknown
              |
        help: a
              |     b
    """)


def test_a_file_that_could_not_be_read_has_no_lines() -> None:
    diagnostic = Diagnostic(
        "E0109",
        "cannot read `x.arch`",
        Span("x.arch", 0, 0),
        "there is no such file",
        (Label(at(LIBRARY, "stem"), "imported here"),),
        help=Help("check the spelling"),
    )
    assert full(diagnostic, LIBRARY) == expected("""
        error[E0109]: cannot read `x.arch`
          --> x.arch:1:1
          ::: lib/blocks.arch:1:7
           |
         1 | block stem() {
           |       ---- imported here
           |
           = note: there is no such file
        help: check the spelling
    """)
    assert full(Diagnostic("E0104", "not text", Span("x.arch", 0, 0))) == "error[E0104]: not text\n  --> x.arch:1:1\n"


def test_a_long_trace_is_shortened_in_the_middle() -> None:
    frames = tuple(Frame(f"b{number}", at(RESNET, "relu", 1), "n=1" if number == 1 else "") for number in range(40))
    rows = full(Diagnostic("E0302", "m", at(RESNET, "add"), trace=frames), RESNET).split("\n")[5:]
    place = "applied at specs/resnet.arch:8:5"
    assert rows == [
        "   |",
        f"   = in block `b0`, {place}",
        f"   = in block `b1`, {place} with n=1",
        f"   = in block `b2`, {place}",
        f"   = in block `b3`, {place}",
        "   = ... through 33 more blocks ...",
        f"   = in block `b37`, {place}",
        f"   = in block `b38`, {place}",
        f"   = in block `b39`, {place}",
        "",
    ]
    eight = full(Diagnostic("E0302", "m", at(RESNET, "add"), trace=frames[:8]), RESNET)
    assert eight.count("in block") == 8, "a line that stands for one frame saves nothing"


def test_notes_and_helps_may_have_several_lines() -> None:
    diagnostic = Diagnostic(
        "E0105", "m", at(RESNET, "relu", 1), notes=("one\n::two",), help=Help("three\nfour", "five {\n    six\n}")
    )
    assert full(diagnostic, RESNET).split("\n")[5:] == [
        "   |",
        "   = note: one",
        r"           \x3a:two",
        "help: three",
        "      four",
        "   |     five {",
        "   |         six",
        "   |     }",
        "",
    ]


# --- colours -----------------------------------------------------------------------------------------


def test_colours_add_escape_sequences_and_nothing_else() -> None:
    diagnostic = Diagnostic(
        "W0319",
        "m",
        at(RESNET, "add"),
        "here",
        (Label(at(RESNET, "identity"), "there"),),
        (Frame("basic", at(RESNET, "basic", 1), "channels=64"),),
        ("a note",),
        Help("a help", "relu"),
    )
    sources = {RESNET.path: RESNET}
    plain = render_full([diagnostic], sources)
    colored = render_full([diagnostic], sources, color=True)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain
    assert colored.startswith("\x1b[1;33mwarning[W0319]\x1b[0m\x1b[1m: m\x1b[0m\n")
    for line in colored.splitlines():
        assert re.fullmatch(r"(\x1b\[[0-9;]+m[^\x1b]+\x1b\[0m|[^\x1b]+)*", line), "every colour ends on its line"


# --- many findings -----------------------------------------------------------------------------------


def test_findings_are_apart_by_one_blank_line() -> None:
    sources = {RESNET.path: RESNET}
    first, second = Diagnostic("E0101", "one", at(RESNET, "add")), Diagnostic("E0101", "two", at(RESNET, "relu"))
    both = render_full([first, second], sources)
    assert both == render_full([first], sources) + "\n" + render_full([second], sources)
    assert render_full([], sources) == ""


def test_the_work_of_findings_in_a_long_file_grows_with_their_number() -> None:
    lines = [f"    layer{number}: cnov({number}, 3) -> relu" for number in range(20_000)]
    source = Source("big.arch", "\n".join(lines))
    findings = [
        Diagnostic("E0201", "no `cnov`", source.span(start, start + 4), "unknown", (Label(source.span(4, 10), "l"),))
        for start in (source.lines.line_start(line) + lines[line - 1].index("cnov") for line in range(20, 20_001, 20))
    ]
    rendered = render_full(findings, {"big.arch": source})
    assert rendered.count(": cnov(") == 2_000, "its own line and the line of the label"
    assert rendered.count("^^^^ unknown") == 1_000
    sources = {"big.arch": source}
    twice = calls_of(lambda: render_full(findings, sources))
    assert twice <= 2.1 * calls_of(lambda: render_full(findings[:500], sources))


@pytest.mark.parametrize("filler", ["x ", "\t", "漢", "e\u0301", "\x1b", "##["])
def test_two_hundred_findings_on_a_line_of_a_megabyte(filler: str) -> None:
    source = Source("one.arch", filler * (1_000_000 // len(filler)))
    findings = [Diagnostic("E0102", "m", source.span(at, at + 1)) for at in range(0, 1_000_000, 5_000)]
    rendered = render_full(findings, {"one.arch": source})
    twice = calls_of(lambda: render_full(findings, {"one.arch": source}))
    assert twice <= 2.1 * calls_of(lambda: render_full(findings[:100], {"one.arch": source}))
    assert len(rendered) < 200 * 2_000


def test_a_merge_of_a_thousand_paths_shows_a_dozen() -> None:
    source = Source("a.arch", "add {\n" + "    relu\n" * 1_000 + "}\n")
    labels = tuple(Label(source.span(10 + 9 * number, 14 + 9 * number), "path") for number in range(1_000))
    rendered = full(Diagnostic("E0302", "m", source.span(0, 3), "here", labels), source)
    assert rendered.count("---- path") == 12
    assert "   = note: 988 more places like these\n" in rendered


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        ((3, 1, 2, 0), "3 errors, 1 warning in 2 files"),
        ((1, 0, 1, 0), "1 error in 1 file"),
        ((0, 2, 1, 0), "2 warnings in 1 file"),
        ((240, 0, 3, 40), "240 errors in 3 files (40 of them not shown)"),
        ((0, 0, 12, 0), "no findings in 12 files"),
    ],
)
def test_the_last_line(counts: tuple[int, int, int, int], line: str) -> None:
    assert summary_line(*counts) == line
