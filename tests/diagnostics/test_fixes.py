"""Edits on the bytes of a file: exactly there, none over another, line ends and byte-order mark as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.diagnostics.diagnostic import Diagnostic, Edit, Help
from archdsl.diagnostics.fixes import choose, edited
from archdsl.source.loader import decode
from archdsl.source.source import Source
from archdsl.source.span import Span
from tests.counting import calls_of


def edit(start: int, end: int, text: str = "", path: str = "a") -> Edit:
    return Edit(Span(path, start, end), text)


def finding(*edits: Edit, at: int = 0) -> Diagnostic:
    return Diagnostic("E0201", "m", Span("a", at, at), help=Help("h", edits=edits))


def chosen(*findings: Diagnostic, files: tuple[str, ...] = ("a", "b")) -> tuple[list[tuple[int, int]], int]:
    found, repaired = choose(findings, files, lambda path: path)
    return [(each.span.start, each.span.end) for each in found.get("a", ())], repaired


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"one rleu\ntwo rleu\n", b"one relu\ntwo relu\n"),
        (b"one rleu\r\ntwo rleu\r\n", b"one relu\r\ntwo relu\r\n"),
        (b"one rleu\rtwo rleu", b"one relu\rtwo relu"),
        (b"\xef\xbb\xbfone rleu\r\ntwo rleu", b"\xef\xbb\xbfone relu\r\ntwo relu"),
        ("öne rleu\n漢字 rleu".encode(), "öne relu\n漢字 relu".encode()),
    ],
    ids=["LF", "CRLF", "CR", "mark", "wide"],
)
def test_everything_else_stays_to_the_byte(data: bytes, expected: bytes) -> None:
    source = decode("a", data)
    assert isinstance(source, Source)
    places = [at for at in range(len(source.text)) if source.text.startswith("rleu", at)]
    assert edited(data, [edit(at, at + 4, "relu") for at in places]) == expected


@given(st.lists(st.sampled_from(["a", "é", "😀", "\n", "\r\n", "\r"]), max_size=30), st.booleans(), st.data())
def test_an_edit_of_the_bytes_is_an_edit_of_the_text(parts: list[str], mark: bool, data: st.DataObject) -> None:
    raw = (b"\xef\xbb\xbf" if mark else b"") + "".join(parts).encode()
    source = decode("a", raw)
    assert isinstance(source, Source)
    text = source.text
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    edits = [edit(start, end, "X") for start, end in zip(cuts[::2], cuts[1::2], strict=False)]
    expected = text
    for each in reversed(edits):
        expected = expected[: each.span.start] + each.text + expected[each.span.end :]
    after = decode("a", edited(raw, edits))
    assert isinstance(after, Source)
    assert after.text == expected


def test_findings_without_edits_are_left_alone() -> None:
    assert chosen(
        Diagnostic("E0201", "m", Span("a", 0, 1)), Diagnostic("E0201", "m", Span("a", 0, 1), help=Help("h"))
    ) == (
        [],
        0,
    )


def test_of_two_edits_that_overlap_or_adjoin_the_first_is_made() -> None:
    assert chosen(finding(edit(0, 4)), finding(edit(3, 6)), finding(edit(7, 8))) == ([(0, 4), (7, 8)], 2)
    assert chosen(finding(edit(0, 4)), finding(edit(4, 6))) == ([(0, 4)], 1)
    assert chosen(finding(edit(5, 9)), finding(edit(0, 20))) == ([(5, 9)], 1)
    assert chosen(finding(edit(5, 5, "x")), finding(edit(5, 5, "x"))) == ([(5, 5)], 1)


def test_the_edits_come_in_the_order_of_the_text() -> None:
    assert chosen(finding(edit(9, 10)), finding(edit(0, 1)), finding(edit(4, 5))) == ([(0, 1), (4, 5), (9, 10)], 3)


def test_the_edits_of_a_finding_are_made_all_or_none() -> None:
    assert chosen(finding(edit(0, 1)), finding(edit(5, 6), edit(0, 2))) == ([(0, 1)], 1)
    assert chosen(finding(edit(5, 6), edit(0, 1, path="c"))) == ([], 0)


def test_only_files_that_may_be_changed_are() -> None:
    assert chosen(finding(edit(0, 1)), files=("b",)) == ([], 0)


def test_two_names_of_one_file_are_one_file() -> None:
    findings = [finding(edit(0, 4, path="a")), finding(edit(0, 4, path="b"))]
    assert choose(findings, ["real"], lambda path: "real") == ({"real": [edit(0, 4)]}, 1)


def test_the_work_grows_with_the_edits() -> None:
    def made(edits: int) -> None:
        findings = (finding(edit(10 * at, 10 * at + 3)) for at in range(edits))
        found, repaired = choose(findings, ["a"], lambda path: path)
        assert repaired == edits
        edited(b"x\r\n" * 10 * edits, found["a"])

    assert calls_of(lambda: made(2_000)) <= 2.1 * calls_of(lambda: made(1_000))
