"""Measures the names that ``state_dict`` will show, without writing repetitions out."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.analysis.flatten import bind_turn, is_single, label_text
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.kinds import Value

MAX_PATH = 1_024
"""Characters of a module's path in ``state_dict``."""
_POSITION = 6
"""So many digits has the highest position in an ``nn.Sequential``: see the limit of unrolled layers."""


def longest_path(design: t.TypedDesign) -> int:
    """The characters of the longest path of a module; positions count as their highest number."""
    return _Lengths().body(design.root.body, dict(design.root.arguments))


class _Lengths:
    """The lengths of paths inside of blocks, each block instance once."""

    def __init__(self) -> None:
        self._instances: dict[t.BlockInstance, int] = {}

    def body(self, body: t.TypedBody, variables: dict[str, Value]) -> int:
        """The longest path below a place; 0 where there is no module."""
        return max((self._node(node, variables) for node in body.nodes), default=0)

    def _node(self, node: t.TypedNode, variables: dict[str, Value]) -> int:
        match node:
            case t.TypedLayer():
                return _length(node.node.slot, variables)
            case t.TypedMerge(paths=paths):
                return max((self.body(path, variables) for path in paths), default=0)
            case t.TypedApply(instance=instance):
                return _joined(_length(node.node.slot, variables), self._instance(instance))
            case t.TypedInline(arguments=arguments, body=body):
                return self.body(body, dict(arguments))
            case t.TypedGroup(body=body):
                return _joined(_length(node.node.slot, variables), self.body(body, variables))
            case t.TypedChoice(body=body):
                own = _length(node.node.slot, variables)
                return own if is_single(body.body) else _joined(own, self.body(body, variables))
            case t.TypedLoop():
                return self._loop(node, variables)
            case t.TypedLet(values=values):
                variables.update(zip(node.node.names, values, strict=True))
            case t.TypedOutput(body=t.TypedBody() as body):
                return self.body(body, variables)
        return 0

    def _instance(self, instance: t.BlockInstance) -> int:
        known = self._instances.get(instance)
        if known is None:
            known = self._instances[instance] = self.body(instance.body, dict(instance.arguments))
        return known

    def _loop(self, node: t.TypedLoop, variables: dict[str, Value]) -> int:
        """The longest of the turns; of turns that are alike, the one whose item is the longest to write."""
        longest = 0
        for turn in node.turns:
            index = max(turn.first, turn.first + turn.count - 1, key=lambda index: len(str(node.items[index])))
            bind_turn(node, index, variables)
            inside = self.body(turn.body, variables)
            longest = max(longest, _joined(len(str(index)), inside) if node.node.own else inside)
        return _joined(_length(node.node.slot, variables), longest)


def _length(slot: d.Slot | None, variables: Mapping[str, Value]) -> int:
    if slot is None or slot.inherited:
        return 0
    return _POSITION if slot.name is None else len(label_text(slot.name, variables))


def _joined(outer: int, inner: int) -> int:
    return outer + 1 + inner if outer and inner else outer or inner
