"""Networks that torchvision has not: timm's, and a DenseNet-264 from torchvision's class. Names need no map."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from archdsl.analysis.costs import CostTable
from archdsl.check.check import check
from archdsl.diagnostics.sink import Sink
from tests.networks.support import build, typed
from tests.oracles.torchvision_models import ShapesOnly, flops, randomise_batch_norms, torchvision, weight_count

import timm  # isort: skip  (it imports torchvision: after the oracle)

CASES = [
    pytest.param("inception_v4.arch", "inception_v4", "inception_v4", 107, id="inception_v4"),
    pytest.param("senet.arch", "se_resnet50", "seresnet50", 64, id="se_resnet50"),
    pytest.param("senet.arch", "senet154", "legacy_senet154", 64, id="senet154", marks=pytest.mark.nightly),
    pytest.param("densenet.arch", "densenet264", "", 64, id="densenet264", marks=pytest.mark.nightly),
]


def oracle(name: str) -> nn.Module:
    torch.manual_seed(0)
    if not name:
        return torchvision.models.DenseNet(32, (6, 12, 64, 48), 64).eval()
    return timm.create_model(name, pretrained=False).eval()


@pytest.mark.parametrize(("file", "name", "theirs", "size"), CASES)
def test_outputs_on_their_weights_are_theirs(file: str, name: str, theirs: str, size: int) -> None:
    model, ours = oracle(theirs), build(file, name).eval()
    randomise_batch_norms(model)
    ours.load_state_dict(model.state_dict(), strict=True)
    image = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        assert torch.equal(ours(image), model(image))


@pytest.mark.parametrize(("file", "name", "theirs", "size"), [pytest.param(*case.values, id=case.id) for case in CASES])
def test_names_weights_and_multiply_adds_are_theirs(file: str, name: str, theirs: str, size: int) -> None:
    with ShapesOnly():
        model, ours = oracle(theirs), build(file, name)
    assert [(key, value.shape) for key, value in sorted(ours.state_dict().items())] == [
        (key, value.shape) for key, value in sorted(model.state_dict().items())
    ]
    assert typed(file, name).root.body.weights == weight_count(model)
    sink = Sink()
    fixed = check(typed(file, name).design, sink, sizes={"H": size, "W": size})
    assert fixed is not None and not sink.has_errors
    macs = CostTable().body(fixed.root.body).macs
    assert macs is not None and 2 * macs == flops(model, torch.zeros(1, 3, size, size, device="meta"))
