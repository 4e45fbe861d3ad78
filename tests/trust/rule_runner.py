"""Runs collected tests for one mutant after another, each in a fork in which the code of one function is another."""

from __future__ import annotations

import importlib
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

from tests.trust.rule_mutations import Mutation, mutated

MEMORY = 8 << 30
"""Of a fork, in bytes."""
KILLED, SURVIVED = 1, 0


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
    most_seconds: float = 600.0

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """First the tests as they are, which says how long they may take."""
        start = time.monotonic()
        if self._run(session, None) == KILLED:
            raise session.Failed("the tests fail as they are")
        self.most_seconds = 30 + 5 * (time.monotonic() - start)
        for mutant in self.mutants:
            self.report(mutant, self._run(session, mutant) == KILLED)
        return True

    def _run(self, session: pytest.Session, mutant: Mutant | None) -> int:
        """Runs the tests in a fork until one fails; a run without an end counts as killed."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            os._exit(self._in_child(session, mutant, writing))
        os.close(writing)
        with os.fdopen(reading) as pipe:
            killer = pipe.read()
        _, status = os.waitpid(child, 0)
        if killer:  # the next mutant is often killed by the same test
            session.items.insert(0, session.items.pop(int(killer)))
        return SURVIVED if status == 0 else KILLED

    def _in_child(self, session: pytest.Session, mutant: Mutant | None, report: int) -> int:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        signal.alarm(int(self.most_seconds))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
        if mutant is not None:
            apply(mutant)
        items = session.items
        for index, (item, following) in enumerate(zip(items, [*items[1:], None], strict=True)):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                os.write(report, str(index).encode())
                return KILLED
        return SURVIVED


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
