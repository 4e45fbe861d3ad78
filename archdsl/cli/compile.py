"""``archdsl compile``: writes PyTorch. Standard output is for the code, so everything else goes to standard error."""

from __future__ import annotations

import argparse

from archdsl.cli import terminal
from archdsl.cli.choose import choose_networks, open_file
from archdsl.cli.findings import show_on_stderr
from archdsl.cli.refusal import CommandError
from archdsl.cli.write import write_generated
from archdsl.codegen import Refused
from archdsl.driver.compilation import Compilation
from archdsl.driver.source import source_of
from archdsl.ir.design import Design

STDOUT = "-"

EXAMPLES = """\
examples:
  archdsl compile specs/resnet.arch -n resnet50 -o resnet50.py
  archdsl compile specs/resnet.arch -o resnet.py          every network of the file
  archdsl compile specs/lenet.arch -o -                   to standard output

Nothing is written while there are errors. A file that archdsl did not write is only replaced with --force,
and only the working directory is written to unless --allow-outside is given.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("file", metavar="FILE", help="the .arch file")
    parser.add_argument("-n", "--network", metavar="NETWORK", help="which network (default: every one of the file)")
    parser.add_argument("-o", "--output", metavar="OUT.py", required=True, help="where to, `-` for standard output")
    parser.add_argument("--force", action="store_true", help="replace OUT.py even if archdsl did not write it")
    parser.add_argument("--allow-outside", action="store_true", help="let OUT.py lie outside the working directory")


def run(options: argparse.Namespace) -> int:
    """Writes the code, or shows the errors that stand in its way."""
    path, compilation = open_file(options.file)
    designs = choose_networks(compilation, path, options.network)
    source = _source(compilation, path, designs)
    show_on_stderr(compilation.sink, compilation.sources)
    if source is None:
        return 1
    if options.output == STDOUT:
        terminal.show(source)
        return 0
    written = write_generated(
        options.output,
        source,
        inputs=list(compilation.sources),
        force=options.force,
        allow_outside=options.allow_outside,
    )
    names = ", ".join(design.name for design in designs)
    terminal.remark(f"{'wrote' if written else 'unchanged:'} {options.output} ({names})\n")
    return 0


def _source(compilation: Compilation, path: str, designs: list[Design]) -> str | None:
    """The code of the networks; None with the reasons among the findings.

    :raises CommandError: where each network could be written, but not all of them into one file.
    """
    try:
        return source_of(compilation, path, designs)
    except Refused as refused:
        if len(designs) > 1 and all(_can_be_written(compilation, path, design) for design in designs):
            names = ", ".join(design.name for design in designs)
            raise CommandError(
                f"the networks of `{path}` cannot share one file: {refused}; choose one with `-n NAME`\n"
                f"  networks: {names}"
            ) from None
        compilation.sink.report(refused.diagnostic)
        return None


def _can_be_written(compilation: Compilation, path: str, design: Design) -> bool:
    try:
        return source_of(compilation, path, [design]) is not None
    except Refused:
        return False
