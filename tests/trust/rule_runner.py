"""Runs collected tests for one mutant after another, each in a fork in which the code of one function is another."""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

from tests.trust.rule_mutations import Mutation, mutated

SURVIVED = -1
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


@dataclass(frozen=True)
class Usual:
    """What a test does as the code is: the processor time that it takes, and the functions that it calls."""

    seconds: float = 60.0
    functions: frozenset[tuple[str, str]] = frozenset()
    """Each with its file."""


@dataclass
class Runner:
    """A pytest plugin that runs the collected tests once for every mutant, in place of once."""

    mutants: Sequence[Mutant]
    report: Callable[[Mutant, bool], None]
    """Takes each mutant, and whether it was killed."""
    usual: dict[str, Usual] = field(default_factory=dict)
    """Of each test."""

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """First the tests as they are; then for each mutant those that call its function, the quick ones first."""
        found = self._answer(partial(self._watch, session.items))
        if not found:
            raise session.Failed("the tests fail as they are")
        self.usual = {
            item.nodeid: Usual(seconds, frozenset((file, name) for file, name in functions))
            for item, (seconds, functions) in zip(session.items, found, strict=True)
        }
        waiting = sorted(session.items, key=lambda item: self.usual[item.nodeid].seconds)
        for mutant in self.mutants:
            place = (str(mutant.path), mutant.mutation.function)
            callers = [item for item in waiting if place in self.usual[item.nodeid].functions]
            killer = self._answer(partial(self._kill, *changed(mutant), callers))
            self.report(mutant, killer != SURVIVED)
            if isinstance(killer, int) and killer != SURVIVED:  # the next mutant is often killed by the same test
                waiting.remove(callers[killer])
                waiting.insert(0, callers[killer])
        return True

    def _answer(self, work: Callable[[], Any]) -> Any:
        """What a function finds in a fork; None if the fork dies: of too much time or memory, in torch or in pytest."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            silent = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silent, 1)
            os.dup2(silent, 2)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
            try:
                os.write(writing, json.dumps(work()).encode())
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            text = pipe.read()
        os.waitpid(child, 0)
        return json.loads(text) if text else None

    def _watch(self, items: Sequence[pytest.Item]) -> list[tuple[float, list[tuple[str, str]]]]:
        """What each test takes and calls; nothing if one fails."""
        found = []
        for item, following in _pairs(items):
            called: set[CodeType] = set()
            sys.setprofile(lambda frame, event, _, called=called: called.add(frame.f_code))  # type: ignore[misc]
            seconds = self._run(item, following)
            sys.setprofile(None)
            if seconds is None:
                return []
            found.append((seconds, [(code.co_filename, code.co_qualname) for code in called]))
        return found

    def _kill(self, function: FunctionType, code: CodeType, items: Sequence[pytest.Item]) -> int:
        """The number of a test that fails where a function has other code."""
        function.__code__ = code
        for index, (item, following) in enumerate(_pairs(items)):
            if self._run(item, following) is None:
                return index
        return SURVIVED

    def _run(self, item: pytest.Item, following: pytest.Item | None) -> float | None:
        """The seconds that a test takes; None if it fails. The fork ends where it takes far longer than it should."""
        signal.setitimer(signal.ITIMER_PROF, 2 + 2 * self.usual.get(item.nodeid, Usual()).seconds)
        before = time.process_time()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return None if item.session.testsfailed else time.process_time() - before


def _pairs(items: Sequence[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    """Each with the one behind it."""
    return zip_longest(items, items[1:])


def changed(mutant: Mutant) -> tuple[FunctionType, CodeType]:
    """The function, and the code that it has in a mutant."""
    code = compile(mutated(mutant.path.read_text("utf-8"), mutant.mutation), str(mutant.path), "exec")
    function = _function(importlib.import_module(mutant.module), mutant.mutation.function)
    return function, next(found for found in _codes(code) if found.co_qualname == mutant.mutation.function)


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
