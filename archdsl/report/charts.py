"""Curves and confusion matrices as SVG: plain attributes, no script, no style that a page's policy would forbid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 560, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 34, 40
COLORS = ("#2563eb", "#ea580c", "#16a34a", "#9333ea")
INK, GRID, PAPER = "#1f2937", "#d1d5db", "#ffffff"
CELL, MOST_CLASSES = 30, 40
"""Of more classes, a picture of the matrix shows nothing that can be read."""


def curves(title: str, series: Mapping[str, Points]) -> str:
    """Curves over epochs with their names; values that are not finite are left out."""
    shown = {name: [(x, y) for x, y in points if abs(y) < float("inf")] for name, points in series.items()}
    values = [point for points in shown.values() for point in points] or [(0.0, 0.0)]
    first, last = min(x for x, _ in values), max(x for x, _ in values)
    across = [first, max(last, first + 1)]
    up = _ticks(min(y for _, y in values), max(y for _, y in values))

    def place(x: float, y: float) -> tuple[float, float]:
        width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        right = LEFT + width * (x - across[0]) / (across[1] - across[0])
        return round(right, 1), round(TOP + height * (1 - (y - up[0]) / (up[-1] - up[0])), 1)

    parts = [_text(LEFT, 18, title, weight="bold")]
    for value in up:
        y = place(across[0], value)[1]
        parts.append(f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="{GRID}"/>')
        parts.append(_text(LEFT - 6, y + 4, f"{value:g}", anchor="end"))
    for value in _ticks(first, last, whole=True):
        if not across[0] <= value <= across[1]:
            continue
        parts.append(_text(place(value, up[0])[0], HEIGHT - BOTTOM + 18, f"{value:g}", anchor="middle"))
    for index, (name, points) in enumerate(shown.items()):
        color = COLORS[index % len(COLORS)]
        line = " ".join(f"{x},{y}" for x, y in (place(*point) for point in points))
        parts.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts.append(_text(WIDTH - RIGHT, 18 + 15 * index, name, anchor="end", color=color))
    parts.append(_text(LEFT + (WIDTH - LEFT - RIGHT) / 2, HEIGHT - 6, "epoch", anchor="middle"))
    return _svg(WIDTH, HEIGHT, parts, title)


def confusion_matrix(counts: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    """Rows are the true classes, columns what they were taken for; the darker, the larger the part of its row."""
    shown = [escape(name if len(name) <= 12 else f"{name[:11]}…") for name in classes[:MOST_CLASSES]]
    margin = 48 + 7 * max(map(len, shown))
    size = margin + CELL * len(shown) + 10
    parts = [_text(2, 14, "taken for →", weight="bold"), _text(2, margin + 4, "true ↓", weight="bold")]
    for row, name in enumerate(shown):
        y = margin + 10 + CELL * row
        parts.append(_text(margin - 6, y + 20, name, anchor="end", escaped=True))
        x = margin + CELL * row + CELL / 2
        parts.append(f'<g transform="rotate(-60 {x} {margin})">{_text(x, margin, name, escaped=True)}</g>')
        total = max(1, sum(counts[row]))
        for column in range(len(shown)):
            parts.append(_cell(margin + CELL * column, y, counts[row][column], counts[row][column] / total))
    return _svg(size, size + 10, parts, "confusion of classes")


def _cell(x: float, y: float, count: int, share: float) -> str:
    dark = share > 0.5
    box = (
        f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" fill="{COLORS[0]}" '
        f'fill-opacity="{round(share, 3)}" stroke="{GRID}"/>'
    )
    color = PAPER if dark else INK
    return box + (_text(x + CELL / 2, y + 19, f"{count}", anchor="middle", color=color) if count else "")


def _ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Round numbers from at most ``low`` to at least ``high``."""
    span = max(high - low, 1e-6 if not whole else 1.0)
    step = 10 ** floor(log10(span / 4))
    step = next(step * factor for factor in (1, 2, 5, 10) if span / (step * factor) <= 5)
    step = max(1.0, ceil(step)) if whole else step
    first, last = floor(low / step), max(ceil(high / step), floor(low / step) + 1)
    return [round(index * step, 10) for index in range(first, last + 1)]


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    weight: str = "normal",
    color: str = INK,
    escaped: bool = False,
) -> str:
    content = text if escaped else escape(text)
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-weight="{weight}" fill="{color}">{content}</text>'


def _svg(width: float, height: float, parts: Sequence[str], title: str) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    font = 'font-family="system-ui, sans-serif" font-size="12" role="img"'
    paper = f'<rect width="{width}" height="{height}" fill="{PAPER}"/>'
    return f"{head} {font}><title>{escape(title)}</title>{paper}{''.join(parts)}</svg>\n"
