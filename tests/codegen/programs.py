"""Small networks that use every feature of the language in ways that generated code finds hard."""

from __future__ import annotations

PROGRAMS = {
    "a_variable_stays_what_it_is": """
block grown(more: bool, twice: bool) {
    let width = x.channels + 2
    conv(width, 1)
    if more { concat { identity; conv(2, 1) } }
    conv(width, 1)
    if twice { concat { identity; identity } }
}
network n() {
    input image: [N, 3, H, W]
    grown(true, true) -> grown(false, true) -> grown(true, false)
    output features: [N, 26, H, W]
}
""",
    "variables": """
block fire(squeeze: int, expand: int = 2 * squeeze + 1, kernel: sizes = (1, 3), padding: sizes = (0, 1)) {
    let (inner, factor) = (squeeze + x.channels, 2)
    let outer = factor * inner
    let unread_in_init = x.channels
    conv(outer, kernel, padding=padding) -> relu
    conv(expand, 1)
    if unread_in_init == expand { add { identity; x } }
}
network variables(widths: [int] = [4, 6, 8]) {
    input image: [N, 3, H, W]
    features: {
        for i in 0..len(widths) {
            let (scale, kernel) = [(1, 1), (2, 3), (2, 1)][i]
            let width = scale * sum(widths[0..i]) + 1
            fire(width, kernel=kernel, padding=kernel // 2)
        }
        fire(4, expand=round_to(17, 8)) -> fire(8, 16)
    }
    take_channels(5, start=2)
    tail: { take_channels(4) -> conv(ceil(2.5), 1) -> stochastic_depth(0.1 * len(widths)) }
    output features: [N, 3, H, W]
}
""",
    "hyphens": """
network hyphens(depths: [int] = [1, 2]) {
    input image: [N, 3, H, W]
    trunk: {
        for s in 0..2 {
            block{s}: {
                for i in 0..depths[s] { block{s}-{i}: conv(4 * (s + 1), 1) }
            }
        }
    }
    for i in 0..2 { tail{i}-x: conv(4, 1) }
    add { tail{0}-x; identity }
    output features: [N, 4, H, W]
}
""",
    "unet": """
block double_conv(channels: int) {
    repeat 2 { conv(channels, 3, padding=1, bias=false) -> batch_norm -> relu }
}
network unet(depth: int = 3, base: int = 4, classes: int = 2) {
    input image: [N, 1, H, W]
    for i in 0..depth {
        down{i}: double_conv(base * 2**i)
        max_pool(2)
    }
    bottom: double_conv(base * 2**depth)
    for i in depth-1 ..= 0 by -1 {
        up{i}: conv_transpose(base * 2**i, 2, stride=2)
        concat { down{i}; identity }
        mix{i}: double_conv(base * 2**i)
    }
    head: conv(classes, 1)
    output mask: [N, classes, H, W]
}
""",
    "two_inputs": """
network pair(classes: int = 3) {
    input left: [N, 3, 8, 8]
    input right: [N, 5, 8, 8]
    near: { conv(6, 3, padding=1) -> relu }
    add {
        near
        right -> far: conv(6, 1)
    }
    global_avg_pool -> flatten
    head: linear(classes)
    output scores: [N, classes]
}
""",
    "training_beside_two_inputs": """
network helped(classes: int = 3) {
    input left: [N, 3, 8, 8]
    input right: [N, 5, 8, 8]
    concat {
        identity
        right
    }
    output early: [N, classes] when training {
        global_avg_pool -> flatten
        early_head: linear(classes)
    }
    global_avg_pool -> flatten
    head: linear(classes)
    output scores: [N, classes]
}
""",
    "several_outputs": """
block pyramid(width: int) {
    c1: conv(width, 3, padding=1) -> relu
    c2: conv(width * 2, 3, stride=2, padding=1) -> relu
    output fine: [N, width, _, _] { c1 -> lateral1: conv(width, 1) }
    output coarse: [N, width, _, _] { lateral2: conv(width, 1) }
}
network detector() {
    input image: [N, 3, H, W]
    stem: conv(4, 3, padding=1)
    neck: pyramid(6)
    output low: [N, 6, H, W] { neck.fine -> relu }
    neck.coarse -> conv(2, 1)
    output high: [N, 2, _, _]
}
""",
    "tensor_parameters": """
block fuse(skip: tensor, channels: int, act: block = relu) {
    concat {
        identity -> upsample(2)
        skip -> squeeze: conv(skip.channels // 2, 1)
    }
    conv(channels, 3, padding=1) -> act
}
network fusing() {
    input image: [N, 3, 16, 16]
    a: conv(8, 3, padding=1)
    b: conv(12, 3, stride=2, padding=1)
    c: conv(16, 3, stride=2, padding=1)
    up1: fuse(b, 10)
    up2: fuse(a, 6, act=leaky_relu(slope=0.2))
    output image2: [N, 6, 16, 16]
}
""",
    "groups_with_joins": """
network grouped(width: int = 4) {
    input image: [N, 3, 12, 12]
    stem: { conv(width, 3, padding=1) -> relu }
    body: {
        add { identity; conv(width, 3, padding=1) -> batch_norm -> relu -> conv(width, 1) }
        relu
        concat { identity; conv(width * 2, 1) }
    }
    tail: repeat 3 {
        add { identity; conv(3 * width, 3, padding=1) -> batch_norm }
        relu
    }
    head: conv(2, 1)
    output y: [N, 2, 12, 12]
}
""",
    "loops_in_named_scopes": """
block stage(n: int, channels: int) {
    first: conv(channels, 3, padding=1)
    repeat n { conv(channels, 3, padding=1) -> batch_norm -> relu }
    for i in 0..n { step{i}: conv(channels + i, 1) }
    last: conv(channels, 1) -> relu
}
network staged(widths: [int] = [4, 6]) {
    input image: [N, 3, 8, 8]
    for w in widths { stage(2, w) }
    stage(5, 8)
    repeat 6 { batch_norm -> relu }
    global_avg_pool -> flatten
    linear(4) -> relu -> linear(2)
    output y: [N, 2]
}
""",
    "conditions": """
block unit(channels: int, stride: int = 1, gate: bool = false, rate: float = 0.0) {
    conv1: conv(channels, 3, stride=stride, padding=1) -> bn1: batch_norm
    if gate {
        scale {
            identity
            global_avg_pool -> squeeze: conv(2, 1) -> relu -> widen: conv(channels, 1) -> sigmoid
        }
    }
    if rate > 0.0 { dropout(rate) }
    if x.channels == channels and stride == 1 { conv2: conv(channels, 1) }
    else if stride == 2 { conv3: conv(channels, 1, bias=false) }
    relu
}
network conditional() {
    input image: [N, 3, 16, 16]
    unit(4)
    unit(4, gate=true)
    unit(8, stride=2, rate=0.25)
    unit(8, gate=true, rate=0.5)
    output y: [N, 8, 8, 8]
}
""",
    "blocks_as_values": """
block act_conv(channels: int, act: block, kernel: int = 3) {
    conv(channels, kernel, padding=kernel // 2) -> act
}
block twice(unit: block, channels: int) {
    unit(channels)
    unit(channels * 2)
}
network higher(classes: int = 3) {
    input image: [N, 3, 9, 9]
    twice(act_conv(act=relu, kernel=1), 4)
    twice(act_conv(act=leaky_relu(slope=0.3)), 6)
    twice(conv(kernel=3, padding=1), 5)
    flatten
    linear(classes)
    output y: [N, classes]
}
""",
    "inline_and_let": """
block body(channels: int, depth: int = 2) {
    let inner = channels // 2
    repeat depth { conv(inner, 1) -> relu }
    conv(channels, 3, padding=1)
}
network inlined(width: int = 8) {
    input image: [N, 3, 7, 7]
    let (a, b) = (width, width * 2)
    features: {
        inline body(a)
        inline body(b, depth=3)
        for (k, c) in [(1, a), (3, b), (5, width + 1), (3, 4), (1, 6)] {
            conv(c, k, padding=k // 2)
            if c > 6 { batch_norm }
        }
    }
    flatten -> linear(3)
    output y: [N, 3]
}
""",
    "growing": """
block grow(n: int, growth: int) {
    repeat n {
        concat { identity; conv(growth, 3, padding=1) -> relu }
    }
    for i in 0..n { concat { identity; more{i}: conv(growth, 1) } }
}
network growing(rates: [int] = [2, 3]) {
    input image: [N, 3, 6, 6]
    for r in rates { grow(3, r) }
    last: grow(5, 2)
    output y: [N, _, 6, 6]
}
""",
    "ranks": """
block line(channels: int) { conv(channels, 3, padding=1) -> batch_norm -> relu -> max_pool(2) }
network sound() {
    input wave: [N, 2, L]
    line(4) -> line(6)
    global_avg_pool -> flatten -> linear(2)
    output y: [N, 2]
}
""",
    "volume": """
network volume() {
    input scan: [N, 1, 8, 8, 8]
    conv(4, 3, padding=1) -> batch_norm -> relu -> avg_pool(2)
    conv_transpose(2, 2, stride=2) -> instance_norm
    add { identity; x -> conv(2, 1) }
    output y: [N, 2, 8, 8, 8]
}
""",
    "nested_joins": """
network nested() {
    input image: [N, 4, 8, 8]
    concat {
        add { identity; conv(4, 3, padding=1) -> relu; conv(4, 1) }
        concat { max_pool(3, stride=1, padding=1) -> conv(2, 1); identity }
        mul { identity; conv(4, 1) -> sigmoid }
    }
    conv(6, 1) -> kept: relu
    add { kept; x -> conv(6, 1) -> batch_norm }
    output y: [N, 6, 8, 8]
    softmax
    output p: [N, 6, 8, 8]
}
""",
    "auxiliary": """
block head(classes: int) { global_avg_pool -> flatten -> dropout(0.0) -> linear(classes) }
network helped(classes: int = 3) {
    input image: [N, 3, 12, 12]
    conv(4, 3, padding=1) -> relu
    output early: [N, classes] when training { early_head: head(classes) }
    conv(8, 3, stride=2, padding=1) -> relu
    head(classes)
    output logits: [N, classes]
}
""",
    "shapes_as_steps": """
block shrink(channels: int) { [N, C, H, W] -> conv(channels, 3, stride=2, padding=1) -> [N, channels, _, _] -> relu }
network stated() {
    input image: [N, 3, H = 32, W = 32]
    shrink(4) -> [N, 4, (H + 1) // 2, _] -> shrink(6)
    output y: [N, 6, _, _]
}
""",
}
