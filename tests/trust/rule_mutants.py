"""How strong the tests of the shape rules are: every small change of a rule has to make one of them fail (P15).

``python -m tests.trust.rule_mutants`` changes one operator or number at a time in the rules of ``archdsl/ops`` and in
the arithmetic of open sizes. Tests are collected once for each group of files; every mutant runs in a fork of that
process, in which the code of one function is another, until a test fails.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import CodeType, FunctionType
from typing import Any

import pytest

from tests.house import ROOT
from tests.trust.rule_mutations import Mutation, mutated, mutations

OPS, IR = "tests/ops", "tests/ir"
SHARED = tuple(f"{OPS}/test_{name}.py" for name in ("stricter_than_torch", "open_sizes", "messages", "axis_counts"))
GROUPS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "convolution": (("ops/conv.py",), (f"{OPS}/test_enumeration_conv.py", *SHARED)),
    "transposed": (("ops/conv_transpose.py",), (f"{OPS}/test_enumeration_conv_transpose.py", *SHARED)),
    "pools": (
        ("ops/pooling.py", "ops/window.py", "ops/window_axis.py"),
        (f"{OPS}/test_enumeration_pooling.py", *SHARED),
    ),
    "norms": (("ops/norm.py",), (f"{OPS}/test_enumeration_norm.py", *SHARED)),
    "shapes": (
        ("ops/shape.py", "ops/merge.py", "ops/upsample.py", "ops/layout.py", "ops/linear.py", "ops/rules.py"),
        (f"{OPS}/test_enumeration_shape.py", *SHARED, f"{OPS}/test_lenet.py", f"{OPS}/test_registry.py"),
    ),
    "open sizes": (
        ("ir/dim.py", "ir/quasi_affine.py"),
        tuple(f"{IR}/test_{name}.py" for name in ("quasi_affine", "functions", "dim", "size_sets")),
    ),
}
"""Files with rules, and the tests that are to notice a change there."""
OTHER_CONCERNS = frozenset(
    "to_torch kept stored scratch macs arithmetic warnings window channels forward weights buffers describe groups "
    "_padded _window adaptive_window __str__ __repr__ axis_word term _alternatives spatial_words kernel_text "
    "independent".split()
)
"""Functions that are no shape rules: costs, generated code, texts; they have tests of their own."""
MOST_SECONDS = 120
HAS_RUN = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
KILLED, SURVIVED = 1, 0


@dataclass(frozen=True)
class Mutant:
    """A change of one function."""

    path: Path
    mutation: Mutation

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.mutation}"


@dataclass
class Runner:
    """A pytest plugin that runs the collected tests once for every mutant."""

    mutants: Sequence[Mutant]
    survivors: list[Mutant] = field(default_factory=list)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of running the tests."""
        assert _run(session, None) == SURVIVED, "the tests fail as they are"
        for mutant in self.mutants:
            if _run(session, mutant) == SURVIVED:
                self.survivors.append(mutant)
        return True


def _run(session: pytest.Session, mutant: Mutant | None) -> int:
    """Runs the tests in a fork until one fails; a run without an end counts as killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os._exit(_in_child(session, mutant, writing))
    os.close(writing)
    with os.fdopen(reading) as pipe:
        killer = pipe.read()
    _, status = os.waitpid(child, 0)
    if killer:  # the next mutant is often killed by the same test
        session.items.insert(0, session.items.pop(int(killer)))
    return SURVIVED if status == 0 else KILLED


def _in_child(session: pytest.Session, mutant: Mutant | None, report: int) -> int:
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    if mutant is not None:
        signal.alarm(MOST_SECONDS)
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
    module = importlib.import_module(".".join(mutant.path.relative_to(ROOT).with_suffix("").parts))
    code = compile(mutated(mutant.path.read_text("utf-8"), mutant.mutation), str(mutant.path), "exec")
    function = _function(module, mutant.mutation.function)
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


def mutants_of(files: Sequence[str]) -> list[Mutant]:
    """Every mutant of some files of the package."""
    paths = [ROOT / "archdsl" / name for name in files]
    return [
        Mutant(path, mutation)
        for path in paths
        for mutation in mutations(path.read_text("utf-8"))
        if mutation.function.rpartition(".")[2] not in OTHER_CONCERNS
    ]


@dataclass(frozen=True)
class Result:
    """What a run has seen."""

    mutants: int
    of: int
    """Mutants that there are; fewer run where a sample was asked for."""
    survivors: Sequence[Mutant]
    seconds: float

    def __str__(self) -> str:
        killed = self.mutants - len(self.survivors)
        share = 100 * killed / max(self.mutants, 1)
        return f"{killed:,} of {self.mutants:,} mutants killed ({share:.1f} %, of {self.of:,}) in {self.seconds:.0f} s"


def campaign(count: int | None, seed: str, groups: Sequence[str] = tuple(GROUPS)) -> Result:
    """Runs all mutants, or a sample of ``count``."""
    start = time.perf_counter()
    everything = {name: mutants_of(GROUPS[name][0]) for name in groups}
    whole = [mutant for found in everything.values() for mutant in found]
    chosen = set(whole if count is None else Random(seed).sample(whole, min(count, len(whole))))
    survivors: list[Mutant] = []
    for name, found in everything.items():
        runner = Runner([mutant for mutant in found if mutant in chosen])
        tests = [str(ROOT / test) for test in GROUPS[name][1]]
        if pytest.main(["-q", "-p", "no:cacheprovider", "--no-header", *tests], plugins=[runner]) not in HAS_RUN:
            raise RuntimeError(f"the tests of {name} fail as they are")
        survivors += runner.survivors
    return Result(len(chosen), len(whole), survivors, time.perf_counter() - start)


def main() -> int:
    """Ends with 1 where fewer than 95 % are killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, help="a sample of so many (default: all)")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--group", action="append", choices=GROUPS)
    options = parser.parse_args()
    result = campaign(options.mutants, options.seed, options.group or tuple(GROUPS))
    for survivor in result.survivors:
        print(f"survives: {survivor}")
    print(result)
    return int(len(result.survivors) > 0.05 * result.mutants)


if __name__ == "__main__":
    sys.exit(main())
