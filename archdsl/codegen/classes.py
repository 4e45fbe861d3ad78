"""Writes the classes of a program: callees first, each once."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping, Sequence

from archdsl.codegen import pytree as py
from archdsl.codegen.class_code import ClassCode
from archdsl.codegen.convert import to_python
from archdsl.codegen.decisions import IN_CHANNELS, Decisions
from archdsl.codegen.forward_writer import ForwardWriter, keep_outputs
from archdsl.codegen.guards import guards
from archdsl.codegen.init_writer import InitWriter
from archdsl.codegen.naming import Names, class_name
from archdsl.codegen.printer import LINE_WIDTH, Notes, docstring_value
from archdsl.codegen.refusal import Refused
from archdsl.codegen.sinks import Attributes, Collected, NotPure
from archdsl.codegen.units import Formal, Program, Unit, UnitKey
from archdsl.ir import design as d
from archdsl.ir.expr import Const, Expr, locals_in
from archdsl.ir.kinds import SIZES, Kind
from archdsl.ir.lines import is_sequential
from archdsl.ir.terms import NOWHERE
from archdsl.ir.typed import TypedDesign


class ClassWriter:
    """Writes units as classes, on demand and in the order in which they need each other."""

    def __init__(
        self, program: Program, notes: Notes, names: Names, networks: Mapping[UnitKey, Sequence[TypedDesign]]
    ) -> None:
        self._program = program
        self._networks = networks
        self._notes = notes
        self._names = names
        self.written: dict[UnitKey, ClassCode] = {}

    def class_of(self, unit: Unit) -> ClassCode:
        """The class of a unit, written when it is first asked for."""
        known = self.written.get(unit.key)
        if known is None:
            name = self._names.take(self._wanted_name(unit))
            known = self._write(unit, name)
            self.written[unit.key] = known
        return known

    def _wanted_name(self, unit: Unit) -> str:
        """The class after the block; where one block makes several classes, with what is bound to its parameters."""
        siblings = [other for other in self._program.units.values() if other.block is unit.block is not None]
        telling = _telling_parameters([other.blocks for other in siblings])
        bound = "".join(_bound_name(unit.blocks[parameter]) for parameter in telling)
        return (unit.class_name or class_name(unit.name)) + bound

    def _write(self, unit: Unit, name: str) -> ClassCode:
        """Writes a class again as long as decisions turn out to rest on parameters that then have to be bound."""
        decisions = Decisions(unit)
        while True:
            code = self._attempt(unit, name, decisions)
            if not decisions.wanted:
                return code
            for wanted in decisions.wanted:
                decisions.bound[wanted] = Const(unit.value_of(wanted)[1], NOWHERE)
            decisions.wanted = set()

    def _attempt(self, unit: Unit, name: str, decisions: Decisions) -> ClassCode:
        writer = InitWriter(decisions, self._program, self.class_of)
        sequential = not unit.is_network and is_sequential(unit.body)
        base, call_super = "nn.Module", py.expression(py.call(ast.Attribute(py.call("super"), "__init__", py.LOAD)))
        methods: list[ast.stmt] = []
        if sequential and unit.body.numbered:
            base = "nn.Sequential"
            call_super = self._sequential_body(writer, unit)
            body = [*writer.without_idle_variables(), call_super]
            stored: set[str] = set()
            forward: ast.stmt | None = None
            count = 1
        else:
            writer.body(unit.body, Attributes(writer.statements))
            base = "nn.Sequential" if sequential else base
            forward, stored, count = (None, set(), 1) if sequential else self._forward(unit, decisions)
            saves = [py.assign(f"self.{key}", py.name(key)) for key in sorted(stored)]
            body = [call_super, *saves, *writer.without_idle_variables()]
        kept = self._kept_formals(unit, decisions, body, stored)
        channels = self._channel_formals(unit, writer, body, stored)
        methods.append(self._init(unit, kept, channels, body))
        if forward is not None:
            methods.append(forward)
        doc = [docstring(unit.doc, 1)] if unit.doc else []
        definition = ast.ClassDef(name, [py.dotted(base)], [], [*doc, *methods], [])
        return ClassCode(name, kept, channels, self._output(writer), writer.outputs, definition, count)

    def _sequential_body(self, writer: InitWriter, unit: Unit) -> ast.stmt:
        """``super().__init__(modules)``, from one list of arguments or from a list that was filled before."""
        super_init = ast.Attribute(py.call("super"), "__init__", py.LOAD)
        saved = writer._save()
        try:
            collected = Collected()
            writer.body(unit.body, collected)
            return py.expression(py.call(super_init, collected.modules))
        except NotPure:
            writer._restore(saved)
        built = writer.build_up(unit.body, "layers")
        assert isinstance(built, ast.Call)
        return py.expression(py.call(super_init, built.args))

    def _forward(self, unit: Unit, decisions: Decisions) -> tuple[ast.stmt, set[str], int]:
        inputs = [node.name for node in unit.body.nodes if isinstance(node, d.Input)]
        # The first writing finds out which labelled values are needed later.
        first = self._forward_statements(unit, decisions, inputs, None)[0]
        writer, parameters, returns = self._forward_statements(unit, decisions, inputs, frozenset(first.noted))
        arguments = [py.parameter("self"), *parameters]
        function = py.function("forward", arguments, [], writer.statements, returns)
        return function, writer.stored, max(1, len(writer.outputs))

    def _forward_statements(
        self, unit: Unit, decisions: Decisions, inputs: list[str], needed: frozenset[str] | None
    ) -> tuple[ForwardWriter, list[ast.arg], ast.expr]:
        writer = ForwardWriter(decisions, self._notes, needed)
        parameters = writer.start(inputs if unit.is_network else ["x"])
        designs = self._networks.get(unit.key, ())
        writer.statements[:0] = guards(decisions, designs, writer.parameters, writer.written)
        writer.keep = keep_outputs(unit.body)
        writer.body(unit.body)
        return writer, parameters, writer.finish()

    # --- the constructor ------------------------------------------------------------------------------

    def _init(self, unit: Unit, kept: tuple[Formal, ...], channels: tuple[str, ...], body: list[ast.stmt]) -> ast.stmt:
        parameters = [py.parameter("self")]
        parameters += [py.parameter(channel, py.name("int")) for channel in channels]
        parameters += [py.parameter(formal.name, annotation_of(formal)) for formal in kept]
        defaults = [default_of(formal.default) for formal in kept if formal.default is not None]
        return py.function("__init__", parameters, defaults, body, py.constant(None))

    def _kept_formals(
        self, unit: Unit, decisions: Decisions, body: list[ast.stmt], stored: set[str]
    ) -> tuple[Formal, ...]:
        """The parameters that the class still reads, those without a default first."""
        read = _names_read(body) | stored
        kept = [formal for formal in unit.formals if formal.name in read and formal.name not in decisions.bound]
        for parameter in unit.block.parameters if unit.block is not None else ():
            if "block" in str(parameter.kind) and any(formal.name == parameter.name for formal in kept):
                message = f"a parameter of type {parameter.kind} has no counterpart in Python"
                raise Refused(message, parameter.span, "hand each block to a parameter of its own")
        plain = [
            Formal(formal.name, _kind_in(unit, formal), formal.default if _is_plain_default(formal.default) else None)
            for formal in kept
        ]
        return tuple(sorted(plain, key=lambda formal: formal.default is not None))

    def _channel_formals(
        self, unit: Unit, writer: InitWriter, body: list[ast.stmt], stored: set[str]
    ) -> tuple[str, ...]:
        read = _names_read(body) | stored
        if unit.is_network:
            return ()
        names = [IN_CHANNELS] if IN_CHANNELS in read else []
        outside = (f"{name}_channels" for name in unit.outside.sized.values())
        return (*names, *(name for name in outside if name in read))

    def _output(self, writer: InitWriter) -> Expr | None:
        """What the class hands on, with running counts replaced by what they come to: its first output flows on."""
        if writer.outputs:
            return next(iter(writer.outputs.values()))
        return writer.closed_form_of(writer.flow.channels)


def _telling_parameters(bindings: Sequence[Mapping[str, d.BlockValue]]) -> list[str]:
    """The first parameter whose bound blocks have a name each, else all whose blocks differ in their names."""
    names = {
        parameter: {_bound_name(binding[parameter]) for binding in bindings}
        for parameter in (bindings[0] if bindings else ())
    }
    alone = [parameter for parameter, found in names.items() if len(found) == len(bindings) > 1]
    return alone[:1] or [parameter for parameter, found in names.items() if len(found) > 1]


def _bound_name(value: d.BlockValue) -> str:
    """The class of a bound block, as part of the name of the class that it is bound in."""
    stated = value.target.class_name if isinstance(value.target, d.Block) else None
    return stated or class_name(value.name)


def docstring(text: str, level: int) -> ast.stmt:
    """A docstring statement, its paragraphs filled to the width of a line at this indentation."""
    width = LINE_WIDTH - 4 * level
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    # The quotes before the first line; behind it as well where the whole text might stand on it.
    quotes = 6 if len(paragraphs) == 1 and len(paragraphs[0]) <= width - 3 else 3
    filled = ["\n".join(textwrap.wrap(part, width - quotes * (index == 0))) for index, part in enumerate(paragraphs)]
    return py.expression(ast.Constant(docstring_value("\n\n".join(filled), level)))


def _names_read(statements: list[ast.stmt]) -> set[str]:
    return {
        node.id
        for statement in statements
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }


def _is_plain_default(default: Expr | None) -> bool:
    """Whether a default can stand in a Python signature: it reads no other parameter."""
    return default is not None and not locals_in(default)


def _kind_in(unit: Unit, formal: Formal) -> Kind | None:
    """The kind of a parameter; of one number or one per axis, which of the two it is in this class."""
    if formal.kind is not SIZES:
        return formal.kind
    values = [occurrence.variables.get(formal.name) for occurrence in unit.occurrences]
    lengths = sorted({len(value) for value in values if isinstance(value, tuple)})
    return Kind(" | ".join(["int", *(f"({', '.join(['int'] * length)})" for length in lengths)]), SIZES.accepts)


def annotation_of(formal: Formal) -> ast.expr:
    """The Python type of a parameter: ``[(int, int)]`` is ``list[tuple[int, int]]``.

    A list with a default may be a tuple too: the default is one, as a list would be shared by all calls.
    """
    text = str(formal.kind) if formal.kind is not None else "int"
    annotation = _annotation(text)
    if not text.startswith("[") or formal.default is None:
        return annotation
    any_length = py.tuple_of([_annotation(text[1:-1]), py.constant(...)])  # type: ignore[arg-type]
    return ast.BinOp(annotation, ast.BitOr(), py.subscript(py.name("tuple"), any_length))


def default_of(default: Expr) -> ast.expr:
    """A default value; lists as tuples."""
    written = to_python(default)
    return py.tuple_of(written.elts) if isinstance(written, ast.List) else written


def _annotation(text: str) -> ast.expr:
    if text.startswith("int | "):
        return ast.BinOp(py.name("int"), ast.BitOr(), _annotation(text.removeprefix("int | ")))
    if text.startswith("["):
        return py.subscript(py.name("list"), _annotation(text[1:-1]))
    if text.startswith("("):
        return py.subscript(py.name("tuple"), py.tuple_of([_annotation(part) for part in parts_of(text[1:-1])]))
    return py.name({"string": "str"}.get(text, text))


def parts_of(text: str) -> list[str]:
    """The parts of a tuple type at its top level."""
    parts, depth, start = [], 0, 0
    for index, char in enumerate(text):
        depth += (char in "[(") - (char in "])")
        if char == "," and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    return [*parts, text[start:].strip()]
