"""What is measured, against which goal: each function runs one comparison and gives the lines of its table."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.hostile import GROWTH, LARGE
from benchmarks.measure import ROOT, Command, Series, run_in_turn, run_once
from benchmarks.networks import chain, repeated
from benchmarks.open_sizes import unet

CHAINS = (1_000, 5_000, 20_000)
REPEATS = (2, 100_000)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; ``met`` is None where there is no goal, only a figure."""

    what: str
    measured: str
    against: str = ""
    result: str = ""
    goal: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """The lines of one comparison under a title; ``columns`` names what is measured and what it is held against."""

    title: str
    columns: tuple[str, str]
    rows: tuple[Row, ...]


def check(*arguments: str, folder: Path = ROOT) -> Command:
    """``archdsl check ARGUMENTS`` in a folder, with the interpreter that runs this program."""
    return Command((sys.executable, "-m", "archdsl", "check", *arguments), folder)


def milliseconds(seconds: float) -> str:
    """A time for the table."""
    return f"{seconds * 1e3:,.1f} ms"


def mebibytes(size: float) -> str:
    """A memory size for the table."""
    return f"{size / 2**20:,.1f} MiB"


def _share(what: str, ours: float, theirs: float, shown: Callable[[float], str], parts: int) -> Row:
    """A line whose goal is: at most one of so many parts of the other side."""
    return Row(what, shown(ours), shown(theirs), f"1/{theirs / ours:.1f}", f"at most 1/{parts}", ours * parts <= theirs)


def resnet50_against_torchinfo(rounds: int, folder: Path, say: Say) -> Table:
    """Checking ResNet-50, from nothing and again unchanged, against torch and torchinfo on the same network."""
    spec = folder / "resnet.arch"
    spec.write_bytes((ROOT / "specs" / "resnet.arch").read_bytes())
    commands = {
        "check, no cache": check(spec.name, "--no-cache", folder=folder),
        "check again": check(spec.name, folder=folder),
        "torchinfo": Command((sys.executable, "-m", "benchmarks.resnet50_by_hand"), ROOT),
    }
    series = run_in_turn(commands, rounds, say=say)
    cold, warm, theirs = (series[name] for name in commands)
    return Table(
        "ResNet-50: archdsl check specs/resnet.arch against import torch and torchinfo.summary(resnet50, ...)",
        ("archdsl", "torchinfo"),
        (
            _share("time, no cache", cold.seconds, theirs.seconds, milliseconds, 12),
            _share("peak memory, no cache", cold.memory, theirs.memory, mebibytes, 10),
            _share("time, unchanged file again", warm.seconds, theirs.seconds, milliseconds, 30),
            _share("peak memory, unchanged again", warm.memory, theirs.memory, mebibytes, 10),
        ),
    )


def all_specs(rounds: int, folder: Path, say: Say) -> Table:
    """Checking every network of specs/, from nothing and again unchanged."""
    shutil.copytree(ROOT / "specs", folder / "specs")
    commands = {
        "no cache": check("--no-cache", "specs", folder=folder),
        "unchanged": check("specs", folder=folder),
    }
    cold, again = run_in_turn(commands, rounds, say=say).values()
    share = again.time_ratio(cold)
    return Table(
        "archdsl check specs/, whole process: every network of the zoo",
        ("time", "peak memory"),
        (
            Row("no cache", milliseconds(cold.seconds), mebibytes(cold.memory), "", "at most 1 s", cold.seconds <= 1.0),
            Row(
                "unchanged again",
                milliseconds(again.seconds),
                mebibytes(again.memory),
                f"1/{1 / share:.1f}",
                "at most 1/5",
                share <= 0.2,
            ),
        ),
    )


def written_layers(rounds: int, folder: Path, say: Say) -> Table:
    """Chains of written layers: beyond start-up, the time per layer must not grow with their number."""
    commands = {}
    for layers in (2, *CHAINS):
        spec = folder / f"chain_{layers}.arch"
        spec.write_text(chain(layers), encoding="utf-8")
        commands[f"{layers:,} layers"] = check(spec.name, "--no-cache", folder=folder)
    start_up, *chains = run_in_turn(commands, rounds, say=say).values()
    return _per_layer(start_up, dict(zip(CHAINS, chains, strict=True)))


def _per_layer(start_up: Series, chains: dict[int, Series]) -> Table:
    per_layer = {layers: series.seconds_over(start_up) / layers for layers, series in chains.items()}
    shortest = min(per_layer.values())
    # A difference below zero is start-up drowned in noise: no statement can be made, so the goal is not met.
    spread = max(per_layer.values()) / shortest if shortest > 0 else float("inf")
    rows = [
        Row(f"{layers:,} layers", milliseconds(chains[layers].seconds), f"{each * 1e6:.1f} µs a layer")
        for layers, each in per_layer.items()
    ]
    return Table(
        f"Chains of written layers, no cache (start-up of {milliseconds(start_up.seconds)} taken off per layer)",
        ("whole process", "beyond start-up"),
        (*rows, Row("slowest / fastest layer", "", "", f"{spread:.2f}", "at most 1.5", spread <= 1.5)),
    )


def repeated_block(rounds: int, folder: Path, say: Say) -> Table:
    """A block applied 100,000 times must check about as fast as one applied twice: instances are typed once."""
    commands = {}
    for times in REPEATS:
        spec = folder / f"repeat_{times}.arch"
        spec.write_text(repeated(times), encoding="utf-8")
        commands[f"repeat {times:_}"] = check(spec.name, "--no-cache", folder=folder)
    few, many = run_in_turn(commands, rounds, say=say).values()
    ratio = many.time_ratio(few)
    return Table(
        "repeat 100_000 { residual(64) } against repeat 2 { residual(64) }, whole process, no cache",
        ("repeat 100_000", "repeat 2"),
        (
            Row(
                "time",
                milliseconds(many.seconds),
                milliseconds(few.seconds),
                f"{ratio:.2f}",
                "at most 1.2",
                ratio <= 1.2,
            ),
            Row("peak memory", mebibytes(many.memory), mebibytes(few.memory), f"{many.memory / few.memory:.2f}"),
        ),
    )


def open_sizes(rounds: int, folder: Path, say: Say) -> Table:
    """What open sizes cost: a U-Net against itself with fixed sizes, and networks made to be hard."""
    commands = {}
    for name, text in (("open", unet("H", "W")), ("fixed", unet("512", "512"))):
        (folder / f"{name}.arch").write_text(text, encoding="utf-8")
        commands[name] = check(f"{name}.arch", "--no-cache", folder=folder)
    is_open, fixed = run_in_turn(commands, rounds, say=say).values()
    hard = {case: Command((sys.executable, "-m", "benchmarks.open_sizes", case), ROOT) for case in ("joins", "strided")}
    joins, strided = run_in_turn(hard, max(3, rounds // 5), say=say).values()
    ratio = is_open.processor_ratio(fixed)
    return Table(
        "Open sizes, processor time: a U-Net of depth 4 with H and W against 512 x 512; hard cases, their check alone",
        ("open", "fixed"),
        (
            Row(
                "archdsl check of the U-Net",
                milliseconds(is_open.processor),
                milliseconds(fixed.processor),
                f"{ratio:.3f}",
                "at most 1.05",
                ratio <= 1.05,
            ),
            Row("10,000 joins", milliseconds(joins.said), "", "", "under 1 s", joins.said < 1.0),
            Row("30 strides up to 7, twice", milliseconds(strided.said), "", "", "under 0.1 s", strided.said < 0.1),
            Row("peak memory of the two", mebibytes(joins.memory), mebibytes(strided.memory)),
        ),
    )


def training_loop(rounds: int, folder: Path, say: Say) -> Table:
    """The training loop against a plain one by hand; each case does its epochs in turn in one process of its own."""
    rows = []
    for case in ("lenet", "resnet18"):
        say(f"training {case}")
        run = run_once(Command((sys.executable, "-m", "benchmarks.training", case, str(rounds)), ROOT))
        ours, theirs, ratio = map(float, run.said.split())
        figures = f"{ours:,.0f} a second", f"{theirs:,.0f} a second"
        rows.append(Row(case, *figures, f"{ratio:.3f}", "at least 0.97", ratio >= 0.97))
    return Table(
        "Samples that archdsl train trains on, against a plain loop by hand on torchvision's module; processor time",
        ("archdsl", "plain loop"),
        tuple(rows),
    )


def _hostile(*arguments: str) -> Command:
    return Command((sys.executable, "-m", "benchmarks.hostile", *arguments), ROOT)


def growth(rounds: int, folder: Path, say: Say) -> Table:
    """Files made to be hard, against the same of twice the size: the best of the rounds of each."""
    commands = {
        f"{kind}={n}": _hostile("growth", f"{kind}={n}") for kind, (_, few) in GROWTH.items() for n in (few, 2 * few)
    }
    series = run_in_turn(commands, rounds, say=say)
    rows = []
    for kind, (_, few) in GROWTH.items():
        once, twice = (series[f"{kind}={size}"].least_said for size in (few, 2 * few))
        ratio = twice / once
        rows.append(Row(kind, milliseconds(twice), milliseconds(once), f"{ratio:.2f}", "at most 2.5", ratio <= 2.5))
    return Table("Adversarial files, processor time of the check alone", ("twice the size", "the size"), tuple(rows))


def bombs(rounds: int, folder: Path, say: Say) -> Table:
    """Hostile files of up to a mebibyte, and 10^18 layers: time of the check, memory of the process."""
    commands = {name: _hostile("large", name) for name in LARGE} | {"10^18 layers": _hostile("sand")}
    series = run_in_turn(commands, rounds, say=say)
    rows = []
    for name, each in series.items():
        limit, goal = (2.0, "2 s, 512 MiB") if name in LARGE else (0.05, "50 ms")
        met = each.least_said <= limit and each.memory <= 512 * 2**20
        rows.append(Row(name, milliseconds(each.least_said), mebibytes(each.memory), "", f"at most {goal}", met))
    return Table("Hostile files, processor time of the check beyond start-up", ("time", "peak memory"), tuple(rows))


COMPARISONS = (
    (resnet50_against_torchinfo, 11, 3),
    (all_specs, 15, 3),
    (written_layers, 15, 3),
    (repeated_block, 31, 7),
    (open_sizes, 41, 7),
    (training_loop, 15, 3),
    (growth, 5, 2),
    (bombs, 3, 1),
)
"""Each comparison with its rounds, and with those of a quick run: the slower the sides, the fewer."""
