"""What the users of a network rely on beside its weights: its name and parameters, its inputs, its outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeVar

from archdsl.codegen.naming import class_name
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.dim import Dim, DimTooComplex, SizeSet
from archdsl.ir.kinds import Value
from archdsl.ir.types import Size, TensorType
from archdsl.source.span import Span


class Aspect(Enum):
    """What of a network is different."""

    PARAMETER = "parameter"
    CLASS = "class"
    INPUT = "input"
    SIZES = "sizes"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class InterfaceChange:
    """One difference: in words, where it stands (None: it is gone), and whether users of the old network notice.

    ``is_shape``: what fits into the network, or comes out of it, is no longer the same shape; else its names are not.
    """

    aspect: Aspect
    name: str
    old: str | None
    new: str | None
    breaks: str | None
    """Why users of the old network cannot use the new one as they did; None where they can."""
    is_shape: bool
    span: Span | None = None
    old_span: Span | None = None


def interface_changes(old: t.TypedDesign, new: t.TypedDesign) -> list[InterfaceChange]:
    """All differences between the interfaces of two networks, parameters first."""
    return [*_parameters(old, new), *_classes(old, new), *_Shapes(old, new).changes()]


# --- parameters ---------------------------------------------------------------------------------------


def _parameters(old: t.TypedDesign, new: t.TypedDesign) -> Iterator[InterfaceChange]:
    before, after = free_parameters(old.design), free_parameters(new.design)
    renamed = _renamed(old, new, before, after)
    for name, parameter in before.items():
        value, now = shown_value(old.root.arguments.get(name)), after.get(renamed.get(name, name))
        if now is None:
            why = f"it has no parameter `{name}` any more"
            yield _parameter(name, value, None, why, None, parameter.span)
        elif now.name != name:
            why = f"the parameter `{name}` is called `{now.name}`"
            yield _parameter(name, name, now.name, why, now.span, parameter.span)
        else:
            default = shown_value(new.root.arguments.get(name))
            yield from _changed(parameter, now, value, default)
    for index, (name, now) in enumerate(after.items()):
        if name not in before and name not in renamed.values():
            moves_others = index < len(before)
            reason = f"`{name}` comes before parameters that were there, which move on by one" if moves_others else None
            yield _parameter(name, None, shown_value(new.root.arguments.get(name)), reason, now.span, None)
    if [name for name in before if name in after] != [name for name in after if name in before]:
        why = "its parameters stand in another order"
        yield _parameter("order", ", ".join(before), ", ".join(after), why, None, None)


def _changed(before: d.BlockParameter, now: d.BlockParameter, value: str, default: str) -> Iterator[InterfaceChange]:
    """What differs in a parameter that kept its name; ``value`` and ``default`` are the old and the new default."""
    name = before.name
    if str(now.kind) != str(before.kind):
        why = f"`{name}` is {now.kind}, not {before.kind}"
        yield _parameter(name, str(before.kind), str(now.kind), why, now.span, before.span)
    elif value != default:
        why = f"`{name}` is {default} unless another value is given, not {value}"
        yield _parameter(name, value, default, why, now.span, before.span)
    if now.constraint is not None and now.constraint != before.constraint:
        why = f"values of `{name}` that were allowed may be refused"
        yield _parameter(name, "unconstrained" if before.constraint is None else "constrained", "constrained", why,
                         now.span, before.span)  # fmt: skip


def _renamed(
    old: t.TypedDesign,
    new: t.TypedDesign,
    before: Mapping[str, d.BlockParameter],
    after: Mapping[str, d.BlockParameter],
) -> dict[str, str]:
    """Parameters in one place, of one type and with one value, under another name."""
    return {
        name: now
        for name, now in zip(before, after, strict=False)
        if name not in after
        and now not in before
        and str(before[name].kind) == str(after[now].kind)
        and shown_value(old.root.arguments.get(name)) == shown_value(new.root.arguments.get(now))
    }


def free_parameters(design: d.Design) -> dict[str, d.BlockParameter]:
    """The parameters that a network lets one choose."""
    fixed = {argument.name for argument in design.arguments}
    return {parameter.name: parameter for parameter in design.network.parameters if parameter.name not in fixed}


def _parameter(
    name: str, old: str | None, new: str | None, why: str | None, span: Span | None, old_span: Span | None
) -> InterfaceChange:
    return InterfaceChange(Aspect.PARAMETER, name, old, new, why, False, span, old_span)


def _classes(old: t.TypedDesign, new: t.TypedDesign) -> Iterator[InterfaceChange]:
    if old.design.name != new.design.name:
        return  # two networks, not two versions of one
    before, after = (design.root.block.class_name or class_name(design.root.block.name) for design in (old, new))
    if before != after:
        why = f"its class is called `{after}`, not `{before}`"
        span = new.root.block.name_span
        yield InterfaceChange(Aspect.CLASS, before, before, after, why, False, span, old.root.block.name_span)


# --- shapes -------------------------------------------------------------------------------------------


class _Shapes:
    """Compares inputs and outputs. What an old size is called now is remembered for the outputs."""

    def __init__(self, old: t.TypedDesign, new: t.TypedDesign) -> None:
        self._old, self._new = old, new
        self._meaning: dict[str, Size] = {}
        """The old size that each open size of the new network stands for."""
        self._spans, self._old_spans = _port_spans(new), _port_spans(old)

    def changes(self) -> Iterator[InterfaceChange]:
        """The differences of inputs, of the sizes they accept, of outputs."""
        yield from self._inputs()
        yield from self._sizes()
        yield from self._outputs()

    # --- inputs ---

    def _inputs(self) -> Iterator[InterfaceChange]:
        pairs, gone, more = _partners(self._old.inputs, self._new.inputs)
        for (name, before), (now, after) in pairs:
            if name != now:
                yield self._change(Aspect.INPUT, name, name, now, f"the input `{name}` is called `{now}`", False, now)
            why = self._misfit(before, after)
            if why is not None or str(before) != str(after):
                why = why and f"the input `{now}` {why}"
                yield self._change(Aspect.INPUT, now, str(before), str(after), why, True, now)
        for name, before in gone:
            yield self._change(Aspect.INPUT, name, str(before), None, f"there is no input `{name}` any more", True)
        for now, after in more:
            yield self._change(Aspect.INPUT, now, None, str(after), f"it needs one more input, `{now}`", True, now)

    def _misfit(self, before: TensorType, after: TensorType) -> str | None:
        """Why values of the old type do not fit, as the end of a sentence."""
        if before.rank != after.rank:
            return f"has {after.rank} axes, not {before.rank}"
        for axis, (old, new) in enumerate(zip(before.shape, after.shape, strict=True)):
            if isinstance(new, int):
                if old != new:
                    return f"has to be {new} along axis {axis}, which was {old}"
            elif self._meaning.setdefault(new.symbol_name, old) != old:
                return f"has to have one size {new} where it had {self._meaning[new.symbol_name]} and {old}"
        return None

    # --- accepted sizes ---

    def _sizes(self) -> Iterator[InterfaceChange]:
        for symbol, meaning in self._meaning.items():
            accepted = _accepted(self._new, symbol)
            if isinstance(meaning, int):
                if not accepted.contains(meaning):
                    yield self._fewer(symbol, f"{symbol} = {meaning}", accepted, meaning)
                continue
            before = _accepted(self._old, meaning.symbol_name)
            now = replace(accepted, symbol=before.symbol)
            if before == now:
                continue
            yield self._fewer(symbol, before.describe(), accepted, _first_lost(before, now))

    def _fewer(self, symbol: str, before: str, accepted: SizeSet, lost: int | None) -> InterfaceChange:
        """Sizes accepted before and now; ``lost`` is the smallest that no longer is."""
        why = None if lost is None else f"{symbol} = {lost} is not accepted any more"
        span = None if lost is None else self._cause(symbol, lost)
        return InterfaceChange(Aspect.SIZES, symbol, before, accepted.describe(), why, True, span)

    def _cause(self, symbol: str, lost: int) -> Span | None:
        """The place that refuses a size."""
        refusing = [
            condition.span
            for condition in self._new.conditions
            if condition.accepted.symbol == symbol and not condition.accepted.contains(lost)
        ]
        return refusing[0] if refusing else None

    # --- outputs ---

    def _outputs(self) -> Iterator[InterfaceChange]:
        for when, only in ((None, ""), ("training", " of training")):
            olds = [(name, type_) for name, type_, at in self._old.outputs if at == when]
            news = [(name, type_) for name, type_, at in self._new.outputs if at == when]
            pairs, gone, more = _partners(olds, news)
            for (name, before), (now, after) in pairs:
                if name != now:
                    why = f"the output `{name}`{only} is called `{now}`"
                    yield self._change(Aspect.OUTPUT, name, name, now, why, False, now)
                if not self._is_same(before, after):
                    why = f"the output `{now}`{only} is {after}, not {before}"
                    yield self._change(Aspect.OUTPUT, now, str(before), str(after), why, True, now)
            for name, before in gone:
                why = f"there is no output `{name}`{only} any more"
                yield self._change(Aspect.OUTPUT, name, str(before), None, why, True)
            for now, after in more:
                why = f"it gives one more output{only}, `{now}`"
                yield self._change(Aspect.OUTPUT, now, None, str(after), why, True, now)

    def _is_same(self, before: TensorType | None, after: TensorType | None) -> bool:
        """Whether two outputs have one shape for every input that the old network accepts."""
        if before is None or after is None or before.rank != after.rank:
            return before is after
        return all(self._is_same_size(old, new) for old, new in zip(before.shape, after.shape, strict=True))

    def _is_same_size(self, old: Size, new: Size) -> bool:
        if isinstance(new, Dim):
            meaning = self._meaning.get(new.symbol_name)
            if meaning is None:
                return False
            new = new.substitute(meaning)
        if isinstance(old, int) and isinstance(new, int):
            return old == new
        symbols = {size.symbol_name for size in (old, new) if isinstance(size, Dim)}
        if len(symbols) > 1:
            return False
        try:
            return _first_lost(_accepted(self._old, symbols.pop()), Dim.solve_equal(old, new)) is None
        except DimTooComplex:
            return old == new

    def _change(
        self,
        aspect: Aspect,
        name: str,
        old: str | None,
        new: str | None,
        why: str | None,
        shape: bool,
        now: str = "",
    ) -> InterfaceChange:
        span, old_span = self._spans.get((aspect, now)), self._old_spans.get((aspect, name))
        return InterfaceChange(aspect, name, old, new, why, shape, span, old_span)


_Port = TypeVar("_Port", bound=tuple[str, TensorType | None])


def _partners(
    olds: Sequence[_Port], news: Sequence[_Port]
) -> tuple[list[tuple[_Port, _Port]], list[_Port], list[_Port]]:
    """Which inputs or outputs belong together: as many in their order, else those of one name; and the others."""
    if len(olds) == len(news):
        return list(zip(olds, news, strict=True)), [], []
    after, before = {port[0]: port for port in news}, {port[0] for port in olds}
    pairs = [(port, after[port[0]]) for port in olds if port[0] in after]
    gone = [port for port in olds if port[0] not in after]
    return pairs, gone, [port for port in news if port[0] not in before]


def _port_spans(design: t.TypedDesign) -> dict[tuple[Aspect, str], Span]:
    nodes = design.root.body.nodes
    inputs = {(Aspect.INPUT, node.node.name): node.node.span for node in nodes if isinstance(node, t.TypedInput)}
    outputs = {(Aspect.OUTPUT, node.node.name): node.node.span for node in nodes if isinstance(node, t.TypedOutput)}
    return inputs | outputs


def _accepted(design: t.TypedDesign, symbol: str) -> SizeSet:
    """The sizes that a network works for; a guarded input refuses those that it does not declare."""
    found = design.accepted.get(symbol, SizeSet.of(True, symbol))
    guarded = any(
        isinstance(node, t.TypedInput) and node.node.guarded and symbol in _symbols(node.output)
        for node in design.root.body.nodes
    )
    declared: Mapping[str, SizeSet] = design.declared if guarded else {}
    return found.intersect(declared[symbol]) if symbol in declared else found


def _symbols(value: TensorType | None) -> set[str]:
    return {size.symbol_name for size in value.shape if isinstance(size, Dim)} if value is not None else set()


def _first_lost(before: SizeSet, now: SizeSet) -> int | None:
    """The smallest size of the first set that is not in the second."""
    return before.without(replace(now, symbol=before.symbol)).minimum


def shown_value(value: Value) -> str:
    """A value as a person would write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return f"[{', '.join(shown_value(item) for item in value)}]"
    if isinstance(value, d.BlockValue):
        given = ", ".join(f"{name}={shown_value(inner)}" for name, inner in value.arguments if name[:1] != "#")
        return f"{value.name}({given})" if given else value.name
    return f'"{value}"' if isinstance(value, str) else f"{value}"
