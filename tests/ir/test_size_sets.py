"""Where open sizes are equal, large enough or divisible: compared size by size with plain integers."""

from __future__ import annotations

from random import Random

import pytest

from archdsl.ir.dim import Dim, DimTooComplex, SizeSet
from archdsl.ir.natural_sets import residue_class
from archdsl.ir.types import Size
from tests.counting import calls_of
from tests.ir.size_trees import H, random_size, value

LAST = 400
W = Dim.symbol("W")


def assert_is_exactly(sizes: SizeSet, expected: list[int]) -> None:
    """Every way to ask the set for its elements up to `LAST` gives the expected ones."""
    assert [n for n in range(1, LAST + 1) if sizes.contains(n)] == expected
    assert not sizes.contains(0)
    assert not sizes.contains(-4)
    upwards = [n for n in range(1, LAST + 1) if sizes.next_at_or_above(n) == n]
    downwards = [n for n in range(1, LAST + 1) if sizes.previous_at_or_below(n) == n]
    assert upwards == downwards == expected
    middle = LAST // 2
    assert sizes.previous_at_or_below(middle) == max((n for n in expected if n <= middle), default=None)
    above = sizes.next_at_or_above(middle)
    assert (above if above is not None and above <= LAST else None) == min(
        (n for n in expected if n >= middle), default=None
    )
    assert sizes.never <= (not expected)
    assert sizes.always <= (len(expected) == LAST)
    if expected:
        assert sizes.minimum == expected[0]


def assert_repeats_as_told(sizes: SizeSet) -> None:
    """`modulus`, `residues` and `settles_at` give the set for large n, and none of them could be smaller."""
    modulus, residues, start = sizes.modulus, sizes.residues, sizes.settles_at

    def told(n: int) -> bool:
        return any(n % modulus in residue for residue in residues)

    assert all(told(n) == sizes.contains(n) for n in range(start, start + LAST))
    if start > 1:
        assert told(start - 1) != sizes.contains(start - 1)
    for prime in (2, 3, 5, 7, 11):
        shorter = modulus // prime
        if modulus % prime == 0 and modulus <= 1_000:
            assert any(told(n) != told(n + shorter) for n in range(modulus))


def two_networks(seed: int) -> tuple[Random, list[tuple[Size, list[int]]]]:
    """Two random sizes, each with its values at 1..LAST."""
    rng = Random(seed)
    drawn = (random_size(rng, rng.randint(0, 5)) for _ in range(2))
    return rng, [(size, [at(n) for n in range(1, LAST + 1)]) for size, at in drawn]


@pytest.mark.parametrize("block", range(8))
def test_random_networks_meet_where_their_integers_do(block: int) -> None:
    for seed in range(150 * block, 150 * block + 150):
        rng, ((left, lefts), (right, rights)) = two_networks(seed)
        constant = rng.randint(-3, 60)
        sets = []
        for a, b, values in ((left, right, rights), (left, constant, [constant] * LAST)):
            equal = Dim.solve_equal(a, b)
            assert_is_exactly(equal, [n for n, (x, y) in enumerate(zip(lefts, values, strict=True), 1) if x == y])
            assert_repeats_as_told(equal)
            sets.append(equal)
            large = Dim.solve_at_least(a, b)
            assert_repeats_as_told(large)
            assert_is_exactly(large, [n for n, (x, y) in enumerate(zip(lefts, values, strict=True), 1) if x >= y])
            sets.append(large)
        divisor = rng.randint(1, 9)
        divisible = Dim.solve_divides(divisor, left)
        assert_is_exactly(divisible, [n for n, x in enumerate(lefts, 1) if x % divisor == 0])
        both = sets[0]
        for other in [*sets, divisible]:
            both = both.intersect(other)
        everywhere = [n for n in range(1, LAST + 1) if all(s.contains(n) for s in [*sets, divisible])]
        assert_is_exactly(both, everywhere)
        assert_repeats_as_told(both)
        assert both == divisible.intersect(sets[3]).intersect(sets[2]).intersect(sets[1]).intersect(sets[0])


def test_the_smallest_size_is_the_smallest() -> None:
    for seed in range(400):
        rng = Random(seed)
        size, at = random_size(rng, rng.randint(1, 5))
        minimum = rng.randint(-5, 100)
        if isinstance(size, Dim):
            smallest = size.smallest_at_least(minimum)
            reached = [n for n in range(1, LAST) if at(n) >= minimum]
            assert smallest == reached[0] if reached else smallest is None or smallest >= LAST


# --- what people read ---


def without(modulus: int, *remainders: int) -> SizeSet:
    sizes = SizeSet.of(True, "H")
    for remainder in remainders:
        sizes = sizes.intersect(Dim.solve_at_least((H - remainder) % modulus, 1))
    return sizes


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        (Dim.solve_equal(3, 3), "always"),
        (Dim.solve_equal(3, 4), "never"),
        (Dim.solve_equal(H, H), "every H"),
        (Dim.solve_equal(H - H // 2, (H + 1) // 2), "every H"),
        (Dim.solve_at_least(H, 1), "every H"),
        (Dim.solve_at_least(H, 32), "every H >= 32"),
        (Dim.solve_equal(2 * H, H + 4), "H = 4"),
        (Dim.solve_equal(7 * 512 * (H // 32), 25_088), "224 <= H <= 255"),
        (Dim.solve_equal(H * H.evaluate(7), 7 * 224), "H = 224"),
        (Dim.solve_equal(H // 2, 112), "H = 224 or 225"),
        (Dim.solve_at_least(30, H), "H <= 30"),
        (Dim.solve_equal(H, H + 1), "no H"),
        (Dim.solve_equal(2 * H, 7), "no H"),
        (Dim.solve_divides(16, H), "16 divides H"),
        (Dim.solve_divides(2, H), "H is even"),
        (Dim.solve_divides(2, H + 1), "H is odd"),
        (Dim.solve_equal(H % 4, 3), "H mod 4 is 3"),
        (Dim.solve_at_least(H % 3, 1), "3 does not divide H"),
        (Dim.solve_equal((H - 1) % 4 // 2, 0), "H mod 4 is 1 or 2"),
        (Dim.solve_at_least(H % 32, 5), "H mod 32 is 5 to 31"),
        (Dim.solve_at_least((H - 3) % 30 % 6, 1), "H mod 6 is not 3"),
        (without(30, 3, 9, 15, 22), "H mod 30 is not 3, 9, 15 or 22"),
        (without(30, 1, 3, 5, 9, 12, 15, 18, 22), "H = 2, 4, 6, 7, ... and more"),
        (without(30, 1, 3, 5, 9, 12).intersect(Dim.solve_at_least(80, H)), "H = 2, 4, 6, 7, ... up to 80"),
        (Dim.solve_divides(16, H).intersect(Dim.solve_at_least(H, 17)), "16 divides H and H >= 32"),
        (Dim.solve_divides(16, H).intersect(Dim.solve_at_least(100, H)), "16 divides H and H <= 96"),
        (Dim.solve_divides(2, H).intersect(SizeSet.between("H", 5, 99)), "H is even and 6 <= H <= 98"),
        (Dim.solve_at_least((H - 3) % 5 + H // 9 * 9, 4), "H = 2 or 7, or every H >= 9"),
    ],
)
def test_sets_in_a_persons_words(sizes: SizeSet, text: str) -> None:
    assert sizes.describe() == str(sizes)
    assert sizes.describe() == text


def test_description_names_every_random_set_truly_enough_to_read() -> None:
    for seed in range(300):
        _, ((left, _), (right, _)) = two_networks(seed)
        sizes = Dim.solve_equal(left, right)
        text = sizes.describe()
        assert len(text) < 200
        assert ("every H" in text.split(",")[0] and ">=" not in text) == (sizes.always and sizes.symbol is not None)
        assert (text in ("never", "no H")) == sizes.never


# --- the parts of a set ---


def test_sets_without_an_open_size() -> None:
    assert Dim.solve_equal(3, 3).always
    assert Dim.solve_equal(3, 4).never
    assert Dim.solve_at_least(3, 4).never
    assert Dim.solve_divides(3, 9).always
    assert Dim.solve_equal(3, 3).symbol is None
    both = Dim.solve_equal(3, 3).intersect(Dim.solve_divides(4, H))
    assert (both.symbol, both.minimum) == ("H", 4)
    assert Dim.solve_divides(4, H).intersect(Dim.solve_equal(3, 4)).never


def test_all_sizes_and_none_as_residues() -> None:
    every, none = SizeSet.of(True, "H"), SizeSet.of(False, "H")
    assert (every.modulus, every.residues, every.settles_at) == (1, (range(1),), 1)
    assert (none.modulus, none.residues, none.settles_at) == (1, (), 1)
    assert (none.minimum, none.maximum, every.maximum) == (None, None, None)


def test_a_range_of_sizes() -> None:
    assert SizeSet.between("H", 64, 512).maximum == 512
    assert SizeSet.between("H", -3, 4).minimum == 1
    assert SizeSet.between("H", 5, 5).minimum == 5
    assert SizeSet.between("H", 5, 4).never
    assert SizeSet.between("H", 5).maximum is None
    assert SizeSet.between("H", 1).always


def test_intersecting_different_symbols_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="sizes of H and of W"):
        Dim.solve_divides(2, H).intersect(Dim.solve_divides(2, W))


def test_equal_sets_however_they_came_about() -> None:
    one = Dim.solve_divides(6, H)
    other = Dim.solve_divides(3, H).intersect(Dim.solve_divides(2, H))
    assert one == other
    assert hash(one) == hash(other)
    assert one != Dim.solve_divides(6, W)
    assert one != Dim.solve_divides(12, H)
    assert one != "6 divides H"


def test_sets_too_complex_to_compare_are_equal_if_represented_alike() -> None:
    one, other = (Dim.solve_at_least(H % modulus, modulus // 2) for modulus in (100_003, 20_021))
    assert one != other
    assert one == Dim.solve_at_least(H % 100_003, 50_001)


def test_the_common_remainder() -> None:
    sizes = Dim.solve_equal(H % 12, 5)
    assert [sizes.remainder(divisor) for divisor in (1, 2, 3, 4, 6, 12, 5, 24)] == [0, 1, 2, 1, 5, 5, None, None]
    assert SizeSet.of(False, "H").remainder(2) is None


# --- the cost ---


def test_thirty_layers_of_stride_seven_stay_small() -> None:
    assert calls_of(_thirty_layers) < 200_000


def _thirty_layers() -> None:
    floor_path = ceil_path = size = H
    joins = []
    for _ in range(30):
        floor_path, ceil_path, size = floor_path // 7, -(-floor_path // 7), (size - 1) // 7 + 1
        joins.append(Dim.solve_equal(floor_path, ceil_path))
    assert isinstance(size, Dim)
    assert size.function.period == 7**30
    Random(1).shuffle(joins)
    both = joins[0]
    for join in joins[1:]:
        both = both.intersect(join)
    assert both == SizeSet("H", residue_class(7**30, 0))
    assert both.residues == (range(1),)
    assert both.describe() == f"{7**30} divides H"
    assert both.next_at_or_above(7**30 + 1) == 2 * 7**30


def test_thirty_random_strides_against_sizes_near_every_edge() -> None:
    for seed in range(40):
        rng = Random(seed)
        left: Size = H
        right: Size = H
        layers = []
        for _ in range(30):
            stride = rng.randint(1, 7)
            layers.append((stride, rng.randint(0, stride), rng.randint(0, stride)))
            left, right = (left + layers[-1][1]) // stride, (right + layers[-1][2]) // stride
        equal = Dim.solve_equal(left, right)
        far = rng.randint(1, value(left, 0) + 10**20)
        near = [far, equal.next_at_or_above(far), equal.previous_at_or_below(far)]
        for n in (place + step for place in near if place is not None for step in (-2, -1, 0, 1, 2)):
            a = b = n
            for stride, first, second in layers:
                a, b = (a + first) // stride, (b + second) // stride
            assert equal.contains(n) == (n >= 1 and a == b), (seed, n)


def test_far_apart_joins_of_a_deep_chain() -> None:
    deep = H
    for _ in range(29):
        deep = deep // 7
    both = Dim.solve_divides(7, H).intersect(Dim.solve_divides(7, deep))
    assert both.minimum == 7
    assert both.next_at_or_above(7**29) == 7**30
    with pytest.raises(DimTooComplex, match="not listed"):
        both.residues  # noqa: B018
    assert both.describe() == "H = 7, 14, 21, 28, ... and more"


def test_ten_thousand_joins() -> None:
    def joins(count: int) -> None:
        both = SizeSet.of(True, "H")
        for number in range(count):
            size = (H + number) // 2 ** (number % 6)
            both = both.intersect(Dim.solve_equal(size // 2 * 2 + number % 2, size + size % 1))
            if both.never:
                both = SizeSet.of(True, "H")

    assert calls_of(lambda: joins(10_000)) <= 2.1 * calls_of(lambda: joins(5_000))


@pytest.mark.parametrize(
    "operation",
    [
        # every pair of remainders of two large coprime moduli counts
        lambda: Dim.solve_at_least(H % 4_099, 2_000).intersect(Dim.solve_at_least(H % 4_093, 2_000)),
        lambda: Dim.solve_equal(H // 10_007 + H // 10_009, H // 10_037 + H // 10_039 + H // 10_061 - H // 10_067),
        # n mod m is a function of n // m that takes thousands of values
        lambda: Dim.solve_equal(H % 10**6, (H // 10**6) % 10**6),
        lambda: Dim.solve_equal(sum((2**i * (H // 2**i) * (-1) ** i for i in range(60)), start=0), 0),
        lambda: Dim.solve_equal(
            sum((p * (H // p) - H for p in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31)), start=0), -50
        ),
    ],
)
def test_what_is_too_complex_is_refused_soon_and_in_words(operation: object) -> None:
    def refused() -> None:
        with pytest.raises(DimTooComplex, match="too complex"):
            operation()  # type: ignore[operator]

    assert calls_of(refused) < 2_000_000
