"""The runner that measures how strong tests are: it changes what it says, and finds a weak test out."""

from __future__ import annotations

import ast
import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from tests.house import ROOT
from tests.trust import rule_mutants
from tests.trust.rule_groups import EQUIVALENT, GROUPS, OTHER_CONCERNS, SUPPORT, Group
from tests.trust.rule_mutants import figures, load, mutants_of, save
from tests.trust.rule_mutations import Mutation, mutated, mutations
from tests.trust.rule_runner import Mutant, changed

SOURCE = '''
LIMIT = 3

def grown(n: int = 5) -> int:
    """Not 7."""
    assert n > 9
    other: int = 2
    text = f"{n + 4}"
    return n + other if n < 3 and not text else -n

class Rule:
    def fits(self, a: int) -> bool:
        if a // 2 == 1:
            raise ValueError(8 + a)
        return all(x > 1 for x in zip([a], [2], strict=True))
'''


def test_changes_are_in_functions_and_not_in_texts() -> None:
    found = {(mutation.function, mutation.change) for mutation in mutations(SOURCE)}
    assert found == {
        ("grown", "2 -> 3"),
        ("grown", "n + other if n < 3 and (not text) else -n -> -n if n < 3 and (not text) else n + other"),
        ("grown", "n + other -> n - other"),
        ("grown", "n < 3 and (not text) -> n < 3 or not text"),
        ("grown", "n < 3 -> n <= 3"),
        ("grown", "3 -> 4"),
        ("grown", "not text -> text"),
        ("grown", "-n -> n"),
        ("Rule.fits", "a // 2 == 1 -> a // 2 != 1"),
        ("Rule.fits", "a // 2 -> a * 2"),
        ("Rule.fits", "2 -> 3"),
        ("Rule.fits", "1 -> 2"),
        ("Rule.fits", "all -> any"),
        ("Rule.fits", "x > 1 -> x >= 1"),
        ("Rule.fits", "1 -> 2 (2)"),
        ("Rule.fits", "2 -> 3 (2)"),
    }


def test_each_change_is_one_change() -> None:
    before = ast.unparse(ast.parse(SOURCE))
    trees = [mutated(SOURCE, mutation) for mutation in mutations(SOURCE)]
    assert all(compile(tree, "rules.py", "exec") for tree in trees)
    texts = [ast.unparse(tree) for tree in trees]
    assert len(set(texts)) == len(texts)
    for text in texts:
        assert sum(left != right for left, right in zip(before.split("\n"), text.split("\n"), strict=True)) == 1


MUTANTS = {name: mutants_of(group) for name, group in GROUPS.items()}


@pytest.mark.parametrize("name", GROUPS)
def test_every_group_has_rules_and_tests(name: str) -> None:
    group, found = GROUPS[name], MUTANTS[name]
    assert {f"{mutant.path.parent.name}/{mutant.path.name}" for mutant in found} == set(group.files)
    assert len(found) > 10
    assert all((ROOT / file).is_file() for file in (*group.tests, *SUPPORT))


def test_a_file_belongs_to_one_group_and_a_name_to_one_mutant() -> None:
    files = [file for group in GROUPS.values() for file in group.files]
    names = [mutant.name for found in MUTANTS.values() for mutant in found]
    assert len(set(files)) == len(files) and len(set(names)) == len(names)


def test_no_rule_is_forgotten() -> None:
    """Every file of a layer kind is in a group; what is left out by name is there."""
    files = [f"ops/{path.name}" for path in (ROOT / "archdsl/ops").glob("*.py") if " infer(" in path.read_text("utf-8")]
    covered = [file for group in GROUPS.values() for file in group.files]
    assert not set(files) - {*covered}
    trees = [ast.parse((ROOT / "archdsl" / file).read_text("utf-8")) for file in covered]
    functions = {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert not OTHER_CONCERNS - functions


def test_the_list_of_equivalent_changes_is_not_stale() -> None:
    assert not EQUIVALENT.keys() - {mutant.name for found in MUTANTS.values() for mutant in found}
    assert all(len(reason) > 20 for reason in EQUIVALENT.values())


def test_a_function_gets_the_changed_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "some_rules.py"
    path.write_text("class Rule:\n    @staticmethod\n    def half(n):\n        return n // 2\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    (division,) = [found for found in mutations(path.read_text("utf-8")) if "*" in found.change]
    assert division == Mutation("Rule.half", division.node, 4, "n // 2 -> n * 2")
    mutant = Mutant(path, "some_rules", division)
    assert mutant.name == "some_rules.Rule.half: n // 2 -> n * 2"
    half, code = changed(mutant)
    half.__code__ = code
    assert half(6) == 12


# --- whole runs ---------------------------------------------------------------------------------------


def survivors(mutants: Sequence[Mutant], *tests: str) -> list[str]:
    """The changes of some files that the tests do not notice, by the names of the mutants."""
    script = (
        "import pickle, sys\n"
        "from tests.trust.rule_mutants import judge\n"
        "judge(*pickle.loads(bytes.fromhex(sys.argv[1])), lambda mutant, is_killed: print(is_killed, mutant.name))\n"
    )
    command = [sys.executable, "-c", script, pickle.dumps((tests, mutants)).hex()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    verdicts = [line.split(" ", 1) for line in done.stdout.splitlines()]
    assert [name for _, name in verdicts] == [mutant.name for mutant in mutants]
    return [name for is_killed, name in verdicts if is_killed == "False"]


@pytest.mark.parametrize(("test", "is_killed"), [("messages", True), ("axis_counts", False)])
def test_a_change_survives_where_its_test_is_taken_away(test: str, is_killed: bool) -> None:
    name = "merge.Concat._axis_exists: axis < rank -> axis <= rank"
    (change,) = [mutant for mutant in MUTANTS["shapes"] if mutant.name == name]
    assert survivors([change], f"tests/ops/test_{test}.py") == ([] if is_killed else [name])


def test_changes_of_a_real_rule_are_noticed() -> None:
    rules = [mutant for mutant in MUTANTS["calls"] if mutant.mutation.function == "Call.per_axis"]
    assert len(rules) >= 2
    assert survivors(rules, "tests/ops/test_axis_counts.py") == []


@pytest.mark.nightly
@pytest.mark.parametrize("name", GROUPS)
def test_a_sample_of_each_group_is_killed(name: str) -> None:
    sample = Random(name).sample([mutant for mutant in MUTANTS[name] if mutant.name not in EQUIVALENT], 4)
    assert survivors(sample, *GROUPS[name].tests) == []


def test_tests_that_fail_as_they_are_judge_nothing(tmp_path: Path) -> None:
    failing = tmp_path / "test_no.py"
    failing.write_text("def test_no():\n    assert False\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="fail as they are"):
        survivors(MUTANTS["lenet"][:1], str(failing))


# --- verdicts -----------------------------------------------------------------------------------------


def test_verdicts_are_kept_until_a_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deep" / "verdicts.json"
    known = load(path)
    known["norms"].killed.append("a")
    save(path, known)
    assert load(path)["norms"].killed == ["a"]
    changed = Group(GROUPS["norms"].files, GROUPS["norms"].tests[:-1])
    monkeypatch.setattr(rule_mutants, "GROUPS", {**GROUPS, "norms": changed})
    assert load(path)["norms"].killed == []
    assert list(path.parent.iterdir()) == [path]


def test_figures_name_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, names = tmp_path / "verdicts.json", [mutant.name for mutant in MUTANTS["lenet"]]
    known = load(path)
    known["lenet"].killed += names[:5]
    known["lenet"].survived += names[5:7]
    save(path, known)
    monkeypatch.setattr(rule_mutants, "EQUIVALENT", {names[0]: "it is not", names[5]: "it is"})
    text = figures(path)
    assert f"  lenet: 5 of {len(names) - 1} killed, 1 equivalent, {len(names) - 7} not tried" in text
    assert f"  survives: {names[6]}" in text and f"  is noticed, and so not equivalent: {names[0]}" in text
    assert names[5] not in text
