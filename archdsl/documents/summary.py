"""The document of ``archdsl summary --format json``, and what ``archdsl.summarize`` gives."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from archdsl.documents.base import Document, Line, Part, Size

Count = Annotated[int, Field(ge=0)]
Extents = Annotated[list[Annotated[int, Field(ge=1)]] | None, Field(description="Input pixels per axis.")]

Places = list[float] | None
Formula = Annotated[str | None, Field(description="The count where sizes are open, as a formula of them.")]


class Layer(Part):
    """A layer or a join; with ``--depth`` also a block or group with all that is in it (``layers`` > 1)."""

    path: str = Field(description="The prefix of its tensors in the state_dict.")
    op: str = Field(description="The layer's name in the language; for a folded part the block's name, or group.")
    inputs: list[list[Size]]
    output: list[Size] | None
    weights: Count
    macs: Count | None = Field(description="Multiply-adds for one sample; null where a size is open.")
    macs_formula: Formula
    flops: Count | None = Field(description="2 for each multiply-add.")
    activations: Count | None = Field(description="Values that its output takes in inference, for one sample.")
    buffers: Count
    receptive_field: Extents
    stride: Places = Field(description="Input pixels between what two neighbouring places see, per axis.")
    offset: Places = Field(description="The middle of what the first place sees, in input pixels from 0, per axis.")
    line: Annotated[int, Line]
    file: str = Field(description="The file in which that line is.")
    when: str | None = Field(description="training for what does not run in inference.")
    layers: Count = Field(description="How many layers and joins this stands for.")
    skips: list[str] = Field(description="What a join takes directly: input, or the label of an earlier value.")


class SummaryTotals(Part):
    """The figures of the whole network."""

    weights: Count = Field(description="Trainable values.")
    training_weights: Count = Field(description="Those of them that only training uses.")
    buffers: Count = Field(description="Values in the state_dict that are not trained.")
    macs: Count | None = Field(description="Multiply-adds for one sample in inference; null where a size is open.")
    macs_formula: Formula
    flops: Count | None = Field(description="2 for each multiply-add; null where a size is open.")
    activations: Count | None = Field(description="Values of all layers' outputs in inference, for one sample.")
    activations_formula: Formula
    layers: Count
    depth: Count = Field(description="Weighted layers on the longest way from an input to an output.")
    receptive_field: Extents


class Memory(Part):
    """Bytes, as PyTorch allocates them on the CPU."""

    batch: Annotated[int, Field(ge=1)]
    dtype: str
    optimizer: str
    weights: Count
    buffers: Count
    gradients: Count
    optimizer_state: Count
    inputs: Count
    activations: Count = Field(description="All outputs of layers in inference.")
    peak: Count = Field(description="The most values alive at one time in inference, inputs included.")
    kept: Count = Field(description="What training keeps for the backward pass.")
    inference: Count = Field(description="weights + buffers + peak.")
    training: Count = Field(description="weights + buffers + gradients + optimizer_state + kept.")
    limit: Count | None
    largest_batch_inference: Count | None = Field(description="Within the limit; null where none is given.")
    largest_batch_training: Count | None


class SummaryDocument(Document):
    """The layers of one network in the order in which they run."""

    network: str
    path: str
    line: Annotated[int, Line]
    sizes: dict[str, int] = Field(description="The values taken for open sizes.")
    layers: list[Layer]
    totals: SummaryTotals
    memory: Memory | None = Field(description="null where a size is open, or the network too long to follow.")
