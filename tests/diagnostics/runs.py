"""What the tests of the formats for machines share: one run with an error, a warning, labels, a trace and a repair."""

from __future__ import annotations

from archdsl.diagnostics.diagnostic import Diagnostic, Frame, Help, Label
from archdsl.diagnostics.render.run import Run
from archdsl.source.source import Source
from archdsl.source.span import Span
from tests.diagnostics.rendering import LIBRARY, RESNET, at

MISMATCH = Diagnostic(
    "E0302",
    "`add` needs equal shapes on all its paths",
    at(RESNET, "add"),
    "paths are N x 64 x 28 x 28 and N x 64 x 56 x 56",
    labels=(Label(at(RESNET, "identity"), "this path is N x 64 x 56 x 56"), Label(at(LIBRARY, "stem"), "from here")),
    trace=(Frame("basic", at(RESNET, "basic(64, stride=2)"), "channels=64, stride=2"),),
    notes=("a note",),
    help=Help("project the shortcut", "conv(channels, 1, stride=stride)"),
    expected=("N", 64, 56, 56),
    actual=("N", 64, 28, 28),
)
DROPPED = Diagnostic("W0319", "rows are lost", at(RESNET, "conv(channels, 3, stride=stride, padding=1)"))
WHOLE_BLOCK = Diagnostic("E0502", "never used", RESNET.span(RESNET.text.index("add"), RESNET.text.index("relu\n}")))
UNREADABLE = Diagnostic("E0109", "`gone.arch` cannot be read: no such file", Span("gone.arch", 0, 0))

SOURCES = {RESNET.path: RESNET, LIBRARY.path: LIBRARY}
FILES = (RESNET.path, "specs/clean.arch")

FULL_RUN = Run((MISMATCH, DROPPED, WHOLE_BLOCK, UNREADABLE), SOURCES, FILES, networks=2, exit_code=1, version="1.2.3")
CLEAN_RUN = Run((), SOURCES, FILES, networks=2)
FAILED_RUN = Run((), {}, failure="a fault of archdsl itself (RuntimeError: <b>)\nplease report it", exit_code=2)


def many(count: int, code: str = "E0302") -> tuple[Diagnostic, ...]:
    """So many findings, each on a line of its own."""
    return tuple(Diagnostic(code, f"number {line}", Span("many.arch", 2 * line, 2 * line + 1)) for line in range(count))


MANY = Source("many.arch", "x\n" * 3_000)
