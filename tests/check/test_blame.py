"""Which step a join that fails is blamed on: the one that made the size, wherever it stands in the path."""

from __future__ import annotations

import pytest

from tests.check.support import errors, network

CONV_3 = ("conv(8, 3)", "height H becomes H − 3 + 0 + 1 = H − 2 here")
SAME = "block same() { conv(8, 5, padding=2) -> relu }\n"
PART = "block part() { conv(8, 5) -> relu }\n"
TWICE = "block part() { conv(8, 5) -> conv(8, 5) }\n"
PROJECT = "project one path to the shape of the other: a `conv` with kernel 1, same strides"


def labels(text: str) -> list[tuple[str, str]]:
    (found,) = errors(text)
    assert found.code == "E0302"
    return [(text[label.span.start : label.span.end], label.text) for label in found.labels]


@pytest.mark.parametrize(
    ("path", "before", "blamed"),
    [
        ("add { conv(8, 5); max_pool(5, stride=1) }", "", ("add", "height H becomes H − 4 here")),
        ("{ let c = 5\n conv(8, c) }", "", ("conv(8, c)", "height H becomes H − 5 + 0 + 1 = H − 4 here")),
        ("[N, 8, H, W] -> conv(8, 5)", "", ("conv(8, 5)", "height H becomes H − 5 + 0 + 1 = H − 4 here")),
        ("if true { conv(8, 5) }", "", ("conv(8, 5)", "height H becomes H − 5 + 0 + 1 = H − 4 here")),
        ("repeat 2 { conv(8, 5) }", "", ("conv(8, 5)", "height H becomes H − 5 + 0 + 1 = H − 4 here")),
        ("inline part", PART, ("inline part", "height H becomes H − 5 + 0 + 1 = H − 4 in `part`")),
        ("part -> part", PART, ("part", "height H becomes H − 5 + 0 + 1 = H − 4 in `part`")),
        ("same -> same -> part", SAME + PART, ("part", "height H becomes H − 5 + 0 + 1 = H − 4 in `part`")),
        ("part", TWICE, ("part", "height H becomes H − 8 in `part`")),
    ],
)
def test_the_step_that_made_the_other_size(path: str, before: str, blamed: tuple[str, str]) -> None:
    assert labels(network(f"add {{ conv(8, 3); {path} }}", before=before)) == [CONV_3, blamed]


def test_of_an_earlier_value_it_is_said_where_it_is_labelled_and_no_padding_is_proposed() -> None:
    text = network("first: conv(8, 1)\nconv(8, 3)\nadd { first; conv(8, 3) }")
    assert labels(text) == [
        ("conv(8, 3)", "height H − 2 becomes (H − 2) − 3 + 0 + 1 = H − 4 here"),
        ("first", "this path is N x 8 x H x W"),
        ("first", "`first` is labelled here"),
    ]
    (found,) = errors(text)
    assert found.help is not None
    assert found.help.text == PROJECT


def test_of_three_paths_the_two_that_differ_are_explained() -> None:
    text = network("mul { identity; conv(8, 3, padding=1); conv(8, 3) }")
    assert labels(text)[0] == CONV_3
    (found,) = errors(text)
    assert found.help is not None
    assert found.help.text == "with `padding=1` the `conv` keeps the height"


def test_no_projection_is_proposed_where_strides_are_too_complex_to_try() -> None:
    two_pools = "concat(axis=2) { identity; max_pool((67, 1)) -> max_pool((67, 1)) }"
    (found,) = errors(network(f"{two_pools}\nadd {{ identity; conv(8, (2, 1)) }}"))
    assert found.code == "E0302"
    assert found.help is not None
    assert found.help.text == PROJECT
