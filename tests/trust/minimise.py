"""Makes a failing project small: every step takes something away or makes a number smaller, and it still fails.

A step works on the trees, so that what it leaves is well-formed text again; whether torch still runs it and archdsl
still fails in the same way is tried. The result is written as an ``.arch`` file beside a test that reads it.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from tests.trust.expressions import Expr, number
from tests.trust.layers import REFUSALS
from tests.trust.nodes import Apply, Block, Body, For, Group, If, Join, Labelled, Node, Output, Repeat
from tests.trust.programs import Program, Project, reachable

Verdict = Callable[[Project], str | None]
"""What is wrong with a project, or None."""
Place = tuple[object, str, int | str | None]
"""Where a part of a tree stands: what holds it, under which attribute, and under which index or key there."""
SMALL = (1, 2, 3, 4)


@dataclass(frozen=True)
class Minimised:
    """The smallest project that was found, what is wrong with it, and how many were tried."""

    project: Project
    wrong: str
    tried: int


def minimise(project: Project, verdict: Verdict, most: int = 3_000) -> Minimised:
    """Takes parts away as long as the project fails in the same way.

    :raises ValueError: if the project does not fail.
    """
    wrong = verdict(project)
    if wrong is None:
        raise ValueError("nothing is wrong with this project")
    kind, tried, index, since = kind_of(wrong), 0, 0, 0
    while tried < most:
        changes = list(_changes(project))
        if since >= len(changes):
            break
        index %= len(changes)
        candidate = _changed(project, changes[index])
        tried += 1
        found = _tried(candidate, verdict) if _measure(candidate) < _measure(project) else None
        if found is not None and kind_of(found) == kind:
            project, wrong, since = candidate, found, 0
        else:
            index, since = index + 1, since + 1
    return Minimised(project, wrong, tried)


def kind_of(wrong: str) -> str:
    """The first line of what is wrong, without numbers and names: another step may show the same fault."""
    line = wrong.splitlines()[0]
    codes = sorted(set(re.findall(r"\b[EW]\d{4}\b", line)))
    return " ".join((*codes, re.sub(r"\d+|`[^`]*`|'[^']*'", "_", line)))[:60]


def _tried(project: Project, verdict: Verdict) -> str | None:
    """The verdict; None where torch does not run the project, or something that it names is gone."""
    try:
        for program, image in project.programs:
            for variant in program.networks():
                program.ran(image, variant.arguments)
    except (*REFUSALS, KeyError, TypeError):
        return None
    return verdict(project)


def _measure(project: Project) -> tuple[int, str]:
    """What gets smaller with every step: the length of the text, and of equally long ones the numbers in it."""
    text = "".join(project.texts())
    return len(text), text


Change = Callable[[Project], None]


def _changed(project: Project, change: Change) -> Project:
    made = copy.deepcopy(project)
    change(made)
    bodies = [program.body for program, _ in made.programs]
    made.blocks = [block for block in made.blocks if block in reachable(bodies)]
    return made


def _changes(project: Project) -> Iterator[Change]:
    """Larger ones first: whole networks and files, then steps, then numbers."""
    if len(project.programs) > 1:
        yield from (_without_network(index) for index in range(len(project.programs)))
    if project.cuts:
        yield lambda made: setattr(made, "cuts", ())
    for index, (program, _) in enumerate(project.programs):
        for name in ("variants", "sides", "parameters"):
            yield from (_dropping_in(index, name, part) for part in range(len(getattr(program, name))))
    for index, block in enumerate(project.blocks):
        yield from (_without_parameter(index, part) for part in range(0 if block.std else len(block.parameters)))
    for index, (part, (_, name, _)) in enumerate(_parts(project)):
        yield from (_at_part(index, way) for way in _ways(part, is_condition=name == "condition"))
    for index, (program, _) in enumerate(project.programs):
        yield from (_closing(index, axis) for axis, size in enumerate(program.input) if isinstance(size, str))


def _without_network(index: int) -> Change:
    def change(made: Project) -> None:
        made.programs = [part for place, part in enumerate(made.programs) if place != index]

    return change


def _dropping_in(program: int, name: str, index: int) -> Change:
    """An input, parameter or variant of a network, with the steps that name it."""

    def change(made: Project) -> None:
        holder = made.programs[program][0]
        setattr(holder, name, [part for place, part in enumerate(getattr(holder, name)) if place != index])

    def with_readers(made: Project) -> None:
        holder = made.programs[program][0]
        part = getattr(holder, name)[index]
        named = part[0] if isinstance(part, tuple) else part.name
        change(made)
        holder.body.nodes = [node for node in holder.body.nodes if not re.search(rf"\b{named}\b", node.text())]

    return with_readers


def _without_parameter(block: int, index: int) -> Change:
    """A parameter of a block, with the arguments that it is given."""

    def change(made: Project) -> None:
        holder = made.blocks[block]
        name = holder.parameters[index][0]
        holder.parameters = [part for place, part in enumerate(holder.parameters) if place != index]
        for part, _ in _parts(made):
            if isinstance(part, Apply) and part.block.name == holder.name:
                part.arguments = {key: value for key, value in part.arguments.items() if key != name}
                part.tensors = {key: value for key, value in part.tensors.items() if key != name}

    return change


def _closing(index: int, axis: int) -> Change:
    """An open size becomes the number that it is."""

    def change(made: Project) -> None:
        program, image = made.programs[index]
        real = int(image.shape[axis + 1])
        name = program.input[axis]
        program.input = tuple(real if size == name else size for size in program.input)
        program.sides = [
            replace(side, sizes=tuple(real if size == name else size for size in side.sizes)) for side in program.sides
        ]

    return change


Way = Callable[[object, Place], None]


def _at_part(index: int, way: Way) -> Change:
    def change(made: Project) -> None:
        for place, (part, where) in enumerate(_parts(made)):
            if place == index:
                way(part, where)
                return

    return change


def _parts(project: Project) -> list[tuple[object, Place]]:
    """All nodes, bodies and expressions, with their places; outer ones first, each block once."""
    found: list[tuple[object, Place]] = []
    for root in [*(program for program, _ in project.programs), *project.blocks]:
        if not (isinstance(root, Block) and root.std):
            _collect(root, found)
    return found


def _collect(holder: object, found: list[tuple[object, Place]]) -> None:
    for each in fields(holder):  # type: ignore[arg-type]
        value = getattr(holder, each.name)
        entries: list[tuple[Any, Any]] = [(None, value)]
        if isinstance(value, list | tuple):
            entries = list(enumerate(value))
        elif isinstance(value, dict):
            entries = list(value.items())
        for key, part in entries:
            if isinstance(part, Node | Body | Expr) and not isinstance(part, Block):
                found.append((part, (holder, each.name, key)))
                if is_dataclass(part) and not isinstance(part, Expr):
                    _collect(part, found)


def _ways(part: object, *, is_condition: bool) -> Iterator[Way]:
    """What can be done to a part."""
    if isinstance(part, Expr) and is_condition:
        yield from (_replacing(number(value)) for value in (True, False))
        return
    if isinstance(part, Expr):
        plain = part.text.isdigit()
        smaller = [size for size in SMALL if not plain or size < int(part.text)]
        yield from (_replacing(number(size)) for size in smaller)
        yield _without
        return
    if isinstance(part, Node):
        yield _without
        yield from (_unwrapping(body) for body in range(len(_inner(part))))
        if isinstance(part, Labelled):
            yield lambda labelled, where: _put(where, [labelled.step])  # type: ignore[attr-defined]
        if isinstance(part, If) and part.otherwise is not None:
            yield lambda choice, where: setattr(choice, "otherwise", None)
        if isinstance(part, Apply) and part.inline:
            yield lambda apply, where: setattr(apply, "inline", False)
        if isinstance(part, Apply):
            yield lambda apply, where: _put(where, apply.block.body.nodes)  # type: ignore[attr-defined]
    if isinstance(part, Body) and len(part.nodes) > 3:
        half = len(part.nodes) // 2
        yield lambda body, where: body.nodes.__delitem__(slice(half))  # type: ignore[attr-defined]
        yield lambda body, where: body.nodes.__delitem__(slice(half, None))  # type: ignore[attr-defined]


def _inner(node: Node) -> list[Body]:
    match node:
        case Group(body=body) | Repeat(body=body) | For(body=body) | Output(body=Body() as body):
            return [body]
        case If(then=then, otherwise=otherwise):
            return [body for body in (then, otherwise) if body is not None]
        case Join(paths=paths):
            return list(paths)
    return []


def _unwrapping(index: int) -> Way:
    """What stands in braces instead of what they belong to."""
    return lambda node, where: _put(where, _inner(node)[index].nodes)  # type: ignore[arg-type]


def _replacing(made: Expr) -> Way:
    return lambda part, where: _set(where, made)


def _without(part: object, where: Place) -> None:
    """Takes a part out of the list or mapping in which it stands."""
    holder, name, key = where
    held = getattr(holder, name)
    if isinstance(held, dict):
        setattr(holder, name, {other: value for other, value in held.items() if other != key})
    elif isinstance(held, list):
        setattr(holder, name, [value for place, value in enumerate(held) if place != key])


def _put(where: Place, nodes: list[Node]) -> None:
    """Steps in the place of one."""
    holder, name, key = where
    held = getattr(holder, name)
    if isinstance(held, list) and isinstance(key, int) and not isinstance(holder, Join):
        setattr(holder, name, [*held[:key], *nodes, *held[key + 1 :]])
    elif key is None and len(nodes) == 1:
        setattr(holder, name, nodes[0])


def _set(where: Place, made: object) -> None:
    holder, name, key = where
    held = getattr(holder, name)
    if isinstance(held, dict):
        setattr(holder, name, {**held, key: made})
    elif isinstance(held, list | tuple):
        setattr(holder, name, type(held)(made if place == key else value for place, value in enumerate(held)))
    else:
        setattr(holder, name, made)


def write(found: Minimised, seed: str, folder: Path) -> Path:
    """The files of a project and a test that checks them, in a folder of their own."""
    place = folder / re.sub(r"\W+", "_", seed)
    for path, text in found.project.files().items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)
    shapes = [[tuple(value.shape) for value in _inputs(program, image)] for program, image in found.project.programs]
    reason = found.wrong.splitlines()[0]
    (place / "test_it.py").write_text(TEMPLATE.format(seed=seed, reason=reason, shapes=shapes))
    return place


def _inputs(program: Program, image: Tensor) -> list[Tensor]:
    return program.inputs(image)


TEMPLATE = '''"""Found by a campaign, seed {seed!r}.

{reason}
"""

from pathlib import Path

import torch

from archdsl.codegen import emit
from archdsl.driver.compilation import Compilation
from archdsl.source.loader import DiskLoader
from tests.codegen.interpreter import Interpreter
from tests.networks.support import execute

HERE = Path(__file__).parent
SHAPES = {shapes}


def test_it() -> None:
    compilation = Compilation(DiskLoader(str(HERE)))
    path = str(HERE / "a.arch")
    designs = [compilation.typed(path, design) for design in compilation.check_file(path)]
    assert not compilation.sink.errors, list(compilation.sink)
    namespace = execute(emit(designs))
    roots = [design for design in designs if not design.design.overrides]
    for design, shapes in zip(roots, SHAPES, strict=False):
        network, oracle = namespace[design.design.name]().eval(), Interpreter(design).eval()
        oracle.load(network.state_dict())
        inputs = [torch.rand(shape) for shape in shapes]
        made = network(*inputs)
        told = oracle(*inputs)
        always = [told[name] for name, _, when in design.outputs if when is None]
        for mine, theirs in zip(made if isinstance(made, tuple) else [made], always, strict=True):
            assert torch.equal(mine, theirs)
'''
