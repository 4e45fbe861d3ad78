"""Which files hold the shape rules, which tests are to notice a change there, and which changes nobody can notice."""

from __future__ import annotations

from dataclasses import dataclass

OPS, IR = "tests/ops", "tests/ir"
SHARED = tuple(
    f"{OPS}/test_{name}.py" for name in "stricter_than_torch messages axis_counts open_sizes registry".split()
)

SUPPORT = (f"{OPS}/support.py", "tests/trust/rule_mutations.py", "tests/trust/rule_runner.py")
"""What verdicts depend on in every group."""


@dataclass(frozen=True)
class Group:
    """Files of the package with rules, and the tests that are to notice a change there."""

    files: tuple[str, ...]
    tests: tuple[str, ...]


GROUPS = {
    "convolution": Group(("ops/conv.py",), (f"{OPS}/test_enumeration_conv.py", *SHARED)),
    "transposed": Group(("ops/conv_transpose.py",), (f"{OPS}/test_enumeration_conv_transpose.py", *SHARED)),
    "pools": Group(
        ("ops/pooling.py", "ops/window.py", "ops/window_axis.py"), (f"{OPS}/test_enumeration_pooling.py", *SHARED)
    ),
    "norms": Group(("ops/norm.py",), (f"{OPS}/test_enumeration_norm.py", *SHARED)),
    "shapes": Group(
        ("ops/shape.py", "ops/merge.py", "ops/upsample.py", "ops/linear.py"),
        (f"{OPS}/test_enumeration_shape.py", *SHARED),
    ),
    "shared rules": Group(
        ("ops/rules.py",),
        (*(f"{OPS}/test_{name}.py" for name in ("enumeration_norm", "enumeration_shape", "attention")), *SHARED),
    ),
    "attention": Group(
        ("ops/attention.py", "ops/window_attention.py", "ops/partition.py", "ops/parameters.py", "ops/layout.py"),
        (f"{OPS}/test_attention.py", *SHARED),
    ),
    "values": Group(("ops/activation.py", "ops/dropout.py"), (f"{OPS}/test_enumeration_shape.py", *SHARED)),
    "lenet": Group(("ops/lenet.py",), (f"{OPS}/test_lenet.py", *SHARED)),
    "calls": Group(
        ("ops/base.py", "ir/types.py"), (f"{IR}/test_types.py", f"{OPS}/test_enumeration_shape.py", *SHARED)
    ),
    "open sizes": Group(
        ("ir/dim.py", "ir/quasi_affine.py"),
        tuple(f"{IR}/test_{name}.py" for name in ("quasi_affine", "functions", "dim", "size_sets")),
    ),
}
OTHER_CONCERNS = frozenset(
    (
        "to_torch kept kept_with_maxima maxima_found stored scratch surplus gathered mask macs arithmetic warnings "
        "window channels groups _padded _scores _view _window adaptive_window __str__ __repr__ axis_word term "
        "_alternatives spatial_words kernel_text independent factor_text as_json __init_subclass__ stated_channels"
    ).split()
)
"""Functions that are no shape rules: costs, generated code, texts, the registry; they have tests of their own."""
PROBES = "only slower: probes spare the exact comparison that follows, and say what it would"
NO_ZERO = "the factor of a floor is never 0"
EQUIVALENT: dict[str, str] = {
    "conv.Conv.axes: 0 -> 1": 'the number is not read where the padding is "same"',
    "dim.Dim.__eq__: any((difference.evaluate(n) for n in _PROBES)) or difference.rise(difference.period) -> "
    "any((difference.evaluate(n) for n in _PROBES)) and difference.rise(difference.period)": PROBES,
    "dim.Dim.__eq__: any -> all": PROBES,
    "dim.Dim.__eq__: 1 -> 2 (2)": "1 is one of the probes: the sizes do not differ there",
    "dim.Dim.__hash__: 11 -> 12": "values at any two inputs make a hash",
    "dim.Dim.__hash__: 1000003 -> 1000004": "values at any two inputs make a hash",
    "dim.dim_max: difference >= 0 -> difference > 0": "of two equal sizes either one is the larger",
    "dim.dim_max: 0 -> 1": "of two equal sizes either one is the larger",
    "quasi_affine.QuasiAffine.is_nondecreasing: term.factor > 0 -> term.factor >= 0": NO_ZERO,
    "quasi_affine._divide_single: a < 0 -> a <= 0": NO_ZERO,
    "quasi_affine._divide_single: 0 -> 1 (2)": NO_ZERO,
}
"""Changes that no test can notice, by `Mutant.name`, and why."""
