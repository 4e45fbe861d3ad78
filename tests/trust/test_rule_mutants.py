"""The runner that measures how strong tests are: it changes what it says, and finds a weak test out."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.trust.rule_mutants import GROUPS, Mutant, apply, mutants_of
from tests.trust.rule_mutations import Mutation, mutated, mutations

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
        return True
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
        ("Rule.fits", "True -> False"),
    }


def test_each_change_is_one_change() -> None:
    before = ast.unparse(ast.parse(SOURCE))
    texts = [ast.unparse(mutated(SOURCE, mutation)) for mutation in mutations(SOURCE)]
    assert len(set(texts)) == len(texts)
    for text in texts:
        assert sum(left != right for left, right in zip(before.split("\n"), text.split("\n"), strict=True)) == 1


@pytest.mark.parametrize("files", [files for files, _ in GROUPS.values()], ids=list(GROUPS))
def test_every_group_has_rules(files: tuple[str, ...]) -> None:
    found = mutants_of(files)
    assert {f"{mutant.path.parent.name}/{mutant.path.name}" for mutant in found} == set(files)
    assert len(found) > 20


def test_a_function_gets_the_changed_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "some_rules.py"
    path.write_text("class Rule:\n    @staticmethod\n    def half(n):\n        return n // 2\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("tests.trust.rule_mutants.ROOT", tmp_path)
    (division,) = [found for found in mutations(path.read_text("utf-8")) if "*" in found.change]
    assert division == Mutation("Rule.half", division.node, 4, "n // 2 -> n * 2")
    apply(Mutant(path, division))
    import some_rules  # type: ignore[import-not-found]

    assert some_rules.Rule.half(6) == 12


@pytest.mark.parametrize(("claim", "survivors"), [("half(6) == 3", 0), ("half(0) == 0", 1)])
def test_weak_tests_are_found_out(claim: str, survivors: int, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """A test that asks for half of nothing does not notice that it is doubled."""
    (tmp_path / "halves.py").write_text("def half(n):\n    return n // 2\n", encoding="utf-8")
    (tmp_path / "test_halves.py").write_text(f"from halves import half\n\ndef test():\n    assert {claim}\n")
    script = (
        "import sys, pathlib, pytest\n"
        "import tests.trust.rule_mutants as r\n"
        "root = pathlib.Path(sys.argv[1]); sys.path.insert(0, sys.argv[1]); r.ROOT = root\n"
        "found = [m for m in r.mutations((root / 'halves.py').read_text()) if '*' in m.change]\n"
        "runner = r.Runner([r.Mutant(root / 'halves.py', m) for m in found])\n"
        "pytest.main(['-q', '-p', 'no:cacheprovider', '-c', '/dev/null', str(root)], plugins=[runner])\n"
        "print(len(found), len(runner.survivors))\n"
    )

    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, cwd=pytestconfig.rootpath, capture_output=True, text=True, timeout=100, check=False)
    assert done.stdout.strip().endswith(f"1 {survivors}"), done.stdout + done.stderr
