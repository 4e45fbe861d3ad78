"""Decides how samples are made to fit a network's input: the sizes that its proof accepts, the number of channels."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.analysis.sizes import accepted_sizes
from archdsl.documents.recipe import Recipe
from archdsl.ir.dim import Dim, SizeSet
from archdsl.ir.typed import TypedDesign
from archdsl.ir.types import Size, TensorType
from archdsl.train.data.samples import Declaration

LEAST_PIXELS, USUAL_PIXELS = 32, 224
"""Small images are enlarged to at least so many pixels; images of different sizes are brought to the usual ones."""

Pair = tuple[int, int]


def image_input(typed: TypedDesign) -> TensorType | None:
    """The input of a network that takes one image, N x C x H x W with a fixed C; None of any other."""
    if len(typed.inputs) != 1:
        return None
    ((_, value),) = typed.inputs
    return value if value.rank == 4 and isinstance(value.channels, int) else None


def logits(typed: TypedDesign) -> tuple[str, TensorType] | None:
    """The one output of inference, N x classes; None where a network has no such output or several."""
    outputs = [(name, value) for name, value, when in typed.outputs if when is None and value is not None]
    if len(outputs) != 1:
        return None
    name, value = outputs[0]
    return (name, value) if value.rank == 2 and isinstance(value.channels, int) else None


def target_size(typed: TypedDesign, image: TensorType, native: Pair | None) -> Pair:
    """Height and width that samples are resized to: what the input fixes, else the nearest that is accepted.

    Images of one small size grow to 32 pixels or the first accepted size above; images of different sizes get the
    size that the spec names (``H = 224``), or 224.
    """
    accepted = {found.symbol: found.accepted for found in accepted_sizes(typed)}
    wished = (None, None) if native is None else native
    pairs = zip(image.spatial, wished, strict=True)
    height, width = (_axis(size, wish, accepted, typed.nominal) for size, wish in pairs)
    return height, width


def stated_size(recipe: Recipe) -> Pair | None:
    """The size that a recipe asks for; None for ``auto``."""
    size = recipe.data.size
    if isinstance(size, int):
        return size, size
    return None if isinstance(size, str) else (size[0], size[1])


def sizes_of(image: TensorType, pixels: Pair) -> Mapping[str, int]:
    """The open sizes of an input with the values that an image gives them; of one symbol the last counts."""
    pairs = zip(image.spatial, pixels, strict=True)
    return {size.symbol_name: value for size, value in pairs if isinstance(size, Dim)}


def fitted(typed: TypedDesign, recipe: Recipe, declared: Declaration) -> Recipe:
    """The recipe with size and channels as numbers, for a network and data that were found to fit."""
    image = image_input(typed)
    assert image is not None and isinstance(image.channels, int)
    size = stated_size(recipe) or target_size(typed, image, declared.size)
    changed = {"size": list(size), "channels": image.channels}
    return recipe.model_copy(update={"data": recipe.data.model_copy(update=changed)})


def _axis(size: Size, native: int | None, accepted: Mapping[str, SizeSet], nominal: Mapping[str, int]) -> int:
    if isinstance(size, int):
        return size
    symbol = size.symbol_name
    wished = nominal.get(symbol, USUAL_PIXELS) if native is None else max(native, LEAST_PIXELS)
    found = accepted[symbol].next_at_or_above(wished) or accepted[symbol].previous_at_or_below(wished)
    assert found is not None, "a complete network accepts something"
    return found
