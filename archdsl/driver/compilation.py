"""One run over some files: every product is made when it is asked for, and once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from archdsl.analysis.paths import MAX_PATH, longest_path
from archdsl.check.applications import Applications
from archdsl.check.check import check
from archdsl.diagnostics.diagnostic import Diagnostic, Help
from archdsl.diagnostics.sink import Sink
from archdsl.driver.expectations import keeps_its_expectations
from archdsl.driver.refused import finding_of
from archdsl.elaborate.designs import elaborate
from archdsl.elaborate.lower import Lowering
from archdsl.ir.design import Design
from archdsl.ir.meter import Meter
from archdsl.ir.typed import TypedDesign
from archdsl.resolve.imports import Resolver
from archdsl.resolve.resolved import ResolvedFile
from archdsl.source.loader import Loader, Refusal
from archdsl.source.source import Source
from archdsl.source.span import Span
from archdsl.syntax.ast import BlockDef
from archdsl.syntax.parser import parse


@dataclass(slots=True)
class Compilation:
    """The products of a run: resolved files, Designs, TypedDesigns; findings collect in ``sink``."""

    loader: Loader
    sink: Sink = field(default_factory=Sink)
    _resolver: Resolver = field(init=False)
    _lowering: Lowering = field(init=False)
    _meter: Meter = field(default_factory=Meter)
    _designs: dict[str, tuple[Design, ...]] = field(default_factory=dict)
    _applications: Applications = field(default_factory=Applications)
    _typed: dict[tuple[str, str], TypedDesign | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._resolver = Resolver(self.loader, parse, self.sink)
        self._lowering = Lowering(self.sink, self.loader.std_path)

    @property
    def sources(self) -> Mapping[str, Source]:
        """Every source that was read, by display path."""
        return self._resolver.project.sources

    def resolved(self, path: str) -> ResolvedFile | Refusal:
        """A file with its names bound, or why it cannot be read at all."""
        return self._resolver.resolve(path)

    def designs(self, path: str) -> tuple[Design, ...]:
        """The networks of a file; a file that cannot be read has none, and a finding."""
        known = self._designs.get(path)
        if known is not None:
            return known
        file = self.resolved(path)
        if isinstance(file, Refusal):
            finding, source = finding_of(path, file)
            if source is not None:
                self._resolver.project.sources[path] = source
            self.sink.report(finding)
            designs: tuple[Design, ...] = ()
        else:
            designs = elaborate(file, self.sink, self._lowering)
        self._designs[path] = designs
        return designs

    def templates(self, path: str) -> dict[str, tuple[str, ...]]:
        """The network definitions of a file that are no network by themselves, with the parameters to be given."""
        file = self.resolved(path)
        if isinstance(file, Refusal):
            return {}
        nodes = [definition.node for definition in file.own]
        found = {
            node.name.text: tuple(part.name.text for part in node.parameters if part.default is None)
            for node in nodes
            if isinstance(node, BlockDef) and node.is_network
        }
        return {name: missing for name, missing in found.items() if missing}

    def typed(self, path: str, design: Design) -> TypedDesign | None:
        """A network of a file, checked."""
        key = (path, design.name)
        if key not in self._typed:
            self._typed[key] = self._checked(design)
        return self._typed[key]

    def _checked(self, design: Design) -> TypedDesign | None:
        typed = check(design, self.sink, applications=self._applications, meter=self._meter)
        if typed is None or not typed.complete:
            return typed
        if self._keeps_paths_short(typed) and keeps_its_expectations(typed, self.sink):
            return typed
        return replace(typed, complete=False)

    def _keeps_paths_short(self, typed: TypedDesign) -> bool:
        length = longest_path(typed)
        if length <= MAX_PATH:
            return True
        message = f"a module of `{typed.design.name}` would have a name of {length:,} characters in `state_dict`"
        here = f"at most {MAX_PATH:,} are allowed"
        help = Help("use shorter labels, or fewer of them inside each other")
        self.sink.report(Diagnostic("E0106", message, typed.design.name_span, here, help=help))
        return False

    def check_file(self, path: str) -> tuple[Design, ...]:
        """Checks every network of a file."""
        designs = self.designs(path)
        for design in designs:
            self.typed(path, design)
        return designs

    def line(self, span: Span) -> int:
        """The line, from 1, at which a place begins."""
        return self.sources[span.path].position(span.start).line
