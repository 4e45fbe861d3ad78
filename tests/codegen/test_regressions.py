"""Faults that were found once: each with the program that showed it."""

from __future__ import annotations

import torch

from archdsl.codegen import emit
from archdsl.driver.compilation import Compilation
from archdsl.source.loader import MemoryLoader
from tests.codegen.interpreter import Interpreter, random_inputs
from tests.networks.support import check_text, execute


def test_a_plain_name_may_stand_for_a_computed_label() -> None:
    """``d1`` for the label ``d{i}``: the loop has to be written out, or the value is not there."""
    _, (design,) = check_text(
        "network n() {\n    input image: [N, 3, 8, 8]\n    for i in 0..2 { d{i}: conv(3, 1) }\n"
        "    add { d0; d1 }\n    output y: [N, 3, 8, 8]\n}\n"
    )
    network = execute(emit([design]))["n"]().eval()
    oracle = Interpreter(design).eval()
    oracle.load(network.state_dict())
    (image,) = random_inputs(design)
    assert torch.equal(network(image), oracle(image)["y"])


def test_a_block_has_no_outputs_that_exist_in_training_alone() -> None:
    """Its caller unpacks a fixed number of values: in inference it took the batch apart instead."""
    text = (
        "block two(c: int) {\n    conv(c, 1)\n    output a\n    output b when training { conv(5, 1) }\n}\n"
        "network n() {\n    input image: [N, 3, 8, 8]\n    t: two(4)\n    output y: [N, 4, 8, 8]\n}\n"
    )
    compilation = Compilation(MemoryLoader({"test.arch": text}))
    compilation.check_file("test.arch")
    assert [finding.code for finding in compilation.sink] == ["E0218"]
