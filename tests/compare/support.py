"""Two texts compared, and the modules that the compiler writes for them: the truth about what fits."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from archdsl.codegen import emit
from archdsl.compare.breaking import Break, Category, breaks
from archdsl.compare.difference import Difference, Side, compare
from archdsl.driver.compilation import Compilation
from archdsl.source.loader import MemoryLoader
from tests.networks.support import execute


def side(text: str, network: str | None = None, path: str = "net.arch") -> Side | None:
    """One network of a text; None where it has errors."""
    compilation = Compilation(MemoryLoader({path: text}))
    designs = [each for each in compilation.designs(path) if network in (None, each.name)]
    typed = compilation.typed(path, designs[0]) if designs else None
    if typed is None or not typed.complete or compilation.sink.has_errors:
        return None
    return Side(typed, compilation.sources)


def difference(old: str, new: str, network: str | None = None) -> Difference:
    """Two texts that are in order, compared."""
    before, after = side(old, network, "old.arch"), side(new, network, "new.arch")
    assert before is not None
    assert after is not None
    return compare(before, after)


def found_breaks(old: str, new: str, network: str | None = None) -> list[Break]:
    """What breaks between two texts."""
    return breaks(network or "net", difference(old, new, network))


def categories(old: str, new: str, network: str | None = None) -> set[Category]:
    """The categories of what breaks."""
    return {each.category for each in found_breaks(old, new, network)}


def module(network: Side) -> nn.Module:
    """The generated module with random weights and statistics, for inference."""
    names = execute(emit([network.design]))
    made: nn.Module = names[network.design.design.name]()
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for tensor in made.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape, generator=generator) * 0.5 + 0.1)
    return made.eval()


@dataclass(frozen=True)
class Truth:
    """What torch says about old weights and inputs in the new network."""

    loads: bool
    runs: bool
    """Whether the new network takes the old one's inputs and gives outputs of the same shapes."""
    equal: bool
    """Whether with the old weights all outputs are the same, bit for bit."""


def truth(old: Side, new: Side, size: int) -> Truth:
    """Builds both and tries."""
    before, after = module(old), module(new)
    try:
        after.load_state_dict(before.state_dict(), strict=True)
        loads = True
    except RuntimeError:
        loads = False
    inputs = _inputs(old, size)
    expected = _outputs(before, inputs)
    try:
        actual = _outputs(after, inputs)
    except (RuntimeError, ValueError, TypeError):
        return Truth(loads, False, False)
    runs = [value.shape for value in expected] == [value.shape for value in actual]
    return Truth(loads, runs, loads and runs and all(map(torch.equal, expected, actual)))


def _inputs(network: Side, size: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(3)
    shapes = [
        [2, *(axis if isinstance(axis, int) else size for axis in value.shape[1:])]
        for _, value in network.design.inputs
    ]
    return [torch.rand(shape, generator=generator) for shape in shapes]


def _outputs(made: nn.Module, inputs: list[Tensor]) -> list[Tensor]:
    with torch.no_grad():
        found = made(*inputs)
    return [found] if isinstance(found, Tensor) else list(found)
