"""What keeps the house in order: sizes of files, documentation of modules, what a wheel contains, one version.

Every rule is tried on a fault first.
"""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests import house

MEDIAN_LINES = 150
MOST_LINES = 400

PROJECT = tomllib.loads((house.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = [line for line in (house.ROOT / "constraints.txt").read_text().splitlines() if line and line[0] != "#"]


def written_files() -> dict[str, int]:
    """The number of lines of every source file that a person wrote, tests and benchmarks included."""
    others = [
        path
        for folder, pattern in [("tests", "*.py"), ("benchmarks", "*.py"), ("archdsl", "*.lark"), ("specs", "*.arch")]
        for path in sorted((house.ROOT / folder).rglob(pattern))
        if "golden" not in path.parts
    ]
    lines = {str(path.relative_to(house.ROOT)): len(path.read_text("utf-8").splitlines()) for path in others}
    return lines | {str(module.path.relative_to(house.ROOT)): module.line_count for module in house.modules()}


def too_long(lines: dict[str, int]) -> list[str]:
    return [f"{name}: {count} lines" for name, count in lines.items() if count > MOST_LINES]


def undocumented(sources: Iterable[tuple[str, str]]) -> list[str]:
    """Modules whose docstring is missing or says nothing."""
    return [name for name, text in sources if len((ast.get_docstring(ast.parse(text)) or "").split()) < 2]


def test_no_file_is_over_the_limit() -> None:
    assert too_long(written_files()) == []


def test_the_median_file_is_short() -> None:
    assert statistics.median(module.line_count for module in house.modules()) <= MEDIAN_LINES


def test_every_public_module_says_what_it_is() -> None:
    assert undocumented((module.name, module.text) for module in house.modules() if module.public) == []


def test_generated_data_is_the_only_exception() -> None:
    names = {module.name for module in house.modules()}
    assert "archdsl.ops.base" in names
    assert not names & house.GENERATED


@pytest.mark.parametrize(("count", "found"), [(MOST_LINES, []), (MOST_LINES + 1, ["a.py: 401 lines"])])
def test_the_limit_is_met_exactly(count: int, found: list[str]) -> None:
    assert too_long({"a.py": count}) == found


@pytest.mark.parametrize("text", ["", "import re\n", '"""."""\n', '"""   """\n', "# A comment.\n", "x = 'A string.'\n"])
def test_a_missing_docstring_is_found(text: str) -> None:
    assert undocumented([("archdsl.a", text)]) == ["archdsl.a"]


def clocks(text: str) -> list[str]:
    """The clocks that a test reads: how long something takes says more about the machine than about the code."""
    names = {node.attr for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}
    names |= {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    return sorted(names & {"process_time", "perf_counter", "process_time_ns", "perf_counter_ns"})


def test_no_test_takes_the_time() -> None:
    """``make bench`` does, side by side; a test counts (``tests/counting.py``)."""
    found = {path.name: clocks(path.read_text("utf-8")) for path in (house.ROOT / "tests").rglob("test_*.py")}
    assert {name: each for name, each in found.items() if each} == {}
    assert clocks("import time\nassert time.process_time() < 1") == ["process_time"]


def test_a_wheel_contains_every_file_of_the_package(tmp_path: Path) -> None:
    # Data files are what gets lost: a wheel without the standard blocks works in a checkout and nowhere else.
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=house.ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("archdsl/")}
    present = {
        path.relative_to(house.ROOT).as_posix()
        for path in house.PACKAGE.rglob("*")
        if path.suffix in {".py", ".arch", ".lark", ".md", ".typed"} or path.name == "py.typed"
    }
    assert present - shipped == set()
    assert not [name for name in shipped if name.endswith(".pyc")]


def test_the_version_stands_in_one_place_or_agrees() -> None:
    text = (house.PACKAGE / "__init__.py").read_text("utf-8")
    versions = [
        node.value.value
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.value, ast.Constant)
        and "__version__" in ast.unparse(node)
    ]
    version = PROJECT["project"]["version"]
    assert versions in ([], [version])
    assert f"## {version}" in (house.ROOT / "CHANGELOG.md").read_text("utf-8")


def test_checking_needs_no_tensor_library() -> None:
    assert [line for line in PROJECT["project"]["dependencies"] if "torch" in line or "numpy" in line] == []


def test_torch_has_no_upper_bound() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    asked = [line for extra in extras.values() for line in extra if line.startswith("torch>") or line == "torch"]
    assert asked
    assert not [line for line in asked if "<" in line or "==" in line]


def test_pins_are_exact_and_sorted() -> None:
    names = [line.partition("==")[0] for line in PINS]
    assert names == sorted(names)
    assert all("==" in line and "+" not in line.partition("#")[0] for line in PINS)


def test_everything_that_development_asks_for_is_pinned() -> None:
    asked = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["dev"]
    pinned = {line.partition("==")[0] for line in PINS}
    assert {line.partition(">")[0].replace("_", "-") for line in asked} - pinned == set()
