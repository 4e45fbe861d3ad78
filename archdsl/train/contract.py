"""Checks that network, data and recipe fit each other: every disagreement is a finding, before anything is started."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from archdsl.analysis.flatten import FlatLayer, flatten
from archdsl.diagnostics.diagnostic import Diagnostic, Help, Label
from archdsl.documents.recipe import Recipe
from archdsl.driver.recipe import WrittenRecipe
from archdsl.driver.sizes import verdict_at
from archdsl.ir.design import Input, Output
from archdsl.ir.typed import TypedDesign
from archdsl.ir.types import TensorType
from archdsl.source.span import Span
from archdsl.train.data.samples import Declaration
from archdsl.train.fit import Pair, image_input, logits, sizes_of, stated_size, target_size

TRANSPARENT = {"dropout", "flatten", "identity"}
"""Layers behind which a softmax is still a softmax."""


@dataclass(frozen=True, slots=True)
class Parties:
    """Who has to agree. ``counts`` are the samples for training and for validation, ``processes`` those of the run."""

    typed: TypedDesign
    recipe: Recipe
    written: WrittenRecipe
    declared: Declaration
    counts: Pair
    processes: int = 1

    def place(self, *setting: str) -> Span | None:
        """Where a setting is written."""
        return self.written.span(*setting)

    def input_span(self, axis: int | None = None) -> Span:
        """The input in the spec, or the size along one of its axes."""
        nodes = [node for node in self.typed.design.network.body.nodes if isinstance(node, Input)]
        if not nodes:
            return self.typed.design.name_span
        return nodes[0].span if axis is None else nodes[0].shape.spans[axis]

    def output_span(self, name: str) -> Span:
        """The number of features that an output states, or the output."""
        for node in self.typed.design.network.body.nodes:
            if isinstance(node, Output) and node.name == name:
                return node.shape.spans[1] if node.shape is not None and len(node.shape.spans) > 1 else node.span
        return self.typed.design.name_span


def check_contract(parties: Parties) -> Iterator[Diagnostic]:
    """Every disagreement, in the order of the data: input, output, loss, batch."""
    image = image_input(parties.typed)
    if image is None:
        yield _no_image(parties)
    else:
        yield from channels_agree(parties, image)
        yield from size_is_accepted(parties, image)
    found = logits(parties.typed)
    if found is None:
        yield _no_logits(parties)
    else:
        yield from classes_agree(parties, *found)
        yield from loss_takes_the_output(parties)
    yield from loss_takes_the_labels(parties)
    yield from normalisation_fits(parties)
    yield from batch_can_be_divided(parties)
    yield from strategy_keeps_averages(parties)
    yield from loggers_are_installed(parties)
    if image is not None:
        yield from batch_norm_has_values(parties, image)


# --- the input --------------------------------------------------------------------------------------------------------


def _no_image(parties: Parties) -> Diagnostic:
    shapes = ", ".join(f"`{name}`: {value}" for name, value in parties.typed.inputs)
    message = f"`{parties.typed.design.name}` cannot be trained on images: its inputs are {shapes}"
    return Diagnostic("E0811", message, parties.input_span(), "one input N x C x H x W with fixed channels is needed")


def channels_agree(parties: Parties, image: TensorType) -> Iterator[Diagnostic]:
    """One channel is repeated, colour becomes grey where the recipe says so, anything else has to be equal."""
    wanted, given, stated = image.channels, parties.declared.channels, parties.recipe.data.channels
    made = given if stated == "auto" and given != 1 else wanted if stated == "auto" else stated
    if made == wanted and (given in (1, wanted) or wanted == 1):
        return
    place = parties.place("data", "channels") or parties.place("data", "source")
    label = Label(parties.input_span(1), f"the network takes {wanted}")
    source = parties.recipe.data.source
    if made != wanted and isinstance(made, int):
        message = f"samples with {_count(made, 'channel')} for a network that takes {wanted}"
        grey = "`data.channels = 1` makes them grey" if wanted == 1 else None
        help = "leave `data.channels` out: a single channel is repeated as needed" if given == 1 else grey
    else:
        message = f"`{source}` has {given} channels, which cannot be turned into {wanted}"
        help = None
    yield _finding("E0805", message, place, label, help)


def size_is_accepted(parties: Parties, image: TensorType) -> Iterator[Diagnostic]:
    """The size of the samples is one that the network is proven to accept."""
    typed, stated = parties.typed, stated_size(parties.recipe)
    height, width = stated or target_size(typed, image, parties.declared.size)
    place = parties.place("data", "size")
    for axis, (size, pixels) in enumerate(zip(image.spatial, (height, width), strict=True), 2):
        if isinstance(size, int) and size != pixels:
            label = Label(parties.input_span(axis), f"the network takes {size}")
            message = f"samples of {height} x {width} pixels for a network that takes {image}"
            yield _finding("E0806", message, place, label, f"`data.size = {size}`, or leave it out")
            return
    open_sizes = sizes_of(image, (height, width))
    if len(image.spatial) == 2 and image.spatial[0] == image.spatial[1] and height != width:
        label = Label(parties.input_span(), "height and width are one size here")
        yield _finding("E0806", f"samples of {height} x {width} pixels for a square input", place, label)
        return
    verdict = verdict_at(typed.design, typed, open_sizes)
    if verdict.finding is None:
        return
    label = Label(verdict.finding.span, verdict.finding.message)
    above = [near for _, near in verdict.nearest.values() if near is not None]
    help = f"`data.size = {max(above)}` is accepted, and `archdsl sizes` shows what else" if above else None
    message = f"`{typed.design.name}` does not accept samples of {height} x {width} pixels"
    yield _finding("E0806", message, place, label, help)


# --- the output and the loss ------------------------------------------------------------------------------------------


def _no_logits(parties: Parties) -> Diagnostic:
    outputs = [(name, value) for name, value, when in parties.typed.outputs if when is None]
    shapes = ", ".join(f"`{name}`: {value}" for name, value in outputs)
    message = f"`{parties.typed.design.name}` cannot be trained to tell classes: its outputs are {shapes}"
    return Diagnostic("E0811", message, parties.output_span(outputs[0][0]), "one output N x classes is needed")


def classes_agree(parties: Parties, name: str, value: TensorType) -> Iterator[Diagnostic]:
    """The network's output has one number for each class."""
    classes, wanted = value.channels, len(parties.declared.classes)
    if classes == wanted:
        return
    place = parties.place("network", "arguments") or parties.output_span(name)
    source = f"`{parties.recipe.data.source}` has {_count(wanted, 'class', 'es')}"
    label = Label(parties.output_span(name), f"`{name}` is {value}")
    if classes == 1 and parties.recipe.loss.name == "cross_entropy":
        message = "cross-entropy over a single output is 0 whatever the network says"
        help = f"give the network {wanted} outputs; {wanted} classes need {wanted} numbers"
        yield _finding("E0808", message, place, label, help, notes=(source,))
        return
    given = parties.place("network", "arguments", "classes") is not None
    help = "leave `classes` out: it follows the data" if given else f"give the network {wanted} outputs"
    yield _finding("E0807", f"`{name}` has {classes} numbers, but {source}", place, label, help)


def loss_takes_the_output(parties: Parties) -> Iterator[Diagnostic]:
    """Cross-entropy has a softmax of its own: behind another one, gradients all but vanish."""
    if parties.recipe.loss.name != "cross_entropy":
        return
    last = _last_layer(parties.typed)
    if last is None or last.op != "softmax":
        return
    place = parties.place("loss", "name")
    message = "the network ends in softmax, which cross-entropy applies once more"
    yield _finding("E0810", message, place, Label(last.span, "softmax"), "take this `softmax` out of the network")


def loss_takes_the_labels(parties: Parties) -> Iterator[Diagnostic]:
    """What the loss compares with is what the data give."""
    loss, labels = parties.recipe.loss, parties.declared.labels
    place = parties.place("loss", "targets") or parties.place("loss", "name") or parties.place("data", "source")
    source = f"`{parties.recipe.data.source}`"
    if loss.name == "mse" or (loss.targets == "probabilities" and labels == "one_hot"):
        return  # an index has exactly one one-hot form
    if loss.targets == "probabilities" and loss.name == "cross_entropy":
        message = f"the loss takes a probability per class, but {source} gives class numbers"
        yield _at_recipe(parties, "E0809", message, place, 'leave `targets` out: its default is "index"')
    elif labels == "one_hot":
        message = f"`{loss.name}` takes class numbers, but {source} gives one value per class"
        help = 'give the class\'s number as label, or (for probabilities) set `loss.targets = "probabilities"`'
        yield _at_recipe(parties, "E0809", message, place, help)


def _last_layer(typed: TypedDesign) -> FlatLayer | None:
    """The last layer that changes values on the way to the output of inference."""
    layers = [layer for layer in flatten(typed) if layer.when is None and layer.op not in TRANSPARENT]
    return layers[-1] if layers else None


# --- the batch --------------------------------------------------------------------------------------------------------


def normalisation_fits(parties: Parties) -> Iterator[Diagnostic]:
    """``mean`` and ``std`` have one number for each channel of the network's input."""
    image = image_input(parties.typed)
    for name in ("mean", "std"):
        values = getattr(parties.recipe.data, name)
        if image is not None and values != "auto" and len(values) not in (1, image.channels):
            message = f"`data.{name}` has {_count(len(values), 'number')} for {image.channels} channels"
            yield _at_recipe(parties, "E0803", message, parties.place("data", name))


def batch_can_be_divided(parties: Parties) -> Iterator[Diagnostic]:
    """A batch has samples enough in the data set, and equal parts for processes and micro-batches."""
    recipe, count = parties.recipe, parties.counts[0]
    if recipe.batch > count:
        message = f"a batch of {recipe.batch:,} samples, but there are {count:,} for training"
        yield _at_recipe(parties, "E0812", message, parties.place("batch"), f"`batch = {count}` or less")
    parts = recipe.accumulate * parties.processes
    if recipe.batch % parts:
        among = f"{parties.processes} processes with {recipe.accumulate} micro-batches each"
        message = f"a batch of {recipe.batch:,} samples cannot be divided among {among}"
        yield _at_recipe(parties, "E0812", message, parties.place("accumulate") or parties.place("batch"))


def strategy_keeps_averages(parties: Parties) -> Iterator[Diagnostic]:
    """Averaged weights and the scaler of fp16 are not sharded."""
    recipe = parties.recipe
    if recipe.strategy != "fsdp":
        return
    for name, wanted in (("ema", recipe.ema > 0), ("precision", recipe.precision == "fp16")):
        if wanted:
            message = f"`{name} = {getattr(recipe, name)}` cannot be used with `strategy = fsdp`"
            yield _at_recipe(parties, "E0803", message, parties.place(name), "leave it out, or use `ddp`")


def loggers_are_installed(parties: Parties) -> Iterator[Diagnostic]:
    """Programs that a recipe names are there before the run begins, not missed behind its first epoch."""
    for name in parties.recipe.loggers:
        if find_spec(name) is None:
            message = f"the logger `{name}` is not installed"
            yield _at_recipe(parties, "E0803", message, parties.place("loggers"), f"pip install {name}")


def batch_norm_has_values(parties: Parties, image: TensorType) -> Iterator[Diagnostic]:
    """Batch norm averages over more than one sample."""
    recipe = parties.recipe
    if recipe.batch // (recipe.accumulate * parties.processes) != 1:
        return
    layers = [layer for layer in flatten(parties.typed) if layer.op == "batch_norm"]
    if layers:
        message = "batch norm over a single sample: its mean is the sample itself"
        place = parties.place("batch") or parties.place("accumulate") or layers[0].span
        label = Label(layers[0].span, "the first of the network")
        yield _finding("E0812", message, place, label, "take at least 2 samples for each process and micro-batch")


# --- findings ---------------------------------------------------------------------------------------------------------


def _finding(
    code: str,
    message: str,
    place: Span | None,
    label: Label,
    help: str | None = None,
    notes: tuple[str, ...] = (),
) -> Diagnostic:
    """A finding at a setting, with the place in the spec as its label; without a setting it stands in the spec."""
    found = Help(help) if help else None
    if place is None or place == label.span:
        return Diagnostic(code, message, label.span, label.text, help=found, notes=notes)
    return Diagnostic(code, message, place, labels=(label,), help=found, notes=notes)


def _at_recipe(parties: Parties, code: str, message: str, place: Span | None, help: str | None = None) -> Diagnostic:
    """A finding at a setting; where a default is at fault, at the name of the network."""
    return Diagnostic(code, message, place or parties.typed.design.name_span, help=Help(help) if help else None)


def _count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}{plural}"
