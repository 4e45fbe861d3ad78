"""Makes docs/zoo.md: every network of specs/ with its paper, figures and sizes, made from the specs themselves.

The lines of torchvision are those of its own source file for the family as installed, comments and all.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from archdsl.analysis.sizes import accepted_sizes, open_symbols
from archdsl.analysis.totals import totals
from archdsl.check.check import check
from archdsl.diagnostics.sink import Sink
from archdsl.driver.compilation import Compilation
from archdsl.ir.typed import TypedDesign
from archdsl.source.loader import DiskLoader
from tests.house import ROOT
from tests.oracles.torchvision_models import torchvision

SPECS = ROOT / "specs"

HEAD = """# The zoo

The networks of `specs/`. Each file is an example to read, a test, and the source of a golden file. Those that
torchvision has take its weights without renaming and give the same outputs to the bit; so do those that timm has
(`tests/networks/`). The others are compared with their papers' figures.

Weights are trainable values, outputs for training included. Multiply-adds (MACs) are those of one image of the size
that the spec names. A receptive field is that of one place of the last feature map. The accepted sizes are proven.
Lines are all lines of a file; torchvision's are those of its source for the family.
"""

SOURCES = {
    "mobilenet_v2": "mobilenetv2",
    "mobilenet_v3": "mobilenetv3",
    "shufflenet_v2": "shufflenetv2",
    "inception_v3": "inception",
    "vit": "vision_transformer",
    "swin": "swin_transformer",
}
"""torchvision's file for a family, where it is called otherwise."""


def zoo_page() -> str:
    """The whole page: a table of the families, then one table of networks for each."""
    sections: list[str] = []
    overview = ["| family | networks | lines | torchvision's lines |\n|---|---|---|---|"]
    ours = theirs = 0
    for path in sorted(SPECS.glob("*.arch")):
        networks = list(_networks(path))
        lines, source = lines_of(path), torchvision_lines(path.stem)
        ours, theirs = ours + (lines if source else 0), theirs + source
        shown = f"{source:,}" if source else "\N{EN DASH}"
        overview.append(f"| [{path.stem}](#{path.stem}) | {len(networks)} | {lines} | {shown} |")
        sections += _section(path, networks)
    overview.append(f"| those that torchvision has | | {ours} | {theirs:,} |")
    remark = "<!-- Made by `python -m tests.docs.reference`: change the source, not this page. -->\n"
    return "\n".join([remark, HEAD, *overview, "", *sections]).rstrip() + "\n"


def torchvision_lines(family: str) -> int:
    """The length of torchvision's source file for a family; 0 where it has none."""
    path = Path(torchvision.models.__file__).parent / f"{SOURCES.get(family, family)}.py"
    return lines_of(path) if path.is_file() else 0


def lines_of(path: Path) -> int:
    """All lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


def _networks(path: Path) -> Iterator[TypedDesign]:
    made = Compilation(DiskLoader(str(ROOT)))
    for design in made.check_file(str(path)):
        typed = made.typed(str(path), design)
        assert typed is not None and typed.complete, design.name
        yield typed


def _section(path: Path, networks: list[TypedDesign]) -> Iterator[str]:
    yield f"## {path.stem}\n"
    yield from (f"{text}\n" for text in dict.fromkeys(_paper(network) for network in networks) if text)
    yield "| network | image | weights | MACs | receptive field | accepted sizes |\n|---|---|---|---|---|---|"
    yield from (_row(network) for network in networks)
    yield ""


def _paper(network: TypedDesign) -> str:
    """The documentation of the network, where its paper stands."""
    return " ".join(network.design.network.doc.split())


def _row(network: TypedDesign) -> str:
    symbols = open_symbols(network)
    known = {name: size for name, size in network.nominal.items() if name in symbols}
    fixed = check(network.design, Sink(), sizes=known) if known else network
    assert fixed is not None
    figures = totals(fixed)
    image = " x ".join(str(size) for size in fixed.inputs[0][1].shape[1:])
    seen = " x ".join(str(size) for size in dict.fromkeys(figures.receptive_field or ())) or "\N{EN DASH}"
    macs = f"{figures.macs:,}" if figures.macs is not None else "\N{EN DASH}"
    sizes = "; ".join(dict.fromkeys(found.accepted.describe() for found in accepted_sizes(network))) or "fixed"
    return f"| {network.design.name} | {image} | {figures.weights:,} | {macs} | {seen} | {sizes} |"
