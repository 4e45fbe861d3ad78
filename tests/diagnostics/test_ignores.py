"""Ignore comments: what they silence, what they do not, and which of them are in vain."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.ignores import MOST_NAMES, silence
from archdsl.source.source import Source
from archdsl.source.span import Span
from tests.counting import calls_of

PATH = "a.arch"


def found(text: str, *codes: str, judged: bool = True, at: str = "conv") -> list[tuple[str, int, int]]:
    """(code, line, column) of what is left when findings of these codes stand at the first ``conv``."""
    source = Source(PATH, text)
    begin = text.index(at)
    findings = [Diagnostic(code, "m", source.span(begin, begin + len(at))) for code in codes]
    left = silence(findings, {PATH: source}, [PATH] if judged else [])
    places = [(finding.code, source.position(finding.span.start)) for finding in left]
    return sorted((code, place.line, place.column) for code, place in places)


SILENT = [
    "conv(8, 3)  # archdsl: ignore[W0319] the border does not matter",
    "conv(8, 3)  # archdsl: ignore[W0319]",
    "conv(8, 3)#archdsl:ignore[W0319]",
    "conv(8, 3)  #  archdsl:  ignore  [ W0319 ]  reason",
    "conv(8, 3)  # archdsl: ignore[stride-drops-pixels]",
    "conv(8, 3)  # archdsl: ignore[w0319]",
    "conv(8, 3)  # a remark first  # archdsl: ignore[W0319]",
    "# archdsl: ignore[W0319] of the next line\nconv(8, 3)",
    "# archdsl: ignore[W0319]\n\n    # another comment\n   conv(8, 3)",
    'name("#", conv) # archdsl: ignore[W0319]',
    'name("\\"#", conv) # archdsl: ignore[W0319]',
    "# archdsl: ignore[W0319]\n\tconv(8, 3)",
]


@pytest.mark.parametrize("text", SILENT)
def test_a_warning_is_silenced(text: str) -> None:
    assert found(text, "W0319") == []
    assert found("conv(8, 3)", "W0319") == [("W0319", 1, 1)], "which is there without the comment"


def test_several_names_in_one_comment() -> None:
    assert found("conv  # archdsl: ignore[W0319, even-kernel-shift,W0504,]", "W0319", "W0340", "W0504") == []


def test_several_findings_of_one_code_on_a_line() -> None:
    source = Source(PATH, "conv conv  # archdsl: ignore[W0319]")
    findings = [Diagnostic("W0319", "m", source.span(at, at + 4)) for at in (0, 5)]
    assert silence(findings, {PATH: source}, [PATH]) == []


NOT_SILENT = [
    "conv(8, 3)  # archdsl: ignore[W0320]",
    "relu  # archdsl: ignore[W0319]\nconv(8, 3)",
    "conv(8, 3)\n# archdsl: ignore[W0319]",
    "conv(8, 3)\n# archdsl: ignore[W0319]\nrelu",
    "# archdsl: ignore[W0319]\nrelu\nconv(8, 3)",
    "## archdsl: ignore[W0319]\nconv(8, 3)",
    "## Write # archdsl: ignore[W0319] there.\nconv(8, 3)",
    'name("# archdsl: ignore[W0319]", conv)',
    "# noqa: archdsl ignore[W0319]\nconv(8, 3)",
    "conv(8, 3)  # archdsl: ignored[W0319]",
    "conv(8, 3)  # archdsl: ignore",
    "conv(8, 3)  # archdsl: ignore W0319",
    "conv(8, 3)  # archdsl: ignore[W0319",
    "conv(8, 3)  # archdsl: ignore[]",
    "conv(8, 3)  # archdsl: ignore[W03]",
    "conv(8, 3)  # archdsl: ignore[*]",
    'conv("unclosed  # archdsl: ignore[W0319]',
]


@pytest.mark.parametrize("text", NOT_SILENT)
def test_a_warning_is_not_silenced(text: str) -> None:
    line = text[: text.index("conv")].count("\n") + 1
    assert ("W0319", line) in [(code, number) for code, number, _ in found(text, "W0319")]


@pytest.mark.parametrize("name", ["E0302", "shape-mismatch", "e0302"])
def test_errors_are_not_silenced(name: str) -> None:
    assert found(f"conv  # archdsl: ignore[{name}]", "E0302") == [("E0302", 1, 1), ("W0705", 1, 25)]


# --- comments in vain -------------------------------------------------------------------------------------------------


def test_an_unused_comment_is_reported_at_its_name() -> None:
    assert found("conv  # archdsl: ignore[W0319, W0320]", "W0320") == [("W0704", 1, 25)]


def test_unused_comments_of_files_that_are_not_judged_are_not_reported() -> None:
    assert found("conv  # archdsl: ignore[W0319]", judged=False) == []


def test_a_comment_is_used_by_a_finding_of_another_file_only_at_its_own_place() -> None:
    texts = {name: Source(name, "conv  # archdsl: ignore[W0319]") for name in ("a", "b")}
    left = silence([Diagnostic("W0319", "m", Span("a", 0, 4))], texts, ["a", "b"])
    assert [(finding.code, finding.span.path) for finding in left] == [("W0704", "b")]


@pytest.mark.parametrize(
    ("comment", "column", "message"),
    [
        ("# archdsl: ignore", 7, "names no warning"),
        ("# archdsl: ignore[ , ]", 7, "names no warning"),
        ("# archdsl: ignore[W0319", 7, "names no warning"),
        ("# archdsl: ignore[W0391]", 25, "there is no warning `W0391`"),
        ("# archdsl: ignore[W0319, unused-nam]", 32, "there is no warning `unused-nam`"),
        ("# archdsl: ignore[W]", 25, "there is no warning `W`"),
        ("# archdsl: ignore[E0302]", 25, "errors cannot be silenced"),
        ("# archdsl: ignore[W0704]", 25, "no comment silences it"),
        ("# archdsl: ignore[invalid-ignore]", 25, "no comment silences it"),
        (f"# archdsl: ignore[{'W0319,' * MOST_NAMES}W0319]", 7, f"more than {MOST_NAMES}"),
    ],
)
def test_a_comment_that_names_no_warning(comment: str, column: int, message: str) -> None:
    source = Source(PATH, f"conv  {comment}")
    (finding,) = [each for each in silence([], {PATH: source}) if each.code == "W0705"]
    assert (source.position(finding.span.start).column, source.position(finding.span.start).line) == (column, 1)
    assert message in finding.message


def test_a_misspelt_name_gets_a_guess() -> None:
    source = Source(PATH, "conv  # archdsl: ignore[unused-nam]")
    (finding,) = silence([], {PATH: source})
    assert finding.help is not None
    assert finding.help.text == "did you mean `unused-name`?"


@pytest.mark.parametrize(
    "text",
    [
        lambda n: "# archdsl: ignore[W0319]\n" * n,
        lambda n: "# archdsl: ignore[nonsense]\n" * n,
        lambda n: f"# archdsl: ignore[{'a,' * n}]",
        lambda n: f"# archdsl: ignore[{' ' * n}",
        lambda n: f"{'#' * n} archdsl: ignore[W0319]",
        lambda n: '"' * n + "# archdsl: ignore[W0319]",
        lambda n: f"# archdsl: {'ignore ' * n}",
        lambda n: "# archdsl:" * n,
    ],
    ids=range(8),
)
def test_the_work_grows_with_the_comments(text: Callable[[int], str]) -> None:
    def calls(length: int) -> int:
        return calls_of(lambda: silence([], {PATH: Source(PATH, text(length))}, [PATH]))

    assert calls(4_000) <= 2.1 * calls(2_000)
