"""``archdsl networks``: lists every network with its inputs, outputs and parameters."""

from __future__ import annotations

import argparse

from archdsl.cli import terminal
from archdsl.cli.findings import show_on_stderr
from archdsl.cli.paths import STDIN, select
from archdsl.cli.refusal import CommandError
from archdsl.diagnostics.render.json import dump
from archdsl.diagnostics.sink import Sink
from archdsl.driver.compilation import Compilation
from archdsl.driver.networks import networks_document
from archdsl.report.listing import render_listing
from archdsl.source.loader import DiskLoader, find_root

EXAMPLES = """\
examples:
  archdsl networks specs/
  archdsl networks specs/resnet.arch --format json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders (default: the working directory)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    """Lists, tells what is wrong with the files, and gives the exit code."""
    if STDIN in options.paths:
        raise CommandError("`networks` reads files, not standard input")
    selection = select(options.paths)
    for _, problem in selection.problems:
        terminal.complain(problem)
    compilations = [(path, Compilation(DiskLoader(find_root(path)))) for path in selection.files]
    document = networks_document(compilations)
    if options.format == "json":
        terminal.show(dump(document.model_dump(mode="json")) + "\n")
    else:
        terminal.show(render_listing(document, color=terminal.wants_color(terminal.output())))
    sink = Sink()
    for _, compilation in compilations:
        sink.extend(compilation.sink)
    show_on_stderr(sink, {path: text for _, each in compilations for path, text in each.sources.items()})
    if selection.problems:
        return 2
    return int(sink.has_errors)
