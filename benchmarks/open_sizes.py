"""What open sizes cost against fixed ones, and how hard networks grow.

``python -m benchmarks.open_sizes CASE`` does one case and prints the processor seconds of its check alone (the text
is parsed before) together with the answer of ``archdsl sizes``; the goals are in `benchmarks.goals`.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable

UNET = """\
block double_conv(channels: int) {
    repeat 2 { conv(channels, 3, padding=1, bias=false) -> batch_norm -> relu }
}
network unet(depth: int = 4, base: int = 64, classes: int = 2) {
    input image: [N, 1, HEIGHT, WIDTH]
    for i in 0..depth {
        down{i}: double_conv(base * 2**i)
        max_pool(2)
    }
    bottom: double_conv(base * 2**depth)
    for i in depth-1 ..= 0 by -1 {
        up{i}: conv_transpose(base * 2**i, 2, stride=2)
        concat { down{i}; identity }
        mix{i}: double_conv(base * 2**i)
    }
    head: conv(classes, 1)
    output mask: [N, classes, HEIGHT, WIDTH]
}
"""

JOIN = "    add { identity; max_pool(2) -> upsample(2) }"
STRIDES = (7, 2, 3, 5, 4, 6)


def unet(height: str, width: str) -> str:
    """The U-Net of depth 4 for an image of that size."""
    return UNET.replace("HEIGHT", height).replace("WIDTH", width)


def joins(count: int) -> str:
    """A network of so many joins, each written out, each with a condition on H."""
    body = "\n".join([JOIN] * count)
    return f"network joins() {{\n    input image: [N, 4, H, 8]\n{body}\n    output y: [N, 4, _, _]\n}}\n"


def strided(layers: int) -> str:
    """A chain of strided layers, strides 2 to 7 in turn, floors and ceilings mixed, beside its own ceil-mode twin."""
    steps = [f"max_pool(3, stride={STRIDES[i % 6]}, padding=1, ceil={str(i % 2 == 0).lower()})" for i in range(layers)]
    twins = [f"conv(4, 3, stride={STRIDES[i % 6]}, padding=1)" for i in range(layers)]
    paths = f"        {' -> '.join(steps)}\n        {' -> '.join(twins)}\n"
    head = "network strided() {\n    input image: [N, 4, H, 8]\n"
    return f"{head}    add {{\n{paths}    }}\n    output y: [N, 4, _, _]\n}}\n"


CASES: dict[str, Callable[[], str]] = {"joins": lambda: joins(10_000), "strided": lambda: strided(30)}


def main() -> int:
    """Checks one case and tells its processor time."""
    from archdsl.analysis.sizes import accepted_sizes
    from archdsl.driver.compilation import Compilation
    from archdsl.source.loader import MemoryLoader

    gc.disable()  # as the command line does
    (case,) = sys.argv[1:]
    compilation = Compilation(MemoryLoader({"n.arch": CASES[case]()}))
    (design,) = compilation.designs("n.arch")
    start = time.process_time()
    typed = compilation.typed("n.arch", design)
    assert typed is not None
    assert typed.complete, [finding.message for finding in compilation.sink]
    (height,) = accepted_sizes(typed)
    seconds = time.process_time() - start
    print(f"accepts {height.accepted.describe()}")
    print(f"{seconds:.6f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
