"""Says in the language's words what may stand at a place and what stands there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archdsl.syntax.lexer import Token
from archdsl.syntax.slips import Fault, repair

_WORDS = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": "a string",
    "COMPARISON": "a comparison such as `==`",
    "UNDERSCORE": "`_`",
    "_SEP": "the end of the line",
    "$END": "the end of the file",
    "_ARROW": "`->`",
    "_LBRACE": "`{`",
    "_RBRACE": "`}`",
    "_TOPEN": "`{`",
    "_TCLOSE": "`}`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "COMMA": "`,`",
    "COLON": "`:`",
    "EQUAL": "`=`",
    "DOT": "`.`",
}

_GROUPS: tuple[tuple[str, frozenset[str]], ...] = (
    (
        "a statement (a layer, a block, `input`, `output`, `for`, `if` ...)",
        frozenset(("NAME", "INPUT", "OUTPUT", "LET", "FOR", "IF", "REPEAT", "_LBRACE", "LSQB", "INLINE", "EXPECT")),
    ),
    ("a layer or a block", frozenset(("NAME", "FOR", "IF", "REPEAT", "_LBRACE", "LSQB", "INLINE"))),
    ("`block`, `network` or `from`", frozenset(("BLOCK", "NETWORK", "FROM"))),
    ("an expression", frozenset(("NAME", "NUMBER", "STRING", "TRUE", "FALSE", "NONE", "LPAR", "LSQB", "MINUS", "NOT"))),
    ("an expression", frozenset(("NAME", "NUMBER", "STRING", "TRUE", "FALSE", "NONE", "LPAR", "LSQB", "MINUS"))),
    ("an operator", frozenset(("PLUS", "MINUS", "STAR", "SLASH", "DOUBLE_SLASH", "PERCENT"))),
)
OPERATORS = frozenset(
    "PLUS MINUS STAR SLASH DOUBLE_SLASH PERCENT DOUBLE_STAR COMPARISON AND OR DOTDOT DOTDOT_EQ".split()
)
_SOFT = frozenset(("BLOCK", "NETWORK", "INPUT", "OUTPUT", "EXPECT"))
_MAX_NAMED = 6


def describe_expected(kinds: set[str]) -> str:
    """``a name, `)` or `,``` for a set of terminals; groups are named as a whole."""
    rest = set(kinds)
    parts: list[str] = []
    for words, group in _GROUPS:
        if group <= rest:
            parts.append(words)
            rest -= group
            rest -= _SOFT if "statement" in words or "layer" in words else set()
    if rest & OPERATORS and len(rest - OPERATORS) >= 1:
        rest -= OPERATORS  # an operator may follow any expression: nobody forgets one
        rest -= {"DOT", "LSQB", "_TOPEN", "IF", "LPAR"} if len(rest) > 2 else set()
        parts = [part for part in parts if part != "an operator"]
    parts += sorted({_word(kind) for kind in rest}, key=lambda word: (word.startswith("`"), word))
    if not parts:
        return "something else"
    parts = parts[:_MAX_NAMED]
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " or " + parts[-1]


def describe_found(token: Token) -> str:
    """What stands at a place: ``the end of the line``, ``the keyword `for```, ```)```."""
    if token.kind == "$END":
        return "the end of the file"
    if token.kind == "_SEP":
        return "`;`" if token.text == ";" else "the end of the line"
    if not token.text:
        return "nothing"  # a bracket that was added where it is missing
    text = token.text if len(token.text) <= 32 else token.text[:32] + "…"
    return f"the keyword `{text}`" if token.text.isalpha() and token.kind not in ("NAME", "TAIL") else f"`{text}`"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known about a fault beyond what was expected and found."""

    help: str | None = None
    message: str | None = None
    """Says it better than ``expected ..., found ...``."""
    after: str = ""
    token: Token | None = None
    """The token that is to blame, where it is not the one at which the fault shows."""


def explain(
    token: Token, before: Token | None, statement: Sequence[Token], possible: set[str], following: Token | None = None
) -> Explanation:
    """What is behind the mistakes that users of other languages make; nothing where nothing is known.

    ``before`` is the token in front of the one that does not fit, ``statement`` what was read of its statement.
    """
    brace = next((part for part in reversed(statement) if part.kind == "_TOPEN"), None)
    if "_LBRACE" in possible and brace is not None:
        message = "a `{` that touches the name before it is part of the name"
        return Explanation("put a space before it", message, token=brace)
    last = statement[-1] if statement else None
    if last is not None and last.kind in ("OUTPUT", "INPUT", "EXPECT") and len(statement) > 1:
        # A keyword behind an arrow passes for a label as long as nothing else follows.
        message = f"`{last.text}` is no step: no `->` leads to it"
        return Explanation("write it on a line of its own", message, token=statement[-2])
    if before is not None and before.kind == "_ARROW":
        # The arrow leads nowhere: what stands on the next line is only where that shows.
        return Explanation(after=" after `->`", token=before)
    if last is not None and last.kind in OPERATORS and token.kind in ("_SEP", "_RBRACE", "$END"):
        message = f"the statement ends behind `{last.text}`"
        return Explanation("put the expression in parentheses to go on in the next line", message, token=last)
    at_end = token.kind == "$END" and last is not None
    return Explanation(repair(Fault(token, statement, possible, following)), token=last if at_end else None)


def _word(kind: str) -> str:
    known = _WORDS.get(kind)
    if known is not None:
        return known
    symbols = {
        "PLUS": "+",
        "MINUS": "-",
        "STAR": "*",
        "SLASH": "/",
        "DOUBLE_SLASH": "//",
        "PERCENT": "%",
        "DOUBLE_STAR": "**",
        "DOTDOT": "..",
        "DOTDOT_EQ": "..=",
    }
    return f"`{symbols.get(kind, kind.lower())}`"
