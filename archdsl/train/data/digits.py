"""The embedded data set: scikit-learn's 1,797 grey images of handwritten digits, 8 x 8."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from archdsl.train.data.samples import ArraySamples


def load() -> ArraySamples:
    """All samples, with values from 0 to 1."""
    digits = load_digits()
    return ArraySamples((digits.images[:, None] / 16).astype(np.float32), digits.target.astype(np.int64))
