"""Faults of calls: arguments that are misspelt, missing, of another type, or one too many."""

from __future__ import annotations

from collections.abc import Iterator

from tests.trust.expressions import number
from tests.trust.mutants_of_names import layers, put_for, raw
from tests.trust.operators import Fault, operator
from tests.trust.programs import Apply, Layer
from tests.trust.surgery import Bench, Site


@operator
def misspelt_layer(bench: Bench) -> Fault | None:
    """A layer without its last letter."""
    for site, node in layers(bench):
        return put_for(site, Layer(node.op[:-1], node.arguments), "E0201")
    return None


@operator
def misspelt_argument(bench: Bench) -> Fault | None:
    """An argument with a letter too many; a required one is missing then."""
    for site, node in layers(bench):
        wrong, *others = node.arguments.items()
        return put_for(site, Layer(node.op, {f"{wrong[0]}s": wrong[1], **dict(others)}), "E0202")
    return None


@operator
def dropped_argument(bench: Bench) -> Fault | None:
    """A convolution without its kernel or its channels."""
    for site, node in layers(bench, "conv", "conv_transpose"):
        lost = bench.random.choice(["kernel", "channels"])
        given = {name: value for name, value in node.arguments.items() if name != lost}
        return put_for(site, Layer(node.op, given), "E0203")
    return None


@operator
def argument_replaced_by_another_type(bench: Bench) -> Fault | None:
    """A number of a layer that is now something else."""
    for site, node in bench.layers("conv", "conv_transpose", "max_pool", "avg_pool"):
        wrong = bench.random.choice(["2.5", '"2"', "true", "relu"])
        return put_for(site, Layer(node.op, {**node.arguments, "kernel": raw(wrong)}), "E0206")
    return None


@operator
def argument_replaced_by_an_unknown_name(bench: Bench) -> Fault | None:
    """A number of a layer that is now a name nobody gave."""
    for site, node in layers(bench):
        name = bench.random.choice(list(node.arguments))
        return put_for(site, Layer(node.op, {**node.arguments, name: raw("unheard")}), "E0219")
    return None


def applications(bench: Bench, kind: str) -> Iterator[tuple[Site, Apply, str]]:
    """Applications that give a parameter of some type an argument."""
    for site in bench.reached:
        if isinstance(site.node, Apply):
            for name, of, _ in site.node.block.parameters:
                if of == kind and (name in site.node.arguments or name in site.node.tensors):
                    yield site, site.node, name


@operator
def block_without_an_argument(bench: Bench) -> Fault | None:
    """An application without a required argument."""
    for site in bench.sites:
        if isinstance(site.node, Apply):
            for name, _, default in site.node.block.parameters:
                if default is None and name in site.node.arguments:
                    given = {other: value for other, value in site.node.arguments.items() if other != name}
                    changed = Apply(site.node.block, given, site.node.tensors, site.node.inline)
                    return put_for(site, changed, "E0203")
    return None


@operator
def block_with_an_unknown_argument(bench: Bench) -> Fault | None:
    """An application with an argument that the block does not have."""
    for site in bench.sites:
        if isinstance(site.node, Apply):
            given = {**site.node.arguments, "unheard": number(1)}
            return put_for(site, Apply(site.node.block, given, site.node.tensors, site.node.inline), "E0202")
    return None


@operator
def number_for_a_block(bench: Bench) -> Fault | None:
    """A number where a block is expected."""
    for site, node, name in applications(bench, "block"):
        given = {**node.arguments, name: number(3)}
        return put_for(site, Apply(node.block, given, node.tensors, node.inline), "E0206")
    return None


@operator
def block_for_a_number(bench: Bench) -> Fault | None:
    """A block where a number is expected."""
    for site, node, name in applications(bench, "int"):
        given = {**node.arguments, name: raw("relu")}
        return put_for(site, Apply(node.block, given, node.tensors, node.inline), "E0206")
    return None


@operator
def number_for_a_tensor(bench: Bench) -> Fault | None:
    """A number where the label of a value is expected."""
    for site, node, name in applications(bench, "tensor"):
        return put_for(site, Apply(node.block, node.arguments, {**node.tensors, name: "3"}, node.inline), "E0206 E0220")
    return None


@operator
def unknown_label_for_a_tensor(bench: Bench) -> Fault | None:
    """A label that nothing carries, for a tensor parameter."""
    for site, node, name in applications(bench, "tensor"):
        return put_for(site, Apply(node.block, node.arguments, {**node.tensors, name: "unheard"}), "E0201 E0208")
    return None
