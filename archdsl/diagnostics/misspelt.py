"""The repair of a misspelt name: a sentence where something was probably meant, an edit where there is no doubt."""

from __future__ import annotations

import re
from collections.abc import Iterable

from archdsl.diagnostics.diagnostic import Edit, Help
from archdsl.diagnostics.suggest import LONGEST, WORK, closest, distance
from archdsl.source.span import Span

LEAST_LETTERS = 4
"""Of shorter names, any two are nearly alike."""
LETTERS_FOR_TWO = 8
"""From this length on, a name is known again with two mistakes in it."""


def misspelt(name: str, candidates: Iterable[str], span: Span) -> Help | None:
    """``did you mean ...?`` for a name at a place; None where no guess is good enough.

    ``span`` is where the name stands. The help has an edit if the guess ``is_certain``.
    """
    known = set(candidates)
    near = closest(name, known)
    if near is None:
        return None
    is_whole = span.end - span.start == len(name)
    edits = (Edit(span, near),) if is_whole and is_certain(name, near, known) else ()
    return Help(f"did you mean `{near}`?", edits=edits)


def is_certain(name: str, near: str, candidates: Iterable[str]) -> bool:
    """Whether ``name`` can be nothing but ``near``, in another spelling or with one typing mistake (long names: two).

    No other candidate may be as near, and digits must agree: ``conv2`` is no misspelt ``conv1``. What another library
    calls the thing (``Dense``) is a good guess, but not a certain one: its arguments differ.
    """
    written, meant = _plain(name), _plain(near)
    if len(written) > LONGEST or _digits(written) != _digits(meant):
        return False
    limit = 2 if len(written) >= LETTERS_FOR_TWO else 1
    if written == meant:
        limit = 0
    elif len(written) < LEAST_LETTERS:
        return False
    rivals = {other for other in candidates if abs(len(_plain(other)) - len(written)) <= limit}
    if len(rivals) * len(written) * (2 * limit + 1) > WORK:
        return False  # too many to look at
    return {other for other in rivals if distance(written, _plain(other), limit) <= limit} == {near}


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _digits(name: str) -> str:
    return re.sub(r"\D", "", name)
