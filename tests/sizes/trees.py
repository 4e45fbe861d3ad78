"""Networks as trees that tests build: written as ``.arch`` text for archdsl, and run by real torch without archdsl.

Nothing here knows a shape rule. ``run`` hands real CPU tensors to real torch and adds only what the language demands
beyond it: joins do not broadcast, no value is empty, no maximum is taken of padding alone, stated shapes hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

torch.set_num_threads(1)  # tensors of a few numbers: threads only cost time


class Refused(Exception):
    """The language's own demand is broken; torch's refusals are exceptions of torch."""


REFUSALS = (Refused, RuntimeError, ValueError, IndexError, AssertionError)
"""What ends a run: torch asserts in a few places instead of raising."""

CLASSES = {
    "conv": "Conv",
    "conv_transpose": "ConvTranspose",
    "max_pool": "MaxPool",
    "avg_pool": "AvgPool",
    "adaptive_avg_pool": "AdaptiveAvgPool",
    "adaptive_max_pool": "AdaptiveMaxPool",
    "global_avg_pool": "AdaptiveAvgPool",
    "batch_norm": "BatchNorm",
    "instance_norm": "InstanceNorm",
    "zero_pad": "ZeroPad",
    "crop": "ZeroPad",
}
"""Layers that have a class per rank, with its name before ``1d``."""
PLAIN = {
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "dropout": nn.Dropout,
    "identity": nn.Identity,
    "flatten": nn.Flatten,
}
NAMES = {"kernel": "kernel_size", "ceil": "ceil_mode", "scale": "scale_factor"}
"""torch's names of arguments."""


@dataclass(frozen=True)
class Formula:
    """An argument made of parameters of the block around it, in what `.arch` and Python share: ``k // 2``."""

    text: str

    def value(self, names: Mapping[str, int]) -> object:
        return eval(self.text, {}, dict(names))


@dataclass
class Step:
    """A layer with its arguments; modules are made for the channels that come in, and for what parameters are."""

    op: str
    arguments: dict[str, object] = field(default_factory=dict)
    modules: dict[tuple[object, ...], nn.Module] = field(default_factory=dict, repr=False)

    def text(self) -> str:
        given = ", ".join(f"{name}={_written(value)}" for name, value in self.arguments.items())
        return f"{self.op}({given})" if given else self.op

    def run(self, x: Tensor, labels: dict[str, Tensor], sizes: Mapping[str, int]) -> Tensor:
        given = {
            name: value.value(sizes) if isinstance(value, Formula) else value for name, value in self.arguments.items()
        }
        key = (x.dim(), x.shape[1], *given.values())
        module = self.modules.get(key)
        if module is None:
            module = self.modules.setdefault(key, self._module(x, given).eval())
        result: Tensor = module(x)
        if 0 in result.shape:
            raise Refused("an empty value")
        if self.op == "max_pool" and bool(result.isinf().any()):
            raise Refused("a maximum of nothing")
        return result

    def _module(self, x: Tensor, arguments: Mapping[str, object]) -> nn.Module:
        op, given = self.op, {NAMES.get(name, name): value for name, value in arguments.items()}
        if op in PLAIN:
            return PLAIN[op]()
        channels = int(x.shape[1])
        if op == "linear":
            return nn.Linear(x.shape[-1], int(given["features"]))  # type: ignore[call-overload, no-any-return]
        if op == "group_norm":
            return nn.GroupNorm(given["groups"], channels)  # type: ignore[arg-type]
        if op == "local_response_norm":
            return nn.LocalResponseNorm(given["size"])  # type: ignore[arg-type]
        if op == "upsample":
            return nn.Upsample(**given)  # type: ignore[arg-type]
        if op in ("pixel_shuffle", "pixel_unshuffle"):
            return (nn.PixelShuffle if op == "pixel_shuffle" else nn.PixelUnshuffle)(given["factor"])  # type: ignore[arg-type]
        cls = getattr(nn, f"{CLASSES[op]}{x.dim() - 2}d")
        if op in ("batch_norm", "instance_norm"):
            return cls(channels)  # type: ignore[no-any-return]
        if op == "global_avg_pool":
            return cls(1)  # type: ignore[no-any-return]
        if op == "crop":
            return cls(-given["margin"])  # type: ignore[operator, no-any-return]
        if op.startswith("adaptive"):
            return cls(given["size"])  # type: ignore[no-any-return]
        if op in ("conv", "conv_transpose"):
            return cls(channels, given.pop("channels"), **given)  # type: ignore[no-any-return]
        return cls(**given)  # type: ignore[no-any-return]


@dataclass
class Chain:
    """Steps one after the other."""

    steps: list[Node]

    def text(self) -> str:
        return " -> ".join(step.text() for step in self.steps)

    def run(self, x: Tensor, labels: dict[str, Tensor], sizes: Mapping[str, int]) -> Tensor:
        for step in self.steps:
            x = step.run(x, labels, sizes)
        return x


@dataclass
class Labelled:
    """A step that later ones can refer to."""

    label: str
    step: Node

    def text(self) -> str:
        return f"{self.label}: {self.step.text()}"

    def run(self, x: Tensor, labels: dict[str, Tensor], sizes: Mapping[str, int]) -> Tensor:
        labels[self.label] = self.step.run(x, labels, sizes)
        return labels[self.label]


@dataclass
class Refer:
    """An earlier value."""

    label: str

    def text(self) -> str:
        return self.label

    def run(self, x: Tensor, labels: dict[str, Tensor], sizes: Mapping[str, int]) -> Tensor:
        return labels[self.label]


@dataclass
class Join:
    """Paths joined by ``add``, ``mul``, ``concat`` (along ``axis``) or ``scale``."""

    op: str
    paths: list[Node]
    axis: int = 1

    def text(self) -> str:
        name = f"concat(axis={self.axis})" if self.op == "concat" and self.axis != 1 else self.op
        return f"{name} {{ {'; '.join(path.text() for path in self.paths)} }}"

    def run(self, x: Tensor, labels: dict[str, Tensor], sizes: Mapping[str, int]) -> Tensor:
        values = [path.run(x, labels, sizes) for path in self.paths]
        if self.op == "concat":
            return torch.cat(values, dim=self.axis)
        first, second = values[0], values[-1]
        if self.op == "scale":
            if second.shape != (*first.shape[:2], *(1 for _ in first.shape[2:])):
                raise Refused("no gate")
            return first * second
        if any(value.shape != first.shape for value in values):
            raise Refused("shapes differ")
        return first + second if self.op == "add" else first * second


@dataclass
class Repeat:
    """A body several times over."""

    count: int
    body: Chain

    def text(self) -> str:
        return f"repeat {self.count} {{ {self.body.text()} }}"

    def run(self, x: Tensor, labels: dict[str, Tensor], sizes: Mapping[str, int]) -> Tensor:
        for _ in range(self.count):
            x = self.body.run(x, labels, sizes)
        return x


@dataclass
class For:
    """A body once for each value of a variable."""

    variable: str
    values: list[int]
    body: Chain

    def text(self) -> str:
        return f"for {self.variable} in [{', '.join(map(str, self.values))}] {{ {self.body.text()} }}"

    def run(self, x: Tensor, labels: dict[str, Tensor], sizes: Mapping[str, int]) -> Tensor:
        for value in self.values:
            x = self.body.run(x, labels, {**sizes, self.variable: value})
        return x


@dataclass
class Use:
    """A block applied; blocks are shared, so that the check reuses their instances."""

    name: str
    body: Chain
    arguments: dict[str, int] = field(default_factory=dict)

    def text(self) -> str:
        given = ", ".join(f"{name}={value}" for name, value in self.arguments.items())
        return f"{self.name}({given})" if given else self.name

    def run(self, x: Tensor, labels: dict[str, Tensor], sizes: Mapping[str, int]) -> Tensor:
        return self.body.run(x, {}, {**sizes, **self.arguments})


@dataclass
class Block:
    """The definition of a block."""

    body: Chain
    parameters: tuple[str, ...] = ()

    def text(self, name: str) -> str:
        parameters = ", ".join(f"{parameter}: int" for parameter in self.parameters)
        return f"block {name}({parameters}) {{\n    {self.body.text()}\n}}\n"


@dataclass
class Stated:
    """A shape step: ``None`` is ``_``, text is an expression of the open sizes."""

    shape: tuple[int | str | None, ...]

    def text(self) -> str:
        return f"[N, {', '.join('_' if size is None else str(size) for size in self.shape)}]"

    def run(self, x: Tensor, labels: dict[str, Tensor], sizes: Mapping[str, int]) -> Tensor:
        for stated, real in zip(self.shape, x.shape[1:], strict=True):
            if stated is not None and eval(str(stated), {}, dict(sizes)) != real:
                raise Refused("another shape is stated")
        return x


Node = Step | Chain | Labelled | Refer | Join | Repeat | For | Use | Stated


@dataclass
class Network:
    """One input, steps, and the blocks that they use."""

    input: tuple[int | str, ...]
    """Channels and spatial sizes; text is an open one."""
    steps: list[Node]
    blocks: dict[str, Block] = field(default_factory=dict)

    @property
    def symbols(self) -> list[str]:
        return list(dict.fromkeys(size for size in self.input if isinstance(size, str)))

    def text(self) -> str:
        """The network as ``.arch`` text."""
        blocks = [block.text(name) for name, block in self.blocks.items()]
        steps = "".join(f"    {step.text()}\n" for step in self.steps)
        shape = ", ".join(map(str, self.input))
        result = ", ".join("_" for _ in self.input) if not self._is_flat else "_"
        head = f"network n() {{\n    input image: [N, {shape}]\n"
        return "\n".join([*blocks, f"{head}{steps}    output y: [N, {result}]\n}}\n"])

    @property
    def _is_flat(self) -> bool:
        return any(isinstance(step, Step) and step.op == "flatten" for step in self.steps)

    def run(self, sizes: Mapping[str, int]) -> tuple[int, ...] | None:
        """The shape that real torch gives for a batch of one sample; None where it refuses, or the language does."""
        x = torch.zeros(1, *(size if isinstance(size, int) else sizes[size] for size in self.input))
        try:
            with torch.no_grad():
                return tuple(Chain(self.steps).run(x, {}, sizes).shape)
        except REFUSALS:
            return None


def _written(value: object) -> str:
    if isinstance(value, Formula):
        return value.text
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    return str(value)
