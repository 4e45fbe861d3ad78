"""Characters that the language does not have: what is meant by those that people write."""

from __future__ import annotations

import re

_CHARACTER_HELP = {
    "```": "leave the fences of Markdown out",
    "&": "write `and`",
    "||": "write `or`",
    "|": "steps are joined by `->`; a condition takes `or`",
    "!": "write `not`",
    "'": "strings stand in double quotes",
    "`": "strings stand in double quotes",
    "^": "write `**` for a power",
    "\\": "a statement goes on in the next line inside brackets and after `->`",
    "\N{RIGHTWARDS ARROW}": "write `->`",
    "\N{MULTIPLICATION SIGN}": "write `*`",
    "\N{MINUS SIGN}": "write `-`",
    "\N{EN DASH}": "write `-`",
    "\N{EM DASH}": "write `-`",
    "\N{FULLWIDTH LEFT PARENTHESIS}": "write `(` and `)`",
    "\N{FULLWIDTH RIGHT PARENTHESIS}": "write `(` and `)`",
    "\N{FULLWIDTH COMMA}": "write `,`",
    "\N{FULLWIDTH COLON}": "write `:`",
    "\N{NO-BREAK SPACE}": "write a plain space",
    "?": "an open size has a name, such as `N` or `H`; a choice is written `8 if condition else 4`",
    "$": "names stand as they are",
    "@": "nothing is decorated: a model is a `network`",
    "\N{LEFT DOUBLE QUOTATION MARK}": "strings stand in straight double quotes",
    "\N{RIGHT DOUBLE QUOTATION MARK}": "strings stand in straight double quotes",
}
"""What is meant by characters that other languages use."""
FOREIGN_STRING = re.compile(r"'[^'\n]*'|`[^`\n]*`|\N{LEFT DOUBLE QUOTATION MARK}[^\n]*?\N{RIGHT DOUBLE QUOTATION MARK}")
CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    r"\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Controls, and what is invisible or turns the direction of writing; listed, so that every Python agrees."""


def help_for_characters(text: str) -> str | None:
    """What to write instead of a run of such characters."""
    for start, help in _CHARACTER_HELP.items():
        if text.startswith(start):
            return help
    return None if text.isascii() else "names are ASCII: a letter, then letters, digits and underscores"
