"""Ways to write a program otherwise and mean the same."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from random import Random

from archdsl.driver.api import format_source
from tests.trust.expressions import number
from tests.trust.mutants import PATH
from tests.trust.mutants_of_names import raw
from tests.trust.mutants_of_texts import Token, tokens
from tests.trust.programs import Apply, Block, Body, For, Group, If, Labelled, Layer, Node, Repeat, Stated
from tests.trust.surgery import Bench, Raw, Site
from tests.trust.valid_edits import DEFAULTS

Files = Mapping[str, str]
"""Texts by their paths; the network is in ``a.arch``."""
Transformation = Callable[[Bench], Files | None]
TRANSFORMATIONS: dict[str, Transformation] = {}
KEEP_KEYS: set[str] = set()
"""Those after which ``state_dict`` has to have the same keys."""


def keeps_keys(function: Transformation) -> Transformation:
    """Registers a transformation that leaves the names of modules alone."""
    KEEP_KEYS.add(function.__name__)
    return may_move_keys(function)


def may_move_keys(function: Transformation) -> Transformation:
    """Registers a transformation that may add or remove a level of modules, or rename them."""
    TRANSFORMATIONS[function.__name__] = function
    return function


# --- of texts ---------------------------------------------------------------------------------------------------------


@keeps_keys
def formatted(bench: Bench) -> Files | None:
    """As ``archdsl fmt`` writes it."""
    return {PATH: format_source(bench.text)}


@keeps_keys
def scrambled(bench: Bench) -> Files | None:
    """Other spaces, blank lines, comments and line ends."""
    lines = bench.text.split("\n")
    spaced = (
        " " * bench.random.randint(0, 9) + line.strip() + bench.random.choice(["", "  # {", "\n"]) for line in lines
    )
    return {PATH: bench.random.choice(["\n", "\r\n"]).join(spaced)}


@keeps_keys
def reordered(bench: Bench) -> Files | None:
    """The definitions in another order."""
    definitions = bench.text.split("\n\n")
    if len(definitions) == 1:
        return None
    bench.random.shuffle(definitions)
    return {PATH: "\n\n".join(definitions)}


@keeps_keys
def split_into_files(bench: Bench) -> Files | None:
    """Every block in a file of its own."""
    if not bench.program.blocks:
        return None
    *blocks, network = bench.text.split("\n\n")
    names = [block.name for block in bench.program.blocks]
    texts = dict(zip(names, blocks, strict=True))
    files = {f"parts/{name}.arch": _imports(texts[name], names, name, ".") + texts[name] for name in names}
    return {PATH: _imports(network, names, "", ".parts.") + network, **files}


def _imports(text: str, names: list[str], own: str, folder: str) -> str:
    used = [name for name in names if name != own and re.search(rf"\b{name}\b", text)]
    return "".join(f"from {folder}{name} import {name}\n" for name in used)


def renamed(text: str, names: Mapping[str, str]) -> str:
    """The text with some names written otherwise."""
    return re.sub(r"[A-Za-z_]\w*", lambda match: names.get(match.group(), match.group()), text)


@keeps_keys
def variables_renamed(bench: Bench) -> Files | None:
    """Other names of parameters, variables, open sizes, input and output."""
    blocks = {name for block in bench.program.blocks for name, kind, _ in block.parameters if kind == "block"}
    names = set(re.findall(r"\b[pki]\d+\b", bench.text)) - blocks  # modules are called after such a parameter
    sizes = {f"S{axis}": f"Q{axis}" for axis in range(4)}
    return {PATH: renamed(bench.text, {**{name: f"other_{name}" for name in names}, **sizes, "image": "photo"})}


@may_move_keys
def blocks_renamed(bench: Bench) -> Files | None:
    """Other names of blocks: modules without a label are called after them."""
    names = {block.name: f"another_{block.name}" for block in bench.program.blocks}
    return {PATH: renamed(bench.text, names)} if names else None


@may_move_keys
def labels_renamed(bench: Bench) -> Files | None:
    """Other labels."""
    names = dict.fromkeys(re.findall(r"\b[vmg]\d+\b", bench.text))
    return {PATH: renamed(bench.text, {name: f"other_{name}" for name in names})} if names else None


@keeps_keys
def numbers_computed(bench: Bench) -> Files | None:
    """Numbers as results of expressions."""
    text = bench.text
    for token in reversed(_numbers(text)):
        text = text[: token.start] + _expression(int(token.text), bench.random) + text[token.end :]
    return {PATH: text}


def _numbers(text: str) -> list[Token]:
    """The whole numbers of a text, those of defaults left out."""
    found = tokens(text)
    return [
        token
        for token in found
        if token.text.isdigit() and not text[text.rfind("\n", 0, token.start) + 1 :].startswith("block ")
    ]


def _expression(value: int, random: Random) -> str:
    forms = [f"({value} + 0)", f"({value + 3} - 3)", f"({value} * 1)", f"max({value}, 0)", f"[{value}, 7][0]"]
    forms += [f"({value} if 1 < 2 else 9)", f"({7 * value + 3} // 7)", f"len([{', '.join(['1'] * value)}])"]
    return random.choice(forms)


# --- of trees ---------------------------------------------------------------------------------------------------------


def changed(bench: Bench, site: Site, *nodes: Node) -> Files:
    """The program with other statements at a place."""
    text, _ = bench.changed([(site, nodes)])
    return {PATH: text}


def in_order(bench: Bench, *kinds: type[Node]) -> Iterator[Site]:
    """The places of statements of some kinds."""
    return (site for site in bench.sites if isinstance(site.node, kinds))


@keeps_keys
def defaults_written(bench: Bench) -> Files | None:
    """Every default of one layer, written."""
    for site, node in ((site, site.node) for site in in_order(bench, Layer)):
        assert isinstance(node, Layer)
        missing = {name: raw(text) for name, text in DEFAULTS.get(node.op, {}).items() if name not in node.arguments}
        if missing:
            return changed(bench, site, Raw(Layer(node.op, {**node.arguments, **missing}).text()))
    return None


@keeps_keys
def grouped(bench: Bench) -> Files | None:
    """A statement in braces."""
    for site in in_order(bench, Layer, Labelled, Group):
        if isinstance(site.owner, list) and site.node.text() != "identity":
            return changed(bench, site, Raw(Group(Body([site.node])).text()))
    return None


@keeps_keys
def in_one_line(bench: Bench) -> Files | None:
    """Two layers joined by an arrow."""
    for site in in_order(bench, Layer):
        if isinstance(site.owner, list) and not site.is_last:
            following = replace(site, index=site.index + 1)
            if isinstance(following.node, Layer):
                joined = Raw(f"{site.node.text()} -> {following.node.text()}")
                return {PATH: bench.changed([(site, [joined]), (following, [])])[0]}
    return None


@keeps_keys
def shape_stated(bench: Bench) -> Files | None:
    """A stated shape more."""
    for site in bench.gaps():
        if not any(isinstance(other.node, Stated) and other.owner is site.owner for other in bench.sites):
            return changed(bench, site, Stated((None,) * (len(bench.shape(site)) - 1)), site.node)
    return None


@may_move_keys
def decided(bench: Bench) -> Files | None:
    """A statement in a condition that is always true, and another one in its other branch."""
    for site in bench.gaps():
        if isinstance(site.node, Layer) and site.node.op != "identity" and not site.loops:
            return changed(bench, site, If(number(value=True), Body([site.node]), Body([Layer("tanh")])))
    return None


@may_move_keys
def once_repeated(bench: Bench) -> Files | None:
    """A statement in a loop of one turn."""
    for site in bench.gaps():
        if isinstance(site.node, Layer) and not site.loops:
            return changed(bench, site, Repeat(number(1), Body([site.node])))
    return None


@may_move_keys
def unrolled(bench: Bench) -> Files | None:
    """A loop, written out."""
    for site in bench.gaps():
        node = site.node
        if isinstance(node, For | Repeat) and len(bench.watch.of(node)) == 1:
            visit = bench.watch.of(node)[0]
            scope = bench.scope(visit)
            items = node.items.value(scope) if isinstance(node, For) else range(node.count.value(scope))
            name = node.names[0] if isinstance(node, For) else "no_variable"
            variables = re.findall(r"let (\w+) =", node.body.text())
            turns = [
                Raw(renamed(node.body.text(), {name: str(item), **{var: f"{var}_{turn}" for var in variables}}))
                for turn, item in enumerate(items)
            ]
            if len(turns) == 1 and site.join is not None:  # its statements are one path
                turns = [Raw(f"{{\n{textwrap.indent(turns[0].text(), '    ')}\n}}")]
            return changed(bench, site, *turns) if turns else None
    return None


@may_move_keys
def inlined(bench: Bench) -> Files | None:
    """A block, spliced in."""
    for site in in_order(bench, Apply):
        node = site.node
        assert isinstance(node, Apply)
        labels = re.search(r"\b[vmg]\d+(\{|:)", node.block.body.text())
        if not node.tensors and not node.inline and not labels and not site.loops and isinstance(site.owner, list):
            return changed(bench, site, Apply(node.block, node.arguments, inline=True))
    return None


@keeps_keys
def inlined_under_its_label(bench: Bench) -> Files | None:
    """A block with a label, spliced into a group of that label."""
    for site in in_order(bench, Labelled):
        node = site.node
        if isinstance(node, Labelled) and isinstance(node.step, Apply) and not node.step.tensors and not site.loops:
            spliced = Apply(node.step.block, node.step.arguments, inline=True)
            return changed(bench, site, Raw(f"{node.name}: {{\n{textwrap.indent(spliced.text(), '    ')}\n}}"))
    return None


@may_move_keys
def outlined(bench: Bench) -> Files | None:
    """A statement as a block of its own."""
    for site in bench.gaps():
        text = site.node.text()
        if site.loops or isinstance(site.node, Stated) or not _is_closed(bench, text):
            continue
        block = Block("outlined", [], Body([site.node]))
        files = changed(bench, site, Apply(block))
        return {PATH: f"{block.text()}\n{files[PATH]}"}
    return None


def _is_closed(bench: Bench, text: str) -> bool:
    """Whether nothing in a statement is defined outside of it, and nothing in it is referred to from outside."""
    if re.search(r"\b(x|image|[pkiS]\d+)\b", text):
        return False
    labels = set(re.findall(r"\b[vmg]\d+\b", text))
    return all(len(re.findall(rf"\b{label}\b", bench.text)) == text.count(label) for label in labels)
