"""``python -m tests.trust.fuzz --inputs 20000``: whatever the bytes of a file, every command comes to a proper end.

Inputs are sentences of the grammar, mutants of all files that there are, and bytes. Each is checked, its findings
rendered in every format, formatted, and, where it is accepted, compiled, tabled and asked for its sizes.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FrameType

from archdsl.codegen import HEADER, Refused
from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.fixes import choose, edited
from archdsl.diagnostics.render.concise import render_concise
from archdsl.diagnostics.render.full import render_full
from archdsl.diagnostics.render.github import render_github
from archdsl.diagnostics.render.gitlab import render_gitlab
from archdsl.diagnostics.render.json import check_document, dump
from archdsl.diagnostics.render.junit import render_junit
from archdsl.diagnostics.render.run import Run
from archdsl.driver.compilation import Compilation
from archdsl.driver.formatting import format_loaded
from archdsl.driver.networks import networks_document
from archdsl.driver.outcome import Outcome, check_path, heed_comments
from archdsl.driver.overlay import OverlayLoader, place_of
from archdsl.driver.sizes import sizes_document
from archdsl.driver.source import source_of
from archdsl.driver.summary import TooManyRows, document_of, summarize
from archdsl.source.source import Source
from archdsl.source.span import Span
from tests.format.generator import Generator
from tests.house import ROOT
from tests.trust.mutations import gently_mutated, mutated
from tests.trust.sentences import sentence

SECONDS = 2.0
"""Of processor time for one command on one input (promises.md, P8)."""
MEMORY = 512 * 2**20
"""Bytes that one input may add to what the process holds."""
MOST_ROWS = 2_000
"""Layers of which tables are made: a table is written row by row, so a long one takes its time."""
PATH = "fuzzed.arch"


@dataclass(frozen=True, slots=True)
class FuzzResult:
    """What a campaign has seen; ``digest`` is one of all findings and all texts that were made."""

    inputs: int
    accepted: int
    compiled: int
    formatted: int
    slowest: float
    """Processor seconds of the slowest step."""
    memory: int
    """The most memory that the process held, in bytes."""
    digest: str
    faults: tuple[str, ...]


@dataclass
class _Tally:
    accepted: int = 0
    compiled: int = 0
    formatted: int = 0
    slowest: float = 0.0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    faults: list[str] = field(default_factory=list)


class _TooSlow(BaseException):
    """No ``Exception``, so that nothing on the way takes it for one of its own."""


def campaign(count: int, seed: str, *, first: int = 0, keep: Path | None = None) -> FuzzResult:
    """Judges ``count`` inputs; those at fault are written to the folder ``keep``."""
    tally, started = _Tally(), _peak()
    with tempfile.TemporaryDirectory(prefix="archdsl-fuzz-") as folder, _inside(folder):
        for index in range(first, first + count):
            data = made(f"{seed} {index}")
            before = len(tally.faults)
            judge(data, tally)
            if _peak() - started > MEMORY:
                tally.faults.append(f"{(_peak() - started) >> 20} MiB")
                started = _peak()
            for number in range(before, len(tally.faults)):
                tally.faults[number] = f"seed {f'{seed} {index}'!r}: {tally.faults[number]}"
            if keep is not None and len(tally.faults) > before:
                (keep / f"{seed}-{index}.arch").write_bytes(data)
    return _result(count, tally)


def judged(data: bytes) -> FuzzResult:
    """What is to be said of one input."""
    tally = _Tally()
    judge(data, tally)
    return _result(1, tally)


def _result(count: int, tally: _Tally) -> FuzzResult:
    digest, faults = tally.digest.hexdigest(), tuple(tally.faults)
    return FuzzResult(count, tally.accepted, tally.compiled, tally.formatted, tally.slowest, _peak(), digest, faults)


def made(seed: str) -> bytes:
    """The input of a seed."""
    chance = random.Random(seed)
    kind = chance.random()
    if kind < 0.1:
        return sentence(chance, chance.choice([10, 20, 40])).encode()
    if kind < 0.15:
        return Generator(chance).file().encode()
    if kind < 0.2:
        return mutated(Generator(chance).file(), sentence(chance, 10), chance)
    if kind < 0.22:
        return chance.randbytes(chance.choice([1, 10, 1_000]))
    if kind < 0.5:  # one gentle change in a file that is right: many of these are accepted
        return gently_mutated(chance.choice(right()), chance).encode()
    return mutated(chance.choice(corpus()), chance.choice(corpus()), chance)


@cache
def right() -> tuple[str, ...]:
    """The texts of files that are right."""
    return _texts_in("specs", "archdsl/std", "tests/corpus/good")


@cache
def corpus() -> tuple[str, ...]:
    """The texts of all files that there are."""
    return (*right(), *_texts_in("tests/corpus/bad", "tests/silent"))


def _texts_in(*folders: str) -> tuple[str, ...]:
    """The files in some folders; long ones, which are slow and rarely hit, left out."""
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.arch"))]
    return tuple(path.read_text("utf-8", "surrogateescape") for path in files if path.stat().st_size < 8_000)


# --- judging ------------------------------------------------------------------------------------------


def judge(data: bytes, tally: _Tally) -> None:
    """Adds what is wrong with the answers to one input."""
    steps = ((_judge_check, 1), (_judge_products, 3), (_judge_format, 1))
    for step, commands in steps:
        limit = commands * SECONDS
        start = time.process_time()
        try:
            with _time_limit(4 * limit):
                step(data, tally)
        except _TooSlow:
            tally.faults.append(f"{step.__name__}: more than {4 * limit} s")
            continue
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            told = traceback.format_exc(limit=-3)
            tally.faults.append(f"{step.__name__}: {type(error).__name__}: {str(error)[:300]}\n{told}")
            continue
        seconds = time.process_time() - start
        tally.slowest = max(tally.slowest, seconds)
        if seconds > limit:
            tally.faults.append(f"{step.__name__}: {seconds:.1f} s")


def _loader(data: bytes) -> OverlayLoader:
    return OverlayLoader(".", {place_of(PATH): data})


def _judge_check(data: bytes, tally: _Tally) -> None:
    """Findings stand in their texts, every format takes them, and edits lead to text."""
    outcome = check_path(_loader(data), PATH)
    findings = heed_comments(outcome.findings, [outcome])
    for finding in findings:
        assert finding.code in CODES
        for span in _spans(finding):
            _check_span(span, outcome)
    for text in _rendered(findings, outcome):
        tally.digest.update(text.encode())
    tally.accepted += not outcome.has_errors
    edits, _ = choose(findings, {PATH}, lambda path: path)
    if edits:
        assert check_path(_loader(edited(data, edits[PATH])), PATH) is not None


def _check_span(span: Span, outcome: Outcome) -> None:
    source = outcome.sources.get(span.path)
    length = len(source.text) if source is not None else 0
    assert 0 <= span.start <= span.end <= length, f"{span} in a text of {length}"


def _spans(finding: Diagnostic) -> Iterator[Span]:
    yield finding.span
    yield from (label.span for label in finding.labels)
    yield from (frame.span for frame in finding.trace)
    yield from (edit.span for edit in (finding.help.edits if finding.help else ()))


def _rendered(findings: Iterable[Diagnostic], outcome: Outcome) -> Iterator[str]:
    kept = tuple(findings)
    run = Run(kept, outcome.sources, (PATH,), networks=outcome.networks, exit_code=int(outcome.has_errors))
    for text in (
        render_full(kept[:50], outcome.sources, width=100),
        render_concise(kept[:50], outcome.sources),
        dump(check_document(kept, outcome.sources, files=1, networks=outcome.networks)),
        *(render(run) for render in (render_github, render_gitlab, render_junit)),
    ):
        wrong = {char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")} - {"\n"}
        assert not wrong, f"{wrong} in what is shown"
        yield text


def _judge_products(data: bytes, tally: _Tally) -> None:
    """What is accepted has code that is Python, a table and sizes; what is not has no code."""
    compilation = Compilation(_loader(data))
    designs = compilation.check_file(PATH)
    networks_document([(PATH, compilation)])
    is_whole = bool(designs) and not compilation.sink.has_errors
    try:
        source = source_of(compilation, PATH, designs)
    except Refused as refused:
        _check_span(refused.diagnostic.span, Outcome(PATH, 0, (), compilation.sources))
        source = None
    else:
        assert (source is not None) == is_whole
    if source is not None:
        tally.compiled += 1
        assert source.isascii() and source.startswith(f"# {HEADER}\n")
        ast.parse(source)
        tally.digest.update(source.encode())
    for design in designs if is_whole else ():
        _judge_tables(compilation, design.name)


def _judge_tables(compilation: Compilation, name: str) -> None:
    design = next(each for each in compilation.designs(PATH) if each.name == name)
    typed = compilation.typed(PATH, design)
    assert typed is not None
    sizes_document(compilation, PATH, typed)
    if typed.root.body.layers > MOST_ROWS:
        return
    try:
        summary = summarize(compilation, PATH, design)
    except TooManyRows:
        return
    if summary is not None:
        document_of(summary)


def _judge_format(data: bytes, tally: _Tally) -> None:
    """Formatting twice is formatting once."""
    result = format_loaded(PATH, _loader(data).load(PATH))
    if result.text is None:
        assert result.findings
        return
    tally.formatted += 1
    again = format_loaded(PATH, Source(PATH, result.text))
    assert again.text == result.text, "a second run changes something"
    tally.digest.update(result.text.encode())


# --- limits -------------------------------------------------------------------------------------------


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Ends what takes too much processor time."""

    def end(signal_number: int, frame: FrameType | None) -> None:
        raise _TooSlow

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@contextmanager
def _inside(folder: str) -> Iterator[None]:
    """Works in an empty folder, so that imports lead nowhere."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> int:
    """Runs a campaign; ends with 1 where an input found a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=5_000)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="a folder for inputs that found a fault")
    options = parser.parse_args()
    if options.keep is not None:
        options.keep = options.keep.resolve()
        options.keep.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    result = campaign(options.inputs, options.seed, first=options.first, keep=options.keep)
    print(*result.faults, sep="\n", end="\n" if result.faults else "")
    print(
        f"{result.inputs:,} inputs, {result.accepted:,} accepted, {result.compiled:,} compiled, "
        f"{result.formatted:,} formatted, {len(result.faults):,} faults in {time.perf_counter() - start:.0f} s; "
        f"slowest step {result.slowest:.2f} s, memory {result.memory >> 20} MiB, digest {result.digest[:16]}"
    )
    return int(bool(result.faults))


if __name__ == "__main__":
    sys.exit(main())
