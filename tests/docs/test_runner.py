"""The runner of the documentation turns red where a page is wrong, and says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import anchors_of, blocks_of, is_excerpt, links_of, matches, paths_of, steps_of
from tests.docs.runner import Runner

NETWORK = "network a() {\n    input image: [N, 3, 8, 8]\n    relu\n    output y\n}\n"
WIDE = NETWORK.replace("relu", "conv(4, 9)")


def fenced(language: str, text: str, note: str = "") -> str:
    return f"{note}\n```{language}\n{text}```\n"


GOOD = {
    "a network": fenced("arch", NETWORK),
    "statements": fenced("arch", "conv(4, 3) -> relu\n", "<!-- inside [N, 3, 8, 8] -->"),
    "statements with an output": fenced("arch", "relu\noutput y: [N, 3, 8, 8]\n", "<!-- inside [N, 3, 8, 8] -->"),
    "a fault that is announced": fenced("arch", WIDE, "<!-- reports E0301 -->"),
    "a fault in statements": fenced("arch", "rleu\n", "<!-- inside [N, 3, 8, 8] --><!-- reports E0201 -->"),
    "two files": fenced("arch", "# file: unit.arch\nblock unit() { relu }\n")
    + fenced("arch", "from .unit import unit\n" + NETWORK.replace("relu", "unit")),
    "a command": fenced("arch", "# file: a.arch\n" + NETWORK)
    + fenced("console", "$ archdsl check a.arch\n1 file, 1 network: no findings\n$ echo $?\n0\n"),
    "an output with a gap": fenced("console", "$ seq 9\n1\n[...]\n9\n"),
    "python": fenced("python", "import math\n") + fenced("python", ">>> math.floor(2.5)\n2\n"),
    "an excerpt": fenced("python", "print(2)\n", "<!-- from: printf 'print(1)\\nprint(2)\\nprint(3)\\n' -->"),
    "set-up": fenced("console", "$ make demo\n$ pip install '.[torch]'\n"),
    "a picture": fenced("text", "a -> b\n"),
}

BAD = {
    "a network with a fault": (fenced("arch", WIDE), "E0301"),
    "a fault that is not there": (fenced("arch", NETWORK, "<!-- reports E0301 -->"), "no findings"),
    "another fault": (fenced("arch", WIDE, "<!-- reports E0302 -->"), "E0301"),
    "a warning": (fenced("arch", "let a = 1\nrelu\n", "<!-- inside [N, 3, 8, 8] -->"), "W0504"),
    "statements without a network": (fenced("arch", "conv(4, 3) -> relu\n"), "E0101"),
    "a note that is not above": (
        fenced("arch", "relu\n", "<!-- inside [N, 3, 8, 8] -->\n\nText."),
        "E0101",
    ),
    "an import of a file that is not there": (
        fenced("arch", "from .unit import unit\n" + NETWORK.replace("relu", "unit")),
        "E0214",
    ),
    "another output": (fenced("console", "$ echo one\ntwo\n"), "prints\none"),
    "an output that is left out": (fenced("console", "$ echo one\n"), "prints\none"),
    "an output where there is none": (fenced("console", "$ true\nsomething\n"), "`true` prints"),
    "too short an output": (fenced("console", "$ seq 3\n1\n2\n"), "prints\n1\n2\n3"),
    "a gap that leads nowhere": (fenced("console", "$ seq 3\n1\n[...]\n9\n"), "prints\n1\n2\n3"),
    "another exit code": (fenced("console", "$ false\n$ echo $?\n0\n"), "prints\n1"),
    "a command that is not there": (fenced("console", "$ archdsl chekc\n"), "chekc"),
    "a target that is not there": (fenced("console", "$ make coffee\n"), "coffee"),
    "an extra that is not there": (fenced("console", "$ pip install '.[gpu]'\n"), "gpu"),
    "python that fails": (fenced("python", "import nothing_of_this_name\n"), "ModuleNotFoundError"),
    "python that does not parse": (fenced("python", "def (\n"), "SyntaxError"),
    "another value": (fenced("python", ">>> 1 + 1\n3\n"), "Got:\n    2"),
    "an excerpt of something else": (fenced("python", "print(4)\n", "<!-- from: echo 'print(1)' -->"), "print(1)"),
    "a language that nobody runs": (fenced("bash", "rm -rf /\n"), "`bash`"),
}


@pytest.mark.parametrize("page", GOOD.values(), ids=GOOD)
def test_a_right_page(page: str, tmp_path: Path) -> None:
    assert Runner(tmp_path).run("page.md", page) == []


@pytest.mark.parametrize(("page", "reason"), BAD.values(), ids=BAD)
def test_a_wrong_page(page: str, reason: str, tmp_path: Path) -> None:
    (fault,) = Runner(tmp_path).run("page.md", "Text.\n" + page)
    assert fault.startswith("page.md:")
    assert reason in fault


def test_every_wrong_block_is_told_and_later_ones_still_run(tmp_path: Path) -> None:
    page = fenced("python", "1 / 0\n") + fenced("python", "value = 2\n") + fenced("python", ">>> value\n3\n")
    places = [fault.partition(": ")[0] for fault in Runner(tmp_path).run("page.md", page)]
    assert places == ["page.md:3", "page.md:11"]


def test_a_class_appended_to_the_compiler_is_in_the_copy_alone(tmp_path: Path) -> None:
    note = "<!-- append to archdsl/ops/activation.py -->"
    layer = 'class Twin(Relu):\n    """Another ReLU."""\n\n    name = "twin"\n'
    use = fenced("arch", "# file: a.arch\n" + NETWORK.replace("relu", "twin"))
    right = fenced("console", "$ archdsl check a.arch\n1 file, 1 network: no findings\n")
    absent = fenced("python", ">>> from archdsl.ops import REGISTRY\n>>> 'twin' in REGISTRY\nFalse\n")
    assert Runner(tmp_path).run("page.md", fenced("python", layer, note) + use + right + absent) == []


def test_a_block_that_is_never_closed() -> None:
    with pytest.raises(ValueError, match=r"page\.md:1"):
        blocks_of("page.md", "```arch\nrelu\n")


def test_a_fence_in_a_longer_fence_is_text() -> None:
    (block,) = blocks_of("page.md", "````text\n```arch\n```\n````\n")
    assert block.text == "```arch\n```\n"


def test_commands_may_be_broken() -> None:
    (block,) = blocks_of("page.md", "```console\n$ a \\\n    --b\nc\n```\n")
    (step,) = steps_of(block)
    assert (" ".join(step.command.split()), step.output) == ("a --b", "c")


@pytest.mark.parametrize(
    ("expected", "actual", "equal"),
    [
        ("a\nb", "a\nb\n", True),
        ("a [...] c", "a b c", True),
        ("a\n[...]\nd", "a\nb\nc\nd", True),
        ("a\nb", "a\n\nb", False),
        ("a [...] c", "a b\nb c", False),
        ("a", "A", False),
        ("a.", "ab", False),
        ("", "a", False),
    ],
)
def test_outputs_are_compared_exactly(expected: str, actual: str, equal: bool) -> None:
    assert matches(expected, actual) is equal


@pytest.mark.parametrize(
    ("excerpt", "found"),
    [("b\nc\n", True), ("a\n[...]\nd\n", True), ("a\nc\n", False), ("d\n[...]\na\n", False), ("b c\n", False)],
)
def test_excerpts_are_whole_lines_in_order(excerpt: str, found: bool) -> None:
    assert is_excerpt(excerpt, "a\nb\nc\nd\n") is found


def test_links_anchors_and_paths() -> None:
    page = "# The `x` page: names\n[a](b.md#c)\n```text\n[no](no.md)\n```\n"
    page += "## Names\n## Names\nIn `archdsl/check/` and `a/b`\n"
    assert links_of(page) == ["b.md#c"]
    assert anchors_of(page) == {"the-x-page-names", "names", "names-1"}
    assert paths_of(page) == {"archdsl/check/"}
