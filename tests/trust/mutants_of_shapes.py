"""Faults of shapes: real torch has to fail at the same statement, or to run on where only the language refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from tests.trust import expressions as e
from tests.trust.expressions import Scope, number
from tests.trust.operators import Fault, operator
from tests.trust.programs import Body, Join, Layer, Node, Refer, Stated
from tests.trust.surgery import Bench, Marked, Site

KEEPING = ("relu", "relu6", "silu", "gelu", "tanh", "sigmoid", "hardswish", "leaky_relu", "dropout", "identity")
"""Layers that hand on a value of any shape in its shape."""
DOUBLED = Join("concat", [Body([Layer("identity")])] * 2)
"""Twice the channels, without weights."""


def layer(op: str, **arguments: object) -> Layer:
    """A layer with literals for arguments."""
    return Layer(op, {name: number(value) for name, value in arguments.items()})


def with_arguments(node: Layer, **arguments: object) -> Layer:
    """The layer with other arguments."""
    return Layer(node.op, {**node.arguments, **layer(node.op, **arguments).arguments})


def inserted(bench: Bench, site: Site, node: Node, codes: str, *, fixed: bool = False) -> Fault:
    """A faulty statement before another one."""
    loose = not bench.same_everywhere(site)
    return Fault([(site, [Marked(node), site.node])], codes, node, fixed=fixed, loose=loose)


def replaced(bench: Bench, site: Site, node: Node, codes: str, *, fixed: bool = False) -> Fault:
    """A faulty statement for a valid one."""
    return Fault([(site, [Marked(node)])], codes, node, fixed=fixed, loose=not bench.same_everywhere(site))


def at_the_join(bench: Bench, site: Site, nodes: list[Node], *, fixed: bool = False) -> Fault:
    """A path changed so that the join around it must fail."""
    assert site.join is not None
    join = site.join.node
    return Fault([(site, nodes), (site.join, [Marked(join)])], "E0302", join, fixed=fixed)


def ends_of_paths(bench: Bench, *ops: str) -> Iterator[Site]:
    """The last steps of paths of joins that ran."""
    for site in bench.reached:
        if site.join is not None and site.is_last and isinstance(site.join.node, Join) and site.join.node.op in ops:
            yield site


# --- joins ------------------------------------------------------------------------------------------------------------


@operator
def channels_of_one_path(bench: Bench) -> Fault | None:
    """The convolution that ends a path of a sum has one channel more."""
    for site, node in bench.layers("conv"):
        ends = site.owner[site.index + 1 :] if isinstance(site.owner, list) else []
        if site.join is None or not isinstance(site.join.node, Join) or site.join.node.op not in ("add", "mul"):
            continue
        if "groups" in node.arguments or not all(isinstance(end, Layer) and end.op in KEEPING for end in ends):
            continue
        changed = Layer("conv", {**node.arguments, "channels": e.binary(node.arguments["channels"], "+", number(1))})
        return at_the_join(bench, site, [changed])
    return None


@operator
def doubled_channels_of_one_path(bench: Bench) -> Fault | None:
    """A path of a sum ends in a join that doubles its channels."""
    for site in ends_of_paths(bench, "add", "mul"):
        return at_the_join(bench, site, [site.node, DOUBLED])
    return None


@operator
def stride_of_one_path(bench: Bench) -> Fault | None:
    """One path of a join is half as large."""
    for site in ends_of_paths(bench, "add", "mul", "concat"):
        assert site.join is not None
        if isinstance(site.join.node, Join) and site.join.node.axis != 1:
            continue
        result = _result(bench, site.join)
        if result is not None and len(result) > 2 and max(result[2:]) > 1:
            return at_the_join(bench, site, [site.node, layer("max_pool", kernel=1, stride=2)], fixed=True)
    return None


def _result(bench: Bench, site: Site) -> tuple[int, ...] | None:
    """What a statement handed on to the next one in its body, if there is one."""
    if not isinstance(site.owner, list) or site.is_last:
        return None
    after = bench.watch.of(site.owner[site.index + 1])
    return after[0].shape if after else None


@operator
def one_path_flattened(bench: Bench) -> Fault | None:
    """A path of a join has fewer axes than the others."""
    for site in ends_of_paths(bench, "add", "mul", "concat"):
        return at_the_join(bench, site, [site.node, layer("flatten")], fixed=True)
    return None


@operator
def other_axis_of_a_concat(bench: Bench) -> Fault | None:
    """A concat along the height of values whose channels differ."""
    for site, node in bench.joins("concat"):
        changed = Join("concat", [*node.paths, Body([DOUBLED])], axis=2)
        if node.axis == 1 and bench.shape(site)[2:]:
            return replaced(bench, site, changed, "E0302 E0304", fixed=True)
    return None


@operator
def concat_along_a_missing_axis(bench: Bench) -> Fault | None:
    """A concat along an axis that the values do not have."""
    for site, node in bench.joins("concat"):
        return replaced(bench, site, Join("concat", node.paths, axis=len(bench.shape(site)) + 1), "E0304 E0401")
    return None


@operator
def gate_of_other_channels(bench: Bench) -> Fault | None:
    """A gate with twice the channels."""
    for site in ends_of_paths(bench, "scale"):
        assert site.join is not None and isinstance(site.join.node, Join)
        if site.owner is site.join.node.paths[1].nodes:
            return at_the_join(bench, site, [site.node, DOUBLED])
    return None


@operator
def gate_over_space(bench: Bench) -> Fault | None:
    """A gate that was not pooled: it has the height and width of the value. Torch multiplies them."""
    for site in bench.gaps():
        if max(bench.shape(site)[2:], default=1) > 1:
            gate = Join("scale", [Body([Layer("identity")]), Body([Layer("sigmoid")])])
            return inserted(bench, site, gate, "E0302", fixed=True)
    return None


@operator
def sum_with_one_pixel(bench: Bench) -> Fault | None:
    """A sum that torch would broadcast over the image."""
    for site in bench.gaps():
        if max(bench.shape(site)[2:], default=1) > 1:
            join = Join("add", [Body([Layer("identity")]), Body([Layer("global_avg_pool")])])
            return inserted(bench, site, join, "E0302", fixed=True)
    return None


@operator
def sum_with_the_input(bench: Bench) -> Fault | None:
    """A sum with an earlier value of another shape."""
    for site in bench.gaps():
        shape = bench.shape(site)
        for name, value in bench.watch.of(site.node)[0].labels.items():
            if value.shape != shape and not site.closed and not site.block and not site.loops and name == "image":
                join = Join("add", [Body([Layer("identity")]), Body([Refer(name)])])
                return inserted(bench, site, join, "E0302", fixed=True)
    return None


# --- windows ----------------------------------------------------------------------------------------------------------


@operator
def kernel_larger_than_the_image(bench: Bench) -> Fault | None:
    """A convolution whose window is one larger than the padded image."""
    for site, node in bench.layers("conv"):
        largest = max(max(visit.shape[2:]) for visit in bench.watch.of(site.node))
        arguments = {"kernel": largest + 3, "padding": 1}
        return replaced(bench, site, with_arguments(node, **arguments), "E0301", fixed=True)
    return None


@operator
def pool_larger_than_the_image(bench: Bench) -> Fault | None:
    """A pool whose window is larger than the image."""
    for site in bench.gaps():
        shapes = [visit.shape[2:] for visit in bench.watch.of(site.node)]
        if shapes[0]:
            op = bench.random.choice(["max_pool", "avg_pool"])
            largest = max(max(shape) for shape in shapes)
            return inserted(bench, site, layer(op, kernel=largest + bench.random.randint(1, 9)), "E0301", fixed=True)
    return None


@operator
def padding_beyond_half_the_window(bench: Bench) -> Fault | None:
    """A pool whose padding is more than half its window."""
    for site in bench.gaps():
        if bench.shape(site)[2:]:
            op = bench.random.choice(["max_pool", "avg_pool"])
            kernel = bench.random.randint(1, 4)
            return inserted(bench, site, layer(op, kernel=kernel, padding=kernel // 2 + 1), "E0307")
    return None


@operator
def reflection_beyond_the_image(bench: Bench) -> Fault | None:
    """Reflected padding as large as the image."""
    for site, node in bench.layers("conv"):
        shape = bench.shape(site)
        if len(shape) > 2 and len(bench.watch.of(site.node)) == 1:
            changed = with_arguments(node, padding=max(shape[2:]), padding_mode="reflect")
            return replaced(bench, site, changed, "E0307", fixed=True)
    return None


@operator
def kernel_for_other_axes(bench: Bench) -> Fault | None:
    """A window with one number more than there are axes."""
    for site, node in bench.layers("conv", "max_pool", "avg_pool"):
        axes = len(bench.shape(site)) - 2
        changed = with_arguments(node, kernel=(1,) * (axes + 1), padding=0, stride=1)
        return replaced(bench, site, changed, "E0310")
    return None


# --- channels ---------------------------------------------------------------------------------------------------------


@operator
def groups_that_do_not_divide(bench: Bench) -> Fault | None:
    """A convolution in more groups than it has channels."""
    for site, node in bench.layers("conv"):
        groups = bench.shape(site)[1] + 1
        return replaced(bench, site, with_arguments(node, groups=groups), "E0303")
    return None


@operator
def channels_that_groups_do_not_divide(bench: Bench) -> Fault | None:
    """Groups fit the input of a convolution and not its output."""
    for site, node in bench.layers("conv"):
        groups = bench.shape(site)[1]
        if groups > 1:
            return replaced(bench, site, with_arguments(node, groups=groups, channels=groups + 1), "E0303")
    return None


@operator
def norm_in_groups_that_do_not_divide(bench: Bench) -> Fault | None:
    """A group norm of other channels."""
    for site in bench.gaps():
        if not any(site.loops):
            op = bench.random.choice(["group_norm", "channel_shuffle"])
            return inserted(bench, site, layer(op, groups=bench.shape(site)[1] + 1), "E0303")
    return None


@operator
def shuffle_of_other_channels(bench: Bench) -> Fault | None:
    """A pixel shuffle whose square does not divide the channels."""
    for site in bench.gaps():
        shape = bench.shape(site)
        if len(shape) == 4:
            factor = next(factor for factor in range(2, 99) if shape[1] % factor**2)
            return inserted(bench, site, layer("pixel_shuffle", factor=factor), "E0303")
    return None


@operator
def unshuffle_of_other_sizes(bench: Bench) -> Fault | None:
    """A pixel unshuffle whose factor does not divide the height."""
    for site in bench.gaps():
        shape = bench.shape(site)
        if len(shape) == 4:
            factor = next(factor for factor in range(2, 99) if shape[2] % factor)
            return inserted(bench, site, layer("pixel_unshuffle", factor=factor), "E0309", fixed=True)
    return None


@dataclass
class Attention(Node):
    """Attention over the places of an image."""

    heads: int

    def text(self) -> str:
        return f"tokens -> multi_head_attention({self.heads})"

    def run(self, x: Tensor, scope: Scope) -> Tensor:
        tokens = x.flatten(2).transpose(1, 2)
        attended: Tensor = nn.MultiheadAttention(x.shape[1], self.heads, batch_first=True)(tokens, tokens, tokens)[0]
        return attended


@operator
def heads_that_do_not_divide(bench: Bench) -> Fault | None:
    """Attention in more heads than there are features."""
    for site in bench.gaps():
        if len(bench.shape(site)) == 4 and not site.loops:
            return inserted(bench, site, Attention(bench.shape(site)[1] + 1), "E0303", fixed=True)
    return None


# --- ranks ------------------------------------------------------------------------------------------------------------


@operator
def linear_on_an_image(bench: Bench) -> Fault | None:
    """A fully connected layer without ``flatten`` before it. Torch would work on the width."""
    for site in bench.gaps():
        if not site.loops and len(bench.shape(site)) > 3:
            return inserted(bench, site, layer("linear", features=10), "E0304", fixed=True)
    return None


@operator
def image_layer_on_rows(bench: Bench) -> Fault | None:
    """A layer for images behind ``flatten``."""
    for site in bench.gaps():
        if not site.loops:
            op = bench.random.choice([layer("conv", channels=4, kernel=1), layer("max_pool", kernel=1)])
            found = inserted(bench, site, op, "E0304", fixed=True)
            return Fault([(site, [layer("flatten"), *found.changes[0][1]])], "E0304", op, True, found.loose)
    return None


@operator
def shuffle_of_another_rank(bench: Bench) -> Fault | None:
    """A layer for images on a sequence or a volume."""
    for site in bench.gaps():
        if len(bench.shape(site)) != 4:
            return inserted(bench, site, layer("pixel_shuffle", factor=1), "E0304")
    return None


# --- stated shapes ----------------------------------------------------------------------------------------------------


@operator
def stated_size_off_by_one(bench: Bench) -> Fault | None:
    """A stated shape with one size too large."""
    for site in bench.gaps():
        sizes: list[object] = [None if bench.random.random() < 0.5 else size for size in bench.shape(site)[1:]]
        axis = bench.random.randrange(len(sizes))
        sizes[axis] = bench.shape(site)[1 + axis] + 1
        stated = Stated(tuple(None if size is None else number(size) for size in sizes))
        return inserted(bench, site, stated, "E0311", fixed=True)
    return None


@operator
def stated_axes_swapped(bench: Bench) -> Fault | None:
    """A stated shape with height and width in the other order."""
    for site in bench.gaps():
        sizes = bench.shape(site)[1:]
        if len(sizes) > 1 and sizes[0] != sizes[1]:
            stated = Stated(tuple(map(number, (sizes[1], sizes[0], *sizes[2:]))))
            return inserted(bench, site, stated, "E0311", fixed=True)
    return None


@operator
def stated_axis_too_many(bench: Bench) -> Fault | None:
    """A stated shape of another rank."""
    for site in bench.gaps():
        return inserted(bench, site, Stated((None,) * len(bench.shape(site))), "E0311")
    return None
