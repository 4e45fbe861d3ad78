"""Faults of names, calls and values, which are wrong by construction: nothing has to be run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.trust import expressions as e
from tests.trust.expressions import Expr, number
from tests.trust.mutants_of_shapes import KEEPING
from tests.trust.operators import Fault, Operator, operator
from tests.trust.programs import Apply, Body, If, Join, Labelled, Layer, Let, Node, Refer
from tests.trust.surgery import Bench, Marked, Raw, Site, passes_over


def raw(text: str) -> Expr:
    """An expression that has no value."""
    return Expr(text, lambda scope: None)


def put_in(site: Site, node: Node, codes: str) -> Fault:
    """A faulty statement before another one."""
    return Fault([(site, [Marked(node), site.node])], codes)


def put_for(site: Site, node: Node, codes: str) -> Fault:
    """A faulty statement for a valid one."""
    return Fault([(site, [Marked(node)])], codes)


def gaps(bench: Bench, *, outside: bool = False) -> Iterator[Site]:
    """Places before which a statement can be put, run or not; ``outside`` leaves out those that are there twice."""
    return (
        site
        for site in bench.sites
        if isinstance(site.owner, list) and not (outside and _is_repeated(bench, site)) and not passes_over(site.node)
    )


def _is_repeated(bench: Bench, site: Site) -> bool:
    """Whether a label there would be one of several: in a loop, or in a block that is spliced in somewhere."""
    spliced = [each.node.block for each in bench.sites if isinstance(each.node, Apply) and each.node.inline]
    return bool(site.loops) or site.block in spliced


def layers(bench: Bench, *ops: str) -> Iterator[tuple[Site, Layer]]:
    """Layers that have some argument."""
    for site in bench.sites:
        if isinstance(site.node, Layer) and site.node.arguments and (not ops or site.node.op in ops):
            yield site, site.node


def somewhere(make: Callable[[Bench], Node], codes: str, *, runs: bool, outside: bool) -> Operator:
    """An operator that puts a statement anywhere, or (``runs``) where it is applied, or (``outside``) outside loops."""

    def put(bench: Bench) -> Fault | None:
        places = bench.gaps() if runs else gaps(bench, outside=outside)
        return next((put_in(site, make(bench), codes) for site in places), None)

    return put


def of_a_list(*texts: str) -> Callable[[Bench], Node]:
    """One of some statements."""
    return lambda bench: Raw(bench.random.choice(texts))


NAMES = {
    "unknown_layer": (of_a_list("convolution(8, 3)", "batchnorm", "Relu", "conv2d(8, 3)"), "E0201"),
    "unknown_variable": (of_a_list("conv(nowhere, 1)", "let spare = nowhere + 1", "repeat nowhere { relu }"), "E0219"),
    "unknown_label_in_an_expression": (of_a_list("conv(nowhere.channels, 1)", "conv(nowhere.height, 1)"), "E0208"),
    "unknown_attribute": (of_a_list("conv(x.chanels, 1)", "max_pool(x.size)"), "E0222"),
    "unknown_function": (of_a_list("conv(sqrt(4), 1)", "dropout(floor(0.5))"), "E0219 E0201"),
    "unknown_argument": (of_a_list("relu(slope=0.1)", "conv(4, 1, pad=0)", "max_pool(2, strides=1)"), "E0202"),
    "too_many_arguments": (of_a_list("relu(1)", "group_norm(1, true, 1, 1, 1)", "flatten(1)"), "E0205"),
    "doubled_argument": (of_a_list("max_pool(2, kernel=2)", "dropout(0.5, p=0.5)"), "E0204"),
    "missing_argument": (of_a_list("max_pool", "group_norm", "pixel_shuffle()", "max_pool(stride=2)"), "E0203"),
    "join_of_one_path": (of_a_list("add { relu }", "concat { identity }"), "E0503"),
    "join_without_braces": (of_a_list("add", "concat(axis=1)", "mul(2)"), "E0218 E0220 E0101"),
    "layer_with_braces": (of_a_list("relu { identity; identity }", "conv(4, 1) { relu; relu }"), "E0218 E0220 E0101"),
    "let_as_a_path": (of_a_list("add { let spare = 3; relu }"), "E0218"),
}
"""Statements that are wrong wherever they stand."""
LABELS = {
    "label_of_python_or_torch": (
        of_a_list(*(f"{name}: relu" for name in ("lambda", "type", "forward", "training", "None", "self", "match"))),
        "E0209",
    ),
    "label_of_a_keyword": (of_a_list("repeat: relu", "if: relu", "true: relu"), "E0101 E0209"),
    "name_too_long": (of_a_list(f"{'v' * 65}: relu"), "E0106"),
    "name_with_an_underscore": (of_a_list("_v: relu", "__init__: relu"), "E0102 E0209 E0101"),
}
"""Labels that are wrong wherever a label may stand."""
VALUES = {
    "argument_of_another_type": (
        of_a_list(
            *("max_pool(2.0)", "max_pool(true)", 'max_pool("2")', "max_pool(relu)"),
            *("dropout(true)", "max_pool(2, ceil=1)", "max_pool(none)", "group_norm((1, 1))"),
        ),
        "E0206",
    ),
    "value_out_of_range": (
        of_a_list(
            *("max_pool(0)", "max_pool(2, stride=0)", "max_pool(2, padding=-1)", "dropout(1.5)", "dropout(p=-0.1)"),
            *("group_norm(0)", "max_pool(4_097)", "upsample(0)", "adaptive_avg_pool(0)", "pixel_shuffle(-1)"),
        ),
        "E0401",
    ),
    "integer_beyond_the_limit": (of_a_list("max_pool(2_147_483_648)", f"max_pool({'9' * 18})"), "E0407"),
    "power_beyond_the_limit": (of_a_list("max_pool(10 ** 100)", "max_pool(2 ** 2 ** 20)"), "E0407"),
    "division_by_zero": (
        of_a_list("max_pool(8 // (x.channels - x.channels))", "max_pool(4 % 0)", "dropout(1 / 0)"),
        "E0402",
    ),
    "index_beyond_the_list": (of_a_list("max_pool([1, 1][2])", "max_pool(([1] + [1])[2])"), "E0403"),
    "operands_of_other_types": (
        of_a_list("max_pool(1 + true)", "max_pool(1 + [1])", 'max_pool("a" * 2)', "max_pool(2 ** -1)"),
        "E0405",
    ),
    "condition_that_is_a_number": (of_a_list("if x.channels { relu }", "if 1 + 1 { relu } else { tanh }"), "E0206"),
    "condition_of_a_value_that_is_a_number": (of_a_list("max_pool(1 if 1 else 1)", "if not 1 { relu }"), "E0206 E0405"),
    "loop_over_a_number": (of_a_list("for i in 3 { relu }", "for i in x.channels { relu }"), "E0206"),
    "repeat_of_something_else": (
        of_a_list("repeat [1] { relu }", "repeat 1.0 { relu }"),
        "E0206",
    ),
    "items_that_are_no_pairs": (of_a_list("for (i, j) in [1, 2] { max_pool(i, j) }"), "E0206"),
    "negative_repetition": (of_a_list("repeat -1 { relu }", "repeat 1 - 2 { relu }"), "E0401"),
    "too_many_layers": (of_a_list("repeat 10_000_001 { relu }", "for i in 0..2 ** 30 { relu }"), "E0404 E0407"),
    "gate_too_many": (of_a_list("scale { identity; global_avg_pool; global_avg_pool }"), "E0308"),
    "arguments_of_a_sum": (
        of_a_list("add(1) { relu; tanh }", "mul(axis=1) { relu; tanh }"),
        "E0205 E0202",
    ),
}
"""Statements that are wrong wherever they are applied."""

for _statements in (NAMES, LABELS, VALUES):
    for _name, (_make, _codes) in _statements.items():
        put = somewhere(_make, _codes, runs=_statements is VALUES, outside=_statements is LABELS)
        put.__name__ = _name
        operator(put)


# --- labels and references --------------------------------------------------------------------------------------------


@operator
def reference_to_nothing(bench: Bench) -> Fault | None:
    """A path that begins with a label that nothing carries."""
    for site in gaps(bench):
        join = Join("add", [Body([Layer("identity")]), Body([Marked(Refer("unheard"))])])
        return Fault([(site, [join, site.node])], "E0201 E0208")
    return None


@operator
def reference_to_a_later_value(bench: Bench) -> Fault | None:
    """A path that begins with a value that comes after it."""
    for site in bench.sites:
        if isinstance(site.node, Labelled) and isinstance(site.owner, list) and not site.loops:
            join = Join("add", [Body([Layer("identity")]), Body([Marked(Refer(site.node.name))])])
            return Fault([(site, [join, site.node])], "E0201 E0208")
    return None


@operator
def reference_out_of_a_label(bench: Bench) -> Fault | None:
    """A path inside a labelled group that begins with the input of the network."""
    for site in gaps(bench):
        if site.closed and site.block is None:
            join = Join("add", [Body([Layer("identity")]), Body([Marked(Refer("image"))])])
            return Fault([(site, [join, site.node])], "E0208")
    return None


@operator
def repeated_label(bench: Bench) -> Fault | None:
    """A label given twice."""
    return _second_label(bench, lambda name: name)


@operator
def label_in_the_other_case(bench: Bench) -> Fault | None:
    """A label that differs from another one in case only."""
    return _second_label(bench, str.upper)


def _second_label(bench: Bench, changed: Callable[[str], str]) -> Fault | None:
    for site in bench.sites:
        node = site.node
        if isinstance(node, Labelled) and isinstance(site.owner, list) and node.computed is None:
            again = Marked(Labelled(changed(node.name), Layer("relu")))
            return Fault([(site, [node, again])], "E0207")
    return None


@operator
def label_repeated_by_the_loop(bench: Bench) -> Fault | None:
    """A label without the turn in its name, in a loop whose labels have it."""
    for site in bench.sites:
        node = site.node
        once = site.block is None and len(site.loops) == 1  # so that every visit is a turn of the one loop around it
        if isinstance(node, Labelled) and node.computed is not None and once and len(bench.watch.of(node)) > 1:
            return put_for(site, Labelled(node.name, node.step), "E0207")
    return None


@operator
def weights_without_a_label(bench: Bench) -> Fault | None:
    """A layer with weights without a label, in a loop whose layers have labels."""
    for site in bench.sites:
        if isinstance(site.node, Labelled) and site.node.computed is not None and isinstance(site.owner, list):
            return Fault([(site, [site.node, Marked(Layer("prelu"))])], "E0223")
    return None


@operator
def value_that_nothing_uses(bench: Bench) -> Fault | None:
    """A layer behind which the chain goes on from the value before it."""
    for site in gaps(bench):
        if not site.loops and site.join is None:
            keep = Labelled("spare", Layer("identity"))
            op = bench.random.choice([op for op in KEEPING if op not in ("identity", "leaky_relu", "dropout")])
            return Fault([(site, [keep, Marked(Layer(op)), Refer("spare"), site.node])], "E0502")
    return None


@operator
def variable_that_nothing_reads(bench: Bench) -> Fault | None:
    """A variable more."""
    for site in gaps(bench):
        if site.join is None:
            return put_in(site, Let("spare", number(3)), "W0504")
    return None


@operator
def variable_set_again(bench: Bench) -> Fault | None:
    """A variable that is given a second value in the same braces."""
    for site in bench.sites:
        if isinstance(site.node, Let):
            return Fault([(site, [site.node, Marked(Let(site.node.name, site.node.value))])], "E0221")
    return None


# --- blocks, loops and conditions -------------------------------------------------------------------------------------


@operator
def block_in_itself(bench: Bench) -> Fault | None:
    """A block that applies itself."""
    for site in gaps(bench):
        if site.block is not None and any(isinstance(other.node, Apply) for other in bench.sites):
            given: dict[str, Expr] = {name: e.variable(name) for name, _, _ in site.block.parameters}
            return put_in(site, Apply(site.block, given), "E0211")
    return None


@operator
def input_in_the_middle(bench: Bench) -> Fault | None:
    """An input behind a step."""
    for site in gaps(bench):
        before = site.owner[: site.index] if isinstance(site.owner, list) else []
        if site.owner is not bench.program.body.nodes or not all(isinstance(node, Let) for node in before):
            return put_in(site, Raw("input spare: [N, 3]"), "E0218")
    return None


@operator
def condition_on_an_open_size(bench: Bench) -> Fault | None:
    """A condition that some sizes of the input would decide otherwise."""
    for site in gaps(bench):
        height = bench.program.input[1]
        if site.owner is bench.program.body.nodes and site.index == 0 and isinstance(height, str):
            name = "length" if len(bench.program.input) == 2 else "height" if len(bench.program.input) == 3 else "depth"
            condition = raw(f"image.{name} >= {bench.image.shape[2]}")
            return put_in(site, If(condition, Body([Layer("relu")])), "E0406")
    return None


@operator
def loop_in_a_loop_too_long(bench: Bench) -> Fault | None:
    """Loops whose turns multiply beyond what a network may have."""
    for site in gaps(bench):
        if not site.loops and site.block is None and bench.watch.of(site.node):
            text = "repeat 10_000 { repeat 10_000 { relu } }"
            return put_in(site, Raw(text), "E0404")
    return None
