"""Whatever a stranger writes: each row of the text is a row of ours, and every caret stands where it should."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from archdsl.diagnostics.diagnostic import Diagnostic, Frame, Help, Label
from archdsl.diagnostics.render.full import render_full
from archdsl.source.source import Source
from archdsl.source.span import Span

OURS = re.compile(
    r"(error|warning)\[[EW]\d{4}\]: .*|\s*(-->|:::) .*| *\d* \| .*|\.\.\. "
    r"|\s+= (note: |in block |\.\.\. through ).*|help: .*| {6}.*| "
)
STEERING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
NASTY = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("\n\t\r\x1b\x7f\x85\u202e\u2028\u200b\u0301漢:#[]{}() ax"),
    ),
    max_size=60,
)
ONE_LINE = NASTY.map(lambda text: text.replace("\n", " "))


@st.composite
def findings(draw: st.DrawFn) -> tuple[Diagnostic, dict[str, Source]]:
    """A finding in which everything that can come from a stranger does."""
    paths = draw(st.lists(NASTY, min_size=1, max_size=3, unique=True))
    sources = {path: Source(path, draw(NASTY) * draw(st.integers(0, 4))) for path in paths}
    place = st.builds(Span, st.sampled_from([*paths, "gone"]), st.integers(-3, 250), st.integers(-3, 250))
    diagnostic = Diagnostic(
        draw(st.sampled_from(["E0201", "W0319"])),
        draw(NASTY),
        draw(place),
        draw(NASTY),
        tuple(draw(st.lists(st.builds(Label, place, NASTY), max_size=4))),
        tuple(draw(st.lists(st.builds(Frame, NASTY, place, NASTY), max_size=9))),
        tuple(draw(st.lists(NASTY, max_size=2))),
        draw(st.none() | st.builds(Help, NASTY, st.none() | NASTY)),
    )
    return diagnostic, sources


@given(findings(), st.integers(0, 130))
def test_no_text_of_a_stranger_reaches_the_screen_raw(
    finding: tuple[Diagnostic, dict[str, Source]], width: int
) -> None:
    rendered = render_full([finding[0]], finding[1], width=width)
    rendered.encode("utf-8")
    assert "##[" not in rendered
    assert rendered.endswith("\n")
    for row in rendered[:-1].split("\n"):
        assert OURS.fullmatch(f"{row} "), f"not a row of ours: {row!r}"
        assert not any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in row)
        assert not any(unicodedata.bidirectional(char) in STEERING for char in row)
        assert not re.match(r"\s*::(?!: )", row)
        assert row == row.rstrip()


def screen_columns(text: str) -> list[str]:
    """What stands in each column of a terminal: a slow, independent model of one.

    A wide character fills its second column with an empty string; marks join the column before them.
    """
    columns: list[str] = []
    for char in text:
        if unicodedata.category(char) in ("Mn", "Me"):
            if columns:
                columns[-1] += char
            continue
        columns.append(char)
        if unicodedata.east_asian_width(char) in ("W", "F"):
            columns.append("")
    return columns


@given(
    st.text(st.sampled_from("ab \t漢é\x1b\u202e😀"), max_size=40),
    st.text(st.sampled_from("\t漢\x1b\u202e😀"), max_size=40),
    st.integers(40, 120),
)
def test_the_carets_stand_exactly_below_the_marked_text(before: str, behind: str, width: int) -> None:
    source = Source("a.arch", f"{before}MARKED{behind}")
    diagnostic = Diagnostic("E0201", "m", source.span(len(before), len(before) + 6))
    line, underline = render_full([diagnostic], {"a.arch": source}, width=width).split("\n")[3:5]
    columns = screen_columns(line)
    assert "".join(columns[column] for column, sign in enumerate(underline) if sign == "^") == "MARKED"
    assert len(columns) <= width
    assert len(underline) <= width
