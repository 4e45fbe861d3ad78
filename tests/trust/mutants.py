"""Mutants: valid programs with one fault, whose code and line are known before archdsl is asked.

``python -m tests.trust.mutants --mutants 25000`` runs a campaign. An operator makes the fault and says where it is.
A fault of shapes is run by real torch as well, which has to fail at the same statement. Where torch runs on, and only
the language refuses, the mutant counts as silent (promise P6).
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from random import Random

import torch

from archdsl.diagnostics.codes import CODES
from archdsl.driver.compilation import Compilation
from archdsl.source.loader import MemoryLoader
from tests.trust import (
    mutants_of_calls,
    mutants_of_files,
    mutants_of_names,
    mutants_of_shapes,
    mutants_of_texts,
    valid_edits,
)
from tests.trust.judge import draw
from tests.trust.operators import OPERATORS, TEXT_OPERATORS, Mutant, mutant_of
from tests.trust.surgery import Bench

PATH = "a.arch"
CATALOGUE = (mutants_of_shapes, mutants_of_calls, mutants_of_names, mutants_of_texts, mutants_of_files, valid_edits)
"""Importing them registers their operators."""


def judge(mutant: Mutant) -> str | None:
    """What is wrong with archdsl's verdict, or None."""
    compilation = Compilation(MemoryLoader({PATH: mutant.text, **(mutant.others or {})}))
    compilation.check_file(PATH)
    found = [(finding.code, compilation.line(finding.span)) for finding in compilation.sink]
    errors = [(code, line) for code, line in found if CODES[code].severity == "error"]
    if not mutant.codes:
        return f"false alarm: {errors}" if errors else None
    if not any(code in mutant.codes and line in mutant.lines for code, line in found):
        kind = "survivor" if not errors else "misplaced"
        return f"{kind}: {sorted(mutant.codes)} expected at {sorted(mutant.lines)}, found {found}"
    strays = [(code, line) for code, line in errors if line not in mutant.lines]
    return f"strays: {strays}" if strays and not mutant.loose else None


@dataclass(frozen=True)
class Result:
    """What a campaign has seen."""

    mutants: int
    programs: int
    operators: Mapping[str, int]
    """Mutants by operator."""
    silent: int
    """Those that torch runs without a word, of the ``ran`` that it was given."""
    ran: int
    benign: int
    wrong: Sequence[str]
    seconds: float

    def __str__(self) -> str:
        share = f"{self.silent:,} of {self.ran:,} run silently by torch"
        rejected = f"{self.mutants:,} mutants of {len(self.operators)} operators, {share}"
        valid = f"{self.benign:,} valid edits"
        return f"{rejected}; {valid}; {len(self.wrong)} wrong verdicts in {self.seconds:.0f} s"


def mutants(seed: str) -> Iterator[Mutant | str]:
    """One mutant by every operator that finds a place in the program of a seed; text where an operator is mistaken."""
    program, image = draw(seed)
    if judge(Mutant("", Bench(program, image, Random(seed)).text, frozenset(), frozenset())):
        return  # refused as it is: not used, for example
    for name in OPERATORS:
        bench = Bench(program, image, Random(f"{seed} {name}"))
        try:
            made = mutant_of(bench, name)
        except Exception as error:
            yield f"{name}: {type(error).__name__}: {error}\n{traceback.format_exc(limit=-3)}"
            continue
        if made is not None:
            yield made
    yield from of_text(Bench(program, image, Random(seed)).text, seed)


def of_text(text: str, seed: str, most: int = len(TEXT_OPERATORS)) -> Iterator[Mutant]:
    """At most ``most`` mutants of a text, by operators drawn from all that edit texts."""
    for name in Random(seed).sample(list(TEXT_OPERATORS), most):
        made = TEXT_OPERATORS[name](text, Random(f"{seed} {name}"))
        if made is not None:
            yield made


def of_specs(seed: str) -> Iterator[Mutant]:
    """A few mutants of one of the files in specs/."""
    yield from of_text(Random(seed).choice(mutants_of_texts.specs()), seed, 3)


def campaign(count: int, seed: str) -> Result:
    """Judges ``count`` mutants of the programs ``seed 0``, ``seed 1``, ... and of specs/, and valid edits of them."""
    start = time.perf_counter()
    operators: Counter[str] = Counter()
    benign = silent = ran = programs = 0
    wrong: list[str] = []
    while operators.total() < count:
        own = f"{seed} {programs}"
        for mutant in chain(mutants(own), of_specs(own)):
            if isinstance(mutant, str):
                wrong.append(f"seed '{own}': {mutant}")
                continue
            verdict = judge(mutant)
            if verdict is not None:
                wrong.append(f"seed '{own}', {mutant.operator}: {verdict}\n{numbered(mutant.text)}")
            benign += not mutant.codes
            operators[mutant.operator] += bool(mutant.codes)
            silent += mutant.silent
            ran += mutant.ran
        programs += 1
    operators = +operators
    return Result(operators.total(), programs, operators, silent, ran, benign, wrong, time.perf_counter() - start)


def numbered(text: str) -> str:
    """The text with its line numbers."""
    return "\n".join(f"{number:4} {line}" for number, line in enumerate(text.split("\n"), 1))


def main() -> int:
    """Runs a campaign; ends with 1 if a verdict is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=1_000)
    parser.add_argument("--seed", default="0")
    options = parser.parse_args()
    torch.set_num_threads(1)
    result = campaign(options.mutants, options.seed)
    for wrong in result.wrong:
        print(wrong)
    print(result)
    print(", ".join(f"{name} {count}" for name, count in sorted(result.operators.items())))
    return int(bool(result.wrong))


if __name__ == "__main__":
    sys.exit(main())
