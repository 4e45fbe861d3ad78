"""What a layer is in PyTorch, for all uses of a node at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archdsl.codegen.refusal import Refused
from archdsl.ir import typed as t
from archdsl.ir.expr import Const, Expr
from archdsl.ir.kinds import Value
from archdsl.ops import REGISTRY
from archdsl.ops.base import Call
from archdsl.ops.form import Argument, Argumentlike, TorchForm, TorchFunction, TorchModule
from archdsl.source.span import Span


def joint_form(uses: Sequence[t.TypedLayer], arguments: Mapping[str, Expr], span: Span) -> TorchForm | None:
    """The form that serves every use; ``arguments`` are those given in the spec, in the class's terms.

    A keyword is written if any use needs it, or if its value is computed from a parameter of the class.
    """
    matching = [use for use in uses if _matches(use, arguments)] or list(uses)
    op = REGISTRY[matching[0].op]
    calls = {_call_key(use): Call(op, use.arguments, use.inputs) for use in matching}
    forms = [op.to_torch(call) for call in calls.values()]
    first = forms[0]
    if any(not _are_one(first, form) for form in forms):
        raise Refused(f"`{op.name}` would be another PyTorch layer in each application of this block", span)
    if not isinstance(first, TorchModule | TorchFunction):
        return first
    keywords = dict(item for form in reversed(forms) for item in _keywords_of(form))
    call = next(iter(calls.values()))
    for name, value in arguments.items():
        if not isinstance(value, Const) and not _mentions(name, first.positional, keywords):
            keywords.update(_keyword_for(call, name))
    order = _keyword_order(call)
    ordered = tuple(sorted(keywords.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order)))
    if isinstance(first, TorchModule):
        return TorchModule(first.name, first.positional, ordered, first.applied)
    return TorchFunction(first.name, first.positional, ordered, first.module)


def _matches(use: t.TypedLayer, arguments: Mapping[str, Expr]) -> bool:
    """Whether a use belongs to the turn being written: constants must agree."""
    return all(
        not isinstance(value, Const) or use.arguments.get(name) == value.value for name, value in arguments.items()
    )


def _are_one(form: TorchForm | None, other: TorchForm | None) -> bool:
    """Whether two forms are alike, but for keywords that one of them leaves out."""
    if isinstance(form, TorchModule | TorchFunction) and isinstance(other, TorchModule | TorchFunction):
        return form.name == other.name and form.positional == other.positional
    return form == other


def _call_key(use: t.TypedLayer) -> tuple[object, ...]:
    layouts = tuple((value.rank, value.channels_last) for value in use.inputs)
    return tuple((name, value) for name, value in use.arguments.items()), layouts


def _mentions(name: str, positional: Sequence[Argumentlike], keywords: Mapping[str, Argumentlike]) -> bool:
    return Argument(name) in positional or Argument(name) in keywords.values()


def _keyword_for(call: Call, name: str) -> dict[str, Argumentlike]:
    """The keyword under which torch takes an argument whose value happens to be torch's default here.

    The description of the layer tells it when asked about another value.
    """
    other = _another(call.arguments[name])
    form = call.op.to_torch(Call(call.op, {**call.arguments, name: other}, call.inputs))
    return {key: value for key, value in _keywords_of(form) if value == Argument(name)}


def _keyword_order(call: Call) -> list[str]:
    """All keywords that the layer knows, in torch's order: as described when every argument is unusual."""
    unusual = {name: _another(value) for name, value in call.arguments.items()}
    return [key for key, _ in _keywords_of(call.op.to_torch(Call(call.op, unusual, call.inputs)))]


def _keywords_of(form: TorchForm | None) -> tuple[tuple[str, Argumentlike], ...]:
    assert isinstance(form, TorchModule | TorchFunction), "the forms of a layer are of one kind"
    return form.keywords


def _another(value: Value) -> Value:
    """A value of the same kind that differs."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value / 2 + 0.125
    return value
