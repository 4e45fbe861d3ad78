"""How strong the tests of the shape rules are: every small change of a rule has to make one of them fail (P15).

``make rule-mutants`` changes one operator or number at a time. The tests of a group of files are collected once, and
run for every change until one fails. Verdicts are kept in ``build/trust/rules.json``: the next run goes on where this
one ended, and begins anew with a group of which a file has changed. Exit 1 where a change survives that is not on the
list of those that nobody can notice, or one of that list is noticed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest

from tests.house import ROOT
from tests.trust.rule_groups import EQUIVALENT, GROUPS, OTHER_CONCERNS, SUPPORT, Group
from tests.trust.rule_mutations import mutations
from tests.trust.rule_runner import Mutant, Runner

HAS_RUN = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
VERDICTS = ROOT / "build/trust/rules.json"


def mutants_of(group: Group) -> list[Mutant]:
    """Every mutant of the files of a group."""
    return [
        Mutant(path, f"archdsl.{name.removesuffix('.py').replace('/', '.')}", mutation)
        for name in group.files
        for path in [ROOT / "archdsl" / name]
        for mutation in mutations(path.read_text("utf-8"))
        if mutation.function.rpartition(".")[2] not in OTHER_CONCERNS
    ]


@dataclass
class Verdicts:
    """What is known of the mutants of a group, whose files have the digest ``state``."""

    state: str
    killed: list[str] = field(default_factory=list)
    survived: list[str] = field(default_factory=list)

    @property
    def equivalent(self) -> list[str]:
        return [name for name in self.survived if name in EQUIVALENT]

    @property
    def wrong(self) -> list[str]:
        """What has to be mended: in the tests, or in the list of changes that nobody can notice."""
        survivors = [f"survives: {name}" for name in self.survived if name not in EQUIVALENT]
        return survivors + [f"is noticed, and so not equivalent: {name}" for name in self.killed if name in EQUIVALENT]

    def row(self, group: str, total: int) -> str:
        """``pools: 85 of 86 killed, 3 equivalent, 1 not tried``."""
        killed, equivalent = len(self.killed), len(self.equivalent)
        waiting = total - killed - len(self.survived)
        said = [f"{group}: {killed:,} of {total - equivalent:,} killed"]
        said += [f"{equivalent} equivalent"] if equivalent else []
        return ", ".join([*said, *([f"{waiting} not tried"] if waiting else [])])


def load(path: Path) -> dict[str, Verdicts]:
    """The verdicts of earlier runs, those of groups left out that have changed since."""
    found = json.loads(path.read_text()) if path.exists() else {}
    empty = {name: Verdicts(_state(group)) for name, group in GROUPS.items()}
    kept = {name: Verdicts(**each) for name, each in found.items() if name in GROUPS}
    return empty | {name: each for name, each in kept.items() if each.state == empty[name].state}


def save(path: Path, verdicts: dict[str, Verdicts]) -> None:
    """Writes all of it, or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".new")
    aside.write_text(json.dumps({name: vars(each) for name, each in verdicts.items()}, indent=1) + "\n")
    os.replace(aside, path)


def _state(group: Group) -> str:
    files = [*(f"archdsl/{name}" for name in group.files), *group.tests, *SUPPORT]
    return sha256(b"".join((ROOT / name).read_bytes() for name in files)).hexdigest()


def judge(tests: Sequence[str], mutants: Sequence[Mutant], report: Callable[[Mutant, bool], None]) -> None:
    """Runs tests for each of some mutants; ``report`` takes it, and whether it was killed.

    :raises RuntimeError: if the tests fail as they are.
    """
    options = ["-p", "no:cacheprovider", "-p", "no:terminal", *(str(ROOT / test) for test in tests)]
    if pytest.main(options, plugins=[Runner(mutants, report)]) not in HAS_RUN:
        raise RuntimeError(f"{', '.join(tests)} fail as they are")


def figures(path: Path = VERDICTS) -> str:
    """What is known so far: a line for each group, and what is wrong."""
    verdicts = load(path)
    rows = [f"  {each.row(name, len(mutants_of(GROUPS[name])))}" for name, each in verdicts.items()]
    wrong = [f"  {sentence}" for each in verdicts.values() for sentence in each.wrong]
    killed = [name for each in verdicts.values() for name in each.killed]
    survived = [name for each in verdicts.values() for name in each.survived]
    total = sum(len(mutants_of(group)) for group in GROUPS.values())
    return "\n".join([Verdicts("", killed, survived).row("mutants of shape rules", total), *rows, *wrong])


def campaign(groups: Sequence[str], only: str, path: Path) -> None:
    """Tries what has no verdict yet."""
    verdicts = load(path)
    for name in groups:
        known = verdicts[name]
        tried = {*known.killed, *known.survived}
        waiting = [mutant for mutant in mutants_of(GROUPS[name]) if mutant.name not in tried and only in str(mutant)]

        def report(mutant: Mutant, is_killed: bool, known: Verdicts = known) -> None:
            (known.killed if is_killed else known.survived).append(mutant.name)
            save(path, verdicts)
            if not is_killed:
                print(f"survives: {mutant}", flush=True)

        if waiting:
            judge(GROUPS[name].tests, waiting, report)


def main() -> int:
    """Prints the figures of all runs on the files as they are."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.rule_mutants", description=__doc__)
    parser.add_argument("--group", action="append", choices=GROUPS, help="this group (default: all)")
    parser.add_argument("--only", default="", metavar="TEXT", help="mutants with this text in their names")
    parser.add_argument("--fresh", action="store_true", help="forget earlier verdicts")
    parser.add_argument("--verdicts", type=Path, default=VERDICTS)
    options = parser.parse_args()
    if options.fresh:
        options.verdicts.unlink(missing_ok=True)
    campaign(options.group or list(GROUPS), options.only, options.verdicts)
    print(figures(options.verdicts))
    return int(any(each.wrong for each in load(options.verdicts).values()))


if __name__ == "__main__":
    sys.exit(main())
