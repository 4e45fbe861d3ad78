"""The layout engine against texts written by hand and against a naive renderer that shares no code with it."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from archdsl.pretty.doc import (
    BREAK_PARENT,
    EMPTY,
    HARD_LINE,
    LINE,
    SOFT_LINE,
    Bracketed,
    BreakInside,
    Concat,
    Doc,
    Group,
    GroupId,
    IfBroken,
    Indent,
    Line,
    Suffix,
    Text,
    best_of,
    concat,
    group,
    group_if_broken,
    if_broken,
    indent,
    join,
    soft_block,
)
from archdsl.pretty.layout import render
from tests.counting import calls_of


def call(name: str, *items: Doc | str, forced: bool = False) -> Doc:
    """``name(a, b)``, one item per line where it does not fit."""
    body = join(concat(",", LINE), [concat(item) for item in items])
    return group(concat(name, "(", soft_block(concat(body, if_broken(","))), ")"), forced=forced)


# --- texts written by hand ----------------------------------------------------------------------------


def test_a_group_that_fits_stays_on_its_line() -> None:
    assert render(call("f", "a", "b"), width=7) == "f(a, b)"


def test_a_group_one_column_too_long_breaks_at_all_of_its_lines() -> None:
    assert render(call("f", "a", "b"), width=6) == "f(\n    a,\n    b,\n)"


def test_what_follows_a_group_on_its_line_counts() -> None:
    doc = concat(call("f", "a", "b"), " + c")
    assert render(doc, width=11) == "f(a, b) + c"
    assert render(doc, width=10) == "f(\n    a,\n    b,\n) + c"


def test_what_follows_on_the_next_line_does_not_count() -> None:
    assert render(concat(call("f", "a", "b"), HARD_LINE, "a long line"), width=7) == "f(a, b)\na long line"


def test_the_outer_group_breaks_first() -> None:
    assert render(call("f", call("g", "a", "b"), "c"), width=12) == "f(\n    g(a, b),\n    c,\n)"


def test_every_level_breaks_where_nothing_fits() -> None:
    assert render(call("f", call("g", "a")), width=5) == "f(\n    g(\n        a,\n    ),\n)"


def test_text_that_cannot_break_overflows() -> None:
    assert render(concat("abc", "defg"), width=3) == "abcdefg"


def test_a_hard_line_breaks_every_group_around_it() -> None:
    doc = group(concat("[", soft_block(group(concat("a", HARD_LINE, "b"))), "]"))
    assert render(doc, width=80) == "[\n    a\n    b\n]"


def test_a_forced_group_breaks_though_it_fits() -> None:
    assert render(call("f", "a", forced=True), width=80) == "f(\n    a,\n)"
    assert render(group(concat("x", call("f", concat("a", BREAK_PARENT)))), width=80) == "xf(\n    a,\n)"


def test_an_empty_line_has_no_blanks() -> None:
    assert render(indent(concat("a", HARD_LINE, HARD_LINE, "b")), width=80, indentation=4) == "    a\n\n        b"


def test_content_depends_on_a_named_group() -> None:
    id = GroupId()
    doc = concat(group(concat("a", SOFT_LINE, "b"), id=id), HARD_LINE, if_broken("broken", "flat", id))
    assert render(doc, width=2) == "ab\nflat"
    assert render(doc, width=1).endswith("\nbroken")


def test_indentation_depends_on_a_named_group() -> None:
    id = GroupId()
    doc = concat(group(concat("a", SOFT_LINE, "b"), id=id), indent(concat(HARD_LINE, "c"), only_if_broken=id))
    assert render(doc, width=2) == "ab\nc"
    assert render(doc, width=1) == "a\nb\n    c"


def test_a_group_of_a_broken_group_only() -> None:
    id = GroupId()
    inner = group_if_broken(concat("a", LINE, "b"), id)
    assert render(concat(group(concat("x", SOFT_LINE), id=id), inner), width=3) == "xa\nb", (
        "no group: it is in the open"
    )
    assert render(concat(group(concat("xxxx", SOFT_LINE), id=id), inner), width=3) == "xxxx\na b"


def test_inner_brackets_may_break_without_the_outer_group() -> None:
    id = GroupId()
    brackets = BreakInside(group(soft_block(Text("argument"))), id)
    doc = group(
        concat(if_broken("("), indent(concat(SOFT_LINE, "f(", brackets, ")"), id), SOFT_LINE, if_broken(")")), id=id
    )
    assert render(doc, width=11) == "f(argument)"
    assert render(doc, width=10) == "f(\n    argument\n)"
    assert render(doc, width=1) == "(\n    f(\n        argument\n    )\n)"


def test_what_stands_before_the_first_break_inside_has_to_fit() -> None:
    brackets = BreakInside(concat("{", indent(concat(HARD_LINE, "body")), HARD_LINE, "}"), None)
    doc = group(concat("a", LINE, "loop ", brackets, " b"))
    assert render(doc, width=8) == "a loop {\n    body\n} b"
    assert render(doc, width=7) == "a\nloop {\n    body\n} b"
    assert render(group(concat("a", LINE, brackets, " b")), width=3) == "a {\n    body\n} b"


def test_brackets_are_added_only_where_they_help() -> None:
    doc = concat("x = ", Bracketed("(", Text("name"), ")", GroupId()))
    assert render(doc, width=8) == "x = name"
    assert render(concat("xxxx", doc), width=11) == "xxxxx = (\n    name\n)"
    assert render(doc, width=7) == "x = name", "it would not fit between brackets either"


def test_the_first_layout_that_fits_is_taken() -> None:
    layouts = [Text("long text"), Text("shorter"), call("f", "a")]
    assert render(best_of(layouts), width=9) == "long text"
    assert render(best_of(layouts), width=8) == "shorter"
    assert render(best_of(layouts), width=6) == "f(a)"
    assert render(best_of(layouts), width=3) == "f(\n    a,\n)"


def test_all_lines_of_a_layout_can_count() -> None:
    layouts = [concat("a", HARD_LINE, "too long"), Text("bb")]
    assert render(best_of(layouts), width=3) == "a\ntoo long"
    two_lines = group(concat("a", LINE, "too long"), forced=True)
    assert render(best_of([two_lines, Text("bb")], all_lines=True), width=3) == "bb"


def test_of_layouts_that_follow_the_broken_one_is_measured() -> None:
    # What follows the group is in the open: its last layout has a line break after two columns.
    layouts = best_of([Text("cccc"), concat("cc", HARD_LINE, "c")])
    assert render(concat(call("f", "a"), layouts), width=6) == "f(a)cc\nc"


def test_a_remark_counts_as_wide_as_it_says() -> None:
    assert render(concat(call("f", "a"), Suffix("  # remark", 10)), width=14) == "f(a)  # remark"
    assert render(concat(call("f", "a"), Suffix("  # remark", 10)), width=13) == "f(\n    a,\n)  # remark"
    assert render(concat(call("f", "a"), Suffix("  # remark", 0)), width=4) == "f(a)  # remark"


def test_no_layout_is_an_error() -> None:
    with pytest.raises(AssertionError):
        best_of([])


def test_an_unknown_group_is_an_error() -> None:
    with pytest.raises(KeyError):
        render(if_broken("a", "b", GroupId()), width=80)


# --- a naive renderer: Wadler's equations on a list, with copies and recursion ---------------------------


_Todo = list[tuple[int, bool, Doc]]


def naive(doc: Doc, width: int) -> str:
    """The text by trying: a group is flat if its line, written out, is not too long."""
    return _naive([(0, False, doc)], width, 0, 0)


def _naive(todo: _Todo, width: int, column: int, owed: int) -> str:
    """``owed``: blanks still to be written before the first text of the line."""
    if not todo:
        return ""
    (margin, flat, doc), rest = todo[0], todo[1:]
    match doc:
        case Text(value=value) | Line(flat=value, hard=False) if value and (flat or isinstance(doc, Text)):
            return " " * owed + value + _naive(rest, width, column + owed + len(value), 0)
        case Text():
            return _naive(rest, width, column, owed)
        case Line():
            if flat and not doc.hard:
                return _naive(rest, width, column, owed)
            return "\n" + _naive(rest, width, 0, margin)
        case Concat():
            return _naive([(margin, flat, part) for part in doc.parts] + rest, width, column, owed)
        case Indent():
            return _naive([(margin + 4, flat, doc.body), *rest], width, column, owed)
        case IfBroken():
            return _naive([(margin, flat, doc.flat if flat else doc.broken), *rest], width, column, owed)
        case Group():
            fits = not _has_hard_line(doc)
            if fits and not flat:
                line = _naive([(margin, True, doc.body), *_until_break(rest)], 10**9, 0, 0).split("\n")[0]
                fits = not line or column + owed + len(line) <= width
            return _naive([(margin, fits, doc.body), *rest], width, column, owed)
    raise AssertionError(doc)


def _until_break(todo: _Todo) -> _Todo:
    """What follows in the open: every break there ends the line, groups included."""
    return [(margin, flat, _opened(doc) if not flat else doc) for margin, flat, doc in todo]


def _opened(doc: Doc) -> Doc:
    match doc:
        case Line():
            return HARD_LINE
        case Concat():
            return concat(*(_opened(part) for part in doc.parts))
        case Group() | Indent():
            return _opened(doc.body)
        case IfBroken():
            return _opened(doc.broken)
    return doc


def _has_hard_line(doc: Doc) -> bool:
    match doc:
        case Line():
            return doc.hard
        case Concat():
            return any(map(_has_hard_line, doc.parts))
        case Group() | Indent():
            return _has_hard_line(doc.body)
        case IfBroken():
            return _has_hard_line(doc.broken) or _has_hard_line(doc.flat)
    return False


def random_doc(rng: random.Random, depth: int) -> Doc:
    """A document of the four classic kinds, and of content that depends on its own group."""
    kinds = (
        ["text", "text", "line", "soft"]
        if depth == 0
        else ["text", "line", "soft", *["concat", "group"] * 3, "indent", "if"]
    )
    match rng.choice(kinds):
        case "text":
            return Text(rng.choice("a bb cccc dddddddd".split()))
        case "line":
            return LINE if rng.random() < 0.9 else HARD_LINE
        case "soft":
            return SOFT_LINE
        case "concat":
            return concat(*(random_doc(rng, depth - 1) for _ in range(rng.randint(0, 4))))
        case "group":
            return group(random_doc(rng, depth - 1))
        case "indent":
            return indent(random_doc(rng, depth - 1))
    return if_broken(Text(rng.choice(["", ",", "broken"])), Text(rng.choice(["", "flat"])))


def without_blanks(text: str) -> str:
    return "\n".join(line.rstrip(" ") for line in text.split("\n"))


@pytest.mark.parametrize("seed", range(20))
def test_random_documents_are_laid_out_as_the_naive_renderer_does(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(200):
        doc = concat(random_doc(rng, 5), random_doc(rng, 3))
        width = rng.choice([1, 5, 10, 20, 40])
        assert without_blanks(render(doc, width=width)) == without_blanks(naive(doc, width)), doc


def test_laying_out_is_the_same_every_time() -> None:
    doc = random_doc(random.Random(7), 8)
    assert render(doc, width=20) == render(doc, width=20)


# --- size ---------------------------------------------------------------------------------------------


def nested(depth: int) -> Doc:
    doc: Doc = EMPTY
    for _ in range(depth):
        doc = group(concat("(", soft_block(doc), ")"))
    return doc


def test_depth_is_no_limit() -> None:
    # At this depth every recursive walk of Python ends in a RecursionError.
    text = render(nested(2_000), width=80, step=0)
    assert text.count("(") == text.count(")") == 2_000


@pytest.mark.parametrize(
    "make", [lambda n: call("f", *["item"] * n), nested, lambda n: join(LINE, [call("f", "a")] * n)]
)
def test_work_grows_with_size_and_not_faster(make: Callable[[int], Doc]) -> None:
    # Eight times the size: quadratic growth would be 64 times the work.
    few, many = make(200), make(1_600)
    assert calls_of(lambda: render(many, width=80, step=0)) < 16 * calls_of(lambda: render(few, width=80, step=0))
