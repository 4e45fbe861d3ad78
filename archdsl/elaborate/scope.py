"""What the names in one block mean while it is lowered."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field

from archdsl.diagnostics.diagnostic import Diagnostic, Help, Label
from archdsl.diagnostics.misspelt import misspelt
from archdsl.diagnostics.sink import Sink
from archdsl.elaborate.syntax_walk import LabelPlace, all_labels
from archdsl.ir.design import Block
from archdsl.ir.expr import NameTemplate
from archdsl.ir.kinds import Kind
from archdsl.ir.reserved import why_reserved, why_reserved_parameter
from archdsl.resolve.resolved import Definition
from archdsl.source.span import Span
from archdsl.syntax import ast

LowerBlock = Callable[[Definition, Span], Block | None]


@dataclass(slots=True)
class BlockScope:
    """Variables, labels and definitions visible in a block body."""

    definitions: Mapping[str, Definition]
    lower_block: LowerBlock
    """The lowered block of a definition; None after a report (recursion)."""
    sink: Sink
    is_network: bool
    awaits_input: bool = False
    """Whether `x` has no value yet, as before the first input of a network."""
    lost: Set[str] = frozenset()
    """Names of the file about which something was reported already: any use of them is silent."""
    valueless: set[str] = field(default_factory=set)
    """Variables that have no value after a report."""
    small_sizes: set[str] = field(default_factory=set)
    """Open sizes whose names were reported because they are in small letters."""
    variables: dict[str, tuple[Span, Kind | None]] = field(default_factory=dict)
    """Parameters (with their kind), loop variables and lets (kind None)."""
    labels: dict[str, Span] = field(default_factory=dict)
    """Plain labels defined so far, in the module that is being lowered."""
    prefixes: set[str] = field(default_factory=set)
    """How the computed labels defined so far begin, likewise."""
    outside: tuple[Mapping[str, Span], ...] = ()
    """Labels around the module that is being lowered: they cannot be reached from inside."""
    module: NameTemplate | None = None
    """The label of the group, loop or condition that makes this a module of its own."""
    node: ast.BlockDef | None = None
    """The definition whose body is lowered."""
    std_home: Callable[[str], str | None] = lambda name: None
    """The standard file that defines a block, for suggestions."""
    _all_labels: dict[str, LabelPlace] | None = None

    # --- variables ------------------------------------------------------------------------------------

    def declare(self, name: ast.Identifier, kind: Kind | None = None, *, known: bool = True) -> None:
        """A new variable; shadowing and reserved names are reported. ``known``: whether it will have a value."""
        reason = why_reserved_parameter(name.text)
        if reason is not None:
            self.fail("E0209", f"`{name.text}` cannot be a variable: {reason}", name.span)
        earlier = self.variables.get(name.text)
        if earlier is not None:
            label = Label(earlier[0], "first used here")
            message = f"`{name.text}` is already a variable of this block"
            self.sink.report(Diagnostic("E0221", message, name.span, labels=(label,)))
            return
        self.variables[name.text] = (name.span, kind)
        if not known:
            self.valueless.add(name.text)

    @contextmanager
    def variables_end_here(self) -> Iterator[None]:
        """Variables declared inside are forgotten at the end: those of a loop, and the ``let`` of inner braces."""
        before = len(self.variables)
        yield
        while len(self.variables) > before:
            name, _ = self.variables.popitem()
            self.valueless.discard(name)

    def is_unknown(self, name: str) -> bool:
        """Whether nothing can be said about a name, because of what was reported before."""
        return name in self.valueless or (name in self.lost and name not in self.variables)

    # --- labels ---------------------------------------------------------------------------------------

    def label(self, template: NameTemplate) -> None:
        """A new label; reserved names are reported."""
        name = template.plain
        if name is None:
            self.prefixes.add(str(template.parts[0]))
            return
        reason = why_reserved(name)
        if reason is not None:
            self.fail("E0209", f"`{name}` cannot be a label: {reason}", template.span, f"`{name}_` would do")
        self.labels.setdefault(name, template.span)

    def may_be_label(self, name: str) -> bool:
        """Whether an earlier value carries this label, as written or as one that is computed."""
        return name in self.labels or any(name[:end] in self.prefixes for end in range(1, len(name)))

    def label_elsewhere(self, name: str) -> LabelPlace | None:
        """Where in the block a label stands that cannot be reached: further down, or inside another module."""
        if self._all_labels is None:
            self._all_labels = all_labels(self.node.body) if self.node is not None else {}
        return self._all_labels.get(name)

    def is_outside(self, name: str) -> bool:
        """Whether a value around the module that is being lowered carries this label."""
        return any(name in labels for labels in self.outside)

    @contextmanager
    def own_module(self, label: NameTemplate | None) -> Iterator[None]:
        """Under a label, braces are a module of its own, which sees no values of the outside."""
        if label is None:
            yield
            return
        outer = (self.labels, self.prefixes, self.outside, self.module)
        self.outside = (*self.outside, self.labels)
        self.labels, self.prefixes, self.module = {}, set(), label
        yield
        self.labels, self.prefixes, self.outside, self.module = outer

    # --- findings -------------------------------------------------------------------------------------

    def report(self, diagnostic: Diagnostic) -> None:
        """Report a finding of this block."""
        self.sink.report(diagnostic)

    def fail(self, code: str, message: str, span: Span, help: str | Help | None = None) -> None:
        """Report a finding of this block by its parts."""
        self.sink.report(Diagnostic(code, message, span, help=Help(help) if isinstance(help, str) else help))

    def suggestion(self, name: str, span: Span, *groups: Collection[str]) -> Help | None:
        """Did you mean, over several collections of names; nothing once there is more than a screenful."""
        if not self.sink.may_weigh(sum(map(len, groups))):
            return None
        return misspelt(name, [candidate for group in groups for candidate in group], span)
