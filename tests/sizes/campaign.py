"""``python -m tests.sizes.campaign``: random networks, proven with open sizes, against fixed sizes and real torch.

For every network and size three answers have to be the same: whether the size is in the proven set, whether the check
with that size fixed finds no error, and whether real torch on the CPU runs. Where it runs, the proven output shape is
torch's. A network that is refused for all sizes has to be refused by torch at each of them; one that is refused because
a size cannot be followed (E0305) says nothing, and is counted. Exit 0: no disagreement.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

from archdsl.analysis.sizes import accepted_sizes
from archdsl.check.check import check
from archdsl.diagnostics.sink import Sink
from archdsl.driver.compilation import Compilation
from archdsl.ir.design import Design
from archdsl.ir.dim import Dim, SizeSet
from archdsl.ir.typed import TypedDesign
from archdsl.ops import REGISTRY
from archdsl.source.loader import MemoryLoader
from tests.sizes.random_networks import Drawer
from tests.sizes.trees import Network

HONEST = {"E0305", "E0406"}
"""Refusals that claim nothing about any size."""
LARGEST = 140


@dataclass
class Tally:
    """What a campaign compared; ``wrong`` holds a sentence and the network of each disagreement."""

    networks: int = 0
    refused_networks: int = 0
    sizes: int = 0
    accepted: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    contents: Counter[str] = field(default_factory=Counter)
    """How many networks have a layer, a join or a loop of each kind."""
    wrong: list[str] = field(default_factory=list)


def compiled(text: str) -> tuple[Compilation, Design, TypedDesign | None]:
    """The only network of a text, checked with open sizes."""
    compilation = Compilation(MemoryLoader({"n.arch": text}))
    (design,) = compilation.designs("n.arch")
    return compilation, design, compilation.typed("n.arch", design)


def fits(network: Network) -> bool:
    """Whether a network is accepted for some sizes, and sizes stay small enough to run it many times."""
    compilation, _, typed = compiled(network.text())
    if typed is None or compilation.sink.has_errors:
        return False
    outputs = [type_ for _, type_, _ in typed.outputs if type_ is not None]
    sizes = [size for type_ in outputs for size in type_.shape[1:]]
    return all(_at(size, dict.fromkeys(network.symbols, LARGEST)) <= 4 * LARGEST for size in sizes)


def compare(network: Network, random: Random, count: int, tally: Tally) -> None:
    """One network at so many sizes."""
    text = network.text()
    compilation, design, typed = compiled(text)
    codes = {finding.code for finding in compilation.sink if finding.code.startswith("E")}
    tally.networks += 1
    tally.contents.update(contents(text))
    if codes & HONEST:
        tally.kinds["not followed"] += 1
        return
    is_proven = typed is not None and typed.complete
    sets = {found.symbol: found.accepted for found in accepted_sizes(typed)} if is_proven and typed is not None else {}
    tally.refused_networks += not is_proven
    tally.kinds.update(_kind(found) for found in sets.values())
    for sizes in drawn_sizes(network.symbols, sets, random, count):
        proven = is_proven and all(sets[symbol].contains(size) for symbol, size in sizes.items())
        fixed = Sink()
        checked = check(design, fixed, sizes=sizes)
        accepted = checked is not None and checked.complete and not fixed.has_errors
        shape = network.run(sizes)
        tally.sizes += 1
        tally.accepted += shape is not None
        if not (proven == accepted == (shape is not None)):
            tally.wrong.append(f"{sizes}: proven {proven}, fixed {accepted}, torch {shape}\n{text}")
            return
        if shape is not None and typed is not None and _output(typed, sizes) != shape:
            tally.wrong.append(f"{sizes}: {_output(typed, sizes)} is proven, torch gives {shape}\n{text}")
            return


def contents(text: str) -> set[str]:
    """The kinds of steps in a network, with the settings that change how sizes are computed."""
    steps = set(re.findall(r"[a-z]\w*", text)) & {*REGISTRY, "repeat", "for"}
    settings = re.findall(r'ceil=true|padding_mode="\w+"|padding="same"|output_padding|dilation|axis=\d', text)
    scaled = ["upsample by a fraction"] if re.search(r"upsample\(scale=\d+\.\d", text) else []
    applied = ["a block with parameters"] if re.search(r"b\d+\(k=", text) else []
    return {*steps, *settings, *scaled, *applied}


def drawn_sizes(
    symbols: list[str], sets: Mapping[str, SizeSet], random: Random, count: int
) -> Iterator[dict[str, int]]:
    """Sizes to try: each symbol runs through the small ones while the others stay where the network works."""
    home = {
        symbol: (sets[symbol].next_at_or_above(9) or sets[symbol].minimum or 9) if sets else 24 for symbol in symbols
    }
    home = {symbol: size if size <= 3 * LARGEST else 24 for symbol, size in home.items()}
    each = count // len(symbols)
    for symbol in symbols:
        dense = list(range(1, each - each // 4 + 1))
        for size in (*dense, *(random.randint(1, LARGEST) for _ in range(each - len(dense)))):
            others = home if random.random() < 0.9 else {name: random.randint(1, LARGEST) for name in symbols}
            yield {**others, symbol: size}


def _at(size: int | Dim, sizes: Mapping[str, int]) -> int:
    return size if isinstance(size, int) else size.evaluate(sizes[size.symbol_name])


def _output(typed: TypedDesign, sizes: Mapping[str, int]) -> tuple[int, ...] | None:
    ((_, type_, _),) = typed.outputs
    return tuple(_at(size, {**sizes, "N": 1}) for size in type_.shape) if type_ is not None else None


def _kind(sizes: SizeSet) -> str:
    if sizes.always:
        return "every size"
    if sizes.maximum is not None:
        return "finitely many"
    return "remainders" if sizes.modulus > 1 else "a minimum"


def campaign(networks: int, sizes: int, seed: int, *, first: int = 0, say: bool = False) -> Tally:
    """So many networks at so many sizes, from number ``first`` on; each depends on the seed and its number alone."""
    tally = Tally()
    start = time.perf_counter()
    for number in range(first, first + networks):
        random = Random(f"{seed} {number}")
        try:
            compare(Drawer(random, fits).network(), random, sizes, tally)
        except Exception:  # an error of ours in one network must not hide the other networks
            tally.networks += 1
            tally.wrong.append(f"network {number} of seed {seed}: {traceback.format_exc()}")
        if say and tally.networks % 100 == 0:
            done = f"{tally.networks:,} networks, {tally.sizes:,} sizes, {len(tally.wrong)} disagreements"
            print(f"{done}, {time.perf_counter() - start:.0f} s", flush=True)
    return tally


def main() -> int:
    """Runs a campaign and prints what was compared."""
    parser = argparse.ArgumentParser(prog="python -m tests.sizes.campaign", description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=2_000)
    parser.add_argument("--sizes", type=int, default=200, help="per network")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first network, to share the work out")
    options = parser.parse_args()
    tally = campaign(options.networks, options.sizes, options.seed, first=options.first, say=True)
    for sentence in tally.wrong[:10]:
        print(f"\nDISAGREEMENT at {sentence}")
    print(f"networks with: {', '.join(f'{what} {count}' for what, count in tally.contents.most_common())}")
    print(
        f"{tally.networks:,} networks ({tally.refused_networks:,} of them refused for every size), "
        f"{tally.sizes:,} sizes, {tally.accepted:,} of them accepted; "
        f"sets: {dict(tally.kinds.most_common())}; {len(tally.wrong)} disagreements"
    )
    return int(bool(tally.wrong))


if __name__ == "__main__":
    sys.exit(main())
