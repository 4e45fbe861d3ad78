"""Findings for GitHub Actions: workflow commands that become annotations, and the Markdown of a step's summary.

A step shows ten errors and ten warnings; what follows is dropped without a word. So errors come first, what finds no
room is printed as plain lines, and the last line counts everything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.escape import escape
from archdsl.diagnostics.render.concise import concise_line
from archdsl.diagnostics.render.full import render_full, summary_line
from archdsl.diagnostics.render.plain import headline, remarks
from archdsl.diagnostics.render.run import Run, range_of
from archdsl.diagnostics.sink import SHOWN_LIMIT

ANNOTATIONS = 10
"""How many annotations of one severity GitHub shows for a step."""

LARGEST_SUMMARY = 512 * 1024
"""Characters of a step's summary; GitHub refuses a MiB of bytes, all steps' own text included."""


def render_github(run: Run) -> str:
    """Workflow commands for the gravest findings, plain lines for the others, and a line that counts them."""
    if run.failure is not None:
        return f"{_command('error', {'title': 'archdsl'}, escape_lines(run.failure))}\n"
    shown: list[str] = []
    left: list[Diagnostic] = []
    for severity in ("error", "warning"):
        of_one = [finding for finding in run.findings if CODES[finding.code].severity == severity]
        shown += [_annotation(finding, run) for finding in of_one[:ANNOTATIONS]]
        left += of_one[ANNOTATIONS:]
    lines = [concise_line(finding, run.sources) for finding in left[:SHOWN_LIMIT]]
    unseen = len(left[SHOWN_LIMIT:]) + run.hidden
    if left:
        text = f"{len(left) + run.hidden} more findings stand in the log of this step; {_counted(run)}"
        shown.append(_command("notice", {"title": "archdsl"}, text))
    return "".join(f"{line}\n" for line in [*shown, *lines, _counted(run, unseen)])


def render_step_summary(run: Run) -> str:
    """The run as Markdown: a heading, and the findings in full as a block of text in which nothing is markup."""
    if run.failure is not None:
        return f"### archdsl: no result\n\n{text_block(escape_lines(run.failure))}"
    heading = f"### archdsl: {_counted(run)}\n"
    if not run.findings:
        return heading
    gravest = sorted(run.findings, key=lambda finding: CODES[finding.code].severity != "error")
    text, room, number = "", LARGEST_SUMMARY, 0
    for number, finding in enumerate(gravest[:SHOWN_LIMIT], 1):
        one = render_full([finding], run.sources)
        if len(one) > room:
            number -= 1
            break
        text += f"{one}\n"
        room -= len(one)
    hidden = len(run.findings) - number + run.hidden
    more = f"\n{hidden} more findings are not shown here.\n" if hidden else ""
    return f"{heading}\n{text_block(text)}{more}"


def escape_lines(text: str) -> str:
    """Several lines, each safe for the screen."""
    return "\n".join(escape(line) for line in text.split("\n"))


def _annotation(finding: Diagnostic, run: Run) -> str:
    code = CODES[finding.code]
    where = range_of(finding.span, run.sources)
    properties: dict[str, object] = {
        "file": escape(run.in_repository(finding.span.path)),
        "line": where.line,
        "endLine": where.line,
        "col": where.column,
    }
    if where.line == where.end_line:  # GitHub takes an end column only within one line
        properties["endColumn"] = where.end_column
    properties["title"] = f"{code.id} {code.slug}"
    return _command(code.severity, properties, "\n".join([headline(finding), *remarks(finding, run)]))


def _command(name: str, properties: Mapping[str, object], text: str) -> str:
    stated = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{name} {stated}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _counted(run: Run, hidden: int = 0) -> str:
    return summary_line(run.count("error"), run.count("warning"), len(run.files), hidden)


def text_block(text: str, language: str = "text") -> str:
    """A fenced block whose fence is longer than any run of backticks in it."""
    longest = max((len(ticks) for ticks in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip(chr(10))}\n{fence}\n"
