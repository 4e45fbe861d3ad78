"""The document of ``archdsl summary --format json``, and what ``archdsl.summarize`` gives."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from archdsl.documents.base import Document, Line, Part, Size

Count = Annotated[int, Field(ge=0)]
Extents = Annotated[list[Annotated[int, Field(ge=1)]] | None, Field(description="Input pixels per axis.")]


class Layer(Part):
    """A layer or a join; with ``--depth`` also a block or group with all that is in it (``layers`` > 1)."""

    path: str = Field(description="The prefix of its tensors in the state_dict.")
    op: str = Field(description="The layer's name in the language; for a folded part the block's name, or group.")
    inputs: list[list[Size]]
    output: list[Size] | None
    weights: Count
    macs: Count | None = Field(description="Multiply-adds for one sample; null where a size is open.")
    receptive_field: Extents
    line: Annotated[int, Line]
    file: str = Field(description="The file in which that line is.")
    when: str | None = Field(description="training for what does not run in inference.")
    layers: Count = Field(description="How many layers and joins this stands for.")


class SummaryTotals(Part):
    """The figures of the whole network."""

    weights: Count = Field(description="Trainable values.")
    training_weights: Count = Field(description="Those of them that only training uses.")
    buffers: Count = Field(description="Values in the state_dict that are not trained.")
    macs: Count | None = Field(description="Multiply-adds for one sample in inference; null where a size is open.")
    layers: Count
    depth: Count = Field(description="Weighted layers on the longest way from an input to an output.")
    receptive_field: Extents


class SummaryDocument(Document):
    """The layers of one network in the order in which they run."""

    network: str
    path: str
    line: Annotated[int, Line]
    sizes: dict[str, int] = Field(description="The values taken for open sizes.")
    layers: list[Layer]
    totals: SummaryTotals
