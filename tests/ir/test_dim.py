"""Open sizes against plain integer arithmetic: values, composition, identity, text, refusals."""

from __future__ import annotations

from random import Random

import pytest

from archdsl.ir.dim import Dim, DimTooComplex, SizeSet, dim_max, dim_min
from tests.ir.size_trees import H, random_size, value

W = Dim.symbol("W")
EVERYWHERE = [*range(-30, 300), 4_095, 12_345, 10**7 + 19, 7**30 + 3]


@pytest.mark.parametrize("depth", range(1, 7))
def test_random_networks_have_the_values_of_plain_integers(depth: int) -> None:
    refused = 0
    for seed in range(500):
        try:
            size, at = random_size(Random(seed), depth)
        except DimTooComplex:
            refused += 1
            continue
        assert [value(size, n) for n in EVERYWHERE] == [at(n) for n in EVERYWHERE], (seed, size)
    assert refused <= 2


def test_a_python_expression_of_every_random_size_has_its_values() -> None:
    for seed in range(500):
        rng = Random(seed)
        size, at = random_size(rng, rng.randint(1, 5))
        if isinstance(size, Dim):
            text = size.ascii()
            assert text.isascii()
            expression = compile(text, "size", "eval")
            assert [eval(expression, {"H": n}) for n in range(-20, 60)] == [at(n) for n in range(-20, 60)], (seed, text)


def test_the_text_for_people_has_the_values_too() -> None:
    for seed in range(500):
        rng = Random(seed)
        size, at = random_size(rng, rng.randint(1, 4))
        text = str(size)
        if isinstance(size, Dim) and "sum of" not in text:
            assert not text.isascii() or "/" not in text
            expression = text.replace("⌊", "((").replace("⌋", "))").replace("−", "-").replace(")/", ")//")
            expression = expression.replace("H/", "H//")
            assert [eval(expression, {"H": n}) for n in range(60)] == [at(n) for n in range(60)], (seed, text)


def test_substitution_is_composition() -> None:
    for seed in range(300):
        rng = Random(seed)
        outer, outer_at = random_size(rng, rng.randint(1, 3))
        inner, inner_at = random_size(rng, rng.randint(1, 3))
        if isinstance(outer, int):
            continue
        composed = outer.substitute(inner)
        assert [value(composed, n) for n in range(-9, 99)] == [outer_at(inner_at(n)) for n in range(-9, 99)], seed
        assert outer.substitute(17) == outer_at(17)


def test_substitution_renames_the_symbol() -> None:
    renamed = ((H + 1) // 2).substitute(W)
    assert isinstance(renamed, Dim)
    assert renamed.symbol_name == "W"
    assert renamed == (W + 1) // 2


@pytest.mark.parametrize(
    "size",
    [
        "H - H",
        "H * 0",
        "H // 2 - (H + 2) // 2",
        "H // 2 + (H + 1) // 2 - H",
        "H % 1",
        "2 * (H // 2) // 2 - H // 2",
        "(2 * H + 1) % 2",
    ],
)
def test_what_no_longer_depends_on_the_symbol_is_an_int(size: str) -> None:
    assert isinstance(eval(size), int)


@pytest.mark.parametrize("divisor", [2, 3, 4, 5, 6, 12, 30])
def test_hermites_identity_collapses_families(divisor: int) -> None:
    family = sum(((H + offset) // divisor for offset in range(divisor)), start=0)
    assert isinstance(family, Dim)
    assert family.function == H.function


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("H - H // 2", "(H + 1) // 2"),
        ("H - H // 3", "(H + 1) // 3 + (H + 2) // 3"),
        ("(H + 2 - 3) // 2 + 1", "(H - 1) // 2 + 1"),
        ("H // 2 // 3", "H // 3 // 2"),
        ("H % 6 // 3", "H % 6 // 3 + 0 * H"),
        ("H - H // 7", "sum(((H + offset) // 7 for offset in range(1, 7)), start=0)"),
    ],
)
def test_the_same_function_written_differently_is_equal_and_has_one_hash(left: str, right: str) -> None:
    assert eval(left) == eval(right)
    assert hash(eval(left)) == hash(eval(right))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (H, W),
        (H, H + 1),
        (H, 2 * H),
        (H // 2, (H + 1) // 2),
        (H, "H"),
        (H, 1),
        (H // 1_000, H // 1_001),
        # equal for all n below 10^12
        (H + H // 10**12, H + H // 10**13),
        # too complex to solve, so not equal unless written alike
        (H % 1_000_033, H % 1_000_037),
    ],
)
def test_different_functions_are_not_equal(left: Dim, right: object) -> None:
    assert left != right


def test_sizes_do_not_change() -> None:
    with pytest.raises(AttributeError):
        H.symbol_name = "W"  # type: ignore[misc]


# --- text ---


@pytest.mark.parametrize(
    ("written", "text", "python"),
    [
        ("H", "H", "H"),
        ("H + 2", "H + 2", "H + 2"),
        ("2 * H - 1", "2*H − 1", "2 * H - 1"),
        ("H // 32", "⌊H/32⌋", "H // 32"),
        ("H // 32 - 1", "⌊H/32⌋ − 1", "H // 32 - 1"),
        ("(H + 6 - 7) // 2 + 1", "⌊(H + 1)/2⌋", "(H + 1) // 2"),
        ("(H - 7) // 2 + 1", "⌊(H − 5)/2⌋", "(H - 5) // 2"),
        ("2 * ((H - 1) // 2) + 2", "2*⌊(H + 1)/2⌋", "2 * ((H + 1) // 2)"),
        ("2 * ((H - 1) // 2) + 1", "2*⌊(H + 1)/2⌋ − 1", "2 * ((H + 1) // 2) - 1"),
        ("5 - H", "5 − H", "5 - H"),
        ("-H", "−H", "-H"),
        ("-(H // 2)", "−⌊H/2⌋", "-(H // 2)"),
        ("H - H // 2", "⌊(H + 1)/2⌋", "(H + 1) // 2"),
        ("H // 2 + H // 3 - 1", "⌊H/2⌋ + ⌊H/3⌋ − 1", "H // 2 + H // 3 - 1"),
        ("7 - H // 2 - H // 3", "7 − ⌊H/2⌋ − ⌊H/3⌋", "7 - (H // 2) - (H // 3)"),
        ("-7 - H // 2", "−⌊H/2⌋ − 7", "-(H // 2) - 7"),
        ("H - H // 3", "H − ⌊H/3⌋", "H - (H // 3)"),
        ("H % 4", "H − 4*⌊H/4⌋", "H - 4 * (H // 4)"),
        # as few floors as it takes, and rather added than subtracted
        ("3 * H // 2", "H + ⌊H/2⌋", "H + H // 2"),
        ("2 * H // 5", "⌊H/5⌋ + ⌊(H + 2)/5⌋", "H // 5 + (H + 2) // 5"),
        ("3 * H // 4", "H − ⌊(H + 3)/4⌋", "H - ((H + 3) // 4)"),
    ],
)
def test_text(written: str, text: str, python: str) -> None:
    size = eval(written)
    assert (str(size), size.ascii(), repr(size)) == (text, python, f"Dim({python})")


@pytest.mark.parametrize(
    ("size", "known", "text"),
    [
        (H // 32, Dim.solve_divides(32, H), "H/32"),
        (16 * (H // 16), Dim.solve_divides(32, H), "H"),
        (2 * (H // 32), Dim.solve_divides(32, H), "H/16"),
        (H // 64, Dim.solve_divides(32, H), "⌊H/64⌋"),
        ((H + 1) // 2, Dim.solve_divides(2, H), "H/2"),
        ((H + 1) // 2, Dim.solve_divides(2, H + 1), "(H + 1)/2"),
        (H // 2, Dim.solve_divides(2, H + 1), "(H − 1)/2"),
        ((H + 1) // 3, Dim.solve_divides(3, H + 1), "(H + 1)/3"),
        ((H + 1) // 3, Dim.solve_divides(3, H), "H/3"),
        (H // 2, SizeSet.of(True, "H"), "⌊H/2⌋"),
        (H // 2, SizeSet.of(False, "H"), "⌊H/2⌋"),
        # what is too complex to decide is not used
        (H // 20_021, Dim.solve_at_least(H % 100_003, 50_000), "⌊H/20021⌋"),
    ],
)
def test_text_with_what_is_known_of_the_input(size: Dim, known: SizeSet, text: str) -> None:
    assert size.text_for(known) == text


def test_long_sums_are_counted_for_people_and_written_out_for_python() -> None:
    shorter = sum((H // prime for prime in (2, 3, 5, 7, 11, 13, 17, 19)), start=0)
    size = shorter + H // 23
    assert str(shorter).count("⌊") == 8
    assert isinstance(size, Dim)
    assert str(size) == "a sum of 9 floors of H"
    assert size.ascii().count("//") == 9


# --- the larger and the smaller ---


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (H, H + 1),
        (H // 2, (H + 1) // 2),
        (H, H // 2),
        (H, 0),
        (3, 4),
        (H % 4, 2),
        (H % 4, (H + 1) % 4),
        (H // 2 + H % 3, H // 2 + H % 2),
    ],
)
def test_larger_and_smaller_of_two_sizes(left: int | Dim, right: int | Dim) -> None:
    for n in range(1, 200):
        a, b = value(left, n), value(right, n)
        assert value(dim_max(left, right), n) == max(a, b)
        assert value(dim_min(left, right), n) == min(a, b)


def test_ceil_mode_pooling_drops_the_window_that_starts_in_the_padding() -> None:
    for k, s, p in ((2, 2, 0), (3, 2, 1), (3, 2, 0), (2, 3, 1), (5, 4, 2), (3, 1, 1), (2, 5, 1)):
        for size in (H, (H + 1) // 2, 3 * H - 2):
            rows = dim_min(-(-(size + 2 * p - k) // s) + 1, -(-(size + p) // s))
            for n in range(1, 100):
                m = value(size, n)
                out = (m + 2 * p - k + s - 1) // s + 1
                assert value(rows, n) == (out - 1 if (out - 1) * s >= m + p else out), (k, s, p, n)


@pytest.mark.parametrize("minimum", [0, 1, 2, 7, 40])
def test_a_size_that_only_grows_is_solved_whatever_its_period(minimum: int) -> None:
    size = H // 5_003 + H // 4_999 + 2 * (H // 17)
    assert isinstance(size, Dim)
    smallest = next(n for n in range(1, 100_000) if value(size, n) >= minimum)
    assert size.smallest_at_least(minimum) == smallest == Dim.solve_at_least(size, minimum).minimum


# --- refusals ---


@pytest.mark.parametrize(
    "operation",
    [
        lambda: H + W,
        lambda: H - W,
        lambda: Dim.solve_equal(H, W),
        lambda: Dim.solve_at_least(H // 2, W),
        lambda: dim_max(H, W),
    ],
)
def test_two_symbols_are_refused_with_both_sizes(operation: object) -> None:
    with pytest.raises(DimTooComplex, match=r"two open symbols, .*H.* and W"):
        operation()  # type: ignore[operator]


@pytest.mark.parametrize("operation", [lambda: H * W, lambda: H * H, lambda: H // W, lambda: 7 // H, lambda: H // H])
def test_products_and_quotients_of_open_sizes_are_refused(operation: object) -> None:
    with pytest.raises(DimTooComplex, match="is not followed"):
        operation()  # type: ignore[operator]


@pytest.mark.parametrize("operation", [lambda: H // 0, lambda: H % 0, lambda: Dim.solve_divides(0, H)])
def test_division_by_zero(operation: object) -> None:
    with pytest.raises(ZeroDivisionError):
        operation()  # type: ignore[operator]


@pytest.mark.parametrize("operation", [lambda: H // -2, lambda: H % -1, lambda: Dim.solve_divides(-3, 6)])
def test_division_by_negative_numbers(operation: object) -> None:
    with pytest.raises(ValueError, match="positive integers only"):
        operation()  # type: ignore[operator]


@pytest.mark.parametrize(
    "operation",
    [
        lambda: H + "1",
        lambda: H - "1",
        lambda: H * 1.5,
        lambda: H // 2.0,
        lambda: 0.5 - H,
        lambda: 0.5 // H,
        lambda: H % "2",
    ],
)
def test_other_types_are_type_errors(operation: object) -> None:
    with pytest.raises(TypeError):
        operation()  # type: ignore[operator]


def many_floors(count: int) -> Dim:
    size = sum((H // divisor for divisor in range(101, 101 + 2 * count, 2)), start=H)
    assert isinstance(size, Dim)
    return size


def test_sizes_without_an_order_for_all_inputs_are_refused() -> None:
    with pytest.raises(DimTooComplex, match="depends on H"):
        dim_max(H, 5)


@pytest.mark.parametrize(
    "operation",
    [
        lambda: (H + H // 5_003) // 2,
        lambda: (5_000 * H) // 10_007,
        lambda: [size := H, [size := size // 4_096 for _ in range(400)]],
        lambda: sum((H // (5_000 + index) for index in range(1_100)), start=0),
        lambda: dim_max(H % 4_099, (H + 7) % 4_093),
        lambda: (H + 2**4_000) * 2**200,
        lambda: (H // 2) * 2**4_000 * 2**200,
        lambda: many_floors(100).substitute(many_floors(100)),
    ],
)
def test_limits_are_refused_in_words(operation: object) -> None:
    with pytest.raises(DimTooComplex, match="too complex"):
        operation()  # type: ignore[operator]
