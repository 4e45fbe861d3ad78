"""Files that cannot stand in the corpus as text: too large, no text at all, or nothing but a place on the disk.

Each states where its finding stands; the text that a user sees is beside the others, in ``bad/generated``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.corpus.cases import BAD, check_file

HEAD = "network n() {\n    input image: [N, 8, 8, 8]\n"
TAIL = "    output features: [N, 8, 8, 8]\n}\n"


@dataclass(frozen=True)
class Generated:
    """A case: what is wrong, the file (or how to make it), and the findings as (line, column, code)."""

    prose: str
    content: str | bytes | Callable[[Path], None]
    found: tuple[tuple[int, int, str], ...]

    def write(self, path: Path) -> None:
        if callable(self.content):
            self.content(path)
        else:
            path.write_bytes(self.content if isinstance(self.content, bytes) else self.content.encode())


def nested(open_: str, close: str, depth: int) -> str:
    return f"{HEAD}    {open_ * depth} relu {close * depth}\n{TAIL}"


def blocks_in_a_row(names: list[int]) -> str:
    """Blocks that each apply the one with the next number, written in the given order."""
    last = max(names)
    bodies = {name: f"b{name + 1}" if name < last else "relu" for name in names}
    definitions = "".join(f"block b{name}() {{ {bodies[name]} }}\n" for name in names)
    return f"{definitions}{HEAD}    b0\n{TAIL}"


def import_chain(path: Path) -> None:
    for number in range(40):
        following = f"from .f{number + 1} import u{number + 1}\n" if number < 39 else ""
        path.with_name(f"f{number}.arch").write_text(f"{following}block u{number}() {{ relu }}\n")
    path.write_text(f"from .f0 import u0\n{HEAD}    u0\n{TAIL}")


def link_out_of_the_root(path: Path) -> None:
    outside = path.parent.parent / "outside.arch"
    outside.write_text("block unit() { relu }\n")
    path.with_name("blocks.arch").symlink_to(outside)
    path.write_text(f"from .blocks import unit\n{HEAD}    unit\n{TAIL}")


CASES = {
    "empty": Generated("An empty file.", "", ((1, 1, "E0105"),)),
    "blank": Generated("A file with nothing but white space.", " \n\t\n\n", ((1, 1, "E0105"),)),
    "binary": Generated("A picture.", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ((1, 1, "E0104"),)),
    "utf16": Generated("A text in UTF-16.", (HEAD + TAIL).encode("utf-16"), ((1, 1, "E0104"),)),
    "latin1": Generated("A text in Latin-1.", "# Größe\n".encode("latin-1"), ((1, 5, "E0104"),)),
    "surrogate": Generated("Half a character of UTF-16, written as UTF-8.", b"# \xed\xa0\x80\n", ((1, 3, "E0104"),)),
    "nul": Generated("A NUL in a comment.", b"# \0\n" + (HEAD + TAIL).encode(), ((1, 3, "E0104"),)),
    "directory": Generated("A directory under the name of a file.", os.mkdir, ((1, 1, "E0109"),)),
    "missing": Generated("No file at all.", lambda path: None, ((1, 1, "E0109"),)),
    "pipe": Generated("A pipe, which would hang a reader.", os.mkfifo, ((1, 1, "E0109"),)),
    "link_out_of_the_root": Generated("An import that a link leads outside.", link_out_of_the_root, ((1, 6, "E0213"),)),
    "import_depth": Generated("Forty files that import each other in a row.", import_chain, ((1, 6, "E0106"),)),
    "large": Generated("A file of more than a mebibyte.", "#" * (1024 * 1024 + 1), ((1, 1, "E0106"),)),
    "tokens": Generated("More tokens than a file may have.", HEAD + "relu;" * 100_000 + TAIL, ((3, 499_956, "E0106"),)),
    "braces": Generated("100,000 nested braces.", nested("{", "}", 100_000), ((3, 68, "E0106"),)),
    "parentheses": Generated(
        "100,000 nested parentheses.", f"{HEAD}    conv({'(' * 100_000}8, 3)\n{TAIL}", ((3, 72, "E0106"),)
    ),
    "open_parentheses": Generated(
        "Sixty parentheses that are never closed.",
        f"{HEAD}    conv({'(' * 60}8, 3)\n{TAIL}",
        tuple((3, column, "E0103") for column in range(9, 69)),
    ),
    "else_if": Generated(
        "A thousand conditions in a row.",
        f"{HEAD}    {' else '.join(f'if {number} > 7 {{ relu }}' for number in range(1_000))}\n{TAIL}",
        ((3, 23_270, "E0106"),),
    ),
    "sum": Generated(
        "A sum of 5,000 terms.", f"{HEAD}    conv({' + '.join(['1'] * 5_000)}, 1)\n{TAIL}", ((3, 10, "E0106"),)
    ),
    "signs": Generated("A thousand minus signs.", f"{HEAD}    conv({'-' * 1_000}8, 1)\n{TAIL}", ((3, 945, "E0106"),)),
    "attributes": Generated(
        "A thousand attributes.", f"{HEAD}    conv(x{'.a' * 1_000}, 1)\n{TAIL}", ((3, 10, "E0106"),)
    ),
    "indices": Generated("A thousand indices.", f"{HEAD}    conv(x{'[0]' * 1_000}, 1)\n{TAIL}", ((3, 10, "E0106"),)),
    "lists": Generated(
        "Lists in lists, sixty deep.", f"{HEAD}    conv({'[' * 60}{']' * 60}, 1)\n{TAIL}", ((3, 53, "E0106"),)
    ),
    "blocks": Generated(
        "A thousand blocks, each applying the next.", blocks_in_a_row(list(range(1_000))), ((936, 16, "E0106"),)
    ),
    "blocks_backwards": Generated(
        "The same blocks in the other order.", blocks_in_a_row(list(range(999, -1, -1))), ((65, 16, "E0106"),)
    ),
    "questions": Generated("A megabyte of question marks.", "? " * 500_000, ()),
    "quotes": Generated("A megabyte of quotation marks.", '"\n' * 500_000, ()),
    "closers": Generated("A megabyte of closing braces.", "}" * 1_000_000, ()),
    "name": Generated("A name of a megabyte.", f"{HEAD}    {'a' * 1_000_000}\n{TAIL}", ((3, 5, "E0106"),)),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_found(name: str, tmp_path: Path, update_corpus: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    path = project / f"{name}.arch"
    case.write(path)
    found = check_file(path)
    if case.found:
        assert [place[1:] for place in found.places] == list(case.found), found.text[:2_000]
    else:
        assert len(found.places) >= 1
    expected = BAD / "generated" / f"{name}.expected"
    text = found.text.replace(str(project), "PROJECT").replace(str(tmp_path), "OUTSIDE")
    if update_corpus:
        expected.parent.mkdir(exist_ok=True)
        expected.write_text(text, encoding="utf-8")
    assert expected.read_text(encoding="utf-8") == text


def test_a_chain_may_be_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "chain.arch"
    path.write_text(f"{HEAD}    {' -> '.join(['relu'] * 20_000)}\n{TAIL}")
    assert check_file(path).text == ""


def test_sixty_levels_are_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "deep.arch"
    path.write_text(nested("{", "}", 60))
    assert check_file(path).text == ""
    path.write_text(f"{HEAD}    {' else '.join(f'if {number} > 7 {{ relu }}' for number in range(60))}\n{TAIL}")
    assert check_file(path).text == ""
    path.write_text(f"{HEAD}    conv({' + '.join(['1'] * 8)} + {'(' * 55}0{')' * 55}, 1)\n{TAIL}")
    assert check_file(path).text == ""
    path.write_text(blocks_in_a_row(list(range(60))))
    assert check_file(path).text == ""
