"""The product behind ``archdsl summary``: a network at given sizes, its rows and its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archdsl.analysis import receptive_field as rf
from archdsl.analysis.budget import DEFAULT, Budget, Setting, budget
from archdsl.analysis.memory import Programs
from archdsl.analysis.table import Row, TooManyRows, rows
from archdsl.analysis.totals import Totals, totals
from archdsl.check.check import check
from archdsl.diagnostics.render.json import dump
from archdsl.documents.summary import Layer, Memory, SummaryDocument, SummaryTotals
from archdsl.driver.compilation import Compilation
from archdsl.ir.amount import Amount, Polynomial
from archdsl.ir.design import Design
from archdsl.ir.dim import Dim
from archdsl.ir.typed import TypedDesign
from archdsl.ir.types import TensorType

__all__ = ["Setting", "Summary", "TooManyRows", "document_of", "open_sizes", "summarize", "text_of"]


@dataclass(frozen=True, slots=True)
class Summary:
    """A network's table. ``sizes`` are the values taken for open sizes; ``places`` (file, line) of each row.

    ``parts`` are the rows at depth 1. ``budget`` is None where sizes are open or the network is too long to follow.
    """

    path: str
    line: int
    design: TypedDesign
    sizes: Mapping[str, int]
    rows: tuple[Row, ...]
    places: tuple[tuple[str, int], ...]
    parts: tuple[Row, ...]
    totals: Totals
    budget: Budget | None


def open_sizes(design: TypedDesign) -> tuple[str, ...]:
    """The names of a network's open sizes, the batch left out."""
    sizes = (size for _, value in design.inputs for size in value.shape[1:])
    return tuple(dict.fromkeys(size.symbol_name for size in sizes if isinstance(size, Dim)))


def summarize(
    compilation: Compilation,
    path: str,
    design: Design,
    *,
    sizes: Mapping[str, int] | None = None,
    depth: int | None = None,
    merge_equal: bool = False,
    setting: Setting = DEFAULT,
) -> Summary | None:
    """A network's table at ``sizes``, else at the spec's nominal ones, else open; None with errors in the sink.

    :raises TooManyRows: where the table would be too long without folding.
    """
    typed = compilation.typed(path, design)
    if typed is None or not _is_sound(typed, compilation):
        return None
    known = {name: size for name, size in {**typed.nominal, **(sizes or {})}.items() if name in open_sizes(typed)}
    fixed = check(design, compilation.sink, sizes=known) if known else typed
    if fixed is None or not _is_sound(fixed, compilation):
        return None
    found = rows(fixed, depth=depth, merge_equal=merge_equal)
    places = tuple((row.span.path, compilation.line(row.span)) for row in found)
    line, figures = compilation.line(design.name_span), totals(fixed)
    parts = tuple(rows(fixed, depth=1))
    return Summary(path, line, fixed, known, tuple(found), places, parts, figures, _budget(fixed, figures, setting))


def _budget(design: TypedDesign, figures: Totals, setting: Setting) -> Budget | None:
    if open_sizes(design):
        return None
    programs = Programs.of(design)
    return budget(programs, figures, setting) if programs is not None else None


def _is_sound(design: TypedDesign, compilation: Compilation) -> bool:
    return design.complete and not compilation.sink.has_errors


def document_of(summary: Summary) -> SummaryDocument:
    """The table as the published document."""
    figures = summary.totals
    return SummaryDocument(
        network=summary.design.design.name,
        path=summary.path,
        line=summary.line,
        sizes=dict(summary.sizes),
        layers=[_layer(row, place) for row, place in zip(summary.rows, summary.places, strict=True)],
        totals=SummaryTotals(
            weights=figures.weights,
            training_weights=figures.training_weights,
            buffers=figures.buffers,
            macs=_number(figures.macs),
            macs_formula=_formula(figures.macs),
            flops=_number(figures.flops),
            activations=_number(figures.activations),
            activations_formula=_formula(figures.activations),
            layers=figures.layers,
            depth=figures.depth,
            receptive_field=_listed(figures.receptive_field),
        ),
        memory=_memory(summary.budget),
    )


def text_of(document: SummaryDocument) -> str:
    """The document as JSON text."""
    return dump(document.model_dump(mode="json")) + "\n"


def _layer(row: Row, place: tuple[str, int]) -> Layer:
    file, line = place
    strides, offsets = rf.strides(row.field), rf.offsets(row.field)
    return Layer(
        path=row.path,
        op=row.kind,
        inputs=[_shape(value) for value in row.inputs],
        output=_shape(row.output) if row.output is not None else None,
        weights=row.weights,
        macs=_number(row.macs),
        macs_formula=_formula(row.macs),
        flops=_number(row.costs.flops),
        activations=_number(row.costs.activations),
        buffers=row.costs.buffers,
        receptive_field=_listed(rf.extents(row.field)),
        stride=[float(stride) for stride in strides] if strides else None,
        offset=[float(offset) for offset in offsets] if offsets else None,
        line=line,
        file=file,
        when=row.when,
        layers=row.layers,
        skips=list(row.skips),
    )


def _memory(found: Budget | None) -> Memory | None:
    if found is None:
        return None
    return Memory(
        batch=found.setting.batch,
        dtype=found.setting.dtype,
        optimizer=found.setting.optimizer,
        weights=found.weights,
        buffers=found.buffers,
        gradients=found.gradients,
        optimizer_state=found.state,
        inputs=found.values.inputs,
        activations=found.values.activations,
        peak=found.values.peak,
        kept=found.values.kept,
        inference=found.inference,
        training=found.training,
        limit=found.setting.limit,
        largest_batch_inference=found.fits[0] if found.fits else None,
        largest_batch_training=found.fits[1] if found.fits else None,
    )


def _number(amount: Amount | None) -> int | None:
    return amount if isinstance(amount, int) else None


def _formula(amount: Amount | None) -> str | None:
    return str(amount) if isinstance(amount, Polynomial) else None


def _shape(value: TensorType) -> list[int | str]:
    return list(value.as_json())


def _listed(extents: tuple[int, ...] | None) -> list[int] | None:
    return list(extents) if extents is not None else None
