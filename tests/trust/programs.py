"""Programs: a network with the blocks that it uses, and projects of several networks in several files."""

from __future__ import annotations

import itertools
import posixpath
import textwrap
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import torch
from torch import Tensor

from tests.trust.expressions import Scope, written
from tests.trust.nodes import (
    Apply,
    ApplyValue,
    Block,
    BlockValue,
    Body,
    For,
    Group,
    If,
    Join,
    Labelled,
    Layer,
    Let,
    Node,
    Output,
    Parameter,
    Refer,
    Repeat,
    Stated,
    formals,
)

__all__ = [
    "Apply", "ApplyValue", "Block", "BlockValue", "Body", "For", "Group", "If", "Join", "Labelled", "Layer", "Let",
    "Node", "Output", "Program", "Project", "Ran", "Refer", "Repeat", "Side", "Stated", "Variant",
    "applied", "parts", "reachable",
]  # fmt: skip

Trace = list[tuple[str, tuple[int, ...]]]


@dataclass(frozen=True)
class Ran:
    """What a network did: its outputs in the order of the module's, and every layer that ran with its shape."""

    outputs: list[Tensor]
    training: list[Tensor]
    trace: Trace


@dataclass(frozen=True)
class Side:
    """A further input. ``sizes`` are written, ``shape`` is that of the value that is run."""

    name: str
    sizes: tuple[int | str, ...]
    shape: tuple[int, ...]

    def value(self, batch: int) -> Tensor:
        """Always the same values."""
        generator = torch.Generator().manual_seed(zlib.crc32(f"{self.name} {self.shape}".encode()))
        return torch.rand(batch, *self.shape, generator=generator)


@dataclass(frozen=True)
class Variant:
    """A network with some of its arguments."""

    name: str
    arguments: Mapping[str, object]


@dataclass
class Program:
    """A network and its blocks. Text sizes of the input are open."""

    input: tuple[int | str, ...]
    body: Body
    blocks: Sequence[Block] = ()
    sides: Sequence[Side] = ()
    parameters: Sequence[Parameter] = ()
    variants: Sequence[Variant] = ()
    name: str = "n"

    def text(self, rank: int) -> str:
        """The file; ``rank`` is that of the output."""
        return _file(self.blocks, [self.network_text(rank)], [])

    def network_text(self, rank: int) -> str:
        """The network and its variants without the blocks."""
        inputs = [("image", self.input), *((side.name, side.sizes) for side in self.sides)]
        head = [f"input {name}: [N, {', '.join(map(str, sizes))}]" for name, sizes in inputs]
        tail = f"output result: [N, {', '.join('_' * (rank - 1))}]"
        inner = textwrap.indent("\n".join([*head, self.body.text(), tail]), "    ")
        network = f"network {self.name}({formals(self.parameters)}) {{\n{inner}\n}}\n"
        return "\n".join([network, *(self._variant_text(variant) for variant in self.variants)])

    def _variant_text(self, variant: Variant) -> str:
        given = ", ".join(f"{name}={written(value)}" for name, value in variant.arguments.items())
        return f"network {variant.name} = {self.name}({given})\n"

    def networks(self) -> list[Variant]:
        """The network itself and its variants."""
        return [Variant(self.name, {}), *self.variants]

    def inputs(self, image: Tensor) -> list[Tensor]:
        """What the module takes."""
        return [image, *(side.value(image.shape[0]) for side in self.sides)]

    def run(self, image: Tensor) -> tuple[Tensor, Trace]:
        """The last output, and what every step made.

        :raises REFUSALS: where torch or the language refuses.
        """
        ran = self.ran(image)
        return ran.outputs[-1], ran.trace

    def ran(self, image: Tensor, arguments: Mapping[str, object] | None = None) -> Ran:
        """All outputs of the network with some arguments.

        :raises REFUSALS: where torch or the language refuses.
        """
        scope = self.scope(image, arguments)
        with torch.no_grad():
            last = self.body.run(image, scope)
        always = [value for _, value, training in scope.outputs if not training]
        training = [value for _, value, training in scope.outputs if training]
        return Ran([*always, last], training, scope.trace)

    def scope(self, image: Tensor, arguments: Mapping[str, object] | None = None) -> Scope:
        """What the first step sees."""
        variables: dict[str, Any] = {name: default for name, _, default in self.parameters}
        names = ["image", *(side.name for side in self.sides)]
        return Scope({**variables, **(arguments or {})}, image, dict(zip(names, self.inputs(image), strict=True)))


@dataclass
class Project:
    """Networks over shared blocks. ``cuts`` are the places at which the list of blocks is cut into files."""

    programs: Sequence[tuple[Program, Tensor]]
    blocks: Sequence[Block]
    cuts: Sequence[int] = field(default_factory=tuple)

    @classmethod
    def of(cls, program: Program, image: Tensor) -> Project:
        """One network in one file."""
        return cls([(program, image)], program.blocks)

    def texts(self) -> list[str]:
        """The definitions, without imports: for comparing projects before torch has run them."""
        return [*(block.text() for block in self.blocks), *(program.network_text(2) for program, _ in self.programs)]

    def files(self) -> dict[str, str]:
        """The text of each file; ``a.arch`` has the networks. Blocks use only those before them."""
        own = [block for block in self.blocks if not block.std]
        bounds = [0, *sorted({cut for cut in self.cuts if 0 < cut < len(own)}), len(own)]
        segments = [own[start:stop] for start, stop in itertools.pairwise(bounds)]
        paths = [*(f"lib{index % 2}/part{index}.arch" for index in range(len(segments) - 1)), "a.arch"]
        homes = {block.name: path for path, segment in zip(paths, segments, strict=True) for block in segment}
        ranks = [program.run(image)[0].dim() for program, image in self.programs]
        networks = [program.network_text(rank) for (program, _), rank in zip(self.programs, ranks, strict=True)]
        files = {}
        for path, segment in zip(paths, segments, strict=True):
            roots = [program.body for program, _ in self.programs] if path == "a.arch" else []
            imported = {block.name for block in applied([*roots, *(block.body for block in segment)]) if not block.std}
            lines = [_import(path, homes[name], name) for name in sorted(imported) if homes[name] != path]
            files[path] = _file(segment, networks if path == "a.arch" else [], lines, roots)
        return files


def _file(blocks: Sequence[Block], networks: Sequence[str], imports: list[str], roots: Sequence[Body] = ()) -> str:
    own = [block for block in blocks if not block.std]
    std = {block.name for block in applied([*roots, *(block.body for block in own)]) if block.std}
    std |= {block.name for block in blocks if block.std}
    head = [f"from std import {', '.join(sorted(std))}"] if std else []
    top = ["\n".join([*head, *imports]) + "\n"] if head or imports else []
    return "\n".join([*top, *(block.text() for block in own), *networks])


def _import(importer: str, home: str, name: str) -> str:
    """``from ..lib.part import name``: as the file at ``importer`` reaches the one at ``home``."""
    relative = posixpath.relpath(home.removesuffix(".arch"), posixpath.dirname(importer) or ".").split("/")
    dots = "." * (1 + relative.count(".."))
    return f"from {dots}{'.'.join(part for part in relative if part != '..')} import {name}"


def parts(item: object) -> Iterator[object]:
    """The nodes and bodies directly inside a node or body."""
    if not is_dataclass(item) or isinstance(item, Block):
        return
    for each in fields(item):
        value = getattr(item, each.name)
        values = value if isinstance(value, list | tuple) else (value,)
        yield from (part for part in values if isinstance(part, Node | Body))


def applied(bodies: Iterable[object]) -> list[Block]:
    """The blocks that bodies name themselves, each once."""
    found: dict[str, Block] = {}
    stack = list(bodies)
    while stack:
        item = stack.pop()
        if isinstance(item, Apply):
            found[item.block.name] = item.block
        stack += parts(item)
    return list(found.values())


def reachable(bodies: Iterable[object]) -> list[Block]:
    """The blocks that bodies need, those inside of others included."""
    found: dict[int, Block] = {}
    waiting = applied(bodies)
    while waiting:
        block = waiting.pop()
        if id(block) not in found:
            found[id(block)] = block
            waiting += applied([block.body])
    return list(found.values())
