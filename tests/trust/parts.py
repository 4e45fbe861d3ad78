"""What a campaign is made of. Each part runs a stretch of its cases, and says what it compared and what differs."""

from __future__ import annotations

import resource
import signal
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from importlib import import_module
from importlib.util import find_spec
from math import ceil
from pathlib import Path

import torch

from tests.ops.campaign import ENUMERATIONS
from tests.ops.campaign import campaign as enumerate_layer
from tests.trust.draw import draw_project
from tests.trust.judge import Tally, judge_project
from tests.trust.linters import complaints
from tests.trust.minimise import minimise, write
from tests.trust.programs import Project

FOUND, CACHE = Path("build/trust/found"), Path("build/trust/mypy").absolute()
SAMPLED = 500
"""The generated files of one project in so many are linted: mypy takes as long as dozens of projects."""
MEMORY, SECONDS = 12 << 30, 120
"""Of a process, in bytes; of one project."""


@dataclass(frozen=True)
class Outcome:
    """What a stretch of cases came to."""

    counts: Mapping[str, int]
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """``share`` are its cases for each program that is asked for; ``most`` those that there are, 0 for no end."""

    name: str
    run: Callable[[str, int, int], Outcome]
    """Takes a seed, the number of the first case, and how many."""
    share: float = 0.0
    stretch: int = 50
    most: int = 0

    def wanted(self, programs: int) -> int:
        """How many cases belong to so many programs."""
        return self.most or ceil(programs * self.share)


def prepare() -> None:
    """Of each process, once: no threads, and no more memory than is sane."""
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


def projects(seed: str, first: int, count: int) -> Outcome:
    """Random projects against torch; what fails is made small and written to ``build/trust/found``."""
    tally, wrong = Tally(), []
    for index in range(first, first + count):
        name = f"{seed} {index}"
        tally.is_sampled = index % SAMPLED == 0
        found = _project(name, tally)
        if found is not None:
            wrong.append(f"seed {name!r}: {found}")
    said = _linted(tally.sources) if tally.sources else ""
    wrong += [f"linters, seeds from '{seed} {first}' on: {said}"] if said else []
    counts = {"programs": tally.programs, "networks": tally.networks, "layers": tally.layers, "files": tally.files}
    refused = {f"refused: {reason}": number for reason, number in tally.stricter.items()}
    return Outcome({**counts, "generated files linted": len(tally.sources), **refused}, tuple(wrong))


def _linted(sources: list[str]) -> str:
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        return complaints(sources, Path(folder), CACHE)


def _project(name: str, tally: Tally) -> str | None:
    try:
        with _time_limit():
            project = draw_project(name)
            wrong = judge_project(project, tally)
        if wrong is None:
            return None
        small = minimise(project, _verdict, most=1_000)
        return f"{small.wrong}\nwritten to {write(small, name, FOUND)}"
    except (TimeoutError, MemoryError) as error:
        return f"{type(error).__name__} after {SECONDS} s or {MEMORY >> 30} GiB"


def _verdict(project: Project) -> str | None:
    with _time_limit():
        return judge_project(project, Tally())


@contextmanager
def _time_limit() -> Iterator[None]:
    def give_up(number: int, frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def configurations(seed: str, first: int, count: int) -> Outcome:
    """Every small configuration of some layers; the same whatever the seed."""
    found = [enumerate_layer(name) for name in list(ENUMERATIONS)[first : first + count]]
    counts = {
        "configurations": sum(each.configurations for each in found),
        "accepted by torch": sum(each.accepted for each in found),
    }
    return Outcome(counts, tuple(sentence for each in found for sentence in each.wrong))


def _elsewhere(module: str, *, counted: str) -> Callable[[str, int, int], Outcome]:
    """A part that a module offers as ``campaign(count, seed)``; its result has figures, and what is wrong."""

    def run(seed: str, first: int, count: int) -> Outcome:
        result = import_module(module).campaign(count, f"{seed} {first}")
        figures = {each.name: getattr(result, each.name) for each in fields(result)}
        counts = {name: value for name, value in figures.items() if type(value) is int and name != "memory"}
        renamed = {name if name == counted else f"{counted}: {name}": value for name, value in counts.items()}
        return Outcome(renamed, tuple(figures.get("wrong") or figures.get("faults") or ()))

    return run


def _there(*parts: tuple[str, str, float, int]) -> list[Part]:
    return [
        Part(counted, _elsewhere(module, counted=counted), share, stretch)
        for module, counted, share, stretch in parts
        if find_spec(module) is not None
    ]


PARTS = [
    Part("programs", projects, 1.0, 50),
    Part("configurations", configurations, stretch=1, most=len(ENUMERATIONS)),
    *_there(
        ("tests.trust.mutants", "mutants", 0.25, 50),
        ("tests.trust.metamorphic", "pairs", 0.1, 50),
        ("tests.trust.fuzz", "inputs", 0.25, 200),
    ),
]
"""All parts, the one that takes longest first."""


def run_part(name: str, seed: str, first: int, count: int) -> tuple[Outcome, float]:
    """A stretch, in a process of its own; with the processor time that it took."""
    part = next(part for part in PARTS if part.name == name)
    start = time.process_time()
    outcome = part.run(seed, first, count)
    return outcome, time.process_time() - start
