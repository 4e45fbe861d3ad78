"""How layers name their PyTorch counterparts: the class by rank, and only the keywords that say something."""

from __future__ import annotations

from archdsl.ops.base import Call
from archdsl.ops.form import Argument, Argumentlike
from archdsl.ops.limits import every_part_is

Keywords = tuple[tuple[str, Argumentlike], ...]


def by_rank(stem: str, call: Call) -> str:
    """``nn.Conv2d`` for the stem ``nn.Conv`` and a value with two spatial axes."""
    return f"{stem}{call.x.rank - 2}d"


def keywords(call: Call, **torch_names: str) -> Keywords:
    """``torch_name=`` our argument, for those that differ from their default (which is torch's as well)."""
    defaults = {parameter.name: parameter.default for parameter in call.op.parameters}
    return tuple(
        (torch_name, Argument(name))
        for torch_name, name in torch_names.items()
        if not every_part_is(defaults[name], call.arguments[name])
    )
