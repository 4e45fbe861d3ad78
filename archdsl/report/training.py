"""The page of a training run: figures, curves, confusion, recipe; opens offline, runs nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from archdsl.report.charts import confusion_matrix, curves

STYLE = """\
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td, th { padding: .15rem .8rem .15rem 0; text-align: right; } th { font-weight: 600; }
td:first-child, th:first-child { text-align: left; }
svg { max-width: 100%; height: auto; border-radius: 6px; } .charts { display: flex; flex-wrap: wrap; gap: 1rem; }
pre { padding: 1rem; border: 1px solid #8884; border-radius: 6px; overflow: auto; }
"""
MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class RunData:
    """What the files of a run folder hold."""

    network: str
    title: str
    classes: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    confusion: Sequence[Sequence[int]] | None
    recipe: str
    code: str


def loss_chart(rows: Sequence[Mapping[str, Any]]) -> str:
    """The loss in training and in validation."""
    return curves("loss", {name: _points(rows, key) for name, key in _LOSSES.items()})


def accuracy_chart(rows: Sequence[Mapping[str, Any]]) -> str:
    """The accuracy in validation."""
    return curves("accuracy", {"validation": _points(rows, "accuracy")})


def training_page(run: RunData) -> str:
    """The page as one HTML text; all data are escaped."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    best = max(run.rows, key=lambda row: (row["accuracy"], -row["loss"]), default=None)
    told = f"best accuracy {best['accuracy']:.2%} in epoch {best['epoch']}" if best else "no epoch was finished"
    matrix = f"<h2>Confusion, best epoch</h2>{confusion_matrix(run.confusion, run.classes)}" if run.confusion else ""
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(run.network)}: {escape(run.title)}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{escape(run.network)}</h1>
<p>{escape(run.title)}: {told}</p>
<div class="charts">{loss_chart(run.rows)}{accuracy_chart(run.rows)}</div>
{matrix}
<h2>Epochs</h2>
{_table(run.rows)}
<h2>Recipe</h2>
<pre>{escape(run.recipe)}</pre>
<h2>Network</h2>
<pre>{escape(run.code)}</pre>
</body>
</html>
"""


_LOSSES = {"training": "train_loss", "validation": "loss"}


def _points(rows: Sequence[Mapping[str, Any]], key: str) -> list[tuple[float, float]]:
    return [(float(row["epoch"]), float(row[key])) for row in rows]


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("epoch", "training loss", "loss", "accuracy", "rate", "seconds"))
    cells = "".join(f"<tr>{_cells(row)}</tr>\n" for row in rows[-MOST_ROWS:])
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{cells}</tbody></table>"


def _cells(row: Mapping[str, Any]) -> str:
    texts = (
        f"{row['epoch']}",
        f"{row['train_loss']:.4f}",
        f"{row['loss']:.4f}",
        f"{row['accuracy']:.2%}",
        f"{row['lr']:.2g}",
        f"{row['time']['seconds']:.1f}",
    )
    return "".join(f"<td>{text}</td>" for text in texts)
