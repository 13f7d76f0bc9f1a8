"""Maximum likelihood and cross-entropy: losses, their gradient, means over real tokens (chapter 4).

The vocabulary lies on the last axis (PyTorch's cross_entropy wants it on axis 1 when there is a
time axis), logarithms are natural, and a target of `ignore_index` is padding: it counts neither in
the sum nor in the mean's denominator, and its gradient is 0.
"""

from lmcore.likelihood.estimation import (
    categorical_log_likelihood,
    categorical_mle,
    dataset_log_likelihood,
)
from lmcore.likelihood.losses import (
    cross_entropy,
    cross_entropy_grad,
    cross_entropy_soft,
    cross_entropy_with_grad,
    nll,
    one_hot,
)
from lmcore.likelihood.masks import masked_mean, padding_mask, z_loss

__all__ = [
    "categorical_log_likelihood",
    "categorical_mle",
    "cross_entropy",
    "cross_entropy_grad",
    "cross_entropy_soft",
    "cross_entropy_with_grad",
    "dataset_log_likelihood",
    "masked_mean",
    "nll",
    "one_hot",
    "padding_mask",
    "z_loss",
]
