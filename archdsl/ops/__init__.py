"""The vocabulary: every layer kind by the name that specs use.

A new layer is one class in one of these modules; importing the module registers it.
"""

from archdsl.ops import (
    activation,
    attention,
    conv,
    conv_transpose,
    dropout,
    layout,
    lenet,
    linear,
    merge,
    norm,
    parameters,
    partition,
    pooling,
    shape,
    upsample,
    window_attention,
)
from archdsl.ops.base import REGISTRY

FAMILIES = (
    conv,
    conv_transpose,
    linear,
    pooling,
    norm,
    activation,
    dropout,
    attention,
    window_attention,
    partition,
    parameters,
    layout,
    shape,
    upsample,
    merge,
    lenet,
)
"""The modules in the order in which documentation shows them."""

__all__ = ["FAMILIES", "REGISTRY", "defines_channels", "is_a_call"]


def defines_channels(op: str) -> bool:
    """Whether a layer states the channels of its output: in generated code such layers begin a line."""
    return REGISTRY[op].stated_channels is not None


def is_a_call(op: str) -> bool:
    """Whether generated code calls a layer on what flows in, and nothing more: such calls may stand in each other."""
    return REGISTRY[op].chains
