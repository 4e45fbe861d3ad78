"""Weights and multiply-adds are torch's: for every network of specs/ at two sizes, and for random networks."""

from __future__ import annotations

import pytest

from archdsl.analysis.totals import totals
from archdsl.ir.amount import Polynomial
from archdsl.ops.base import Op
from tests.analysis.support import inputs_of, module_of
from tests.networks.every import every_network, small
from tests.networks.support import typed
from tests.numbers.campaign import Tally, campaign, compare
from tests.oracles.torchvision_models import flops, weight_count

pytestmark = pytest.mark.filterwarnings("ignore")

NETWORKS = every_network()


@pytest.mark.parametrize("least", [64, 97])
@pytest.mark.parametrize(("file", "name"), NETWORKS, ids=[name for _, name in NETWORKS])
def test_every_network_has_torch_s_figures(file: str, name: str, least: int) -> None:
    design = small(file, name, least)
    model = module_of(design).eval()
    found = totals(design)
    assert found.weights == weight_count(model)
    assert found.buffers == sum(buffer.numel() for buffer in model.buffers())
    assert found.flops == flops(model, *inputs_of(design))
    formula, sizes = totals(typed(file, name)).macs, _sizes(file, name, least)
    assert formula is not None
    assert found.macs == (formula.evaluate(sizes) if isinstance(formula, Polynomial) else formula)


def _sizes(file: str, name: str, least: int) -> dict[str, int]:
    """What the open sizes of a network became."""
    opened, fixed = typed(file, name).inputs, small(file, name, least).inputs
    pairs = [pair for (_, a), (_, b) in zip(opened, fixed, strict=True) for pair in zip(a.shape, b.shape, strict=True)]
    return {str(size): known for size, known in pairs if isinstance(known, int)}


def test_random_networks_have_torch_s_figures() -> None:
    """A short campaign in every run; the long one: ``make numbers-campaign``."""
    tally = campaign(60, seed=3)
    assert not tally.wrong, tally.wrong[0]
    assert (tally.networks, tally.comparisons, tally.memory) == (60, 120, 60)
    assert tally.formulas >= 60
    assert tally.exact >= 50


OPEN = """network n() {
    input image: [N, 4, H, W]
    conv(8, 3, padding=1) -> max_pool(2) -> relu
    output y: [N, _, _, _]
}"""


@pytest.mark.parametrize("attribute", ["macs", "kept", "scratch"])
def test_a_wrong_rule_is_found(attribute: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from archdsl.ops import REGISTRY

    op = REGISTRY["conv" if attribute == "macs" else "max_pool"]
    monkeypatch.setattr(type(op), attribute, getattr(Op, attribute))
    tally = Tally()
    text = OPEN if attribute != "scratch" else OPEN.replace("conv(8, 3, padding=1) -> ", "")
    compare(text, tally)
    assert tally.wrong
