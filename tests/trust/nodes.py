"""The statements of a program as trees: written as ``.arch`` text for archdsl, and run by real torch without it.

Nothing here knows a shape rule or how anything is named in generated code. ``run`` does what docs/language.md says each
statement means, on real tensors, and refuses only what the language forbids beyond torch: joins that broadcast.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from tests.trust.expressions import Expr, Scope, written
from tests.trust.layers import MOST_VALUES, Refused, run_layer


class Node:
    """A statement: takes the running value, and hands on its own."""

    def text(self) -> str:
        raise NotImplementedError

    def run(self, x: Tensor, scope: Scope) -> Tensor:
        raise NotImplementedError


@dataclass
class Layer(Node):
    """A layer with its arguments."""

    op: str
    arguments: Mapping[str, Expr] = field(default_factory=dict)

    def text(self) -> str:
        return self.op + _arguments(self.arguments)

    def run(self, x: Tensor, scope: Scope) -> Tensor:
        given = {name: argument.value(scope) for name, argument in self.arguments.items()}
        result = run_layer(self.op, given, x)
        scope.trace.append((self.op, tuple(result.shape)))
        return result


@dataclass
class Join(Node):
    """Paths that all start from the running value."""

    op: str
    paths: Sequence[Body]
    axis: int = 1

    def text(self) -> str:
        name = f"concat(axis={self.axis})" if self.axis != 1 else self.op
        return f"{name} {{\n{_indented(path.path_text() for path in self.paths)}\n}}"

    def run(self, x: Tensor, scope: Scope) -> Tensor:
        values = [path.run(x, scope.around()) for path in self.paths]
        result = self._joined(values)
        if result.numel() > MOST_VALUES:
            raise Refused("too large for a test")
        scope.trace.append((self.op, tuple(result.shape)))
        return result

    def _joined(self, values: list[Tensor]) -> Tensor:
        if self.op == "concat":
            return torch.cat(values, dim=self.axis)
        first, second = values[0], values[-1]
        if self.op == "scale":
            if second.shape != (*first.shape[:2], *(1 for _ in first.shape[2:])):
                raise Refused("no gate")
            return first * second
        if any(value.shape != first.shape for value in values):
            raise Refused("shapes differ")
        total = first
        for value in values[1:]:
            total = total + value if self.op == "add" else total * value
        return total


@dataclass
class Body:
    """Statements; one that is a path of a join must fit one line or be a group."""

    nodes: list[Node]

    def text(self) -> str:
        return "\n".join(node.text() for node in self.nodes)

    def path_text(self) -> str:
        """As one path."""
        if len(self.nodes) == 1 and not isinstance(self.nodes[0], Let):
            return self.nodes[0].text()
        return f"{{\n{textwrap.indent(self.text(), '    ')}\n}}"

    def run(self, x: Tensor, scope: Scope) -> Tensor:
        for node in self.nodes:
            x = node.run(x, scope)
        return x


@dataclass
class Labelled(Node):
    """``name: step``; ``name`` may hold one computed part: ``("up", i)``."""

    name: str
    step: Node
    computed: Expr | None = None

    def text(self) -> str:
        return f"{self.name}{f'{{{self.computed.text}}}' if self.computed else ''}: {self.step.text()}"

    def run(self, x: Tensor, scope: Scope) -> Tensor:
        key = f"{self.name}{self.computed.value(scope) if self.computed else ''}"
        # Under a label nothing of the outside is visible but variables and the sizes of `x`.
        inner = scope if not isinstance(self.step, Group | Repeat | For | If) else _closed(scope)
        scope.labels[key] = self.step.run(x, inner)
        return scope.labels[key]


def _closed(scope: Scope) -> Scope:
    return Scope(dict(scope.variables), scope.x, {}, scope.trace)


@dataclass
class Refer(Node):
    """An earlier value, or ``x``."""

    name: str
    computed: Expr | None = None

    def text(self) -> str:
        return f"{self.name}{f'{{{self.computed.text}}}' if self.computed else ''}"

    def run(self, x: Tensor, scope: Scope) -> Tensor:
        if self.name == "x":
            return scope.x
        return scope.labels[f"{self.name}{self.computed.value(scope) if self.computed else ''}"]


@dataclass
class Let(Node):
    """A variable."""

    name: str
    value: Expr

    def text(self) -> str:
        return f"let {self.name} = {self.value.text}"

    def run(self, x: Tensor, scope: Scope) -> Tensor:
        scope.variables[self.name] = self.value.value(scope)
        return x


@dataclass
class Group(Node):
    """Steps in braces."""

    body: Body

    def text(self) -> str:
        return f"{{\n{textwrap.indent(self.body.text(), '    ')}\n}}"

    def run(self, x: Tensor, scope: Scope) -> Tensor:
        return self.body.run(x, scope.around())


@dataclass
class If(Node):
    """A condition; without ``otherwise`` the value passes."""

    condition: Expr
    then: Body
    otherwise: Body | None = None

    def text(self) -> str:
        text = f"if {self.condition.text} {{\n{textwrap.indent(self.then.text(), '    ')}\n}}"
        if self.otherwise is None:
            return text
        return f"{text} else {{\n{textwrap.indent(self.otherwise.text(), '    ')}\n}}"

    def run(self, x: Tensor, scope: Scope) -> Tensor:
        branch = self.then if self.condition.value(scope) else self.otherwise
        return branch.run(x, scope.around()) if branch is not None else x


@dataclass
class Repeat(Node):
    """A body several times over."""

    count: Expr
    body: Body

    def text(self) -> str:
        return f"repeat {self.count.text} {{\n{textwrap.indent(self.body.text(), '    ')}\n}}"

    def run(self, x: Tensor, scope: Scope) -> Tensor:
        count = self.count.value(scope)
        if count < 0:
            raise Refused("less than no turn")
        for _ in range(count):
            x = self.body.run(x, scope.around())
        return x


@dataclass
class For(Node):
    """A body for each item."""

    names: tuple[str, ...]
    items: Expr
    body: Body

    def text(self) -> str:
        names = self.names[0] if len(self.names) == 1 else f"({', '.join(self.names)})"
        return f"for {names} in {self.items.text} {{\n{textwrap.indent(self.body.text(), '    ')}\n}}"

    def run(self, x: Tensor, scope: Scope) -> Tensor:
        for entry in self.items.value(scope):
            inner = scope.around()
            values = (entry,) if len(self.names) == 1 else entry
            inner.variables.update(zip(self.names, values, strict=True))
            x = self.body.run(x, inner)
        return x


@dataclass
class Stated(Node):
    """A shape step; None is ``_``."""

    sizes: tuple[Expr | None, ...]

    def text(self) -> str:
        return f"[N, {', '.join('_' if size is None else size.text for size in self.sizes)}]"

    def run(self, x: Tensor, scope: Scope) -> Tensor:
        for stated, real in zip(self.sizes, x.shape[1:], strict=True):
            if stated is not None and stated.value(scope) != real:
                raise Refused("another shape is stated")
        return x


@dataclass
class Output(Node):
    """An output of a network: the running value, or what a branch makes of it. ``rank`` is that of its value."""

    name: str
    rank: int
    body: Body | None = None
    training: bool = False

    def text(self) -> str:
        text = f"output {self.name}: [N, {', '.join('_' * (self.rank - 1))}]{' when training' * self.training}"
        return text if self.body is None else f"{text} {{\n{textwrap.indent(self.body.text(), '    ')}\n}}"

    def run(self, x: Tensor, scope: Scope) -> Tensor:
        value = self.body.run(x, scope.around()) if self.body is not None else x
        scope.outputs.append((self.name, value, self.training))
        return x


Parameter = tuple[str, str, object]
"""A name, a type as it is written, and a default; None for no default."""


def formals(parameters: Sequence[Parameter]) -> str:
    """Parameters as a definition writes them."""
    return ", ".join(
        f"{name}: {kind}" + (f" = {written(default)}" if default is not None else "")
        for name, kind, default in parameters
    )


@dataclass
class Block:
    """A definition. One of ``std`` is imported instead of written; its body says what its documentation promises."""

    name: str
    parameters: Sequence[Parameter]
    body: Body
    std: bool = False

    def text(self) -> str:
        inner = textwrap.indent(self.body.text(), "    ")
        return f"block {self.name}({formals(self.parameters)}) {{\n{inner}\n}}\n"


@dataclass
class BlockValue:
    """A layer or block with some of its arguments, as a value; ``free`` takes the one that is given by position."""

    op: str
    fixed: Mapping[str, object]
    free: str | None = None

    def text(self) -> str:
        return self.op + _arguments(
            {name: Expr(written(value), lambda scope: None) for name, value in self.fixed.items()}
        )


@dataclass
class ApplyValue(Node):
    """A block-valued parameter as a step."""

    name: str
    argument: Expr | None = None

    def text(self) -> str:
        return self.name if self.argument is None else f"{self.name}({self.argument.text})"

    def run(self, x: Tensor, scope: Scope) -> Tensor:
        value = scope.variables[self.name]
        given = dict(value.fixed)
        if self.argument is not None:
            given[value.free] = self.argument.value(scope)
        result = run_layer(value.op, given, x)
        scope.trace.append((value.op, tuple(result.shape)))
        return result


@dataclass
class Apply(Node):
    """A block applied, or spliced in. ``tensors`` name the values that its tensor parameters take."""

    block: Block
    arguments: Mapping[str, Expr | BlockValue] = field(default_factory=dict)
    tensors: Mapping[str, str] = field(default_factory=dict)
    inline: bool = False

    def text(self) -> str:
        given = {
            name: value.text() if isinstance(value, BlockValue) else value.text
            for name, value in self.arguments.items()
        }
        listed = ", ".join(f"{name}={text}" for name, text in {**given, **self.tensors}.items())
        return f"{'inline ' if self.inline else ''}{self.block.name}{f'({listed})' if listed else ''}"

    def run(self, x: Tensor, scope: Scope) -> Tensor:
        variables: dict[str, Any] = {name: default for name, _, default in self.block.parameters if default is not None}
        for name, value in self.arguments.items():
            variables[name] = value if isinstance(value, BlockValue) else value.value(scope)
        labels = {name: scope.x if label == "x" else scope.labels[label] for name, label in self.tensors.items()}
        return self.block.body.run(x, Scope(variables, x, labels, scope.trace))


def _arguments(arguments: Mapping[str, Expr]) -> str:
    given = ", ".join(f"{name}={value.text}" for name, value in arguments.items())
    return f"({given})" if given else ""


def _indented(paths: Any) -> str:
    return "\n".join(textwrap.indent(path, "    ") for path in paths)
