"""`check` and `compile` work where torch is not installed, and `check` loads nothing that is slow to load.

The first is shown in a real environment: a new one that holds archdsl and what archdsl requires, nothing
else. The second is read off `python -X importtime` in the development environment, where every library
that must not be loaded is there to be loaded.
"""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.house import ROOT

KEPT_OUT = [
    *("torch", "numpy", "torchvision"),
    *("pydantic", "networkx", "rich", "lark", "typer", "click", "jsonschema"),
    *("asyncio", "importlib.metadata"),
]

GOOD = """
network small(classes: int = 10) {
    input image: [N, 3, 32, 32]
    conv(8, 3, padding=1) -> relu
    max_pool(2)
    flatten
    fc: linear(classes)
    output logits: [N, classes]
}
"""
WIDE_KERNEL = GOOD.replace("max_pool(2)", "conv(8, 99)")
UNKNOWN_LAYER = GOOD.replace("relu", "rleu")
UNFINISHED = GOOD.replace("}", "")


# --- an environment without torch -------------------------------------------------------------------------------------


def required_distributions() -> set[str]:
    """What archdsl requires at run time, by name, and what that requires."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found: set[str] = set()
    todo = [Requirement(line) for line in project["dependencies"]]
    while todo:
        requirement = todo.pop()
        wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if not wanted or requirement.name in found:
            continue
        found.add(requirement.name)
        todo += [Requirement(line) for line in importlib.metadata.requires(requirement.name) or []]
    return found


def installed_paths(distribution: str) -> set[Path]:
    """The packages, modules and metadata of a distribution, as paths directly in site-packages."""
    files = importlib.metadata.distribution(distribution)
    tops = {file.parts[0] for file in files.files or [] if file.parts[0] not in {"..", "__pycache__"}}
    return {Path(str(files.locate_file(top))) for top in tops}


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a new environment with archdsl's run-time requirements, linked, not copied."""
    environment = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True, timeout=120)
    (packages,) = environment.glob("lib/python*/site-packages")
    for path in {path for name in required_distributions() for path in installed_paths(name)}:
        (packages / path.name).symlink_to(path)
    return environment / "bin" / "python"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the specs that ship, to run commands in."""
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    return tmp_path


def run(python: str | Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs an interpreter with nothing but its own environment and this checkout."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    environment["PYTHONPATH"] = str(ROOT)
    command = [str(python), "-s", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def archdsl(python: str | Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command; whatever its outcome, a traceback is a fault."""
    result = run(python, "-m", "archdsl", *arguments, folder=folder)
    assert "Traceback" not in result.stderr, result.stderr
    return result


@pytest.mark.parametrize("library", ["torch", "numpy", "torchvision", "lark", "rich", "pytest"])
def test_the_environment_really_lacks(library: str, bare_python: Path, tmp_path: Path) -> None:
    result = run(bare_python, "-c", f"import {library}", folder=tmp_path)
    assert result.returncode == 1
    assert f"No module named '{library}'" in result.stderr


def test_the_specs_check_without_torch(bare_python: Path, project: Path) -> None:
    result = archdsl(bare_python, "check", "specs/", folder=project)
    assert result.returncode == 0, result.stdout + result.stderr


def test_networks_are_listed_without_torch(bare_python: Path, project: Path) -> None:
    result = archdsl(bare_python, "networks", "specs/", "--format", "json", folder=project)
    assert result.returncode == 0, result.stderr
    names = {network["name"] for network in json.loads(result.stdout)["networks"]}
    assert {"resnet50", "googlenet", "densenet121", "vgg16_bn"} <= names


def test_what_is_compiled_without_torch_runs_with_it(bare_python: Path, project: Path) -> None:
    written = project / "resnet50.py"
    result = archdsl(bare_python, "compile", "specs/resnet.arch", "-n", "resnet50", "-o", written.name, folder=project)
    assert result.returncode == 0, result.stderr

    statements = ast.walk(ast.parse(written.read_text("utf-8")))
    origins = {name for node in statements for name in imported_by(node)}
    assert {name.partition(".")[0] for name in origins} <= {"torch", "__future__"}

    program = """
import sys; sys.path.insert(0, ".")
import torch, resnet50
net = resnet50.resnet50()
print(tuple(net(torch.randn(2, 3, 224, 224)).shape), sum(weight.numel() for weight in net.parameters()))
"""
    built = run(sys.executable, "-c", program, folder=project)
    assert built.stdout == "(2, 1000) 25557032\n", built.stderr


def imported_by(node: ast.AST) -> Iterable[str]:
    """The modules that a statement imports from."""
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module):
            return [module or "."]
        case _:
            return []


@pytest.mark.parametrize("text", [WIDE_KERNEL, UNKNOWN_LAYER, UNFINISHED], ids=["shape", "name", "syntax"])
def test_faults_are_found_without_torch(text: str, bare_python: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.arch").write_text(text, encoding="utf-8")
    result = archdsl(bare_python, "check", "bad.arch", "--format", "json", folder=tmp_path)
    assert result.returncode == 1
    findings = json.loads(result.stdout)["findings"]
    assert findings
    assert all(finding["path"] == "bad.arch" and finding["line"] >= 1 for finding in findings)


@pytest.mark.parametrize("text", [WIDE_KERNEL, UNKNOWN_LAYER, UNFINISHED], ids=["shape", "name", "syntax"])
def test_nothing_is_written_for_a_faulty_spec(text: str, bare_python: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.arch").write_text(text, encoding="utf-8")
    result = archdsl(bare_python, "compile", "bad.arch", "-n", "small", "-o", "out.py", folder=tmp_path)
    assert result.returncode == 1
    assert not (tmp_path / "out.py").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "missing.arch"),
        ("check", "--no-such-option"),
        ("compile", "good.arch", "-n", "unknown", "-o", "out.py"),
        ("compile", "missing.arch", "-o", "out.py"),
        ("compile", ".", "-o", "out.py"),
        ("no-such-command",),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2_without_torch(arguments: tuple[str, ...], bare_python: Path, tmp_path: Path) -> None:
    (tmp_path / "good.arch").write_text(GOOD, encoding="utf-8")
    result = archdsl(bare_python, *arguments, folder=tmp_path)
    assert result.returncode == 2
    assert result.stderr
    assert not (tmp_path / "out.py").exists()


# --- what `check` loads -----------------------------------------------------------------------------------------------

IMPORT_TIME = re.compile(r"^import time: +\d+ \| +\d+ \| +(\S+)$", re.MULTILINE)


def loaded(*arguments: str, code: int = 0, folder: Path) -> set[str]:
    """Every module that a Python process loads, start-up included; the process has to end with ``code``."""
    result = run(sys.executable, "-X", "importtime", *arguments, folder=folder)
    assert "Traceback" not in result.stderr, result.stderr[-2_000:]
    assert result.returncode == code
    return set(IMPORT_TIME.findall(result.stderr))


def kept_out_but_loaded(names: set[str]) -> list[str]:
    """Of the modules kept out, those that were loaded, whole or in part."""
    return [name for name in KEPT_OUT if any(module == name or module.startswith(name + ".") for module in names)]


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("import asyncio", ["asyncio"]),
        ("import importlib.metadata", ["importlib.metadata"]),
        ("from rich.text import Text", ["rich"]),
        ("import lark, click", ["lark", "click"]),
    ],
)
def test_the_guard_sees_what_is_loaded(statement: str, found: list[str], tmp_path: Path) -> None:
    assert set(found) <= set(kept_out_but_loaded(loaded("-c", statement, folder=tmp_path)))


def test_the_guard_accepts_an_empty_program(tmp_path: Path) -> None:
    names = loaded("-c", "pass", folder=tmp_path)
    assert "site" in names
    assert kept_out_but_loaded(names) == []


@pytest.mark.parametrize("options", [(), ("--no-cache",)], ids=["as is", "without cache"])
def test_check_loads_nothing_slow(options: tuple[str, ...], project: Path) -> None:
    command = ("-m", "archdsl", "check", "specs/resnet.arch", *options)
    for _ in range(2):  # the second time, a cache may answer
        names = loaded(*command, folder=project)
        assert "archdsl.cli.main" in names
        assert kept_out_but_loaded(names) == []


@pytest.mark.parametrize("text", [WIDE_KERNEL, UNKNOWN_LAYER, UNFINISHED], ids=["shape", "name", "syntax"])
def test_showing_a_fault_loads_nothing_slow(text: str, tmp_path: Path) -> None:
    (tmp_path / "bad.arch").write_text(text, encoding="utf-8")
    names = loaded("-m", "archdsl", "check", "bad.arch", code=1, folder=tmp_path)
    assert "archdsl.cli.main" in names
    assert kept_out_but_loaded(names) == []
