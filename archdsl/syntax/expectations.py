"""Says in the language's words what may stand at a place and what stands there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archdsl.syntax.lexer import Token

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
_OPERATORS = frozenset(
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
    if rest & _OPERATORS and len(rest - _OPERATORS) >= 1:
        rest -= _OPERATORS  # an operator may follow any expression: nobody forgets one
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


def explain(token: Token, before: Token | None, statement: Sequence[Token], possible: set[str]) -> Explanation:
    """What is behind the mistakes that users of other languages make; nothing where nothing is known.

    ``before`` is the token in front of the one that does not fit, ``statement`` what was read of its statement.
    """
    brace = next((part for part in reversed(statement) if part.kind == "_TOPEN"), None)
    if "_LBRACE" in possible and brace is not None:
        message = "a `{` that touches the name before it is part of the name"
        return Explanation("put a space before it", message, token=brace)
    if before is not None and before.kind == "_ARROW":
        # The arrow leads nowhere: what stands on the next line is only where that shows.
        return Explanation(after=" after `->`", token=before)
    return Explanation(_repair(token, before, statement, possible))


def _repair(token: Token, before: Token | None, statement: Sequence[Token], possible: set[str]) -> str | None:
    kind = token.kind
    if kind == "EQUAL" and "COLON" in possible:
        return f"a label takes a colon: `{before.text if before else 'name'}: ...`; a variable takes `let`"
    if kind == "EQUAL" and "COMPARISON" in possible:
        return "write `==` to compare"
    if token.text.isalpha() and not statement and {"BLOCK", "NETWORK"} <= possible:
        return _TOP_LEVEL.get(token.text)
    if kind == "DOUBLE_SLASH":
        return "a comment begins with `#`"
    if kind == "ELSE":
        return "`else` stands behind the `}` of its `if`"
    if kind == "NAME" and {"_ARROW", "_SEP"} <= possible:
        return "steps are joined by `->`, or stand on lines of their own"
    if kind == "_LBRACE" and "LPAR" in possible and statement and statement[0].kind in ("BLOCK", "NETWORK"):
        name = statement[-1].text
        return f"parentheses stand behind the name even where there are no parameters: `{name}()`"
    if kind == "COLON" and before is not None and before.kind in _KEYWORDS_IN_NAMES:
        return f"`{before.text}` is a keyword of the language; choose another label"
    if kind == "COLON" and any(part.kind == "_RBRACE" for part in statement[-1:]):
        return "a computed label is written without spaces: `layer{i + 1}: ...`"
    if kind in _KEYWORDS_IN_NAMES and "NAME" in possible and "COLON" not in possible and "_LBRACE" not in possible:
        return f"`{token.text}` is a keyword of the language; choose another name"
    return None


_TOP_LEVEL = {
    "import": "write `from std import name` or `from .file import name`",
    "class": "a reusable part is a `block`, a whole model a `network`",
    "def": "a reusable part is a `block`, a whole model a `network`",
    "model": "a whole model is a `network`",
    "module": "a reusable part is a `block`",
    "conv": "layers stand inside a `block` or a `network`",
}
_KEYWORDS_IN_NAMES = frozenset(
    "FOR IN BY IF ELSE REPEAT LET INLINE WHEN WHERE DIVIDES FROM IMPORT AS AND OR NOT TRUE FALSE NONE".split()
)


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
