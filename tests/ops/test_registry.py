"""Every layer kind, by its own examples, against the real torch module that it describes."""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable

import pytest
import torch
from torch import nn

from archdsl.ir.expr import Const
from archdsl.ir.kinds import BOOL, FLOAT, INT, SIZES, STRING
from archdsl.ir.terms import NOWHERE, fold, number
from archdsl.ops import FAMILIES, REGISTRY
from archdsl.ops.base import Example, Op
from archdsl.ops.form import (
    Argument,
    InputSize,
    Several,
    TorchExpression,
    TorchForm,
    TorchFunction,
    TorchModule,
    TorchParameter,
)
from archdsl.ops.lenet import TABLE
from archdsl.ops.limits import PADDING_OR_SAME
from archdsl.syntax._tables import KEYWORDS
from tests.ops.support import Outcome, build, carried, evaluate, outcome_of
from tests.oracles.torchvision_models import flops


def torch_form(outcome: Outcome) -> TorchForm:
    form = outcome.call.op.to_torch(outcome.call)
    assert form is not None
    return form


Applies = Callable[[Outcome, TorchForm], bool]


def examples(applies: Applies = lambda outcome, form: True) -> pytest.MarkDecorator:
    """The examples of all layer kinds, or those that a test is about, as its parameters ``name`` and ``example``."""
    pairs = [(name, index, example) for name, op in REGISTRY.items() for index, example in enumerate(op.examples)]
    chosen = [
        pytest.param(name, example, id=f"{name}-{index}")
        for name, index, example in pairs
        if applies(outcome := outcome_of(name, example), torch_form(outcome))
    ]
    return pytest.mark.parametrize(("name", "example"), chosen)


def has_a_twin(outcome: Outcome, form: TorchForm) -> bool:
    return isinstance(form, TorchFunction) and form.module is not None


def has_keywords(outcome: Outcome, form: TorchForm) -> bool:
    return isinstance(form, TorchModule) and bool(form.keywords)


def has_weights_per_channel(outcome: Outcome, form: TorchForm) -> bool:
    """A table says how many weights there are, whatever comes in."""
    return outcome.call.op.weights(outcome.call) not in ({}, {"weight": (1,)}) and outcome.call.op.name != "table_conv"


BY_RANK = {
    "conv": {3, 4, 5},
    "conv_transpose": {3, 4, 5},
    "linear": {2, 3},
    "max_pool": {3, 4, 5},
    "avg_pool": {3, 4, 5},
    "adaptive_avg_pool": {3, 4, 5},
    "adaptive_max_pool": {3, 4, 5},
    "global_avg_pool": {3, 4, 5},
    "batch_norm": {2, 3, 4, 5},
    "layer_norm": {2, 3},
    "layer_norm2d": {4},
    "tokens": {3, 4, 5},
    "select_token": {3},
    "class_token": {3},
    "multi_head_attention": {3},
    "positional_embedding": {3},
    "group_norm": {2, 3, 4, 5},
    "instance_norm": {3, 4, 5},
    "local_response_norm": {3, 4, 5},
    "flatten": {2, 3, 4, 5},
    "channel_shuffle": {3, 4, 5},
    "zero_pad": {3, 4, 5},
    "pad_channels": {3, 4, 5},
    "crop": {3, 4, 5},
    "scale": {3, 4, 5},
    "upsample": {4, 5},
    "dropout2d": {4},
    "pixel_shuffle": {4},
    "pixel_unshuffle": {4},
}
"""The ranks that a layer takes, where it does not take any; the examples have to show each of them."""


def tensors(outcome: Outcome) -> list[torch.Tensor]:
    return [torch.randn(*path.shape) for path in outcome.call.inputs]  # type: ignore[arg-type]


# --- what every layer kind has ------------------------------------------------------------------------


def test_the_vocabulary_is_complete() -> None:
    assert set(REGISTRY) >= set(
        """conv conv_transpose linear max_pool avg_pool adaptive_avg_pool adaptive_max_pool global_avg_pool batch_norm
        layer_norm group_norm instance_norm local_response_norm dropout dropout2d relu relu6 leaky_relu elu selu gelu
        silu mish hardswish hardsigmoid sigmoid tanh softmax log_softmax prelu flatten upsample pixel_shuffle
        pixel_unshuffle channel_shuffle zero_pad identity add mul concat scale""".split()
    )


def test_every_layer_kind_is_in_a_family_and_every_family_has_one() -> None:
    homes = {type(op).__module__ for op in REGISTRY.values()}
    assert homes == {family.__name__ for family in FAMILIES}


@pytest.mark.parametrize("op", REGISTRY.values(), ids=REGISTRY)
def test_a_layer_kind_is_documented(op: Op) -> None:
    cls = type(op)
    assert (cls.__dict__["__doc__"] or "").strip()
    assert len(op.examples) >= 2
    for parameter in op.parameters:
        assert parameter.doc, parameter.name
        assert parameter.kind in (INT, FLOAT, BOOL, STRING, SIZES, PADDING_OR_SAME, TABLE)
        if parameter.required or parameter.default is None:
            continue
        assert parameter.kind.accepts(parameter.default)
        assert parameter.constraint is None or parameter.constraint.holds(parameter.default)


@pytest.mark.parametrize("op", REGISTRY.values(), ids=REGISTRY)
def test_required_parameters_come_first(op: Op) -> None:
    required = [parameter.required for parameter in op.parameters]
    assert required == sorted(required, reverse=True)


@pytest.mark.parametrize("op", REGISTRY.values(), ids=REGISTRY)
def test_a_layer_kind_lends_its_name_to_an_attribute(op: Op) -> None:
    assert op.attribute.isidentifier()
    assert not keyword.iskeyword(op.attribute)
    assert op.attribute not in dir(nn.Module())


def test_no_name_is_a_keyword_of_the_language() -> None:
    names = set(REGISTRY) | {parameter.name for op in REGISTRY.values() for parameter in op.parameters}
    assert not names & {*KEYWORDS, "init"}


@pytest.mark.parametrize("op", REGISTRY.values(), ids=REGISTRY)
def test_functions_and_modules_are_told_apart(op: Op) -> None:
    form = torch_form(outcome_of(op.name, op.examples[0]))
    assert op.functional == (op.inputs == 1 and isinstance(form, TorchFunction | TorchExpression))


@pytest.mark.parametrize(("name", "ranks"), BY_RANK.items(), ids=BY_RANK)
def test_the_examples_show_every_rank(name: str, ranks: set[int]) -> None:
    shown = [example.inputs[0] for example in REGISTRY[name].examples if not example.channels_last]
    assert {len(shape) for shape in shown} == ranks


@pytest.mark.parametrize("name", BY_RANK)
def test_other_ranks_are_refused(name: str) -> None:
    op = REGISTRY[name]
    highest = 5 if name in ("flatten", "group_norm", "local_response_norm", "channel_shuffle", "scale") else 6
    for rank in set(range(1, highest + 1)) - BY_RANK[name]:
        example = op.examples[0]
        inputs = [(2, 4, 4, 4, 4, 4)[:rank] for _ in example.inputs]
        outcome = evaluate(name, *inputs, **example.arguments)
        assert outcome.codes == ["E0304"], rank
        assert "rank" in outcome.call.problems[0].message


# --- what the examples show against torch -------------------------------------------------------------


@examples()
def test_output_shape_is_torchs(name: str, example: Example) -> None:
    outcome = outcome_of(name, example)
    assert outcome.shape is not None, outcome.refusal or outcome.call.problems
    assert all(shape[0] == 2 for shape in example.inputs)
    module = build(torch_form(outcome), outcome.call)
    for mode in (module.train(), module.eval()):
        assert tuple(mode(*tensors(outcome)).shape) == outcome.shape


@examples()
def test_weights_and_buffers_are_torchs(name: str, example: Example) -> None:
    outcome = outcome_of(name, example)
    op, call = outcome.call.op, outcome.call
    module = build(torch_form(outcome), call)
    weights, buffers = op.weights(call), op.buffers(call)
    if list(weights) == [""]:  # a trained tensor of the class itself, called by its label
        weights = {"value": weights[""]}
    assert weights == {key: tuple(value.shape) for key, value in module.named_parameters()}
    assert buffers == {key: tuple(value.shape) for key, value in module.named_buffers()}
    assert weights.keys() | buffers.keys() == module.state_dict().keys()


@examples()
def test_multiply_adds_are_half_of_torchs_flops(name: str, example: Example) -> None:
    outcome = outcome_of(name, example, batch=1)
    assert outcome.output is not None
    module = build(torch_form(outcome), outcome.call).eval()
    assert 2 * outcome.call.op.macs(outcome.call, outcome.output) == flops(module, *tensors(outcome))


@examples(has_a_twin)
def test_the_twin_for_sequential_computes_the_same(name: str, example: Example) -> None:
    outcome = outcome_of(name, example)
    form = torch_form(outcome)
    assert isinstance(form, TorchFunction)
    assert form.module is not None
    inputs = tensors(outcome)
    assert torch.equal(build(form, outcome.call)(*inputs), build(form.module, outcome.call)(*inputs))


def settings_of(module: nn.Module) -> dict[str, object]:
    """What a constructor's arguments left in a module, weights aside."""
    return {key: value for key, value in vars(module).items() if not key.startswith("_")} | {"repr": repr(module)}


@examples(has_keywords)
def test_keywords_that_say_nothing_are_left_out(name: str, example: Example) -> None:
    """Leaving one of the printed keywords out changes the module or cannot be done."""
    outcome = outcome_of(name, example)
    form = torch_form(outcome)
    assert isinstance(form, TorchModule)
    full = settings_of(build(form, outcome.call))
    for index, (keyword_name, _) in enumerate(form.keywords):
        shorter = TorchModule(form.name, form.positional, form.keywords[:index] + form.keywords[index + 1 :])
        try:
            assert settings_of(build(shorter, outcome.call)) != full, keyword_name
        except TypeError:
            continue  # torch requires it


NOT_KEYWORDS = {
    ("prelu", "per_channel"),
    ("concat", "axis"),
    ("take_channels", "start"),
    ("positional_embedding", "std"),
    ("positional_embedding", "length"),
}
"""Parameters that decide on a positional argument, on one of a function, or on a value before training."""


@pytest.mark.parametrize("name", REGISTRY)
def test_a_default_that_is_left_out_is_torchs_default(name: str) -> None:
    """Every optional parameter is printed in some example, and its default is the one in torch's signature."""
    op = REGISTRY[name]
    torch_names: dict[str, tuple[str, str]] = {}
    for example in op.examples:
        form = torch_form(outcome_of(name, example))
        if isinstance(form, TorchModule):
            pairs = [(ours, theirs) for theirs, ours in form.keywords if isinstance(ours, Argument)]
            torch_names |= {ours.name: (form.name, theirs) for ours, theirs in pairs}
    for parameter in op.parameters:
        if parameter.required or (name, parameter.name) in NOT_KEYWORDS:
            continue
        module, keyword_name = torch_names[parameter.name]
        cls = getattr(nn, module.removeprefix("nn.")) if module.startswith("nn.") else carried(module)
        signature = inspect.signature(cls)
        always_printed = keyword_name == "dim"
        assert always_printed or signature.parameters[keyword_name].default == parameter.default


@pytest.mark.parametrize("name", REGISTRY)
def test_a_bare_layer_prints_nothing_that_torch_knows_itself(name: str) -> None:
    op = REGISTRY[name]
    values = op.examples[0].arguments
    required = {parameter.name: values[parameter.name] for parameter in op.parameters if parameter.required}
    form = torch_form(evaluate(name, *op.examples[0].inputs, **required))
    if isinstance(form, TorchModule):
        printed = {argument.name for _, argument in form.keywords if isinstance(argument, Argument)}
        assert printed <= {*required, "axis"}


@examples(has_weights_per_channel)
def test_channels_are_inferred(name: str, example: Example) -> None:
    """A module that owns weights per channel gets their number from the input, first."""
    outcome = outcome_of(name, example)
    form = torch_form(outcome)
    form = form.value if isinstance(form, TorchParameter) else form
    assert isinstance(form, TorchModule | TorchFunction)
    parts = [value.items if isinstance(value, Several) else (value,) for value in form.positional]
    assert [argument for part in parts for argument in part if isinstance(argument, InputSize)]


@examples()
def test_the_channels_of_generated_code_are_those_of_the_rule(name: str, example: Example) -> None:
    """An op that changes channels has to say how, or generated constructors would count wrong."""
    outcome = outcome_of(name, example)
    op, x = outcome.call.op, outcome.call.x
    incoming = [number(size) if isinstance(size, int) else None for size in x.shape]
    arguments = {key: Const(value, NOWHERE) for key, value in outcome.call.arguments.items()}
    assert outcome.output is not None
    told = op.channels(x, incoming, arguments)
    if op.inputs == 1 and told is not None:
        value = fold(told)
        assert isinstance(value, Const)
        assert value.value == outcome.output.channels
