"""Generated code equals an independent interpreter of the checked network, bit for bit, names included."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from archdsl.codegen import emit
from tests.codegen.interpreter import Interpreter, random_inputs
from tests.codegen.programs import PROGRAMS
from tests.networks.support import ROOT, check_text, execute

SIZES = {"H": 16, "W": 24, "L": 20}


def _outputs(result: object) -> list[Tensor]:
    return list(result) if isinstance(result, tuple) else [result]  # type: ignore[list-item]


@pytest.mark.parametrize("name", PROGRAMS)
def test_generated_code_equals_the_interpreter(name: str) -> None:
    _, (design,) = check_text(PROGRAMS[name])
    network = execute(emit([design]))[design.design.name]().eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    oracle = Interpreter(design).eval()
    oracle.load(network.state_dict())
    assert sum(weight.numel() for weight in network.parameters()) == design.root.body.weights
    for seed in (0, 1):
        inputs = random_inputs(design, seed=seed, **SIZES)
        with torch.inference_mode():
            expected = oracle(*inputs)
            always = [expected[output] for output, _, when in design.outputs if when is None]
            for mine, theirs in zip(_outputs(network(*inputs)), always, strict=True):
                assert torch.equal(mine, theirs)


@pytest.mark.parametrize("name", ["auxiliary"])
def test_outputs_of_training_follow_those_of_inference(name: str) -> None:
    _, (design,) = check_text(PROGRAMS[name])
    network = execute(emit([design]))[design.design.name]().train()
    oracle = Interpreter(design).train()
    oracle.load(network.state_dict())
    (image,) = random_inputs(design)
    logits, early = network(image)
    expected = oracle(image)
    assert torch.equal(logits, expected["logits"]) and torch.equal(early, expected["early"])


def test_generated_files_are_clean_for_ruff_and_mypy(tmp_path: Path) -> None:
    for name, text in PROGRAMS.items():
        _, designs = check_text(text)
        (tmp_path / f"{name}.py").write_text(emit(designs))
    bin_ = Path(sys.executable).parent
    for command in (
        [bin_ / "ruff", "format", "--isolated", "--diff", "."],
        [bin_ / "ruff", "check", "--isolated", "--select", "E,F,I,UP,B", "."],
        [bin_ / "mypy", "--strict", "--cache-dir", tmp_path / ".mypy", *sorted(tmp_path.glob("*.py"))],
    ):
        done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_same_input_same_bytes() -> None:
    script = (
        "import sys; sys.path.insert(0, '.')\n"
        "from tests.codegen.programs import PROGRAMS\nfrom tests.networks.support import check_text\n"
        "from archdsl.codegen import emit\nimport hashlib\n"
        "print(hashlib.sha256(''.join(emit(check_text(text)[1]) for text in PROGRAMS.values()).encode()).hexdigest())"
    )
    digests = set()
    for seed in ("0", "1", "4242"):
        done = subprocess.run(
            [sys.executable, "-c", script],
            check=False,
            cwd=ROOT,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed},
        )
        assert done.returncode == 0, done.stderr
        digests.add(done.stdout)
    assert len(digests) == 1


def test_the_oracle_can_fail() -> None:
    _, (design,) = check_text(PROGRAMS["nested_joins"])
    text = emit([design]).replace("self.conv1(x)", "self.conv2(x)")
    network = execute(text)[design.design.name]().eval()
    oracle = Interpreter(design).eval()
    oracle.load(network.state_dict())
    inputs = random_inputs(design)
    assert not torch.equal(network(*inputs)[0], oracle(*inputs)["y"])
