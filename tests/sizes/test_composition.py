"""Deep chains and many joins: what is kept stays small, and the number of questions grows with the network only.

Counts, not times: times are measured by `make bench`.
"""

from __future__ import annotations

from random import Random

import pytest

from archdsl.check.check import check
from archdsl.diagnostics.sink import Sink
from archdsl.driver.compilation import Compilation
from archdsl.ir import typed as t
from archdsl.ir.dim import Dim, SizeSet
from archdsl.ir.natural_sets import Members, Split
from archdsl.source.loader import MemoryLoader
from benchmarks.open_sizes import joins, strided

LAYERS = 30


def compiled(text: str) -> tuple[Compilation, t.TypedDesign]:
    compilation = Compilation(MemoryLoader({"n.arch": text}))
    (design,) = compilation.designs("n.arch")
    typed = compilation.typed("n.arch", design)
    assert typed is not None
    assert typed.complete, [finding.message for finding in compilation.sink]
    return compilation, typed


def cells(members: Members) -> int:
    """The size of a set's table, the tables inside it included."""
    return 1 + sum(map(cells, members.parts)) if isinstance(members, Split) else 1


def terms(body: t.TypedBody) -> int:
    """The longest size of a body."""
    sizes = [size for node in body.nodes if (type_ := getattr(node, "output", None)) for size in type_.shape[2:]]
    inner = [terms(path) for node in body.nodes if isinstance(node, t.TypedMerge) for path in node.paths]
    return max([len(size.function.floors) for size in sizes if isinstance(size, Dim)] + inner, default=0)


def chain(random: Random) -> str:
    """30 strided windows, one behind the other, rounded down or up as it comes."""
    steps = []
    for _ in range(LAYERS):
        stride, kernel = random.randint(1, 7), random.randint(1, 7)
        if random.random() < 0.5:
            steps.append(f"conv(4, ({kernel}, 1), stride=({stride}, 1), padding=({kernel // 2}, 0))")
        else:
            ceil = "true" if random.random() < 0.5 else "false"
            padding = kernel // 2
            steps.append(f"max_pool(({kernel}, 1), stride=({stride}, 1), padding=({padding}, 0), ceil={ceil})")
    return " -> ".join(steps)


@pytest.mark.parametrize("seed", range(10))
def test_a_chain_of_thirty_strides_is_one_term(seed: int) -> None:
    random = Random(seed)
    text = f"network n() {{\n    input image: [N, 4, H, 8]\n    {chain(random)}\n    output y: [N, 4, _, _]\n}}\n"
    compilation, typed = compiled(text)
    assert terms(typed.root.body) == 1
    assert all(cells(condition.accepted.members) == 1 for condition in typed.conditions)
    (design,) = compilation.designs("n.arch")
    ((_, output, _),) = typed.outputs
    assert output is not None
    height = output.shape[2]
    for size in (1, 2, 5_000, 2**24 - 1, *(random.randrange(1, 2**24) for _ in range(5))):
        fixed = check(design, Sink(), sizes={"H": size})
        accepted = typed.accepted.get("H", SizeSet.of(True, "H"))
        assert accepted.contains(size) == (fixed is not None and fixed.complete)
        if fixed is not None and fixed.complete:
            ((_, exact, _),) = fixed.outputs
            assert exact is not None
            assert exact.shape[2] == (height.evaluate(size) if isinstance(height, Dim) else height)


def test_a_chain_beside_its_differently_rounded_twin_needs_one_cell_per_layer() -> None:
    """Period 7·2·3·5·4·6 to the fifth: a table of remainders would have 10^18 entries."""
    _, typed = compiled(strided(LAYERS))
    assert terms(typed.root.body) == 1
    (condition,) = [condition for condition in typed.conditions if not condition.accepted.always]
    assert cells(condition.accepted.members) <= 3 * LAYERS
    period = 1
    for index in range(LAYERS):
        period *= (7, 2, 3, 5, 4, 6)[index % 6]
    assert period > 10**18
    assert period % condition.accepted.modulus == 0


@pytest.mark.parametrize("seed", range(6))
def test_joins_all_along_a_chain_stay_small(seed: int) -> None:
    """At every depth a join of what is rounded down and up: the conditions of all of them, combined."""
    random = Random(seed)
    steps = []
    for _ in range(LAYERS // 2):
        stride = random.randint(2, 7)
        floor = f"max_pool(({stride}, 1))"
        up = f"max_pool(({stride}, 1), ceil=true)"
        steps.append(f"    add {{ {floor}; {up} }}")
    body = "\n".join(steps)
    _, typed = compiled(f"network n() {{\n    input image: [N, 4, H, 8]\n{body}\n    output y: [N, 4, _, _]\n}}\n")
    assert terms(typed.root.body) == 1
    assert sum(cells(condition.accepted.members) for condition in typed.conditions) <= 4 * LAYERS**2
    assert cells(typed.accepted["H"].members) <= 2 * LAYERS


def test_joins_that_ask_the_same_are_intersected_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times the joins, the same number of intersections."""
    asked: list[int] = []
    original = SizeSet.intersect

    def counted(left: SizeSet, right: SizeSet) -> SizeSet:
        asked.append(1)
        return original(left, right)

    monkeypatch.setattr(SizeSet, "intersect", counted)
    found = []
    for count in (20, 200):
        asked.clear()
        _, typed = compiled(joins(count))
        found.append(len(asked))
        assert len(typed.conditions) >= count
    assert found[0] == found[1] <= 4
