"""``archdsl sizes``: the input sizes that a network accepts, with the lines that cause each condition."""

from __future__ import annotations

import argparse
import re
import sys

from archdsl.cli import terminal
from archdsl.cli.choose import choose_network, choose_networks, open_file
from archdsl.cli.findings import in_full, show_on_stderr
from archdsl.cli.refusal import CommandError
from archdsl.diagnostics.render.json import dump
from archdsl.documents.sizes import SizesDocument
from archdsl.driver.compilation import Compilation
from archdsl.driver.sizes import Verdict, sizes_document, verdict_at
from archdsl.driver.summary import open_sizes
from archdsl.ir.design import Design
from archdsl.report.sizes import render_sizes, render_verdict

EXAMPLES = """\
examples:
  archdsl sizes specs/unet.arch                     which H and W, and because of which lines
  archdsl sizes specs/unet.arch --at H=333          does this one work? what is near it?
  archdsl sizes specs/unet.arch --format json

Exit codes: 0 told (with --at: accepted), 1 the network has errors (with --at: refused), 2 usage.
"""

LARGEST_SIZE = 2**24
_SIZES = re.compile(r"[A-Za-z][A-Za-z0-9_]*=[0-9]{1,9}(,[A-Za-z][A-Za-z0-9_]*=[0-9]{1,9})*")


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("file", metavar="FILE", help="the .arch file")
    parser.add_argument(
        "-n", "--network", metavar="NETWORK", help="which network (default: every one; for json and --at the only one)"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument(
        "--at",
        action="append",
        type=_sizes,
        default=[],
        metavar="H=333[,W=640]",
        help="explain one size: accepted, or the first line that fails and the nearest sizes that work",
    )


def run(options: argparse.Namespace) -> int:
    """Tells the sizes, or shows the errors that stand in the way."""
    path, compilation = open_file(options.file)
    designs = _chosen(compilation, path, options)
    at = {name: size for pairs in options.at for name, size in pairs}
    answers = [_answer(compilation, path, design, at) for design in designs]
    show_on_stderr(compilation.sink, compilation.sources)
    known = [answer for answer in answers if answer is not None]
    if options.format == "json":
        for document, _ in known:
            terminal.show(dump(document.model_dump(mode="json")) + "\n")
    else:
        terminal.show("\n".join(_text(compilation, document, verdict) for document, verdict in known))
    failed = len(known) < len(designs) or not designs or compilation.sink.has_errors
    return int(failed or any(verdict is not None and verdict.finding is not None for _, verdict in known))


def _chosen(compilation: Compilation, path: str, options: argparse.Namespace) -> list[Design]:
    if options.format == "text" and not options.at:
        return choose_networks(compilation, path, options.network)
    design = choose_network(compilation, path, options.network)
    return [design] if design is not None else []


def _answer(
    compilation: Compilation, path: str, design: Design, at: dict[str, int]
) -> tuple[SizesDocument, Verdict | None] | None:
    """The document of a network and what became of the sizes asked for; None for a network with errors."""
    typed = compilation.typed(path, design)
    if typed is None or not typed.complete:
        return None
    _check_names(design.name, at, open_sizes(typed))
    verdict = verdict_at(design, typed, at) if at else None
    return sizes_document(compilation, path, typed, verdict), verdict


def _text(compilation: Compilation, document: SizesDocument, verdict: Verdict | None) -> str:
    if document.at is None or verdict is None:
        return render_sizes(document, color=terminal.wants_color(terminal.output()))
    if verdict.finding is None:
        return render_verdict(document, document.at)
    finding = in_full([verdict.finding], compilation.sources, sys.stdout)
    return f"{render_verdict(document, document.at)}\n{finding}"


def _check_names(network: str, at: dict[str, int], known: tuple[str, ...]) -> None:
    for name, size in at.items():
        if name not in known:
            names = f"its open sizes: {', '.join(known)}" if known else "it has none"
            raise CommandError(f"`{network}` has no open size `{name}`; {names}")
        if not 1 <= size <= LARGEST_SIZE:
            raise CommandError(f"`--at {name}={size}`: a size is at least 1 and at most {LARGEST_SIZE:,}")


def _sizes(text: str) -> list[tuple[str, int]]:
    if _SIZES.fullmatch(text) is None:
        raise argparse.ArgumentTypeError(f"write names and whole numbers, as in H=333,W=640, not {text!r}")
    pairs = (pair.split("=") for pair in text.split(","))
    return [(name, int(size)) for name, size in pairs]
