"""Texts written by hand in ruff's layout, for each shape that generated code has: printed, they come out the same."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from archdsl.codegen.printer import print_module, verify_print
from tests.codegen.ruff import formatted

TEXTS = {
    "arguments on one line of their own": """
        self.conv1 = nn.Conv2d(
            in_channels, channels, kernel_size=3, stride=stride, padding=1, bias=False
        )
    """,
    "arguments one per line": """
        self.conv1 = nn.Conv2d(
            in_channels,
            out_channels,
            kernel_size=kernel_size,
            stride=stride,
            padding=1,
            bias=False,
        )
    """,
    "nested calls": """
        self.downsample = nn.Sequential(
            nn.Conv2d(in_channels, channels * 4, kernel_size=1, stride=stride, bias=False),
            nn.BatchNorm2d(channels * 4),
        )
    """,
    "calls in calls that fit": "x = self.relu(self.bn1(self.conv1(x)))\n",
    "a list in a call": """
        x = torch.cat(
            [self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], dim=1
        )
    """,
    "a generator in a call": """
        self.layer1 = nn.Sequential(
            Bottleneck(64, 256), *(Bottleneck(256, 64) for _ in range(layers[0] - 1))
        )
    """,
    "a lone generator": "total = sum(weight.numel() for weight in self.parameters())\n",
    "powers": "x = base * 2**i + (a + b) ** i + a.b**-1 + f(x) ** 2 + -(y**2)\n",
    "a long sum": """
        self.out_channels = (
            branch1_channels + branch2_channels + branch3_channels + branch4_channels + 64
        )
    """,
    "a longer sum": """
        self.out_channels = (
            self.branch1.out_channels
            + self.branch2.out_channels * self.branch2.groups
            + self.branch3.out_channels
            + self.branch4.out_channels
        )
    """,
    "a long conditional": """
        self.downsample = (
            nn.Identity()
            if stride == 1 and in_channels == channels * expansion
            else Projection(in_channels, channels * expansion, stride)
        )
    """,
    "parentheses where precedence asks for them": """
        x = (a or b) and not (c and d) or (a if b else c) + -(-a) - (b - c) < (d < e)
        y = (a, (b,), (), [a, (b, c)], {a: (b, c)}, x[a, b], x[(*a, b)], x[(a,)], x[()])
        y = (a + b).c
        z = [(1).real ** (-b) ** c, (a**b) ** c, *(a or b), (yes if a else b)(c), not -a]
    """,
    "slices": "a = (x[:, 1:], x[i + 1 : n], x[::2], x[-1:], x[f(x) :], x[: n // 2, ..., None])\n",
    "a tuple of one slice": """
        a = b[1:,]
        c[d + 1 :,] = e
        self.features_of_the_encoder = self.features_of_the_encoder_by_stage[
            first_stage + first_of_all_stages_before_normalization :,
        ]
    """,
    "tuples without parentheses": """
        a, b = b, a
        for i, (channels, stride) in enumerate(stages):
            pass
        x = [a for a, b in pairs if a not in b]
    """,
    "a target that is a subscript": """
        self.features_of_the_encoder[name_of_the_stage] = self.blocks_of_the_encoder[
            name_of_the_stage
        ]
    """,
    "a long name": """
        the_feature_maps_of_the_encoder_by_stage = (
            the_feature_maps_of_the_encoder_before_normalization
        )
    """,
    "signatures": """
        def short(x: Tensor) -> Tensor:
            return x


        def one_line_of_parameters(
            self, in_channels: int, channels: int, stride: int = 1, *, bias: bool = False
        ) -> None:
            pass


        def one_per_line(
            self,
            in_channels: int,
            channels: tuple[int, int],
            stride: int = 1,
            *args: Tensor,
            activation=None,
            **kwargs,
        ) -> tuple[Tensor, Tensor]:
            pass
    """,
    "a long return annotation": """
        def forward(
            self, x: Tensor
        ) -> tuple[Tensor, Tensor, Tensor, dict[str, tuple[Tensor, ...]], list[Tensor]]:
            return x
    """,
    "a long return annotation without parameters": """
        def the_features_of_the_encoder_of_the_first_stage() -> feature_maps_of_stages[
            first_stage
        ].FeatureMap:
            pass


        def the_features_of_the_encoder_of_the_first_stage_of_the_network_without_a_head() -> (
            FeatureMap
        ):
            pass
    """,
    "returned tuples": """
        def forward(self, x):
            if self.training:
                return self.classifier_of_the_main_branch(x), self.auxiliary_classifier(
                    self.features(x)
                )
            return (
                self.classifier_of_the_main_branch(x),
                self.first_auxiliary_classifier(x),
                self.second_auxiliary_classifier(x),
            )
    """,
    "branches": """
        if stride == 1 and in_channels == channels:
            self.downsample = nn.Identity()
        elif stride == 2:
            self.downsample = nn.AvgPool2d(2)
        else:
            pass
    """,
    "a long condition": """
        if (
            self.stride == 1
            and self.in_channels == self.out_channels
            and self.groups == self.out_channels
        ):
            pass
    """,
    "an error with a long text": """
        def f(stride):
            raise ValueError(
                f"stride must be 1 or 2 and not {stride}: the shortcut of this "
                "block has no other form"
            )
    """,
    "a chain of calls": """
        self.weights = (
            torch.arange(self.in_channels_of_the_head)
            .reshape(1, self.in_channels_of_the_head, 1, 1)
            .expand(-1, -1, 7, 7)
        )
    """,
    "a sign before a chain of calls": """
        self.weights = ~torch.arange(self.in_channels_of_the_head).reshape(
            1, self.in_channels_of_the_head, 1, 1
        ).expand(-1, -1, 7)
    """,
    "annotated and augmented assignments": """
        channels: int
        layers: dict[str, tuple[int, ...]] = {}
        expansion: int | None = None
        channels += growth * 2
        x @= y
    """,
    "annotations that could break, and some that could not": """
        x: -(a + b) = 1
        x: (a + b).c
        x: f() = 1
        the_feature_maps_of_the_encoder_by_stage_before_normalization: (a + b).c = (
            the_feature_maps_of_the_encoder_by_stage
        )
        the_feature_maps_of_the_encoder_by_stage_before_normalization: f() = (
            the_feature_maps_of_the_encoder_by_stage
        )
        the_feature_maps_of_the_encoder_by_stage_before_normalization: f(a) = (
            the_feature_maps_of_the_encoder_by_stage
        )
    """,
    "powers of what is negated": """
        x = a ** -(not b) + a**-(-b)
        x = the_feature_maps_of_the_encoder_by_stage_before_normalization ** -(
            not the_feature_maps_of_the_encoder_by_stage_before_normalization
        )
    """,
    "imports": """
        import torch.nn.functional as F
        from torch import Tensor, nn
        from archdsl_layers.normalization import (
            FilterResponseNormalization,
            LocalResponseNormalization,
        )

        x = 1
    """,
    "an import of one long name": """
        from archdsl_layers.normalization.of_features import (
            TheFilterResponseNormalizationOfFeatures,
        )
    """,
    "several targets": """
        a = b[i] = c
        self.feature_maps_of_the_encoder_by_stage_before_normalization_and_activation_in_order = (
            features
        ) = x
        a = (
            self.feature_maps_of_the_encoder_by_stage_before_normalization_and_activation_in_order
        ) = b = x
    """,
    "a field that begins with a brace": """
        x = f"{ {a: b}[c]!r} { {a: b}[c]:>8} { {a: b}[c] } { {a: c for c in b} }"
    """,
    "a text broken at blanks only": """
        raise ValueError(
            f"the shortcut of the block has in_channels={in_channels} and "
            f"out_channels={out_channels}, stride={stride}"
        )
    """,
    "definitions and docstrings": '''
        """The module."""

        import torch

        __all__ = ["A"]


        class A(nn.Module, metaclass=M):
            """A class.

            With details.
            """

            expansion = 4

            def f(self) -> None:
                """One method."""
                pass

            @property
            @cached(size=1)
            def g(self) -> int:
                return 1


        class B:
            pass
    ''',
    "literals": """
        x = [None, True, False, 1, 1.5, 1e-05, 1e20, "it's", 'a "b"', "\\\\n", "\\t"]
        y = [f"layer{i + 1}", f"{x!r:>8}", f"{d['k']}", f'"{d["k"]}"', f"{{{x}}}"]
    """,
    "dictionaries and comprehensions": """
        x = {"a": 1, **y, b: c}
        sizes = {
            name_of_the_stage: size_of_the_stage
            for name_of_the_stage, size_of_the_stage in zip(names, sizes_of_stages)
            if size_of_the_stage
        }
    """,
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_in_the_right_layout_is_printed_as_it_is(name: str) -> None:
    text = dedent(TEXTS[name]).lstrip("\n")
    tree = ast.parse(text)
    assert print_module(tree) == text
    verify_print(tree, text)


def test_ruff_agrees_with_the_texts_written_by_hand(tmp_path: Path) -> None:
    texts = {f"t{at}": dedent(text).lstrip("\n") for at, text in enumerate(TEXTS.values())}
    assert formatted(tmp_path, texts) == texts
