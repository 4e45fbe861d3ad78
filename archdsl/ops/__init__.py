"""The vocabulary: every layer kind by the name that specs use.

A new layer is one class in one of these modules; importing the module registers it.
"""

from archdsl.ops import (
    activation,
    conv,
    conv_transpose,
    dropout,
    lenet,
    linear,
    merge,
    norm,
    pooling,
    shape,
    upsample,
)
from archdsl.ops.base import REGISTRY

FAMILIES = (conv, conv_transpose, linear, pooling, norm, activation, dropout, shape, upsample, merge, lenet)
"""The modules in the order in which documentation shows them."""

__all__ = ["FAMILIES", "REGISTRY", "defines_channels"]


def defines_channels(op: str) -> bool:
    """Whether a layer states the channels of its output: in generated code such layers begin a line."""
    return REGISTRY[op].stated_channels is not None
