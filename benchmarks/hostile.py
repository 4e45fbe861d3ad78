"""Files made to be hard: twelve kinds whose size doubles, files of a mebibyte, and 10^18 layers.

``python -m benchmarks.hostile growth KIND=N`` checks one and prints the processor seconds of its check alone. Used by
``goals``, one process for each measurement.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable

from archdsl.driver.outcome import check_path
from archdsl.source.loader import MemoryLoader

MEBIBYTE = 1024 * 1024


def network(steps: str, before: str = "", shape: str = "N, 8, 8, 8") -> str:
    """A network of some steps."""
    rank = ", ".join("_" for _ in shape.split(",")[1:])
    return f"{before}network n() {{\n    input image: [{shape}]\n    {steps}\n    output y: [N, {rank}]\n}}\n"


def lines(count: int, line: Callable[[int], str]) -> str:
    """Numbered statements."""
    return "\n    ".join(line(number) for number in range(count))


def _nested(count: int) -> str:
    """As deep as the language allows, again and again."""
    return network(lines(count // 25, lambda number: "{ " * 25 + "relu" + " }" * 25))


def _blocks(count: int) -> str:
    blocks = "".join(f"block b{number}(c: int) {{ conv(c, 3, padding=1) -> relu }}\n" for number in range(count))
    return network(lines(count, lambda number: f"b{number}({number % 7 + 1})"), blocks)


def _applied(name: str, count: int) -> str:
    return network(lines(count, lambda number: f"{name}{number}(8)"))


def _parameters(count: int) -> str:
    names = [f"p{number}" for number in range(100)]
    head = "block b(" + ", ".join(f"{name}: int = 1" for name in names) + ") { "
    body = "".join(f"if {name} > 1 {{ tanh }} else {{ relu }}; " for name in names)
    return network(lines(count // 100, lambda n: f"b({', '.join(str(n % 5 + 1) for _ in names)})"), head + body + "}\n")


GROWTH: dict[str, tuple[Callable[[int], str], int]] = {
    "deep nesting": (_nested, 5_000),
    "many blocks": (_blocks, 1_000),
    "long chains": (lambda n: network(" -> ".join(["conv(8, 3, padding=1)", "relu"] * (n // 2))), 5_000),
    "joins": (lambda n: network(lines(n, lambda i: f"a{i}: add {{ identity; conv(8, 3, padding=1) }}")), 1_000),
    "wide concat": (
        lambda n: network("concat { " + "; ".join(f"conv({i % 9 + 1}, 1)" for i in range(n)) + " }"),
        2_000,
    ),
    "many parameters": (_parameters, 20_000),
    "long expressions": (
        lambda n: network(lines(n // 20, lambda i: f"dropout(({' + '.join([str(i)] * 20)}) / 1G)")),
        5_000,
    ),
    "many errors": (lambda n: network(lines(n, lambda i: f"lay{i}er(8)")), 3_000),
    "many imports": (
        lambda n: f"from std import {', '.join(f'conv_norm as c{i}' for i in range(n))}\n" + _applied("c", n),
        1_000,
    ),
    "loops with conditions": (
        lambda n: network(f"for i in 0..{n} {{ if i % 3 == 0 {{ dropout(i / 1M) }} else {{ elu(alpha=i) }} }}"),
        5_000,
    ),
    "many networks": (
        lambda n: "block b() { conv(4, 1) }\n" + "".join(network("b").replace("n()", f"n{i}()") for i in range(n)),
        500,
    ),
    "strings and comments": (
        lambda n: network(lines(n, lambda i: f'relu  # {"x" * 60} "{i}')) + f"# {'z' * 40 * n}\n",
        2_000,
    ),
    "open sizes": (
        lambda n: network(lines(n // 2, lambda i: "max_pool(2, ceil=true) -> upsample(2)"), shape="N, 8, H, W"),
        1_000,
    ),
    "labels looked up": (
        lambda n: network(f"for i in 0..{n} {{ a{{i}}: dropout(i / 1M); add {{ a{{i}}; identity }} }}"),
        2_000,
    ),
}
"""Each kind with the size at which it is measured against twice the size."""


def _filled(head: str, unit: str, tail: str) -> str:
    return head + unit * ((MEBIBYTE - len(head) - len(tail)) // len(unit)) + tail


_HEAD = "network n() {\n    input image: [N, 8, 8, 8]\n"
_TAIL = "    output y: [N, 8, _, _]\n}\n"

LARGE: dict[str, Callable[[], str]] = {
    "one name": lambda: "x" * MEBIBYTE,
    "brackets": lambda: "(" * MEBIBYTE,
    "closing brackets": lambda: ")" * MEBIBYTE,
    "one comment": lambda: "#" * MEBIBYTE,
    "faults": lambda: _filled("", " ? \n", ""),
    "quotes": lambda: _filled("", '"\n', ""),
    "a sum": lambda: _filled(f"{_HEAD}    conv(1", "+1", f", 1)\n{_TAIL}"),
    "signs": lambda: _filled(f"{_HEAD}    conv(", "-", f"1, 1)\n{_TAIL}"),
    "as many steps as fit": lambda: f"{_HEAD}{'relu;         ' * 70_000}\n{_TAIL}",
    "labels": lambda: _HEAD + "".join(f"a{number:06}: relu\n" for number in range(45_000)) + _TAIL,
    "misspelt names": lambda: (
        _HEAD
        + "".join(f"labelled{number}: relu\n" for number in range(20_000))
        + "".join(f"lebelled{number}x\n" for number in range(20_000))
        + _TAIL
    ),
    "different turns": lambda: f"{_HEAD}    repeat 100_000 {{ conv(8, 3, padding=2) }}\n{_TAIL}",
    "lists in turns": lambda: (
        f"{_HEAD}    let v = [{', '.join(['1'] * 900)}]\n    for i in 0..90_000 {{ dropout((sum(v) + i) / 1M) }}\n"
        + _TAIL
    ),
    "networks of many turns": lambda: "".join(
        network("for i in 0..90_000 { dropout(i / 1M) }").replace("n()", f"n{number}()") for number in range(5_000)
    ),
}
"""Files of up to a mebibyte, of every kind that was ever slow."""


def sand() -> str:
    """10^18 layers in eight lines."""
    blocks = "".join(f"block b{number}() {{ repeat 1_000 {{ b{number + 1} }} }}\n" for number in range(6))
    return network("b0", f"{blocks}block b6() {{ relu }}\n")


def text_of(kind: str, argument: str) -> str:
    """The file that a measurement is of."""
    if kind == "growth":
        name, _, size = argument.partition("=")
        return GROWTH[name][0](int(size))
    return sand() if kind == "sand" else LARGE[argument]()


def main() -> None:
    """Checks one file; prints the processor seconds that it took beyond the start of Python."""
    text = text_of(sys.argv[1], " ".join(sys.argv[2:]))
    gc.disable()  # as the command line does
    check_path(MemoryLoader({"a.arch": network("relu")}), "a.arch")
    start = time.process_time()
    check_path(MemoryLoader({"a.arch": text}), "a.arch")
    print(time.process_time() - start)


if __name__ == "__main__":
    main()
