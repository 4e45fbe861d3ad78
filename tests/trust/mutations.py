"""Texts made hostile: bytes, words and lines of real files cut, doubled, exchanged, misplaced."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

BYTES = [
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xc0\xaf",
    b"\xef\xbb\xbf",
    b"\r",
    b"\r\n",
    b"\x1b[2J",
    b"\xe2\x80\xae",
    b'"',
]
BYTES += [
    b"{",
    b"}",
    b"(",
    b")",
    b"[",
    b"]",
    b"#",
    b"->",
    b":",
    b";",
    b"\t",
    b"\xe2\x80\xa8",
    b"\xf4\x90\x80\x80",
    b"\\",
]
WORDS = """
    0 1 2 3 -1 4096 4097 16777216 16777217 2147483647 2147483648 999999999999999999 1000000000000000000 1e308 1e999 0.0
    N H W x x.channels x.height true none "" "same" [] () {} -> .. ..= ** // % / and or not if else for in repeat let by
    block network input output expect from std import as inline where divides within when add concat scale identity
    conv linear flatten batch_norm max_pool(2) conv(8,3) relu _ , : . = == ] } ) ( [ { import_ __class__ train forward
""".split()
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9][0-9_.]*|->|\.\.=?|\*\*|//|[^\sA-Za-z0-9_]")
_NUMBER = re.compile(r"\b[0-9]+\b")

Mutation = Callable[[str, random.Random], str]


def mutated(text: str, other: str, chance: random.Random) -> bytes:
    """A text after some mutations; ``other`` is one from which parts may come."""
    for _ in range(chance.choice([1, 1, 1, 2, 3, 8])):
        text = chance.choice(OF_TEXT)(text, chance)
    if chance.random() < 0.1:
        text = _spliced(text, other, chance)
    data = text.encode("utf-8", "surrogatepass")
    return _with_bytes(data, chance) if chance.random() < 0.3 else data


def gently_mutated(text: str, chance: random.Random) -> str:
    """A text with another number, or a word or line from somewhere else in it."""
    return chance.choice((_other_number, _other_number, _word_of_the_file, _lines))(text, chance)


def _other_word(text: str, chance: random.Random) -> str:
    return _exchanged(text, _WORD, lambda word: chance.choice(WORDS), chance)


def _other_number(text: str, chance: random.Random) -> str:
    def number(word: str) -> str:
        return str(
            chance.choice([0, 1, int(word) + 1, max(int(word) - 1, 0), int(word) * 2, 10 ** chance.randint(2, 18)])
        )

    return _exchanged(text, _NUMBER, number, chance)


def _word_of_the_file(text: str, chance: random.Random) -> str:
    words = _WORD.findall(text) or ["x"]
    return _exchanged(text, _WORD, lambda word: chance.choice(words), chance)


def _without_word(text: str, chance: random.Random) -> str:
    return _exchanged(text, _WORD, lambda word: "", chance)


def _word_twice(text: str, chance: random.Random) -> str:
    return _exchanged(text, _WORD, lambda word: f"{word} {word}" if chance.random() < 0.5 else word * 70, chance)


def _exchanged(text: str, pattern: re.Pattern[str], make: Callable[[str], str], chance: random.Random) -> str:
    places = list(pattern.finditer(text))
    if not places:
        return text
    place = chance.choice(places)
    return text[: place.start()] + make(place.group()) + text[place.end() :]


def _lines(text: str, chance: random.Random) -> str:
    """A line or a few: gone, doubled, or somewhere else."""
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    taken = lines[at : at + chance.choice([1, 1, 2, 5])]
    kept = lines if chance.random() < 0.4 else lines[:at] + lines[at + len(taken) :]
    if chance.random() < 0.7:
        to = chance.randrange(len(kept) + 1)
        kept = kept[:to] + taken * chance.choice([1, 1, 1, 30]) + kept[to:]
    return "\n".join(kept)


def _cut_off(text: str, chance: random.Random) -> str:
    return text[: chance.randrange(len(text) + 1)]


def _range(text: str, chance: random.Random) -> str:
    """Some characters, gone or doubled."""
    start = chance.randrange(len(text) + 1)
    end = min(len(text), start + chance.choice([1, 2, 5, 40, 200]))
    return text[:start] + text[start:end] * chance.choice([0, 2, 2, 60]) + text[end:]


def _wrapped(text: str, chance: random.Random) -> str:
    """Something in brackets, or in a body of its own, often enough to be too much."""
    open_, close = chance.choice(
        ["()", "[]", "{}", ("repeat 2 {", "}"), ("add { identity;", "}"), ("if x.height > 3 {", "}")]
    )
    times = chance.choice([1, 1, 2, 5, 20, 63, 64, 65])
    return _exchanged(text, _WORD, lambda word: f"{open_ * times} {word} {close * times}", chance)


OF_TEXT: tuple[Mutation, ...] = (
    _other_word, _other_word, _other_number, _other_number, _word_of_the_file, _word_of_the_file,
    _without_word, _word_twice, _lines, _lines, _cut_off, _range, _wrapped,
)  # fmt: skip


def _spliced(text: str, other: str, chance: random.Random) -> str:
    return text[: chance.randrange(len(text) + 1)] + other[chance.randrange(len(other) + 1) :]


def _with_bytes(data: bytes, chance: random.Random) -> bytes:
    """Bytes that are put in, exchanged or turned over, whatever character they belong to."""
    for _ in range(chance.choice([1, 1, 2, 5])):
        at = chance.randrange(len(data) + 1)
        new = chance.choice(BYTES) if chance.random() < 0.7 else bytes([chance.randrange(256)])
        data = data[:at] + new + data[at + chance.choice([0, 0, 1, 3]) :]
    return data
