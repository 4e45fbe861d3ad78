"""``archdsl diff``: what changed between two networks, two files, or a file and itself at a git revision."""

from __future__ import annotations

import argparse

from archdsl.cli import terminal
from archdsl.cli.choose import choose_network
from archdsl.cli.findings import show_on_stderr
from archdsl.cli.refusal import CommandError
from archdsl.cli.versions import Operand, operand_of, revision_of, version_at, version_now
from archdsl.driver.comparison import Comparison, TooManyLayers, Version, compare_files, compare_networks

EXAMPLES = """\
examples:
  archdsl diff specs/resnet.arch:resnet18 :resnet34      two networks of a file
  archdsl diff old.arch new.arch                         all networks of two files, by their names
  archdsl diff specs/resnet.arch --against HEAD          a file as it was at a git revision, and as it is
  archdsl diff specs/vgg.arch:vgg16 --against main --format markdown

Networks are compared layer by layer: a layer under another name is renamed, a line of a block that is applied often is
told once. Nothing in a git repository is executed.

Exit codes: 0 no difference, 1 differences, 2 wrong usage, files or revisions that cannot be read or have errors.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("old", type=operand_of, metavar="FILE[:NETWORK]", help="the old one")
    parser.add_argument(
        "new",
        type=operand_of,
        nargs="?",
        metavar="FILE[:NETWORK]",
        help="the new one; `:NETWORK` is one of the same file",
    )
    parser.add_argument("--against", metavar="REVISION", help="the old one is the file at this git revision")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    """Compares and shows; gives the exit code.

    :raises CommandError: where there is nothing to compare.
    """
    old, new, names = _versions(options)
    try:
        comparison = _compared(old, new, names)
    except TooManyLayers as error:
        raise CommandError(str(error)) from None
    if comparison is None:
        for version in (old, new):
            show_on_stderr(version.compilation.sink, version.compilation.sources)
        faulty = " and ".join(f"`{each.path}`" for each in (old, new) if each.compilation.sink.has_errors)
        raise CommandError(f"{faulty} {'have' if ' and ' in faulty else 'has'} errors, so nothing can be compared")
    terminal.show(_rendered(comparison, options.format))
    return 0 if comparison.is_empty else 1


_Names = tuple[str | None, str | None]


def _versions(options: argparse.Namespace) -> tuple[Version, Version, _Names]:
    old: Operand = options.old
    new: Operand | None = options.new
    if options.against is None:
        if new is None:
            raise CommandError("name what to compare with: another FILE, `:NETWORK`, or --against REVISION")
        return version_now(old.path), version_now(new.path or old.path), (old.network, new.network)
    if new is not None:
        raise CommandError("with --against, name one file: it is compared with itself at the revision")
    now = version_now(old.path)
    revision = revision_of(old.path, options.against)
    before = version_at(old.path, revision)
    if before is None:
        raise CommandError(f"there is no `{old.path}` at `{revision.name}`")
    return before, now, (old.network, old.network)


def _compared(old: Version, new: Version, names: _Names) -> Comparison | None:
    if names == (None, None):
        return compare_files(old, new)
    designs = [
        choose_network(version.compilation, version.path, name) for version, name in zip((old, new), names, strict=True)
    ]
    before, after = designs
    if before is None or after is None:
        return None
    pair = compare_networks(old, before, new, after)
    return Comparison(old.path, new.path, (pair,)) if pair is not None else None


def _rendered(comparison: Comparison, form: str) -> str:
    if form == "json":
        from archdsl.driver.diff_document import diff_document, text_of

        return text_of(diff_document(comparison))
    if form == "markdown":
        from archdsl.report.diff_markdown import render_markdown

        return render_markdown(comparison)
    from archdsl.report.diff import render_diff

    return render_diff(comparison, color=terminal.wants_color(terminal.output()))
