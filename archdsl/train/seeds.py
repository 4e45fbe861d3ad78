"""Randomness as a function of the seed and the place in the run, so that no state of it has to be kept.

Whatever is drawn at step 700 is the same whether the run came there in one go or was killed and resumed three times.
"""

from __future__ import annotations

from hashlib import blake2b

import torch

ORDER, SAMPLES, STEP, MIXUP = range(4)
"""What is drawn: the order of an epoch, changes of its samples, dropout in a step, its mixture."""


def derived(*parts: int) -> int:
    """A seed of 63 bits that depends on every part."""
    digest = blake2b(b"".join(part.to_bytes(8, "little") for part in parts), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def generator(*parts: int) -> torch.Generator:
    """A generator on the CPU for these parts."""
    return torch.Generator().manual_seed(derived(*parts))


def seed_step(seed: int, step: int, rank: int, device: torch.device) -> None:
    """Seeds what layers such as dropout draw from, for one step of one process."""
    value = derived(seed, STEP, step, rank)
    torch.default_generator.manual_seed(value)
    if device.type == "cuda":
        torch.cuda.manual_seed(value)
