"""The lists of reserved names are those of the Python and the torch that generated files run on."""

from __future__ import annotations

import builtins
import keyword

import pytest
from torch import nn

from archdsl.ir.reserved import (
    BUILTINS,
    GENERATED,
    MODULE_MEMBERS,
    PYTHON_KEYWORDS,
    why_reserved,
    why_reserved_parameter,
)


def test_keywords_are_pythons() -> None:
    soft = {word for word in keyword.softkwlist if word != "_"}
    assert set(keyword.kwlist) | soft - {"type"} == PYTHON_KEYWORDS
    assert "type" in MODULE_MEMBERS | PYTHON_KEYWORDS


def test_members_are_torchs() -> None:
    public = {name for name in dir(nn.Module()) if not name.startswith("_")}
    assert public <= MODULE_MEMBERS | GENERATED
    # Names of other torch versions stay reserved; `T_destination` and the like are no attributes of every one.
    assert {name for name in MODULE_MEMBERS if hasattr(nn.Module, name)} >= public - {"training"} - GENERATED


def test_builtins_are_pythons() -> None:
    assert all(hasattr(builtins, name) for name in BUILTINS)


@pytest.mark.parametrize(
    "name", ["for", "train", "to", "self", "F", "x", "", "_a", "1a", "a-b", "a" * 65, "größe", "a\n"]
)
def test_names_that_no_module_may_have(name: str) -> None:
    assert why_reserved(name)


@pytest.mark.parametrize("name", ["conv", "layer1", "a" * 64, "Conv", "half_size", "in_", "input", "block"])
def test_names_that_are_free(name: str) -> None:
    assert why_reserved(name) is None


@pytest.mark.parametrize(
    ("name", "free"), [("range", False), ("len", False), ("self", False), ("train", True), ("stride", True)]
)
def test_parameters_hide_nothing_that_is_called(name: str, free: bool) -> None:
    assert (why_reserved_parameter(name) is None) == free
