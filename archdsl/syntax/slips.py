"""What is behind the slips that people make, mostly those who come from Python: the help for each, as a table.

Each rule looks at one fault and knows one slip; the first that speaks is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from archdsl.syntax.lexer import Token

COMMENT = "a comment begins with `#`"
STEPS = "steps are joined by `->`, or stand on lines of their own"
BRACES = "what belongs to it stands in braces: `{ ... }`"
NAMES = "a name begins with a letter, and goes on with letters, digits and underscores"

COMPUTED = "a computed label is written without spaces: `layer{i + 1}: ...`"

KEYWORDS_IN_NAMES = frozenset(
    "FOR IN BY IF ELSE REPEAT LET INLINE WHEN WHERE DIVIDES FROM IMPORT AS AND OR NOT TRUE FALSE NONE".split()
)
_HEADERS = frozenset("FOR IF REPEAT NETWORK BLOCK ELSE".split())
_OPERATORS = frozenset("PLUS MINUS STAR SLASH DOUBLE_SLASH PERCENT DOUBLE_STAR COMPARISON AND OR NOT".split())


@dataclass(frozen=True, slots=True)
class Fault:
    """The token that does not fit, what was read of its statement before, and what would have been possible."""

    token: Token
    statement: Sequence[Token]
    possible: set[str]
    following: Token | None = None

    def before(self, distance: int = 1) -> Token | None:
        """A token of the statement, counted backwards from the one that does not fit."""
        return self.statement[-distance] if len(self.statement) >= distance else None

    def kind_before(self, distance: int = 1) -> str:
        """The kind of a token before; empty where the statement has none."""
        found = self.before(distance)
        return found.kind if found is not None else ""

    @property
    def head(self) -> str:
        """The kind of the statement's first token."""
        return self.statement[0].kind if self.statement else ""


def repair(fault: Fault) -> str | None:
    """The help for a slip that is known."""
    return next((help for rule in _RULES if (help := rule(fault)) is not None), None)


_TOP_LEVEL = {
    "import": "write `from std import name` or `from .file import name`",
    "model": "a whole model is a `network`",
    "module": "a reusable part is a `block`",
    "conv": "layers stand inside a `block` or a `network`",
    **dict.fromkeys(
        ("class", "def", "fn", "func", "function", "struct"), "a reusable part is a `block`, a whole model a `network`"
    ),
}
_FOREIGN_STEPS = {
    "elif": "write `else if`",
    "elseif": "write `else if`",
    "elsif": "write `else if`",
    "while": "loops are `repeat n { ... }` and `for i in 0..n { ... }`",
    "return": "a block ends with its last step; a network hands out values with `output name`",
    "lambda": "what is applied later is a `block`, or a layer with some of its arguments: `conv(kernel=3)`",
    "self": "there is no `self`: a labelled step is `conv1: conv(8, 3)`",
    "nn": "layers have names of their own: `conv`, `linear`, `relu` ...",
}


def _at_the_top(fault: Fault) -> str | None:
    if fault.statement or not {"BLOCK", "NETWORK"} <= fault.possible:
        return None
    if fault.token.kind == "COMPARISON" and fault.token.text in ("<", "==", ">", "<=", ">="):
        return "a conflict of two versions was left in the file"
    return _TOP_LEVEL.get(fault.token.text)


def _foreign_word(fault: Fault) -> str | None:
    words = [fault.token.text, *(token.text for token in (*fault.statement[:1], *fault.statement[-1:]))]
    words += [token.text for token in fault.statement if token.text == "lambda"]
    return next((_FOREIGN_STEPS[word] for word in words if word in _FOREIGN_STEPS), None)


def _comment(fault: Fault) -> str | None:
    at_start = not fault.statement and fault.token.kind in ("SLASH", "MINUS")
    return COMMENT if at_start or fault.token.kind == "DOUBLE_SLASH" else None


def _equals(fault: Fault) -> str | None:
    if fault.token.kind != "EQUAL":
        return None
    name = fault.before().text if fault.before() else "name"  # type: ignore[union-attr]
    if fault.head == "INPUT":
        return f"write a colon: `input {name}: [N, 3, H, W]`"
    if fault.head == "OUTPUT":
        return f"`output {name}` hands out what the steps before it make"
    if fault.following is not None and fault.following.text == ">":
        return STEPS
    if fault.kind_before() == "COLON":
        return "a variable is written `let width = 64`"
    if "COLON" in fault.possible and fault.head in ("NETWORK", "BLOCK"):
        return f"a parameter states its type: `{name}: int = ...`"
    if "COLON" in fault.possible:
        return f"a label takes a colon: `{name}: ...`; a variable takes `let`"
    if any(token.kind == "COLON" for token in fault.statement):
        return "a label is followed by its step: `name: relu`"
    return "write `==` to compare" if "COMPARISON" in fault.possible else None


def _assigned_attribute(fault: Fault) -> str | None:
    return "a label is one name: `conv1: conv(8, 3)`" if fault.kind_before(2) == "DOT" else None


def _arrow(fault: Fault) -> str | None:
    kind, before = fault.token.kind, fault.before()
    if kind == "COMPARISON" and "_ARROW" in fault.possible:
        return STEPS
    if kind == "_ARROW":
        return "the first step follows the input without an arrow" if fault.head == "INPUT" else None
    if kind == "NAME" and before is not None and before.kind == "NUMBER" and len(fault.token.text) <= 3:
        return f"a unit touches its number: `{before.text}{fault.token.text}`"
    return STEPS if kind == "NAME" and {"_ARROW", "_SEP"} <= fault.possible else None


def _header(fault: Fault) -> str | None:
    kind = fault.token.kind
    name = fault.before().text if fault.before() else "name"  # type: ignore[union-attr]
    if kind == "_LBRACE" and "LPAR" in fault.possible and fault.head in ("BLOCK", "NETWORK"):
        return f"parentheses stand behind the name even where there are no parameters: `{name}()`"
    if kind == "COLON" and fault.head in _HEADERS and len(fault.statement) > 1:
        return BRACES
    if "_LBRACE" in fault.possible and fault.head in _HEADERS and kind in ("_SEP", "EQUAL", "COMPARISON"):
        return BRACES
    if fault.kind_before() in ("BLOCK", "NETWORK") and kind == "NAME":
        return "blocks and networks stand at the top of the file, not inside each other"
    if fault.head == "NETWORK" and kind in ("$END", "_SEP") and "LPAR" in fault.possible:
        return f"a variant states its arguments: `{name}()`"
    return None


def _parameter(fault: Fault) -> str | None:
    if fault.head not in ("BLOCK", "NETWORK") or "COLON" not in fault.possible:
        return None
    name = fault.before()
    if name is None or name.kind != "NAME":
        return None
    shown = f"{fault.token.text}: {name.text}" if fault.token.kind == "NAME" else f"{name.text}: int"
    return f"a parameter states its type: `{shown}`"


def _contract(fault: Fault) -> str | None:
    """Inputs, outputs, their shapes."""
    kind = fault.token.kind
    if fault.head == "INPUT" and kind == "_SEP" and fault.possible == {"COLON"}:
        return "an input states its shape: `input image: [N, 3, H, W]`"
    if fault.head in ("INPUT", "OUTPUT") and kind == "LPAR":
        named = fault.kind_before() in ("INPUT", "OUTPUT")
        return "write `output name: [N, 10]`" if named else "a shape stands in square brackets: `[N, 3, H, W]`"
    in_shape = any(token.kind == "LSQB" for token in fault.statement)
    if in_shape and kind in ("NAME", "NUMBER") and "COMMA" in fault.possible:
        return "put a comma between the two"
    return None


def _argument(fault: Fault) -> str | None:
    kind, before = fault.token.kind, fault.before()
    if kind in ("STAR", "DOUBLE_STAR") and fault.kind_before() in ("LPAR", "COMMA"):
        return "arguments are written out one by one: there is no `*` or `**`"
    if kind == "COLON" and "EQUAL" in fault.possible and before is not None and fault.head != "LET":
        return f"an argument takes an equals sign: `{before.text}=...`"
    if kind == "LSQB" and "LPAR" in fault.possible and len(fault.statement) == 1:
        return "arguments stand in parentheses"
    if kind == "DOT" and fault.kind_before() in ("LPAR", "COMMA", "EQUAL"):
        return "a number begins with a digit: `0.5`"
    if fault.kind_before() == "DOT" and fault.kind_before(2) == "NUMBER":
        return "a number ends with a digit: `5.0`"
    if kind == "STRING" and fault.kind_before() == "NAME":
        return "strings have no prefix"
    if kind == "COMMA" and "_SEP" in fault.possible:
        return "a statement ends with its line, without a comma"
    return None


def _statement(fault: Fault) -> str | None:
    kind = fault.token.kind
    if not fault.statement and "LET" in fault.possible and kind in ("UNDERSCORE", "NUMBER", "STRING"):
        return COMPUTED if fault.token.text.isdigit() else NAMES
    if kind == "ELSE":
        return "`else` stands behind the `}` of its `if`"
    if kind == "PLUS" and "_ARROW" in fault.possible:
        return "paths are added by `add { ... }`; a variable is set once, by `let`"
    if kind == "MINUS" and "COLON" in fault.possible:
        return NAMES
    if kind == "COLON" and fault.head == "LET":
        return "a variable has no type: `let name = ...`"
    if not fault.statement and kind in _OPERATORS:
        return "a statement that goes on in the next line stands in parentheses"
    return None


def _name(fault: Fault) -> str | None:
    kind, before = fault.token.kind, fault.before()
    if kind == "COLON" and before is not None and before.kind in KEYWORDS_IN_NAMES:
        return f"`{before.text}` is a keyword of the language; choose another label"
    if kind == "COLON" and before is not None and before.kind == "_RBRACE":
        return COMPUTED
    as_label = "_LBRACE" in fault.possible or ("COLON" in fault.possible and fault.head != "OUTPUT")
    if kind in KEYWORDS_IN_NAMES and "NAME" in fault.possible and not as_label:
        return f"`{fault.token.text}` is a keyword of the language; choose another name"
    if kind == "STAR" and "NAME" in fault.possible and fault.head == "FROM":
        return "name what is imported"
    return None


_RULES: tuple[Callable[[Fault], str | None], ...] = (
    _at_the_top,
    _foreign_word,
    _comment,
    _assigned_attribute,
    _equals,
    _arrow,
    _header,
    _parameter,
    _contract,
    _argument,
    _statement,
    _name,
)
