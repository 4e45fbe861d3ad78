"""The parser's tables are what the grammar makes of them, on every machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from archdsl.syntax import build

TABLES = Path(build.__file__).with_name("_tables.py")
PRINT = "import sys; from archdsl.syntax.build import tables_source; sys.stdout.write(tables_source())"


@pytest.mark.parametrize("seed", ["0", "1"])
def test_the_tables_are_up_to_date(seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(TABLES.parents[2])}
    made = subprocess.run([sys.executable, "-c", PRINT], env=environment, capture_output=True, check=True, timeout=120)
    assert made.stdout.decode() == TABLES.read_text("utf-8"), "run `make tables`"


@pytest.mark.parametrize(
    "grammar",
    [
        'file: item*\nitem: NAME | NAME "else" | NAME "else" item\nNAME: /[a-z]+/\n',
        "file: a | b\na: NAME\nb: NAME\nNAME: /[a-z]+/\n",
    ],
)
def test_a_grammar_with_a_conflict_is_refused(grammar: str) -> None:
    with pytest.raises(Exception, match=r"(?i)conflict|collision"):
        build.compile_grammar(grammar.replace("item*", "item item*") if "item*" in grammar else grammar)
