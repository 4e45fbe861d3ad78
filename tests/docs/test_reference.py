"""The pages made from the compiler are current, and what other pages list is complete."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from archdsl.check import state
from archdsl.cli.main import COMMANDS
from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.sink import SHOWN_LIMIT
from archdsl.elaborate import extent, lower
from archdsl.elaborate.expressions import FUNCTIONS, SIZE_ATTRIBUTES
from archdsl.elaborate.kinds import KINDS
from archdsl.elaborate.lower import METRICS
from archdsl.ir import meter, values
from archdsl.ops import REGISTRY, limits
from archdsl.source import loader
from archdsl.syntax import lexer, literals
from archdsl.syntax._tables import KEYWORDS
from tests.docs import reference
from tests.docs.pages import blocks_of
from tests.docs.zoo import SPECS, lines_of, torchvision_lines
from tests.house import ROOT

LIMITS = [
    ("a file", loader.MAX_FILE // 1024),
    ("a file", lexer.MAX_TOKENS),
    ("a project", loader.MAX_PROJECT // 1024**2),
    ("a project", loader.MAX_FILES),
    ("a project", loader.MAX_IMPORT_DEPTH),
    ("a name", lexer.MAX_IDENTIFIER),
    ("nesting", lexer.MAX_NESTING),
    ("nesting", state.MAX_DEPTH),
    ("parameters", lower.MAX_PARAMETERS),
    ("an integer", literals.MAX_INTEGER),
    ("digits", literals.MAX_DIGITS),
    ("items", values.MAX_ITEMS),
    ("layers of a network", state.MAX_LAYERS),
    ("layers that have to", state.MAX_UNROLLED),
    ("steps of work", meter.MAX_WORK),
    ("steps that `inline`", extent.MAX_SPLICED),
    ("kernel", limits.WINDOW_LIMIT),
    ("the size of one axis", state.MAX_DIMENSION),
    ("values of one sample", state.MAX_ELEMENTS),
    ("weights", state.MAX_WEIGHTS),
    ("findings", SHOWN_LIMIT),
]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", reference.PAGES)
def test_a_page_is_what_the_compiler_says(name: str, request: pytest.FixtureRequest) -> None:
    made = reference.PAGES[name]()
    if request.config.getoption("--update-golden"):
        (ROOT / "docs" / name).write_text(made, encoding="utf-8")
    assert page(name) == made, f"docs/{name} is out of date: python -m tests.docs.reference"


@pytest.mark.parametrize("name", REGISTRY)
def test_every_layer_is_described(name: str) -> None:
    assert f"\n### {name}\n" in page("layers.md")


def test_a_new_layer_makes_its_page_outdated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REGISTRY, "twin", type("Twin", (type(REGISTRY["relu"]),), {"__doc__": "Another."})())
    assert "\n### relu\n" in page("layers.md")
    assert reference.layers_page() != page("layers.md")


def test_a_changed_default_makes_its_page_outdated(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = REGISTRY["dropout"].parameters
    monkeypatch.setattr(type(REGISTRY["dropout"]), "parameters", (replace(first, default=0.9), *others))
    assert reference.layers_page() != page("layers.md")


def test_every_code_is_listed_once() -> None:
    assert re.findall(r"(?m)^\| \[([EW]\d{4})\]\(../archdsl/diagnostics/explain/\1.md\)", page("findings.md")) == list(
        CODES
    )


def test_all_codes_are_reported() -> None:
    assert reference.codes_in_use() == set(CODES)


@pytest.mark.parametrize(("row", "limit"), LIMITS)
def test_limits_are_those_of_the_compiler(row: str, limit: int) -> None:
    section = page("language.md").partition("## Limits")[2]
    (cells,) = [line for line in section.splitlines() if line.startswith(f"| {row}")]
    assert re.search(rf"(?<![\d,]){limit:,}(?![\d,])", cells)


def test_the_keywords_are_all_listed() -> None:
    (listed,) = [block.text.split() for block in blocks_of("", page("language.md")) if block.language == "text"]
    assert set(listed) == set(KEYWORDS)


def test_types_functions_sizes_and_metrics_are_all_listed() -> None:
    text = page("language.md")
    assert [name for name in KINDS if f"| `{name}` |" not in text] == []
    assert [name for name in FUNCTIONS if not re.search(rf"`{name}\(", text)] == []
    assert [name for name in SIZE_ATTRIBUTES if not re.search(rf"(?m)^\|.*`{name}`", text)] == []
    assert [name for name in METRICS if f"`{name}`" not in text] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_section(name: str) -> None:
    assert f"\n## {name}\n" in page("commands.md")


def test_a_family_is_a_page_and_all_of_them_a_fifth_of_torchvision() -> None:
    lines = {path.stem: lines_of(path) for path in SPECS.glob("*.arch")}
    assert {family: count for family, count in lines.items() if count > 120} == {}
    theirs = {family: torchvision_lines(family) for family in lines}
    assert sum(theirs.values()) > 10_000
    assert 5 * sum(count for family, count in lines.items() if theirs[family]) <= sum(theirs.values())
