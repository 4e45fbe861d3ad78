"""A ResolvedFile: a file whose imports are followed and whose top-level names are bound."""

from __future__ import annotations

from dataclasses import dataclass, field

from archdsl.source.source import Source
from archdsl.syntax import ast


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A block, network or variant with the file that defines it; compared by identity."""

    name: str
    node: ast.BlockDef | ast.Variant
    file: ResolvedFile


@dataclass(slots=True, eq=False)
class ResolvedFile:
    """The tree of a file and what each top-level name in it means."""

    tree: ast.File
    scope: dict[str, Definition] = field(default_factory=dict)
    """Own definitions and imported ones, by the name they have here."""
    own: list[Definition] = field(default_factory=list)
    """What the file itself defines, in order."""
    unknown: set[str] = field(default_factory=set)
    """Names of which nothing is known after a report: imported in vain, or standing in parts that could not be read."""

    @property
    def path(self) -> str:
        """The display path."""
        return self.tree.path


@dataclass(slots=True)
class Project:
    """Everything that was read for one run."""

    files: dict[str, ResolvedFile] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
