"""A comparison as Markdown for the comment of a pull request.

What the files say stands in blocks of text, in which nothing is markup and nobody is mentioned. Outside of them there
are names of networks, which are identifiers, and numbers.
"""

from __future__ import annotations

from collections.abc import Iterable

from archdsl.diagnostics.render.github import text_block
from archdsl.driver.comparison import Comparison, Pair
from archdsl.report.diff import alike, change_of, headline, keys, shown, sizes_of, verdicts
from archdsl.report.differences import interface, structure
from archdsl.report.keys import counts

MOST_CHARACTERS = 60_000
"""GitHub takes comments of 65,536 characters."""

MOST_DETAILED = 20
"""Networks of which a table row, their interface and their keys are shown."""


def render_markdown(comparison: Comparison) -> str:
    """The comparison, cut where a comment would be too long."""
    text = "\n".join(_lines(comparison)) + "\n"
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{_heading(comparison)}\n\nThe difference is too long for a comment: `archdsl diff` shows it.\n"


def _heading(comparison: Comparison) -> str:
    pairs = comparison.differing
    if comparison.is_empty:
        return "### archdsl: no difference"
    names = ", ".join(f"`{pair.name}`" for pair in pairs[:MOST_DETAILED]) or "networks added or removed"
    more = f" and {len(pairs) - MOST_DETAILED:,} more" if len(pairs) > MOST_DETAILED else ""
    return f"### archdsl: {names}{more}"


def _lines(comparison: Comparison) -> Iterable[str]:
    pairs = comparison.differing
    yield _heading(comparison)
    yield ""
    yield text_block("\n".join(headline(comparison))).rstrip("\n")
    for word, names in (("added", comparison.added), ("removed", comparison.removed)):
        if names:
            yield f"\nNetworks {word}: {', '.join(f'`{name}`' for name in names)}"
    if not pairs:
        return
    for sentence in verdicts(pairs):
        yield f"\n**{sentence[:1].upper()}{sentence[1:]}.**"
    yield from _table(pairs)
    changes = structure(pairs)
    if changes:
        shown_lines = [line.lstrip() if line.startswith(("  + ", "  - ")) else line for line in changes]
        yield "\n" + text_block("\n".join(shown_lines), "diff").rstrip("\n")
    for of, (head, *lines) in alike(pairs, _details)[:MOST_DETAILED]:
        yield f"\n<details><summary>interface and <code>state_dict</code>{of}: {head}</summary>\n"
        yield text_block("\n".join(lines)).rstrip("\n")
        yield "\n</details>"


def _table(pairs: tuple[Pair, ...]) -> Iterable[str]:
    rows = [
        (*([f"`{pair.name}`"] if len(pairs) > 1 else []), figure.name, *shown(figure), change_of(figure))
        for pair in pairs[:MOST_DETAILED]
        for figure in pair.figures
        if len(set(shown(figure))) > 1 and (len(pairs) == 1 or figure.name in ("weights", "MACs"))
    ]
    if not rows:
        return
    first = ("| network ", "| :--- ") if len(pairs) > 1 else ("", "")
    yield f"\n{first[0]}| | old | new | |\n{first[1]}| :--- | ---: | ---: | ---: |"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    sizes = sizes_of(pairs)
    if sizes:
        yield f"\n{sizes[:1].upper()}{sizes[1:]}."


def _details(pair: Pair) -> list[str]:
    """How many keys differ, then the lines about interface and keys; nothing where there are none."""
    lines = [*interface(pair.difference.interface), *keys(pair)]
    return [counts(pair.difference.weights), *lines] if lines else []
