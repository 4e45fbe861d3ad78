"""`import archdsl`: cheap, complete, and clear about what went wrong."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
import torch

import archdsl
from tests.cli.support import BLOCK_ONLY, GOOD, TEMPLATE, TWO, UNFINISHED, UNKNOWN_LAYER, WIDE_KERNEL, listing
from tests.house import ROOT
from tests.oracles.torchvision_models import torchvision_model

RESNET = str(ROOT / "specs/resnet.arch")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in [
        ("good", GOOD),
        ("two", TWO),
        ("template", TEMPLATE),
        ("block", BLOCK_ONLY),
        ("name", UNKNOWN_LAYER),
        ("shape", WIDE_KERNEL),
        ("syntax", UNFINISHED),
        ("empty", ""),
    ]:
        (tmp_path / f"{name}.arch").write_text(text)
    (tmp_path / "binary.arch").write_bytes(b"\x00")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- the package ------------------------------------------------------------------------------------------------------


def test_importing_it_loads_none_of_it() -> None:
    program = "import sys, archdsl; print([name for name in sys.modules if name.startswith('archdsl.')])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", ["check", "compile", "load", "summarize", "ArchError", "CheckResult"])
def test_every_name_is_there_and_documented(name: str) -> None:
    assert name in archdsl.__all__
    assert name in dir(archdsl)
    assert len((inspect.getdoc(getattr(archdsl, name)) or "").split()) > 10


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="no attribute 'explode'"):
        archdsl.explode  # type: ignore[attr-defined] # noqa: B018


def test_check_can_be_called_before_and_after_the_package_of_that_name_is_imported(folder: Path) -> None:
    program = """
import archdsl
print(archdsl.check("good.arch").ok)
import archdsl.check.check as inner
print(archdsl.check("good.arch").ok, callable(inner.check), archdsl.check.check is inner)
from archdsl import check
print(check("good.arch").ok)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "True\nTrue True True\nTrue\n", done.stderr
    assert importlib.import_module("archdsl.check").__name__ == "archdsl.check"


# --- check ------------------------------------------------------------------------------------------------------------


def test_a_clean_check(folder: Path) -> None:
    result = archdsl.check(folder / "good.arch")
    assert (result.ok, result.findings, result.text, result.networks) == (True, (), "", 1)


@pytest.mark.parametrize("name", ["name", "shape", "syntax", "empty", "binary"])
def test_findings_do_not_raise_in_check_and_do_elsewhere(name: str, folder: Path) -> None:
    before = listing(folder)
    result = archdsl.check(f"{name}.arch")
    assert not result.ok
    assert f"[{result.findings[0].code}]" in result.text
    assert f"{name}.arch" in result.text
    for function in (archdsl.compile, archdsl.load, archdsl.summarize):
        with pytest.raises(archdsl.ArchError) as caught:
            function(f"{name}.arch")
        assert caught.value.findings[0].code == result.findings[0].code
        assert caught.value.text == result.text
        assert result.text in str(caught.value)
    assert listing(folder) == before


@pytest.mark.parametrize("function", ["check", "compile", "load", "summarize"])
def test_files_that_are_not_there_are_the_system_s_errors(function: str, folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        getattr(archdsl, function)("gone.arch")
    with pytest.raises(IsADirectoryError):
        getattr(archdsl, function)(folder)


def test_check_heeds_comments_as_the_command_does(folder: Path) -> None:
    warned = GOOD.replace("classes: int", "idle: int = 1, classes: int")
    Path("a.arch").write_text(warned)
    assert [finding.code for finding in archdsl.check("a.arch").findings] == ["W0504"]
    Path("a.arch").write_text(warned.replace(") {", ") {  # archdsl: ignore[W0504]"))
    assert archdsl.check("a.arch") == archdsl.CheckResult((), "", 1, True)
    Path("a.arch").write_text(GOOD.replace("relu", "relu  # archdsl: ignore[W0504]"))
    assert [finding.code for finding in archdsl.check("a.arch").findings] == ["W0704"]


# --- compile ----------------------------------------------------------------------------------------------------------


def test_compile_gives_what_the_command_writes(folder: Path) -> None:
    command = [sys.executable, "-m", "archdsl", "compile", "two.arch", "-n", "first", "-o", "-"]
    done = subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    assert archdsl.compile("two.arch", "first") == done.stdout
    both = archdsl.compile("two.arch")
    assert "def first(" in both
    assert "def second(" in both


@pytest.mark.parametrize("function", ["compile", "load", "summarize"])
def test_networks_that_are_not_there(function: str, folder: Path) -> None:
    call = getattr(archdsl, function)
    with pytest.raises(LookupError, match="did you mean first"):
        call("two.arch", "frist")
    with pytest.raises(LookupError, match="Its networks: small"):
        call("good.arch", "enormous")
    for name in ("block.arch", "template.arch"):
        with pytest.raises(LookupError):
            call(name)
    if function != "compile":
        with pytest.raises(LookupError, match="has 2 networks, so one has to be named: first, second"):
            call("two.arch")


# --- summarize --------------------------------------------------------------------------------------------------------


def test_summarize() -> None:
    summary = archdsl.summarize(RESNET, "resnet50")
    assert (summary.totals.weights, summary.totals.macs, summary.totals.depth) == (25_557_032, 4_089_184_256, 50)
    assert summary.layers[-1].path == "fc"
    larger = archdsl.summarize(RESNET, "resnet50", sizes={"H": 448})
    assert larger.sizes == {"H": 448, "W": 224}
    assert (larger.totals.macs or 0) > (summary.totals.macs or 0)


def test_sizes_that_are_not_there_or_too_small() -> None:
    with pytest.raises(LookupError, match="no open size Q; its open sizes: H, W"):
        archdsl.summarize(RESNET, "resnet50", sizes={"Q": 3})
    with pytest.raises(archdsl.ArchError, match="E03"):
        archdsl.summarize(str(ROOT / "specs/alexnet.arch"), "alexnet", sizes={"H": 3})


# --- load -------------------------------------------------------------------------------------------------------------


def test_load_takes_the_weights_of_torchvision() -> None:
    theirs = torchvision_model("resnet18")
    ours = archdsl.load(RESNET, "resnet18").eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    image = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        assert torch.equal(ours(image), theirs(image))


def test_load_gives_a_module_of_its_own_in_training_mode() -> None:
    first, second = (archdsl.load(RESNET, "resnet18") for _ in range(2))
    assert first.training
    assert type(first) is not type(second)
    assert not torch.equal(first.get_parameter("fc.weight"), second.get_parameter("fc.weight"))


def test_arguments_are_checked_and_used(folder: Path) -> None:
    assert archdsl.load("good.arch", classes=3)(torch.zeros(2, 3, 32, 32)).shape == (2, 3)
    assert archdsl.load(RESNET, "resnet18", classes=7).get_parameter("fc.bias").shape == (7,)
    assert archdsl.load(RESNET, "resnet18", layers=[1, 1, 1, 1])(torch.zeros(1, 3, 64, 64)).shape == (1, 1000)
    for wrong in (0, -1, "x", 1.5, 2**40, [3], None, True):
        with pytest.raises(archdsl.ArchError):
            archdsl.load("good.arch", classes=wrong)
    with pytest.raises(TypeError, match="no parameter clases; did you mean classes"):
        archdsl.load("good.arch", clases=3)
    with pytest.raises(TypeError, match="no parameter colour"):
        archdsl.load("good.arch", colour=3)
    with pytest.raises(TypeError, match="classes is a Tensor"):
        archdsl.load("good.arch", classes=torch.tensor(3))


def test_a_network_with_a_class_s_name(folder: Path) -> None:
    (folder / "named.arch").write_text(GOOD.replace("network small", "network Small"))
    assert archdsl.load("named.arch", classes=4)(torch.zeros(1, 3, 32, 32)).shape == (1, 4)


def test_tracebacks_show_the_generated_lines(folder: Path) -> None:
    model = archdsl.load("good.arch")
    try:
        model(torch.zeros(1, 5, 32, 32))
    except RuntimeError:
        assert "self.conv(x)" in traceback.format_exc()
    assert "self.conv" in inspect.getsource(type(model).forward)


def test_without_torch_load_says_what_to_install(folder: Path) -> None:
    program = """
import sys; sys.modules["torch"] = None
import archdsl
print(archdsl.check("good.arch").ok)
archdsl.load("good.arch")
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "True\n"
    assert done.returncode == 1
    assert "archdsl.load needs PyTorch: pip install 'archdsl[torch]'" in done.stderr
