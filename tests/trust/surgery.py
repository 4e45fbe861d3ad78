"""Changes programs at known places: where statements stand, what reaches them, and marks that survive into the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random
from typing import Any
from unittest.mock import patch

from torch import Tensor

from tests.trust.expressions import Scope
from tests.trust.layers import Refused
from tests.trust.programs import (
    Block,
    Body,
    For,
    Group,
    If,
    Join,
    Labelled,
    Layer,
    Node,
    Program,
    Refer,
    Repeat,
)

MARK = "# the fault"


@dataclass
class Marked(Node):
    """A statement whose first line says so."""

    node: Node

    def text(self) -> str:
        first, *others = self.node.text().split("\n")
        return "\n".join([f"{first}  {MARK}", *others])

    def run(self, x: Tensor, scope: Scope) -> Tensor:
        return self.node.run(x, scope)


@dataclass
class Raw(Node):
    """A statement as text only: what the trees cannot say because it is wrong."""

    written: str

    def text(self) -> str:
        return self.written

    def run(self, x: Tensor, scope: Scope) -> Tensor:
        raise Refused("no statement")


@dataclass(frozen=True, eq=False)
class Site:
    """A place of a statement: an item of a body, or the step behind a label."""

    owner: list[Node] | Labelled
    index: int
    block: Block | None
    """The definition around it; None in the network itself."""
    join: Site | None
    """The join of which it is a step of a path, at the path's own level."""
    loops: tuple[For | Repeat, ...]
    closed: bool
    """Whether a label lies around it."""

    @property
    def node(self) -> Node:
        return self.owner[self.index] if isinstance(self.owner, list) else self.owner.step

    @property
    def is_last(self) -> bool:
        """Whether it hands on the value of its body."""
        return isinstance(self.owner, list) and self.index == len(self.owner) - 1


def sites(program: Program) -> Iterator[Site]:
    """Every place of a program, the blocks' first."""
    for block in program.blocks:
        yield from _of_body(block.body, Site([], 0, block, None, (), False))
    yield from _of_body(program.body, Site([], 0, None, None, (), False))


def _of_body(body: Body, around: Site) -> Iterator[Site]:
    for index in range(len(body.nodes)):
        yield from _of_node(replace(around, owner=body.nodes, index=index))


def _of_node(site: Site) -> Iterator[Site]:
    yield site
    inner = replace(site, join=None)
    match site.node:
        case Labelled(step=step) as labelled if not isinstance(step, Group | If | Repeat | For):
            yield from _of_node(replace(site, owner=labelled, index=0))
        case Labelled(step=Group(body=body)):
            yield from _of_body(body, replace(inner, closed=True))
        case Group(body=body):
            yield from _of_body(body, inner)
        case Join(paths=paths):
            for path in paths:
                yield from _of_body(path, replace(inner, join=site))
        case If(then=then, otherwise=otherwise):
            for branch in (then, otherwise):
                yield from _of_body(branch, inner) if branch is not None else ()
        case Repeat(body=body) | For(body=body) as loop:
            yield from _of_body(body, replace(inner, loops=(*site.loops, loop)))


def passes_over(node: Node) -> bool:
    """Whether a statement does not take the running value: what stands before it would be used by nothing."""
    match node:
        case Refer():
            return True
        case Labelled(step=step):
            return passes_over(step)
        case Join(paths=paths):
            return all(_begins_elsewhere(path) for path in paths)
        case Group(body=body):
            return _begins_elsewhere(body)
        case If(then=then, otherwise=otherwise):
            return any(_begins_elsewhere(branch) for branch in (then, otherwise) if branch is not None)
    return False


def _begins_elsewhere(body: Body) -> bool:
    return any(passes_over(node) for node in body.nodes[:3])


@dataclass(frozen=True)
class Visit:
    """One run of a statement: what reached it."""

    shape: tuple[int, ...]
    x: Tensor
    """The input of the block around it."""
    variables: dict[str, Any]
    labels: dict[str, Tensor]


@dataclass
class Watch:
    """A run of a program: what reached each statement, and the innermost one that failed."""

    visits: dict[int, list[Visit]] = field(default_factory=dict)
    failed: Node | None = None
    error: Exception | None = None
    output: Tensor | None = None

    def of(self, node: Node) -> list[Visit]:
        return self.visits.get(id(node), [])


def watched(program: Program, image: Tensor) -> Watch:
    """Runs a program in torch; a failure ends the run and is kept."""
    watch = Watch()
    with ExitStack() as stack:
        for cls in Node.__subclasses__():
            stack.enter_context(patch.object(cls, "run", _noting(watch, cls.run)))
        try:
            watch.output, _ = program.run(image)
        except Exception as error:
            watch.error = error
    return watch


def _noting(watch: Watch, run: Callable[[Any, Tensor, Scope], Tensor]) -> Callable[[Any, Tensor, Scope], Tensor]:
    def noting(self: Node, x: Tensor, scope: Scope) -> Tensor:
        visit = Visit(tuple(x.shape), scope.x, dict(scope.variables), dict(scope.labels))
        watch.visits.setdefault(id(self), []).append(visit)
        try:
            return run(self, x, scope)
        except Exception:
            watch.failed = watch.failed or (self.node if isinstance(self, Marked) else self)
            raise

    return noting


Changes = Sequence[tuple[Site, Sequence[Node]]]


@dataclass
class Bench:
    """A valid program with its run in torch, to be changed and put back."""

    program: Program
    image: Tensor
    random: Random

    @cached_property
    def watch(self) -> Watch:
        return watched(self.program, self.image)

    @cached_property
    def sites(self) -> list[Site]:
        """Every place, in a random order."""
        found = list(sites(self.program))
        self.random.shuffle(found)
        return found

    @cached_property
    def reached(self) -> list[Site]:
        """The places that ran."""
        return [site for site in self.sites if self.watch.of(site.node)]

    @cached_property
    def text(self) -> str:
        """The program as it is."""
        assert self.watch.output is not None
        return self.program.text(self.watch.output.dim())

    def shape(self, site: Site) -> tuple[int, ...]:
        """What reached a place first."""
        return self.watch.of(site.node)[0].shape

    def scope(self, visit: Visit) -> Scope:
        """The names of a visit, to evaluate expressions in; ``x`` is the block's own input."""
        return Scope(visit.variables, visit.x, visit.labels)

    def same_everywhere(self, site: Site) -> bool:
        """Whether values of one shape reached a place, however often it ran."""
        return len({visit.shape for visit in self.watch.of(site.node)}) == 1

    def layers(self, *ops: str) -> Iterator[tuple[Site, Layer]]:
        """The places of layers of some kinds that ran."""
        for site in self.reached:
            if isinstance(site.node, Layer) and site.node.op in ops:
                yield site, site.node

    def joins(self, *ops: str) -> Iterator[tuple[Site, Join]]:
        """The places of joins that ran."""
        for site in self.reached:
            if isinstance(site.node, Join) and site.node.op in ops:
                yield site, site.node

    def gaps(self) -> Iterator[Site]:
        """Places before which a statement can be put."""
        return (site for site in self.reached if isinstance(site.owner, list) and not passes_over(site.node))

    def changed(self, changes: Changes, *, fixed: bool = False) -> tuple[str, Watch]:
        """The text of the changed program, and its run. ``fixed`` closes the open sizes of the input."""
        valid = self.watch.output
        assert valid is not None
        program = replace(self.program, input=tuple(self.image.shape[1:])) if fixed else self.program
        before = [(site, list(site.owner) if isinstance(site.owner, list) else site.owner.step) for site, _ in changes]
        try:
            for site, nodes in sorted(changes, key=lambda change: -change[0].index):
                if isinstance(site.owner, list):
                    site.owner[site.index : site.index + 1] = nodes
                else:
                    (site.owner.step,) = nodes
            watch = watched(program, self.image)
            return program.text((watch.output if watch.output is not None else valid).dim()), watch
        finally:
            for site, kept in reversed(before):
                if isinstance(site.owner, list):
                    assert isinstance(kept, list)
                    site.owner[:] = kept
                else:
                    assert isinstance(kept, Node)
                    site.owner.step = kept
