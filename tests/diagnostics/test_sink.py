"""The sink: order, repeats, limits."""

from __future__ import annotations

import pytest

from archdsl.diagnostics import sink as sink_module
from archdsl.diagnostics.diagnostic import Diagnostic, Frame
from archdsl.diagnostics.sink import SHOWN_LIMIT, Sink
from archdsl.source.span import Span


def finding(
    code: str = "E0302", path: str = "a.arch", start: int = 0, message: str = "", trace: tuple[Frame, ...] = ()
) -> Diagnostic:
    return Diagnostic(code, message or f"{code} at {start}", Span(path, start, start + 3), trace=trace)


def applied(at: int) -> tuple[Frame, ...]:
    return (Frame("basic", Span("a.arch", at, at + 5)),)


def filled(*findings: Diagnostic) -> Sink:
    sink = Sink()
    sink.extend(findings)
    return sink


def test_an_empty_sink_is_clean() -> None:
    sink = Sink()
    assert (list(sink), len(sink), sink.has_errors, sink.is_full, sink.shown()) == ([], 0, False, False, ((), 0))


def test_findings_come_by_path_then_place_then_code() -> None:
    reported = [
        finding(path="b.arch", start=1),
        finding(start=30),
        finding("W0319", start=4),
        finding("E0301", start=4),
        finding(start=9),
    ]
    expected = [("a.arch", 4, "E0301"), ("a.arch", 4, "W0319"), ("a.arch", 9, "E0302"), ("a.arch", 30, "E0302")]
    expected.append(("b.arch", 1, "E0302"))
    for order in (reported, reported[::-1]):
        assert [(one.span.path, one.span.start, one.code) for one in filled(*order)] == expected


def test_a_repeat_is_dropped_and_counted_and_the_first_stays() -> None:
    sink = filled(finding(message="first"), finding(message="second"), finding(message="third"))
    assert [one.message for one in sink] == ["first"]
    assert (len(sink), sink.suppressed) == (1, 2)


@pytest.mark.parametrize(
    "other",
    [
        finding("E0301"),
        finding(path="b.arch"),
        finding(start=1),
        Diagnostic("E0302", "longer", Span("a.arch", 0, 4)),
    ],
)
def test_another_code_or_another_place_is_no_repeat(other: Diagnostic) -> None:
    sink = filled(finding(), other)
    assert (len(sink), sink.suppressed, len(list(sink))) == (2, 0, 2)


def test_one_wrong_block_applied_fifty_times_is_one_finding_that_says_so() -> None:
    sink = filled(*(finding(trace=applied(100 + at)) for at in range(50)))
    (only,) = sink
    assert only.trace == applied(100)
    assert only.notes == ("the same happens in 49 other applications",)
    assert sink.suppressed == 49
    assert sink.shown() == ((only,), 0)


def test_the_same_application_reported_again_is_not_another_application() -> None:
    sink = filled(finding(trace=applied(100)), finding(trace=applied(100)))
    assert [one.notes for one in sink] == [()]
    sink.report(finding(trace=applied(200)))
    sink.report(finding(trace=applied(200)))
    assert [one.notes for one in sink] == [("the same happens in 1 other application",)]


def test_a_finding_outside_of_blocks_has_no_applications_to_tell() -> None:
    assert [one.notes for one in filled(finding(), finding(trace=applied(5)))] == [()]


def test_only_errors_make_errors() -> None:
    sink = filled(finding("W0319"), finding("W0320"))
    assert (sink.has_errors, sink.errors, sink.warnings) == (False, 0, 2)
    sink.report(finding("E0101"))
    assert (sink.has_errors, sink.errors, sink.warnings) == (True, 1, 2)


def test_a_code_that_nobody_registered_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        Sink().report(finding("E0999"))


def test_two_hundred_are_shown_and_the_rest_is_a_number() -> None:
    sink = filled(*(finding(start=at) for at in range(199)))
    assert (len(sink.shown()[0]), sink.shown()[1], sink.is_full) == (199, 0, False)
    sink.extend(finding(start=at) for at in range(199, 1000))
    shown, hidden = sink.shown()
    assert sink.is_full
    assert ([one.span.start for one in shown], hidden) == (list(range(200)), 800)


def test_no_error_hides_behind_warnings() -> None:
    sink = filled(*(finding("W0319", start=at) for at in range(SHOWN_LIMIT + 50)), finding(path="z.arch"))
    shown, hidden = sink.shown()
    assert (len(shown), hidden) == (SHOWN_LIMIT, 51)
    assert shown[-1].span.path == "z.arch"
    assert [one.span.start for one in shown[:-1]] == list(range(SHOWN_LIMIT - 1))


def test_memory_is_bounded_and_the_counts_stay_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_module, "KEPT_LIMIT", 10)
    sink = filled(*(finding("W0319", start=at) for at in range(8)), *(finding(start=at) for at in range(7)))
    assert (sink.warnings, sink.errors, len(sink)) == (8, 7, 15)
    assert [one.code for one in sink].count("W0319") == 5
    assert [one.code for one in sink].count("E0302") == 5
    assert sink.overflow == 5
    assert sink.shown() == (tuple(sink), 5)
