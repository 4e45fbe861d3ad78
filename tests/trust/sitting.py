"""One run of ``make trust``: what is missing, handed out to processes, and what they bring back."""

from __future__ import annotations

import math
import sys
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from tests.trust.figures import Figures
from tests.trust.parts import Outcome, Part, prepare, run_part


class Died(Exception):
    """A process ended without an answer: torch crashed, or the memory was full."""


@dataclass(frozen=True)
class Stretch:
    """Some cases of a part, at work in a process."""

    part: Part
    first: int
    count: int
    result: Future[tuple[Outcome, float]]


class Sitting:
    """One run of the command: hands stretches out to processes, and adds them up in the order of their numbers."""

    def __init__(self, figures: Figures, parts: list[Part], programs: int, path: Path) -> None:
        self._figures = figures
        self._path = path
        self._wanted = {part.name: part.wanted(programs) for part in parts}
        self._parts = [part for part in parts if self._wanted[part.name]]
        self._start = time.monotonic()
        self._before = self._done()

    def run(self, jobs: int, minutes: float) -> None:
        """Until all is done, or the time is over; 0 minutes are no limit.

        :raises Died: if a process ended without an answer.
        """
        end = self._start + minutes * 60 if minutes else math.inf
        waiting = self._stretches()
        at_work: deque[Stretch] = deque()
        with ProcessPoolExecutor(jobs, get_context("spawn"), prepare) as pool:
            while True:
                while len(at_work) < 2 * jobs and time.monotonic() < end:
                    following = next(waiting, None)
                    if following is None:
                        break
                    part, first, count = following
                    result = pool.submit(run_part, part.name, self._figures.seed, first, count)
                    at_work.append(Stretch(part, first, count, result))
                if not at_work:
                    return
                self._take(at_work.popleft())

    def _take(self, stretch: Stretch) -> None:
        try:
            outcome, seconds = stretch.result.result()
        except BrokenProcessPool as error:
            cases = f"{stretch.first} to {stretch.first + stretch.count - 1}"
            raise Died(f"a process died at cases {cases} of {stretch.part.name}, or beside them") from error
        for sentence in outcome.wrong:
            self.say_nothing_more()
            print(f"DISAGREEMENT in {stretch.part.name}: {sentence}\n", flush=True)
        self._figures.part(stretch.part.name).add(outcome, stretch.count, seconds)
        self._figures.save(self._path)
        self._say()

    def _stretches(self) -> Iterator[tuple[Part, int, int]]:
        """What is missing of each part, in turn: always of that which is the furthest behind."""
        handed = {part.name: self._figures.part(part.name).done for part in self._parts}
        wanted = self._wanted
        while True:
            behind = [part for part in self._parts if handed[part.name] < wanted[part.name]]
            if not behind:
                return
            part = min(behind, key=lambda part: handed[part.name] / wanted[part.name])
            first = handed[part.name]
            count = min(part.stretch, wanted[part.name] - first)
            handed[part.name] += count
            yield part, first, count

    def _done(self) -> float:
        """The share of all cases that is done; each part counts alike."""
        shares = [min(1.0, self._figures.part(part.name).done / self._wanted[part.name]) for part in self._parts]
        return sum(shares) / len(shares)

    def _say(self) -> None:
        """One line that is written over, on a terminal only."""
        if not sys.stderr.isatty():
            return
        done, passed = self._done(), time.monotonic() - self._start
        speed = (done - self._before) / passed
        left = f", {(1 - done) / speed / 60:,.0f} min left" if speed > 0 else ""
        cases = ", ".join(f"{part.done:,} {name}" for name, part in self._figures.parts.items())
        sys.stderr.write(f"\r{done:6.1%}  {cases}, {len(self._figures.wrong)} disagreements{left}\033[K")
        sys.stderr.flush()

    def say_nothing_more(self) -> None:
        """Ends the line."""
        if sys.stderr.isatty():
            sys.stderr.write("\r\033[K")
