"""Random edits of one place in a text: what authors change, from a stride to a label."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

ACTIVATIONS = ("relu", "silu", "tanh", "sigmoid", "relu6")
POOLS = ("max_pool", "avg_pool")


def edited(text: str, random: Random) -> str:
    """The text with one edit, or as it is where none is possible at the place drawn."""
    return random.choice(EDITS)(text, random)


def _replaced(text: str, random: Random, pattern: str, new: Callable[[re.Match[str]], str]) -> str:
    places = list(re.finditer(pattern, text))
    if not places:
        return text
    place = random.choice(places)
    return text[: place.start()] + new(place) + text[place.end() :]


def _number(text: str, random: Random) -> str:
    return _replaced(text, random, r"\b\d+\b", lambda place: str(max(0, int(place[0]) + random.choice([-1, 1, 2, 8]))))


def _activation(text: str, random: Random) -> str:
    return _replaced(text, random, r"\b(relu|silu|relu6|hardswish)\b", lambda _: random.choice(ACTIVATIONS))


def _pool(text: str, random: Random) -> str:
    return _replaced(text, random, r"\b(max_pool|avg_pool)\b", lambda _: random.choice(POOLS))


def _dropped(text: str, random: Random) -> str:
    return _replaced(text, random, r" -> [a-z_0-9]+(\([^()]*\))?", lambda _: "")


def _inserted(text: str, random: Random) -> str:
    step = random.choice(["relu", "batch_norm", "tanh", "identity", "dropout(0.5)", "conv(8, 1)"])
    return _replaced(text, random, r" -> ", lambda _: f" -> {step} -> ")


def _swapped(text: str, random: Random) -> str:
    return _replaced(text, random, r"([a-z_0-9]+) -> ([a-z_0-9]+)(?![\w(:])", lambda place: f"{place[2]} -> {place[1]}")


def _label(text: str, random: Random) -> str:
    return _replaced(text, random, r"\b([a-z]+[0-9]*)(?=: [a-z{])", lambda place: f"{place[1]}_b")


def _bias(text: str, random: Random) -> str:
    return _replaced(text, random, r", bias=false", lambda _: "")


def _grouped(text: str, random: Random) -> str:
    step = r"(?m)^( +)((?:[a-z]+[0-9]*: )?(?:conv|linear|relu|batch_norm)[^{}\n]*)$"
    return _replaced(text, random, step, lambda place: f"{place[1]}own: {{ {place[2]} }}")


EDITS = (_number, _number, _activation, _pool, _dropped, _inserted, _swapped, _label, _bias, _grouped)
