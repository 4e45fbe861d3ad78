"""``python -m benchmarks``: measures everything in one run on this machine and prints the tables.

Exit codes: 0 measured; 1 a goal was missed and ``--strict`` was given; 2 something could not be measured.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path

from benchmarks.goals import COMPARISONS, Row, Table
from benchmarks.measure import CommandError

WIDTHS = (30, 16, 18, 8, 14)


def main() -> int:
    """Runs all comparisons and prints each table when it is complete."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few rounds: a rough picture in under a minute")
    parser.add_argument("--strict", action="store_true", help="exit with 1 where a goal is missed")
    options = parser.parse_args()

    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; medians of runs in turn")
    tables: list[Table] = []
    failed = False
    for compare, many, few in COMPARISONS:
        rounds = few if options.quick else many
        try:
            with tempfile.TemporaryDirectory(prefix="archdsl-bench-") as folder:
                tables.append(compare(rounds, Path(folder), show_progress))
        except CommandError as problem:
            failed = True
            show_progress("")
            print("", *problem.args, sep="\n")
            continue
        show_progress("")
        print_table(tables[-1], rounds)

    rows = [row for table in tables for row in table.rows if row.met is not None]
    print(f"\n{sum(row.met is True for row in rows)} goals met, {sum(row.met is False for row in rows)} missed")
    if failed:
        return 2
    return int(options.strict and any(row.met is False for row in rows))


def print_table(table: Table, rounds: int) -> None:
    """One comparison, aligned."""
    print(f"\n{table.title}; {rounds} rounds")
    print_line("", *table.columns, "ratio", "goal")
    for row in table.rows:
        print_line(row.what, row.measured, row.against, row.result, row.goal, verdict(row))


def print_line(first: str, *cells: str) -> None:
    """A line of the table: its name to the left, figures to the right."""
    padded = [f"{cell:>{width}}" for cell, width in zip(cells, WIDTHS[1:], strict=False)]
    line = "  ".join([f"  {first:<{WIDTHS[0]}}", *padded, *cells[len(padded) :]])
    print(line.rstrip(), flush=True)


def verdict(row: Row) -> str:
    """Met, missed, or nothing where there is no goal."""
    return {True: "met", False: "MISSED", None: ""}[row.met]


def show_progress(text: str) -> None:
    """What is running now, on a terminal only: a log keeps the tables."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
