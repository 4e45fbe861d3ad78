"""``archdsl predict``: what a run takes images for."""

from __future__ import annotations

import argparse

import archdsl
from archdsl.cli import terminal
from archdsl.cli.runs import answered

EXAMPLES = """\
examples:
  archdsl predict runs/lenet-1 seven.png
  archdsl predict runs/flowers-1 photos/*.jpg --format json

The network is the code in the run folder, with the weights of the best epoch. A file that cannot be read is told, the
others are answered, and the exit code is 2.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("folder", metavar="RUN", help="the run folder")
    parser.add_argument("images", metavar="IMAGE", nargs="+", help="image files")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    """Looks at the images, and names their classes."""
    return answered(lambda: _predict(options))


def _predict(options: argparse.Namespace) -> int:
    document = archdsl.predict_images(options.folder, options.images)
    if options.format == "json":
        terminal.show(document.model_dump_json() + "\n")
    else:
        for each in document.predictions:
            path, label = terminal.escaped(each.path), terminal.escaped(each.label)
            terminal.show(f"{path}: {label} ({each.probability:.1%})\n")
    for sentence in document.broken:
        terminal.complain(sentence)
    return 2 if document.broken else 0
