"""How steps become lines of ``forward``: what the code writer writes, and what the count of memory follows."""

from __future__ import annotations

from collections.abc import Callable

from archdsl.ir.design import Apply, Assert, Body, Choice, Group, Layer, Loop, Port, Refer
from archdsl.ir.expr import NameTemplate
from archdsl.ir.walk import from_outside, inner_bodies, label_of, level, referred_to

MAX_NESTED = 3
"""How many calls stand inside each other on one line."""

UNROLLED_TURNS = 4
"""A loop with a fixed number of turns up to this is written out."""


def is_sequential(body: Body) -> bool:
    """Whether a body can be an ``nn.Sequential``: a chain in which every step is a module of its own."""
    if not body.plain:
        return False
    shared: set[str] = set()
    for node in level(body):
        if isinstance(node, Layer):
            if node.slot is None and node.op != "identity":
                return False
            if node.slot is not None and node.slot.shared:
                name = str(node.slot.name)
                if name in shared:
                    return False
                shared.add(name)
        if isinstance(node, Loop | Choice) and node.slot is None and any(map(_shares_a_module, inner_bodies(node))):
            return False
    return True


def _shares_a_module(body: Body) -> bool:
    """Whether a module stands before the loop or condition, to be used by every turn or by one branch."""
    return any(isinstance(node, Layer) and node.slot is not None and node.slot.shared for node in level(body))


def is_short(
    path: Body,
    *,
    is_needed: Callable[[NameTemplate], bool],
    has_outputs: Callable[[Apply], bool],
    begins_line: Callable[[str], bool],
    is_a_call: Callable[[str], bool],
) -> bool:
    """Whether a path fits into the expression of its join: a few calls of modules, nothing else.

    ``is_needed`` tells of a label whether its value is referred to, ``has_outputs`` of a block whether it has several
    outputs, ``begins_line`` of a layer kind whether it begins a line, ``is_a_call`` whether it takes its input once.
    A block and a group end their line, so that nothing may follow them.
    """
    calls = 0
    ended = False
    for node in path.nodes:
        if isinstance(node, Assert | Refer | Port) or (isinstance(node, Layer) and _is_nothing(node)):
            continue
        label = label_of(node)
        if label is not None and is_needed(label):
            return False
        is_module = isinstance(node, Layer | Group | Choice | Apply | Loop) and node.slot is not None
        if not is_module and not isinstance(node, Layer):
            return False
        if isinstance(node, Apply) and has_outputs(node):
            return False
        if isinstance(node, Loop) and from_outside(node.body, referred_to):
            return False  # its turns are called one by one
        if ended or (isinstance(node, Layer) and not is_a_call(node.op)):
            return False
        if calls and (not isinstance(node, Layer) or begins_line(node.op)):
            return False
        ended = isinstance(node, Apply | Group | Loop)
        calls += 1
    return calls <= MAX_NESTED


def _is_nothing(node: Layer) -> bool:
    return node.op == "identity" and not node.slot
