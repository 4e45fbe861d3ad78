"""Comments that silence a warning, ``# archdsl: ignore[W0319] reason``, and those that silence nothing.

A comment behind a step speaks of findings that begin on its line, a comment on a line of its own of the next line that
is neither blank nor a comment. It names codes or names of warnings. Errors cannot be silenced.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic, Edit, Help
from archdsl.diagnostics.misspelt import misspelt
from archdsl.source.source import Source
from archdsl.source.span import Span

MARK = "archdsl:"
"""What a text without ignore comments does not hold, so that most texts are never scanned."""

UNUSED, INVALID = "W0704", "W0705"

# Possessive: a line of a megabyte is read once, whatever stands in it.
_COMMENT = re.compile(r'(?:[^"#]++|"(?:[^"\\]|\\.)*+(?:"|$))*+(?P<comment>#.*)')
_IGNORE = re.compile(r"#[ \t]*archdsl:[ \t]*ignore\b[ \t]*(?P<names>\[[^\]]*\]?)?")
_NAMES = {code.slug: code.id for code in CODES.values()}
_FORM = Help("write `# archdsl: ignore[W0319] reason`")

MOST_NAMES = 32
"""How many names one comment may hold."""
MOST_GUESSES = 200
"""Behind so many findings, no name that was meant is looked for any more."""


@dataclass(frozen=True, slots=True)
class _Ignore:
    """One name in one comment, and the line of which it speaks."""

    code: str
    span: Span
    line: int
    comment: Span
    """The whole comment with the blanks before it; with its line, if nothing else is on it."""
    is_alone: bool
    """Whether the comment names nothing else."""
    removal: Span
    """The name with its comma."""


def silence(
    findings: Iterable[Diagnostic], sources: Mapping[str, Source], judged: Collection[str] = ()
) -> list[Diagnostic]:
    """The findings that no comment silences, and a warning for each comment that is in vain.

    ``sources`` are the texts in which comments are looked for. Whether one is unused is said for the files ``judged``
    only: in others, what it speaks of may arise in a run over more files.
    """
    reported: list[Diagnostic] = []
    ignores = [each for source in sources.values() if MARK in source.text for each in _ignores_in(source, reported)]
    wanted = {(each.span.path, each.line, each.code): each for each in ignores}
    used: set[_Ignore] = set()
    for finding in findings:
        source = sources.get(finding.span.path)
        place = (finding.span.path, source.position(finding.span.start).line if source else 0, finding.code)
        if place in wanted:
            used.add(wanted[place])
        else:
            reported.append(finding)
    for ignore in ignores:
        if ignore not in used and ignore.span.path in judged:
            message = f"nothing here is silenced: line {ignore.line} has no warning {ignore.code}"
            what, removal = ("comment", ignore.comment) if ignore.is_alone else ("name", ignore.removal)
            help = Help(f"delete the {what}", edits=(Edit(removal, ""),))
            reported.append(Diagnostic(UNUSED, message, ignore.span, help=help))
    return reported


def ignored_lines(source: Source) -> frozenset[int]:
    """The lines, from 1, of which the ignore comments in a text speak."""
    return frozenset(target for _, _, target in _marks(source)) if MARK in source.text else frozenset()


def _ignores_in(source: Source, reported: list[Diagnostic]) -> Iterator[_Ignore]:
    """The valid names in the comments of a text; the others are reported."""
    for ignore, start, target in _marks(source):
        yield from _names(source, ignore, start, target, reported)


def _marks(source: Source) -> Iterator[tuple[re.Match[str], int, int]]:
    """Every ignore comment, where its line begins, and the line of which it speaks."""
    lines = source.text.split("\n")
    targets = _targets(lines)
    start = 0
    for number, line in enumerate(lines):
        comment = _COMMENT.match(line) if MARK in line else None
        ignore = _IGNORE.search(line, comment.start("comment")) if comment else None
        # `##` begins documentation, which may well talk about such comments.
        if comment and ignore and not comment["comment"].startswith("##"):
            yield ignore, start, targets[number]
        start += len(line) + 1


def _targets(lines: list[str]) -> list[int]:
    """For each line the line, from 1, of which a comment on it speaks: its own if code is on it, else the next."""
    targets = [0] * len(lines)
    target = len(lines)
    for index in range(len(lines) - 1, -1, -1):
        text = lines[index].lstrip()
        if text and not text.startswith("#"):
            target = index + 1
        targets[index] = target
    return targets


def _names(
    source: Source, ignore: re.Match[str], start: int, target: int, reported: list[Diagnostic]
) -> Iterator[_Ignore]:
    names = ignore["names"] or ""
    parts = names[1:-1].split(",", MOST_NAMES) if names.endswith("]") else []
    if not any(part.strip() for part in parts) or len(parts) > MOST_NAMES:
        whole = source.span(start + ignore.start(), start + ignore.end())
        many = len(parts) > MOST_NAMES
        message = f"this comment names more than {MOST_NAMES} warnings" if many else "this comment names no warning"
        reported.append(Diagnostic(INVALID, message, whole, help=_FORM))
        return
    spans = list(_named(source, parts, start + ignore.start("names") + 1))
    comment = _whole(source, ignore.string, start, ignore.start())
    for index, span in enumerate(spans):
        name = source.slice(span)
        fault = _fault(name, span, guess=len(reported) < MOST_GUESSES)
        if fault is not None:
            reported.append(fault)
            continue
        is_last = index == len(spans) - 1
        begin = spans[index - 1].end if is_last and index else span.start
        end = span.end if is_last else spans[index + 1].start
        yield _Ignore(_code(name), span, target, comment, len(spans) == 1, source.span(begin, end))


def _named(source: Source, parts: Iterable[str], begin: int) -> Iterator[Span]:
    """Where each name stands, blanks left out."""
    for part in parts:
        name = part.strip()
        at = begin + len(part) - len(part.lstrip())
        begin += len(part) + 1
        if name:
            yield source.span(at, at + len(name))


def _whole(source: Source, line: str, start: int, at: int) -> Span:
    """A comment from column ``at`` of a line to its end; the line itself where there is nothing before it."""
    before = line[:at].rstrip()
    end = start + len(line)
    return source.span(start + len(before), end) if before else source.span(start, min(end + 1, len(source.text)))


def _fault(name: str, span: Span, *, guess: bool) -> Diagnostic | None:
    code = _code(name)
    if code in (UNUSED, INVALID):
        return Diagnostic(INVALID, f"`{name}` speaks of comments like this one, and no comment silences it", span)
    if code in CODES and CODES[code].severity == "warning":
        return None
    if code in CODES:
        return Diagnostic(INVALID, f"`{name}` is an error: errors cannot be silenced", span)
    known = (each for code in CODES.values() if code.severity == "warning" for each in (code.id, code.slug))
    near = misspelt(name, known, span) if guess else None
    return Diagnostic(INVALID, f"there is no warning `{name}`", span, help=near or _FORM)


def _code(name: str) -> str:
    return _NAMES.get(name.lower(), name.upper())
