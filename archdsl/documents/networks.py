"""The document of ``archdsl networks --format json``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from archdsl.documents.base import Document, JsonValue, Line, Part, Size


class NetworkParameter(Part):
    """What can be chosen when a network is built."""

    name: str
    type: str
    default: JsonValue = Field(description="Its value unless another is given; a block by its name.")
    fixed: bool = Field(description="Whether the network is a variant that fixes it.")


class NetworkInput(Part):
    """An input with its shape, the batch first."""

    name: str
    shape: list[Size]


class NetworkOutput(Part):
    """An output; ``when`` is ``training`` for one that does not exist in inference."""

    name: str
    shape: list[Size] | None = Field(description="Null where the check found no shape.")
    when: str | None


class NetworkDigests(Part):
    """What a network computes, as SHA-256: the same however it is written, and in later versions of archdsl."""

    computation: str = Field(pattern="^[0-9a-f]{64}$", description="Equal: the same function of inputs and weights.")
    weights: str = Field(pattern="^[0-9a-f]{64}$", description="Equal: also, a checkpoint of the one fits the other.")


class Network(Part):
    """One network."""

    name: str
    path: str
    line: Annotated[int, Line]
    parameters: list[NetworkParameter]
    inputs: list[NetworkInput]
    outputs: list[NetworkOutput]
    accepted: dict[str, str] = Field(description="What the layers accept of each open size, in words.")
    declared: dict[str, str] = Field(description="What the inputs declare of their open sizes, in words: all works.")
    digests: NetworkDigests | None = Field(description="Null for a network with errors or more than 100,000 layers.")


class NetworksDocument(Document):
    """The networks of the files in the order in which they stand there."""

    networks: list[Network]
