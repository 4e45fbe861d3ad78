"""Says at its place why a step failed: the layer where a loss stopped being finite, a network that is not compiled."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from archdsl.analysis.flatten import flatten
from archdsl.diagnostics.diagnostic import Diagnostic, Help
from archdsl.documents.recipe import Recipe
from archdsl.ir.typed import TypedDesign
from archdsl.train.plan import TrainingPlan


@torch.no_grad()
def first_not_finite(model: nn.Module, images: Tensor) -> str | None:
    """The path of the first module whose output holds NaN or infinity; empty for the input; None if all is finite.

    The network runs once more on the images, in the mode that it is in, and forgets it.
    """
    if not torch.isfinite(images).all():
        return ""
    found: list[str] = []

    def look(name: str) -> Any:
        def hook(module: nn.Module, given: object, output: object) -> None:
            tensors = output if isinstance(output, tuple) else (output,)
            if not found and any(isinstance(each, Tensor) and not torch.isfinite(each).all() for each in tensors):
                found.append(name)

        return hook

    handles = [module.register_forward_hook(look(name)) for name, module in model.named_modules() if name]
    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
    try:
        model(images)
    finally:
        for handle in handles:
            handle.remove()
        for name, buffer in model.named_buffers():
            buffer.copy_(buffers[name])
    return found[0] if found else None


def not_finite(typed: TypedDesign, path: str | None, step: int, lr: float) -> Diagnostic:
    """The finding, at the layer of that path or the block around it."""
    layers = {layer.path: layer.span for layer in flatten(typed) if layer.is_module}
    when = f"at step {step:,}, with a learning rate of {lr:.3g}"
    help = Help("lower `optimizer.lr`, lengthen `schedule.warmup`, or set `optimizer.clip = 1.0`")
    if path == "":
        return Diagnostic("E0814", f"the images hold values that are not finite {when}", typed.design.name_span)
    if path is None:
        return Diagnostic("E0814", f"the loss is not finite {when}", typed.design.name_span, help=help)
    span = next((layers[name] for name in layers if name == path or name.startswith(f"{path}.")), None)
    message = f"`{path}` is the first layer whose output is not finite {when}"
    return Diagnostic("E0814", message, span or typed.design.name_span, help=help)


def is_compile_failure(error: RuntimeError, recipe: Recipe) -> bool:
    """Whether ``torch.compile`` gave up, its own faults and a missing C++ compiler included."""
    # By its name: the module of the class takes seconds to import where nothing is compiled.
    return recipe.compile and "TorchDynamoException" in [kind.__name__ for kind in type(error).__mro__]


def compile_failed(error: RuntimeError, plan: TrainingPlan) -> Diagnostic:
    """The finding at the setting, with the first paragraph of torch's long report."""
    reason = " ".join(str(error).strip().partition("\n\n")[0].split())
    place = plan.written.span("compile") or plan.built.typed.design.name_span
    message = f"torch.compile cannot compile `{plan.network}` here: {reason or type(error).__name__}"
    return Diagnostic("E0803", message, place, help=Help("leave `compile` out; on a CPU it needs a C++ compiler"))
