"""``python -m benchmarks.open_sizes``: what open sizes cost against fixed ones, and how hard networks grow.

Everything in one run on this machine. Processes in turn, A B A B ..., with the median ratio of neighbours; the figures
of single checks are processor time, because other work on the machine must not count.
Exit codes: 0 measured; 1 a goal was missed and ``--strict`` was given.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from archdsl.analysis.sizes import accepted_sizes
from archdsl.check.check import check
from archdsl.diagnostics.sink import Sink
from archdsl.driver.compilation import Compilation
from archdsl.source.loader import MemoryLoader
from benchmarks.measure import Command, run_in_turn

UNET = """\
block double_conv(channels: int) {
    repeat 2 { conv(channels, 3, padding=1, bias=false) -> batch_norm -> relu }
}
network unet(depth: int = 4, base: int = 64, classes: int = 2) {
    input image: [N, 1, HEIGHT, WIDTH]
    for i in 0..depth {
        down{i}: double_conv(base * 2**i)
        max_pool(2)
    }
    bottom: double_conv(base * 2**depth)
    for i in depth-1 ..= 0 by -1 {
        up{i}: conv_transpose(base * 2**i, 2, stride=2)
        concat { down{i}; identity }
        mix{i}: double_conv(base * 2**i)
    }
    head: conv(classes, 1)
    output mask: [N, classes, HEIGHT, WIDTH]
}
"""

JOIN = "    add { identity; max_pool(2) -> upsample(2) }"
FIXED = 64
STRIDES = (7, 2, 3, 5, 4, 6)


def unet(height: str, width: str) -> str:
    """The U-Net of depth 4 for an image of that size."""
    return UNET.replace("HEIGHT", height).replace("WIDTH", width)


def joins(count: int) -> str:
    """A network of so many joins, each written out, each with a condition on H."""
    body = "\n".join([JOIN] * count)
    return f"network joins() {{\n    input image: [N, 4, H, 8]\n{body}\n    output y: [N, 4, _, _]\n}}\n"


def strided(layers: int) -> str:
    """A chain of strided layers, strides 2 to 7 in turn, floors and ceilings mixed, beside its own ceil-mode twin."""
    steps = [f"max_pool(3, stride={STRIDES[i % 6]}, padding=1, ceil={str(i % 2 == 0).lower()})" for i in range(layers)]
    twins = [f"conv(4, 3, stride={STRIDES[i % 6]}, padding=1)" for i in range(layers)]
    paths = f"        {' -> '.join(steps)}\n        {' -> '.join(twins)}\n"
    head = "network strided() {\n    input image: [N, 4, H, 8]\n"
    return f"{head}    add {{\n{paths}    }}\n    output y: [N, 4, _, _]\n}}\n"


def main() -> int:
    """Runs all comparisons and prints a line each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.open_sizes", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--strict", action="store_true", help="exit with 1 where a goal is missed")
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    met = [process_cost(options.rounds), check_cost(options.rounds * 8)]
    met.append(hard("10,000 written joins", lambda: joins(10_000), goal=1.0))
    met.append(hard("30 strided layers, strides 2 to 7, joined with their twins", lambda: strided(30), goal=1.0))
    return int(options.strict and not all(met))


def process_cost(rounds: int) -> bool:
    """``archdsl check`` of the U-Net with open sizes against the same with fixed ones, as a user waits for it."""
    with tempfile.TemporaryDirectory(prefix="archdsl-bench-") as folder:
        for name, text in (("open", unet("H", "W")), ("fixed", unet("512", "512"))):
            Path(folder, f"{name}.arch").write_text(text, "utf-8")
        commands = {
            name: Command((sys.executable, "-m", "archdsl", "check", "--no-cache", f"{name}.arch"), Path(folder))
            for name in ("open", "fixed")
        }
        series = run_in_turn(commands, rounds, say=lambda _: None)
    ratio = series["open"].time_ratio(series["fixed"])
    times = f"{series['open'].seconds * 1e3:.1f} ms open, {series['fixed'].seconds * 1e3:.1f} ms fixed"
    return say("`archdsl check` of a U-Net of depth 4", times, f"ratio {ratio:.3f}", "at most 1.05", ratio <= 1.05)


def check_cost(rounds: int) -> bool:
    """From text to TypedDesign inside one process, in processor time: a figure, not a goal."""

    def once(text: str) -> float:
        start = time.process_time()
        checked(text)
        return time.process_time() - start

    pairs = [(once(unet("H", "W")), once(unet("512", "512"))) for _ in range(rounds)][rounds // 8 :]
    ratio = statistics.median(left / right for left, right in pairs)
    left, right = (statistics.median(column) for column in zip(*pairs, strict=True))
    return say(
        "the same inside a warm process", f"{left * 1e3:.2f} ms open, {right * 1e3:.2f} ms fixed", f"ratio {ratio:.3f}"
    )


def hard(what: str, text: Callable[[], str], *, goal: float) -> bool:
    """A network made to be hard: processor time of its check alone (the text is parsed before), and peak memory."""
    compilation = Compilation(MemoryLoader({"n.arch": text()}))
    (design,) = compilation.designs("n.arch")
    start = time.process_time()
    typed = compilation.typed("n.arch", design)
    seconds = time.process_time() - start
    assert typed is not None
    assert typed.complete, [finding.message for finding in compilation.sink]
    start = time.process_time()
    check(design, Sink(), sizes={"H": FIXED})
    fixed = time.process_time() - start
    start = time.process_time()
    (height,) = accepted_sizes(typed)
    told = time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = f"check {seconds:.3f} s ({fixed:.3f} s with H fixed), sizes {told:.3f} s, peak {memory:.0f} MiB"
    print(f"    accepts {height.accepted.describe()}")
    return say(what, figures, "", f"under {goal:.0f} s", seconds + told < goal)


def checked(text: str) -> None:
    """Text to TypedDesign, without a finding."""
    compilation = Compilation(MemoryLoader({"n.arch": text}))
    compilation.check_file("n.arch")
    assert not compilation.sink.has_errors


def say(what: str, figures: str, result: str, goal: str = "", met: bool = True) -> bool:
    """One line; whether the goal was met."""
    verdict = f"  (goal: {goal}: {'met' if met else 'MISSED'})" if goal else ""
    print(f"{what}: {figures}{'  ' + result if result else ''}{verdict}", flush=True)
    return met


if __name__ == "__main__":
    sys.exit(main())
