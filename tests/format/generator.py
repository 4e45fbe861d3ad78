"""Random programs that are right in syntax, whatever they mean."""

from __future__ import annotations

import random

NAMES = ["a", "b", "x", "channels", "conv", "relu", "layer", "widths", "a_rather_long_name_of_a_value"]
LITERALS = ["0", "1", "64", "1_000", "0.5", "1e-3", "5M", '"s"', '"a # b"', '"\\"{"', "true", "false", "none"]
OPERATORS = ["+", "-", "*", "/", "//", "%", "**"]
SOFT_LABELS = ["block", "network", "input", "output", "expect"]


class Generator:
    """Writes one program, on as few lines as its syntax allows; everything random comes from ``chance``."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def file(self) -> str:
        """The text of a file."""
        items = [self._item() for _ in range(self._chance.randint(1, 3))]
        return "\n".join(items) + "\n"

    def _one(self, *choices: str) -> str:
        return self._chance.choice(choices)

    def _maybe(self, text: str, probability: float = 0.5) -> str:
        return text if self._chance.random() < probability else ""

    def _name(self) -> str:
        return self._chance.choice(NAMES)

    def _list(self, make: str, depth: int, least: int = 0, most: int = 4) -> list[str]:
        count = 20 if depth and self._chance.random() < 0.005 else self._chance.randint(least, most)
        return [getattr(self, make)(depth) for _ in range(max(count, least))]

    def _enclosed(self, items: list[str], brackets: str) -> str:
        comma = self._maybe(", ") if items else ""
        return f"{brackets[0]}{', '.join(items)}{comma}{brackets[1]}"

    # --- top level ------------------------------------------------------------------------------------

    def _item(self) -> str:
        kind = self._one("block", "block", "network", "import", "variant")
        if kind == "import":
            names = [
                f"{self._name()}{self._maybe(f' as {self._name()}', 0.3)}" for _ in range(self._chance.randint(1, 6))
            ]
            listed = self._enclosed(names, "()") if self._chance.random() < 0.5 else ", ".join(names)
            return f"from {self._one('std', '.a', '..b.c', '...d', '. e')} import {listed}"
        if kind == "variant":
            head = f"network {self._name()} = {self._name()}{self._arguments(2)}"
            return head + self._maybe(f" {self._body(1)}")
        parameters = self._enclosed(self._list("_parameter", 0), "()")
        head = f"{kind} {self._name()}{parameters}{self._maybe(' as ClassName', 0.3)}"
        return f"{self._maybe('## Documentation.' + chr(10), 0.3)}{head} {self._body(2)}"

    def _parameter(self, depth: int) -> str:
        constraint = self._maybe(f" {self._one('>', '!=', '<=')} {self._sum(1)}", 0.3)
        return f"{self._name()}: {self._type(2)}{constraint}{self._maybe(f' = {self._expression(1)}')}"

    def _type(self, depth: int) -> str:
        kind = self._one("int", "float", "block", "tensor", "list", "tuple")
        if depth and kind == "list":
            return f"[{self._type(depth - 1)}]"
        if depth and kind == "tuple":
            return self._enclosed([self._type(depth - 1) for _ in range(self._chance.randint(1, 3))], "()")
        return kind if kind not in ("list", "tuple") else "int"

    # --- statements -----------------------------------------------------------------------------------

    def _body(self, depth: int) -> str:
        statements = self._list("_statement", depth, most=3 if depth else 1)
        return f"{{ {'; '.join(statements)} }}" if statements else self._one("{ }", "{}")

    def _statement(self, depth: int) -> str:
        kind = self._one("chain", "chain", "chain", "chain", "let", "input", "output", "expect")
        if kind == "let":
            return f"let {self._target()} = {self._expression(3)}"
        if kind == "expect":
            return f"expect params {self._one('==', '<')} {self._expression(2)}"
        if kind == "input":
            demands = ", ".join(self._demand() for _ in range(self._chance.randint(1, 3)))
            guard = self._maybe(" guarded", 0.3)
            return f"input {self._name()}: {self._shape()}{guard}{self._maybe(f' where {demands}')}"
        if kind == "output":
            shape, when = self._maybe(f": {self._shape()}"), self._maybe(" when training", 0.3)
            return f"output {self._name()}{shape}{when}{self._maybe(f' {self._body(max(depth - 1, 0))}', 0.3)}"
        steps = [self._step(depth) for _ in range(self._chance.choice([1, 1, 1, 2, 3, 6]))]
        return " -> ".join(steps)

    def _demand(self) -> str:
        kind = self._one("in", "divides", "compared")
        if kind == "in":
            return f"{self._sum(0)} in {self._expression(1)}"
        return f"{self._sum(1)} {'divides' if kind == 'divides' else self._one('>=', '==')} {self._sum(1)}"

    def _step(self, depth: int) -> str:
        label = self._one(self._template(), *SOFT_LABELS)
        return self._maybe(f"{label}: ", 0.3) + self._action(depth)

    def _action(self, depth: int) -> str:
        kinds = ["apply", "apply", "apply", "port", "inline", "shape"]
        kind = self._one(*kinds, *(["join", "group", "if", "for", "repeat"] if depth else []))
        inner = max(depth - 1, 0)
        match kind:
            case "apply":
                return self._template() + self._maybe(self._arguments(2))
            case "port":
                return f"{self._template()}.{self._name()}"
            case "inline":
                return f"inline {self._template()}{self._maybe(self._arguments(1))}"
            case "shape":
                return self._shape()
            case "join":
                return f"{self._one('add', 'concat')}{self._maybe(self._arguments(0), 0.2)} {self._body(inner)}"
            case "group":
                return self._body(inner)
            case "if":
                return self._if(inner)
            case "for":
                by = self._maybe(f" by {self._expression(1)}", 0.3)
                return f"for {self._target()} in {self._expression(2)}{by} {self._body(inner)}"
        return f"repeat {self._expression(1)} {self._body(inner)}"

    def _if(self, depth: int) -> str:
        text = f"if {self._expression(2)} {self._body(depth)}"
        if self._chance.random() < 0.4:
            return text
        return f"{text} else {self._if(depth) if self._chance.random() < 0.3 else self._body(depth)}"

    def _target(self) -> str:
        names = [self._name() for _ in range(self._chance.randint(1, 3))]
        return names[0] if self._chance.random() < 0.6 else self._enclosed(names, "()")

    def _shape(self) -> str:
        sizes = [self._one("_", "H = 224", "N", self._expression(1)) for _ in range(self._chance.randint(1, 5))]
        return self._enclosed(sizes, "[]")

    def _template(self) -> str:
        parts = [self._name()]
        while self._chance.random() < 0.2:
            parts.append(f"{{{self._expression(1)}}}{self._maybe('_1x')}")
        return "".join(parts)

    # --- expressions ----------------------------------------------------------------------------------

    def _arguments(self, depth: int) -> str:
        return self._enclosed(self._list("_argument", depth), "()")

    def _argument(self, depth: int) -> str:
        return f"{self._name()}={self._expression(depth)}" if self._chance.random() < 0.4 else self._expression(depth)

    def _expression(self, depth: int) -> str:
        kind = self._chance.random()
        if kind < 0.05:
            return f"{self._sum(depth)}{self._one('..', '..=', ' .. ')}{self._sum(depth)}"
        if kind < 0.1 and depth:
            return f"{self._sum(depth - 1)} if {self._sum(depth - 1)} else {self._expression(depth - 1)}"
        return self._sum(depth)

    def _sum(self, depth: int) -> str:
        """An operation that may stand anywhere: what would bind too loosely is put in parentheses."""
        if not depth or self._chance.random() < 0.4:
            return self._operand(depth)
        operands = [self._operand(depth - 1) for _ in range(self._chance.choice([2, 2, 2, 2, 3, 8]))]
        text = operands[0]
        for operand in operands[1:]:
            text = f"{text} {self._chance.choice(OPERATORS)} {operand}"
        return text

    def _operand(self, depth: int) -> str:
        kind = self._one(
            "literal", "name", "name", *(["paren", "list", "tuple", "call", "deep", "minus"] if depth else [])
        )
        inner = max(depth - 1, 0)
        match kind:
            case "literal":
                return self._chance.choice(LITERALS)
            case "name":
                return self._template()
            case "paren":
                return f"({self._loose(inner)})"
            case "list":
                return self._enclosed(self._list("_expression", inner), "[]")
            case "tuple":
                items = self._list("_expression", inner, least=1)
                return self._enclosed(items, "()") if len(items) > 1 else f"({items[0]},)"
            case "call":
                return f"{self._name()}{self._arguments(inner)}"
            case "deep":
                return f"{self._template()}{self._one('.channels', f'[{self._expression(inner)}]')}"
        return f"-{self._operand(inner)}"

    def _loose(self, depth: int) -> str:
        one, other = self._sum(depth), self._sum(depth)
        text = self._expression(depth)
        return self._one(text, f"({text})", f"not {one}", f"{one} and {other} or a", f"{one} == {other}")
