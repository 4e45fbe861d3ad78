"""Specs made for measuring: chains of written layers, and one block repeated often."""

from __future__ import annotations

LAYERS_PER_LINE = 2


def chain(layers: int) -> str:
    """A network in which every one of ``layers`` (an even number) layers is written out, two to a line."""
    assert layers % LAYERS_PER_LINE == 0
    lines = ["    conv(8, 3, padding=1) -> relu"] * (layers // LAYERS_PER_LINE)
    return "\n".join(
        ["network chain() {", "    input image: [N, 8, 32, 32]", *lines, "    output y: [N, 8, 32, 32]", "}", ""]
    )


def repeated(times: int) -> str:
    """A network that applies one residual block ``times`` times, written once."""
    return f"""from std import residual

network repeated() {{
    input image: [N, 64, 56, 56]
    repeat {times} {{ residual(64) }}
    output y: [N, 64, 56, 56]
}}
"""
