"""The full text of findings, for people: headline, source lines with underlines, trace, notes, repair.

    error[E0302]: `add` needs equal shapes on all its paths
      --> specs/resnet.arch:9:5
       |
     9 |     add {
       |     ^^^ paths are N x 64 x 28 x 28 and N x 64 x 56 x 56
    10 |         conv1: conv(channels, 3, stride=2, padding=1)
       |                -------------------------------------- height 56 becomes 28 here
       |
       = in block `basic`, applied at specs/resnet.arch:31:13 with channels=64, stride=2
    help: project the shortcut to the same shape
       |     conv(channels, 1, stride=stride) -> batch_norm

Lines stand in the order of the file, so that the reader finds them there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic, Frame, Help
from archdsl.diagnostics.escape import escape, escape_start
from archdsl.diagnostics.render.run import range_of
from archdsl.diagnostics.render.snippet import ELLIPSIS, Mark, draw_line
from archdsl.source.source import Source
from archdsl.source.span import Span

LEAST_WIDTH = 40
"""On narrower screens the terminal has to wrap: fewer columns show nothing of a line."""

MOST_LABELS = 12
FRAMES_ABOVE, FRAMES_BELOW = 4, 3
"""Of a longer trace, so many applications next to the finding and next to the network are shown."""

MOST_TEXT, MOST_ARGUMENTS = 1_000, 160
"""How many characters of a message, and of the arguments in a trace, are shown."""

_ANSI = {"error": "1;31", "warning": "1;33", "gutter": "1;34", "secondary": "1;34", "help": "1;36", "bold": "1"}


def render_full(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, Source], *, width: int = 120, color: bool = False
) -> str:
    """The findings as text, a blank line between two and a newline at the end; no findings are no text.

    ``sources`` holds the texts by display path; a finding whose path is not in it is told without its line, at 1:1.
    ``width`` is the number of columns of the screen: source lines are cut to it, sentences are not.
    """
    rendered = [_Page(diagnostic, sources, width, color).text() for diagnostic in diagnostics]
    return "\n".join(rendered)


def summary_line(errors: int, warnings: int, files: int, hidden: int = 0) -> str:
    """The last line of a run: ``3 errors, 1 warning in 2 files``, and how many of them were too many to show."""
    counts = [_count(errors, "error")] * (errors > 0) + [_count(warnings, "warning")] * (warnings > 0)
    line = f"{', '.join(counts) or 'no findings'} in {_count(files, 'file')}"
    return f"{line} ({hidden} of them not shown)" if hidden else line


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@dataclass(frozen=True, slots=True)
class _Section:
    """The marks of one file, by line."""

    source: Source
    start: Span
    marks: dict[int, list[Mark]]


class _Page:
    """One finding on its way to text: rows are appended from top to bottom."""

    def __init__(self, diagnostic: Diagnostic, sources: Mapping[str, Source], width: int, color: bool) -> None:
        self.diagnostic = diagnostic
        self.sources = sources
        self.color = color
        self.severity = CODES[diagnostic.code].severity
        self.sections = self._sections()
        last = max((line for section in self.sections for line in section.marks), default=0)
        self.gutter = max(2, len(str(last)))
        self.room = max(width, LEAST_WIDTH) - self.gutter - 3
        self.lines: list[str] = []

    def text(self) -> str:
        """The whole finding, each line ended."""
        diagnostic = self.diagnostic
        self._row((self.severity, f"{self.severity}[{diagnostic.code}]"), ("bold", f": {_clipped(diagnostic.message)}"))
        if diagnostic.span.path not in self.sources:
            self._row(("gutter", f"{' ' * self.gutter}--> "), ("", self._place(diagnostic.span)))
        for section in self.sections:
            self._draw(section)
        self._remarks()
        if diagnostic.help:
            self._help(diagnostic.help)
        return "".join(f"{line}\n" for line in self.lines)

    # --- source lines ---

    def _sections(self) -> list[_Section]:
        """The marks by file and line: the finding's own file first, the others as its labels name them."""
        diagnostic = self.diagnostic
        by_path: dict[str, _Section] = {}
        self._add_mark(by_path, diagnostic.span, diagnostic.here, primary=True)
        for label in diagnostic.labels[:MOST_LABELS]:
            self._add_mark(by_path, label.span, label.text, primary=False)
        return list(by_path.values())

    def _add_mark(self, by_path: dict[str, _Section], span: Span, text: str, *, primary: bool) -> None:
        source = self.sources.get(span.path)
        if source is None:
            return
        section = by_path.setdefault(span.path, _Section(source, span, {}))
        begin, end = source.position(span.start), source.position(max(span.start, span.end - 1))
        line = source.lines.line_text(begin.line)
        goes_on = end.line > begin.line
        stop = len(line.rstrip()) if goes_on else min(end.column, len(line))
        style, sign = (self.severity, "^") if primary else ("secondary", "-")
        mark = Mark(begin.column - 1, stop, text[:MOST_TEXT], style, sign, goes_on)
        section.marks.setdefault(begin.line, []).append(mark)

    def _draw(self, section: _Section) -> None:
        arrow = "--> " if section.source.path == self.diagnostic.span.path else "::: "
        self._row(("gutter", " " * self.gutter + arrow), ("", self._place(section.start)))
        self._bar()
        before = 0
        for line in sorted(section.marks):
            if before and line == before + 2:
                self._numbered(line - 1, section, [])
            elif before and line > before + 2:
                self._row(("gutter", "..."))
            self._numbered(line, section, section.marks[line])
            before = line
        self._bar_before_more(section)

    def _numbered(self, line: int, section: _Section, marks: list[Mark]) -> None:
        first, *below = draw_line(section.source.lines.line_text(line), marks, self.room)
        self._bar(*first, number=str(line))
        for row in below:
            self._bar(*row)

    def _bar_before_more(self, section: _Section) -> None:
        diagnostic = self.diagnostic
        more = section is not self.sections[-1] or diagnostic.trace or diagnostic.help or self._notes()
        if more:
            self._bar()

    def _bar(self, *runs: tuple[str, str], number: str = "") -> None:
        has_text = any(text.strip() for _, text in runs)
        self._row(("gutter", f"{number:>{self.gutter}} |"), *([("", " "), *runs] if has_text else ()))

    # --- sentences ---

    def _remarks(self) -> None:
        for remark in self._trace():
            self._row(("gutter", f"{' ' * self.gutter} = "), ("", remark))
        for note in self._notes():
            first, *rest = note.split("\n")
            self._row(("gutter", f"{' ' * self.gutter} = "), ("bold", "note"), ("", f": {_clipped(first)}"))
            for line in rest:
                self._row(("", " " * (self.gutter + 9) + escape_start(line[:MOST_TEXT])))

    def _trace(self) -> list[str]:
        frames = [self._frame(frame) for frame in self.diagnostic.trace]
        dropped = len(frames) - FRAMES_ABOVE - FRAMES_BELOW
        if dropped < 2:
            return frames
        return [*frames[:FRAMES_ABOVE], f"... through {dropped} more blocks ...", *frames[-FRAMES_BELOW:]]

    def _frame(self, frame: Frame) -> str:
        arguments = f" with {_clipped(frame.arguments, MOST_ARGUMENTS)}" if frame.arguments else ""
        return f"in block `{escape(frame.block)}`, applied at {self._place(frame.span)}{arguments}"

    def _notes(self) -> list[str]:
        """The notes, after whatever has no source line to stand beside."""
        diagnostic = self.diagnostic
        lost = [diagnostic.here] if diagnostic.here and diagnostic.span.path not in self.sources else []
        shown = diagnostic.labels[:MOST_LABELS]
        lost += [f"{label.span.path}: {label.text}" for label in shown if label.span.path not in self.sources]
        hidden = len(diagnostic.labels) - MOST_LABELS
        if hidden > 0:
            lost.append(f"{_count(hidden, 'more place')} like these")
        return [*lost, *diagnostic.notes]

    def _help(self, help: Help) -> None:
        first, *rest = help.text.split("\n")
        self._row(("help", "help"), ("", f": {_clipped(first)}"))
        for line in rest:
            self._row(("", " " * 6 + escape_start(line[:MOST_TEXT])))
        for line in help.code.split("\n") if help.code else ():
            self._bar(("", f"    {escape(line)}"))

    # --- helpers ---

    def _place(self, span: Span) -> str:
        where = range_of(span, self.sources)
        return f"{escape(span.path)}:{where.line}:{where.column}"

    def _row(self, *runs: tuple[str, str]) -> None:
        if self.color:
            line = "".join(f"\x1b[{_ANSI[style]}m{text}\x1b[0m" if style else text for style, text in runs)
        else:
            line = "".join(text for _, text in runs)
        self.lines.append(line.rstrip())


def _clipped(text: str, limit: int = MOST_TEXT) -> str:
    return escape(text if len(text) <= limit else text[: limit - 1] + ELLIPSIS)
