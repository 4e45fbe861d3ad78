"""``archdsl breaking``: fails where something of an earlier version no longer fits."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from archdsl import __version__
from archdsl.cli import terminal
from archdsl.cli.findings import show_on_stderr
from archdsl.cli.outputs import add_output_options, outputs_of
from archdsl.cli.paths import display, select
from archdsl.cli.refusal import CommandError
from archdsl.cli.reports import check_outputs, in_repository, report
from archdsl.cli.versions import revision_of, version_at, version_now
from archdsl.compare.breaking import CATEGORIES, Break, Category, findings
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.escape import escape
from archdsl.diagnostics.render.run import Run
from archdsl.diagnostics.sink import Sink
from archdsl.driver.breaking import Faulty, file_breaks, gone_with_file
from archdsl.driver.comparison import TooManyLayers, Version
from archdsl.source.git import GitError, Revision, files_at
from archdsl.source.source import Source

EXAMPLES = """\
examples:
  archdsl breaking --against main                        every .arch file below the working directory
  archdsl breaking specs/ --against v1.2 --category STATE_DICT,SHAPE,API
  archdsl breaking model.arch --against HEAD~1 --format github

Every network of the earlier version is looked for and compared. What breaks is told under the gravest category:
  STATE_DICT  its weights no longer load
  SHAPE       its inputs are refused, or outputs have other shapes
  API         its name, its parameters, their defaults, names of inputs and outputs
  SEMANTICS   its weights load, and something else is computed
Nothing in the repository is executed.

Exit codes: 0 nothing breaks, 1 something does, or the files have errors, 2 wrong usage, revisions that cannot be read
or have errors.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders (default: the working directory)")
    parser.add_argument("--against", metavar="REVISION", required=True, help="the git revision that has to fit")
    parser.add_argument(
        "--category",
        type=_categories,
        default=tuple(Category),
        metavar="NAMES",
        help=f"what must not break, of {','.join(CATEGORIES)} (default: all)",
    )
    add_output_options(parser)


@dataclass(slots=True)
class _Found:
    """What a run collects."""

    breaks: list[Break] = field(default_factory=list)
    errors: list[Diagnostic] = field(default_factory=list)
    sources: dict[str, Source] = field(default_factory=dict)
    old_paths: set[str] = field(default_factory=set)
    files: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    networks: int = 0


def run(options: argparse.Namespace) -> int:
    """Compares, shows, and gives the exit code.

    :raises CommandError: where a file or the revision cannot be read, or the files at the revision have errors.
    """
    outputs = outputs_of(options.output, options.format, None)
    check_outputs(outputs, allow_outside=options.allow_outside)
    paths = options.paths or [os.curdir]
    present = [path for path in paths if os.path.lexists(path)]
    revision = revision_of(paths[0], options.against)
    found = _Found()
    gone = _gone_files(paths, revision)
    selection = select(present) if present else None
    problems = [text for path, text in (selection.problems if selection else []) if not _was_there(path, gone)]
    missing = [path for path in paths if path not in present and not _was_there(path, gone)]
    if problems or missing:
        raise CommandError(
            problems[0] if problems else f"there is no `{missing[0]}`, neither now nor at `{revision.name}`"
        )
    try:
        for path in selection.files if selection else []:
            _compare(path, revision, found)
        for path in gone:
            _look_back(path, revision, found)
    except TooManyLayers as error:
        raise CommandError(str(error)) from None
    if found.new:
        which = found.new[0] + " is" if len(found.new) == 1 else f"{len(found.new):,} files are"
        terminal.remark(f"{escape(which)} new since {revision.name}\n")
    result = _run_of(found, options.category, revision)
    report(result, outputs)
    return result.exit_code


# --- the files --------------------------------------------------------------------------------------------


def _compare(path: str, revision: Revision, found: _Found) -> None:
    new = version_now(path)
    old = version_at(path, revision)
    found.files.append(path)
    if old is None:
        found.new.append(display(path))
        found.networks += len(new.compilation.check_file(new.path))
    else:
        try:
            found.breaks += file_breaks(old, new)
        except Faulty:
            _refuse_errors_of(old, revision)
        found.networks += len(old.compilation.designs(old.path))
        found.old_paths.update(old.compilation.sources)
        found.sources.update(old.compilation.sources)
    found.errors += [each for each in new.compilation.sink if each.code.startswith("E") and each.code != "E0501"]
    found.sources.update(new.compilation.sources)


def _look_back(path: str, revision: Revision, found: _Found) -> None:
    """The networks of a file that is there no more."""
    old = version_at(path, revision)
    if old is None:
        return
    try:
        found.breaks += gone_with_file(old, display(path))
    except Faulty:
        _refuse_errors_of(old, revision)
    found.networks += len(old.compilation.designs(old.path))
    found.old_paths.update(old.compilation.sources)
    found.sources.update(old.compilation.sources)


def _refuse_errors_of(old: Version, revision: Revision) -> None:
    if old.compilation.sink.has_errors:
        show_on_stderr(old.compilation.sink, old.compilation.sources)
        raise CommandError(f"`{old.path}` has errors, so nothing can be compared with `{revision.name}`")


def _gone_files(paths: Sequence[str], revision: Revision) -> list[str]:
    """Files at or below the paths that are at the revision and not here."""
    try:
        listed = [name for path in paths for name in files_at(revision, revision.path_of(path))]
    except GitError as error:
        raise CommandError(str(error)) from None
    places = [os.path.relpath(os.path.join(revision.top, name)) for name in dict.fromkeys(listed)]
    return [place for place in places if not os.path.lexists(place)]


def _was_there(path: str, gone: Iterable[str]) -> bool:
    normal = os.path.normpath(path)
    return any(place == normal or place.startswith(normal + os.sep) or normal == os.curdir for place in gone)


# --- the result -------------------------------------------------------------------------------------------


def _run_of(found: _Found, categories: Sequence[Category], revision: Revision) -> Run:
    sink = Sink()
    sink.extend(found.errors)
    sink.extend(findings((each for each in found.breaks if each.category in categories), revision.name))
    own = in_repository()

    def shown(path: str) -> str:
        return path if path in found.old_paths else own(path)

    return Run(
        tuple(sink),
        found.sources,
        tuple(found.files),
        networks=found.networks,
        hidden=sink.overflow,
        exit_code=int(len(sink) > 0),
        version=__version__,
        in_repository=shown,
    )


def _categories(text: str) -> tuple[Category, ...]:
    names = [name.strip().upper() for name in text.split(",")]
    for name in names:
        if name not in CATEGORIES:
            raise argparse.ArgumentTypeError(f"there is no category {name!r}: choose from {', '.join(CATEGORIES)}")
    return tuple(CATEGORIES[name] for name in names)
