"""Networks as ``nn.Module`` instances, built from the generated source."""

from __future__ import annotations

import linecache
from collections.abc import Mapping
from inspect import signature
from types import ModuleType

from archdsl.driver.api import Path, build

try:
    from torch import nn
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("archdsl.load needs PyTorch: pip install 'archdsl[torch]'", name=error.name) from error


def load(path: Path, network: str | None = None, **arguments: object) -> nn.Module:
    """A network of a file as an ``nn.Module`` with fresh weights, in training mode, as PyTorch makes them.

    ``network`` may be left out where the file has only one. ``arguments`` are the network's parameters, as in
    ``archdsl.load("specs/resnet.arch", "resnet18", classes=10)``; shapes are checked with them. What runs is
    the very source that ``archdsl.compile`` gives.

    :raises ArchError: if the specification has errors with these arguments.
    :raises LookupError: if there is no such network.
    :raises TypeError: if it has no such parameter.
    :raises OSError: if the file cannot be read.
    """
    built = build(path, network, arguments)
    typed = built.typed
    name = typed.design.name
    module = executed(built.source, name)
    made = instance(getattr(module, name), dict(typed.design.overrides))
    weights = sum(weight.numel() for weight in made.parameters())
    if weights != typed.root.body.weights:
        proven = f"{typed.root.body.weights:,} were proven"
        raise AssertionError(f"{name} has {weights:,} weights, but {proven}: please report this fault of archdsl")
    return made


def executed(source: str, name: str, file: str | None = None) -> ModuleType:
    """Generated source as a module of its own, with its lines known to tracebacks; ``file`` is where it lies."""
    place = file or f"<archdsl {name} {abs(hash(source)):x}>"
    module = ModuleType(f"archdsl.generated.{name}")
    module.__file__ = place
    linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
    # Our own generator's text: allow-listed syntax only, no user text outside escaped literals.
    exec(compile(source, place, "exec"), module.__dict__)  # noqa: S102
    return module


def instance(factory: object, arguments: Mapping[str, object]) -> nn.Module:
    """What a generated class or function makes; a function may have the arguments from outside in it already."""
    assert callable(factory)
    taken = signature(factory).parameters
    made = factory(**{name: value for name, value in arguments.items() if name in taken})
    assert isinstance(made, nn.Module)
    return made
