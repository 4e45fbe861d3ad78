"""The list of networks for people: by file, inputs and outputs aligned."""

from __future__ import annotations

from itertools import groupby

from archdsl.diagnostics.escape import escape, width_of
from archdsl.documents.base import Size
from archdsl.documents.networks import Network, NetworksDocument


def render_listing(document: NetworksDocument, *, color: bool = False) -> str:
    """A heading per file, a line per network, and how many there are."""
    networks = document.networks
    names = max((len(network.name) for network in networks), default=0)
    inputs = max((width_of(_inputs(network)) for network in networks), default=0)
    lines: list[str] = []
    for path, group in groupby(networks, lambda network: network.path):
        lines.append(f"\x1b[1m{escape(path)}\x1b[0m" if color else escape(path))
        for network in group:
            taken = _inputs(network)
            space = " " * (inputs - width_of(taken))
            lines.append(f"  {network.name:<{names}}  {taken}{space}  ->  {_outputs(network)}".rstrip())
        lines.append("")
    files = len({network.path for network in networks})
    lines.append(f"{_count(len(networks), 'network')} in {_count(files, 'file')}")
    return "\n".join(lines) + "\n"


def _inputs(network: Network) -> str:
    return ", ".join(f"{value.name} {_shape(value.shape)}" for value in network.inputs)


def _outputs(network: Network) -> str:
    return ", ".join(
        f"{value.name} {_shape(value.shape)}{f' (in {value.when})' if value.when else ''}" for value in network.outputs
    )


def _shape(shape: list[Size] | None) -> str:
    return "?" if shape is None else " x ".join(str(size) for size in shape)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
