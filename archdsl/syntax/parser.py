"""Parses a source: the LALR machine over lark's tables, with resynchronisation at statement ends.

Never raises on user input: every fault becomes a diagnostic, and what is whole is in the tree.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from archdsl.diagnostics.diagnostic import Diagnostic, Help
from archdsl.source.source import Source
from archdsl.syntax import ast
from archdsl.syntax._tables import ACTIONS, END, RULES, START
from archdsl.syntax.builder import Builder
from archdsl.syntax.expectations import OPERATORS, describe_expected, describe_found, explain
from archdsl.syntax.indentation import IndentedLexer
from archdsl.syntax.lexer import Lexer, Token

_OPENERS = frozenset(("_LBRACE", "_TOPEN", "LPAR", "LSQB"))
_CLOSERS = frozenset(("_RBRACE", "_TCLOSE", "RPAR", "RSQB"))
MAX_COMPLAINTS = 1_000
"""So many faults of syntax are described in one file; what is wrong throughout is no ``.arch`` file."""


def parse(source: Source, report: Callable[[Diagnostic], None]) -> ast.File:
    """The tree of a source; faults go to ``report``. ``File.whole`` tells whether anything was reported."""
    whole = source.span(0, len(source.text))
    if not source.text.strip():
        report(Diagnostic("E0105", "the file is empty: it defines no block and no network", source.span(0, 0)))
        return ast.File(source.path, (), whole=False, span=whole)
    faults: list[Diagnostic] = []

    def note(diagnostic: Diagnostic) -> None:
        faults.append(diagnostic)
        report(diagnostic)

    lexer = Lexer(source)
    tokens = lexer.run()
    if lexer.is_brace_open or lexer.is_brace_lacking:
        other: Lexer = IndentedLexer(source)
        others = other.run()
        if lexer.is_brace_open or len(other.faults) <= len(lexer.faults):
            lexer, tokens = other, others
    for fault in lexer.faults:
        note(fault)
    comments = tuple(ast.Comment(source.text[a:b], source.span(a, b)) for a, b in lexer.comments)
    if lexer.limit_passed:
        return ast.File(source.path, (), comments, False, whole)
    if len(tokens) == 1:
        if not faults:
            report(Diagnostic("E0105", "the file defines no block and no network", source.span(0, 0)))
        return ast.File(source.path, (), comments, False, whole)
    known = sorted(fault.span.start for fault in faults)
    machine = _Machine(source, tokens, Builder(source, comments, known, note), note, known)
    items = machine.run()
    return ast.File(source.path, items, comments, not faults, whole, frozenset(machine.lost | lexer.long_names))


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
        known_faults: list[int],
    ) -> None:
        self._source = source
        self._tokens = tokens
        self._build = builder.build
        self._report = report
        self._known_faults = known_faults
        self._complaints = 0
        self._complained_at = -1
        self._states = [START]
        self._values: list[object] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._anchors = [_Anchor(0, 0, 0)]
        self._units: dict[tuple[int, int, str], int] = {}
        self.lost: set[str] = set()

    def run(self) -> tuple[ast.Item, ...]:
        """Consumes all tokens; returns the top-level items."""
        tokens, position, depth = self._tokens, 0, 0
        while True:
            token = tokens[position]
            if not self._reduce_until_shift(token):
                if token.kind == "$END" and self._states[-1] == END:
                    break
                position = self._recover(position, depth)
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
        (items,) = self._values
        assert isinstance(items, tuple)
        return items

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
            base = len(values) - length
            start = starts[base] if length else token.start
            end = ends[-1] if length else token.start
            grows = not name and bool(kept) and kept[0] == (0, True)
            # A left-recursive repetition grows its list in place, or long files cost quadratic time.
            children: list[object] = values[base] if grows else []  # type: ignore[assignment]
            for index, spliced in kept[int(grows) :]:
                if spliced:
                    children.extend(values[base + index])  # type: ignore[arg-type]
                else:
                    children.append(values[base + index])
            result: object = children
            if name:
                result = children[0] if pass_through and len(children) == 1 else self._build(name, children, start, end)
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
        """Reports the fault once, puts ``Broken`` in place of the statement and returns where to go on."""
        anchor = self._anchors[-1]
        self._complain(position, anchor)
        del self._values[anchor.height :], self._starts[anchor.height :], self._ends[anchor.height :]
        del self._states[anchor.height + 1 :]
        end = self._end_of_statement(position, depth, anchor)
        is_item = "item" in ACTIONS[self._states[-1]]
        while is_item and self._tokens[end].kind == "_SEP" and not self._begins_item(end + 1):
            end += 1  # what follows something that is no definition is none either
            end = self._end_of_statement(end, 0, anchor)
        dropped = self._tokens[anchor.at : end]
        self.lost.update(token.text for token in dropped if token.kind == "NAME")
        first = dropped[0].start if dropped else self._tokens[end].start
        last = dropped[-1].end if dropped else first
        self._states.append(ACTIONS[self._states[-1]]["item" if is_item else "statement"])
        self._values.append(ast.Broken(self._source.span(first, last)))
        self._starts.append(first)
        self._ends.append(last)
        return end

    def _begins_item(self, position: int) -> bool:
        """Whether a definition, or an import that this language has, begins at a token."""
        token, following = self._tokens[position], self._tokens[min(position + 1, len(self._tokens) - 1)]
        if token.kind == "FROM":
            return following.kind in ("DOT", "DOTDOT") or following.text == "std"
        return token.kind in ("BLOCK", "NETWORK")

    def _end_of_statement(self, position: int, depth: int, anchor: _Anchor) -> int:
        """The token that ends the broken statement: a separator, the brace around it, or the end of the file."""
        tokens, at, level = self._tokens, position, depth
        while True:
            kind = tokens[at].kind
            if kind == "$END" or (level <= anchor.depth and kind in ("_SEP", "_RBRACE")):
                return at
            if kind in _CLOSERS:
                level -= 1
            elif kind in _OPENERS:
                level += 1
            at += 1

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

    def _goes_on_from(self, anchor: _Anchor) -> bool:
        """Whether a statement is the second half of one that was reported because it ends with an operator."""
        if anchor.at < 2 or self._tokens[anchor.at - 1].kind != "_SEP":
            return False
        return self._tokens[anchor.at - 2].kind in OPERATORS and self._complained_at >= 0

    def _complain(self, position: int, anchor: _Anchor) -> None:
        """Reports the token that does not fit, unless something in its statement was reported already."""
        token = self._tokens[position]
        start = self._tokens[anchor.at - 1].end if anchor.at else 0
        if bisect_left(self._known_faults, start) < bisect_right(self._known_faults, token.end):
            return
        if token.kind == "$END" and self._known_faults:
            return  # a bracket that is never closed has been reported
        if self._goes_on_from(anchor):
            return
        if start <= self._complained_at and "\n" not in self._source.text[self._complained_at : token.start]:
            return  # what stands around a fault on one line is the same fault
        self._complained_at = token.start
        self._complaints += 1
        if self._complaints > MAX_COMPLAINTS:
            return
        row = ACTIONS[self._states[-1]]
        possible = {kind for kind in row if kind.isupper() and self._can_shift(kind)}
        before = self._tokens[position - 1] if position else None
        following = self._tokens[position + 1] if token.kind != "$END" else None
        explained = explain(token, before, self._tokens[anchor.at : position], possible, following)
        place = explained.token or token
        end = max(place.end, place.start + (place.kind != "$END"))  # a bracket that was added has no width
        span = self._source.span(place.start, min(end, len(self._source.text)))
        expected = f"expected {describe_expected(possible)}{explained.after}, found {describe_found(token)}"
        help = Help(explained.help) if explained.help else None
        self._report(Diagnostic("E0101", explained.message or expected, span, help=help))
