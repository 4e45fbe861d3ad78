"""Which warnings a run reports: selected and ignored by code, by the beginning of a code, or by name.

Errors are always reported. A file with an error cannot be compiled, whoever looks away; so a run that left errors out
would call files right that are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.suggest import closest


class PatternError(ValueError):
    """A text that names no warning: why, and the name that may have been meant."""

    def __init__(self, sentence: str, near: str | None = None) -> None:
        super().__init__(sentence)
        self.near = near


@dataclass(frozen=True, slots=True)
class Filter:
    """Patterns as ``pattern_of`` gives them: the beginnings of codes. Nothing selected means everything."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def reports(self, code: str) -> bool:
        """Whether findings of a code are reported: the longest pattern that fits decides, ``ignore`` between equals."""
        if CODES[code].severity == "error":
            return True
        selected = _longest(self.select, code) if self.select else 0
        ignored = _longest(self.ignore, code)
        return selected is not None and (ignored is None or selected > ignored)

    @property
    def reports_everything(self) -> bool:
        """Whether nothing is left out."""
        return not self.select and not self.ignore


def pattern_of(text: str) -> str:
    """What a code, the beginning of one or a name stands for, as the beginning of codes.

    :raises PatternError: for what names no warning.
    """
    by_name = {code.slug: code for code in CODES.values()}
    wanted = by_name[text.lower()].id if text.lower() in by_name else text.upper()
    if wanted.startswith("E") and any(code.startswith(wanted) for code in CODES):
        what = f"`{text}` is an error" if wanted in CODES else f"`{text}` are errors"
        raise PatternError(f"{what}, and errors are always reported")
    if not wanted or not any(code.startswith(wanted) for code in CODES):
        near = closest(text, (name for code in CODES.values() if code.id[0] == "W" for name in (code.id, code.slug)))
        raise PatternError(f"there is no warning `{text}`", near)
    return wanted


def _longest(patterns: Iterable[str], code: str) -> int | None:
    """The length of the longest pattern that a code begins with; None if there is none."""
    return max((len(pattern) for pattern in patterns if code.startswith(pattern)), default=None)
