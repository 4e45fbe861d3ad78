"""Attention inside windows of an image, and what puts windows together and apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from archdsl.ir import amount
from archdsl.ir.amount import Amount
from archdsl.ir.expr import Expr
from archdsl.ir.kinds import INT, Parameter, between
from archdsl.ir.terms import number, product
from archdsl.ir.types import Size, TensorType
from archdsl.ops import window_memory as memory
from archdsl.ops.attention import HEADS, heads_divide_channels
from archdsl.ops.base import Call, Example, Op, Window
from archdsl.ops.form import Argument, InputSize, TorchForm, TorchModule
from archdsl.ops.limits import EXTENT, PADDING, WINDOW_LIMIT
from archdsl.ops.memory import NOTHING, Kept, Scratch
from archdsl.ops.rules import fixed, rank_is_one_of, term, volume
from archdsl.ops.torch_forms import keywords
from archdsl.ops.window_memory import HIDDEN, Inside

SPLIT_WINDOWS = '''
def split_windows(x: Tensor, window: int) -> Tensor:
    """N x H x W x C to N x windows x places x C."""
    n, height, width, channels = x.shape
    x = x.reshape(n, height // window, window, width // window, window, channels)
    return x.transpose(2, 3).reshape(n, -1, window**2, channels)
'''


def is_image_with_channels_last(call: Call) -> bool:
    """The value is ``[N, H, W, C]``, its channels put last."""
    if not rank_is_one_of(call, 4) or call.x.channels_last:
        return call.x.rank == 4
    call.fail(
        "E0304",
        f"`{call.op.name}` works on images whose channels are last",
        here=f"the channels of {call.x} are axis 1",
        help="put them last: `permute((0, 2, 3, 1))`",
        actual=call.x,
    )
    return False


def up_to_a_multiple(size: Size, divisor: int) -> Size:
    """The next multiple of ``divisor`` from a size on, with which torch's padding ends."""
    return (size + (divisor - 1)) // divisor * divisor


class WindowAttention(Op):
    """Self-attention inside windows of an image ``[N, H, W, C]``, with a trained bias for each relative position.

    With ``shift``, the windows of (Liu et al., 2021) lie that much further up and to the left, and go around the border
    without mixing what lies far apart. An axis that one window covers is not shifted. The image is padded with zeros
    to whole windows, and cut again.
    """

    name = "window_attention"
    role = "attention"
    channels_last = True
    torch_class: ClassVar[str] = "WindowAttention"
    parameters = (
        HEADS,
        Parameter("window", INT, constraint=EXTENT, doc="height and width of a window"),
        Parameter("shift", INT, 0, PADDING, "places by which the windows are moved; less than `window`"),
    )
    examples = (
        Example(((2, 6, 9, 12),), {"heads": 3, "window": 3}, channels_last=True),
        Example(((2, 7, 4, 8),), {"heads": 2, "window": 4, "shift": 2}, channels_last=True),
        Example(((2, 3, 5, 4),), {"heads": 1, "window": 7, "shift": 3}, channels_last=True),
        Example(((2, 8, 5, 4),), {"heads": 4, "window": 3, "shift": 1}, channels_last=True),
    )
    definition = (
        SPLIT_WINDOWS
        + '''

def shift_mask(x: Tensor, window: int, shifts: list[int]) -> Tensor:
    """Keeps places apart that only the shift has brought into one window."""
    region = x.new_zeros(1, *x.shape[1:3], 1)
    region[:, -window:] += 1
    region[:, -shifts[0] :] += 2
    region[:, :, -window:] += 4
    region[:, :, -shifts[1] :] += 8
    region = split_windows(region, window).transpose(0, 1)
    apart = region != region.transpose(2, 3)
    return x.new_zeros(apart.shape).masked_fill(apart, -100.0)


class WindowAttention(nn.Module):
    """Attention inside windows of an N x H x W x C image, which may be shifted."""

    relative_position_index: Tensor

    def __init__(
        self, channels: int, heads: int, window: int, shift: int = 0
    ) -> None:
        super().__init__()
        self.heads = heads
        self.window = window
        self.shift = shift
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)
        self.make_position_bias()
        place = torch.arange(window)
        offset = place[:, None] - place + window - 1
        index = (2 * window - 1) * offset[:, None, :, None] + offset[:, None, :]
        self.register_buffer("relative_position_index", index.flatten())

    def make_position_bias(self) -> None:
        table = torch.normal(0.0, 0.02, ((2 * self.window - 1) ** 2, self.heads))
        self.relative_position_bias_table = nn.Parameter(table)

    def bias(self) -> Tensor:
        """The bias of each head between each two places of a window."""
        bias = self.relative_position_bias_table[self.relative_position_index]
        return bias.view(self.window**2, self.window**2, -1).permute(2, 0, 1)

    def queries_keys_values(self, x: Tensor) -> Tensor:
        qkv: Tensor = self.qkv(x)
        return qkv.reshape(*x.shape[:-1], 3, self.heads, -1)

    def scores(self, q: Tensor, k: Tensor) -> Tensor:
        scale: float = q.shape[-1] ** -0.5
        return q * scale @ k.transpose(-2, -1)

    def forward(self, x: Tensor) -> Tensor:
        n, height, width, channels = x.shape
        x = F.pad(x, (0, 0, 0, -width % self.window, 0, -height % self.window))
        shifts = [self.shift if size > self.window else 0 for size in x.shape[1:3]]
        x = x.roll([-shift for shift in shifts], dims=(1, 2))
        windows = split_windows(x, self.window)
        q, k, v = self.queries_keys_values(windows.flatten(0, 1)).unbind(2)
        weights = self.scores(q.transpose(1, 2), k.transpose(1, 2)) + self.bias()
        if any(shifts):
            mask = shift_mask(x, self.window, shifts)
            weights = weights.reshape(n, -1, *weights.shape[1:]) + mask
            weights = weights.flatten(0, 1)
        out: Tensor = weights.softmax(-1) @ v.transpose(1, 2)
        out = out.transpose(1, 2).flatten(2)
        size = (x.shape[1] // self.window, -1, self.window, self.window, channels)
        out = self.proj(out).view(n, *size)
        out = out.transpose(2, 3).reshape(x.shape).roll(shifts, dims=(1, 2))
        return out[:, :height, :width]
'''
    )

    def infer(self, call: Call) -> TensorType | None:
        """The same shape, whatever the size."""
        if not is_image_with_channels_last(call) or heads_divide_channels(call) is None:
            return None
        window, shift = call.integer("window"), call.integer("shift")
        if shift < window:
            return call.x
        message = f"`{self.name}` is shifted by less than a window"
        call.fail("E0308", message, argument="shift", here=f"shift {shift} is no less than window {window}")
        return None

    def weights(self, call: Call) -> dict[str, tuple[int, ...]]:
        """Projections to queries, keys and values and back, and the biases."""
        (size,) = fixed(call.x.shape[-1:])
        own = {
            "qkv.weight": (3 * size, size),
            "qkv.bias": (3 * size,),
            "proj.weight": (size, size),
            "proj.bias": (size,),
        }
        return self.bias_weights(call.integer("heads"), 2 * call.integer("window") - 1) | own

    def bias_weights(self, heads: int, offsets: int) -> dict[str, tuple[int, ...]]:
        """What the biases of the relative positions are made of; ``offsets`` is their number on an axis."""
        return {"relative_position_bias_table": (offsets**2, heads)}

    def buffers(self, call: Call) -> dict[str, tuple[int, ...]]:
        """Which bias two places of a window have."""
        return {"relative_position_index": (call.integer("window") ** 4,)}

    def macs(self, call: Call, output: TensorType) -> Amount:
        """Four projections of each place, its comparison with all places of its window and their sum."""
        height, width, last = call.x.shape[1:]
        (size,), window = fixed((last,)), call.integer("window")
        sides = up_to_a_multiple(height, window), up_to_a_multiple(width, window)
        return amount.product((*sides, 4 * size * size + 2 * window * window * size))

    def kept(self, call: Call, output: TensorType) -> Kept:
        """What its matrix products keep."""
        return Kept(values=memory.kept(Inside.of(call)))

    def surplus(self, call: Call, output: TensorType) -> int:
        """The padding."""
        return Inside.of(call).values - volume(output)

    def scratch(self, call: Call, output: TensorType) -> Scratch:
        """All of it but the output."""
        inside = Inside.of(call)
        return Scratch(memory.peak(inside) - inside.values)

    def window(self, call: Call) -> tuple[Window, ...] | None:
        """Each place sees its own window: that of a large image, where nothing is cut off."""
        window, shift = call.integer("window"), call.integer("shift")
        starts = [(place + shift) // window * window - shift for place in range(window)]
        return (Window(window, window, spans=tuple((start, start + window - 1) for start in starts)),) * 2

    def to_torch(self, call: Call) -> TorchForm:
        """A class that the generated file holds."""
        sizes = (InputSize(-1), Argument("heads"), Argument("window"))
        return TorchModule(self.torch_class, sizes, keywords(call, shift="shift"))


class CosineWindowAttention(WindowAttention):
    """``window_attention`` of the second Swin transformer (Liu et al., 2022).

    Queries and keys are compared by their angle, times a trained factor for each head; a small network makes the
    biases out of the relative positions, so that they hold for other windows as well.
    """

    name = "cosine_window_attention"
    torch_class = "CosineWindowAttention"
    parameters = (
        HEADS,
        Parameter("window", INT, constraint=between(2, WINDOW_LIMIT), doc="height and width of a window"),
        WindowAttention.parameters[2],
    )
    definition = '''
class CosineWindowAttention(WindowAttention):
    """Attention by angles, with biases computed from the relative positions."""

    relative_coords_table: Tensor

    def make_position_bias(self) -> None:
        self.logit_scale = nn.Parameter(torch.full((self.heads, 1, 1), math.log(10.0)))
        offset = torch.arange(1 - self.window, self.window) / (self.window - 1) * 8
        offset = offset.sign() * torch.log2(offset.abs() + 1.0) / 3.0
        table = torch.stack(torch.meshgrid(offset, offset, indexing="ij"), dim=-1)
        self.register_buffer("relative_coords_table", table[None])
        self.cpb_mlp = nn.Sequential(
            nn.Linear(2, 512), nn.ReLU(), nn.Linear(512, self.heads, bias=False)
        )

    def bias(self) -> Tensor:
        """What the small network makes of the relative positions."""
        bias: Tensor = self.cpb_mlp(self.relative_coords_table)
        bias = bias.view(-1, self.heads)[self.relative_position_index].T.contiguous()
        return 16 * torch.sigmoid(bias).view(self.heads, self.window**2, -1)

    def queries_keys_values(self, x: Tensor) -> Tensor:
        """Without a bias of the keys."""
        q, k, v = self.qkv.bias.chunk(3)
        bias = torch.cat([q, torch.zeros_like(k), v])
        qkv = F.linear(x, self.qkv.weight, bias)
        return qkv.reshape(*x.shape[:-1], 3, self.heads, -1)

    def scores(self, q: Tensor, k: Tensor) -> Tensor:
        scale = self.logit_scale.clamp(max=math.log(100.0)).exp()
        return F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1) * scale
'''

    def bias_weights(self, heads: int, offsets: int) -> dict[str, tuple[int, ...]]:
        """The factor of each head, and the network that makes biases."""
        network = {
            "cpb_mlp.0.weight": (HIDDEN, 2),
            "cpb_mlp.0.bias": (HIDDEN,),
            "cpb_mlp.2.weight": (heads, HIDDEN),
        }
        return {"logit_scale": (heads, 1, 1), **network}

    def kept(self, call: Call, output: TensorType) -> Kept:
        """What its matrix products keep, its norms and its network."""
        return Kept(values=memory.kept_of_angles(Inside.of(call)))

    def scratch(self, call: Call, output: TensorType) -> Scratch:
        """All of it but the output."""
        inside = Inside.of(call)
        return Scratch(memory.peak_of_angles(inside) - inside.values)

    def buffers(self, call: Call) -> dict[str, tuple[int, ...]]:
        """Which bias two places have, and the relative positions."""
        offsets = 2 * call.integer("window") - 1
        return {"relative_coords_table": (1, offsets, offsets, 2), **super().buffers(call)}

    def macs(self, call: Call, output: TensorType) -> Amount:
        """The same, and the network that makes the biases, once."""
        offsets = (2 * call.integer("window") - 1) ** 2
        return super().macs(call, output) + offsets * HIDDEN * (2 + call.integer("heads"))


class PatchMerge(Op):
    """The channels of each 2 x 2 patch of an image ``[N, H, W, C]`` one behind the other, at half the resolution.

    Sides of odd length are padded with a row of zeros. A patch's places come down before right (Liu et al., 2021).
    """

    name = "patch_merge"
    keeps = NOTHING
    channels_last = True
    examples = (
        Example(((2, 4, 6, 3),), channels_last=True),
        Example(((2, 5, 1, 2),), channels_last=True),
    )
    definition = '''
class PatchMerge(nn.Module):
    """Puts the channels of each 2 x 2 patch of an N x H x W x C image in a row."""

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        n, height, width, channels = x.shape
        x = x.reshape(n, height // 2, 2, width // 2, 2, channels)
        return x.permute(0, 1, 3, 4, 2, 5).flatten(3)
'''

    def infer(self, call: Call) -> TensorType | None:
        """Half the sizes, rounded up; four times the channels."""
        if not is_image_with_channels_last(call):
            return None
        return call.x.with_spatial((size + 1) // 2 for size in call.x.spatial).with_channels(call.x.channels * 4)

    def channels(self, x: TensorType, incoming: Sequence[Expr | None], arguments: Mapping[str, Expr]) -> Expr | None:
        """``4 * channels``."""
        size = incoming[x.channel_axis]
        return product(number(4), size) if size is not None else None

    def scratch(self, call: Call, output: TensorType) -> Scratch:
        """The padded image."""
        return Scratch(volume(output))

    def window(self, call: Call) -> tuple[Window, ...] | None:
        """The places of a patch."""
        return (Window(2, 2),) * 2

    def arithmetic(self, call: Call, axis: int) -> str | None:
        """``4·96 = 384``, ``⌊(7 + 1)/2⌋ = 4``."""
        size = call.x.shape[axis]
        if axis == call.x.channel_axis:
            return f"4·{term(size)} = {size * 4}"
        return f"⌊({term(size)} + 1)/2⌋ = {(size + 1) // 2}" if axis else None

    def to_torch(self, call: Call) -> TorchForm:
        """``PatchMerge``, which the generated file holds."""
        return TorchModule("PatchMerge")
