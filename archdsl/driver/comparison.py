"""The product behind ``archdsl diff``: two files, or two networks, compared, with the figures of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from archdsl.analysis.budget import Budget
from archdsl.compare.difference import Difference, Side, TooManyLayers, compare
from archdsl.compare.tree import MOST_LAYERS
from archdsl.driver.compilation import Compilation
from archdsl.driver.summary import Summary, TooManyRows, summarize
from archdsl.ir.amount import Amount
from archdsl.ir.design import Design
from archdsl.ir.typed import TypedDesign

__all__ = ["Comparison", "Figure", "Pair", "TooManyLayers", "Version", "compare_files", "compare_networks"]


@dataclass(frozen=True, slots=True)
class Version:
    """A file as it is or was: its display path, and the compilation that reads it."""

    path: str
    compilation: Compilation


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of both networks; None where it is not known, for open sizes or very long networks."""

    name: str
    old: Amount | None
    new: Amount | None
    is_bytes: bool = False

    @property
    def differs(self) -> bool:
        """Whether the two are not the same."""
        return self.old != self.new


@dataclass(frozen=True, slots=True)
class Pair:
    """Two networks compared; ``sizes`` are the values taken for open sizes, of the old and of the new one.

    Without a difference there are no figures, and no values are taken.
    """

    old: str
    new: str
    old_place: tuple[str, int]
    new_place: tuple[str, int]
    difference: Difference
    figures: tuple[Figure, ...]
    sizes: tuple[Mapping[str, int], Mapping[str, int]]

    @property
    def name(self) -> str:
        """The network's name, or both."""
        return self.new if self.old == self.new else f"{self.old} -> {self.new}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two files compared, or one network of each: pairs of networks, and those without a partner."""

    old: str
    new: str
    pairs: tuple[Pair, ...]
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def differing(self) -> tuple[Pair, ...]:
        """The pairs that differ."""
        return tuple(pair for pair in self.pairs if not pair.difference.is_empty)

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.differing)


def compare_files(old: Version, new: Version) -> Comparison | None:
    """All networks of two files by their names; the only ones of both are partners whatever they are called.

    None where errors are in a sink.

    :raises TooManyLayers: where a network is too long to be compared.
    """
    before = {design.name: design for design in old.compilation.designs(old.path)}
    after = {design.name: design for design in new.compilation.designs(new.path)}
    partners = [(before[name], after[name]) for name in after if name in before]
    if not partners and len(before) == len(after) == 1:
        partners = [(next(iter(before.values())), next(iter(after.values())))]
    matched = {design.name for pair in partners for design in pair}
    pairs = [compare_networks(old, one, new, other) for one, other in partners]
    found = tuple(pair for pair in pairs if pair is not None)
    if len(found) < len(pairs) or old.compilation.sink.has_errors or new.compilation.sink.has_errors:
        return None
    added = tuple(name for name in after if name not in matched)
    removed = tuple(name for name in before if name not in matched)
    return Comparison(old.path, new.path, found, added, removed)


def compare_networks(old: Version, before: Design, new: Version, after: Design) -> Pair | None:
    """Two networks compared; None where errors are in a sink.

    :raises TooManyLayers: where one is too long to be compared.
    """
    versions = ((old, before), (new, after))
    places = [(version.path, version.compilation.line(design.name_span)) for version, design in versions]
    known = [typed_of(version, design) for version, design in versions]
    one, other = known
    if one is None or other is None:
        return None
    texts = [version.compilation.sources for version, _ in versions]
    difference = compare(Side(one, texts[0]), Side(other, texts[1]))
    if difference.is_empty:
        return Pair(before.name, after.name, places[0], places[1], difference, (), ({}, {}))
    first, second = (_summary(version, design) for version, design in versions)
    if first is None or second is None:
        return None
    # Once more, now with multiply-adds at the sizes that the networks name.
    difference = compare(Side(one, texts[0], first.design), Side(other, texts[1], second.design))
    figures = tuple(_figures(first, second))
    return Pair(before.name, after.name, places[0], places[1], difference, figures, (first.sizes, second.sizes))


def _summary(version: Version, design: Design) -> Summary | None:
    try:
        return summarize(version.compilation, version.path, _unjudged(design), depth=1)
    except TooManyRows:
        raise TooManyLayers(f"`{design.name}` has too many layers; {MOST_LAYERS:,} can be compared") from None


def typed_of(version: Version, design: Design) -> TypedDesign | None:
    """A network as it is compared; None where it has errors. What it expects of itself is not asked."""
    typed = version.compilation.typed(version.path, _unjudged(design))
    return typed if typed is not None and typed.complete else None


def _unjudged(design: Design) -> Design:
    return replace(design, expectations=())


def _figures(old: Summary, new: Summary) -> Iterator[Figure]:
    before, after = old.totals, new.totals
    yield Figure("weights", before.weights, after.weights)
    yield Figure("buffers", before.buffers, after.buffers)
    yield Figure("MACs", before.macs, after.macs)
    yield Figure("layers", before.layers, after.layers)
    yield Figure("depth", before.depth, after.depth)
    for name, budgets in _MEMORY.items():
        one, other = (budgets(side.budget) if side.budget else None for side in (old, new))
        yield Figure(name, one, other, is_bytes=True)


_MEMORY: Mapping[str, Callable[[Budget], int]] = {
    "memory, inference": lambda budget: budget.inference,
    "memory, training": lambda budget: budget.training,
}
"""Of one sample in fp32, with Adam."""
