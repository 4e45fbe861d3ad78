"""Finds the code blocks of a Markdown page, and compares what they say with what happens.

A block is introduced by its language; what a reader need not see stands in an HTML comment directly above it:

- ``arch``: a whole file, checked without findings. ``# file: NAME`` in its first line keeps it under that name for the
  blocks after it. ``<!-- inside [N, 3, H, W] -->``: statements, checked in a network with that input.
  ``<!-- reports E0302 W0504 -->``: it has exactly these findings. ``<!-- unformatted: WHY -->``: it is not as
  ``archdsl fmt`` would write it, as every other one is.
- ``console``: lines after ``$ `` are run, what follows is their output; ``[...]`` stands for anything.
- ``python``: run in the page's own namespace, with ``>>>`` as a doctest. ``<!-- from: COMMAND -->``: an excerpt of
  what the command prints. ``<!-- append to PATH -->``: added to that file in a copy of the project.
- ``yaml``, ``toml``, ``makefile``: a file under the name in its first line.
- ``text``: a picture, not run.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archdsl.driver.api import ArchError, format_source

LANGUAGES = {"arch", "console", "makefile", "python", "text", "toml", "yaml"}
ANYTHING = "[...]"
_NOTE = re.compile(r"<!--\s*(inside|reports|unformatted:|from:|append to)\s+(.*?)\s*-->")
_FENCE = re.compile(r"(`{3,})(\S*)\s*$")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the comment above it, the line of its first text line."""

    page: str
    line: int
    language: str
    notes: dict[str, str]
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Step:
    """One command of a console block, with the output that the page shows."""

    command: str
    output: str


def blocks_of(page: str, text: str) -> list[Block]:
    """The blocks of a page in order; a fence that is never closed is a ``ValueError``."""
    found: list[Block] = []
    notes: dict[str, str] = {}
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        fence = _FENCE.match(line)
        if fence is None:
            notes |= {key.rstrip(":"): value for key, value in _NOTE.findall(line)}
            notes = notes if not line.strip() or line.startswith("<!--") else {}
            continue
        body = "".join(_until(lines, fence[1], f"{page}:{number}"))
        found.append(Block(page, number + 1, fence[2], notes, body))
        notes = {}
    return found


def _until(lines: Iterator[tuple[int, str]], fence: str, place: str) -> Iterator[str]:
    for _, line in lines:
        if line.strip() == fence:
            return
        yield line + "\n"
    raise ValueError(f"{place}: the block is never closed")


def steps_of(block: Block) -> list[Step]:
    """The commands of a console block; a line that ends in a backslash goes on in the next."""
    joined = block.text.replace("\\\n", "")
    found: list[Step] = []
    for part in re.split(r"(?m)^\$ ", joined)[1:]:
        command, _, output = part.partition("\n")
        found.append(Step(command.strip(), output.strip("\n")))
    return found


def whole_file(block: Block) -> str:
    """The text of an ``arch`` block as a file: statements get a network around them."""
    shape = block.notes.get("inside")
    if shape is None:
        return block.text
    output = "" if re.search(r"(?m)^ *output ", block.text) else "output result\n"
    return f"network example() {{\ninput image: {shape}\n{block.text}{output}}}\n"


def formatted_block(block: Block) -> str:
    """The text of an ``arch`` block in the one style; a text with a fault of syntax stays as it is."""
    head = f"network example() {{\n    input image: {block.notes.get('inside')}\n"
    is_body = "inside" in block.notes
    try:
        text = format_source(head + textwrap.indent(block.text, "    ") + "}\n" if is_body else block.text)
    except ArchError:
        return block.text
    return textwrap.dedent(text.removeprefix(head).removesuffix("}\n")) if is_body else text


def file_name(block: Block) -> str:
    """The name that an ``arch`` block is kept under."""
    stated = re.match(r"# file: (\S+)\n", block.text)
    return stated[1] if stated else "block.arch"


def matches(expected: str, actual: str) -> bool:
    """Whether an output is the one that a page shows; ``[...]`` on a line of its own stands for any lines."""
    return re.fullmatch(_pattern(expected), actual.strip("\n")) is not None


def is_excerpt(excerpt: str, whole: str) -> bool:
    """Whether a text holds these lines one after the other; ``[...]`` on a line of its own leaves some out."""
    return re.search(f"^{_pattern(excerpt)}$", whole, re.MULTILINE) is not None


def _pattern(expected: str) -> str:
    lines = expected.strip("\n").split("\n")
    any_lines, anything = r"[\s\S]*?", ".*?"
    return "\n".join(
        any_lines if line == ANYTHING else anything.join(map(re.escape, line.split(ANYTHING))) for line in lines
    )


def links_of(text: str) -> list[str]:
    """The targets of all links of a page, blocks left out."""
    prose = re.sub(r"(?ms)^(`{3,}).*?^\1$", "", text)
    return re.findall(r"\]\(([^)\s]+)\)", prose)


def anchors_of(text: str) -> set[str]:
    """The anchors of the headings of a page, as GitHub makes them."""
    prose = re.sub(r"(?ms)^(`{3,}).*?^\1$", "", text)
    found: set[str] = set()
    for heading in re.findall(r"(?m)^#+ +(.*?)\s*$", prose):
        plain = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.add(plain if plain not in found else f"{plain}-1")
    return found


def paths_of(text: str) -> set[str]:
    """The paths of the project that a page names in backquotes: ``archdsl/check/infer.py``."""
    roots = "archdsl|docs|specs|tests|benchmarks"
    return set(re.findall(rf"`((?:{roots})/[\w./-]*)`", text))


def pages() -> list[Path]:
    """Every page of the documentation, the decisions left out: they are a record, not instructions."""
    root = Path(__file__).resolve().parents[2]
    return [root / "README.md", root / "archdsl" / "README.md", *sorted((root / "docs").glob("*.md"))]
