"""A training recipe: everything that decides how a network is trained, with its defaults.

A recipe is a TOML file or a few settings on the command line; what it leaves out has the default of these models. The
recipe in a run folder is complete: every ``auto`` in it is replaced by what was taken.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Auto = Literal["auto"]
Fraction = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1, le=10**9)]
Pixels = Annotated[int, Field(ge=1, le=2**24)]


class Section(BaseModel):
    """A table of the recipe: immutable, strict, nothing in it that the schema does not name, no NaN, no infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _source(text: str) -> str:
    kind, colon, rest = text.partition(":")
    if kind in SOURCES and bool(rest) == SOURCES[kind] and bool(colon) == SOURCES[kind]:
        return text
    if kind not in SOURCES and colon and rest.isidentifier() and all(part.isidentifier() for part in kind.split(".")):
        return text
    forms = ", ".join(f"{name}:..." if needs else name for name, needs in SOURCES.items())
    raise ValueError(f"a data set is one of {forms} or module:function")


SOURCES = {"digits": False, "synthetic": False, "folder": True, "torchvision": True, "hf": True}
"""The kinds of data sets, and whether a name or path follows behind a colon."""


class Network(Section):
    """What is given to the network."""

    arguments: dict[str, Any] = Field(
        default={}, description="Arguments for its parameters; `classes` is taken from the data unless given."
    )


class Data(Section):
    """Where samples come from, and how they are made to fit the network's input."""

    source: Annotated[str, AfterValidator(_source)] = Field(
        default="digits", description="digits, synthetic, folder:PATH, torchvision:NAME, hf:NAME or module:function."
    )
    root: str | None = Field(
        default=None, description="Where torchvision keeps its files (data), or Hugging Face (a cache of its own)."
    )
    splits: Annotated[list[str], Field(max_length=2)] = Field(
        default=[], description="Of torchvision and hf: the parts for training and validation; none: the usual names."
    )
    download: bool = Field(default=False, description="Of torchvision and hf: fetch what is not on this machine.")
    arguments: dict[str, Any] = Field(
        default={}, description="Of torchvision and hf: further arguments for the class, or for load_dataset."
    )
    size: Auto | Pixels | Annotated[list[Pixels], Field(min_length=2, max_length=2)] = Field(
        default="auto", description="Height and width that samples are resized to; auto: what the network accepts."
    )
    channels: Auto | Count = Field(
        default="auto", description="auto repeats one channel; colour becomes grey only where 1 is written."
    )
    validation: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.2, description="The part kept for validation, where the data set has none of its own."
    )
    samples: Count | None = Field(default=None, description="Use only so many; for `synthetic`, how many there are.")
    mean: Auto | list[float] = Field(default="auto", description="Subtracted per channel; auto: of the training part.")
    std: Auto | list[Positive] = Field(default="auto", description="Divided by, per channel; auto as above.")
    corrupt: Literal["skip", "error"] = Field(default="skip", description="What a file that cannot be read means.")
    workers: Annotated[int, Field(ge=0, le=1024)] = Field(default=0, description="Processes that load samples.")


class Augment(Section):
    """Random changes of training samples, drawn for each sample by itself."""

    flip: Fraction = Field(default=0.0, description="Probability of a mirror image.")
    crop: Annotated[int, Field(ge=0, le=4096)] = Field(default=0, description="Shift by up to so many pixels.")
    color: Fraction = Field(default=0.0, description="Change of brightness and contrast by up to this factor.")
    mixup: NonNegative = Field(default=0.0, description="Alpha of the beta distribution; 0: no mixup.")


class Loss(Section):
    """What is minimised."""

    name: Literal["cross_entropy", "hinge", "mse"] = Field(
        default="cross_entropy", description="hinge is the multi-class hinge, mse against one-hot labels."
    )
    targets: Literal["index", "probabilities"] = Field(
        default="index", description="What cross_entropy compares with: class numbers, or a probability per class."
    )
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    auxiliary: NonNegative = Field(default=0.3, description="Weight of the loss of outputs that only training has.")


class Optimizer(Section):
    """How weights follow gradients; torch.optim has the meaning of each field."""

    name: Literal["adamw", "sgd"] = "adamw"
    lr: Annotated[float, Field(gt=0, le=1e6)] = Field(
        default=0.005, description="The largest learning rate of the schedule."
    )
    weight_decay: Annotated[float, Field(ge=0, le=1e6)] = 0.01
    momentum: Annotated[float, Field(ge=0, lt=1)] = Field(default=0.9, description="Of sgd.")
    betas: Annotated[list[Annotated[float, Field(ge=0, lt=1)]], Field(min_length=2, max_length=2)] = Field(
        default=[0.9, 0.999], description="Of adamw."
    )
    clip: NonNegative = Field(default=0.0, description="The largest norm of all gradients together; 0: no limit.")


class Schedule(Section):
    """The learning rate over the steps of the run, relative to `optimizer.lr`."""

    name: Literal["cosine", "linear", "constant"] = "cosine"
    warmup: Annotated[float, Field(ge=0, lt=1)] = Field(default=0.1, description="The part of all steps that rises.")
    final: Fraction = Field(default=0.0, description="Where cosine and linear end.")


class Recipe(Section):
    """How a network is trained."""

    epochs: Count = 30
    batch: Count = Field(default=32, description="Samples in a step, of all processes and micro-batches together.")
    accumulate: Count = Field(default=1, description="Micro-batches that a step is divided into.")
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    deterministic: bool = Field(default=False, description="Only operations that give the same bits each time.")
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["float32", "bf16", "fp16"] = Field(default="float32", description="bf16, fp16: autocast.")
    channels_last: bool = False
    compile: bool = Field(default=False, description="torch.compile.")
    strategy: Literal["ddp", "fsdp"] = Field(default="ddp", description="With torchrun: how processes share the work.")
    ema: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.0, description="Decay of the averaged weights that are validated and kept; 0: none."
    )
    patience: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Stop after so many epochs without a better accuracy; 0: never."
    )
    time_limit: Positive | None = Field(default=None, description="Stop after so many seconds.")
    checkpoint_every: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Steps between checkpoints inside an epoch; 0: one at the end of each epoch."
    )
    loggers: list[Literal["tensorboard", "wandb", "trackio"]] = Field(
        default=[], description="Who is told the figures of each epoch, beside metrics.jsonl."
    )
    project: Annotated[str, Field(min_length=1, max_length=128)] = Field(
        default="archdsl", description="The name under which wandb and trackio keep runs together."
    )
    network: Network = Network()
    data: Data = Data()
    augment: Augment = Augment()
    loss: Loss = Loss()
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
