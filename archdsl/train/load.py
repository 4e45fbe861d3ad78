"""Networks as ``nn.Module`` instances, built from the generated source."""

from __future__ import annotations

import linecache
from inspect import signature
from types import ModuleType

from archdsl.driver.api import Path, source_with
from archdsl.ir.typed import TypedDesign

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
    source, typed = source_with(path, network, arguments)
    name = typed.design.name
    module = _executed(source, name)
    made = _instance(getattr(module, name), typed)
    weights = sum(weight.numel() for weight in made.parameters())
    if weights != typed.root.body.weights:
        proven = f"{typed.root.body.weights:,} were proven"
        raise AssertionError(f"{name} has {weights:,} weights, but {proven}: please report this fault of archdsl")
    return made


def _executed(source: str, name: str) -> ModuleType:
    """The generated source as a module of its own, with its lines known to tracebacks."""
    file = f"<archdsl {name} {abs(hash(source)):x}>"
    module = ModuleType(f"archdsl.generated.{name}")
    module.__file__ = file
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    # Our own generator's text: allow-listed syntax only, no user text outside escaped literals.
    exec(compile(source, file, "exec"), module.__dict__)  # noqa: S102
    return module


def _instance(factory: object, typed: TypedDesign) -> nn.Module:
    """What the generated class or function makes; a function has the arguments from outside in it already."""
    assert callable(factory)
    taken = signature(factory).parameters
    given = {name: value for name, value in typed.design.overrides if name in taken}
    made = factory(**given)
    assert isinstance(made, nn.Module)
    return made
