"""Random sentences of ``grammar.lark`` itself: whatever the grammar allows, be it ever so senseless."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cache

from lark.lexer import PatternStr

from archdsl.syntax.build import compile_grammar
from tests.house import PACKAGE

NAMES = """
    conv linear relu batch_norm max_pool flatten add concat scale identity dropout global_avg_pool upsample unit n x i
    N H channels height training params macs depth int float block std tensor layers pad split layer_norm attention
    range len
""".split()
NUMBERS = "0 1 2 3 7 8 16 64 224 1_000 2147483647 2147483648 999999999999999999 0.5 1e-3 1e999 5M 4.1G 25% 1x".split()
STRINGS = ['"same"', '""', '"a\\"b"', '"\\n"', '"::error::"', '"\\q"', '"é"']


@dataclass(frozen=True)
class Grammar:
    """The rules in plain form: what each name may become, and how deep the shallowest way out of it is."""

    rules: dict[str, list[list[str]]]
    terminals: dict[str, str]
    """The text of each terminal that has only one."""
    heights: dict[str, int] = field(default_factory=dict)

    def height(self, expansion: list[str]) -> int:
        """How deep the shallowest tree of an expansion is."""
        return 1 + max((self.heights.get(name, 999) if name in self.rules else 0 for name in expansion), default=0)


@cache
def grammar() -> Grammar:
    """``grammar.lark`` as lark reads it."""
    lark = compile_grammar((PACKAGE / "syntax" / "grammar.lark").read_text("utf-8"))
    rules: dict[str, list[list[str]]] = {}
    for rule in lark.rules:
        rules.setdefault(str(rule.origin.name), []).append([str(symbol.name) for symbol in rule.expansion])
    texts = {each.name: each.pattern.value for each in lark.terminals if isinstance(each.pattern, PatternStr)}
    found = Grammar(rules, {**texts, "_TOPEN": "{", "_TCLOSE": "}"})
    for _ in rules:  # a fixed point: each round settles at least the rules of the next height
        found.heights.update({name: min(map(found.height, ways)) for name, ways in rules.items()})
    return found


def sentence(chance: random.Random, depth: int) -> str:
    """A text that the grammar derives; trees deeper than ``depth`` end as soon as they can."""
    known = grammar()
    words: list[str] = []
    waiting = [("file", depth)]
    while waiting:
        name, left = waiting.pop()
        if name not in known.rules:
            words.append(_word(name, known, chance, words[-1] if words else ""))
            continue
        ways = known.rules[name]
        if left <= 0 or len(words) > 2_000:
            least = min(map(known.height, ways))
            ways = [way for way in ways if known.height(way) == least]
        waiting += [(part, left - 1) for part in reversed(chance.choice(ways))]
    return "".join(words) + "\n"


def _word(name: str, known: Grammar, chance: random.Random, before: str) -> str:
    """The text of a terminal with the blank before it; a brace of a label touches what is around it."""
    text = {
        "NAME": lambda: chance.choice(NAMES),
        "NUMBER": lambda: chance.choice(NUMBERS),
        "STRING": lambda: chance.choice(STRINGS),
        "TAIL": lambda: chance.choice(["_a", "1", "-2", "x"]),
        "_SEP": lambda: chance.choice(["\n", ";", " # c\n"]),
        "COMPARISON": lambda: chance.choice(["==", "<", ">=", "!="]),
    }.get(name, lambda: known.terminals[name])()
    touches = name in ("_TOPEN", "TAIL", "_SEP") or before.endswith("\n") or (before == "{" and name != "_RBRACE")
    return text if touches or not before else f" {text}"
