"""The optimizer of a recipe, and its learning rate as a function of the step."""

from __future__ import annotations

import math

from torch import nn, optim

from archdsl.documents.recipe import Optimizer, Schedule


def make_optimizer(settings: Optimizer, model: nn.Module) -> optim.Optimizer:
    """The optimizer over all weights; biases and norms, which have one axis, do not decay.

    ``fused``: torch's own kernel that updates a weight in one pass, where the usual one takes a dozen.
    """
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    groups = [
        {"params": [weight for weight in weights if weight.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [weight for weight in weights if weight.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    match settings.name:
        case "adamw":
            return optim.AdamW(groups, lr=settings.lr, betas=(settings.betas[0], settings.betas[1]), fused=True)
        case "sgd":
            return optim.SGD(groups, lr=settings.lr, momentum=settings.momentum, fused=True)


def lr_factor(schedule: Schedule, step: int, steps: int) -> float:
    """What the learning rate is multiplied with at a step (from 0) of so many: a linear rise, then the schedule."""
    rise = round(schedule.warmup * steps)
    if step < rise:
        return (step + 1) / rise
    done = (step - rise) / max(1, steps - rise)
    match schedule.name:
        case "constant":
            return 1.0
        case "linear":
            return 1 + (schedule.final - 1) * done
        case "cosine":
            return schedule.final + (1 - schedule.final) * (1 + math.cos(math.pi * done)) / 2


def set_lr(optimizer: optim.Optimizer, lr: float) -> None:
    """The learning rate of the next step."""
    for group in optimizer.param_groups:
        group["lr"] = lr
