"""The losses of a recipe: of the output of inference, of outputs that only training has, of mixed samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archdsl.documents.recipe import Loss
from archdsl.train.seeds import MIXUP, derived


@dataclass(frozen=True, slots=True)
class Mixture:
    """What mixup made of a batch: each sample with ``share`` of itself and the rest of a partner."""

    images: Tensor
    partners: Tensor
    share: float


class Criterion(nn.Module):
    """The loss of a recipe for outputs N x classes and targets N (or N x classes for probabilities), as a mean."""

    def __init__(self, loss: Loss, classes: int) -> None:
        super().__init__()
        self.loss = loss
        self.classes = classes

    def forward(self, outputs: Tensor | Sequence[Tensor], targets: Tensor) -> Tensor:
        """The loss of the first output, and of the others with the weight of auxiliary ones."""
        if isinstance(outputs, Tensor):
            return self._of(outputs, targets)
        first, *others = outputs
        total = self._of(first, targets)
        for output in others:
            total = total + self.loss.auxiliary * self._of(output, targets)
        return total

    def _of(self, output: Tensor, targets: Tensor) -> Tensor:
        match self.loss.name:
            case "cross_entropy":
                return F.cross_entropy(output, targets, label_smoothing=self.loss.label_smoothing)
            case "hinge":
                return F.multi_margin_loss(output, targets)
            case "mse":
                wanted = targets if targets.ndim == 2 else F.one_hot(targets, self.classes)
                return F.mse_loss(output, wanted.to(output.dtype))


def mixed(images: Tensor, targets: Tensor, alpha: float, *place: int) -> Mixture:
    """Each sample of a batch with another one, in a share that is drawn for the batch (Zhang et al., 2017)."""
    random = torch.Generator().manual_seed(derived(*place, MIXUP))
    first, second = (torch._standard_gamma(torch.tensor([alpha, alpha]), random)).tolist()
    share = first / (first + second) if first + second > 0 else 0.5
    partner = torch.randperm(len(images), generator=random).to(images.device)
    return Mixture(images.lerp(images[partner], 1 - share), targets[partner], share)
