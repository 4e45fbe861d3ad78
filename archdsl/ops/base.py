"""What a layer kind is: one class with its parameters, shape rule, costs and its PyTorch counterpart.

A rule never sees source text. It reports a problem by the name of the argument that causes it; the
checker, which knows where that argument was written, places it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import ClassVar, NamedTuple

from archdsl.ir.amount import Amount
from archdsl.ir.dim import Dim, DimTooComplex, SizeSet
from archdsl.ir.expr import Expr
from archdsl.ir.kinds import Parameter, Value
from archdsl.ir.types import Size, TensorType
from archdsl.ops.form import TorchForm
from archdsl.ops.memory import EVERYTHING, Kept, Scratch, Storage

# --- what a rule reports ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Problem:
    """A broken rule: a code of the registry, the guilty argument (None: the layer itself), the text beside the caret.

    ``message`` is the headline, ``here`` the arithmetic with its numbers, ``help`` the repair.
    """

    code: str
    message: str
    argument: str | None = None
    here: str = ""
    help: str | None = None
    operand: int | None = None
    """For merges: the path at fault."""
    expected: TensorType | None = None
    actual: TensorType | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """What an open size must satisfy for a layer to work: it is turned into a condition on the input."""

    left: Size
    relation: str
    """``>=``, ``==`` or ``divides`` (then ``right`` divides ``left``)."""
    right: Size
    reason: str
    argument: str | None
    accepted: SizeSet
    """The input sizes for which it holds."""


@dataclass(slots=True)
class Call:
    """One application of a layer: evaluated arguments and input types in, problems and requirements out.

    ``arguments`` holds every parameter, defaults filled in, kinds and constraints checked. Requirements
    only count where ``infer`` succeeded: a rule may note some before it finds a problem.
    """

    op: Op
    arguments: Mapping[str, Value]
    inputs: tuple[TensorType, ...]
    problems: list[Problem] = field(default_factory=list)
    requirements: list[Requirement] = field(default_factory=list)

    @property
    def x(self) -> TensorType:
        """The input of a layer that has one."""
        return self.inputs[0]

    def integer(self, name: str) -> int:
        """An argument that its parameter's kind makes an integer."""
        value = self.arguments[name]
        assert isinstance(value, int)
        return value

    def per_axis(self, name: str, axes: int) -> tuple[int, ...] | None:
        """An argument of kind SIZES as one integer per spatial axis; a wrong count is reported and None."""
        value = self.arguments[name]
        if isinstance(value, int):
            return (value,) * axes
        assert isinstance(value, tuple)
        if len(value) == axes:
            return value
        self.fail("E0310", f"`{name}` has {len(value)} numbers for {axes} spatial axes", argument=name)
        return None

    def fail(
        self,
        code: str,
        message: str,
        *,
        argument: str | None = None,
        here: str = "",
        help: str | None = None,
        operand: int | None = None,
        expected: TensorType | None = None,
        actual: TensorType | None = None,
    ) -> None:
        """Report a broken rule. The caller then returns None as the output type."""
        self.problems.append(Problem(code, message, argument, here, help, operand, expected, actual))

    def at_least(self, size: Size, minimum: int, reason: str, *, argument: str | None = None) -> bool:
        """Whether ``size >= minimum``; where an open size is so for some inputs: True, and a requirement."""
        if isinstance(size, int):
            return size >= minimum
        return self._holds(Dim.solve_at_least(size, minimum), size, ">=", minimum, reason, argument)

    def equal(self, left: Size, right: Size, reason: str) -> bool:
        """Whether two sizes are equal; as in ``at_least`` for open ones. Sizes of two different symbols never are."""
        if isinstance(left, int) and isinstance(right, int):
            return left == right
        if isinstance(left, Dim) and isinstance(right, Dim):
            if left.symbol_name != right.symbol_name:
                return False
            if left.function == right.function:
                return True
        return self._holds(Dim.solve_equal(left, right), left, "==", right, reason, None)

    def divides(self, divisor: int, size: Size, reason: str, *, argument: str | None = None) -> bool:
        """Whether ``divisor`` divides ``size``; as in ``at_least`` for open sizes."""
        if isinstance(size, int):
            return size % divisor == 0
        return self._holds(Dim.solve_divides(divisor, size), size, "divides", divisor, reason, argument)

    def _holds(
        self, solution: SizeSet, left: Size, relation: str, right: Size, reason: str, argument: str | None
    ) -> bool:
        if solution.never:
            return False
        if not solution.always:
            self.requirements.append(Requirement(left, relation, right, reason, argument, solution))
        return True


# --- examples -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Example:
    """A use of the layer that the tests run against real torch: input shapes (a batch of 2 included) and arguments."""

    inputs: tuple[tuple[int, ...], ...]
    arguments: Mapping[str, Value] = field(default_factory=dict)
    channels_last: bool = False


# --- what one output value sees ------------------------------------------------------------------------


class Window(NamedTuple):
    """How an output axis looks at its input axis.

    ``extent`` places of the input are seen by one output value. ``stride`` is the step between the windows
    of neighbouring outputs: below 1 where the layer enlarges (``Fraction(1, 2)`` for an upsampling by 2).
    ``padding`` places lie before the input's first. Open sizes only come from adaptive pools.

    Where neighbours see unequally much, ``spans`` has the first and the last place for each output of a period; an
    output that sees nothing has those that the next one begins and the one before ends with.
    """

    extent: Size
    stride: Size | Fraction
    padding: int = 0
    spans: tuple[tuple[int, int], ...] = ()


class Sight(Enum):
    """What a place of a layer's output sees of its input, for receptive fields."""

    WINDOWS = "what `window` says"
    EVERYTHING = "all places"
    REARRANGED = "places that lie along other axes than the output's; not followed"


# --- the layer kind -----------------------------------------------------------------------------------

REGISTRY: dict[str, Op] = {}
"""Every layer kind by the name that specs use; filled by defining a class."""


class Op:
    """A layer kind. A subclass with a ``name`` registers one instance of itself; it holds no state.

    ``inputs`` is 1 for a layer and None for a merge (one operand per path).
    """

    name: ClassVar[str] = ""
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    examples: ClassVar[tuple[Example, ...]] = ()
    inputs: ClassVar[int | None] = 1
    role: ClassVar[str] = ""
    """The attribute name of an unlabelled layer (``conv``, ``bn``, ``relu``); empty: the layer's own name."""
    functional: ClassVar[bool] = False
    """Whether it is a function in ``forward`` (``to_torch`` gives a ``TorchFunction``) rather than a module."""
    chains: ClassVar[bool] = True
    """Whether it can be a module of an ``nn.Sequential``, which hands each module one tensor and takes one back."""
    channels_last: ClassVar[bool] = False
    """Whether it also works on values whose channels are the last axis."""
    sight: ClassVar[Sight] = Sight.WINDOWS
    definition: ClassVar[str] = ""
    """Python source of the class that ``to_torch`` names, where ``torch.nn`` has none, and of what that one uses.

    Generated files hold it. Classes and functions of one name in several layer kinds are one.
    """
    keeps: ClassVar[Kept] = EVERYTHING
    """What a call keeps for the backward pass; where that depends on the call, a rule of its own: ``kept``."""
    storage: ClassVar[Storage] = Storage.OWN
    """Where the output lies; where that depends on the call, a rule of its own: ``stored``."""

    forgets_sizes: ClassVar[bool] = False
    """Whether the spatial sizes of the output have nothing to do with those of the input."""

    def __init_subclass__(cls) -> None:
        if "name" in cls.__dict__:
            assert cls.name not in REGISTRY, f"two layers are called {cls.name}"
            REGISTRY[cls.name] = cls()

    def infer(self, call: Call) -> TensorType | None:
        """The output type, or None after reporting problems to ``call``. Rules write it; callers ask ``apply``."""
        raise NotImplementedError

    def apply(self, call: Call) -> TensorType | None:
        """``infer`` on values laid out as the layer takes them.

        Open sizes that go beyond exact arithmetic are reported as a problem like any other.
        """
        if not self._takes_layout(call):
            return None
        try:
            return self.infer(call)
        except DimTooComplex as error:
            call.fail(
                "E0305",
                f"`{self.name}` makes a size that cannot be followed",
                here=str(error),
                help="fix the sizes of the input",
            )
            return None

    def _takes_layout(self, call: Call) -> bool:
        """Its inputs have their channels where the layer looks for them."""
        wrong = next((value for value in call.inputs if value.channels_last and value.rank > 2), None)
        if self.channels_last or wrong is None:
            return True
        order = (0, wrong.rank - 1, *range(1, wrong.rank - 1))
        call.fail(
            "E0304",
            f"`{self.name}` works on channels that are axis 1",
            here=f"the channels of {wrong} are its last axis",
            help=f"move them first: `permute({order})`",
            actual=wrong,
        )
        return False

    def warnings(self, call: Call) -> tuple[Problem, ...]:
        """What torch runs but hardly anybody means, certain by sizes alone; only asked where ``infer`` succeeded."""
        return ()

    def weights(self, call: Call) -> dict[str, tuple[int, ...]]:
        """The trainable tensors by their ``state_dict`` name; only asked where ``infer`` succeeded."""
        return {}

    def buffers(self, call: Call) -> dict[str, tuple[int, ...]]:
        """The tensors in ``state_dict`` that are not trained (running statistics)."""
        return {}

    @property
    def stated_channels(self) -> str | None:
        """The parameter that states the channels or features of the output; None where nothing does."""
        names = (parameter.name for parameter in self.parameters)
        return next((name for name in names if name in ("channels", "features")), None)

    def channels(self, x: TensorType, incoming: Sequence[Expr | None], arguments: Mapping[str, Expr]) -> Expr | None:
        """The channels (or features) of the output, as generated code computes them.

        ``incoming`` is the shape of the input ``x`` as expressions, None for sizes without one; ``arguments`` are
        all arguments as expressions. None where the channels cannot be said. The default: those that an argument
        states, else those of the input.
        """
        return incoming[x.channel_axis] if self.stated_channels is None else arguments[self.stated_channels]

    def macs(self, call: Call, output: TensorType) -> Amount:
        """Multiply-adds for one sample (batch 1), as half of ``torch.utils.flop_counter`` counts them.

        Where sizes are open, a formula (``ir.amount.product``); a rule that knows none asks for ``fixed`` sizes.
        """
        return 0

    def kept(self, call: Call, output: TensorType) -> Kept:
        """What one call in training keeps for the backward pass; only asked where every size is fixed."""
        return self.keeps

    def stored(self, call: Call, *, training: bool) -> Storage:
        """Where the output lies, in training or in inference."""
        return self.storage

    def surplus(self, call: Call, output: TensorType) -> int:
        """The numbers that lie in the output's storage beside it: what was cut off, but not copied."""
        return 0

    def scratch(self, call: Call, output: TensorType) -> Scratch:
        """What a call allocates and frees again; only asked where every size is fixed."""
        return Scratch()

    def window(self, call: Call) -> tuple[Window, ...] | None:
        """What one output value sees per spatial axis; None where it sees only its own place."""
        return None

    def arithmetic(self, call: Call, axis: int) -> str | None:
        """How one axis of the output comes about, with numbers: ``⌊(56 − 3 + 2 + 2)/2⌋ = 28``.

        ``axis`` counts from the batch (0). None where the size is handed on or simply stated. Only asked
        where ``infer`` succeeded.
        """
        return None

    def to_torch(self, call: Call) -> TorchForm | None:
        """The counterpart in PyTorch, as data; None for a layer that does nothing (``identity`` in a path)."""
        raise NotImplementedError

    @property
    def attribute(self) -> str:
        """The attribute name that an unlabelled layer of this kind takes in generated code."""
        return self.role or self.name
