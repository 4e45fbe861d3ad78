"""``python -m benchmarks.gpu``: what only a GPU can show, as Markdown tables for the documentation.

1. ResNet-50, bf16, channels_last: images per second of the generated module and of torchvision's (without torchvision:
   one written by hand) in the same loop, eager and compiled. Rounds of both take turns; the ratio is the median of
   neighbouring rounds.
2. The memory that ``archdsl summary`` predicts against the peak that torch's allocator counted, for several networks.

``--device cpu --tiny`` runs every line of it on small networks where there is no GPU; the figures mean nothing then.
Exit codes: 0 measured, 1 a goal was missed and ``--strict`` was given, 2 there is no GPU.
"""

from __future__ import annotations

import argparse
import gc
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn, optim
from torch.nn.functional import cross_entropy

from archdsl.analysis.budget import Budget, Setting, budget
from archdsl.analysis.memory import Programs
from archdsl.analysis.totals import totals
from archdsl.check.check import check
from archdsl.diagnostics.sink import Sink
from archdsl.driver.api import build
from archdsl.train.fit import image_input, sizes_of, target_size
from archdsl.train.load import load
from benchmarks.measure import ROOT
from benchmarks.resnet50_by_hand import resnet50 as by_hand

GOAL = 0.99
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured: rounds of so many steps; ``backend`` is torch.compile's."""

    batch: int
    side: int
    rounds: int
    steps: int
    backend: str
    networks: tuple[tuple[str, str, int], ...]
    """Spec, network and batch of each line about memory."""


FULL = Scale(
    256,
    224,
    15,
    20,
    "inductor",
    (
        ("alexnet", "alexnet", 256),
        ("vgg", "vgg16", 64),
        ("googlenet", "googlenet", 128),
        ("resnet", "resnet18", 128),
        ("resnet", "resnet50", 128),
        ("densenet", "densenet121", 64),
        ("mobilenet_v2", "mobilenet_v2", 128),
        ("efficientnet", "efficientnet_b0", 64),
    ),
)
TINY = Scale(2, 32, 2, 1, "eager", (("lenet", "lenet", 2), ("resnet_cifar", "resnet20", 2)))


class Device:
    """A GPU; or the CPU in its place, whose memory is that of the process."""

    def __init__(self, name: str) -> None:
        self.torch = torch.device(name)
        self.is_gpu = self.torch.type == "cuda"

    def wait(self) -> None:
        """Until all that was asked for is done."""
        if self.is_gpu:
            torch.cuda.synchronize()

    def forget_peak(self) -> None:
        """From here on the peak is counted; nothing that is no longer used takes part."""
        gc.collect()
        if self.is_gpu:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def used(self) -> int:
        """The bytes that are allocated now."""
        return torch.cuda.memory_allocated() if self.is_gpu else 0

    def warm_up(self) -> None:
        """Has cuBLAS allocate its working space, forward and backward, which it keeps: no network's memory."""
        for dtype in DTYPES.values():
            weight = torch.randn(64, 64, device=self.torch, dtype=dtype, requires_grad=True)
            (weight @ weight).sum().backward()

    def peak(self) -> int:
        """The most bytes that tensors had at one time since then."""
        if self.is_gpu:
            return torch.cuda.max_memory_allocated()
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    def describe(self) -> str:
        """The machine, for the tables."""
        name = torch.cuda.get_device_name() if self.is_gpu else "CPU: these figures mean nothing"
        return f"{name}, torch {torch.__version__}"


# --- images per second ------------------------------------------------------------------------------------------------


def torchvision_resnet50() -> tuple[str, nn.Module]:
    """torchvision's module if it is installed and loads, else the one by hand; with its name."""
    try:
        from torchvision.models import resnet50
    except (ImportError, RuntimeError, OSError):  # its compiled part does not load beside another build of torch
        return "by hand", by_hand()
    return "torchvision", resnet50()


class Trainer:
    """A module in a loop of bf16 autocast, cross-entropy and SGD with momentum over one batch on the device."""

    def __init__(self, model: nn.Module, device: Device, batch: tuple[Tensor, Tensor], backend: str | None) -> None:
        self.device = device
        self.batch = batch
        self.model = model.to(device.torch, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        self.optimizer = optim.SGD(self.model.parameters(), lr=0.01, momentum=0.9, fused=True)
        self.called = torch.compile(self.model, backend=backend) if backend else self.model

    def steps(self, count: int) -> float:
        """The seconds of so many steps."""
        images, targets = self.batch
        self.device.wait()
        start = time.perf_counter()
        for _ in range(count):
            self.optimizer.zero_grad(set_to_none=True)
            with torch.autocast(self.device.torch.type, torch.bfloat16):
                loss = cross_entropy(self.called(images), targets)
            loss.backward()
            self.optimizer.step()
        self.device.wait()
        return time.perf_counter() - start


@dataclass(frozen=True, slots=True)
class Speed:
    """Images per second of both modules in one mode, and the median ratio of neighbours."""

    mode: str
    ours: float
    theirs: float
    ratio: float


def batch_of(scale: Scale, device: Device) -> tuple[Tensor, Tensor]:
    """Images and targets that stay on the device: no loading is measured."""
    images = torch.randn(scale.batch, 3, scale.side, scale.side, device=device.torch)
    return images.to(memory_format=torch.channels_last), torch.randint(1000, (scale.batch,), device=device.torch)


def speed(mode: str, scale: Scale, device: Device) -> Speed:
    """Both modules in one mode, rounds in turn; the first steps, which compile and choose kernels, do not count."""
    backend = scale.backend if mode == "compiled" else None
    batch = batch_of(scale, device)
    modules = load(ROOT / "specs" / "resnet.arch", "resnet50"), torchvision_resnet50()[1]
    ours, theirs = (Trainer(module, device, batch, backend) for module in modules)
    for trainer in (ours, theirs):
        trainer.steps(max(2, scale.steps // 2))
    pairs = [(ours.steps(scale.steps), theirs.steps(scale.steps)) for _ in range(scale.rounds)]
    images = scale.batch * scale.steps
    medians = [images / statistics.median(column) for column in zip(*pairs, strict=True)]
    return Speed(mode, medians[0], medians[1], statistics.median(b / a for a, b in pairs))


def speed_table(found: list[Speed], other: str) -> list[str]:
    """The lines of the first table."""
    lines = [f"| mode | archdsl, images/s | {other}, images/s | ratio |", "|---|---|---|---|"]
    return lines + [f"| {each.mode} | {each.ours:,.0f} | {each.theirs:,.0f} | {each.ratio:.3f} |" for each in found]


# --- memory -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes that were predicted and measured, for one network, batch and type of all numbers."""

    network: str
    batch: int
    dtype: str
    predicted: Budget
    inference: int
    training: int


def prediction(spec: str, network: str, batch: int, dtype: str) -> tuple[Budget, tuple[int, int, int]]:
    """The memory of a network with Adam, and the shape of one image."""
    typed = build(ROOT / "specs" / f"{spec}.arch", network, {}).typed
    value = image_input(typed)
    assert value is not None and isinstance(value.channels, int)
    height, width = target_size(typed, value, None)
    fixed = check(typed.design, Sink(), sizes=sizes_of(value, (height, width)))
    programs = Programs.of(fixed) if fixed is not None else None
    assert fixed is not None and programs is not None, f"no memory is predicted for {network}"
    return budget(programs, totals(fixed), Setting(batch, dtype, "adam")), (value.channels, height, width)


def memory(spec: str, network: str, batch: int, dtype: str, device: Device) -> Memory:
    """A network with all numbers of one type, as the prediction has it: a forward pass alone, then steps of Adam."""
    predicted, shape = prediction(spec, network, batch, dtype)
    device.forget_peak()
    before = device.used()
    model = load(ROOT / "specs" / f"{spec}.arch", network).to(device.torch, DTYPES[dtype])
    images = torch.randn(batch, *shape, device=device.torch, dtype=DTYPES[dtype])
    inference = measured(lambda: one_inference(model, images), device) - before
    optimizer = optim.Adam(model.parameters())
    one_step(model, optimizer, images)  # makes the state of the optimizer
    training = measured(lambda: one_step(model, optimizer, images), device) - before
    return Memory(network, batch, dtype, predicted, inference, training)


def measured(work: Callable[[], None], device: Device) -> int:
    """The peak of some work, with all that is on the device before."""
    device.forget_peak()
    work()
    device.wait()
    return device.peak()


@torch.no_grad()
def one_inference(model: nn.Module, images: Tensor) -> None:
    """A forward pass; its result is dropped."""
    model.eval()(images)


def one_step(model: nn.Module, optimizer: optim.Optimizer, images: Tensor) -> None:
    """Forward, backward, update."""
    outputs = model.train()(images)
    parts = outputs if isinstance(outputs, tuple | list) else (outputs,)
    sum(part.sum() for part in parts).backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def memory_table(found: list[Memory]) -> list[str]:
    """The lines of the second table, in MiB; a ratio is measured / predicted."""
    lines = [
        "| network | batch | | inference: predicted | measured | ratio | training: predicted | measured | ratio |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for each in found:
        pairs = (each.predicted.inference, each.inference), (each.predicted.training, each.training)
        cells = " | ".join(f"{a / 2**20:,.0f} | {b / 2**20:,.0f} | {b / a:.3f}" for a, b in pairs)
        lines.append(f"| {each.network} | {each.batch} | {each.dtype} | {cells} |")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Measures, and prints both tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--tiny", action="store_true", help="small networks and few rounds: to try the program")
    parser.add_argument("--strict", action="store_true", help="exit with 1 where a goal is missed")
    options = parser.parse_args(arguments)
    if options.device == "cuda" and not torch.cuda.is_available():
        print("There is no GPU here that torch can use; to try the program: --device cpu --tiny", file=sys.stderr)
        return 2
    scale, device = TINY if options.tiny else FULL, Device(options.device)
    other = torchvision_resnet50()[0]
    print(f"{device.describe()}\n", flush=True)
    torch.backends.cudnn.benchmark = True  # both sides with the fastest kernels
    speeds = [speed(mode, scale, device) for mode in ("eager", "compiled")]
    size = f"{scale.batch} images of {scale.side} x {scale.side}"
    print(f"ResNet-50, bf16, channels_last, {size}, {scale.rounds} rounds of {scale.steps} steps in turn:\n")
    print(*speed_table(speeds, other), "", sep="\n", flush=True)
    torch.compiler.reset()
    torch.backends.cudnn.benchmark = False  # trying kernels takes memory of its own
    device.warm_up()
    print("Memory in MiB, Adam, by `torch.cuda.max_memory_allocated`:\n")
    print(*memory_table([memory(*each, dtype, device) for each in scale.networks for dtype in DTYPES]), sep="\n")
    return int(options.strict and any(each.ratio < GOAL for each in speeds))


if __name__ == "__main__":
    sys.exit(main())
