"""What a finding is, as data: detected anywhere, explained in ``codes``, rendered in ``render``."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.source.span import Span


@dataclass(frozen=True, slots=True)
class Label:
    """A secondary place that belongs to a finding, with what is to be said about it there."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One application of a block on the way from the network to the finding."""

    block: str
    span: Span
    arguments: str = ""
    """The arguments as a person would write them: ``channels=64, stride=2``."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A range of a file's text, and what is to stand there instead."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Help:
    """How to repair a finding: a sentence and, where one can be given, the line to write.

    ``edits`` do what the sentence says, all of them or none. They are given only where there is no doubt that this is
    what the author meant, and where nothing else changes its meaning: a program may apply them unasked.
    """

    text: str
    code: str | None = None
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    ``message`` is the headline (what is wrong), ``here`` the text beside the caret (where and with
    which numbers), ``labels`` the other places, ``trace`` the block applications from the innermost
    outwards, ``help`` the repair. ``expected`` and ``actual`` are shapes as JSON values (sizes are
    integers or text such as ``"H/2"``) where the finding compares two shapes.
    """

    code: str
    message: str
    span: Span
    here: str = ""
    labels: tuple[Label, ...] = ()
    trace: tuple[Frame, ...] = ()
    notes: tuple[str, ...] = ()
    help: Help | None = None
    expected: tuple[int | str, ...] | None = None
    actual: tuple[int | str, ...] | None = None
