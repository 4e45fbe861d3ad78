"""Parses a source: the LALR machine over lark's tables, with resynchronisation at statement ends.

Never raises on user input: every fault becomes a diagnostic, and what is whole is in the tree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.source.source import Source
from archdsl.syntax import ast
from archdsl.syntax._tables import ACTIONS, END, RULES, START
from archdsl.syntax.builder import Builder
from archdsl.syntax.expectations import describe_expected, describe_found
from archdsl.syntax.lexer import Lexer, Token

_OPENERS = frozenset(("_LBRACE", "_TOPEN", "LPAR", "LSQB"))
_CLOSERS = frozenset(("_RBRACE", "_TCLOSE", "RPAR", "RSQB"))


def parse(source: Source, report: Callable[[Diagnostic], None]) -> ast.File:
    """The tree of a source; faults go to ``report``. ``File.whole`` tells whether anything is missing."""
    if not source.text.strip():
        report(Diagnostic("E0105", "the file is empty: it defines no block and no network", source.span(0, 0)))
        return ast.File(source.path, (), whole=False, span=source.span(0, 0))
    faults = 0

    def count(diagnostic: Diagnostic) -> None:
        nonlocal faults
        faults += 1
        report(diagnostic)

    lexer = Lexer(source, count)
    tokens = lexer.run()
    comments = tuple(ast.Comment(source.text[a:b], source.span(a, b)) for a, b in lexer.comments)
    whole = source.span(0, len(source.text))
    if lexer.limit_passed:
        return ast.File(source.path, (), comments, False, whole)
    if len(tokens) == 1:
        if not faults:
            report(Diagnostic("E0105", "the file defines no block and no network", source.span(0, 0)))
        return ast.File(source.path, (), comments, False, whole)
    builder = Builder(source, comments, count)
    items = _Machine(source, tokens, builder, count, quiet_at_end=not lexer.balanced).run()
    return ast.File(source.path, items, comments, faults == 0, whole)


@dataclass(slots=True)
class _Anchor:
    """A place to go on from after a fault: the stacks' height at the start of the current statement."""

    height: int
    depth: int
    at: int


class _Machine:
    """The LALR automaton: a stack of states beside a stack of values with their extents."""

    def __init__(
        self,
        source: Source,
        tokens: list[Token],
        builder: Builder,
        report: Callable[[Diagnostic], None],
        *,
        quiet_at_end: bool,
    ) -> None:
        self._source = source
        self._tokens = tokens
        self._build = builder.build
        self._report = report
        self._quiet_at_end = quiet_at_end
        self._states = [START]
        self._values: list[object] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._anchors = [_Anchor(0, 0, 0)]
        self._units: dict[tuple[int, int, str], int] = {}

    def run(self) -> tuple[ast.Item, ...]:
        """Consumes all tokens; returns the top-level items that could be read."""
        tokens, position, depth = self._tokens, 0, 0
        while True:
            token = tokens[position]
            if not self._reduce_until_shift(token):
                if token.kind == "$END" and self._states[-1] == END:
                    break
                position = self._recover(position, depth)
                if position < 0:
                    break
                depth = self._anchors[-1].depth
                continue
            kind = token.kind
            self._states.append(ACTIONS[self._states[-1]][kind])
            self._values.append(token)
            self._starts.append(token.start)
            self._ends.append(token.end)
            position += 1
            if kind in _OPENERS:
                depth += 1
            elif kind in _CLOSERS:
                depth -= 1
            if kind == "_LBRACE" or kind == "_SEP":
                self._mark(kind, depth, position)
            elif kind == "_RBRACE":
                self._unmark(depth)
        return self._items()

    # --- the automaton --------------------------------------------------------------------------------

    def _reduce_until_shift(self, token: Token) -> bool:
        """Applies every reduction that precedes ``token``; False if the token cannot stand here."""
        states, values, starts, ends = self._states, self._values, self._starts, self._ends
        kind = token.kind
        while True:
            action = ACTIONS[states[-1]].get(kind)
            if action is None:
                return False
            if action >= 0:
                return True
            origin, name, length, kept, pass_through = RULES[-1 - action]
            if pass_through and length == 1:
                states[-1] = self._after_units(states[-2], states[-1], kind)
                continue
            children: list[object] = []
            base = len(values) - length
            for index, spliced in kept:
                value = values[base + index]
                if spliced:
                    children.extend(value)  # type: ignore[arg-type]
                else:
                    children.append(value)
            start = starts[base] if length else token.start
            end = ends[-1] if length else token.start
            result: object = children
            if name:
                result = children[0] if pass_through and len(children) == 1 else self._build(name, children, start, end)
            elif kept and kept[0] == (0, True):
                # A left-recursive repetition: grow the list in place, or long files cost quadratic time.
                grown = values[base]
                assert isinstance(grown, list)
                grown.extend(children[len(grown) :])
                result = grown
            del states[-length:], values[-length:], starts[-length:], ends[-length:]
            states.append(ACTIONS[states[-1]][origin])
            values.append(result)
            starts.append(start)
            ends.append(end)

    def _after_units(self, below: int, top: int, kind: str) -> int:
        """The top state after a run of reductions that only rename what lies on top (`sum` to `product` ...).

        An operand passes a dozen precedence levels; the outcome depends on two states and the next
        token alone, so it is remembered.
        """
        key = (below, top, kind)
        known = self._units.get(key)
        if known is not None:
            return known
        while True:
            action = ACTIONS[top].get(kind)
            if action is None or action >= 0:
                break
            origin, _, length, _, pass_through = RULES[-1 - action]
            if not pass_through or length != 1:
                break
            top = ACTIONS[below][origin]
        self._units[key] = top
        return top

    # --- recovery -------------------------------------------------------------------------------------

    def _mark(self, kind: str, depth: int, at: int) -> None:
        """Remembers the start of a statement: after a separator, or after the brace of a body."""
        if kind == "_SEP":
            while len(self._anchors) > 1 and self._anchors[-1].depth >= depth:
                self._anchors.pop()
            if self._anchors[-1].depth >= depth:
                self._anchors.pop()
        self._anchors.append(_Anchor(len(self._values), depth, at))

    def _unmark(self, depth: int) -> None:
        while len(self._anchors) > 1 and self._anchors[-1].depth > depth:
            self._anchors.pop()

    def _recover(self, position: int, depth: int) -> int:
        """Reports the fault once, drops the broken statement and returns where to go on; -1 at the end."""
        self._complain(position)
        anchor = self._anchors[-1]
        del self._values[anchor.height :], self._starts[anchor.height :], self._ends[anchor.height :]
        del self._states[anchor.height + 1 :]
        tokens = self._tokens
        at, level = position, depth
        while tokens[at].kind != "$END":
            kind = tokens[at].kind
            if level <= anchor.depth and kind == "_SEP":
                return at + 1
            if kind in _CLOSERS:
                if level <= anchor.depth and kind == "_RBRACE":
                    return self._leave_body(at)
                level -= 1
            elif kind in _OPENERS:
                level += 1
            at += 1
        return -1

    def _leave_body(self, at: int) -> int:
        """The broken statement was the last of its body: go on at the brace that closes the body."""
        kind = "_RBRACE"
        if self._values and isinstance(self._values[-1], Token) and self._values[-1].kind == "_SEP":
            # Nothing follows the separator any more: take it back, so that the body can close.
            del self._values[-1], self._starts[-1], self._ends[-1], self._states[-1]
        if self._can_shift(kind):
            return at
        return -1

    def _can_shift(self, kind: str) -> bool:
        """Whether a token could come next, after the reductions that it calls for."""
        states = list(self._states)
        while True:
            action = ACTIONS[states[-1]].get(kind)
            if action is None:
                return kind == "$END" and states[-1] == END
            if action >= 0:
                return True
            origin, _, length, _, _ = RULES[-1 - action]
            del states[len(states) - length :]
            states.append(ACTIONS[states[-1]][origin])

    def _complain(self, position: int) -> None:
        token = self._tokens[position]
        if token.kind == "$END" and self._quiet_at_end:
            return
        if not token.text and token.kind in _CLOSERS:
            return  # a bracket that the lexer added for an unclosed one, which it has reported
        possible = {kind for kind in ACTIONS[self._states[-1]] if kind.isupper() or kind[0] == "_" or kind == "$END"}
        expected = describe_expected({kind for kind in possible if self._can_shift(kind)})
        end = max(token.end, token.start + (1 if token.kind != "$END" else 0))
        self._report(
            Diagnostic(
                "E0101",
                f"expected {expected}, found {describe_found(token)}",
                self._source.span(token.start, end),
            )
        )

    def _items(self) -> tuple[ast.Item, ...]:
        """The items of the finished file, or those on the stack if the end was never reached."""
        if self._states[-1] == END and self._values:
            items = self._values[-1]
            assert isinstance(items, tuple)
            return items
        found: list[ast.Item] = []
        for value in self._values:
            parts = value if isinstance(value, list) else [value]
            found.extend(part for part in parts if isinstance(part, ast.Import | ast.BlockDef | ast.Variant))
        return tuple(found)
