"""Runs a checked network without the generator: walks the TypedDesign and calls real torch layers.

It shares no code with ``archdsl.codegen``. Modules are made from the ``to_torch`` descriptions and kept
under the paths that ``analysis.flatten`` gives, so that a ``state_dict`` of generated code loads if the
two agree on every name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from archdsl.analysis.flatten import FlatLayer, bind_turn, flatten, label_text
from archdsl.ir import typed as t
from archdsl.ir.dim import Dim
from archdsl.ir.kinds import Value
from archdsl.ir.types import TensorType
from archdsl.ops import REGISTRY
from archdsl.ops.base import Call
from tests.ops.support import build as build_layer


@dataclass
class _Frame:
    """One block being run."""

    variables: dict[str, Value]
    x: Tensor | None
    labels: dict[str, Tensor] = field(default_factory=dict)
    ports: dict[str, dict[str, Tensor]] = field(default_factory=dict)


class Interpreter(nn.Module):
    """The network as its TypedDesign says; ``training_outputs`` chooses the outputs that training adds."""

    def __init__(self, design: t.TypedDesign) -> None:
        super().__init__()
        self._design = design
        self._by_path = nn.ModuleDict()
        for layer in flatten(design):
            key = layer.path.replace(".", "/")
            if layer.is_module and key not in self._by_path:
                self._by_path[key] = _make(layer)

    def load(self, weights: dict[str, Tensor]) -> None:
        """Takes a ``state_dict`` with dotted paths; every key has to be there and nothing else."""
        mine = self.state_dict()
        translated = {}
        for key, value in weights.items():
            path, _, tensor = key.rpartition(".")
            name = f"_by_path.{path.replace('.', '/')}.{tensor}"
            # A layer that is a trained tensor is one key; here it is a module with one tensor.
            translated[name if name in mine else f"_by_path.{key.replace('.', '/')}.value"] = value
        assert set(translated) == set(mine), sorted(set(translated) ^ set(mine))[:6]
        self.load_state_dict(translated)

    def forward(self, *inputs: Tensor) -> dict[str, Tensor]:
        """All outputs by name."""
        self._layers = flatten(self._design)
        frame = _Frame(dict(self._design.root.arguments), inputs[0])
        for (name, _), tensor in zip(self._design.inputs, inputs, strict=True):
            frame.labels[name] = tensor
        outputs: dict[str, Tensor] = {}
        self._body(self._design.root.body, frame, inputs[0], outputs)
        assert next(self._layers, None) is None
        return outputs

    def _body(self, body: t.TypedBody, frame: _Frame, x: Tensor, outputs: dict[str, Tensor]) -> Tensor:
        for node in body.nodes:
            x = self._node(node, frame, x, outputs)
            label = getattr(node.node, "label", None)
            if label is not None:
                frame.labels[label_text(label, frame.variables)] = x
        return x

    def _node(self, node: t.TypedNode, frame: _Frame, x: Tensor, outputs: dict[str, Tensor]) -> Tensor:
        match node:
            case t.TypedLayer():
                return self._run(next(self._layers), x)
            case t.TypedMerge(paths=paths):
                values = [self._body(path, frame, x, outputs) for path in paths]
                return self._run(next(self._layers), *values)
            case t.TypedApply(instance=instance):
                return self._block(node, instance, frame, x)
            case t.TypedInline(arguments=arguments, body=inner):
                return self._body(inner, _Frame(dict(arguments), x), x, outputs)
            case t.TypedGroup(body=inner) | t.TypedChoice(body=inner):
                labels = frame.labels
                if getattr(node.node, "label", None) is not None:
                    frame.labels = dict(labels)  # a module of its own keeps its labels to itself
                x = self._body(inner, frame, x, outputs)
                frame.labels = labels
                return x
            case t.TypedLoop(turns=turns):
                for turn in turns:
                    for index in range(turn.first, turn.first + turn.count):
                        bind_turn(node, index, frame.variables)
                        x = self._body(turn.body, frame, x, outputs)
                return x
            case t.TypedLet(values=values):
                frame.variables.update(zip(node.node.names, values, strict=True))
            case t.TypedRefer(label=label):
                output = getattr(node.node, "output", None)
                if output is not None:
                    return frame.ports[label][output]
                assert label != "x" or frame.x is not None
                return frame.x if label == "x" else frame.labels[label]  # type: ignore[return-value]
            case t.TypedOutput(body=inner):
                outputs[node.node.name] = self._body(inner, frame, x, outputs) if inner is not None else x
        return x

    def _block(self, node: t.TypedApply, instance: t.BlockInstance, frame: _Frame, x: Tensor) -> Tensor:
        inner = _Frame(dict(instance.arguments), x)
        for name, label in zip(instance.block.tensor_parameters, node.tensors, strict=True):
            inner.labels[name] = frame.x if label == "x" else frame.labels[label]  # type: ignore[assignment]
        ports: dict[str, Tensor] = {}
        result = self._body(instance.body, inner, x, ports)
        if node.node.label is not None and ports:
            frame.ports[label_text(node.node.label, frame.variables)] = ports
        return next(iter(ports.values())) if ports else result

    def _run(self, layer: FlatLayer, *operands: Tensor) -> Tensor:
        assert layer.output is not None
        fixed = list(layer.output.shape)
        key = layer.path.replace(".", "/")
        module = self._by_path[key] if layer.is_module else _make(layer)
        result: Tensor = module(*operands)
        for size, real in zip(fixed, result.shape, strict=True):
            assert isinstance(size, Dim) or size == real, f"{layer.path}: {layer.output} but torch gives {result.shape}"
        return result


def _make(layer: FlatLayer) -> nn.Module:
    op = REGISTRY[layer.op]
    call = Call(op, layer.arguments, layer.inputs)
    form = op.to_torch(call)
    return build_layer(form, call) if form is not None else nn.Identity()


def input_shapes(design: t.TypedDesign, batch: int, **sizes: int) -> Iterator[tuple[int, ...]]:
    """A shape for each input with the open sizes filled in."""
    for _, type_ in design.inputs:
        yield tuple(_size(size, batch, sizes) for size in type_.shape)


def _size(size: int | Dim, batch: int, sizes: dict[str, int]) -> int:
    if isinstance(size, int):
        return size
    return batch if size.symbol_name == "N" else size.evaluate(sizes[size.symbol_name])


def random_inputs(design: t.TypedDesign, batch: int = 2, seed: int = 0, **sizes: int) -> list[Tensor]:
    """Random tensors for every input."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator) for shape in input_shapes(design, batch, **sizes)]


__all__ = ["Interpreter", "TensorType", "random_inputs"]
