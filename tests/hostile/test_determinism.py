"""The same bytes under every hash seed, locale, time zone, working directory, umask and Python that is here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.house import ROOT

SPECS = ("specs/resnet.arch", "specs/unet.arch", "tests/corpus/bad/several/three_errors.arch", "specs/vit.arch")
COMMANDS: dict[str, tuple[str, ...]] = {
    "check": ("check", "--no-cache", "--format", "json", *(Path(path).name for path in SPECS)),
    "check for people": ("check", "--no-cache", *(Path(path).name for path in SPECS)),
    "sarif": ("check", "--no-cache", "--format", "sarif", *(Path(path).name for path in SPECS)),
    "compile": ("compile", "resnet.arch", "-o", "-"),
    "fmt": ("fmt", "--diff", "untidy.arch"),
    "summary": ("summary", "resnet.arch", "-n", "resnet18", "--format", "json"),
    "sizes": ("sizes", "unet.arch", "-n", "unet", "--format", "json"),
}
NEED_NO_LIBRARY = ("check", "check for people", "compile", "fmt")
"""What runs on Python alone."""

OTHERS = {
    "hash seed 0": {"PYTHONHASHSEED": "0"},
    "hash seed 4711": {"PYTHONHASHSEED": "4711"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0"},
    "C.UTF-8": {"LC_ALL": "C.UTF-8"},
    "a locale that is not there": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR"},
    "ASCII streams": {"PYTHONIOENCODING": "ascii"},
    "time zone": {"TZ": "Pacific/Kiritimati", "SOURCE_DATE_EPOCH": "1"},
    "nothing": {"HOME": "/nonexistent", "PATH": "", "USER": "", "TERM": "dumb"},
    "optimised": {"PYTHONOPTIMIZE": "2"},
    "development mode": {"PYTHONDEVMODE": "1"},
}

FOUND = [*Path("/root/.pyenv/versions").glob("3.*/bin/python3"), Path("/usr/bin/python3")]


def version_of(interpreter: Path) -> tuple[int, ...]:
    asked = [str(interpreter), "-c", "import sys; print(*sys.version_info[:2])"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60)
    return tuple(map(int, done.stdout.split())) if done.returncode == 0 else ()


@cache
def pythons() -> dict[str, Path]:
    """The Pythons of this machine on which archdsl runs, one of each version."""
    here = [path for path in FOUND if os.access(path, os.X_OK)]
    return {".".join(map(str, version_of(path))): path for path in here if version_of(path) >= (3, 11)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("project")
    for path in SPECS:
        shutil.copy(ROOT / path, made)
    (made / "archdsl.toml").write_text("")
    (made / "untidy.arch").write_text("block  b( ){conv( 8,3 )->relu # \u00e9\n}\n", "utf-8")
    return made


def run(command: str, folder: Path, python: Path | str = sys.executable, mask: int = 0o022, **variables: str) -> bytes:
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **variables}
    if python == sys.executable:
        del environment["PYTHONDONTWRITEBYTECODE"]
    arguments = [str(python), "-m", "archdsl", *COMMANDS[command]]
    done = subprocess.run(
        arguments, cwd=folder, env=environment, umask=mask, capture_output=True, check=False, timeout=120
    )
    assert done.returncode in (0, 1), done.stderr.decode()
    assert b"Traceback" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def usual(folder: Path) -> dict[str, bytes]:
    return {command: run(command, folder) for command in COMMANDS}


@pytest.mark.parametrize("other", OTHERS)
def test_the_environment_changes_nothing(other: str, folder: Path, usual: dict[str, bytes]) -> None:
    commands = COMMANDS if other.startswith("hash") else ("check", "compile", "fmt")
    for command in commands:
        assert usual[command]
        assert run(command, folder, **OTHERS[other]) == usual[command], command


def test_another_working_directory_changes_nothing(folder: Path, usual: dict[str, bytes], tmp_path: Path) -> None:
    other = tmp_path / "a place of another name"
    shutil.copytree(folder, other)
    for command in COMMANDS:
        assert run(command, other, mask=0o077) == usual[command], command


@pytest.mark.parametrize("version", pythons())
def test_another_python_changes_nothing(version: str, folder: Path, usual: dict[str, bytes]) -> None:
    for command in NEED_NO_LIBRARY:
        assert run(command, folder, pythons()[version]) == usual[command], command


def test_there_is_a_python() -> None:
    assert len(pythons()) >= 1
    assert version_of(Path(sys.executable)) == sys.version_info[:2]


def test_files_are_found_in_one_order(folder: Path, tmp_path: Path) -> None:
    """Directories list their files in any order; findings come by name."""
    names = [f"{name}.arch" for name in ("z", "a", "m", "B", "_", "10", "9")]
    outputs = set()
    for order in (names, names[::-1]):
        place = tmp_path / str(len(outputs)) / "tree"
        place.mkdir(parents=True)
        for name in order:
            (place / name).write_text("?")
        arguments = [sys.executable, "-m", "archdsl", "check", "--no-cache", "--format", "concise"]
        done = subprocess.run(arguments, cwd=place, capture_output=True, check=False)
        assert done.returncode == 1
        outputs.add(done.stdout)
    assert len(outputs) == 1
