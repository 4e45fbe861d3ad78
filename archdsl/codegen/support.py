"""Definitions that generated files carry with them, because ``torch.nn`` has no such module.

A layer kind brings its class as source (``Op.definition``) and names it in its ``TorchModule`` without the prefix
``nn.``. A generated file holds exactly those that it uses, printed like everything else; what is not allowed in
generated code is not allowed here either.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import cache

from archdsl.ops import REGISTRY

DEFINITIONS = {
    "round_to": '''
def round_to(number: float, multiple: int) -> int:
    """The nearest multiple; the next one where more than a tenth would be lost."""
    rounded = max(multiple, int((2 * number + multiple) // (2 * multiple)) * multiple)
    return rounded if 10 * rounded >= 9 * number else rounded + multiple
''',
    **{
        source.split(maxsplit=2)[1].split("(")[0]: source
        for op in REGISTRY.values()
        for source in re.split(r"^(?=class |def )", op.definition, flags=re.MULTILINE)[1:]
    },
}
"""The source of each, by its name."""


@cache
def _parsed(name: str) -> ast.ClassDef | ast.FunctionDef:
    (definition,) = ast.parse(DEFINITIONS[name]).body
    assert isinstance(definition, ast.ClassDef | ast.FunctionDef) and definition.name == name
    return definition


def names_read(trees: Iterable[ast.AST]) -> set[str]:
    """Every plain name that stands in some trees."""
    return {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}


def definitions_for(trees: Iterable[ast.stmt]) -> list[ast.stmt]:
    """The definitions that some statements use, and those that these use in turn, in the order of ``DEFINITIONS``."""
    wanted: set[str] = set()
    waiting: list[ast.stmt] = list(trees)
    while waiting:
        found = (names_read(waiting) & DEFINITIONS.keys()) - wanted
        wanted |= found
        waiting = [_parsed(name) for name in sorted(found)]
    return [_parsed(name) for name in DEFINITIONS if name in wanted]
