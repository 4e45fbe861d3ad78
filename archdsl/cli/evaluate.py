"""``archdsl evaluate``: how well a run does on its validation samples, or on another data set."""

from __future__ import annotations

import argparse

import archdsl
from archdsl.cli import terminal
from archdsl.cli.runs import answered

EXAMPLES = """\
examples:
  archdsl evaluate runs/lenet-1
  archdsl evaluate runs/flowers-1 --data folder:more-flowers   all of its samples

The network is the code in the run folder, with the weights of the best epoch: evaluate only runs that you trust.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("folder", metavar="RUN", help="the run folder")
    parser.add_argument("--data", metavar="SOURCE", help="another data set with the same classes")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    """Measures, and shows the figures."""
    return answered(lambda: _evaluate(options))


def _evaluate(options: argparse.Namespace) -> int:
    document = archdsl.evaluate_run(options.folder, options.data)
    if options.format == "json":
        terminal.show(document.model_dump_json() + "\n")
        return 0
    accuracy, loss = document.metrics["accuracy"], document.metrics["loss"]
    terminal.show(f"{document.samples:,} samples of {terminal.escaped(document.data)}: ")
    terminal.show(f"accuracy {accuracy:.2%}, loss {loss:.4f}\n")
    for row, name in enumerate(document.classes):
        counts = document.confusion[row]
        wrong = [(count, other) for other, count in enumerate(counts) if count and other != row]
        mistaken = sorted(wrong, reverse=True)
        others = ", ".join(f"{count} for {terminal.escaped(document.classes[other])}" for count, other in mistaken[:3])
        taken = f"; taken {others}" if others else ""
        terminal.show(f"  {terminal.escaped(name)}: {counts[row]} of {sum(counts)}{taken}\n")
    if document.broken:
        terminal.remark(f"{document.broken} files could not be read\n")
    return 0
