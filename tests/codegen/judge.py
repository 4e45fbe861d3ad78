"""Holds generated code to the interpreter: every network of a text, all outputs, bit for bit."""

from __future__ import annotations

import torch

from archdsl.codegen import emit
from tests.codegen.interpreter import Interpreter, random_inputs
from tests.networks.support import check_text, execute

SIZES = {"H": 16, "W": 24, "L": 20}


def outputs_agree(text: str) -> str:
    """The generated source, after its networks have been run beside the interpreter with the same weights."""
    _, designs = check_text(text)
    source = emit(designs)
    for design in designs:
        network, oracle = execute(source)[design.design.name]().eval(), Interpreter(design).eval()
        oracle.load(network.state_dict())
        inputs = random_inputs(design, **SIZES)
        mine, theirs = network(*inputs), oracle(*inputs)
        always = [theirs[output] for output, _, when in design.outputs if when is None]
        found = mine if isinstance(mine, tuple) else (mine,)
        assert all(torch.equal(one, other) for one, other in zip(found, always, strict=True))
    return source
