"""Shape comments in generated networks are true: every commented value is compared while the network runs."""

from __future__ import annotations

import re

import pytest
import torch
from torch import Tensor, nn

from archdsl.codegen import emit
from tests.codegen.interpreter import random_inputs
from tests.codegen.programs import PROGRAMS
from tests.networks.support import NETWORKS, check_text, execute, source, typed

_COMMENTED = re.compile(r"^(\s+)(\w+)(?:: Tensor)? = .*  # (N x .*)$")
_COMMENT_ABOVE = re.compile(r"^(\s+)# (N x .*)$")


def _instrumented(text: str) -> str:
    """The source with a call of ``_compare(value, comment, N, H, W ...)`` behind every commented statement."""
    lines: list[str] = []
    waiting: tuple[str, str] | None = None
    for line in text.split("\n"):
        above = _COMMENT_ABOVE.match(line)
        if above is not None:
            waiting = (above.group(1), above.group(2))
            lines.append(line)
            continue
        lines.append(line)
        found = _COMMENTED.match(line)
        if found is not None:
            lines.append(f"{found.group(1)}_compare({found.group(2)}, {found.group(3)!r})")
        elif waiting is not None:
            name = re.match(r"\s+(\w+)", line)
            if name is not None and line.count("(") == line.count(")"):
                lines.append(f"{waiting[0]}_compare({name.group(1)}, {waiting[1]!r})")
                waiting = None
    return "\n".join(lines)


def _run(text: str, name: str, inputs: list[Tensor], sizes: dict[str, int]) -> int:
    compared = 0

    def compare(value: Tensor, comment: str) -> None:
        nonlocal compared
        compared += 1
        expected = tuple(eval(size, {}, sizes) for size in comment.split(" x "))
        assert tuple(value.shape) == expected, comment

    namespace = execute(_instrumented(text))
    network: nn.Module = namespace[name]().eval()
    namespace["_compare"] = compare
    with torch.inference_mode():
        network(*inputs)
    return compared


@pytest.mark.parametrize("name", PROGRAMS)
def test_comments_of_the_feature_programs_are_true(name: str) -> None:
    _, (design,) = check_text(PROGRAMS[name])
    sizes = {"N": 2, "H": 16, "W": 24, "L": 20}
    inputs = random_inputs(design, **{key: value for key, value in sizes.items() if key != "N"})
    assert _run(emit([design]), design.design.name, inputs, sizes) > 0


@pytest.mark.parametrize(
    ("file", "name"),
    [row for row in NETWORKS if row[1] in ("resnet50", "googlenet", "vgg11", "densenet121", "alexnet")],
)
def test_comments_of_the_specs_are_true(file: str, name: str) -> None:
    sizes = {"N": 1, "H": 95, "W": 130}
    inputs = random_inputs(typed(file, name), batch=1, H=95, W=130)
    assert _run(source(file, name), name, inputs, sizes) >= 3


def test_a_wrong_comment_is_noticed() -> None:
    _, (design,) = check_text(PROGRAMS["volume"])
    text = emit([design])
    assert "# N x 4 x 4 x 4 x 4" in text
    with pytest.raises(AssertionError):
        _run(text.replace("# N x 4 x 4 x 4 x 4", "# N x 4 x 4 x 4 x 5"), "volume", random_inputs(design), {"N": 2})
