"""What ``import archdsl`` offers: the commands as functions. Nothing is printed and nothing is written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from archdsl.codegen import Refused
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.render.full import render_full
from archdsl.diagnostics.sink import Sink
from archdsl.diagnostics.suggest import closest
from archdsl.documents.summary import SummaryDocument
from archdsl.driver.compilation import Compilation
from archdsl.driver.formatting import format_loaded
from archdsl.driver.outcome import check_path, heed_comments
from archdsl.driver.overlay import OverlayLoader, place_of
from archdsl.driver.source import source_of
from archdsl.driver.summary import document_of, open_sizes
from archdsl.driver.summary import summarize as summarize_design
from archdsl.ir.design import Design
from archdsl.ir.kinds import Value
from archdsl.ir.typed import TypedDesign
from archdsl.source.loader import DiskLoader, find_root
from archdsl.source.source import Source

Path = str | os.PathLike[str]


class ArchError(Exception):
    """A specification has errors.

    ``findings`` holds them with their places (and warnings, if there are any), ``sources`` the texts in which they
    stand; as text the exception is the same that ``archdsl check`` shows.
    """

    def __init__(
        self, findings: tuple[Diagnostic, ...], text: str, sources: Mapping[str, Source] | None = None
    ) -> None:
        super().__init__(text)
        self.findings = findings
        self.text = text
        self.sources = sources or {}

    @classmethod
    def of(cls, findings: Iterable[Diagnostic], sources: Mapping[str, Source]) -> ArchError:
        """The error of findings that stand in these texts."""
        kept = tuple(findings)
        return cls(kept, render_full(kept, sources, color=False), sources)

    def __str__(self) -> str:
        return f"the specification has errors\n\n{self.text}"


class RunError(Exception):
    """A run folder, a checkpoint or a device that cannot be used: a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Built:
    """One network with arguments from outside: its PyTorch source, what was proven, the texts that it rests on."""

    path: str
    source: str
    typed: TypedDesign
    sources: Mapping[str, Source]
    findings: tuple[Diagnostic, ...]
    """Warnings."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What ``check`` found: findings in the order of the text, and their full rendering (empty without any)."""

    findings: tuple[Diagnostic, ...]
    text: str
    networks: int
    ok: bool
    """Whether there is no error; warnings do not count."""


def check(path: Path) -> CheckResult:
    """Check every network of a file: exact shapes, arguments, names, expectations.

    ``path`` is an ``.arch`` file; its imports are read from the project around it. Findings do not raise. Ignore
    comments are heeded; the project's configuration is an affair of the command line.

    :raises OSError: if the file itself cannot be read.

    >>> import archdsl
    >>> archdsl.check("specs/resnet.arch").ok
    True
    """
    shown = _readable(path)
    outcome = check_path(DiskLoader(find_root(shown)), shown)
    sink = Sink()
    sink.extend(heed_comments(outcome.findings, [outcome]))
    text = render_full(sink, outcome.sources, color=False)
    return CheckResult(tuple(sink), text, outcome.networks, not sink.has_errors)


def compile(path: Path, network: str | None = None) -> str:
    """The PyTorch source of one network of a file, or, without a name, of every network in it.

    The source imports torch and nothing else; the same file gives the same bytes.

    :raises ArchError: if the specification has errors, or cannot be written as PyTorch classes.
    :raises LookupError: if the file has no network of that name.
    :raises OSError: if the file cannot be read.

    >>> source = archdsl.compile("specs/lenet.arch", "lenet")
    >>> "class LeNet(nn.Module):" in source
    True
    """
    shown, compilation = _opened(path)
    designs = list(compilation.designs(shown)) if network is None else [_design(compilation, shown, network)]
    if not designs and not compilation.sink.has_errors:
        raise LookupError(f"{shown} defines no network")
    return _source(compilation, shown, designs)


def summarize(path: Path, network: str | None = None, *, sizes: Mapping[str, int] | None = None) -> SummaryDocument:
    """The layers of a network with shapes, weights, multiply-adds and receptive fields, and its totals.

    ``network`` may be left out where the file has only one. ``sizes`` gives open sizes a value
    (``{"H": 320, "W": 320}``); by default they have the one that the specification names.

    :raises ArchError: if the specification has errors, or has none that holds at these sizes.
    :raises LookupError: if there is no such network, or no such open size.
    :raises ValueError: if a table of more than 100,000 rows would be needed.
    :raises OSError: if the file cannot be read.

    >>> archdsl.summarize("specs/resnet.arch", "resnet50").totals.macs
    4089184256
    """
    shown, compilation = _opened(path)
    design = _design(compilation, shown, network)
    typed = compilation.typed(shown, design)
    known = open_sizes(typed) if typed is not None else ()
    for name in sizes or {}:
        if typed is not None and name not in known:
            raise LookupError(f"{design.name} has no open size {name}; its open sizes: {', '.join(known) or 'none'}")
    summary = summarize_design(compilation, shown, design, sizes=sizes)
    if summary is None:
        raise _error(compilation)
    return document_of(summary)


def format_source(text: str) -> str:
    """A text in the one style of ``archdsl fmt``: LF line ends, every comment kept, nothing said differently.

    :raises ArchError: if the text has errors of syntax, or is larger than a file may be.

    >>> import archdsl
    >>> archdsl.format_source("block b( ){relu}")
    'block b() { relu }\\n'
    """
    data = text.encode("utf-8", "surrogatepass")
    result = format_loaded(_TEXT, OverlayLoader(os.curdir, {place_of(_TEXT): data}).load(_TEXT))
    if result.text is None:
        raise ArchError.of(result.findings, result.sources)
    return result.text


_TEXT = "<text>"
"""What findings in a text without a file call it."""


def build(path: Path, network: str | None, arguments: Mapping[str, object]) -> Built:
    """The source of one network with arguments given from outside, and what was proven of it.

    :raises ArchError: if the specification has errors with these arguments.
    :raises LookupError: if there is no such network.
    :raises TypeError: if the network has no such parameter, or a value is of no kind that the language has.
    """
    shown, compilation = _opened(path)
    design = _design(compilation, shown, network)
    names = [parameter.name for parameter in design.network.parameters]
    for name in arguments:
        if name not in names:
            near = closest(name, names)
            guess = f"; did you mean {near}?" if near else "."
            raise TypeError(
                f"{design.name} has no parameter {name}{guess} Its parameters: {', '.join(names) or 'none'}"
            )
    values = tuple((name, _value(name, value)) for name, value in arguments.items())
    # What a network expects of itself, it expects with its own arguments.
    changed = replace(design, overrides=values, expectations=()) if values else design
    source = _source(compilation, shown, [changed])
    typed = compilation.typed(shown, changed)
    assert typed is not None
    return Built(shown, source, typed, compilation.sources, tuple(compilation.sink))


# --- steps that they share ------------------------------------------------------------------------------


def _readable(path: Path) -> str:
    """The path as findings show it; the system's own error where nothing is there to be read."""
    given = os.fspath(path)
    os.stat(given)
    if os.path.isdir(given):
        raise IsADirectoryError(f"{given} is a folder, not an .arch file")
    relative = os.path.relpath(given)
    shown = given if relative.startswith(os.pardir) else relative
    return shown.replace(os.sep, "/")


def _opened(path: Path) -> tuple[str, Compilation]:
    shown = _readable(path)
    return shown, Compilation(DiskLoader(find_root(shown)))


def _design(compilation: Compilation, path: str, name: str | None) -> Design:
    designs = compilation.designs(path)
    chosen = [design for design in designs if name in (None, design.name)]
    if len(chosen) == 1:
        return chosen[0]
    if compilation.sink.has_errors:
        raise _error(compilation)
    names = ", ".join(design.name for design in designs) or "none"
    if name is None:
        raise LookupError(f"{path} has {len(designs)} networks, so one has to be named: {names}")
    near = closest(name, [design.name for design in designs])
    guess = f"; did you mean {near}?" if near else "."
    raise LookupError(f"{path} has no network {name}{guess} Its networks: {names}")


def _source(compilation: Compilation, path: str, designs: list[Design]) -> str:
    try:
        source = source_of(compilation, path, designs)
    except Refused as refused:
        compilation.sink.report(refused.diagnostic)
        raise _error(compilation) from None
    if source is None:
        raise _error(compilation)
    return source


def _error(compilation: Compilation) -> ArchError:
    return ArchError.of(compilation.sink, compilation.sources)


def _value(name: str, value: object) -> Value:
    """A Python value as one of the language; lists become tuples."""
    if isinstance(value, list | tuple):
        return tuple(_value(name, item) for item in value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{name} is a {type(value).__name__}; the language has numbers, booleans, strings and lists")
