"""Programs written otherwise: what a network computes does not change, and its digests say so.

``campaign`` transforms random programs. Three oracles judge each result: the digests of archdsl, the keys of
``state_dict`` of the two generated modules in torch, and their outputs on equal weights. Digests of the weights have to
be equal exactly where the keys are.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor

from archdsl.analysis.digest import Digests, digests
from archdsl.codegen import emit
from archdsl.driver.compilation import Compilation
from archdsl.ir.typed import TypedDesign
from archdsl.source.loader import MemoryLoader
from tests.networks.support import execute
from tests.trust.judge import draw
from tests.trust.layers import set_weights
from tests.trust.mutants import PATH, numbered
from tests.trust.surgery import Bench
from tests.trust.transformations import KEEP_KEYS, TRANSFORMATIONS, Files


@dataclass(frozen=True)
class Outcome:
    """What a network is, as digests and as torch runs it."""

    digests: Digests
    keys: Mapping[str, tuple[int, ...]]
    output: Tensor


@dataclass(frozen=True)
class Result:
    """What a campaign has seen."""

    programs: int
    pairs: int
    transformations: Mapping[str, int]
    same_keys: int
    """Pairs whose modules have the same ``state_dict``."""
    wrong: Sequence[str]
    seconds: float

    def __str__(self) -> str:
        kinds = f"{self.pairs:,} pairs by {len(self.transformations)} transformations"
        return f"{kinds}, {self.same_keys:,} with the same keys; {len(self.wrong)} wrong in {self.seconds:.0f} s"


class NotAccepted(Exception):
    """archdsl refuses a program."""


def outcome_of(files: Files, image: Tensor) -> Outcome:
    """Checks, compiles and runs the network of ``a.arch``.

    :raises NotAccepted: with the findings.
    """
    design = checked(files)
    found = digests(design)
    assert found is not None
    module = execute(emit([design]))[design.design.name]().eval()
    set_weights(module)
    with torch.no_grad():
        output = module(image)
    return Outcome(found, {key: tuple(tensor.shape) for key, tensor in module.state_dict().items()}, output)


def checked(files: Files) -> TypedDesign:
    """The only network of ``a.arch``."""
    compilation = Compilation(MemoryLoader(files))
    (design,) = compilation.check_file(PATH) or (None,)
    typed = compilation.typed(PATH, design) if design is not None else None
    if typed is None or not typed.complete or compilation.sink.has_errors:
        raise NotAccepted([(finding.code, compilation.line(finding.span)) for finding in compilation.sink])
    return typed


def differences(name: str, before: Outcome, after: Outcome) -> str | None:
    """What is wrong with a transformed program, or None."""
    if not torch.equal(before.output.nan_to_num(), after.output.nan_to_num()):
        return "other outputs"
    if before.digests.computation != after.digests.computation:
        return "another digest of the computation"
    same = before.keys == after.keys
    if name in KEEP_KEYS and not same:
        return f"other keys: {sorted(set(before.keys) ^ set(after.keys))[:6]}"
    if same != (before.digests.weights == after.digests.weights):
        return f"the keys are {'the same' if same else 'others'}, the digests of the weights are not so"
    return None


def campaign(count: int, seed: str) -> Result:
    """Judges ``count`` pairs of the programs ``seed 0``, ``seed 1``, ..."""
    start = time.perf_counter()
    seen: Counter[str] = Counter()
    wrong: list[str] = []
    programs = same = 0
    while seen.total() < count:
        own = f"{seed} {programs}"
        programs += 1
        program, image = draw(own)
        bench = Bench(program, image, Random(own))
        try:
            before = outcome_of({PATH: bench.text}, image)
        except NotAccepted:
            continue  # refused as it is: a value that nothing uses
        for name, transform in TRANSFORMATIONS.items():
            files = transform(Bench(program, image, Random(f"{own} {name}")))
            if files is None:
                continue
            seen[name] += 1
            try:
                after = outcome_of(files, image)
            except Exception as error:
                verdict: str | None = f"{type(error).__name__}: {error}"
            else:
                verdict = differences(name, before, after)
                same += before.keys == after.keys
            if verdict is not None:
                texts = "\n".join(f"--- {path}\n{numbered(text)}" for path, text in files.items())
                wrong.append(f"seed '{own}', {name}: {verdict}\n{bench.text}\n{texts}")
    return Result(programs, seen.total(), seen, same, wrong, time.perf_counter() - start)
