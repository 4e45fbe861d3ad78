"""Guards: generated code raises ValueError for exactly the inputs that the network was not proven for."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from archdsl.analysis.sizes import accepted_sizes
from archdsl.codegen import Refused, emit
from archdsl.codegen import pytree as py
from archdsl.codegen.size_tests import is_outside
from archdsl.driver.compilation import Compilation
from archdsl.ir.dim import Dim, DimTooComplex, SizeSet
from archdsl.source.loader import MemoryLoader
from tests.networks.support import check_text, execute


def network(body: str, image: str = "[N, 1, H, 4]", head: str = "") -> str:
    unstated = ", ".join("_" * image.split("]", maxsplit=1)[0].count(","))
    return f"network n({head}) {{\n    input image: {image}\n    {body}\n    output y: [N, {unstated}]\n}}\n"


def built(text: str) -> Callable[..., Any]:
    _, (design,) = check_text(text)
    return execute(emit([design]))["n"]().eval()  # type: ignore[no-any-return]


def refusal(module: Callable[..., Any], *shape: int) -> str | None:
    """What the guard says of zeros of this shape; any other exception is a failure of the test."""
    try:
        with torch.no_grad():
            module(torch.zeros(shape))
    except ValueError as error:
        return str(error)
    return None


def cut(*cuts: tuple[int, int]) -> str:
    """A sum of images, each with some rows of zeros put above it and then cut to a multiple of some number of rows."""
    paths = (
        f"zero_pad((0, 0, {above}, 0)) -> max_pool(({rows}, 1)) -> conv_transpose(1, ({rows}, 1), stride=({rows}, 1))"
        for rows, above in cuts
    )
    return f"add {{ {'; '.join(paths)} }}"


EVEN = "add { identity; max_pool((2, 1)) -> conv_transpose(1, (2, 1), stride=(2, 1)) }"


@pytest.mark.parametrize(
    ("body", "written"),
    [
        (EVEN, "x.shape[2] < 2 or x.shape[2] % 2 != 0"),
        ("conv(1, (7, 1))", "x.shape[2] < 7"),
        ("relu", "x.shape[2] < 1"),
        ("conv(1, (3, 1)) -> [N, _, 20, _]", "x.shape[2] != 22"),
        ("max_pool((4, 1)) -> [N, _, 3, _]", "not 12 <= x.shape[2] <= 15"),
        (f"zero_pad((0, 0, 1, 0)) -> {EVEN}", "x.shape[2] % 2 != 1"),
        (
            "concat { max_pool((4, 1)) -> conv_transpose(1, (4, 1), stride=(4, 1))\n"
            "        max_pool((2, 1)) -> conv_transpose(1, (2, 1), stride=(2, 1)) }",
            "x.shape[2] < 4 or x.shape[2] % 4 >= 2",
        ),
        (cut((2, 1), (3, 1)), "x.shape[2] < 5 or x.shape[2] % 6 not in (0, 5)"),
        (cut((3, 1), (3, 2)), "x.shape[2] < 2 or x.shape[2] % 3 == 1"),
        (cut((5, 1), (5, 3)), "x.shape[2] < 4 or x.shape[2] % 5 in (2, 3)"),
    ],
)
def test_a_guard_raises_exactly_where_the_network_was_not_proven(body: str, written: str) -> None:
    text = network(body, "[N, 1, H, 4] guarded")
    _, (design,) = check_text(text)
    assert written in emit([design])
    (height,) = accepted_sizes(design)
    module, unguarded = built(text), built(network(body))
    for size in range(70):
        said = refusal(module, 2, 1, size, 4)
        assert (said is None) == height.accepted.contains(size), size
        if said is None:
            assert torch.equal(module(torch.ones(2, 1, size, 4)).isnan(), unguarded(torch.ones(2, 1, size, 4)).isnan())
        else:
            assert said.startswith("image works where ")
            assert said.endswith(f", not for H = {size}")


@pytest.mark.parametrize("shape", [(1, 8, 4), (2, 3, 8, 4), (2, 1, 8, 5), (2, 1, 8, 4, 1), (2, 1)])
def test_rank_and_fixed_sizes_are_guarded_too(shape: tuple[int, ...]) -> None:
    """Torch itself takes an image without its batch axis, and any channels where no layer owns weights."""
    said = refusal(built(network("relu", "[N, 1, H, 4] guarded")), *shape)
    assert said == f"image has to be N x 1 x H x 4, not {shape}"


def test_one_size_at_two_places() -> None:
    module = built(network("relu", "[N, 1, H, H] guarded"))
    assert refusal(module, 2, 1, 5, 5) is None
    assert refusal(module, 2, 1, 5, 6) == "image has to be N x 1 x H x H, not (2, 1, 5, 6)"


TWO = """\
network n() {
    input left: [N, 1, H, W]
    input right: [N, 2, H, 4] guarded
    conv(1, (3, 1))
    right -> conv(1, (3, 1))
    output y: [N, 1, _, _]
    output z: [N, 1, _, _] { left }
}
"""


def test_a_guarded_input_beside_another_one() -> None:
    text = TWO.replace("    conv(1, (3, 1))\n    right", "    right")
    module = built(text)
    with torch.no_grad():
        module(torch.zeros(1, 1, 9, 2), torch.zeros(1, 2, 9, 4))
        with pytest.raises(ValueError, match="right has to be N x 2 x H x 4, with the H of left, not"):
            module(torch.zeros(1, 1, 8, 2), torch.zeros(1, 2, 9, 4))
        with pytest.raises(ValueError, match="right works where H >= 3, not for H = 2"):
            module(torch.zeros(1, 1, 2, 2), torch.zeros(1, 2, 2, 4))


def test_declared_sizes_are_what_is_guarded() -> None:
    """Layers accept more: the spec says which sizes the network is meant for."""
    text = network(EVEN, "[N, 1, H, 4] guarded where H in 64..=512, 32 divides H")
    _, (design,) = check_text(text)
    assert "x.shape[2] not in range(64, 513, 32)" in emit([design])
    module = built(text)
    passed = [size for size in range(0, 600, 2) if refusal(module, 1, 1, size, 4) is None]
    assert passed == list(range(64, 513, 32))


def test_parameters_behind_the_sizes_are_bound() -> None:
    """Another kernel would accept other sizes than those that were proven; another width would not."""
    text = network("conv(width, (kernel, 1))", "[N, 1, H, 4] guarded", "kernel: int = 5, width: int = 2")
    _, (design,) = check_text(text)
    source = emit([design])
    assert "def __init__(self, width: int = 2)" in source
    assert "kernel: int" not in source
    assert refusal(built(text), 1, 1, 4, 4) is not None
    assert refusal(built(text), 1, 1, 5, 4) is None


def test_channels_that_are_a_parameter_are_guarded_by_it() -> None:
    text = network("conv(channels, 1)", "[N, channels, H, 4] guarded", "channels: int = 3")
    _, (design,) = check_text(text)
    module = execute(emit([design]))["n"](channels=2).eval()
    assert refusal(module, 1, 2, 5, 4) is None
    assert refusal(module, 1, 3, 5, 4) == "image has to be N x 2 x H x 4, not (1, 3, 5, 4)"


VARIANTS = """\
network Any(kernel: int) {
    input image: [N, 1, H, 4] guarded
    conv(2, (kernel, 1))
    output y: [N, 2, _, 4]
}
network small = Any(3)
network large = Any(5)
"""


def test_variants_with_other_sizes_are_compiled_one_by_one() -> None:
    _, designs = check_text(VARIANTS)
    with pytest.raises(Refused, match="the guard of `H` would differ"):
        emit(designs)
    for design, least in zip(designs, (3, 5), strict=True):
        module = execute(emit([design]))[design.design.name]()
        assert [size for size in range(9) if refusal(module, 1, 1, size, 4) is None] == list(range(least, 9))


def test_sizes_of_too_many_kinds_have_no_guard() -> None:
    wild = ", ".join(str(3 * n + n % 2) for n in range(1, 40))
    _, (design,) = check_text(network("relu", f"[N, 1, H, 4] guarded where H in [{wild}]"))
    with pytest.raises(Refused, match="too many kinds for a guard"):
        emit([design])


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("input image: [N, 1, H, 4] guard", "E0218"),
        ("input image: [N, 1, H, 4] relu", "E0218"),
        ("input image: [N, 1, H, 4] where H > 3 guarded", "E0101"),
        ("input image: [N, 1, H, 4] guarded guarded", "E0101"),
        ("input image guarded: [N, 1, H, 4]", "E0101"),
        ("input image: [N, 1, H, 4] guarded(3)", "E0101"),
    ],
)
def test_other_words_are_refused_where_they_stand(line: str, code: str) -> None:
    text = f"network n() {{\n    {line}\n    relu\n    output y\n}}\n"
    compilation = Compilation(MemoryLoader({"n.arch": text}))
    compilation.check_file("n.arch")
    found = list(compilation.sink)
    assert code in [finding.code for finding in found]
    assert text.count("\n", 0, found[0].span.start) == 1


# --- conditions -------------------------------------------------------------------------------------------------------

H = Dim.symbol("H")
SETS = st.builds(
    lambda first, last, size, least: Dim.solve_equal(H // size * size % least, first % least).intersect(
        SizeSet.between("H", first, None if last % 3 else first + last)
    ),
    st.integers(1, 40),
    st.integers(0, 30),
    st.integers(1, 6),
    st.integers(1, 6),
)


@example(SizeSet.between("H", 3), {4, 5, 6})
@given(SETS, st.sets(st.integers(1, 20), max_size=4))
def test_a_condition_in_python_is_the_set(allowed: SizeSet, without: set[int]) -> None:
    allowed = allowed.without(SizeSet.among("H", without)) if without else allowed
    if allowed.never:
        return
    try:
        test = ast.unparse(is_outside(py.name("n"), allowed))
    except DimTooComplex:
        return
    for n in range(200):
        assert eval(test, {"n": n}) != allowed.contains(n), (n, test)
