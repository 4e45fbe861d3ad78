"""Did you mean: the known name that an unknown one was probably meant to be.

Tried in this order: the same name in another spelling (``BatchNorm2d`` for ``batch_norm``), the name that
PyTorch or Keras uses for the thing (``Dense`` for ``linear``), a typing mistake (``stirde`` for ``stride``),
a name cut short (``adaptive_avg`` for ``adaptive_avg_pool``). A wrong guess costs the reader more than none,
so each step is strict.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 64
"""Names are at most this long in the language; longer ones get no suggestion."""

WORK = 200_000
"""How many cells of distance tables one call may fill, whatever the names: some 30 ms at worst."""

_RANK = re.compile(r"(?<=[a-z])(?:[123]d|[0-9]+x[0-9]+)")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")

_SYNONYMS: dict[str, tuple[str, ...]] = {
    # layers and merges
    "activation": ("relu",),
    "averagepool": ("avg_pool",),
    "averagepooling": ("avg_pool",),
    "avgpooling": ("avg_pool",),
    "batchnormalization": ("batch_norm",),
    "bn": ("batch_norm",),
    "cat": ("concat",),
    "concatenate": ("concat",),
    "concatenation": ("concat",),
    "convolution": ("conv",),
    "convolutional": ("conv",),
    "deconv": ("conv_transpose",),
    "dense": ("linear", "dense_layer"),
    "drop": ("dropout",),
    "droppath": ("stochastic_depth",),
    "fc": ("linear",),
    "fullyconnected": ("linear",),
    "gap": ("global_avg_pool",),
    "globalaveragepool": ("global_avg_pool",),
    "globalaveragepooling": ("global_avg_pool",),
    "groupnormalization": ("group_norm",),
    "interpolate": ("upsample",),
    "layernormalization": ("layer_norm",),
    "lrn": ("local_response_norm",),
    "maxpooling": ("max_pool",),
    "mha": ("multi_head_attention",),
    "multiply": ("mul",),
    "noop": ("identity",),
    "passthrough": ("identity",),
    "plus": ("add",),
    "product": ("mul",),
    "resize": ("upsample",),
    "shortcut": ("identity",),
    "skip": ("identity",),
    "stack": ("concat",),
    "sum": ("add",),
    "swish": ("silu",),
    "times": ("mul",),
    "upsampling": ("upsample",),
    "zeropadding": ("zero_pad",),
    # parameters
    "alpha": ("slope", "negative_slope"),
    "ceilmode": ("ceil",),
    "dilate": ("dilation",),
    "dilationrate": ("dilation",),
    "dilations": ("dilation",),
    "droprate": ("p", "probability", "rate"),
    "eps": ("epsilon",),
    "epsilon": ("eps",),
    "filters": ("channels",),
    "filtersize": ("kernel",),
    "group": ("groups",),
    "kernelsize": ("kernel",),
    "kernelshape": ("kernel",),
    "ksize": ("kernel",),
    "negativeslope": ("slope",),
    "nclasses": ("classes",),
    "numclasses": ("classes",),
    "numfilters": ("channels",),
    "numgroups": ("groups",),
    "outchannels": ("channels",),
    "outfeatures": ("features", "channels"),
    "outputdim": ("features", "channels"),
    "outputsize": ("size",),
    "pad": ("padding", "zero_pad"),
    "pads": ("padding",),
    "poolsize": ("kernel",),
    "prob": ("p", "probability", "rate"),
    "probability": ("p", "rate"),
    "rate": ("p", "probability"),
    "scalefactor": ("scale", "factor"),
    "strides": ("stride",),
    "units": ("features", "channels"),
    "usebias": ("bias",),
    "windowsize": ("kernel",),
    # statements, types and values
    "boolean": ("bool",),
    "double": ("float",),
    "integer": ("int",),
    "model": ("network",),
    "module": ("block", "network"),
    "net": ("network",),
    "str": ("string",),
}
"""What the thing is called here, by its name elsewhere: lower case, no underscores, no ``2d`` or ``3x3``."""

_MISLEADING = frozenset({"inchannels", "infeatures", "inplace", "inputdim", "numfeatures"})
"""Names of things that this language has not (channels are inferred): the nearest name means something else."""


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that ``name`` was probably meant to be, or None where no guess is good enough.

    The answer depends on the set of candidates, not on their order. The work is bounded (``WORK``); a caller
    with thousands of unknown names stops asking once the sink ``is_full``.
    """
    if not name or len(name) > LONGEST:
        return None
    known = set(candidates) - {name}
    plain = _plain(name)
    unranked = _RANK.sub("", plain)
    # In reverse, so that of two candidates that differ in case alone the alphabetically first stays.
    by_plain = {_plain(candidate): candidate for candidate in sorted(known, reverse=True)}
    if plain in _MISLEADING:
        return by_plain.get(plain)
    foreign = (*_SYNONYMS.get(plain, ()), *_SYNONYMS.get(unranked, ()))
    return (
        by_plain.get(plain)
        or by_plain.get(unranked)
        or next((word for word in foreign if word in known), None)
        or _reordered(name, known)
        or _nearest(plain, by_plain)
        or _completed(plain, by_plain)
    )


def distance(left: str, right: str, limit: int) -> int:
    """How many insertions, deletions, substitutions and swaps of neighbours lead from one text to the other.

    This is the restricted Damerau-Levenshtein distance; ``limit + 1`` stands for everything above ``limit``.
    """
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    above = limit + 1
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for i, char in enumerate(left, 1):
        # Only cells within ``limit`` of the diagonal can lead to an answer.
        low, high = max(1, i - limit), min(len(right), i + limit)
        row = [above] * (len(right) + 1)
        row[0] = i
        for j in range(low, high + 1):
            other = right[j - 1]
            cost = min(row[j - 1] + 1, previous[j] + 1, previous[j - 1] + (char != other))
            if i > 1 and j > 1 and char == right[j - 2] and left[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            row[j] = cost
        if min(row[low - 1 : high + 1]) >= above:
            return above
        before, previous = previous, row
    return min(previous[-1], above)


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _words(name: str) -> tuple[str, ...]:
    return tuple(sorted(word.lower() for word in _WORD.findall(name)))


def _reordered(name: str, known: set[str]) -> str | None:
    """The candidate of the same words in another order: ``pool_max`` for ``max_pool``."""
    words = _words(name)
    if len(words) < 2:
        return None
    length = len(_plain(name))
    return min((other for other in known if len(_plain(other)) == length and _words(other) == words), default=None)


def _nearest(plain: str, by_plain: dict[str, str]) -> str | None:
    """The candidate with the fewest typing mistakes: one for three letters, two for six, three at most."""
    limit = min(3, len(plain) // 3)
    work = WORK if limit else 0
    best: tuple[int, bool, str] | None = None
    letters = {char: plain.count(char) for char in set(plain)}
    for other, candidate in by_plain.items():
        if work <= 0:
            break
        if abs(len(other) - len(plain)) > limit:
            continue
        work -= len(plain)
        if _unmatched(letters, other) > limit:
            continue
        work -= len(plain) * (2 * limit + 1)
        steps = distance(plain, other, limit)
        # People rarely mistype the first letter, so it decides between equally near names.
        rank = (steps, other[:1] != plain[:1], candidate)
        if steps <= limit and (best is None or rank < best):
            best = rank
            limit = steps
    return best[2] if best else None


def _completed(plain: str, by_plain: dict[str, str]) -> str | None:
    """The only candidate that begins with the name, of which at least four letters are there."""
    if len(plain) < 4:
        return None
    longer = [candidate for other, candidate in by_plain.items() if other.startswith(plain)]
    return longer[0] if len(longer) == 1 else None


def _unmatched(letters: dict[str, int], other: str) -> int:
    """How many letters of ``other`` find no counterpart: each costs a step, so this bounds the distance from below."""
    return len(other) - sum(min(count, other.count(char)) for char, count in letters.items())
