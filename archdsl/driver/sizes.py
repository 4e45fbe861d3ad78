"""The product behind ``archdsl sizes``: the sizes that a network accepts, the lines that cause it, one size tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archdsl.analysis.sizes import Demand, SymbolSizes, accepted_sizes
from archdsl.check.check import check
from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.render.json import finding_document
from archdsl.diagnostics.sink import Sink
from archdsl.documents.check import Finding
from archdsl.documents.sizes import At, Cause, Neighbours, SizesDocument, SizeSetPart, Symbol
from archdsl.driver.compilation import Compilation
from archdsl.ir.design import Design
from archdsl.ir.dim import DimTooComplex, SizeSet
from archdsl.ir.typed import SizeCondition, TypedDesign

MOST_LISTED = 4_096
"""So many numbers of a set are written out in the document."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of given sizes: the first thing that fails (None: accepted), and neighbours of what does not work."""

    sizes: Mapping[str, int]
    finding: Diagnostic | None
    nearest: Mapping[str, tuple[int | None, int | None]]


def verdict_at(design: Design, typed: TypedDesign, sizes: Mapping[str, int]) -> Verdict:
    """Checks a network once more with sizes fixed; sizes that are not named stay open.

    Neighbours are offered only if the network, checked with them in the place of the size, is accepted.
    """
    finding = _first_error(design, sizes)
    accepted = {found.symbol: found.accepted for found in accepted_sizes(typed)}
    wrong = [symbol for symbol, size in sizes.items() if not accepted[symbol].contains(size)]
    if finding is None and wrong:
        # Only where several sizes together would do, which is no condition on each of them (see docs/open-sizes.md).
        finding = _broken_condition(typed, wrong[0], sizes[wrong[0]])
    nearest: dict[str, tuple[int | None, int | None]] = {}
    for symbol in wrong:
        around = (
            accepted[symbol].previous_at_or_below(sizes[symbol]),
            accepted[symbol].next_at_or_above(sizes[symbol]),
        )
        below, above = (size if size and _first_error(design, {symbol: size}) is None else None for size in around)
        nearest[symbol] = (below, above)
    return Verdict(sizes, finding, nearest)


class _First(Sink):
    """Remembers the first error in the order of the check, which is the order of the data."""

    __slots__ = ("error",)

    def __init__(self) -> None:
        super().__init__()
        self.error: Diagnostic | None = None

    def report(self, diagnostic: Diagnostic) -> None:
        """Takes one finding."""
        if self.error is None and CODES[diagnostic.code].severity == "error":
            self.error = diagnostic
        super().report(diagnostic)


def _first_error(design: Design, sizes: Mapping[str, int]) -> Diagnostic | None:
    sink = _First()
    check(design, sink, sizes=sizes)
    return sink.error


def _broken_condition(typed: TypedDesign, symbol: str, size: int) -> Diagnostic:
    broken = next(c for c in typed.conditions if c.accepted.symbol == symbol and not c.accepted.contains(size))
    here = f"{broken.reason}: {broken.accepted.describe().removeprefix('every ')}"
    return Diagnostic("E0313", f"the network does not work for `{symbol} = {size}`", broken.span, here)


# --- the document -------------------------------------------------------------------------------------


def sizes_document(
    compilation: Compilation, path: str, typed: TypedDesign, verdict: Verdict | None = None
) -> SizesDocument:
    """The sizes that a complete network accepts, as the published document."""
    design = typed.design
    return SizesDocument(
        network=design.name,
        path=path,
        line=compilation.line(design.name_span),
        symbols={found.symbol: _symbol(compilation, typed, found) for found in accepted_sizes(typed)},
        at=_at(compilation, verdict) if verdict is not None else None,
    )


def _at(compilation: Compilation, verdict: Verdict) -> At:
    finding = verdict.finding
    return At(
        sizes=dict(verdict.sizes),
        accepted=finding is None,
        finding=Finding(**finding_document(finding, compilation.sources)) if finding is not None else None,
        nearest={symbol: Neighbours(below=below, above=above) for symbol, (below, above) in verdict.nearest.items()},
    )


def _symbol(compilation: Compilation, typed: TypedDesign, found: SymbolSizes) -> Symbol:
    declared = typed.declared.get(found.symbol)
    return Symbol(
        **_set(found.accepted).model_dump(),
        causes=[cause for demand in found.demands for cause in _causes(compilation, demand)],
        declared=_set(declared) if declared is not None else None,
    )


def _set(sizes: SizeSet) -> SizeSetPart:
    minimum = sizes.minimum
    assert minimum is not None, "a complete network accepts something"
    try:
        modulus, ranges, settles_at = sizes.modulus, sizes.residues, sizes.settles_at
    except DimTooComplex:
        return SizeSetPart(
            text=sizes.describe(), minimum=minimum, maximum=sizes.maximum,
            modulus=None, residues=None, residue_ranges=None, settles_at=None, irregular=None,
        )  # fmt: skip
    few = sum(found.stop - found.start for found in ranges) <= MOST_LISTED
    return SizeSetPart(
        text=sizes.describe(),
        minimum=minimum,
        maximum=sizes.maximum,
        modulus=modulus,
        residues=[residue for found in ranges for residue in found] if few else None,
        residue_ranges=[(found.start, found.stop - 1) for found in ranges],
        settles_at=settles_at,
        irregular=_below(sizes, settles_at),
    )


def _below(sizes: SizeSet, end: int) -> list[int] | None:
    """The elements below ``end``; None where they are too many."""
    found: list[int] = []
    size = sizes.minimum
    while size is not None and size < end:
        found.append(size)
        if len(found) > MOST_LISTED:
            return None
        size = sizes.next_at_or_above(size + 1)
    return found


def _causes(compilation: Compilation, demand: Demand) -> list[Cause]:
    """The places of a demand, each once with how often it asks."""
    counts: dict[tuple[object, str], list[SizeCondition]] = {}
    for place in demand.places:
        counts.setdefault((place.span, place.reason), []).append(place)
    accepts = demand.accepted.describe()
    return [_cause(compilation, places, accepts) for places in counts.values()]


def _cause(compilation: Compilation, places: list[SizeCondition], accepts: str) -> Cause:
    place = places[0]
    position = compilation.sources[place.span.path].position(place.span.start)
    return Cause(
        path=place.span.path,
        line=position.line,
        column=position.column,
        message=place.reason,
        accepts=accepts,
        count=len(places),
        trace=[
            f"in `{frame.block}`, applied at {frame.span.path}:{compilation.line(frame.span)}" for frame in place.trace
        ],
    )
