"""Which misspelt names are repaired unasked: those that can be nothing else."""

from __future__ import annotations

import pytest

from archdsl.diagnostics.diagnostic import Edit, Help
from archdsl.diagnostics.misspelt import misspelt
from archdsl.ops import REGISTRY
from archdsl.source.span import Span


def edit_of(name: str, *candidates: str) -> str | None:
    help = misspelt(name, candidates, Span("a", 0, len(name)))
    return help.edits[0].text if help is not None and help.edits else None


CERTAIN = [
    ("rleu", "relu"),
    ("paddnig", "padding"),
    ("BatchNorm", "batch_norm"),
    ("MaxPool", "max_pool"),
    ("flaten", "flatten"),
    ("global_avg_pol", "global_avg_pool"),
    ("globl_avg_pol", "global_avg_pool"),
    ("batch-norm".replace("-", "__"), "batch_norm"),
]


@pytest.mark.parametrize(("name", "meant"), CERTAIN)
def test_a_layer_that_can_be_nothing_else(name: str, meant: str) -> None:
    assert edit_of(name, *REGISTRY, "padding") == meant


GUESSED = [
    ("elu6", ("relu6", "selu6"), "two are as near"),
    ("relu", ("gelu", "selu"), "two are as near"),
    ("mxa", ("max",), "too short"),
    ("conv2", ("conv1",), "another number"),
    ("block12", ("block21",), "another number"),
    ("stage_1", ("stage_2",), "another number"),
    ("pading_top", ("padding_top", "padding_to"), "a second one within two letters"),
    ("BatchNorm2d", ("batch_norm",), "PyTorch's name: its arguments differ"),
    ("Dense", ("linear",), "Keras's name: its arguments differ"),
    ("skip", ("identity",), "what other people call it"),
    ("adaptive_avg", ("adaptive_avg_pool",), "cut short"),
    ("pool_max", ("max_pool",), "in another order"),
    ("chnalne", ("channel",), "two mistakes in seven letters"),
]


@pytest.mark.parametrize(("name", "candidates", "why"), GUESSED, ids=[why for *_, why in GUESSED])
def test_a_guess_is_not_certain(name: str, candidates: tuple[str, ...], why: str) -> None:
    assert edit_of(name, *candidates) is None


def test_two_spellings_of_one_name_are_two_candidates() -> None:
    assert edit_of("MAXPOOL", "maxPool", "max_pool") is None


def test_a_sentence_stands_even_where_no_edit_does() -> None:
    assert misspelt("mxa", ["max"], Span("a", 0, 3)) == Help("did you mean `max`?")
    assert misspelt("xyz", ["max"], Span("a", 0, 3)) is None


def test_a_span_that_is_more_than_the_name_gets_no_edit() -> None:
    assert misspelt("rleu", ["relu"], Span("a", 0, 6)) == Help("did you mean `relu`?")
    assert misspelt("rleu", ["relu"], Span("a", 1, 5)) == Help(
        "did you mean `relu`?", edits=(Edit(Span("a", 1, 5), "relu"),)
    )


def test_thousands_of_candidates_are_too_many_to_be_certain() -> None:
    names = [f"name_of_a_block_{a}{b}{c}" for a in "abcdefghijklm" for b in "abcdefghijklm" for c in "abcdefghijklm"]
    assert edit_of("name_of_a_block_zzz", *names) is None
