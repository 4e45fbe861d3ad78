"""``archdsl summary``: the layer table of one network."""

from __future__ import annotations

import argparse
import re

from archdsl.analysis.heaviest import COSTS
from archdsl.analysis.memory import DTYPES, OPTIMIZERS
from archdsl.cli import terminal
from archdsl.cli.choose import choose_network, open_file
from archdsl.cli.findings import show_on_stderr
from archdsl.cli.refusal import CommandError
from archdsl.driver.compilation import Compilation
from archdsl.driver.summary import Setting, Summary, TooManyRows, document_of, open_sizes, summarize, text_of
from archdsl.ir.design import Design
from archdsl.report.csv import render_csv
from archdsl.report.table import render_markdown, render_text
from archdsl.syntax.literals import is_number, read_number

EXAMPLES = """\
examples:
  archdsl summary specs/resnet.arch -n resnet50
  archdsl summary specs/resnet.arch -n resnet50 --size H=320 --size W=320 --depth all
  archdsl summary specs/lenet.arch --format markdown

  archdsl summary specs/resnet.arch -n resnet50 --depth all --top 10
  archdsl summary specs/resnet.arch -n resnet50 --batch 64 --dtype bf16 --memory 24GiB

Weights are trainable values. MACs are multiply-adds for one sample, half of what torch.utils.flop_counter
counts. Values are the outputs of layers. The receptive field is in input pixels. Lines are those of the file, or
of the file named before them. Memory is what PyTorch allocates for weights and values, without workspaces.
"""

DEFAULT_DEPTH = 2
LONG = 48
"""Where the table at the default depth has more rows, it is folded once more: it should fit a screen."""

LARGEST_SIZE = 2**24
_SIZE = re.compile(r"([A-Za-z][A-Za-z0-9_]*)=([0-9]{1,9})")


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("file", metavar="FILE", help="the .arch file")
    parser.add_argument("-n", "--network", metavar="NETWORK", help="which network (default: the only one)")
    parser.add_argument("--format", choices=("text", "json", "markdown", "csv"), default="text", help="default: text")
    parser.add_argument(
        "--size",
        action="append",
        type=_size,
        default=[],
        metavar="H=320",
        help="a value for an open size (default: the spec's own, as in `H = 224`)",
    )
    parser.add_argument(
        "--depth",
        type=_depth,
        metavar="D",
        help="fold what lies deeper: a number of path parts, or `all` (default: 2 or 1, to fit a screen; in JSON all)",
    )
    parser.add_argument("--sort", choices=tuple(COSTS), help="the most costly rows first")
    parser.add_argument("--top", type=_count, metavar="T", help="show the first T rows alone (by MACs without --sort)")
    parser.add_argument("--batch", type=_count, default=1, metavar="B", help="samples, for memory (default: 1)")
    parser.add_argument("--dtype", choices=tuple(DTYPES), default="fp32", help="type of all numbers (default: fp32)")
    parser.add_argument("--optimizer", choices=tuple(OPTIMIZERS), default="adam", help="default: adam")
    parser.add_argument("--memory", type=_bytes, metavar="24GiB", help="show the largest batch that fits")


def run(options: argparse.Namespace) -> int:
    """Shows the table, or the errors that stand in its way."""
    path, compilation = open_file(options.file)
    design = choose_network(compilation, path, options.network)
    typed = compilation.typed(path, design) if design is not None else None
    summary = None
    if design is not None and typed is not None:
        _check_sizes(design.name, dict(options.size), open_sizes(typed))
        summary = _summary(compilation, path, design, options)
    show_on_stderr(compilation.sink, compilation.sources)
    if summary is None or typed is None:
        return 1
    stream = terminal.output()
    if options.format == "json":
        terminal.show(text_of(document_of(summary)))
    elif options.format == "markdown":
        terminal.show(render_markdown(summary, sort=options.sort, top=options.top))
    elif options.format == "csv":
        terminal.show(render_csv(summary, sort=options.sort, top=options.top))
    else:
        width, color = terminal.columns(stream), terminal.wants_color(stream)
        terminal.show(render_text(summary, width=width, color=color, sort=options.sort, top=options.top))
    missing = [f"--size {name}=224" for name in open_sizes(typed) if name not in summary.sizes]
    if missing:
        terminal.remark(f"for numbers and memory, give the open sizes: {' '.join(missing)}\n")
    return 0


def _summary(compilation: Compilation, path: str, design: Design, options: argparse.Namespace) -> Summary | None:
    def at(depth: int | None) -> Summary | None:
        sizes, merge_equal = dict(options.size), options.format != "json"
        setting = Setting(options.batch, options.dtype, options.optimizer, options.memory)
        return summarize(compilation, path, design, sizes=sizes, depth=depth, merge_equal=merge_equal, setting=setting)

    try:
        if options.depth is not None or options.format == "json":
            return at(options.depth or None)
        summary = at(DEFAULT_DEPTH)
    except TooManyRows as error:
        raise CommandError(f"the table of `{design.name}` would have {error}: fold it with --depth") from None
    return summary if summary is None or len(summary.rows) <= LONG else at(DEFAULT_DEPTH - 1)


def _check_sizes(network: str, given: dict[str, int], known: tuple[str, ...]) -> None:
    for name, size in given.items():
        if name not in known:
            names = f"its open sizes: {', '.join(known)}" if known else "it has none"
            raise CommandError(f"`{network}` has no open size `{name}`; {names}")
        if not 1 <= size <= LARGEST_SIZE:
            raise CommandError(f"`--size {name}={size}`: a size is at least 1 and at most {LARGEST_SIZE:,}")


def _size(text: str) -> tuple[str, int]:
    match = _SIZE.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"write a name and a whole number, as in H=320, not {text!r}")
    return match[1], int(match[2])


def _depth(text: str) -> int:
    """The number of path parts; 0 stands for all."""
    if text == "all":
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        raise argparse.ArgumentTypeError(f"write a whole number of at least 1, or `all`, not {text!r}")
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8 and int(text) > 0):
        raise argparse.ArgumentTypeError(f"write a whole number from 1 to 9,999,999, not {text!r}")
    return int(text)


def _bytes(text: str) -> int:
    value = read_number(text) if is_number(text) else None
    if not isinstance(value, int) or value < 1:
        raise argparse.ArgumentTypeError(f"write a number of bytes, as in 24GiB, 512MiB or 8G, not {text!r}")
    return value
