"""Who may import whom (docs/architecture.md): the contracts of pyproject.toml, and what import-linter cannot see.

Each rule is first shown to find a fault: the contracts run on small made-up packages called ``archdsl``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests import house

LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"

LAYERS = [
    ["cli", "lsp", "train"],
    ["report", "ide"],
    ["driver"],
    ["documents"],
    ["compare"],
    ["format", "codegen", "analysis"],
    ["check"],
    ["elaborate"],
    ["resolve"],
    ["ops"],
    ["syntax", "ir"],
    ["diagnostics"],
    ["source", "pretty"],
]
"""As docs/architecture.md draws them, typed a second time: pyproject.toml is not tested against itself."""


def lint_imports(project: Path) -> subprocess.CompletedProcess[str]:
    """Runs the contracts on a project folder; only its own ``archdsl`` can be found."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-c", LINT]
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_contracts_hold() -> None:
    result = lint_imports(house.ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture
def made_up(tmp_path: Path) -> Callable[..., Path]:
    """Writes a project with this project's contracts, all packages, and the given files."""

    def write(**files: str) -> Path:
        shutil.copy(house.ROOT / "pyproject.toml", tmp_path)
        for part in ["", *(part for layer in LAYERS for part in layer)]:
            package = tmp_path / "archdsl" / part
            package.mkdir()
            (package / "__init__.py").touch()
        (tmp_path / "archdsl" / "syntax" / "build.py").touch()
        for name, text in files.items():
            target = tmp_path / "archdsl" / (name.replace("__", "/") + ".py")
            target.parent.mkdir(exist_ok=True)
            (target.parent / "__init__.py").touch()
            target.write_text(text)
        return tmp_path

    return write


def test_imports_downwards_are_accepted(made_up: Callable[..., Path]) -> None:
    ordered = [part for layer in LAYERS for part in layer[:1]]
    files = {f"{above}__a": f"import archdsl.{below}.a\n" for above, below in pairwise(ordered)}
    files["source__a"] = ""
    files["syntax__build"] = "import lark\n"
    files["documents__b"] = "import pydantic\n"
    files["train__b"] = "import torch\n"
    result = lint_imports(made_up(**files))
    assert result.returncode == 0, result.stdout + result.stderr


# Each layer imports the one straight above it: the smallest fault there is.
UPWARDS = [(lower[-1], upper[0]) for upper, lower in pairwise(LAYERS)]
BESIDE = [(layer[0], part) for layer in LAYERS for part in layer[1:]]


@pytest.mark.parametrize(("importer", "target"), [*UPWARDS, *BESIDE])
def test_an_import_upwards_or_beside_is_refused(importer: str, target: str, made_up: Callable[..., Path]) -> None:
    result = lint_imports(made_up(**{f"{importer}__a": f"import archdsl.{target}.b\n", f"{target}__b": ""}))
    assert result.returncode == 1
    assert "Each line imports only lines below it; parts on one line do not know each other BROKEN" in result.stdout


@pytest.mark.parametrize(
    ("files", "contract"),
    [
        ({"check__a": "import archdsl.syntax.b\n", "syntax__b": ""}, "see Designs"),
        ({"codegen__a": "from archdsl.resolve import b\n", "resolve__b": ""}, "see Designs"),
        ({"report__a": "import archdsl.syntax.b\n", "syntax__b": ""}, "see Designs"),
        ({"ir__a": "import archdsl.ir.b\n", "ir__b": "import archdsl.ir.a\n"}, "circles"),
        ({"ops__a": "import torch\n"}, "torch"),
        ({"cli__a": "def run():\n    import torch\n"}, "torch"),
        ({"check__a": "import numpy\n"}, "torch"),
        ({"ir__a": "import pydantic\n"}, "one home"),
        ({"elaborate__a": "import networkx\n"}, "one home"),
        ({"syntax__parser": "import lark\n"}, "one home"),
        ({"syntax__parser": "import archdsl.syntax.build\n"}, "rebuilds"),
        ({"helpers__a": ""}, "parts on one line"),
    ],
)
def test_every_other_contract_finds_its_fault(
    files: dict[str, str], contract: str, made_up: Callable[..., Path]
) -> None:
    result = lint_imports(made_up(**files))
    assert result.returncode == 1
    broken = [line for line in result.stdout.splitlines() if line.endswith("BROKEN")]
    assert any(contract in line for line in broken), result.stdout


Rule = Callable[[str, str], list[str]]
RULES: list[Rule] = [
    house.io_uses,
    house.tensor_imports,
    house.function_imports,
    house.type_checking_blocks,
    house.syntax_imports,
    house.api_imports,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule: Rule) -> None:
    broken = [f"{module.name}: {fault}" for module in house.modules() for fault in rule(module.name, module.text)]
    assert broken == []


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (house.io_uses, "archdsl.check.a", "def f(path):\n    return open(path)"),
        (house.io_uses, "archdsl.check.a", "def f(path):\n    return path.read_text()"),
        (house.io_uses, "archdsl.ops.conv", "print(1)"),
        (house.io_uses, "archdsl.driver.a", "import sys\nsys.exit(1)"),
        (house.io_uses, "archdsl.driver.a", "from sys import exit"),
        (house.io_uses, "archdsl.driver.a", "raise SystemExit(1)"),
        (house.io_uses, "archdsl.codegen.a", "import sys\nsys.stderr.write('x')"),
        (house.io_uses, "archdsl.source.loaders", "open('x')"),
        (house.tensor_imports, "archdsl.check.a", "import torch"),
        (house.tensor_imports, "archdsl.check.a", "import torch.nn as nn"),
        (house.tensor_imports, "archdsl.training", "from torch import nn"),
        (house.tensor_imports, "archdsl.driver.a", "import importlib\nimportlib.import_module('torch')"),
        (house.tensor_imports, "archdsl.driver.a", "def f():\n    return __import__('torch')"),
        (house.function_imports, "archdsl.ir.a", "def f():\n    import re"),
        (house.function_imports, "archdsl.ir.a", "class A:\n    async def f(self):\n        from re import sub"),
        (house.type_checking_blocks, "archdsl.cli.a", "if TYPE_CHECKING:\n    import re"),
        (house.type_checking_blocks, "archdsl.cli.a", "import typing\nif typing.TYPE_CHECKING:\n    import re"),
        (house.syntax_imports, "archdsl.check", "from archdsl.syntax import ast"),
        (house.syntax_imports, "archdsl.report.html", "from archdsl import resolve"),
        (house.api_imports, "archdsl.check.a", "import archdsl"),
        (house.api_imports, "archdsl.driver.a", "from archdsl import load"),
    ],
)
def test_the_rule_finds_a_fault(rule: Rule, name: str, text: str) -> None:
    assert rule(name, text)


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (house.io_uses, "archdsl.source.loader", "def f(path):\n    return open(path)"),
        (house.io_uses, "archdsl.source.loader.disk", "def f(path):\n    return path.read_bytes()"),
        (house.io_uses, "archdsl.check.a", "'open(this) and print(that)'"),
        (house.io_uses, "archdsl.check.a", "def f(text):\n    return text.replace('a', 'b')"),
        (house.tensor_imports, "archdsl.train.loop", "import torch"),
        (house.tensor_imports, "archdsl.codegen.a", "NAME = 'torch'\nimport torchlike"),
        (house.function_imports, "archdsl.cli.main", "def f():\n    import re"),
        (house.function_imports, "archdsl.ir.a", "import re\nclass A:\n    pass"),
        (house.syntax_imports, "archdsl.elaborate.a", "from archdsl.syntax import ast"),
        (house.api_imports, "archdsl.check.a", "import archdsl.ir.design"),
        (house.api_imports, "archdsl.cli.main", "from archdsl import __version__"),
    ],
)
def test_the_rule_lets_the_allowed_pass(rule: Rule, name: str, text: str) -> None:
    assert rule(name, text) == []
