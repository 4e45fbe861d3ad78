"""A comparison as the published document."""

from __future__ import annotations

from archdsl.compare.changes import Change, Texts
from archdsl.compare.weights import Weights
from archdsl.diagnostics.render.json import dump
from archdsl.documents.diff import (
    ArgumentChange,
    DiffDocument,
    DiffPlace,
    FigurePair,
    InterfaceDifference,
    Key,
    NetworkDifference,
    RenamedKey,
    ReshapedKey,
    StateDictDifference,
    StructureChange,
    Use,
    ValuePair,
)
from archdsl.driver.comparison import Comparison, Figure, Pair
from archdsl.ir.amount import Amount, Polynomial
from archdsl.source.span import Span


def diff_document(comparison: Comparison) -> DiffDocument:
    """The whole comparison; nothing is folded or left out."""
    return DiffDocument(
        old=comparison.old,
        new=comparison.new,
        same=comparison.is_empty,
        networks=[_network(pair) for pair in comparison.pairs],
        added=list(comparison.added),
        removed=list(comparison.removed),
    )


def text_of(document: DiffDocument) -> str:
    """The document as JSON text."""
    return dump(document.model_dump(mode="json")) + "\n"


def _network(pair: Pair) -> NetworkDifference:
    difference = pair.difference
    old, new = difference.old.texts, difference.new.texts
    return NetworkDifference(
        old=pair.old,
        new=pair.new,
        old_place=DiffPlace(path=pair.old_place[0], line=pair.old_place[1]),
        new_place=DiffPlace(path=pair.new_place[0], line=pair.new_place[1]),
        same=difference.is_empty,
        structure=[_change(change, old, new) for change in difference.changes],
        interface=[
            InterfaceDifference(
                aspect=change.aspect, name=change.name, old=change.old, new=change.new, breaks=change.breaks
            )
            for change in difference.interface
        ],
        numbers=[_figure(figure) for figure in pair.figures],
        state_dict=_state_dict(difference.weights),
        computes_same=difference.computes_same,
    )


def _change(change: Change, old: Texts, new: Texts) -> StructureChange:
    return StructureChange(
        action=change.action,
        kind=change.kind,
        old_kind=change.old_kind,
        name=change.name,
        level=change.level,
        block=change.block,
        uses=[Use(old=use.old, new=use.new) for use in change.uses],
        arguments=[
            ArgumentChange(name=detail.name, values=[ValuePair(old=one, new=other) for one, other in detail.values])
            for detail in change.details
        ],
        old_count=change.counts[0] if change.counts else None,
        new_count=change.counts[1] if change.counts else None,
        position=change.position,
        old_place=_place(change.old_span, old),
        new_place=_place(change.new_span, new),
        weights=change.weights,
        macs=_number(change.macs),
    )


def _place(span: Span | None, texts: Texts) -> DiffPlace | None:
    source = texts.get(span.path) if span is not None else None
    if span is None or source is None:
        return None
    return DiffPlace(path=span.path, line=source.position(span.start).line)


def _figure(figure: Figure) -> FigurePair:
    return FigurePair(
        name=figure.name,
        unit="bytes" if figure.is_bytes else "count",
        old=_number(figure.old),
        new=_number(figure.new),
        old_formula=str(figure.old) if isinstance(figure.old, Polynomial) else None,
        new_formula=str(figure.new) if isinstance(figure.new, Polynomial) else None,
    )


def _number(amount: Amount | None) -> int | None:
    return amount if isinstance(amount, int) else None


def _state_dict(weights: Weights) -> StateDictDifference:
    return StateDictDifference(
        loads=weights.fits,
        same=sum(not pair.is_renamed and not pair.is_reshaped for pair in weights.counterparts),
        renamed=[RenamedKey(old=pair.old[0], new=pair.new[0]) for pair in weights.renamed],
        reshaped=[
            ReshapedKey(old=pair.old[0], new=pair.new[0], old_shape=list(pair.old[1]), new_shape=list(pair.new[1]))
            for pair in weights.reshaped
        ],
        added=[Key(key=key, shape=list(shape)) for key, shape in weights.added],
        removed=[Key(key=key, shape=list(shape)) for key, shape in weights.removed],
    )
