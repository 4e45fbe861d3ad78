"""Where findings go: a format and standard output, or a format and a file; several in one run."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archdsl.cli.refusal import CommandError

FORMATS = ("full", "concise", "json", "jsonl", "markdown", "github", "gitlab", "junit", "sarif")
FOR_PEOPLE = ("full", "concise")

SUFFIXES = {
    "full": (".txt", ".log"),
    "concise": (".txt", ".log"),
    "json": (".json",),
    "jsonl": (".jsonl", ".ndjson"),
    "markdown": (".md",),
    "github": (".txt", ".log"),
    "gitlab": (".json",),
    "junit": (".xml",),
    "sarif": (".sarif", ".json"),
}
"""The names under which a file that exists may be replaced: whatever else it is, it is no specification and no code."""


@dataclass(frozen=True, slots=True)
class Output:
    """One format on its way to a file, or to standard output."""

    format: str
    path: str | None = None


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Where findings go: ``--format``, ``-o``, ``--allow-outside``."""
    listed = ", ".join(FORMATS)
    parser.add_argument("--format", choices=FORMATS, metavar="FORMAT", help=f"how to show findings: {listed}")
    parser.add_argument(
        "-o",
        "--output",
        action="append",
        type=output,
        default=[],
        metavar="FORMAT[:FILE]",
        help="write findings to FILE in this format; may be repeated",
    )
    parser.add_argument("--allow-outside", action="store_true", help="also write outside the working directory")


def clean_line(files: int, networks: int) -> str:
    """What people see of a run without findings."""
    return f"{_count(files, 'file')}, {_count(networks, 'network')}: no findings\n"


def output(text: str) -> Output:
    """``sarif:out.sarif`` or ``concise``, as an argument of the command line.

    :raises argparse.ArgumentTypeError: where the format is none.
    """
    form, colon, path = text.partition(":")
    if form not in FORMATS:
        raise argparse.ArgumentTypeError(f"there is no format {form!r}: choose from {', '.join(FORMATS)}")
    if colon and not path:
        raise argparse.ArgumentTypeError(f"name the file, as in {form}:findings{SUFFIXES[form][0]}")
    if "\0" in path:
        raise argparse.ArgumentTypeError("a file's name holds no NUL")
    return Output(form, path or None)


def outputs_of(asked: Sequence[Output], form: str | None, fallback: str | None) -> tuple[Output, ...]:
    """The outputs of a run: those asked for, and one for people where nothing else goes to standard output.

    ``form`` is that of ``--format``, ``fallback`` that of the configuration.

    :raises CommandError: where two go to standard output, or to one file.
    """
    outputs = (*asked, *([Output(form)] if form else []))
    targets = [each.path and os.path.realpath(each.path) for each in outputs]
    for target in targets:
        if targets.count(target) > 1:
            where = f"to `{target}`" if target else "to standard output: give the others a file, as in json:out.json"
            raise CommandError(f"{targets.count(target)} outputs go {where}")
    return outputs if None in targets else (*outputs, Output(fallback or "full"))


def outputs_in(arguments: Sequence[str]) -> Iterator[Output]:
    """The outputs that a command line asks for, as far as it can be read; for runs that end before it was."""
    words = iter(arguments)
    for word in words:
        option, equals, value = word.partition("=")
        if option in ("--format", "--output"):
            value = value if equals else next(words, "")
        elif word.startswith("-o"):
            value = word[2:] or next(words, "")
        else:
            continue
        try:
            found = output(value)
        except argparse.ArgumentTypeError:
            continue
        yield Output(found.format) if option == "--format" else found


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
