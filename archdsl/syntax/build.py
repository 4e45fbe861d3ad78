"""Compiles grammar.lark into _tables.py: ``python -m archdsl.syntax.build`` (``make tables``).

lark builds the LALR tables; the run-time parser walks them without importing lark, which alone would
cost more start-up time than a whole check (docs/decisions/0002-parser-tables.md). A test fails when
``_tables.py`` is not what this module makes of the grammar.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

from lark import Lark
from lark import logger as lark_logger
from lark.grammar import Rule
from lark.lexer import PatternStr, TerminalDef
from lark.parsers.lalr_analysis import Shift

HERE = Path(__file__).parent
HANDLED_BY_LEXER = {"_SEP", "_LBRACE", "_RBRACE", "_TOPEN", "_TCLOSE", "TAIL"}
"""Terminals whose meaning depends on the brackets around them; ``lexer.py`` tells them apart."""


_Rows = dict[int, dict[str, int]]


class _Conflicts(logging.Handler):
    """Collects lark's shift/reduce warnings: a grammar with a conflict is refused."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if "conflict" in record.getMessage().lower():
            self.found.append(record.getMessage())


def compile_grammar(text: str) -> Lark:
    """The grammar through lark; raises ValueError on any shift/reduce or reduce/reduce conflict."""
    conflicts = _Conflicts()
    lark_logger.addHandler(conflicts)
    lark_logger.setLevel(logging.DEBUG)
    try:
        _lark(text, debug=True)
    finally:
        lark_logger.removeHandler(conflicts)
        lark_logger.setLevel(logging.CRITICAL)
    if conflicts.found:
        raise ValueError("\n".join(conflicts.found))
    return _lark(text, debug=False)


def _lark(text: str, *, debug: bool) -> Lark:
    """lark reports conflicts only in debug mode, and numbers its states only outside it."""
    return Lark(text, parser="lalr", lexer="basic", start="file", maybe_placeholders=False, debug=debug)


def _rule_row(rule: Rule) -> tuple[str, str, int, tuple[tuple[int, bool], ...], bool]:
    """(left side, builder, length, kept children as (index, spliced), pass a single child through)."""
    kept = tuple(
        (index, symbol.name.startswith("__"))
        for index, symbol in enumerate(rule.expansion)
        if not getattr(symbol, "filter_out", False)
    )
    origin = str(rule.origin.name)
    builder = "" if origin.startswith("__") else (rule.alias or origin)
    return origin, builder, len(rule.expansion), kept, bool(rule.options.expand1 and not rule.alias)


def _lexer_pattern(terminals: list[TerminalDef]) -> tuple[str, dict[str, str]]:
    """The one regular expression of the lexer, and the keywords by their text."""
    name = next(terminal.pattern.value for terminal in terminals if terminal.name == "NAME")
    keywords: dict[str, str] = {}
    symbols: list[tuple[str, str]] = []
    patterns: list[tuple[str, str]] = []
    for terminal in terminals:
        if terminal.name in HANDLED_BY_LEXER:
            continue
        if not isinstance(terminal.pattern, PatternStr):
            patterns.append((terminal.name, terminal.pattern.value))
        elif re.fullmatch(name, terminal.pattern.value):
            keywords[terminal.pattern.value] = terminal.name
        else:
            symbols.append((terminal.name, re.escape(terminal.pattern.value)))
    symbols.sort(key=lambda row: -len(row[1]))
    rows = [("SPACE", r"[ \t]+"), ("COMMENT", r"#[^\n]*"), ("LINE", r"[\n;]"), *patterns]
    rows += [("OPEN", r"\{"), ("CLOSE", r"\}"), *symbols]
    return "|".join(f"(?P<{name}>{pattern})" for name, pattern in rows), keywords


def _rows(lark: Lark) -> _Rows:
    """Per state as lark numbers it: symbol -> next state (shift, goto) or -1 - rule (reduce)."""
    by_identity = {id(rule): index for index, rule in enumerate(lark.rules)}
    by_value = {rule: index for index, rule in enumerate(lark.rules)}
    rows: _Rows = {}
    for state, actions in lark.parser.parser._parse_table.states.items():
        row = rows.setdefault(state, {})
        for symbol, (action, argument) in sorted(actions.items()):
            row[symbol] = argument if action is Shift else -1 - by_identity.get(id(argument), by_value[argument])
    return rows


def _numbers(rows: _Rows, start: int) -> dict[int, int]:
    """The states in the order in which they are reached: lark's own numbers differ from run to run."""
    found = {start: 0}
    waiting = [start]
    while waiting:
        for state in rows[waiting.pop(0)].values():
            if state >= 0 and state not in found:
                found[state] = len(found)
                waiting.append(state)
    return found


def _in_order(rows: _Rows, start: int) -> _Rows:
    """The rows under the new numbers, in their order."""
    numbers = _numbers(rows, start)
    return {
        number: {symbol: numbers[to] if to >= 0 else to for symbol, to in rows[state].items()}
        for state, number in numbers.items()
    }


def tables_source() -> str:
    """The text of ``_tables.py``."""
    lark = compile_grammar((HERE / "grammar.lark").read_text(encoding="utf-8"))
    table = lark.parser.parser._parse_table
    numbers = _numbers(_rows(lark), table.start_states["file"])
    pattern, keywords = _lexer_pattern(list(lark.terminals))
    lines = [
        '"""Generated from grammar.lark by ``python -m archdsl.syntax.build``; do not edit."""',
        "",
        f"PATTERN = {pattern!r}",
        f"KEYWORDS = {keywords!r}",
        f"START = {numbers[table.start_states['file']]}",
        f"END = {numbers[table.end_states['file']]}",
        "RULES: tuple[tuple[str, str, int, tuple[tuple[int, bool], ...], bool], ...] = (",
        *(f"    {_rule_row(rule)!r}," for rule in lark.rules),
        ")",
        "# Per state: symbol -> next state (shift, goto) or -1 - rule (reduce).",
        "ACTIONS: dict[int, dict[str, int]] = {",
    ]
    for state, row in _in_order(_rows(lark), table.start_states["file"]).items():
        lines.append(f"    {state}: {row!r},")
    lines.append("}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (HERE / "_tables.py").write_text(tables_source(), encoding="utf-8")
