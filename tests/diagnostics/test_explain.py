"""The page of every code: its example has this finding and no other, its repair none, and what is shown is real.

``pytest tests/diagnostics/test_explain.py --update-explain`` writes what is shown today; read the difference.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from archdsl.diagnostics.codes import CODES
from tests.corpus.cases import BAD
from tests.diagnostics.explain_pages import FOLDER, found_in, halves, page_of, run_commands, with_text
from tests.docs.pages import anchors_of, links_of
from tests.house import PACKAGE

LONGEST_LINE = 100


def codes_in_use() -> set[str]:
    """The codes that stand as a string somewhere in the package outside the registry."""
    literals = (
        node.value
        for path in PACKAGE.rglob("*.py")
        if path.name != "codes.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
    )
    return {text for text in literals if isinstance(text, str) and text in CODES}


IN_USE = codes_in_use()
REPORTED = [code for code in CODES if code in IN_USE]


def text_of(code: str) -> str:
    return page_of(code).read_text(encoding="utf-8")


# --- the examples ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [code for code in REPORTED if not halves(code)[0].commands])
def test_the_example_has_this_finding_and_no_other(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, update_explain: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    example, _ = halves(code)
    example.write_into(tmp_path)
    codes, text = found_in(tmp_path)
    assert codes == [code], text
    assert example.shown is not None
    if update_explain:
        page_of(code).write_text(with_text(text_of(code), example.shown, text), encoding="utf-8")
        return
    assert example.shown.text == text


@pytest.mark.parametrize("code", [code for code in REPORTED if halves(code)[0].commands])
def test_the_commands_of_the_example_show_this_finding_and_no_other(
    code: str, tmp_path: Path, update_explain: bool
) -> None:
    example, _ = halves(code)
    folder = tmp_path / "work"
    folder.mkdir()
    example.write_into(folder)
    for block in example.commands:
        text = run_commands(block, folder, tmp_path)
        assert set(re.findall(r"(?:error|warning)\[(\w+)\]", text)) == {code}, text
        if update_explain:
            page_of(code).write_text(with_text(text_of(code), block, text), encoding="utf-8")
            continue
        assert block.text == text


@pytest.mark.parametrize("code", REPORTED)
def test_the_repair_is_clean(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, update_explain: bool) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    _, repair = halves(code)
    repair.write_into(folder)
    if repair.files:
        codes, text = found_in(folder)
        assert codes == [], text
    for block in repair.commands:
        text = run_commands(block, folder, tmp_path)
        assert not re.search(r"error|warning\[", text.replace("error-on-warning", "")), text
        if update_explain:
            page_of(code).write_text(with_text(text_of(code), block, text), encoding="utf-8")
            continue
        assert block.text == text


# --- the pages as a whole -------------------------------------------------------------------------------------------


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(CODES)


def test_every_code_is_found_by_a_test() -> None:
    """In a case of the corpus, or in the example of its page: both are run, and compared with what is found."""
    texts = [path.read_text(encoding="utf-8") for path in BAD.rglob("*.expected")]
    in_corpus = {code for text in texts for code in re.findall(r"^(?:error|warning)\[(\w+)\]", text, re.MULTILINE)}
    on_pages = {code for code in REPORTED if f"[{code}]:" in "".join(block.text for block in halves(code)[0].blocks)}
    assert set(CODES) - in_corpus <= on_pages


def test_every_code_is_reported_by_something() -> None:
    assert set(CODES) == IN_USE, "a code that nothing reports does not belong into the registry"


@pytest.mark.parametrize("code", CODES)
def test_a_page_has_its_parts(code: str) -> None:
    text = text_of(code)
    assert text.startswith(f"# {code} {CODES[code].slug}\n\n")
    assert re.findall(r"(?m)^## (.*)$", text) == ["Example", "Repaired"]
    prose = text.partition("## Example")[0].partition("\n\n")[2]
    assert re.match(r"[A-Z].{40,}", prose), "what the code means"
    assert max(map(len, prose.splitlines())) <= LONGEST_LINE
    example, repair = halves(code)
    assert example.files or example.commands
    assert repair.files or repair.commands
    assert text.isprintable() or set(text) - {"\n"} <= {char for char in text if char.isprintable()}


@pytest.mark.parametrize("code", CODES)
def test_a_page_points_to_the_rule(code: str) -> None:
    links = links_of(text_of(code))
    assert links
    for link in links:
        path, _, anchor = link.partition("#")
        target = (FOLDER / path).resolve()
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target.read_text(encoding="utf-8")), link
