"""What the tests of the renderers share: two small texts, and how to point at something in them."""

from __future__ import annotations

from textwrap import dedent

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.render.full import render_full
from archdsl.source.source import Source
from archdsl.source.span import Span

RESNET = Source(
    "specs/resnet.arch",
    dedent("""\
    ## A residual unit: two convolutions beside a shortcut.
    block basic(channels: int, stride: int = 1) {
        add {
            conv1: conv(channels, 3, stride=stride, padding=1) -> bn1: batch_norm -> relu
            identity
        }

        relu
    }

    network resnet = basic(64, stride=2)
    """),
)
LIBRARY = Source("lib/blocks.arch", "block stem() {\n    conv(64, 7, stride=2)\n}\n")


def at(source: Source, text: str, nth: int = 0) -> Span:
    """The nth place (from 0) where a text stands."""
    start = -1
    for _ in range(nth + 1):
        start = source.text.index(text, start + 1)
    return source.span(start, start + len(text))


def full(diagnostic: Diagnostic, *sources: Source, width: int = 120) -> str:
    return render_full([diagnostic], {source.path: source for source in sources}, width=width)


def expected(text: str) -> str:
    return dedent(text).lstrip("\n")
