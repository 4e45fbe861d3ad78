"""Gives every module its place in the class around it: the names that ``state_dict`` will show.

The rules (docs/language.md, "Names"):

1. A label is the attribute's name.
2. A chain without joins in which nothing is labelled is an ``nn.Sequential``: its modules are 0, 1, 2 ...
3. Everywhere else an unlabelled module is called after its kind (``conv``, ``bn``), numbered from 1 in
   order where there are several; weightless layers alike share one module.
4. An unlabelled loop whose modules would need names of their own is a module list of its own,
   ``layers``. An unlabelled condition over one module names that module after its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from archdsl.diagnostics.diagnostic import Diagnostic, Help, Label
from archdsl.elaborate.rests import rests_of, spliced_apart
from archdsl.ir.design import (
    Apply,
    Body,
    Choice,
    Group,
    Inline,
    Input,
    Layer,
    Loop,
    Merge,
    Node,
    Output,
    Slot,
)
from archdsl.ir.expr import NameTemplate
from archdsl.ir.walk import is_plain, label_of, labels, level, only_step, open_bodies
from archdsl.ops import REGISTRY
from archdsl.ops.base import Op
from archdsl.source.span import Span

Report = Callable[[Diagnostic], None]
_Names = dict[str, tuple[str, Span]]
"""Labels with their places, by their lower case: on some disks, and to some readers, case makes no difference."""

_NUMBERED = Slot()
_CONTAINER = "layers"


def assign_slots(body: Body, report: Report, *, network: bool = False) -> Body:
    """The body of one class with every slot filled. A network always names its modules."""
    return _Scope(body, report, network).body(body)


def place_modules(body: Body, report: Report, *, network: bool) -> Body:
    """The body of a block or network with every slot filled; splices of one block are told apart before."""
    return assign_slots(spliced_apart(body), report, network=network)


def is_weightless(op: Op) -> bool:
    """Whether a layer kind never holds weights or buffers."""
    return type(op).weights is Op.weights and type(op).buffers is Op.buffers


class _Scope:
    """One class (or ``nn.Sequential``): hands out its attribute names."""

    def __init__(self, body: Body, report: Report, network: bool) -> None:
        self._report = report
        self._plain = is_chain(body) and not network
        self._numbered = self._plain and next(labels(body), None) is None
        self._taken: _Names = {}
        self._roles: dict[str, int] = {}
        self._given: dict[str, int] = {}
        self._numbers: set[str] = set()
        self._shared: dict[object, Slot | None] = {}
        self._containers: set[int] = set()
        self._rests = rests_of(body)
        if self._numbered:
            return
        self._taken = self._take_labels(body, ())
        self._find_containers(body)
        self._count_roles(body)

    def body(self, body: Body) -> Body:
        """A body at this level with its slots."""
        return replace(
            body,
            nodes=tuple(self._node(node) for node in body.nodes),
            plain=self._plain,
            numbered=self._numbered,
        )

    # --- what stands at this level --------------------------------------------------------------------

    def _take_labels(self, body: Body, around: tuple[_Names, ...], by: Inline | None = None) -> _Names:
        """The plain labels of a body, unique in their class; those of the two branches of a condition may be equal."""
        own: _Names = {}
        taken = (*around, own)
        for node in body.nodes:
            label = label_of(node)
            if label is not None and label.plain is not None:
                self._take(label.plain, label.span, taken, by)
            if isinstance(node, Input):
                self._take(node.name, node.span, taken)
            if isinstance(node, Choice) and node.label is None:
                own.update(self._take_labels(node.then, taken, by) | self._take_labels(node.otherwise, taken, by))
                continue
            inlined = node if by is None and isinstance(node, Inline) else by
            for inner in open_bodies(node):
                own.update(self._take_labels(inner, taken, inlined))
        return own

    def _take(self, name: str, at: Span, taken: tuple[_Names, ...], by: Inline | None = None) -> None:
        span = at if by is None else by.span
        key = name.lower()
        earlier = next((names[key] for names in taken if key in names), None)
        if earlier is None:
            taken[-1][key] = (name, span)
            return
        message = f"the label `{name}` is used twice"
        if earlier[0] != name:
            message = f"the labels `{earlier[0]}` and `{name}` differ in case only"
        places = (Label(earlier[1], "first used here"), *((Label(at, "the label"),) if by is not None else ()))
        here = f"`{by.target.name}` brings it in" if by is not None else ""
        self._report(Diagnostic("E0207", message, span, here, places))

    def _find_containers(self, body: Body) -> None:
        """Loops (outermost first) that become a module list because their modules have no names."""
        for node in body.nodes:
            if isinstance(node, Loop) and node.label is None and self._needs_names(node):
                self._containers.add(id(node))
                self._no_labels_beside(node)
                continue
            for inner in open_bodies(node):
                self._find_containers(inner)

    def _needs_names(self, loop: Loop) -> bool:
        return any(self._is_own_module(node, loop) for node in level(loop.body))

    def _is_own_module(self, node: Node, loop: Loop) -> bool:
        """Whether each turn needs a module of its own for an unlabelled node."""
        if isinstance(node, Apply):
            return node.label is None
        if not isinstance(node, Layer) or node.label is not None or is_function(node):
            return False
        if not is_weightless(REGISTRY[node.op]):
            return True
        return id(loop) in self._rests[id(node)].loops

    def _no_labels_beside(self, loop: Loop) -> None:
        label = next(labels(loop.body), None)
        if label is None:
            return
        guilty = next(node for node in level(loop.body) if self._is_own_module(node, loop))
        name = loop.names[0] if loop.names else "i"
        self._report(
            Diagnostic(
                "E0223",
                "in a loop with labels every layer with weights needs one",
                guilty.span,
                labels=(Label(label.span, "this one is labelled"),),
                help=Help(f"label it, with the turn in the name: `name{{{name}}}: ...`"),
            )
        )

    def _count_roles(self, body: Body) -> None:
        for role in self._roles_in(body):
            self._roles[role] = self._roles.get(role, 0) + 1

    def _roles_in(self, body: Body) -> Iterator[str]:
        """The roles that unlabelled modules of this level ask for, shared ones once."""
        for node in body.nodes:
            if isinstance(node, Loop) and id(node) in self._containers:
                yield _CONTAINER
                continue
            if isinstance(node, Choice) and node.label is None and _names_itself(node):
                yield _choice_role(node)
                continue
            role = _role(node)
            if role is not None and self._first_of_its_kind(node):
                yield role
            for inner in open_bodies(node):
                yield from self._roles_in(inner)

    def _first_of_its_kind(self, node: Node) -> bool:
        key = self._sharing_key(node)
        if key is None:
            return True
        if key in self._shared:
            return False
        self._shared[key] = None
        return True

    # --- giving slots ---------------------------------------------------------------------------------

    def _node(self, node: Node) -> Node:
        match node:
            case Layer():
                return replace(node, slot=self._layer_slot(node))
            case Apply():
                return replace(node, slot=self._module_slot(node))
            case Group(label=None):
                return replace(node, body=self.body(node.body))
            case Group(body=body, label=label):
                assert label is not None
                return replace(node, body=assign_slots(body, self._report), slot=self._label_slot(label))
            case Merge(paths=paths):
                return replace(node, paths=tuple(self.body(path) for path in paths))
            case Inline():
                return replace(node, body=self.body(node.body))
            case Output(body=Body() as body):
                return replace(node, body=self.body(body))
            case Loop():
                return self._loop(node)
            case Choice():
                return self._choice(node)
        return node

    def _layer_slot(self, node: Layer) -> Slot | None:
        if is_function(node) and not self._numbered and (not self._plain or node.label is None):
            return None
        if node.op == "identity" and node.label is None and not self._numbered:
            return None
        return self._module_slot(node)

    def _module_slot(self, node: Layer | Apply) -> Slot:
        if node.label is not None:
            return self._label_slot(node.label)
        if self._numbered:
            return _NUMBERED
        role = _role(node)
        assert role is not None
        key = self._sharing_key(node)
        if key is None:
            return Slot(self._next_name(role, node.span))
        known = self._shared.get(key)
        if known is None:
            known = self._shared[key] = Slot(self._next_name(role, node.span), shared=True)
        return known

    def _sharing_key(self, node: Node) -> object:
        """Weightless layers with the same arguments share a module; dropout and the like are stateless too."""
        if not isinstance(node, Layer) or not is_weightless(REGISTRY[node.op]):
            return None
        written = tuple((argument.name, argument.value) for argument in node.arguments)
        return node.op, written, self._rests[id(node)].binders

    def _label_slot(self, label: NameTemplate) -> Slot:
        return Slot(label)

    def _next_name(self, role: str, span: Span) -> NameTemplate:
        """``conv`` where there is one, else ``conv1``, ``conv2`` ...; labels keep their names."""
        if self._roles.get(role, 0) <= 1 and role not in self._taken:
            return NameTemplate((role,), span)
        number = self._given.get(role, 0) + 1
        while self._is_used(f"{role}{number}"):
            number += 1
        self._given[role] = number
        self._numbers.add(f"{role}{number}")
        return NameTemplate((f"{role}{number}",), span)

    def _is_used(self, name: str) -> bool:
        """Whether a numbered name is a label's, a block's own (``b2`` beside two ``b``), or given already."""
        return name in self._taken or name in self._roles or name in self._numbers

    def _loop(self, node: Loop) -> Loop:
        if node.label is not None:
            return self._module_list(node, self._label_slot(node.label))
        if id(node) in self._containers:
            return self._module_list(node, Slot(self._next_name(_CONTAINER, node.span)))
        return replace(node, body=self.body(node.body))

    def _module_list(self, node: Loop, slot: Slot) -> Loop:
        """A loop that is a module: its turns are spliced into one ``nn.Sequential`` if they are chains."""
        own = not is_chain(node.body)
        return replace(node, body=assign_slots(node.body, self._report), slot=slot, own=own)

    def _choice(self, node: Choice) -> Choice:
        if node.label is not None:
            return self._named_choice(node, self._label_slot(node.label))
        if not self._numbered and _names_itself(node):
            return self._named_choice(node, Slot(self._next_name(_choice_role(node), node.span)))
        return replace(node, then=self.body(node.then), otherwise=self.body(node.otherwise))

    def _named_choice(self, node: Choice, slot: Slot) -> Choice:
        then, otherwise = (self._branch(branch) for branch in (node.then, node.otherwise))
        return replace(node, then=then, otherwise=otherwise, slot=slot)

    def _branch(self, body: Body) -> Body:
        """One branch of a named condition: a single module takes the name itself, several are a Sequential."""
        step = only_step(body)
        named: Node | None = None
        if isinstance(step, Choice) and step.label is None:
            named = self._named_choice(step, Slot(inherited=True))  # `else if`
        elif isinstance(step, Layer | Apply) and is_single_module(body):
            named = replace(step, slot=Slot(inherited=True))
        if named is None:
            return assign_slots(body, self._report)
        return replace(body, nodes=tuple(named if node is step else node for node in body.nodes))


def is_chain(body: Body) -> bool:
    """Whether a body can be an ``nn.Sequential``: one tensor flows through, from module to module."""
    return is_plain(body) and all(REGISTRY[node.op].chains for node in level(body) if isinstance(node, Layer))


def is_function(node: Layer) -> bool:
    """Whether a layer is a function in ``forward`` rather than a module (``flatten``)."""
    return REGISTRY[node.op].functional


def is_single_module(body: Body) -> bool:
    """Whether a branch is one unlabelled layer or block; stated shapes are no modules."""
    node = only_step(body)
    return isinstance(node, Layer | Apply) and node.label is None and is_chain(body)


def _names_itself(node: Choice) -> bool:
    """Whether an unlabelled condition takes a name from what is in it: modules of which none is labelled."""
    bodies = (node.then, node.otherwise)
    if any(next(labels(body), None) is not None or not is_chain(body) for body in bodies):
        return False
    modules = [inner for body in bodies for inner in level(body) if _role(inner) is not None]
    if all(isinstance(module, Layer) and is_weightless(REGISTRY[module.op]) for module in modules):
        return False  # what stands there is shared with the steps around, and `forward` asks the condition
    return all(is_single_module(body) or not body.nodes or len(bodies) == 2 for body in bodies)


def _choice_role(node: Choice) -> str:
    """The role of the only module of a condition; ``layers`` where a branch has several."""
    for body in (node.then, node.otherwise):
        step = only_step(body)
        role = _role(step) if step is not None and is_single_module(body) else None
        if role is not None:
            return role
    return _CONTAINER


def _role(node: Node) -> str | None:
    """The attribute name that an unlabelled module asks for; None for what is no module."""
    if isinstance(node, Layer):
        if node.label is not None or is_function(node) or node.op == "identity":
            return None
        return REGISTRY[node.op].attribute
    if isinstance(node, Apply) and node.label is None:
        return node.target.name
    return None
