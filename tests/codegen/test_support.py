"""The definitions that generated files carry: allowed, documented, short, and there exactly where they are used."""

from __future__ import annotations

import ast

import pytest

from archdsl.codegen.naming import Names
from archdsl.codegen.printer import LINE_WIDTH, Notes, print_module
from archdsl.codegen.printer_allowed import check_allowed
from archdsl.codegen.support import DEFINITIONS, definitions_for
from archdsl.ops import REGISTRY
from archdsl.ops.base import Call
from archdsl.ops.form import TorchFunction, TorchModule
from tests.ops.support import evaluate


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_definition_is_allowed_documented_and_short(name: str) -> None:
    tree = ast.parse(DEFINITIONS[name])
    check_allowed(tree)
    (definition,) = tree.body
    assert isinstance(definition, ast.ClassDef | ast.FunctionDef) and definition.name == name
    assert ast.get_docstring(definition)
    assert max(map(len, print_module(tree, Notes("")).splitlines())) <= LINE_WIDTH


def carried_names(call: Call) -> set[str]:
    """The classes without ``nn.`` that a layer names."""
    form = call.op.to_torch(call)
    modules = [form, form.module if isinstance(form, TorchFunction) else None]
    names = {module.name for module in modules if isinstance(module, TorchModule)}
    return {name for name in names if not name.startswith("nn.")}


def test_every_class_that_a_layer_names_is_there_and_none_is_idle() -> None:
    named: set[str] = set()
    for op in REGISTRY.values():
        for example in op.examples:
            named |= carried_names(evaluate(op.name, *example.inputs, **example.arguments).call)
    classes = {name for name, text in DEFINITIONS.items() if text.lstrip().startswith("class")}
    assert named <= classes
    needed = {node.name for node in definitions_for(ast.parse(" + ".join(sorted(named))).body)}  # type: ignore[attr-defined]
    assert needed >= classes


def test_only_what_is_read_is_carried_in_a_fixed_order() -> None:
    found = definitions_for(ast.parse("x = TakeChannels(1, 2)\ny = round_to(7, 8)").body)
    assert [node.name for node in found] == ["round_to", "TakeChannels"]  # type: ignore[attr-defined]
    assert definitions_for(ast.parse("x = nn.ReLU()").body) == []


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_block_of_that_name_gets_another_one(name: str) -> None:
    assert Names().take(name) == f"{name}2"
