"""Faults of files: imports, definitions, inputs, outputs, expectations; of random programs and specs/ alike."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from tests.trust.operators import Mutant, text_operator


def _inserted(text: str, before: str, line: str, codes: str, name: str, random: Random) -> Mutant | None:
    """A line of its own before one that begins so."""
    lines = text.split("\n")
    places = [index for index, other in enumerate(lines) if other.startswith(before)]
    if not places:
        return None
    index = random.choice(places)
    indent = re.match(" *", lines[index])
    assert indent is not None
    whole = "\n".join([*lines[:index], indent.group() + line, *lines[index:]])
    return Mutant(name, whole, frozenset(codes.split()), frozenset((index + 1,)))


@text_operator
def unknown_import(text: str, random: Random) -> Mutant | None:
    """A name that the imported file does not define, a file that is not there, one outside."""
    line, code = random.choice(
        [
            ("from std import nothing_of_that_name", "E0215"),
            ("from .nowhere import part", "E0214"),
            ("from .down.nowhere import part", "E0214"),
            ("from ..nowhere import part", "E0213"),
            ("from standard import residual", "E0101 E0214"),
        ]
    )
    return Mutant("unknown_import", f"{line}\n{text}", frozenset(code.split()), frozenset((1,)))


@text_operator
def import_in_a_circle(text: str, random: Random) -> Mutant | None:
    """A file that imports one which imports it."""
    others = {"b.arch": "from .a import n\nblock spare_part() { relu }\n"}
    text = f"from .b import spare_part\n{text}"
    return Mutant("import_in_a_circle", text, frozenset(("E0212",)), frozenset((1,)), loose=True, others=others)


@text_operator
def definition_twice(text: str, random: Random) -> Mutant | None:
    """A block with the name of another definition, at the end."""
    names = re.findall(r"^(?:block|network) (\w+)\(", text, re.MULTILINE)
    if not names:
        return None
    first = next(i for i, line in enumerate(text.split("\n"), 1) if re.match(rf"(block|network) {names[0]}\(", line))
    whole = f"{text.rstrip()}\nblock {names[0]}() {{ relu }}\n"
    lines = frozenset((first, whole.rstrip().count("\n") + 1))
    return Mutant("definition_twice", whole, frozenset(("E0210",)), lines, loose=True)


@text_operator
def definition_of_a_layer(text: str, random: Random) -> Mutant | None:
    """A block with the name of a layer."""
    name = random.choice(["relu", "conv", "add", "identity"])
    whole = f"block {name}() {{ tanh }}\n{text}"
    return Mutant("definition_of_a_layer", whole, frozenset(("E0209", "E0210")), frozenset((1,)), loose=True)


@text_operator
def parameter_twice(text: str, random: Random) -> Mutant | None:
    """A block that has two parameters of one name."""
    whole = f"block spare_part(size: int, size: int) {{ conv(size, 1) }}\n{text}"
    return Mutant("parameter_twice", whole, frozenset(("E0221",)), frozenset((1,)))


@text_operator
def blocks_in_each_other(text: str, random: Random) -> Mutant | None:
    """Two blocks that apply each other."""
    whole = f"block spare_one() {{ relu -> spare_two }}\nblock spare_two() {{ spare_one }}\n{text}"
    return Mutant("blocks_in_each_other", whole, frozenset(("E0211",)), frozenset((1, 2)))


@text_operator
def parameter_that_nothing_reads(text: str, random: Random) -> Mutant | None:
    """A block with a parameter more."""
    whole = f"block spare_part(size: int) {{ relu }}\n{text}"
    return Mutant("parameter_that_nothing_reads", whole, frozenset(("W0504",)), frozenset((1,)))


# --- inputs, outputs, expectations ------------------------------------------------------------------------------------


@text_operator
def input_that_nothing_uses(text: str, random: Random) -> Mutant | None:
    """An input more."""
    match = re.search(r"^    input [^\n]*\n", text, re.MULTILINE)
    if match is None:
        return None
    whole = f"{text[: match.end()]}    input spare: [N, 3]\n{text[match.end() :]}"
    line = text.count("\n", 0, match.end()) + 1
    return Mutant("input_that_nothing_uses", whole, frozenset(("E0502",)), frozenset((line,)))


def _line_dropped(text: str, random: Random, keyword: str, code: str, name: str) -> Mutant | None:
    """A network without its only line of a kind; the network's first line is to blame."""
    lines = text.split("\n")
    heads = [index for index, line in enumerate(lines) if line.startswith("network ") and line.endswith("{")]
    fitting = []
    for index in heads:
        body = next(end for end in range(index, len(lines)) if lines[end] == "}")
        own = [number for number in range(index, body) if lines[number].startswith(f"    {keyword} ")]
        if len(own) == 1 and not lines[own[0]].endswith("{"):
            fitting.append((index, own[0]))
    if not fitting:
        return None
    head, line = random.choice(fitting)
    whole = "\n".join(lines[:line] + lines[line + 1 :])
    return Mutant(name, whole, frozenset((code,)), frozenset((head + 1,)), loose=True)


@text_operator
def output_removed(text: str, random: Random) -> Mutant | None:
    """A network without an output."""
    return _line_dropped(text, random, "output", "E0217", "output_removed")


@text_operator
def input_removed(text: str, random: Random) -> Mutant | None:
    """A network without an input."""
    return _line_dropped(text, random, "input", "E0216", "input_removed")


@text_operator
def output_of_another_rank(text: str, random: Random) -> Mutant | None:
    """An output that states one axis more."""
    return _other_output(text, random, lambda sizes: [*sizes, "_"], "output_of_another_rank")


@text_operator
def output_of_other_channels(text: str, random: Random) -> Mutant | None:
    """An output that states a number of channels that no value has."""
    return _other_output(text, random, lambda sizes: ["4_999", *sizes[1:]], "output_of_other_channels")


def _other_output(text: str, random: Random, change: Callable[[list[str]], list[str]], name: str) -> Mutant | None:
    matches = list(re.finditer(r"^ +output \w+: \[N, ([^\]]*)\]", text, re.MULTILINE))
    if not matches:
        return None
    match = random.choice(matches)
    line = text.count("\n", 0, match.start()) + 1
    wrong = ", ".join(change(match.group(1).split(", ")))
    whole = text[: match.start(1)] + wrong + text[match.end(1) :]
    return Mutant(name, whole, frozenset(("E0312",)), frozenset((line,)), loose=True)


@text_operator
def step_behind_the_output(text: str, random: Random) -> Mutant | None:
    """A step that nothing uses, at the end of a network."""
    match = re.search(r"^    output [^\n{]*\n(?=\}|    expect)", text, re.MULTILINE)
    if match is None:
        return None
    line = text.count("\n", 0, match.end()) + 1
    whole = f"{text[: match.end()]}    relu\n{text[match.end() :]}"
    return Mutant("step_behind_the_output", whole, frozenset(("E0502",)), frozenset((line,)))


@text_operator
def expectation_off_by_one(text: str, random: Random) -> Mutant | None:
    """An exact figure, one more or less."""
    matches = list(re.finditer(r"expect \w+ == ([\d_]+)\b(?! within)(?!\.)", text))
    if not matches:
        return None
    match = random.choice(matches)
    line = text.count("\n", 0, match.start()) + 1
    wrong = int(match.group(1).replace("_", "")) + random.choice([-1, 1])
    whole = text[: match.start(1)] + f"{wrong:_}" + text[match.end(1) :]
    return Mutant("expectation_off_by_one", whole, frozenset(("E0501",)), frozenset((line,)))


@text_operator
def expectation_of_nothing(text: str, random: Random) -> Mutant | None:
    """A network that expects of itself to have no layers, and one that expects an unknown figure."""
    line, codes = random.choice(
        [
            ("expect layers == 0", "E0501"),
            ("expect weights == 3", "E0219 E0101 E0222"),
            ("expect layers == true", "E0206"),
        ]
    )
    return _inserted(text, "    output ", line, codes, "expectation_of_nothing", random)


@text_operator
def declared_size_that_does_not_work(text: str, random: Random) -> Mutant | None:
    """An input that declares sizes from 1 on, and an output behind a window of four."""
    match = re.search(r"^    input \w+: \[N,[^\n\]]*?\b(S\d)\b[^\n\]]*\]\n", text, re.MULTILINE)
    if match is None:
        return None
    line = text.count("\n", 0, match.start()) + 1
    declared = (
        f"{match.group()[:-1]} where {match.group(1)} in 1..=9_999\n    output spare {{ max_pool(4, stride=1) }}\n"
    )
    whole = text[: match.start()] + declared + text[match.end() :]
    return Mutant("declared_size_that_does_not_work", whole, frozenset(("E0315",)), frozenset((line,)))
