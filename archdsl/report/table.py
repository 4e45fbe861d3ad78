"""The table of a network, for the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from archdsl.analysis import receptive_field as rf
from archdsl.analysis.table import Row
from archdsl.diagnostics.escape import escape, width_of
from archdsl.driver.summary import Summary
from archdsl.ir.amount import Amount, Polynomial
from archdsl.report.budget import budget_table, render_budget
from archdsl.report.chosen import Chosen, choose
from archdsl.report.figures import grouped, path_range, rounded, square
from archdsl.report.shares import render_shares

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
HEADINGS = ("layer", "kind", "output", "weights", "MACs", "field", "line")
_FIRST_FIGURE = 3
"""From this column on, cells stand to the right."""

_LEAST = {6: 8, 1: 16, 2: 18, 0: 14}
"""How narrow a column may become, in the order in which columns give way; the path gives way last."""

_GAP = "  "
_LONGEST_FORMULA = 34


@dataclass(frozen=True, slots=True)
class _Style:
    bold: str = ""
    dim: str = ""
    off: str = ""


_PLAIN, _COLORED = _Style(), _Style("\x1b[1m", "\x1b[2m", "\x1b[0m")


def render_text(
    summary: Summary, *, width: int = 100, color: bool = False, sort: str | None = None, top: int | None = None
) -> str:
    """The table for a terminal of ``width`` columns: cells aligned, the figures of the whole network below.

    ``sort`` is one of ``COSTS``, ``top`` the number of rows that are shown.
    """
    style = _COLORED if color else _PLAIN
    chosen = choose(summary, sort, top)
    cells = [_cells(row, place, summary.path, chosen.in_order) for row, place in chosen.rows]
    cells += [_rest(chosen)] if chosen.left else []
    total = ("total", "", "", grouped(summary.totals.weights), _formula_or_number(summary.totals.macs), "", "")
    widths = _widths([HEADINGS, *cells, total], width)
    rule = _GAP.join("-" * size for size in widths)
    shares = render_shares(summary.parts, width)
    lines = [
        *_head(summary, style),
        "",
        f"{style.bold}{_line(HEADINGS, widths)}{style.off}",
        f"{style.dim}{rule}{style.off}",
        *(_line(row, widths) for row in cells),
        f"{style.dim}{rule}{style.off}",
        f"{style.bold}{_line(total, widths)}{style.off}",
        "",
        *([f"{style.bold}{shares[0]}{style.off}", *shares[1:], ""] if shares else []),
        *_closing(summary),
        *(["", *render_budget(summary.budget)] if summary.budget is not None else []),
    ]
    return "\n".join(lines) + "\n"


def render_markdown(summary: Summary, *, sort: str | None = None, top: int | None = None) -> str:
    """The same as a Markdown document of its own, without bars."""
    chosen = choose(summary, sort, top)
    rows = [_cells(row, place, summary.path, False) for row, place in chosen.rows]
    rows += [_rest(chosen)] if chosen.left else []
    totals = summary.totals
    total = ("**total**", "", "", f"**{grouped(totals.weights)}**", f"**{grouped(totals.macs)}**", "", "")
    marks = [":---" if index < _FIRST_FIGURE else "---:" for index in range(len(HEADINGS))]
    name, *rest = _head(summary, _PLAIN)
    lines = [
        f"## {_in_markdown(name)}",
        "",
        *(_in_markdown(line) for line in rest),
        "",
        _markdown_row(HEADINGS),
        _markdown_row(marks),
        *(_markdown_row((f"`{row[0]}`", *map(_in_markdown, row[1:]))) for row in rows),
        _markdown_row(total),
        "",
        *(_in_markdown(line) for line in _closing(summary)),
    ]
    if summary.budget is not None:
        heading, *memory = budget_table(summary.budget)
        lines += ["", _markdown_row(heading), _markdown_row((":---", "---:", "---:")), *map(_markdown_row, memory)]
    return "\n".join(lines) + "\n"


# --- the parts ----------------------------------------------------------------------------------------


def _head(summary: Summary, style: _Style) -> list[str]:
    design = summary.design
    sizes = ", ".join(f"{name} = {size}" for name, size in summary.sizes.items())
    place = f"{escape(summary.path)}:{summary.line}"
    inputs = ", ".join(f"{name} {value}" for name, value in design.inputs)
    outputs = ", ".join(f"{name} {value}{f' (in {when})' if when else ''}" for name, value, when in design.outputs)
    with_sizes = f"{_GAP}with {sizes}" if sizes else ""
    return [f"{style.bold}{design.design.name}{style.off}{_GAP}{place}{with_sizes}", f"{inputs} -> {outputs}"]


def _cells(row: Row, place: tuple[str, int], home: str, with_rails: bool) -> tuple[str, ...]:
    file, line = place
    kind = row.kind if row.is_layer or row.layers < 2 or row.kind != "group" else f"{row.layers:,} layers"
    kind = f"{row.count:,} x {kind}" if row.count > 1 else kind
    kind += "".join(f" + {skip}" for skip in row.skips)
    macs = None if row.macs is None else row.macs * row.count
    elsewhere = "" if file == home else f"{escape(file.rpartition('/')[2])}:"
    return (
        path_range(row.path, row.last),
        f"{row.rail} {kind}" if with_rails and row.rail else kind,
        str(row.output) if row.output is not None else "-",
        _unless_zero(row.weights * row.count),
        f"({grouped(macs)})" if row.when else _unless_zero(macs),
        square(rf.extents(row.field)) if row.output is not None and row.output.spatial else "",
        f"{elsewhere}{line}",
    )


def _rest(chosen: Chosen) -> tuple[str, ...]:
    rows = f"{chosen.left:,} more {'row' if chosen.left == 1 else 'rows'}"
    return (rows, "", "", _unless_zero(chosen.rest.weights), _unless_zero(chosen.rest.macs), "", "")


def _unless_zero(amount: Amount | None) -> str:
    return "" if amount == 0 else _formula_or_number(amount)


def _formula_or_number(amount: Amount | None) -> str:
    """A cell: a long formula by its first term."""
    text = grouped(amount)
    if len(text) <= _LONGEST_FORMULA or not isinstance(amount, Polynomial):
        return text
    first = text.partition(" + ")[0]
    return f"{first} + {ELLIPSIS}" if len(first) <= _LONGEST_FORMULA else f"a formula of {' and '.join(amount.symbols)}"


def _closing(summary: Summary) -> list[str]:
    totals = summary.totals
    training = f", {rounded(totals.training_weights)} of them for training only" if totals.training_weights else ""
    layers = "layer" if totals.layers == 1 else "layers"
    buffers = f"; {grouped(totals.buffers)} values in buffers" if totals.buffers else ""
    in_training = [row for row in summary.rows if row.when]
    return [
        *(["(in brackets: runs in training only, and does not count)"] if in_training else []),
        f"{rounded(totals.weights)} weights{training}{buffers}",
        _amount_line("MACs", "multiply-adds a sample", totals.macs),
        _amount_line("values", "values in the outputs of its layers a sample", totals.activations),
        f"{totals.depth:,} weighted layers deep, {totals.layers:,} {layers} in all; "
        f"receptive field {square(totals.receptive_field)}",
    ]


def _amount_line(name: str, words: str, amount: Amount | None) -> str:
    """``1.81 G multiply-adds a sample``, or ``MACs(H, W) = ...``."""
    if isinstance(amount, Polynomial):
        return f"{name}({', '.join(amount.symbols)}) = {amount}"
    return f"{rounded(amount)} {words}" if amount is not None else f"{name}: not known for open sizes"


# --- columns ------------------------------------------------------------------------------------------


def _widths(rows: Iterable[Sequence[str]], room: int) -> list[int]:
    """The width of each column; where all together do not fit, texts give way, figures never."""
    widths = [max(map(width_of, column)) for column in zip(*rows, strict=True)]
    for index, least in _LEAST.items():
        excess = sum(widths) + len(_GAP) * (len(widths) - 1) - room
        if excess > 0:
            widths[index] = max(min(least, widths[index]), widths[index] - excess)
    return widths


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = []
    for index, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        shown = _shortened(cell, width, keep_end=index in (0, len(cells) - 1))
        space = " " * (width - width_of(shown))
        padded.append(shown + space if index < _FIRST_FIGURE else space + shown)
    return _GAP.join(padded).rstrip()


def _shortened(text: str, width: int, *, keep_end: bool) -> str:
    if width_of(text) <= width:
        return text
    return ELLIPSIS + text[-(width - 1) :] if keep_end else text[: width - 1] + ELLIPSIS


def _markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _in_markdown(text: str) -> str:
    return "".join(f"\\{char}" if char in "\\`*_[]<>|#" else char for char in text)
