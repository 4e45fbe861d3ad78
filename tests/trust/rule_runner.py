"""Runs collected tests for one mutant after another, each in a fork in which the code of one function is another."""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

from tests.trust.rule_mutations import Mutation, mutated

MEMORY = 8 << 30
"""Of a fork, in bytes. Its time is bounded test by test: a mutant may never end."""


@dataclass(frozen=True)
class Mutant:
    """A change of one function; ``module`` is the function's, as it is imported."""

    path: Path
    module: str
    mutation: Mutation

    @property
    def name(self) -> str:
        """What it is called wherever it stands in its file: ``merge.Concat.infer: axis < rank -> axis <= rank``."""
        return f"{self.module.rpartition('.')[2]}.{self.mutation}"

    def __str__(self) -> str:
        return f"{self.path.name}:{self.mutation.line} {self.name}"


@dataclass
class Runner:
    """A pytest plugin that runs the collected tests once for every mutant, in place of once."""

    mutants: Sequence[Mutant]
    report: Callable[[Mutant, bool], None]
    """Takes each mutant, and whether it was killed."""
    seconds: dict[str, float] = field(default_factory=dict)
    """What each test takes of the processor as the code is."""

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """First the tests as they are; then the quick ones come first."""
        seconds = self._run(session, None)
        if seconds is None:
            raise session.Failed("the tests fail as they are")
        self.seconds = {item.nodeid: spent for item, spent in zip(session.items, seconds, strict=True)}
        session.items.sort(key=lambda item: self.seconds[item.nodeid])
        for mutant in self.mutants:
            self.report(mutant, self._run(session, mutant) is None)
        return True

    def _run(self, session: pytest.Session, mutant: Mutant | None) -> list[float] | None:
        """The seconds that each test took in a fork; None if one failed or took far longer than it should."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            with os.fdopen(writing, "w") as answer:
                json.dump(self._in_child(session, mutant), answer)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            answer = pipe.read()
        os.waitpid(child, 0)
        found = json.loads(answer) if answer else None
        if isinstance(found, list):
            return found
        if found is not None:  # the next mutant is often killed by the same test
            session.items.insert(0, session.items.pop(found))
        return None

    def _in_child(self, session: pytest.Session, mutant: Mutant | None) -> list[float] | int:
        """The seconds that each test took, or the number of one that failed."""
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
        if mutant is not None:
            apply(mutant)
        items, seconds = session.items, []
        for index, (item, following) in enumerate(zip(items, [*items[1:], None], strict=True)):
            signal.setitimer(signal.ITIMER_PROF, 5 + 5 * self.seconds.get(item.nodeid, 60))
            before = time.process_time()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                return index
            seconds.append(time.process_time() - before)
        return seconds


def apply(mutant: Mutant) -> None:
    """Gives the function the changed code."""
    code = compile(mutated(mutant.path.read_text("utf-8"), mutant.mutation), str(mutant.path), "exec")
    function = _function(importlib.import_module(mutant.module), mutant.mutation.function)
    function.__code__ = next(found for found in _codes(code) if found.co_qualname == mutant.mutation.function)


def _function(module: Any, name: str) -> FunctionType:
    found: Any = module
    for part in name.split("."):
        found = vars(found)[part]
    for inner in ("fget", "__func__", "__wrapped__"):
        found = getattr(found, inner, found)
    assert isinstance(found, FunctionType)
    return found


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)
