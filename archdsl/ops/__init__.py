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
)
"""The modules in the order in which documentation shows them."""

__all__ = ["FAMILIES", "REGISTRY"]
