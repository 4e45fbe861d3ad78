"""The geometry of a window on one spatial axis, and its arithmetic as text."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.ir.types import Size
from archdsl.ops.rules import MINUS, TIMES, term


@dataclass(frozen=True, slots=True)
class WindowAxis:
    """A window on one spatial axis: its input size and the layer's numbers for that axis."""

    word: str
    size: Size
    kernel: int
    stride: int
    dilation: int
    leading: int
    trailing: int
    ceil: bool = False

    @property
    def extent(self) -> int:
        """The places that the dilated kernel spans, ``d(k-1)+1``."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def padding(self) -> int:
        """The padding of both sides together: the textbook's p."""
        return self.leading + self.trailing

    @property
    def kernel_text(self) -> str:
        """The dilated kernel in a message, with its own arithmetic where dilation takes part."""
        if self.dilation == 1:
            return f"kernel {self.kernel}"
        return f"dilated kernel {self.dilation}{TIMES}({self.kernel} {MINUS} 1) + 1 = {self.extent}"

    @property
    def _margin(self) -> int:
        """What is added to n before the division by the stride: ``p - k + s``, or less in ceil mode.

        With ceil, torch counts windows that overhang the end but not those that start in the trailing padding:
        out = min(ceil((n + p - k + s)/s), ceil((n + p_left)/s)), and the smaller sum decides for every n.
        """
        full = self.padding - self.extent + self.stride
        return min(full, self.leading) if self.ceil else full

    @property
    def smallest_input(self) -> int:
        """The smallest size that gives an output; may be below 1."""
        return 1 - self._margin if self.ceil else self.extent - self.padding

    @property
    def output(self) -> Size:
        """``floor((n - k + p + s)/s)``; in ceil mode the ceiling, without windows that start in the padding."""
        rounding = self.stride - 1 if self.ceil else 0
        return (self.size + (self._margin + rounding)) // self.stride

    def arithmetic(self) -> str:
        """The formula of ``output`` with its numbers: ``⌊(56 − 3 + 2 + 2)/2⌋ = 28``."""
        total = f"{term(self.size)} {MINUS} {self.extent} + {self.padding} + {self.stride}"
        if self.ceil and self._margin == self.leading:
            total = f"{term(self.size)} + {self.leading}"
        if self.stride == 1:
            return f"{total} = {self.output}"
        left, right = "⌈⌉" if self.ceil else "⌊⌋"
        return f"{left}({total})/{self.stride}{right} = {self.output}"
