"""Trees stand where their text stands, and a broken statement costs that statement alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archdsl.source.span import Span
from archdsl.syntax import ast
from tests.corpus.cases import GOOD
from tests.syntax.support import nodes, parsed, whole

ROOT = Path(__file__).parents[2]
FILES = [
    *sorted((ROOT / "specs").glob("*.arch")),
    *sorted((ROOT / "archdsl/std").glob("*.arch")),
    *sorted(GOOD.glob("*.arch")),
]


def sliced(text: str, span: Span) -> str:
    return text[span.start : span.end]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_places(path: Path) -> None:
    text = path.read_text("utf-8")
    for node, around in nodes(whole(text)):
        span = node.span  # type: ignore[attr-defined]
        assert 0 <= span.start <= span.end <= len(text)
        if around is not None and not isinstance(node, ast.Comment):
            outer = around.span  # type: ignore[attr-defined]
            assert outer.start <= span.start
            assert span.end <= outer.end
        match node:
            case ast.Identifier(name) | ast.Number(_, name):
                assert sliced(text, span) == name
            case ast.Body():
                assert (text[span.start], text[span.end - 1]) in (("{", "}"), ("i", "}"))  # `else if` is a body, too
            case ast.Arguments():
                assert text[span.start] + text[span.end - 1] == "()"
            case ast.Comment(comment):
                assert sliced(text, span) == comment


def statements(file: ast.File) -> list[ast.Statement]:
    """All statements, those of inner bodies included."""
    bodies = [node for node, _ in nodes(file) if isinstance(node, ast.Body)]
    return [statement for body in bodies for statement in body.statements]


def shape_of(file: ast.File) -> list[tuple[str, int]]:
    """The kinds of the statements with their starts, without those that are broken or hold others."""
    found = [(type(node).__name__, node.span.start) for node in statements(file) if not isinstance(node, ast.Broken)]
    return sorted(found, key=lambda pair: pair[1])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_statement_is_reported_once_and_costs_nothing_else(path: Path) -> None:
    text = path.read_text("utf-8")
    simple = [node for node in statements(whole(text)) if not re.search(r"[{}]", sliced(text, node.span))]
    for node in simple:
        end = node.span.end
        broken = f"{text[: end - 1]}$ ~{text[end - 1 :]}" if text[end - 1] in ")]" else f"{text[:end]} ,{text[end:]}"
        file, found = parsed(broken)
        assert [fault.code for fault in found][:1] in (["E0101"], ["E0102"])
        assert len({fault.span.start for fault in found}) <= 2
        assert not file.whole
        before = [kept for kept in shape_of(file) if kept[1] < node.span.start]
        expected = [kept for kept in shape_of(whole(text)) if kept[1] < node.span.start]
        assert before == expected
        lost = len(shape_of(whole(text))) - len(shape_of(file))
        assert lost in (0, 1)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_truncated_text_never_raises(path: Path) -> None:
    text = path.read_text("utf-8")
    for end in range(0, len(text), 7):
        file, found = parsed(text[:end])
        assert file.whole == (not found)


def test_documentation_stands_directly_above() -> None:
    file = whole("## far\n\n## one\n## two\nblock a() { relu }\n\nblock b() { relu } ## behind\nblock c() { relu }\n")
    assert [item.doc for item in file.items if isinstance(item, ast.BlockDef)] == ["one\ntwo", "", ""]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("block b(a) { relu }\nnetwork n() { b }", {"b", "a", "relu"}),
        ("network n() {\n    input i: [N, 3]\n    c: conv(8,, 3)\n    relu\n}", {"c", "conv"}),
        ("network n() {\n    relu\n}", set()),
    ],
)
def test_names_in_broken_parts_are_remembered(text: str, names: set[str]) -> None:
    assert parsed(text)[0].lost == names
