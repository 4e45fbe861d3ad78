"""The registry: form of the codes, and that the rest of the package uses no code that is not in it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from archdsl.diagnostics.codes import _ROWS, CODES, Code

PACKAGE = Path(__file__).parents[2] / "archdsl"
CODE_IN_TEXT = re.compile(r"[\"'\[]([EW]0[0-9]{3})[\"'\]]")

NAMED_IN_THE_CONTRACT = {
    "E0301": "kernel-too-large",
    "E0302": "shape-mismatch",
    "E0303": "indivisible-channels",
    "W0319": "stride-drops-pixels",
}


@pytest.mark.parametrize("code", CODES.values(), ids=str)
def test_a_code_has_the_form_of_a_code(code: Code) -> None:
    assert re.fullmatch(r"[EW]0[1-9][0-9]{2}", code.id)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code.slug)
    assert code.severity == {"E": "error", "W": "warning"}[code.id[0]]
    assert re.fullmatch(r"[A-Z].*\.", code.summary), "a summary is a sentence"
    assert code.summary.count(".") == 1, "a summary is one sentence"
    assert code.url.endswith(f"{code.id}.md")


def test_nothing_is_registered_twice() -> None:
    assert len(CODES) == len(_ROWS)
    assert len({code.slug for code in CODES.values()}) == len(_ROWS)
    assert len({code.summary for code in CODES.values()}) == len(_ROWS)


def test_no_number_is_both_an_error_and_a_warning() -> None:
    numbers = [code[1:] for code in CODES]
    assert len(numbers) == len(set(numbers))


def test_the_rows_stand_in_order() -> None:
    assert [code[1:] for code in CODES] == sorted(code[1:] for code in CODES)


def test_codes_that_other_documents_name_keep_their_meaning() -> None:
    assert {code: CODES[code].slug for code in NAMED_IN_THE_CONTRACT} == NAMED_IN_THE_CONTRACT


def test_every_code_that_the_package_names_is_registered() -> None:
    unknown = {
        f"{path.relative_to(PACKAGE)}: {code}"
        for path in PACKAGE.rglob("*.py")
        for code in CODE_IN_TEXT.findall(path.read_text(encoding="utf-8"))
        if code not in CODES
    }
    assert not unknown, "add them to archdsl/diagnostics/codes.py"


def test_a_page_explains_only_codes_that_exist() -> None:
    pages = {path.stem for path in (PACKAGE / "diagnostics" / "explain").glob("*.md")} - {"README"}
    assert pages <= set(CODES)


def test_the_sink_loads_no_renderer_and_no_heavy_module() -> None:
    heavy = ["json", "unicodedata", "torch", "pydantic", "rich", "asyncio", "lark", "archdsl.diagnostics.render"]
    program = f"import sys, archdsl.diagnostics.sink; print([name for name in {heavy} if name in sys.modules])"
    command = [sys.executable, "-S", "-c", program]
    finished = subprocess.run(command, cwd=PACKAGE.parent, capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "[]"
