"""Images cut into windows, or into grids that span them, so that attention works inside each; and joined again."""

from __future__ import annotations

from typing import ClassVar

from archdsl.ir.amount import Amount, product
from archdsl.ir.kinds import INT, Parameter
from archdsl.ir.types import TensorType
from archdsl.ops.attention import HEADS, heads_divide_channels
from archdsl.ops.base import Call, Example, Op, Sight
from archdsl.ops.form import Argument, InputSize, TorchExpression, TorchForm, TorchModule
from archdsl.ops.limits import COUNT, EXTENT
from archdsl.ops.memory import NOTHING, Kept, Scratch, Storage
from archdsl.ops.rules import fixed, multiplied, rank_is_one_of, size_is_divisible, volume
from archdsl.ops.window_attention import SPLIT_WINDOWS, is_image_with_channels_last
from archdsl.ops.window_memory import split_is_a_view


def groups_are_squares(call: Call, side: int, argument: str) -> bool:
    """The value is ``[N, groups, side * side, C]``."""
    if not is_image_with_channels_last(call):
        return False
    places = call.x.shape[2]
    if places == side**2:
        return True
    message = f"`{call.op.name}` takes groups of {side} x {side} = {side**2} places"
    call.fail("E0302", message, argument=argument, here=f"the groups of {call.x} have {places}", actual=call.x)
    return False


def _view(is_view: bool) -> Storage:
    return Storage.REORDERED if is_view else Storage.OWN


class _Partition(Op):
    """Cuts an image: ``[N, C, H, W]`` becomes ``[N, groups, places of a group, C]``."""

    functional = True
    chains = False
    sight = Sight.REARRANGED
    keeps = NOTHING

    def infer(self, call: Call) -> TensorType | None:
        """Squares of ``side``² places, as many as fit; it divides both sides of the image."""
        if not rank_is_one_of(call, 4):
            return None
        (name,) = call.arguments
        side = call.integer(name)
        if not all(size_is_divisible(call, axis, side, argument=name) for axis in (2, 3)):
            return None
        groups = multiplied(call, tuple(size // side for size in call.x.spatial))
        if groups is None:
            return None
        return TensorType((call.x.shape[0], groups, side**2, call.x.channels), channels_last=True)


class WindowPartition(_Partition):
    """Cuts an image into windows: ``[N, C, H, W]`` becomes ``[N, windows, places of a window, C]``, row by row."""

    name = "window_partition"
    parameters = (Parameter("window", INT, constraint=EXTENT, doc="height and width of a window"),)
    examples = (Example(((2, 3, 4, 6),), {"window": 2}), Example(((2, 3, 5, 5),), {"window": 5}))
    definition = SPLIT_WINDOWS

    def stored(self, call: Call, *, training: bool) -> Storage:
        """A copy; where a window is as wide as the image, the image itself."""
        return _view(split_is_a_view(call.x.shape[3], call.integer("window")))

    def to_torch(self, call: Call) -> TorchForm:
        """A function that the generated file holds, on channels put last."""
        return TorchExpression("split_windows(x.permute(0, 2, 3, 1), window)")


class GridPartition(_Partition):
    """Cuts an image into grids (Tu et al., 2022): each of ``grid`` x ``grid`` places, spread over the whole image.

    ``[N, C, H, W]`` becomes ``[N, grids, places of a grid, C]``, row by row.
    """

    name = "grid_partition"
    parameters = (Parameter("grid", INT, constraint=EXTENT, doc="places of a grid on each axis"),)
    examples = (Example(((2, 3, 4, 6),), {"grid": 2}), Example(((2, 3, 5, 5),), {"grid": 5}))
    definition = '''
def split_grids(x: Tensor, grid: int) -> Tensor:
    """N x H x W x C to N x grids x places x C, each grid spread over the image."""
    n, height, width, channels = x.shape
    x = x.reshape(n, grid, height // grid, grid, width // grid, channels)
    return x.permute(0, 2, 4, 1, 3, 5).reshape(n, -1, grid**2, channels)
'''

    def stored(self, call: Call, *, training: bool) -> Storage:
        """A copy; where a grid is as high as the image, or has one place, the image itself."""
        return _view(call.integer("grid") in (1, call.x.shape[2]))

    def to_torch(self, call: Call) -> TorchForm:
        """A function that the generated file holds, on channels put last."""
        return TorchExpression("split_grids(x.permute(0, 2, 3, 1), grid)")


class _Reverse(Op):
    """Puts together what was cut: ``[N, groups, places of a group, C]`` becomes ``[N, C, H, W]``."""

    functional = True
    chains = False
    channels_last = True
    sight = Sight.REARRANGED
    keeps = NOTHING
    side: ClassVar[str]

    def infer(self, call: Call) -> TensorType | None:
        """The height is stated; the width follows from the number of groups."""
        side, height = call.integer(self.side), call.integer("height")
        if not groups_are_squares(call, side, self.side):
            return None
        groups = call.x.shape[1]
        if height % side == 0 and isinstance(groups, int) and groups % (height // side) == 0:
            return self._output(call)
        message = f"`{self.name}` cannot make an image of height {height} of these groups"
        here = f"{groups} groups of {side} x {side} places make no whole rows of that height"
        call.fail("E0308", message, argument="height", here=here, actual=call.x)
        return None

    def _output(self, call: Call) -> TensorType:
        """The image: as wide as so many groups make it."""
        side, height = call.integer(self.side), call.integer("height")
        batch, groups, _, channels = call.x.shape
        return TensorType((batch, channels, height, groups // (height // side) * side))


HEIGHT = Parameter("height", INT, constraint=COUNT, doc="height of the image")


class WindowReverse(_Reverse):
    """Puts the windows of ``window_partition`` together again."""

    name = "window_reverse"
    side = "window"
    parameters = (Parameter("window", INT, constraint=EXTENT, doc="height and width of a window"), HEIGHT)
    examples = (
        Example(((2, 6, 4, 3),), {"window": 2, "height": 4}, channels_last=True),
        Example(((2, 1, 9, 3),), {"window": 3, "height": 3}, channels_last=True),
    )
    definition = '''
def join_windows(x: Tensor, window: int, height: int) -> Tensor:
    """N x windows x places x C to N x C x H x W."""
    n, channels = x.shape[0], x.shape[-1]
    x = x.reshape(n, height // window, -1, window, window, channels)
    return x.permute(0, 5, 1, 3, 2, 4).reshape(n, channels, height, -1)
'''

    def stored(self, call: Call, *, training: bool) -> Storage:
        """A copy; where a window is as wide as the image, the windows themselves."""
        return _view(split_is_a_view(self._output(call).shape[3], call.integer("window")))

    def to_torch(self, call: Call) -> TorchForm:
        """A function that the generated file holds."""
        return TorchExpression("join_windows(x, window, height)")


class GridReverse(_Reverse):
    """Puts the grids of ``grid_partition`` together again."""

    name = "grid_reverse"
    side = "grid"
    parameters = (Parameter("grid", INT, constraint=EXTENT, doc="places of a grid on each axis"), HEIGHT)
    examples = (
        Example(((2, 6, 4, 3),), {"grid": 2, "height": 4}, channels_last=True),
        Example(((2, 1, 9, 3),), {"grid": 3, "height": 3}, channels_last=True),
    )
    definition = '''
def join_grids(x: Tensor, grid: int, height: int) -> Tensor:
    """N x grids x places x C to N x C x H x W."""
    n, channels = x.shape[0], x.shape[-1]
    x = x.reshape(n, height // grid, -1, grid, grid, channels)
    return x.permute(0, 5, 3, 1, 4, 2).reshape(n, channels, height, -1)
'''

    def stored(self, call: Call, *, training: bool) -> Storage:
        """A copy; of one grid, or grids of one place, the grids themselves."""
        return _view(call.integer("grid") == 1 or call.x.shape[1] == 1)

    def to_torch(self, call: Call) -> TorchForm:
        """A function that the generated file holds."""
        return TorchExpression("join_grids(x, grid, height)")


class RelativeAttention(Op):
    """Self-attention inside each group of ``[N, groups, places, C]``, with a trained bias for each relative position.

    The places of a group form a square. Products are divided by the root of all channels, not of those of a head, as
    in torchvision's MaxViT and the weights published for it.
    """

    name = "relative_attention"
    role = "attention"
    channels_last = True
    sight = Sight.REARRANGED
    parameters = (HEADS, Parameter("window", INT, constraint=EXTENT, doc="side of the square that a group forms"))
    examples = (
        Example(((2, 6, 4, 12),), {"heads": 3, "window": 2}, channels_last=True),
        Example(((2, 1, 9, 4),), {"heads": 1, "window": 3}, channels_last=True),
    )
    definition = '''
class RelativeAttention(nn.Module):
    """Attention inside the groups of an N x groups x places x C tensor."""

    relative_position_index: Tensor

    def __init__(self, channels: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_qkv = nn.Linear(channels, 3 * channels)
        self.merge = nn.Linear(channels, channels)
        table = torch.normal(0.0, 0.02, ((2 * window - 1) ** 2, heads))
        self.relative_position_bias_table = nn.Parameter(table)
        place = torch.arange(window)
        offset = place[:, None] - place + window - 1
        index = (2 * window - 1) * offset[:, None, :, None] + offset[:, None, :]
        self.register_buffer("relative_position_index", index.flatten(2).flatten(0, 1))

    def forward(self, x: Tensor) -> Tensor:
        qkv: Tensor = self.to_qkv(x)
        qkv = qkv.reshape(*x.shape[:-1], 3, self.heads, -1)
        q, k, v = qkv.permute(3, 0, 1, 4, 2, 5).unbind(0)
        bias = self.relative_position_bias_table[self.relative_position_index]
        weights = q @ (k * x.shape[-1] ** -0.5).transpose(-2, -1)
        weights = (weights + bias.permute(2, 0, 1)).softmax(-1)
        out: Tensor = self.merge((weights @ v).transpose(2, 3).flatten(3))
        return out
'''

    def infer(self, call: Call) -> TensorType | None:
        """The same shape."""
        if not groups_are_squares(call, call.integer("window"), "window"):
            return None
        return None if heads_divide_channels(call) is None else call.x

    def weights(self, call: Call) -> dict[str, tuple[int, ...]]:
        """Projections to queries, keys and values and back, and the biases."""
        (size,) = fixed(call.x.shape[-1:])
        return {
            "relative_position_bias_table": ((2 * call.integer("window") - 1) ** 2, call.integer("heads")),
            "to_qkv.weight": (3 * size, size),
            "to_qkv.bias": (3 * size,),
            "merge.weight": (size, size),
            "merge.bias": (size,),
        }

    def buffers(self, call: Call) -> dict[str, tuple[int, ...]]:
        """Which bias two places of a group have."""
        return {"relative_position_index": (call.integer("window") ** 2,) * 2}

    def macs(self, call: Call, output: TensorType) -> Amount:
        """Four projections of each place, its comparison with all places of its group and their sum."""
        groups, (places, size) = call.x.shape[1], fixed(call.x.shape[2:])
        return product((groups, places, 4 * size * size + 2 * places * size))

    def kept(self, call: Call, output: TensorType) -> Kept:
        """The input; queries, keys and values, copied where there are several heads; the softmax, the mixtures."""
        values = volume(output)
        operands = (3 if call.integer("heads") > 1 else 4) * values
        return Kept(inputs=True, values=operands + self._scores(call) + values)

    def scratch(self, call: Call, output: TensorType) -> Scratch:
        """The most of three moments: comparing places, adding the bias under the softmax, mixing."""
        values, scores, heads = volume(output), self._scores(call), call.integer("heads")
        held = 3 * values + heads * call.integer("window") ** 4
        copy = values if heads > 1 else 0
        moments = (values + 2 * copy + scores, 3 * scores, scores + copy + values)
        return Scratch(held + max(moments) - values)

    def _scores(self, call: Call) -> int:
        """The products of each two places of a group, for all heads."""
        batch, groups, places, _ = fixed(call.x.shape)
        return batch * groups * call.integer("heads") * places**2

    def to_torch(self, call: Call) -> TorchForm:
        """``RelativeAttention``, which the generated file holds."""
        return TorchModule("RelativeAttention", (InputSize(-1), Argument("heads"), Argument("window")))
