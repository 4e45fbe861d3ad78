"""Figures of the source documents, row by row: our own output reproduces them, or the test says why it does not.

LeNet-5 of 1998 is tested beside its spec, which comes with its two layers of its own (subsampling, Gaussian outputs).
"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from archdsl.analysis import receptive_field as rf
from archdsl.analysis.budget import DEFAULT, budget
from archdsl.analysis.flatten import flatten
from archdsl.analysis.memory import Programs
from archdsl.analysis.table import rows
from archdsl.analysis.totals import totals
from archdsl.ir.typed import TypedDesign
from archdsl.ir.types import TensorType
from tests.analysis.support import inputs_of, module_of, network, spec, spec_totals


def net(steps: str, image: str = "3, 227, 227", output: str = "N, _, _, _") -> TypedDesign:
    return network(f"network n() {{ input image: [{'N, ' + image}]\n {steps}\n output y: [{output}] }}")


def shape(design: TypedDesign) -> tuple[object, ...]:
    (output,) = (value for _, value, _ in design.outputs)
    assert output is not None
    return output.shape[1:]


def kinds(design: TypedDesign, kind: str) -> list[TensorType]:
    """The outputs of all layers of a kind, in order, without what only training runs."""
    found = [layer.output for layer in flatten(design) if layer.op == kind and layer.when is None]
    return [output for output in found if output is not None]


def computed(steps: str, image: torch.Tensor, weights: list[torch.Tensor]) -> torch.Tensor:
    """What generated code makes of an image, its weights set to the document's."""
    design = net(steps, ", ".join(map(str, image.shape[1:])))
    model = module_of(design)
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), weights, strict=True):
            parameter.copy_(value)
        result: torch.Tensor = model(image)
    return result[0, 0]


# --- windows ----------------------------------------------------------------------------------------------------------

IMAGE = torch.arange(9.0).reshape(1, 1, 3, 3)
KERNEL = torch.arange(4.0).reshape(1, 1, 2, 2)


@pytest.mark.parametrize("n", [5, 11, 28, 227])
@pytest.mark.parametrize(("k", "p", "s"), [(3, 1, 1), (11, 0, 4), (5, 2, 3), (2, 0, 2)])
def test_the_output_rule(n: int, k: int, p: int, s: int) -> None:
    """⌊(n − k + p + s)/s⌋ with p the padding of both sides together; 2p stands there for our padding per side."""
    if n + 2 * p < k:
        return
    height, width = shape(net(f"conv(1, {k}, stride={s}, padding={p})", f"1, {n}, {n + 1}"))[1:]
    assert (height, width) == ((n - k + 2 * p + s) // s, (n + 1 - k + 2 * p + s) // s)


def test_two_by_two_over_three_by_three() -> None:
    assert computed("conv(1, 2, bias=false)", IMAGE, [KERNEL]).tolist() == [[19, 25], [37, 43]]


def test_a_padding_of_one_on_each_side() -> None:
    result = computed("conv(1, 2, padding=1, bias=false)", IMAGE, [KERNEL])
    assert result.shape == (4, 4)
    assert result[0].tolist() == [0, 3, 8, 4]


def test_strides_of_three_and_two() -> None:
    result = computed("conv(1, 2, stride=(3, 2), padding=1, bias=false)", IMAGE, [KERNEL])
    assert result.tolist() == [[0, 8], [6, 8]]


def test_two_channels_in_one_out() -> None:
    image, kernel = torch.cat([IMAGE, IMAGE + 1], 1), torch.cat([KERNEL, KERNEL + 1], 1)
    assert computed("conv(1, 2, bias=false)", image, [kernel]).tolist() == [[56, 72], [104, 120]]


def test_two_by_two_max_pooling() -> None:
    assert computed("max_pool(2, stride=1)", IMAGE, []).tolist() == [[4, 5], [7, 8]]


# --- AlexNet and its relatives ----------------------------------------------------------------------------------------


def test_alexnet_s_first_layer() -> None:
    design = net("conv(96, 11, stride=4, bias=false)")
    assert (shape(design), totals(design).weights) == ((96, 55, 55), 34_848)


def test_alexnet_s_first_pool() -> None:
    design = net("conv(96, 11, stride=4, bias=false)\n max_pool(3, stride=2)")
    assert (shape(design), rows(design)[-1].weights) == ((96, 27, 27), 0)


def test_alexnet_is_eight_layers_deep() -> None:
    design = spec("alexnet.arch", "alexnet")
    assert totals(design).depth == 8
    assert (len(kinds(design, "conv")), len(kinds(design, "linear"))) == (5, 3)


ZFNET = """
conv(96, 7, stride=2, padding=1) -> relu -> max_pool(3, stride=2, ceil=true)
conv(256, 5, stride=2) -> relu -> max_pool(3, stride=2, ceil=true)
conv({c3}, 3, padding=1) -> relu -> conv({c4}, 3, padding=1) -> relu -> conv({c5}, 3, padding=1) -> relu
max_pool(3, stride=2) -> flatten -> linear(4096) -> relu -> dropout -> linear(4096) -> relu -> dropout -> linear(1000)
"""


def test_zfnet_is_alexnet_with_a_finer_start_and_more_filters() -> None:
    design = net(ZFNET.format(c3=512, c4=1024, c5=512), "3, 224, 224", "N, 1000")
    first, *rest = kinds(design, "conv")
    assert first.shape[1:] == (96, 110, 110)
    assert [value.channels for value in rest[1:]] == [512, 1024, 512]
    assert totals(design).depth == 8


def test_alexnet_in_two_streams() -> None:
    """Grouped convolutions are two streams that do not see each other: half the weights. The third layer joins them."""
    one = totals(net("conv(96, 11, stride=4) -> max_pool(3, stride=2) -> conv(256, 5, padding=2)")).weights
    steps = "conv(96, 11, stride=4) -> local_response_norm(5, k=2.0) -> max_pool(3, stride=2)"
    two = net(f"{steps} -> conv(256, 5, padding=2, groups=2)")
    assert one - totals(two).weights == 256 * 48 * 25
    joined = net(f"{steps} -> conv(256, 5, padding=2, groups=2) -> conv(384, 3, padding=1)")
    assert totals(joined).weights - totals(two).weights == 384 * 256 * 9 + 384


def test_alexnet_with_batch_norm() -> None:
    """Convolution, batch norm, activation, pooling, in this order; linear layers of 4096, 4096 and 1000."""
    unit = "conv(96, 11, stride=4) -> batch_norm -> relu -> max_pool(3, stride=2)"
    design = net(f"{unit} -> flatten -> linear(4096) -> linear(4096) -> linear(1000)", output="N, 1000")
    assert [layer.op for layer in flatten(design)][:4] == ["conv", "batch_norm", "relu", "max_pool"]
    assert [value.shape[1] for value in kinds(design, "linear")] == [4096, 4096, 1000]


def test_dropout_follows_the_hidden_linear_layers_and_is_the_identity_in_inference() -> None:
    ops = [layer.op for layer in flatten(spec("vgg.arch", "vgg16")) if layer.op in ("linear", "relu", "dropout")]
    assert ops[-7:] == ["linear", "relu", "dropout"] * 2 + ["linear"]
    design = net("dropout(0.5)", "3, 4, 4")
    model, (image,) = module_of(design).eval(), inputs_of(design)
    assert model(image) is image


# --- VGG and NiN ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "convolutions"), [("vgg11", 8), ("vgg16", 13), ("vgg19", 16)])
def test_vgg_s_layers(name: str, convolutions: int) -> None:
    """One source gives VGG-19 six blocks; the paper, and we, have five: each ends in a pool."""
    design = spec("vgg.arch", name)
    assert (len(kinds(design, "conv")), len(kinds(design, "linear"))) == (convolutions, 3)
    assert len(kinds(design, "max_pool")) == 5


def test_vgg16_has_138_million_weights() -> None:
    assert round(spec_totals("vgg.arch", "vgg16").weights / 1e6) == 138


def test_three_layers_of_three_by_three_see_seven_by_seven() -> None:
    field = rows(net("repeat 3 { conv(3, 3, padding=1) }", "3, 32, 32"))[-1].field
    assert rf.extents(field) == (7, 7)


def test_vgg16_s_memory() -> None:
    """The lecture's table has the image, convolutions, pools and linear layers, 4 bytes a value, and says 24 M values
    (96 MB). Its own lines add up to 15.2 M (61 MB). Ours are more, because ``relu`` makes a tensor of its own in the
    generated code, which the table leaves out: with each convolution and hidden linear layer, one more of its size.
    """
    design = spec("vgg.arch", "vgg16")
    image = 3 * 224 * 224

    def values(*names: str) -> int:
        outputs = [output for name in names for output in kinds(design, name)]
        return sum(int(torch.Size(output.shape[1:]).numel()) for output in outputs)  # type: ignore[arg-type]

    lecture = image + values("conv", "max_pool", "linear")
    assert lecture == 15_237_608
    assert round(lecture / 1e6, 1) == 15.2
    assert round(4 * lecture / 1e6) == 61
    ours = totals(design).activations
    assert ours == values("conv", "max_pool", "linear", "relu", "adaptive_avg_pool")
    assert ours == lecture - image + values("relu") + 512 * 7 * 7
    assert lecture < 24e6 < ours + image < 29e6


def test_vgg16_keeps_about_what_the_lecture_s_table_has() -> None:
    """Of a convolution and its relu one output is kept, so that the lecture's sum is what training keeps, but for the
    places of maxima (8 bytes each), the adaptive pool's output, the masks and outputs of two dropouts, and the logits,
    which nothing waits for.
    """
    programs = Programs.of(spec("vgg.arch", "vgg16"))
    assert programs is not None
    maxima = 8 * sum(64 * 2**i * (112 // 2**i) ** 2 for i in range(4)) + 8 * 512 * 49
    flat, masks, dropped = 4 * 512 * 49, 4 * 2 * 4096, 4 * 2 * 4096
    assert programs.kept(1, "fp32") == 4 * (15_237_608 - 1000) + maxima + flat + masks + dropped


def test_a_nin_block_and_its_network() -> None:
    design = spec("nin.arch", "nin")
    kernels = [layer.arguments["kernel"] for layer in flatten(design) if layer.op == "conv"]
    assert kernels == [11, 1, 1, 5, 1, 1, 3, 1, 1, 3, 1, 1]
    assert kinds(design, "conv")[-1].channels == 10
    assert not kinds(design, "linear")


def test_global_average_pooling_saves_25_million_weights() -> None:
    """256 maps of 100 x 100 and 10 outputs: 256·10^5 weights (25.6 M) without, 2,560 with; biases come on top."""
    without = totals(net("flatten -> linear(10)", "256, 100, 100", "N, 10"))
    with_it = totals(net("global_avg_pool -> flatten -> linear(10)", "256, 100, 100", "N, 10"))
    assert (without.weights - 10, with_it.weights - 10) == (256 * 10**5, 2_560)


# --- GoogLeNet, ResNet, DenseNet and later ----------------------------------------------------------------------------


def test_googlenet() -> None:
    """Nine inception blocks, 22 layers deep, two heads in training, no hidden linear layer in the main path."""
    design = spec("googlenet.arch", "googlenet")
    parts = rows(design, depth=1)
    assert sum(part.kind == "inception" for part in parts) == 9
    assert totals(design).depth == 22
    assert [when for _, _, when in design.outputs] == ["training", "training", None]
    assert len(kinds(design, "linear")) == 1


def test_a_residual_block_is_x_plus_g_of_x() -> None:
    design = net("add { identity; conv(3, 3, padding=1) -> relu }", "3, 5, 5")
    model, (image,) = module_of(design), inputs_of(design)
    (convolution,) = (module for module in model.modules() if isinstance(module, nn.Conv2d))
    assert torch.equal(model(image), image + torch.relu(convolution(image)))


def test_resnet_projects_where_shapes_differ_and_goes_to_152_layers() -> None:
    """One source calls the deepest ResNet "151"; the paper, and we, have 152."""
    design = spec("resnet.arch", "resnet152")
    assert totals(design).depth == 152
    projections = [layer.path for layer in flatten(design) if layer.path.endswith("downsample.0")]
    assert projections == [f"layer{stage}.0.downsample.0" for stage in (1, 2, 3, 4)]
    block = rows(design, depth=2)[4]
    assert (block.kind, block.output and block.output.channels) == ("bottleneck", 256)


def test_densenet_concatenates_everything_before() -> None:
    """x3 = [x, f1(x), f2([x, f1(x)])]."""
    design = net("from_x: { concat { identity; conv(2, 1) } }\n concat { identity; conv(4, 1) }", "3, 5, 5")
    model, (image,) = module_of(design), inputs_of(design)
    first, second = (module for module in model.modules() if isinstance(module, nn.Conv2d))
    once = torch.cat([image, first(image)], 1)
    assert torch.equal(model(image), torch.cat([once, second(once)], 1))


def test_densenet_needs_less_than_half_of_resnet_s_weights() -> None:
    """At like accuracy: DenseNet-201 beside ResNet-101 (Huang et al., 2016, figure 3)."""
    assert spec_totals("densenet.arch", "densenet201").weights < spec_totals("resnet.arch", "resnet101").weights / 2


def test_the_modern_lenet() -> None:
    design = spec("lenet.arch", "lenet")
    assert [value.shape[1] for value in kinds(design, "linear")] == [120, 84, 10]
    assert (len(kinds(design, "sigmoid")), len(kinds(design, "avg_pool"))) == (4, 2)


def test_squeeze_and_excitation_learns_a_weight_per_channel() -> None:
    gate = "global_avg_pool -> conv(4, 1) -> relu -> conv(8, 1) -> sigmoid"
    design = net(f"scale {{ identity; {gate} }}", "8, 6, 6")
    assert kinds(design, "sigmoid")[0].shape[1:] == (8, 1, 1)
    assert totals(design).weights == 8 * 4 + 4 + 4 * 8 + 8


def test_shufflenet_mixes_the_channels_of_grouped_convolutions() -> None:
    """Without the shuffle an output sees the inputs of its group alone; with it, those of all groups."""
    apart = net("conv(4, 1, groups=2, bias=false) -> conv(4, 1, groups=2, bias=false)", "4, 1, 1")
    mixed = net("conv(4, 1, groups=2, bias=false) -> channel_shuffle(2) -> conv(4, 1, groups=2, bias=false)", "4, 1, 1")

    def seen(design: TypedDesign) -> int:
        model = module_of(design)
        for parameter in model.parameters():
            nn.init.ones_(parameter)
        image = torch.ones(1, 4, 1, 1, requires_grad=True)
        model(image)[0, 0].sum().backward()
        assert image.grad is not None
        return int((image.grad != 0).sum())

    assert (seen(apart), seen(mixed)) == (2, 4)


def test_what_a_budget_holds_is_the_sum_of_its_parts() -> None:
    """The lecture's other point: in VGG the weights are in the linear layers, the values in the first convolutions."""
    design = spec("vgg.arch", "vgg16")
    found = rows(design, depth=1)
    weights = {part.path: part.weights for part in found}
    assert weights["classifier"] > 0.89 * totals(design).weights
    programs = Programs.of(design)
    assert programs is not None
    made = budget(programs, totals(design), DEFAULT)
    assert made.inference == made.weights + made.buffers + made.values.peak
    first = kinds(design, "conv")[0]
    assert made.values.peak == 4 * (2 * int(torch.Size(first.shape[1:]).numel()) + 3 * 224 * 224)  # type: ignore[arg-type]
