"""Runs the blocks of one page in order, in a folder of their own, and tells what differs from the page."""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from archdsl.driver.outcome import check_path, heed_comments
from archdsl.source.loader import DiskLoader, find_root
from tests.docs.pages import Block, blocks_of, file_name, is_excerpt, matches, steps_of, whole_file
from tests.house import ROOT

_NOT_RUN = re.compile(r"make (\w+)|pip install '?\.(?:\[(\w+)\])?'?|source \.venv/bin/activate|git clone .*")
"""Commands of the set-up: what they name has to exist."""
_COPIED = ("archdsl", "specs", "tests", "pyproject.toml")
_SHIMS = {"archdsl": "-m archdsl", "python": "", "pytest": "-m pytest -p no:cacheprovider", "ruff": "-m ruff"}
"""What a console block can call: our own interpreter, so that the copy in the folder comes first."""


class Runner:
    """The page being run: ``folder`` is what its commands see as the working directory."""

    def __init__(self, scratch: Path) -> None:
        self.folder = scratch / "page"
        self._programs = scratch / "bin"
        self._names: dict[str, object] = {"__name__": "__page__"}
        self._variables = {"PATH": f"{self._programs}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(scratch / "cache")}
        self._exit_code = 0
        self._has_copy = False
        self.outputs: dict[int, str] = {}
        """The real text of console blocks, by line: what an update writes into the page."""
        self._programs.mkdir(parents=True)
        for name, arguments in _SHIMS.items():
            place = self._programs / name
            place.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
            place.chmod(0o755)

    def run(self, page: str, text: str) -> list[str]:
        """The differences between a page and what happens, each with its place."""
        blocks = blocks_of(page, text)
        self._has_copy = any("append to" in block.notes for block in blocks)
        self._prepare()
        with _as_working_directory(self.folder):
            return [f"{block.place}: {fault}" for block in blocks for fault in self._block(block)]

    def _prepare(self) -> None:
        """The specs in a project of their own; for a page that changes the compiler, the compiler as well."""
        self.folder.mkdir()
        for name in _COPIED if self._has_copy else ("specs",):
            source, target = ROOT / name, self.folder / name
            ignored = shutil.ignore_patterns("__pycache__", "golden")
            shutil.copytree(source, target, ignore=ignored) if source.is_dir() else shutil.copy(source, target)
        (self.folder / "archdsl.toml").touch()
        self._variables["PYTHONPATH"] = str(self.folder if self._has_copy else ROOT)

    def _block(self, block: Block) -> list[str]:
        match block.language:
            case "text":
                return []
            case "arch":
                return self._arch(block)
            case "console":
                return self._console(block)
            case "python":
                return self._python(block)
            case "makefile" | "toml" | "yaml":
                return self._file(block)
        return [f"a block of the language `{block.language}` is not run; `text` is for pictures"]

    def _file(self, block: Block) -> list[str]:
        """A file for the commands after it; what is in it is tried by tests of its own."""
        place = self.folder / file_name(block)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(block.text, encoding="utf-8")
        return [] if block.text.startswith("# file: ") else ["say in the first line which file this is: `# file: NAME`"]

    # --- arch -----------------------------------------------------------------------------------------

    def _arch(self, block: Block) -> list[str]:
        name = file_name(block)
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(whole_file(block), encoding="utf-8")
        found = self._findings(name)
        expected = block.notes.get("reports", "").split()
        if {code for code, _ in found} == set(expected):
            return []
        shown = "; ".join(f"{code} {message}" for code, message in found) or "no findings"
        return [f"expected {' '.join(expected) or 'no findings'}, got: {shown}"]

    def _findings(self, name: str) -> list[tuple[str, str]]:
        """Codes and messages; a compiler that the page has changed is another process."""
        if self._has_copy:
            document = json.loads(self._shell(f"archdsl check --no-cache --format json {name}"))
            return [(finding["code"], finding["message"]) for finding in document["findings"]]
        outcome = check_path(DiskLoader(find_root(name)), name)
        return [(found.code, found.message) for found in heed_comments(outcome.findings, [outcome])]

    # --- console --------------------------------------------------------------------------------------

    def _console(self, block: Block) -> list[str]:
        faults: list[str] = []
        real = ""
        for step in steps_of(block):
            if _NOT_RUN.fullmatch(step.command):
                faults += _missing_targets(step.command)
                real += f"$ {step.command}\n"
                continue
            output = self._shell(step.command)
            real += f"$ {step.command}\n{output.strip(chr(10))}\n" if output.strip() else f"$ {step.command}\n"
            if not matches(step.output, output):
                faults.append(f"`{step.command}` prints\n{output}")
        self.outputs[block.line] = real
        return faults

    def _shell(self, command: str) -> str:
        """What a command prints, both streams in their order; ``$?`` is the code of the one before."""
        done = subprocess.run(
            ["bash", "-c", f"(exit {self._exit_code}); {command}"],
            cwd=self.folder,
            env={**os.environ, **self._variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=600,
            check=False,
        )
        self._exit_code = done.returncode
        return done.stdout

    # --- python ---------------------------------------------------------------------------------------

    def _python(self, block: Block) -> list[str]:
        command, path = block.notes.get("from"), block.notes.get("append to")
        if command is not None:
            output = self._shell(command)
            return [] if is_excerpt(block.text, output) else [f"`{command}` prints nothing of the kind:\n{output}"]
        if path is not None:
            with (self.folder / path).open("a" if (self.folder / path).exists() else "w", encoding="utf-8") as stream:
                stream.write(f"\n\n{block.text}" if stream.tell() else block.text)
            return []
        output = io.StringIO()
        test = doctest.DocTestParser().get_doctest(block.text, self._names, block.place, block.page, block.line)
        if test.examples:
            runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
            runner.run(test, out=output.write, clear_globs=False)
            self._names.update(test.globs)
            return [output.getvalue()] if runner.failures else []
        try:
            with contextlib.redirect_stdout(output):
                exec(compile(block.text, block.place, "exec"), self._names)
        except Exception as error:
            return [f"{type(error).__name__}: {error}"]
        return []


def _missing_targets(command: str) -> list[str]:
    target = re.fullmatch(r"make (\w+)", command)
    if target and not re.search(rf"(?m)^{target[1]}:", (ROOT / "Makefile").read_text(encoding="utf-8")):
        return [f"the Makefile has no target `{target[1]}`"]
    extra = re.search(r"\[(\w+)\]", command)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    if extra and extra[1] not in project["optional-dependencies"]:
        return [f"the project has no extra `{extra[1]}`"]
    return []


@contextlib.contextmanager
def _as_working_directory(folder: Path) -> Iterator[None]:
    """Modules that the page writes can be imported inside, and are forgotten afterwards."""
    before, modules = os.getcwd(), set(sys.modules)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        os.chdir(before)
        for name in set(sys.modules) - modules:
            if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder)):
                del sys.modules[name]
