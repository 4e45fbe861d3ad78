"""The product behind ``archdsl breaking``: what of a file's earlier version no longer fits."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.compare.breaking import Break, Category, breaks
from archdsl.compare.difference import Side, compare
from archdsl.driver.comparison import Version, typed_of
from archdsl.ir.design import Design
from archdsl.source.span import Span


class Faulty(Exception):
    """One of the two versions has errors, which are in its sink."""


def is_unchanged(old: Version, new: Version) -> bool:
    """Whether all texts of a file and of what it imports are the same: then nothing has to be compared.

    Both files have been read, with what they import.
    """
    before, after = (sorted(source.text for source in side.compilation.sources.values()) for side in (old, new))
    return before == after


def file_breaks(old: Version, new: Version) -> list[Break]:
    """What breaks between two versions of a file.

    :raises Faulty: where one of them has errors.
    :raises TooManyLayers: where a network is too long to be compared.
    """
    before, after = old.compilation.designs(old.path), new.compilation.designs(new.path)
    _refuse_faulty(old, new)
    if is_unchanged(old, new):
        return []
    now = {design.name: design for design in after}
    return [each for design in before for each in _network_breaks(old, design, new, now.get(design.name))]


def _network_breaks(old: Version, design: Design, new: Version, now: Design | None) -> Iterator[Break]:
    first = typed_of(old, design)
    second = typed_of(new, now) if now is not None else None
    _refuse_faulty(old, new)
    assert first is not None
    if now is None:
        yield _gone(design.name, Span(new.path, 0, 0), first.design.name_span, _why_gone(new, design.name))
        return
    assert second is not None
    sides = (Side(first, old.compilation.sources), Side(second, new.compilation.sources))
    yield from breaks(design.name, compare(*sides))


def gone_with_file(old: Version, path: str) -> list[Break]:
    """The networks of a file that is there no more.

    :raises Faulty: where it had errors.
    """
    designs = old.compilation.designs(old.path)
    if old.compilation.sink.has_errors:
        raise Faulty
    place = Span(path, 0, 0)
    return [_gone(design.name, place, design.name_span, "the file is gone") for design in designs]


def _gone(name: str, place: Span, old_place: Span, why: str) -> Break:
    return Break(Category.API, name, f"the network `{name}` is gone", place, old_place, why, "it was here")


def _why_gone(new: Version, name: str) -> str:
    missing = new.compilation.templates(new.path).get(name)
    if missing is None:
        return "no network of this name is here"
    return f"it is no network by itself any more: it needs {', '.join(f'`{each}`' for each in missing)}"


def _refuse_faulty(*versions: Version) -> None:
    if any(version.compilation.sink.has_errors for version in versions):
        raise Faulty
