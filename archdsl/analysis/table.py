"""The rows of a network's table: every layer, or blocks folded from some depth on.

A row's depth is the number of parts of its path: at depth 1 ``layer1`` is one row, at depth 2 ``layer1.0``.
Folded parts are walked only as far as their receptive field needs it, a block instance once, and equal turns
of a loop once: 100,000 turns cost what one costs, unless every layer is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from archdsl.analysis import receptive_field as rf
from archdsl.analysis.costs import Costs, CostTable
from archdsl.analysis.fields import FieldTable, Ports, Values
from archdsl.analysis.flatten import bind_turn, is_single, joined_path, module_name, own_label
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.amount import Amount
from archdsl.ir.kinds import Value
from archdsl.ir.types import TensorType
from archdsl.source.span import Span

MOST_ROWS = 100_000
"""More rows than that nobody reads and no editor opens; the caller is told to fold."""

UNFOLDED_TURNS = 4
"""Up to so many equal turns that are several rows each are shown one by one."""

GROUP = "group"
"""The kind of a folded part that is no block: a named group, loop or condition, or one turn."""


BEGIN, PATH, BRANCH, JOIN = "╭", "│", "├", "╰"
"""What is drawn beside the rows of a join's paths."""


class TooManyRows(Exception):
    """The table would have more than ``MOST_ROWS`` rows; the message tells how many, as far as that is known."""


@dataclass(frozen=True, slots=True)
class Row:
    """A layer or a join (``kind`` is its name), or a folded part (``kind`` is the block's name, or ``GROUP``)."""

    path: str
    kind: str
    is_layer: bool
    inputs: tuple[TensorType, ...]
    output: TensorType | None
    costs: Costs
    field: rf.Field
    span: Span
    when: str | None
    count: int = 1
    """How many equal rows in a row this one stands for; its costs are those of one of them."""
    last: str | None = None
    """The path of the last of them."""
    is_adaptive: bool = False
    """A layer whose windows depend on the size of its input."""
    rail: str = ""
    """How it stands in the joins around it, as a line drawn at its side: ``╭`` begins a path, ``╰`` joins them."""
    skips: tuple[str, ...] = ()
    """What a join takes beside the paths that have rows: ``input``, or the label of an earlier value."""

    @property
    def weights(self) -> int:
        """Its trainable values."""
        return self.costs.weights

    @property
    def macs(self) -> Amount | None:
        """Its multiply-adds for one sample."""
        return self.costs.macs

    @property
    def layers(self) -> int:
        """How many layers and joins it stands for."""
        return self.costs.layers


def rows(design: t.TypedDesign, *, depth: int | None = None, merge_equal: bool = True) -> list[Row]:
    """The rows of a network in the order in which they run; ``depth`` None shows every layer.

    With ``merge_equal`` equal turns of a loop become one row with a count where a turn is one row, or are
    shown once where there are many.

    :raises TooManyRows: as its name says.
    """
    if depth is None and not merge_equal and design.root.body.layers > MOST_ROWS:
        raise TooManyRows(f"{design.root.body.layers:,} rows")
    walker = _Walker(depth, merge_equal)
    values = Values.of_network(design)
    place = _Place("", [0], dict(design.root.arguments))
    walker.body(design.root.body, place, values, values.x)
    return walker.rows


@dataclass(slots=True)
class _Place:
    """Where modules go: the path above them, the next position, the variables that labels may use."""

    prefix: str
    counter: list[int]
    variables: dict[str, Value]
    inherited: str = ""
    when: str | None = None
    rail: str = ""

    def under(self, name: str) -> _Place:
        """The inside of a module of this name."""
        return _Place(joined_path(self.prefix, name), [0], self.variables, when=self.when, rail=self.rail)


class _Walker:
    """Walks one network and collects its rows."""

    def __init__(self, depth: int | None, merge_equal: bool) -> None:
        self.rows: list[Row] = []
        self._depth = depth
        self._merge_equal = merge_equal
        self._costs = CostTable()
        self._fields = FieldTable()

    def body(self, body: t.TypedBody, place: _Place, values: Values, x: rf.Field) -> rf.Field:
        """The rows of a body; gives what its last value sees."""
        for node in body.nodes:
            x, ports = self._node(node, place, values, x)
            values.name(node, place.variables, x, ports)
        return x

    def _node(self, node: t.TypedNode, place: _Place, values: Values, x: rf.Field) -> tuple[rf.Field, Ports]:
        match node:
            case t.TypedLayer():
                return self._layer(node, place, x), {}
            case t.TypedMerge():
                return self._merge(node, place, values, x), {}
            case t.TypedApply():
                return self._apply(node, place, values, x)
            case t.TypedInline(arguments=arguments, body=body):
                inside = replace(place, variables=dict(arguments))
                return self.body(body, inside, Values.spliced(x), x), {}
            case t.TypedGroup() | t.TypedChoice():
                return self._group(node, place, values, x), {}
            case t.TypedLoop():
                return self._loop(node, place, values, x), {}
            case t.TypedOutput(body=t.TypedBody() as body):
                self.body(body, replace(place, when=place.when or node.node.when), values, x)
                return x, {}
        return self._fields.node(node, values, place.variables, x)

    # --- layers and joins -----------------------------------------------------------------------------

    def _layer(self, node: t.TypedLayer, place: _Place, x: rf.Field) -> rf.Field:
        name = module_name(node.node.slot, place.counter, place.variables, place.inherited)
        path = joined_path(place.prefix, name or own_label(node.node, place.variables) or node.op)
        field = self._fields.layer(node, x)
        self._add(node, path, node.op, node.inputs, field, place, is_adaptive=self._fields.is_adaptive(node))
        return field

    def _merge(self, node: t.TypedMerge, place: _Place, values: Values, x: rf.Field) -> rf.Field:
        begin, inside = len(self.rows), replace(place, rail=place.rail + PATH)
        fields, skips = list[rf.Field](), list[str]()
        for body in node.paths:
            first = len(self.rows)
            fields.append(self.body(body, inside, values, x))
            if len(self.rows) == first:
                skips.append(_skipped(body))
            else:
                self._mark(first, place.rail, BRANCH if first > begin else BEGIN)
        inputs = tuple(path.output for path in node.paths if path.output is not None)
        path = joined_path(place.prefix, own_label(node.node, place.variables) or node.node.op)
        field = rf.joined(fields)
        joins = replace(place, rail=place.rail + JOIN if len(self.rows) > begin else place.rail)
        self._add(node, path, node.node.op, inputs, field, joins, skips=tuple(skips))
        return field

    def _mark(self, index: int, outer: str, rail: str) -> None:
        """The first row of a path begins its line."""
        row = self.rows[index]
        self.rows[index] = replace(row, rail=outer + rail + row.rail[len(outer) + len(rail) :])

    def _add(
        self,
        node: t.TypedLayer | t.TypedMerge,
        path: str,
        kind: str,
        inputs: tuple[TensorType, ...],
        field: rf.Field,
        place: _Place,
        *,
        is_adaptive: bool = False,
        skips: tuple[str, ...] = (),
    ) -> None:
        self._append(
            Row(path, kind, True, inputs, node.output, self._costs.layer(node), field, node.node.span, place.when,
                is_adaptive=is_adaptive, rail=place.rail, skips=skips)
        )  # fmt: skip

    def _append(self, row: Row) -> None:
        if len(self.rows) >= MOST_ROWS:
            raise TooManyRows(f"more than {MOST_ROWS:,} rows")
        self.rows.append(row)

    # --- parts that can be folded ---------------------------------------------------------------------

    def _is_folded(self, path: str) -> bool:
        return self._depth is not None and path.count(".") + 1 >= self._depth

    def _fold(
        self,
        path: str,
        kind: str,
        types: tuple[TensorType | None, TensorType | None],
        costs: Costs,
        field: rf.Field,
        span: Span,
        place: _Place,
    ) -> None:
        inputs = (types[0],) if types[0] is not None else ()
        self._append(Row(path, kind, False, inputs, types[1], costs, field, span, place.when, rail=place.rail))

    def _apply(self, node: t.TypedApply, place: _Place, values: Values, x: rf.Field) -> tuple[rf.Field, Ports]:
        name = module_name(node.node.slot, place.counter, place.variables, place.inherited)
        path = joined_path(place.prefix, name)
        instance = node.instance
        field, ports = self._fields.apply(node, values, x)
        if self._is_folded(path):
            costs = self._costs.instance(instance)
            types = (node.inputs[0], node.output)
            self._fold(path, instance.block.name, types, costs, field, node.node.span, place)
            return field, ports
        inside = Values.of_block(instance, [x, *(values.of(label) for label in node.tensors)])
        within = replace(place.under(name), variables=dict(instance.arguments))
        self.body(instance.body, within, inside, x)
        return field, ports

    def _group(self, node: t.TypedGroup | t.TypedChoice, place: _Place, values: Values, x: rf.Field) -> rf.Field:
        if node.node.slot is None:
            return self.body(node.body, place, values, x)
        name = module_name(node.node.slot, place.counter, place.variables, place.inherited)
        if isinstance(node, t.TypedChoice) and is_single(node.body.body):
            return self.body(node.body, replace(place, inherited=name), values, x)
        return self._inside(node.body, name, node.node.span, place, values, x)

    def _inside(self, body: t.TypedBody, name: str, span: Span, place: _Place, values: Values, x: rf.Field) -> rf.Field:
        """A body that is a module of its own, as one row or as its rows."""
        path = joined_path(place.prefix, name)
        if not self._is_folded(path):
            return self.body(body, place.under(name), values, x)
        field = self._fields.body(body, values, place.variables, x)
        self._fold(path, GROUP, (body.input, body.output), self._costs.body(body), field, span, place)
        return field

    # --- loops ----------------------------------------------------------------------------------------

    def _loop(self, node: t.TypedLoop, place: _Place, values: Values, x: rf.Field) -> rf.Field:
        if node.node.slot is not None:
            place = place.under(module_name(node.node.slot, place.counter, place.variables, place.inherited))
            if self._is_folded(place.prefix):
                field, _ = self._fields.node(node, values, place.variables, x)
                types = (node.turns[0].body.input if node.turns else node.output, node.output)
                self._fold(place.prefix, GROUP, types, self._costs.node(node), field, node.node.span, place)
                return field
        for turn in node.turns:
            x = self._turns(node, turn, place, values, x)
        return x

    def _turns(self, node: t.TypedLoop, turn: t.Turn, place: _Place, values: Values, x: rf.Field) -> rf.Field:
        """The rows of one run of equal turns: of each turn, or those of one turn with a count."""
        begin, position = len(self.rows), place.counter[0]
        x = self._turn(node, turn.first, turn.body, place, values, x)
        own, step = len(self.rows) - begin, place.counter[0] - position
        if not self._merge_equal or turn.count == 1 or (own > 1 and turn.count <= UNFOLDED_TURNS):
            for index in range(turn.first + 1, turn.first + turn.count):
                x = self._turn(node, index, turn.body, place, values, x)
            return x
        way = self._fields.turn(turn, place.variables)
        if own > 1:  # once more as the last turn, whose receptive fields are the ones to show
            del self.rows[begin:]
            place.counter[0] = position
            before = rf.behind(x, rf.times(way, turn.count - 2))
            self._turn(node, turn.first, turn.body, place, values, before)
        place.counter[0] += step * (turn.count - 1)
        x = rf.behind(x, rf.times(way, turn.count - 1))
        merged = [replace(row, count=row.count * turn.count) for row in self.rows[begin:]]
        if own == 1:
            merged = [replace(merged[0], field=x, last=self._last(node, turn, merged[0], place, position, step))]
        self.rows[begin:] = merged
        return x

    def _turn(
        self, node: t.TypedLoop, index: int, body: t.TypedBody, place: _Place, values: Values, x: rf.Field
    ) -> rf.Field:
        bind_turn(node, index, place.variables)
        if node.node.own:
            return self._inside(body, str(index), node.node.span, place, values, x)
        return self.body(body, place, values, x)

    def _last(self, node: t.TypedLoop, turn: t.Turn, row: Row, place: _Place, position: int, step: int) -> str | None:
        """The path of a turn's only row in the last turn: the last turn is walked for its names alone."""
        if row.count > turn.count:
            return None
        aside = replace(place, counter=[position + step * (turn.count - 1)], variables=dict(place.variables))
        names = _Walker(self._depth, self._merge_equal)
        names._costs, names._fields = self._costs, self._fields
        names._turn(node, turn.first + turn.count - 1, turn.body, aside, Values({}, {}), rf.Blind.NOTHING)
        return names.rows[0].path


def _skipped(path: t.TypedBody) -> str:
    """What a path without layers hands on."""
    label = next((node.label for node in path.nodes if isinstance(node, t.TypedRefer)), d.X)
    return "input" if label == d.X else label


def last_field(found: list[Row]) -> tuple[int, ...] | None:
    """What one place of the last feature map sees of the input, as published tables have it; None without one.

    The last feature map is the last value with space before a pool that takes it all in, however large it is:
    behind a global pool every network sees the whole image.
    """
    seen = None
    for row in found:
        if row.when is not None:
            continue
        if row.is_adaptive or row.output is None or row.output.rank < 3:
            break
        seen = rf.extents(row.field)
    return seen
