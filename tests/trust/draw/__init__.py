"""Draws programs that torch runs: every step is tried on real tensors before it is kept."""

from __future__ import annotations

from random import Random

from torch import Tensor

from tests.trust.draw.networks import Drawer
from tests.trust.programs import Program, Project

__all__ = ["Drawer", "draw", "draw_project"]


def draw(seed: str) -> tuple[Program, Tensor]:
    """The plain program of a seed, and an image that runs through it."""
    return Drawer(Random(seed)).plain_program()


def draw_project(seed: str) -> Project:
    """The project of a seed: all that the language has."""
    return Drawer(Random(seed)).project()
