"""What a network costs: weights, buffers, multiply-adds and layers, summed without writing repetitions out."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from archdsl.ir import typed as t
from archdsl.ir.amount import Amount, product
from archdsl.ir.types import TensorType
from archdsl.ops import REGISTRY
from archdsl.ops.base import Call
from archdsl.ops.memory import Storage
from archdsl.ops.rules import OpenSize


@dataclass(frozen=True, slots=True)
class Costs:
    """The sums of one part of a network.

    ``weights`` and ``buffers`` count single values, ``macs`` multiply-adds for one sample (as half of
    ``torch.utils.flop_counter``), ``activations`` the values that the outputs of layers take for one sample in
    inference (an output that lies where its input lies takes none). Where sizes are open the last two are formulas;
    None where there is none. What runs in training only counts in ``weights``, ``buffers`` and ``layers``, and its
    weights once more in ``training_weights``, but not in ``macs`` and ``activations``.
    """

    weights: int = 0
    buffers: int = 0
    macs: Amount | None = 0
    activations: Amount = 0
    layers: int = 0
    training_weights: int = 0

    @property
    def flops(self) -> Amount | None:
        """As ``torch.utils.flop_counter`` counts: 2 for each multiply-add."""
        return None if self.macs is None else self.macs * 2

    def __add__(self, other: Costs) -> Costs:
        return Costs(
            self.weights + other.weights,
            self.buffers + other.buffers,
            None if self.macs is None or other.macs is None else self.macs + other.macs,
            self.activations + other.activations,
            self.layers + other.layers,
            self.training_weights + other.training_weights,
        )

    def __mul__(self, count: int) -> Costs:
        return Costs(
            self.weights * count,
            self.buffers * count,
            None if self.macs is None else self.macs * count,
            self.activations * count,
            self.layers * count,
            self.training_weights * count,
        )

    def in_training_only(self) -> Costs:
        """The same part as a branch that inference leaves out."""
        return Costs(self.weights, self.buffers, 0, 0, self.layers, self.weights)


class CostTable:
    """The costs of the parts of one network; a block instance is summed once, however often it is applied."""

    def __init__(self) -> None:
        self._instances: dict[t.BlockInstance, Costs] = {}
        # By identity: a node lives as long as its network, and comparing nodes would walk them.
        self._layers: dict[int, Costs] = {}

    def body(self, body: t.TypedBody) -> Costs:
        """The sum over the nodes of a body."""
        return sum((self.node(node) for node in body.nodes), Costs())

    def node(self, node: t.TypedNode) -> Costs:
        """What a node adds, everything inside it included."""
        match node:
            case t.TypedLayer():
                return self.layer(node)
            case t.TypedMerge(paths=paths):
                return sum((self.body(path) for path in paths), self.layer(node))
            case t.TypedApply(instance=instance):
                return self.instance(instance)
            case t.TypedInline(body=body) | t.TypedGroup(body=body) | t.TypedChoice(body=body):
                return self.body(body)
            case t.TypedLoop(turns=turns):
                return sum((self.body(turn.body) * turn.count for turn in turns), Costs())
            case t.TypedOutput(body=t.TypedBody() as body):
                costs = self.body(body)
                return costs.in_training_only() if node.node.when is not None else costs
        return Costs()

    def layer(self, node: t.TypedLayer | t.TypedMerge) -> Costs:
        """What one layer costs, or a join without its paths."""
        known = self._layers.get(id(node))
        if known is None:
            known = self._layers.setdefault(id(node), _layer_costs(node))
        return known

    def instance(self, instance: t.BlockInstance) -> Costs:
        """What one application of a block costs."""
        known = self._instances.get(instance)
        if known is None:
            known = self._instances.setdefault(instance, self.body(instance.body))
        return known


def _layer_costs(node: t.TypedLayer | t.TypedMerge) -> Costs:
    if node.output is None:
        return Costs(macs=None, layers=1)
    call = call_of(node)
    weights = sum(prod(shape) for shape in call.op.weights(call).values())
    buffers = sum(prod(shape) for shape in call.op.buffers(call).values())
    return Costs(weights, buffers, layer_macs(call, node.output), _allocated(call, node.output), 1)


def _allocated(call: Call, output: TensorType) -> Amount:
    """The values of an output for one sample; none where it lies in its input's memory."""
    if call.op.stored(call, training=False) is not Storage.OWN:
        return 0
    batch = output.shape[0]
    return product((batch if isinstance(batch, int) else batch.evaluate(1), *output.shape[1:]))


def call_of(node: t.TypedLayer | t.TypedMerge) -> Call:
    """A layer or join as its rules take it."""
    if isinstance(node, t.TypedLayer):
        return Call(REGISTRY[node.op], node.arguments, node.inputs)
    inputs = tuple(path.output for path in node.paths if path.output is not None)
    return Call(REGISTRY[node.node.op], node.arguments, inputs)


def layer_macs(call: Call, output: TensorType) -> Amount | None:
    """Multiply-adds of one layer for one sample; None where sizes are open and the layer knows no formula."""
    try:
        return call.op.macs(call, output)
    except OpenSize:
        return None


def is_weighted(call: Call, output: TensorType | None) -> bool:
    """Whether a layer counts for the depth of a network: convolutions and linear layers do, norms do not.

    What tells them apart is a weight that connects inputs with outputs, a tensor of two or more axes. A trained tensor
    that is only added or multiplied has no name of its own in ``weights`` and connects nothing.
    """
    return output is not None and any(name and len(shape) >= 2 for name, shape in call.op.weights(call).items())
