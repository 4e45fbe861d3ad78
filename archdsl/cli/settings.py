"""What a run of ``check`` is to do: the command line, and where it is silent the project's configuration."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from archdsl.cli.outputs import FORMATS, Output, outputs_of
from archdsl.cli.paths import Selection, display, select
from archdsl.cli.refusal import CommandError
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.source.loader import DiskLoader, Refusal, find_root
from archdsl.source.source import Source

PYPROJECT, OWN = "pyproject.toml", "archdsl.toml"
_TABLE = ("tool", "archdsl")
_MENTIONED = re.compile(r"archdsl[\"']?[ \t]*[\].=]")
"""What a file holds that has the table, in whatever way it is written; few others hold it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one run. With ``faults``, which are those of the file ``source``, nothing is to be checked."""

    outputs: tuple[Output, ...]
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    error_on_warning: bool = False
    exclude: tuple[str, ...] = ()
    """Absolute paths of files and folders."""
    faults: tuple[Diagnostic, ...] = ()
    source: Source | None = field(default=None)

    def leaves_out(self, path: str) -> bool:
        """Whether a file that a walk found is one of those that the project excludes."""
        place = os.path.abspath(path)
        return any(place == excluded or place.startswith(excluded + os.sep) for excluded in self.exclude)


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings of a run.

    :raises CommandError: where patterns on the command line name no warning, or outputs contradict each other.
    """
    select, ignore = _patterns(options.select, "--select"), _patterns(options.ignore, "--ignore")
    source = None if options.no_config else _configuration_file()
    if source is None:
        outputs = outputs_of(options.output, options.format, None)
        return Settings(outputs, select, ignore, bool(options.error_on_warning))
    # Loaded only where a project has a configuration: a TOML reader, and what explains its faults.
    from archdsl.driver.configuration import Configuration, read_configuration

    table = _TABLE if os.path.basename(source.path) == PYPROJECT else ()
    found, faults = read_configuration(source, table, FORMATS)
    configuration = found or Configuration()
    folder = os.path.dirname(os.path.abspath(source.path))
    stated = options.error_on_warning
    return Settings(
        outputs_of(options.output, options.format, configuration.format),
        select if options.select else configuration.select,
        ignore if options.ignore else configuration.ignore,
        configuration.error_on_warning if stated is None else stated,
        tuple(os.path.join(folder, *path.split("/")) for path in configuration.exclude),
        tuple(faults),
        source,
    )


def selection_of(paths: Sequence[str], settings: Settings) -> Selection:
    """The files that paths mean; what the project excludes is left out, unless it is named itself."""
    selection = select(paths)
    if settings.exclude:
        named = {display(path) for path in paths}
        selection.files = [path for path in selection.files if path in named or not settings.leaves_out(path)]
    return selection


def _configuration_file() -> Source | None:
    """The file that configures the project of the working directory, if there is one.

    :raises CommandError: where it cannot be read.
    """
    root = find_root(os.path.join(os.getcwd(), "x"))
    for name in (PYPROJECT, OWN):
        path = os.path.relpath(os.path.join(root, name)).replace(os.sep, "/")
        if not os.path.lexists(path):
            continue
        source = DiskLoader(root).load(path)
        if isinstance(source, Refusal):
            raise CommandError(f"the configuration `{path}` cannot be used: {source.message}")
        # Most projects have a pyproject.toml that says nothing of archdsl: it is not worth loading a TOML reader.
        if name == OWN or _MENTIONED.search(source.text):
            from archdsl.driver.configuration import read_configuration

            if name == OWN or read_configuration(source, _TABLE, FORMATS)[0] is not None:
                return source
    return None


def _patterns(asked: Sequence[str], option: str) -> tuple[str, ...]:
    """The patterns of ``--select W03,W0504`` and the like."""
    texts: Collection[str] = [text.strip() for value in asked for text in value.split(",")]
    if not texts:
        return ()
    from archdsl.diagnostics.filters import PatternError, pattern_of

    try:
        return tuple(pattern_of(text) for text in texts)
    except PatternError as error:
        guess = f"; did you mean `{error.near}`?" if error.near else ""
        raise CommandError(f"{option}: {error}{guess}") from None
