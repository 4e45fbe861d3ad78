"""Every block of the documentation runs, every output is the real one, every link leads somewhere.

``pytest tests/docs --update-golden`` writes the real outputs of console blocks into the pages; read the difference.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.docs.pages import ANYTHING, anchors_of, blocks_of, formatted_block, links_of, pages, paths_of
from tests.docs.runner import Runner
from tests.house import ROOT

EXPLAINED = sorted((ROOT / "archdsl" / "diagnostics" / "explain").glob("*.md"))
PAGES = pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))


@PAGES
def test_every_block_runs(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    text = page.read_text(encoding="utf-8")
    if "torchvision" in text:
        pytest.importorskip("tests.oracles.torchvision_models")  # declares what torchvision misses beside a CPU torch
    runner = Runner(tmp_path)
    faults = runner.run(str(page.relative_to(ROOT)), text)
    if request.config.getoption("--update-golden"):
        page.write_text(_updated(text, runner.outputs), encoding="utf-8")
        return
    assert not faults, "\n\n".join(faults)


@pytest.mark.parametrize("page", [*pages(), *EXPLAINED], ids=lambda page: str(page.relative_to(ROOT)))
def test_blocks_are_formatted(page: Path, request: pytest.FixtureRequest) -> None:
    text = page.read_text(encoding="utf-8")
    blocks = [block for block in blocks_of(str(page.relative_to(ROOT)), text) if block.language == "arch"]
    laid_out = [(block, formatted_block(block)) for block in blocks if "unformatted" not in block.notes]
    if request.config.getoption("--update-golden"):
        page.write_text(_replaced(text, {block.line: (block.text, new) for block, new in laid_out}), "utf-8")
        return
    assert [block.place for block, new in laid_out if new != block.text] == []


def _replaced(text: str, changes: Mapping[int, tuple[str, str]]) -> str:
    """A page with other texts in blocks, by the line at which each begins."""
    lines = text.splitlines(keepends=True)
    for line, (before, after) in sorted(changes.items(), reverse=True):
        lines[line - 1 : line - 1 + before.count("\n")] = [after]
    return "".join(lines)


def _updated(text: str, outputs: dict[int, str]) -> str:
    """The page with the real outputs, but for blocks that leave something out or break their lines."""
    changes: dict[int, tuple[str, str]] = {}
    for block in blocks_of("", text):
        real = outputs.get(block.line)
        if real is not None and ANYTHING not in block.text and "\\\n" not in block.text:
            changes[block.line] = (block.text, real)
    return _replaced(text, changes)


@pytest.mark.parametrize("page", [*pages(), *EXPLAINED], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    dead = []
    for link in links_of(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors_of(target.read_text(encoding="utf-8"))):
            dead.append(link)
    assert not dead


@PAGES
def test_paths_that_a_page_names_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    made = {note for block in blocks_of("", text) for key, note in block.notes.items() if key == "append to"}
    assert {path for path in paths_of(text) if not (ROOT / path).exists()} - made == set()


def test_every_page_is_in_the_index() -> None:
    linked = set(links_of((ROOT / "docs" / "index.md").read_text(encoding="utf-8")))
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"index.md"} <= linked


def test_the_import_order_is_the_one_that_is_checked() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    (contract,) = [
        contract
        for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
        if contract["id"] == "layers"
    ]
    order = "".join(f"{line.replace('(', '').replace(')', '')}\n" for line in contract["layers"])
    assert order in [block.text for block in blocks_of("", text) if block.language == "text"]
