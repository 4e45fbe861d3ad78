"""What ``expect`` can ask of a network: the names, and what each counts."""

from __future__ import annotations

from collections.abc import Mapping

METRICS: Mapping[str, str] = {
    "params": "trainable values, outputs when training included",
    "buffers": "values in the state_dict that are not trained",
    "macs": "multiply-adds for one sample in inference",
    "flops": "2 for each multiply-add",
    "activations": "values in the outputs of all layers, for one sample in inference",
    "memory": "bytes in inference of one sample: weights, buffers and the values alive at the worst moment, in fp32",
    "training_memory": "bytes in training on one sample in fp32: the same, gradients, Adam's state, what is kept",
    "depth": "weighted layers on the longest way from an input to an output",
    "layers": "layers and joins, with all repetitions",
    "receptive_field": "input pixels that one place of the last feature map sees, on each axis",
}
