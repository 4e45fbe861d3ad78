"""The text of ``archdsl diff``: what changed in structure, numbers, interface and ``state_dict``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from archdsl.compare.difference import Difference
from archdsl.diagnostics.escape import escape
from archdsl.driver.comparison import Comparison, Figure, Pair
from archdsl.ir.amount import Amount
from archdsl.report.differences import ARROW, interface, structure
from archdsl.report.figures import binary, grouped
from archdsl.report.keys import counts, key_lines

MINUS = "\N{MINUS SIGN}"
_BOLD, _GREEN, _RED, _OFF = "\x1b[1m", "\x1b[32m", "\x1b[31m", "\x1b[0m"


def render_diff(comparison: Comparison, *, color: bool = False) -> str:
    """The whole comparison; a single line where nothing differs."""
    lines = [*headline(comparison), *body(comparison)]
    return "".join(f"{_colored(line) if color else line}\n" for line in lines)


def headline(comparison: Comparison) -> list[str]:
    """What is compared."""
    pairs = comparison.pairs
    if len(pairs) == 1 and not comparison.added and not comparison.removed:
        pair = pairs[0]
        old, new = (f"{escape(path)}:{line}" for path, line in (pair.old_place, pair.new_place))
        return [f"{pair.name}   {old} {ARROW} {new}"]
    return [f"{escape(comparison.old)} {ARROW} {escape(comparison.new)}"]


def body(comparison: Comparison) -> list[str]:
    """Everything below the headline."""
    if comparison.is_empty:
        count = len(comparison.pairs)
        return [f"no difference in {count:,} network{'' if count == 1 else 's'}"]
    pairs = comparison.differing
    lines = [f"+ network {name}" for name in comparison.added] + [f"- network {name}" for name in comparison.removed]
    same = len(comparison.pairs) - len(pairs)
    if same:
        lines.append(f"no difference in {same:,} other network{'' if same == 1 else 's'}")
    if lines:
        lines = ["", *lines]
    lines += _section("structure", structure(pairs)) if pairs else []
    for names, found in alike(pairs, lambda pair: interface(pair.difference.interface)):
        lines += _section(f"interface{names}", found)
    lines += _section("numbers", list(numbers(pairs)))
    told = alike(pairs, lambda pair: key_section(pair, always=len(pairs) == 1))
    for names, (first, *found) in told[:MOST_LISTED]:
        lines += ["", f"state_dict{names}: {first}", *(f"  {line}" for line in found)]
    if len(told) > MOST_LISTED:
        lines.append(f"... and the state_dict of {len(told) - MOST_LISTED:,} more networks")
    return [*lines, "", *verdicts(pairs)]


def key_section(pair: Pair, *, always: bool) -> list[str]:
    """How many keys differ, and which; nothing where none does, unless it is to be told ``always``."""
    lines = keys(pair)
    return [counts(pair.difference.weights), *lines] if lines or always else []


def alike(pairs: Sequence[Pair], told: Callable[[Pair], list[str]]) -> list[tuple[str, list[str]]]:
    """What is to be told of each network, that of several once; with ``of NAMES`` where there are several."""
    found: dict[tuple[str, ...], list[Pair]] = {}
    for pair in pairs:
        lines = told(pair)
        if lines:
            found.setdefault(tuple(lines), []).append(pair)
    return [(f" of {_names(group)}" if len(pairs) > 1 else "", list(lines)) for lines, group in found.items()]


def _names(pairs: Sequence[Pair]) -> str:
    more = f" and {len(pairs) - MOST_NAMED:,} more" if len(pairs) > MOST_NAMED else ""
    return ", ".join(pair.name for pair in pairs[:MOST_NAMED]) + more


MOST_LISTED = 4
"""Networks whose keys are listed."""

MOST_NAMED = 8
"""Networks that are named in a sentence."""


def verdicts(pairs: Sequence[Pair]) -> list[str]:
    """Whether the old weights are of use in the new networks, and whether they compute the same there."""
    found: dict[str, list[Pair]] = {}
    for pair in pairs:
        found.setdefault(_verdict(pair.difference), []).append(pair)
    return [f"{_checkpoint(group)} {text}" for text, group in found.items()]


def _verdict(difference: Difference) -> str:
    weights = difference.weights
    if weights.fits:
        return f"loads, {'and computes the same' if difference.computes_same else 'but computes something else'}"
    only_names = not (weights.reshaped or weights.added or weights.removed)
    return f"does not load{', until its keys are renamed' if only_names else ''}"


def _checkpoint(pairs: Sequence[Pair]) -> str:
    names = ", ".join(pair.old for pair in pairs[:MOST_NAMED])
    more = f" or {len(pairs) - MOST_NAMED:,} more" if len(pairs) > MOST_NAMED else ""
    return f"a checkpoint of the old {names}{more}" if pairs[0].old == pairs[0].new else f"a checkpoint of {names}"


def keys(pair: Pair) -> list[str]:
    """The lines about the entries of ``state_dict``."""
    return key_lines(pair.difference.weights, pair.difference.events)


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", title, *(f"  {line}" for line in lines)] if lines else []


# --- numbers --------------------------------------------------------------------------------------------


def numbers(pairs: Sequence[Pair]) -> Iterator[str]:
    """A line for each figure that differs; the networks beside each other where they are several."""
    rows = [
        (pair.name if len(pairs) > 1 else "", figure.name, *shown(figure), change_of(figure))
        for pair in pairs
        for figure in pair.figures
        if len(set(shown(figure))) > 1 and (len(pairs) == 1 or figure.name in ("weights", "MACs"))
    ]
    if not rows:
        return
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for network, name, old, new, change in rows:
        first = f"{network:<{widths[0]}}  " if widths[0] else ""
        cells = f"{first}{name:<{widths[1]}}  {old:>{widths[2]}} {ARROW} {new:>{widths[3]}}"
        yield f"{cells}  {change:>{widths[4]}}".rstrip()
    sizes = sizes_of(pairs)
    if sizes:
        yield f"({sizes})"


def sizes_of(pairs: Sequence[Pair]) -> str:
    """The values that were taken for open sizes."""
    texts = {tuple(_sizes(each) for each in pair.sizes) for pair in pairs}
    if len(texts) != 1:
        return "at the sizes that each network names"
    old, new = texts.pop()
    if old == new:
        return f"for {new}" if new else ""
    return f"for {old or 'fixed sizes'}, and now for {new or 'fixed sizes'}"


def _sizes(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} = {size}" for name, size in sizes.items())


def shown(figure: Figure) -> tuple[str, str]:
    """Both values as cells."""
    old, new = (
        binary(amount) if figure.is_bytes and isinstance(amount, int) else grouped(amount)
        for amount in (figure.old, figure.new)
    )
    return old, new


def change_of(figure: Figure) -> str:
    """``+8.1 %``, ``+16``; nothing for formulas."""
    old, new = figure.old, figure.new
    if not (isinstance(old, int) and isinstance(new, int)):
        return ""
    change = new - old
    if not old or (abs(change) < SMALL and not figure.is_bytes):
        return _signed(f"{abs(change):,}", change)
    percent = 100 * abs(change) / old
    digits = 0 if percent >= 10 else 1 if percent >= 0.1 else 3
    text = f"{percent:,.{digits}f} %" if percent >= 0.001 else f"{abs(change):,}"
    return _signed(text, change)


SMALL = 1_000
"""Up to here, a change is told as a number, not as a part of a hundred."""


def _signed(text: str, change: Amount) -> str:
    return f"{'+' if isinstance(change, int) and change > 0 else MINUS}{text}"


def _colored(line: str) -> str:
    stripped = line.lstrip()
    if line and not line.startswith(" ") and not line.startswith(("+", "-")):
        return f"{_BOLD}{line}{_OFF}"
    if stripped.startswith("+ "):
        return f"{_GREEN}{line}{_OFF}"
    return f"{_RED}{line}{_OFF}" if stripped.startswith("- ") else line
