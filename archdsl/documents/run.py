"""What a run folder says of itself (``run.json``), and the documents that the training commands print."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from archdsl.documents.base import Document, JsonValue, Part


class RunDocument(Document):
    """The network of a run, and what it was trained for."""

    archdsl: str = Field(description="The version that made the run.")
    network: str
    spec: str = Field(description="The .arch file, relative to the run folder.")
    arguments: dict[str, JsonValue] = Field(description="What was given to the network.")
    digest: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of network.py; the weights carry it.")
    input: Annotated[list[int], Field(min_length=3, max_length=3, description="Channels, height, width.")]
    classes: list[str] = Field(description="The names of the classes in the order of the output.")


class TrainDocument(Document):
    """The result of ``archdsl train --format json``: the last line of standard output."""

    run: str
    status: Literal["finished", "early_stop", "time_limit", "interrupted"]
    epochs: int = Field(ge=0, description="How many were finished.")
    metrics: dict[str, float] = Field(description="Of the best weights on the validation samples: accuracy, loss.")


class EvaluateDocument(Document):
    """The document of ``archdsl evaluate --format json``."""

    run: str
    data: str = Field(description="The data set, as a recipe names it.")
    samples: int = Field(ge=0)
    broken: int = Field(ge=0, description="Files that could not be read.")
    metrics: dict[str, float] = Field(description="accuracy, loss.")
    classes: list[str]
    confusion: list[list[int]] = Field(description="Row: the true class; column: what it was taken for.")


class Prediction(Part):
    """What one image was taken for."""

    path: str
    label: str = Field(description="The name of the class.")
    probability: float = Field(ge=0, le=1, description="The softmax of the outputs at this class.")


class PredictDocument(Document):
    """The document of ``archdsl predict --format json``."""

    run: str
    predictions: list[Prediction]
    broken: list[str] = Field(description="A sentence for each file that could not be read.")
