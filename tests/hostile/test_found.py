"""What fuzzing, bombs and hostile trees have found once: each with the smallest program that showed it."""

from __future__ import annotations

import pytest

from archdsl.diagnostics.sink import MOST_WEIGHED
from archdsl.driver.outcome import check_path, heed_comments
from archdsl.driver.overlay import OverlayLoader, place_of
from archdsl.ir import meter
from archdsl.ir.meter import MAX_WORK
from tests.counting import calls_of
from tests.hostile.support import PATH, codes, network, places, quick_codes

ONES = ", ".join(["1"] * 900)

BOMBS = {
    "a list is added up in every turn": f"let v = [{ONES}]\n    for i in 0..90_000 {{ dropout((sum(v) + i) / 1M) }}",
    "a long sum in every turn": f"for i in 0..90_000 {{ dropout(({' + '.join(['i'] * 60)}) / 1G) }}",
    "a list is handed to a block in every turn": f"let v = [{ONES}]\n    for i in 0..90_000 {{ b(v, i) }}",
    "lists are compared in every turn": f"let v = [{ONES}]\n    for i in 0..90_000 {{ if v == v {{ elu(i + 1) }} }}",
    "an open image shrinks in every turn": "repeat 100_000 { conv(8, 3) -> relu }",
    "an image grows in every turn": "repeat 100_000 { conv(8, 3, padding=2) }",
    "loops in a loop grow": "repeat 10_000 { repeat 10_000 { conv(8, 3, padding=2) } }",
    "blocks apply blocks in every turn": "for i in 0..90_000 { c(i) }",
}
BLOCKS = "block b(v: [int], i: int) { dropout((sum(v) + i) / 1G) }\n" + "".join(
    f"block c{number}(i: int) {{ c{number + 1}(i) }}\n" for number in range(40)
).replace("c0", "c") + "block c40(i: int) { dropout(i / 1M) }\n"  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_work_is_refused_when_it_becomes_too_much(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each took from four seconds to minutes: layers were counted, but not what it takes to compute them."""
    monkeypatch.setattr(meter, "MAX_WORK", MAX_WORK // 10)
    text = network(BOMBS[name], before=BLOCKS, shape="N, 8, H, W" if "open" in name else "N, 8, 8, 8")
    assert quick_codes(text) == ["E0404"]


def test_networks_of_a_file_share_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of a thousand networks could take a thousand times as long."""
    monkeypatch.setattr(meter, "MAX_WORK", MAX_WORK // 10)
    one = network("for i in 0..6_000 { dropout(i / 1M) }")
    assert quick_codes(one) == []
    found = quick_codes("".join(one.replace("n()", f"n{number}()") for number in range(300)))
    assert set(found) == {"E0404"}
    assert len(found) == 1


def test_did_you_mean_is_asked_a_bounded_number_of_times() -> None:
    """Thousands of names that nearly fit, each compared with thousands of others: thirteen seconds."""

    def text(count: int) -> str:
        labels = "".join(f"    labelled{number}: relu\n" for number in range(count))
        return network(labels + "".join(f"    lebelled{number}x\n" for number in range(count)))

    few, many = (calls_of(lambda n=n: quick_codes(text(n))) for n in (MOST_WEIGHED // 2, MOST_WEIGHED))  # type: ignore[misc]
    assert many < 2.5 * few


def test_a_broken_output_beside_one_that_is_used() -> None:
    """An IndexError: of a block's two outputs one cannot be parsed, and the other is used."""
    block = "block b() {\n    output fine: [N, C, H, W]\n    max_pool(2)\n    output (: [N, C, _, _]\n}\n"
    text = network("m: b\n    m.fine -> conv(4, 1)", before=block)
    assert [code for _, _, code in places(text)] == ["E0103"]


def test_a_statement_that_ends_with_the_file_under_an_open_brace() -> None:
    """The finding ended one place behind the end of the file, and said: found ````."""
    text = "network n() {\n    input image: [N, 8, 8, 8]\n    repeat"
    assert "E0103" in codes(text)
    outcome = check_path(OverlayLoader(".", {place_of(PATH): text.encode()}), PATH)
    assert all("``" not in finding.message for finding in outcome.findings)


def test_an_ignore_comment_in_what_is_no_text() -> None:
    """``--fix`` wanted to repair the comment in bytes that cannot be read, and said that the file had changed."""
    data = network("relu  # archdsl: ignore[unused-varable]").encode() + b"# \xed\xa0\x80"
    outcome = check_path(OverlayLoader(".", {place_of(PATH): data}), PATH)
    assert [finding.code for finding in heed_comments(outcome.findings, [outcome])] == ["E0104"]


@pytest.mark.parametrize(
    "make",
    [
        lambda n: network("".join(f"let v{number} = {number}\n    " for number in range(n)) + "relu"),
        lambda n: network("".join(f"relu\n    output o{number}: [N, _, _, _]\n    " for number in range(n))),
        lambda n: "network n() {\n" + "".join(f"    input i{number}: [N, 8]\n" for number in range(n)) + "}\n",
        lambda n: f"from std import {', '.join(f'nothing{number}' for number in range(n))}\n" + network("relu"),
    ],
    ids=["variables", "outputs", "inputs", "unknown imports"],
)
def test_what_was_quadratic_is_linear(make: object) -> None:
    assert callable(make)
    few, many = (calls_of(lambda n=n: quick_codes(make(n))) for n in (300, 1_200))  # type: ignore[misc]
    assert many < 5 * few


@pytest.mark.parametrize("char", ["\u061c", "\u00ad", "\u180e", "\u3164", "\ufff9", "\U000e0041"])
def test_more_characters_that_hide(char: str) -> None:
    """The Arabic letter mark turns the direction of writing; the others are invisible."""
    assert codes(network(f"relu  # {char}")) == ["E0102"]
