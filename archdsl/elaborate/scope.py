"""What the names in one block mean while it is lowered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from archdsl.diagnostics.diagnostic import Diagnostic, Help, Label
from archdsl.diagnostics.suggest import closest
from archdsl.ir.design import Block
from archdsl.ir.kinds import Kind
from archdsl.resolve.reserved import why_reserved_parameter
from archdsl.resolve.resolved import Definition
from archdsl.source.span import Span
from archdsl.syntax import ast

Report = Callable[[Diagnostic], None]


@dataclass(slots=True)
class BlockScope:
    """Variables, labels and definitions visible in a block body."""

    definitions: dict[str, Definition]
    lower_block: Callable[[Definition, Span], Block | None]
    """The lowered block of a definition; None after a report (recursion)."""
    report: Report
    is_network: bool
    variables: dict[str, tuple[Span, Kind | None]] = field(default_factory=dict)
    """Parameters (with their kind), loop variables and lets (kind None)."""
    labels: dict[str, Span] = field(default_factory=dict)
    """Plain labels defined so far."""
    has_templates: bool = False
    """Whether a computed label was defined: then an unknown label is left to the checker."""
    std_home: Callable[[str], str | None] = lambda name: None
    """The standard file that defines a block, for suggestions."""
    depth: int = 0
    """Nesting of labelled groups: values of the outside cannot be named inside."""

    def declare(self, name: ast.Identifier, kind: Kind | None = None) -> None:
        """A new variable; shadowing and reserved names are reported."""
        reason = why_reserved_parameter(name.text)
        if reason is not None:
            self.fail("E0209", f"`{name.text}` cannot be a variable: {reason}", name.span)
        earlier = self.variables.get(name.text)
        if earlier is not None:
            label = Label(earlier[0], "first used here")
            message = f"`{name.text}` is already a variable of this block"
            self.report(Diagnostic("E0221", message, name.span, labels=(label,)))
            return
        self.variables[name.text] = (name.span, kind)

    def forget(self, name: ast.Identifier) -> None:
        """A loop variable at the end of its loop."""
        self.variables.pop(name.text, None)

    def fail(self, code: str, message: str, span: Span, help: str | None = None) -> None:
        """Report a finding of this block."""
        self.report(Diagnostic(code, message, span, help=Help(help) if help else None))

    def suggestion(self, name: str, *groups: object) -> str | None:
        """A did-you-mean sentence over several collections of names."""
        candidates: list[str] = []
        for group in groups:
            candidates.extend(group)  # type: ignore[arg-type]
        near = closest(name, candidates)
        return f"did you mean `{near}`?" if near else None
