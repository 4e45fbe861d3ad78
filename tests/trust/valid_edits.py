"""Edits that have to stay accepted: what a person writes otherwise and means alike. Torch has to run them, too."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.trust import expressions as e
from tests.trust.expressions import number
from tests.trust.mutants_of_names import raw
from tests.trust.operators import Fault, Mutant, operator, text_operator
from tests.trust.programs import Body, Group, If, Join, Layer, Node, Repeat, Stated
from tests.trust.surgery import Bench, Raw, Site

LAYERS = ("identity", "relu", "tanh", "sigmoid")
DEFAULTS = {
    "conv": {"stride": "1", "dilation": "1", "groups": "1", "bias": "true", "padding_mode": '"zeros"'},
    "max_pool": {"ceil": "false", "dilation": "1", "padding": "0"},
    "batch_norm": {"affine": "true"},
    "group_norm": {"affine": "true"},
}
"""Defaults of some layers, as text."""


def anywhere(make: Callable[[Bench, Site], Node]) -> Callable[[Bench], Fault | None]:
    """An edit that puts a statement before another one."""

    def put(bench: Bench) -> Fault | None:
        return next((Fault([(site, [make(bench, site), site.node])], "") for site in bench.gaps()), None)

    return put


def one(bench: Bench) -> Body:
    """A body with a layer that changes no shape."""
    return Body([Layer(bench.random.choice(LAYERS))])


STATEMENTS: dict[str, Callable[[Bench, Site], Node]] = {
    "layer_added": lambda bench, site: Layer(bench.random.choice(LAYERS)),
    "group_added": lambda bench, site: Group(one(bench)),
    "repeat_added": lambda bench, site: Repeat(number(bench.random.randint(0, 3)), one(bench)),
    "condition_added": lambda bench, site: If(number(bench.random.random() < 0.5), one(bench)),
    "condition_on_channels_added": lambda bench, site: If(e.binary(e.channels("x"), "<", number(5)), one(bench)),
    "sum_added": lambda bench, site: Join("add", [one(bench), one(bench)]),
    "gate_added": lambda bench, site: Join("scale", [one(bench), Body([Layer("global_avg_pool"), Layer("sigmoid")])]),
    "pool_of_one_added": lambda bench, site: Layer("max_pool", {"kernel": number(1), "stride": number(1)}),
    "any_shape_stated": lambda bench, site: Stated((None,) * (len(bench.shape(site)) - 1)),
}
"""Statements that change no shape."""

for _name, _make in STATEMENTS.items():
    put = anywhere(_make)
    put.__name__ = _name
    operator(put)


@operator
def right_shape_stated(bench: Bench) -> Fault | None:
    """The shape that flows there."""
    for site in bench.gaps():
        if bench.same_everywhere(site):
            return Fault([(site, [Stated(tuple(map(number, bench.shape(site)[1:]))), site.node])], "", fixed=True)
    return None


@operator
def largest_window(bench: Bench) -> Fault | None:
    """A pool over the whole image, in steps of one; then the shape is restored by nothing: it stands in a path."""
    for site in bench.gaps():
        sizes = bench.shape(site)[2:]
        if bench.same_everywhere(site) and min(sizes) > 1:
            pool = Layer("max_pool", {"kernel": number(min(sizes)), "stride": number(1)})
            gate = Body([pool, Layer("global_avg_pool"), Layer("sigmoid")])
            return Fault([(site, [Join("scale", [Body([Layer("identity")]), gate]), site.node])], "", fixed=True)
    return None


@operator
def default_written(bench: Bench) -> Fault | None:
    """An argument that has its default, written."""
    for site, node in bench.layers(*DEFAULTS):
        missing = {name: raw(text) for name, text in DEFAULTS[node.op].items() if name not in node.arguments}
        if missing:
            name = bench.random.choice(list(missing))
            written = Layer(node.op, {**node.arguments, name: missing[name]}).text()
            return Fault([(site, [_Written(node, written)])], "")
    return None


class _Written(Raw):
    """A statement with another text."""

    def __init__(self, node: Node, written: str) -> None:
        super().__init__(written)
        self._node = node
        self.run = node.run  # type: ignore[method-assign]


@operator
def one_number_for_each_axis(bench: Bench) -> Fault | None:
    """A window with its size for every axis."""
    for site, node in bench.layers("conv", "max_pool", "avg_pool"):
        axes = len(bench.shape(site)) - 2
        kernel, visits = node.arguments["kernel"], bench.watch.of(node)
        is_number = all(isinstance(kernel.value(bench.scope(visit)), int) for visit in visits)
        if is_number and len({len(visit.shape) for visit in visits}) == 1:
            many = f"({', '.join([kernel.text] * axes)}{',' if axes == 1 else ''})"
            written = Layer(node.op, {**node.arguments, "kernel": raw(many)}).text()
            return Fault([(site, [_Written(node, written)])], "")
    return None


@operator
def parentheses_added(bench: Bench) -> Fault | None:
    """An argument in parentheses."""
    for site, node in bench.layers("conv", "max_pool", "avg_pool"):
        written = {name: raw(f"({value.text})") for name, value in node.arguments.items()}
        return Fault([(site, [_Written(node, Layer(node.op, written).text())])], "")
    return None


def _valid(name: str, text: str) -> Mutant:
    return Mutant(name, text, frozenset(), frozenset())


@text_operator
def comments_added(text: str, random: Random) -> Mutant:
    """A comment with anything in it, behind some lines."""
    lines = [f'{line}  # é {{ ( " -> end' if random.random() < 0.3 else line for line in text.split("\n")]
    return _valid("comments_added", "\n".join(lines))


@text_operator
def line_ends_of_another_system(text: str, random: Random) -> Mutant:
    """CRLF or CR, and a byte-order mark."""
    return _valid("line_ends_of_another_system", "\ufeff" + text.replace("\n", random.choice(["\r\n", "\r"])))


@text_operator
def blank_lines_added(text: str, random: Random) -> Mutant:
    """Lines without anything, and spaces at the end of others."""
    ends = ("\n", " \n", "  \n\n", "\n\n\n")
    return _valid("blank_lines_added", "".join(line + random.choice(ends) for line in text.split("\n")))


@text_operator
def indentation_removed(text: str, random: Random) -> Mutant:
    """All lines at the left margin: braces alone say what belongs where."""
    return _valid("indentation_removed", "\n".join(line.lstrip() for line in text.split("\n")))


@text_operator
def block_that_nothing_applies(text: str, random: Random) -> Mutant:
    """A definition more."""
    return _valid("block_that_nothing_applies", f"{text}\nblock spare_part(size: int) {{ conv(size, 3) -> relu }}\n")


@text_operator
def harmless_expectation(text: str, random: Random) -> Mutant | None:
    """A network that expects what every network is."""
    if text.count("    output ") != 1:
        return None
    return _valid("harmless_expectation", text.replace("    output ", "    expect layers >= 0\n    output "))
