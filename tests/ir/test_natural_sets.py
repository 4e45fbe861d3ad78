"""Sets by remainders against Python's own sets, on random splits of random splits."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from archdsl.ir.complexity import DimTooComplex
from archdsl.ir.natural_set_operations import complement, difference, intersection, pattern, pull_back, tail, union
from archdsl.ir.natural_sets import EVERYTHING, NOTHING, Members, Ranges, Split, residue_class, split
from archdsl.ir.residues import flat_residues

LAST = 1_500


def random_members(rng: Random, depth: int) -> Members:
    if depth == 0 or rng.random() < 0.2:
        kind = rng.randint(0, 3)
        if kind < 2:
            return (EVERYTHING, NOTHING)[kind]
        return Ranges(tuple(sorted(rng.sample(range(60), rng.randint(1, 5)))))
    modulus = rng.choice([2, 2, 3, 4, 5, 6, 7, 12, 30])
    starts = [0, *sorted(rng.sample(range(1, modulus), rng.randint(0, min(3, modulus - 1))))]
    return split(modulus, [(start, random_members(rng, depth - 1)) for start in starts])


def elements(members: Members) -> set[int]:
    return {n for n in range(LAST) if members.contains(n)}


@pytest.mark.parametrize("block", range(4))
def test_operations_are_those_of_sets(block: int) -> None:
    numbers = set(range(LAST))
    for seed in range(100 * block, 100 * block + 100):
        rng = Random(seed)
        a, b = (random_members(rng, rng.randint(0, 3)) for _ in range(2))
        in_a, in_b = elements(a), elements(b)
        assert elements(complement(a)) == numbers - in_a
        assert elements(intersection(a, b)) == in_a & in_b, seed
        assert elements(union(a, b)) == in_a | in_b
        assert elements(difference(a, b)) == in_a - in_b
        assert difference(a, a) == NOTHING
        factor, addend = rng.randint(1, 40), rng.randint(0, 100)
        assert elements(pull_back(a, factor, addend)) >= {x for x in range(30) if factor * x + addend in in_a}
        pulled = pull_back(a, factor, addend)
        assert all(pulled.contains(x) == a.contains(factor * x + addend) for x in range(300)), (seed, factor, addend)


def test_neighbours_and_ends() -> None:
    for seed in range(200):
        members = random_members(Random(seed), 3)
        ascending = sorted(elements(members))
        assert [n for n in range(LAST) if members.next(n) == n] == ascending
        assert [n for n in range(LAST) if members.previous(n) == n] == ascending
        assert all(members.next(a + 1) == b and members.previous(b - 1) == a for a, b in pairwise(ascending))
        assert members.previous(-1) is None
        if members.end is not None:
            assert members.previous(10**9) == (members.end - 1 if members.end else None)
            assert members.next(members.end) is None
        else:
            assert members.next(10**9) is not None


def test_a_set_repeats_like_its_tail_and_lies_in_its_pattern() -> None:
    for seed in range(200):
        members = random_members(Random(seed), 2)
        modulus, residues = flat_residues(tail(members))
        far = 10**6 * modulus
        assert all(members.contains(far + n) == any(n in residue for residue in residues) for n in range(modulus))
        assert difference(members, pattern(members)) == NOTHING
        assert all(a.stop < b.start for a, b in pairwise(residues))


def test_one_residue_of_many_moduli_is_one_cell() -> None:
    members: Members = EVERYTHING
    for prime in (2, 3, 5, 7, 11, 13):
        members = intersection(members, residue_class(prime, prime - 1))
    assert flat_residues(members) == (30_030, (range(30_029, 30_030),))


def test_sparse_sets_of_large_coprime_moduli_meet() -> None:
    members = intersection(residue_class(3**12, 5), residue_class(2**20, 77))
    assert isinstance(members, Split)
    found = members.next(0)
    assert found is not None
    assert (found % 3**12, found % 2**20) == (5, 77)
    assert members.next(found + 1) == found + 3**12 * 2**20


@pytest.mark.parametrize("addend", [0, 1_000, 3 * 2**20 + 5])
def test_few_numbers_of_a_large_modulus_under_a_large_factor(addend: int) -> None:
    for part in (EVERYTHING, Ranges((3, 5, 7, 40_000, 10**6)), split(1_000, [(0, EVERYTHING), (300, NOTHING)])):
        for first, count in ((0, 1), (77, 5), (2**20 - 3, 3)):
            cells = [(0, NOTHING), (first, part), (first + count, NOTHING)]
            members = split(2**20, [cell for cell in cells if cell[0] < 2**20][first == 0 :])
            for chosen in (members, complement(members)) if part == EVERYTHING else (members,):
                pulled = pull_back(chosen, 3**9, addend)
                found: int | None = 0
                places = [2**20, 40_000 * 2**20 // 3**9, 10**6 * 2**20 // 3**9]
                for _ in range(20):
                    found = pulled.next(found) if found is not None else None
                    places += [] if found is None else [found]
                    found = None if found is None else found + 1
                near = {max(0, place + step) for place in places for step in (-2, -1, 0, 1, 2)}
                assert all(pulled.contains(x) == chosen.contains(3**9 * x + addend) for x in near)


def test_crowded_sets_of_large_coprime_moduli_are_refused() -> None:
    crowded = [split(modulus, [(0, EVERYTHING), (modulus // 2, NOTHING)]) for modulus in (2**20, 3**12)]
    with pytest.raises(DimTooComplex, match="no common period"):
        intersection(*crowded)
    with pytest.raises(DimTooComplex, match="no common period"):
        pull_back(crowded[0], 3**12, 0)


def test_too_many_cells_are_refused() -> None:
    with pytest.raises(DimTooComplex, match="cases is too complex"):
        split(10**6, ((n, (EVERYTHING, NOTHING)[n % 3 == 0]) for n in range(10**5)))


def test_too_many_levels_are_refused() -> None:
    def tower(levels: int) -> Members:
        members: Members = Ranges((2, 5, 9, 20, 31, 47, 53))
        for _ in range(levels):
            members = split(1_000, [(0, members), (400, NOTHING), (401, EVERYTHING), (500, NOTHING)])
        return members

    assert tower(60).contains(401)
    with pytest.raises(DimTooComplex, match="cases is too complex"):
        tower(70)


def test_too_many_cells_to_split_again_are_refused() -> None:
    rng = Random(0)
    scattered = split(2**15, [(n, (EVERYTHING, NOTHING)[n % 2]) for n in sorted({0, *rng.sample(range(2**15), 9_000)})])
    coarse = split(2**10, [(0, NOTHING), (300, Ranges((3, 7, 90))), (700, EVERYTHING)])
    with pytest.raises(DimTooComplex, match="thousands of remainders"):
        intersection(scattered, coarse)


def test_residues_that_repeat_with_a_long_common_period_are_not_listed() -> None:
    members = split(2, [(0, residue_class(4_099, 1)), (1, residue_class(4_093, 1))])
    with pytest.raises(DimTooComplex, match="not listed"):
        flat_residues(members)


def test_too_many_residues_are_not_listed() -> None:
    members = intersection(residue_class(3, 1), split(3**15, [(0, EVERYTHING), (3**14, NOTHING)]))
    with pytest.raises(DimTooComplex, match="not listed"):
        flat_residues(members)
