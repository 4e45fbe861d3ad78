"""A formatted file means what it meant: the same findings, the same PyTorch, the same lines for ignore comments."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest

from archdsl.diagnostics.ignores import silence
from archdsl.driver.api import compile as compile_file
from archdsl.driver.compilation import Compilation
from archdsl.source.loader import MemoryLoader
from archdsl.source.source import Source
from archdsl.syntax.lexer import Lexer
from tests.corpus.cases import BAD, cases
from tests.format.spacing import PLAIN, respaced
from tests.format.support import formatted
from tests.format.test_properties import READABLE, generated
from tests.house import ROOT
from tests.syntax.support import PATH

ALONE = [path for path in cases(BAD) if path in READABLE and path.name != "main.arch"]


def findings_in(text: str) -> list[str]:
    """The codes that a check of a text reports, ignore comments heeded, in the order of the text."""
    run = Compilation(MemoryLoader({PATH: text}))
    run.check_file(PATH)
    return [finding.code for finding in silence(run.sink, run.sources, [PATH])]


@pytest.mark.parametrize("path", ALONE, ids=lambda path: path.stem)
def test_wrong_files_have_the_same_findings(path: Path) -> None:
    text = path.read_text("utf-8")
    found = findings_in(text)
    assert findings_in(formatted(text)) == found
    respaced_text = respaced(text, random.Random(path.stem), wildness=0.3)
    assert findings_in(formatted(respaced_text)) == findings_in(respaced_text)


def without_texts(python: str) -> str:
    """Generated code without docstrings: a comment in between parts a description from its network."""
    return re.sub(r' *""".*?"""\n\n?', "", python, flags=re.DOTALL)


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("*.arch")), ids=lambda path: path.stem)
def test_the_same_pytorch(path: Path, tmp_path: Path) -> None:
    text = respaced(path.read_text("utf-8"), random.Random(path.stem), wildness=0.3, marks=PLAIN)
    place = tmp_path / path.name
    place.write_text(formatted(text), encoding="utf-8")
    expected = without_texts(compile_file(path))
    assert without_texts(compile_file(place)) == expected


# --- ignore comments --------------------------------------------------------------------------------------------------


def with_ignores(text: str, chance: random.Random) -> str:
    """A text in which some comments silence something."""
    return re.sub(
        r"#[^#\n]*(c\d+)",
        lambda found: f"# archdsl: ignore[W0341] {found[1]}" if chance.random() < 0.3 else found[0],
        text,
    )


def ignored_code(text: str) -> list[Counter[str]]:
    """For every ignore comment in order: the words on its line, or on the next that has code."""
    lexer = Lexer(Source(PATH, text))
    code: dict[int, Counter[str]] = {}
    for token in lexer.run():
        if token.text.strip(" \t\n;"):
            words = code.setdefault(text.count("\n", 0, token.start), Counter())
            words.update(re.findall(r"\w+", token.text) if token.text not in ("and", "or", "if", "else") else ())
    found = []
    for start, _ in lexer.comments:
        if text.startswith("# archdsl: ignore", start):
            line = text.count("\n", 0, start)
            found.append(code[min(number for number in code if number >= line)] if line <= max(code) else Counter())
    return found


def loses_code(text: str) -> bool:
    """Whether an ignore comment no longer speaks of something of which it spoke."""
    before, after = ignored_code(text), ignored_code(formatted(text))
    return any(one - other for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize("start", range(0, 200, 50))
def test_ignore_comments_speak_of_the_same_code(start: int) -> None:
    for seed in range(start, start + 50):
        text = with_ignores(generated(seed), random.Random(seed))
        once = formatted(text)
        assert not loses_code(text), f"seed {seed}"
        assert formatted(once) == once, f"seed {seed}"


IGNORED = {
    "a line that is too long": f"block b() {{\n    conv({', '.join(['100'] * 30)})  # archdsl: ignore[W0341]\n}}\n",
    "two statements": "block b() {\n    conv(8); relu  # archdsl: ignore[W0341]\n}\n",
    "arguments": "block b() {\n    conv(\n        8,\n        bias=true, stride=2,  # archdsl: ignore[W0341]\n    )}\n",
    "a long sum": f"block b() {{\n    let a = {' + '.join(['100'] * 30)}  # archdsl: ignore[W0341]\n    # c\n}}\n",
}


@pytest.mark.parametrize("text", IGNORED.values(), ids=IGNORED)
def test_a_line_with_an_ignore_comment_is_not_torn_apart(text: str) -> None:
    assert not loses_code(text)
