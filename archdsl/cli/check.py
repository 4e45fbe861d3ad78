"""``archdsl check``: checks every network of every file.

Findings and the closing line go to standard output, in formats for machines the document alone. What is wrong with
the command itself goes to standard error, and is a document there as well.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from archdsl.cli import terminal
from archdsl.cli.checking import check_files
from archdsl.cli.outputs import FOR_PEOPLE, add_output_options, clean_line, outputs_in
from archdsl.cli.refusal import CommandError
from archdsl.cli.settings import selection_of, settings_of

EXAMPLES = """\
examples:
  archdsl check                               every .arch file below the working directory
  archdsl check specs/ model.arch
  archdsl check --format concise specs/       one line for each finding
  archdsl check -o concise -o sarif:out.sarif two outputs in one run
  archdsl check --ignore W0341,unused-name    without some warnings
  archdsl check --fix specs/                  repair misspelt names, delete ignore comments in vain
  archdsl check --diff specs/                 show that as a diff, change nothing
  archdsl check --watch model.arch            check again at each change
  archdsl check - --stdin-filename a.arch     what comes in, as if it were a.arch

Errors are always reported; --select and --ignore choose among warnings, by code, beginning of a code or name. The
project's own settings stand in [tool.archdsl] of pyproject.toml, or in archdsl.toml.
`archdsl explain CODE` tells what a finding means. A comment `# archdsl: ignore[CODE] reason` silences a warning.

Exit codes: 0 nothing wrong, 1 findings, 2 wrong usage or configuration, files that cannot be read, an error of archdsl
itself. Warnings alone end with 0, unless --error-on-warning is given.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders, `-` for standard input")
    add_output_options(parser)
    parser.add_argument(
        "--error-on-warning", action=argparse.BooleanOptionalAction, help="end with 1 on warnings too (default: no)"
    )
    parser.add_argument(
        "--select",
        action="append",
        default=[],
        metavar="CODES",
        help="report only these warnings: W0341,W03,unused-name",
    )
    parser.add_argument("--ignore", action="append", default=[], metavar="CODES", help="report all warnings but these")
    parser.add_argument("--statistics", action="store_true", help="also count the findings by code")
    repair = parser.add_mutually_exclusive_group()
    repair.add_argument("--fix", action="store_true", help="repair the files, where there is no doubt how")
    repair.add_argument("--diff", action="store_true", help="show what --fix would change, and change nothing")
    repair.add_argument("--watch", action="store_true", help="check again whenever a file changes, until Ctrl-C")
    parser.add_argument("--stdin-filename", metavar="NAME", help="the name that `-` stands for, also in its imports")
    parser.add_argument("--no-config", action="store_true", help="pass over the project's configuration")
    parser.add_argument("--no-cache", action="store_true", help="check everything, even what has not changed")


def run(options: argparse.Namespace) -> int:
    """Checks, shows, and gives the exit code.

    :raises CommandError: where the options contradict each other, or an output cannot be written.
    """
    if options.watch:
        from archdsl.cli.watch import watch

        return watch(options)
    settings = settings_of(options)
    for_screen = all(each.path is None and each.format in FOR_PEOPLE for each in settings.outputs)
    if not for_screen:
        from archdsl.cli.reports import check_outputs

        check_outputs(settings.outputs, allow_outside=options.allow_outside)
    if settings.faults and settings.source is not None:
        from archdsl.cli.reports import report, run_of_faults

        report(run_of_faults(settings.faults, settings.source), settings.outputs)
        return 2
    if options.fix or options.diff:
        from archdsl.cli.fix import repair

        return repair(options, settings)
    selection = selection_of(options.paths, settings)
    for _, problem in selection.problems:
        terminal.complain(problem)
    outcomes = check_files(selection.files, options)
    if for_screen and not any(outcome.findings or outcome.may_ignore for outcome in outcomes):
        if outcomes:
            terminal.show(clean_line(len(outcomes), sum(outcome.networks for outcome in outcomes)))
        return 2 if selection.problems else 0
    # Loaded only where there is something to show.
    from archdsl.cli.reports import report, run_of

    result = run_of(outcomes, selection.problems, settings)
    told = [path for path, _ in selection.problems]
    report(result, settings.outputs, told=told, statistics=options.statistics)
    return result.exit_code


def report_failure(arguments: Sequence[str], sentence: str) -> None:
    """What the formats for machines say of a run that came to an early end, as far as ``arguments`` can be read."""
    outputs = [each for each in outputs_in(arguments) if each.format not in FOR_PEOPLE]
    if not outputs:
        return
    from archdsl.cli.reports import check_outputs, failed_run, report

    for each in outputs:
        same = [other for other in outputs if other.path == each.path]
        if each is not same[0] or (each.path is not None and len(same) > 1):
            continue
        try:
            check_outputs([each], allow_outside="--allow-outside" in arguments)
            report(failed_run(sentence), [each])
        except CommandError:
            continue  # why the run failed is told already; that its document could not be written adds nothing
