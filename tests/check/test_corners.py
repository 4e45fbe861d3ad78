"""Mistakes in places where hardly anybody writes an expression: each has one finding of its own, at its line."""

from __future__ import annotations

import pytest

from tests.check.support import codes, network

IN_INPUTS = [
    ("[N, 1 // 0, 8, 8]", "E0402"),
    ("[N, 1.5, 8, 8]", "E0206"),
    ("[N, 0, 8, 8]", "E0206"),
    ("[N, 8, h, w]", "E0219"),
    ("[N, 8, H = 1 // 0, W]", "E0402"),
    ("[N, 8, H = 0, W]", "E0206"),
    ("[N, 8, H = 2.5, W]", "E0206"),
    ("[N, 8, H = x.channels, W]", "E0208"),
    ("[N, 8, H = 32, H = 33]", "E0313"),
    ("[N, 8, H, W] where H in 1 // 0..4", "E0402"),
    ("[N, 8, H, W] where H >= x.channels", "E0208"),
    ("[N, 8, H, W] where H >= nowhere", "E0219"),
    ("[N, 8, H, W] where H > 8, H < 4", "E0313"),
    ("[N, 8, H, W] where H == 8, H != 8", "E0313"),
]


@pytest.mark.parametrize(("given", "code"), IN_INPUTS)
def test_in_an_input(given: str, code: str) -> None:
    assert codes(network("relu", given)) == [code]


@pytest.mark.parametrize("declared", ["H > 4", "H < 99", "H == 32", "H != 33", "H in [8, 9]", "2 divides H"])
def test_every_relation_can_be_declared(declared: str) -> None:
    assert codes(network("relu", f"[N, 8, H, W] where {declared}")) == []


IN_STEPS = [
    ("[N, 1 // 0, _, _]", "E0402"),
    ("[N, 1.5, _, _]", "E0206"),
    ("[N, 8, H = 8, _]", "E0218"),
    ("{ expect params == 0 }", "E0218"),
    ("v{1}: relu\nmax_pool(v{1})", "E0405"),
    ("max_pool((1 + 1).channels)", "E0222"),
    ("let c = 3\nmax_pool(c.channels)", "E0222"),
    ("low: relu\ninline low", "E0218"),
    ("let c = 2\nc(3)", "E0206"),
    ("relu\noutput type", "E0209"),
    ("relu\noutput a when testing { relu }", "E0218"),
    ("part(1 // 0)", "E0402"),
    ("inline part(1 // 0)", "E0402"),
    ("part(c=c)", "E0219"),
    ("limited(3)", "E0402"),
    ("steps(3)", "E0206"),
    ("spliced(relu)", "E0218"),
]
BLOCKS = (
    "block part(c: int = 1) { conv(c, 1) }\n"
    "block limited(c: int > 1 // 0) { conv(c, 1) }\n"
    "block steps(c: int) { c }\n"
    "block spliced(c: block) { inline c }\n"
)


@pytest.mark.parametrize(("steps", "code"), IN_STEPS)
def test_in_a_step(steps: str, code: str) -> None:
    used = [line + "\n" for line in BLOCKS.split("\n") if line and line.split("(")[0][6:] in steps]
    assert [found for found in codes(network(steps, before="".join(used))) if found[0] == "E"] == [code]


DEFINITIONS = [
    ("network m = nowhere()", "E0201"),
    ("network m = part()", "E0201"),
    ("network m = k()\nnetwork k = n()", "E0201"),
    ("network m(t: tensor) { input i: [N, 3]\n relu\n output o }", "E0206"),
    ("block b(t: tensor = 3) { add { t; identity } }", "E0206"),
    (f"block b({', '.join(f'p{n}: int = 1' for n in range(256))}) {{ relu }}", "E0106"),
]


@pytest.mark.parametrize(("definition", "code"), DEFINITIONS)
def test_in_a_definition(definition: str, code: str) -> None:
    text = network("relu", before="block part(c: int = 1) { conv(c, 1) }\n") + definition
    assert code in codes(text)
