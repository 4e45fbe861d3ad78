"""Did you mean: good guesses, no bad ones, bounded work."""

from __future__ import annotations

import itertools
import random
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.diagnostics import suggest
from archdsl.diagnostics.suggest import WORK, closest, distance
from tests.counting import calls_of

LAYERS = """
    conv conv_transpose linear bilinear max_pool avg_pool lp_pool adaptive_avg_pool adaptive_max_pool global_avg_pool
    batch_norm layer_norm group_norm instance_norm local_response_norm dropout dropout2d stochastic_depth relu relu6
    leaky_relu prelu elu selu gelu silu sigmoid tanh softmax log_softmax flatten reshape permute channel_shuffle
    upsample zero_pad identity add concat mul scale multi_head_attention
""".split()
PARAMETERS = "channels kernel stride padding dilation groups bias ceil mode classes".split()
LABELS = "stem down0 down1 layer1 layer2 head branch_a branch_b".split()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        # another spelling of the same name
        ("batchnorm", "batch_norm"),
        ("BatchNorm2d", "batch_norm"),
        ("Conv", "conv"),
        ("Conv2d", "conv"),
        ("conv3x3", "conv"),
        ("CONV_TRANSPOSE", "conv_transpose"),
        ("ConvTranspose3d", "conv_transpose"),
        ("Conv2DTranspose", "conv_transpose"),
        ("maxpool2d", "max_pool"),
        ("MaxPool", "max_pool"),
        ("AdaptiveAvgPool2d", "adaptive_avg_pool"),
        ("Dropout2D", "dropout2d"),
        ("Dropout3d", "dropout"),
        # the words of PyTorch, Keras and papers
        ("Dense", "linear"),
        ("fc", "linear"),
        ("BatchNormalization", "batch_norm"),
        ("bn", "batch_norm"),
        ("concatenate", "concat"),
        ("cat", "concat"),
        ("GlobalAveragePooling2D", "global_avg_pool"),
        ("MaxPooling2D", "max_pool"),
        ("Upsampling2D", "upsample"),
        ("ZeroPadding2D", "zero_pad"),
        ("swish", "silu"),
        ("lrn", "local_response_norm"),
        # words in another order
        ("pool_max", "max_pool"),
        ("NormBatch", "batch_norm"),
        # typing mistakes
        ("cnov", "conv"),
        ("lineer", "linear"),
        ("rlu", "relu"),
        ("reluu", "relu"),
        ("dropuot", "dropout"),
        ("batch_nrom", "batch_norm"),
        ("globl_avg_pol", "global_avg_pool"),
        # cut short
        ("adaptive_avg", "adaptive_avg_pool"),
        ("stochastic", "stochastic_depth"),
    ],
)
def test_layers(name: str, meant: str) -> None:
    assert closest(name, LAYERS) == meant
    assert closest(name, reversed(LAYERS)) == meant, "the order of the candidates does not matter"
    assert closest(name, set(LAYERS)) == meant


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("stirde", "stride"),
        ("strides", "stride"),
        ("kernel_size", "kernel"),
        ("kernelsize", "kernel"),
        ("out_channels", "channels"),
        ("filters", "channels"),
        ("chanels", "channels"),
        ("ceil_mode", "ceil"),
        ("pad", "padding"),
        ("use_bias", "bias"),
        ("dilation_rate", "dilation"),
        ("num_classes", "classes"),
    ],
)
def test_parameters(name: str, meant: str) -> None:
    assert closest(name, PARAMETERS) == meant


@pytest.mark.parametrize(("name", "meant"), [("dwon0", "down0"), ("Head", "head"), ("branch_A", "branch_a")])
def test_labels(name: str, meant: str) -> None:
    assert closest(name, LABELS) == meant


@pytest.mark.parametrize("name", ["banana", "foo", "xy", "q", "transformer", "zzzzzzzz", "", "_", "漢字", "a" * 65])
@pytest.mark.parametrize("candidates", [LAYERS, PARAMETERS, LABELS, []], ids=["layers", "parameters", "labels", "none"])
def test_no_guess_is_better_than_a_bad_one(name: str, candidates: list[str]) -> None:
    assert closest(name, candidates) is None


@pytest.mark.parametrize("name", ["in_channels", "in_features", "InChannels", "inplace", "num_features"])
def test_what_is_inferred_here_suggests_nothing(name: str) -> None:
    assert closest(name, [*PARAMETERS, "in_place", "features"][:10]) is None


def test_a_name_that_means_nothing_here_may_still_be_a_name_of_the_file() -> None:
    assert closest("in_channels", ["inchannels"]) == "inchannels"


def test_a_foreign_word_is_only_translated_into_a_word_that_is_known() -> None:
    assert closest("Dense", ["conv"]) is None
    assert closest("kernel_size", ["channels", "stride"]) is None


def test_a_word_of_the_file_wins_over_the_word_of_another_library() -> None:
    assert closest("Dense", ["linear", "dense"]) == "dense"


def test_the_name_itself_is_never_the_answer() -> None:
    assert closest("conv", ["conv"]) is None
    assert closest("conv", ["conv", "Conv"]) == "Conv"


def test_one_letter_and_two_letter_names_are_not_guessed() -> None:
    assert closest("h", ["w", "x"]) is None
    assert closest("ab", ["ac", "abc"]) is None


def test_of_equally_near_names_the_one_with_the_same_first_letter_is_meant() -> None:
    assert closest("down2", ["aown2", "down0"]) == "down0"


def test_a_shortened_name_is_only_completed_where_one_name_fits() -> None:
    assert closest("adaptive", LAYERS) is None


def reference_distance(left: str, right: str) -> int:
    """The textbook recursion, every cell, no shortcut: what ``distance`` has to equal."""
    table = [[i + j if i * j == 0 else 0 for j in range(len(right) + 1)] for i in range(len(left) + 1)]
    for i, j in itertools.product(range(1, len(left) + 1), range(1, len(right) + 1)):
        substitution = table[i - 1][j - 1] + (left[i - 1] != right[j - 1])
        table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, substitution)
        if i > 1 and j > 1 and left[i - 2 : i] == right[j - 2 : j][::-1]:
            table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


@given(st.text("abc", max_size=9), st.text("abc", max_size=9), st.integers(0, 5))
@settings(max_examples=500, deadline=None)
def test_the_distance_is_the_textbooks_up_to_its_limit(left: str, right: str, limit: int) -> None:
    assert distance(left, right, limit) == min(reference_distance(left, right), limit + 1)


@given(st.text(max_size=70), st.lists(st.text(max_size=70), max_size=20))
@settings(deadline=None)
def test_any_text_is_answered_with_a_candidate_or_none(name: str, candidates: list[str]) -> None:
    answer = closest(name, candidates)
    assert answer is None or (answer in candidates and answer != name)


def shuffled_pairs(text: str, dice: random.Random) -> str:
    letters = list(text)
    for _ in range(4):
        at = dice.randrange(len(letters) - 1)
        letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)


def test_thousands_of_near_names_cost_little() -> None:
    dice = random.Random(1)
    base = "".join(dice.choice("abcdefghij") for _ in range(64))
    nearly = [shuffled_pairs(base, dice) for _ in range(20_000)]
    same_letters = ["".join(dice.sample(base, 64)) for _ in range(5_000)]
    for candidates in (nearly, same_letters, ["a" * 60 + f"{number:04d}" for number in range(10_000)]):
        for name in (base, "a" * 64):
            calls = calls_of(partial(closest, name, candidates))
            assert calls < 30 * len(candidates), "a table of distances has 64 rows"


def test_the_work_of_one_call_is_bounded_however_many_names_are_near(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def counted(left: str, right: str, limit: int) -> int:
        nonlocal calls
        calls += 1
        return limit + 1

    monkeypatch.setattr(suggest, "distance", counted)
    closest("abcdefgh" * 8, (f"{'abcdefgh' * 7}abcd{number:04d}"[-64:] for number in range(10_000)))
    assert calls == 0, "four other letters are too many: no table is needed to know it"
    base = "abcdefgh" * 8
    near = {base[:i] + base[i + 1 : j] + base[j + 1 :] for i in range(64) for j in range(i + 1, 64)}
    cells = 64 * 7  # of a table for names of 64 letters and up to three mistakes
    assert len(near) * cells > 2 * WORK
    closest(base, near)
    assert 0 < calls <= WORK // cells + 1
