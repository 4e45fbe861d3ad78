"""Names in generated Python: classes after blocks, variables that do not collide."""

from __future__ import annotations

import keyword

from archdsl.codegen.support import DEFINITIONS

RESERVED = frozenset(DEFINITIONS) | frozenset(
    "self torch nn F Tensor x super range len min max sum abs int round layer zip list tuple math".split()
)


def class_name(name: str) -> str:
    """``conv_bn`` becomes ``ConvBn``; a name that starts with a capital is kept."""
    if name[:1].isupper() and "_" not in name:
        return name
    return "".join(part[:1].upper() + part[1:] for part in name.split("_") if part)


class Names:
    """Hands out names that are unique."""

    def __init__(self, taken: frozenset[str] = RESERVED) -> None:
        self._taken = set(taken)

    def take(self, wanted: str) -> str:
        """The wanted name, with a number behind it if it is taken."""
        name, number = wanted, 2
        while name in self._taken or keyword.iskeyword(name):
            name = f"{wanted}{number}"
            number += 1
        self._taken.add(name)
        return name


def fresh(wanted: tuple[str, ...], taken: set[str]) -> str:
    """The first of some names that is free, else the last one with underscores behind it."""
    for name in wanted:
        if name not in taken and name not in RESERVED:
            return name
    name = wanted[-1] + "_"
    while name in taken:
        name += "_"
    return name
