"""Optimisation: AdamW, clipping by the global norm, warm-up and cosine decay (8.3 to 8.5).

Parameters, gradients and moments are dicts of arrays under the same names. Nothing is changed in
place.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import numpy as np

from lmcore._checks import as_floats, as_integer, as_real
from lmcore._typing import Floats, Params


def adamw_init(params: Params) -> dict[str, Any]:
    """State of `adamw` before its first step: step 0, both moments zero (book, section 8.3).

    Parameters
    ----------
    params : dict of str to ndarray

    Returns
    -------
    dict
        ``{"step": 0, "m": {...}, "v": {...}}``.

    Examples
    --------
    >>> adamw_init({"w": np.ones(2)})["v"]["w"]
    array([0., 0.])
    """
    return {
        "step": 0,
        "m": {name: np.zeros(p.shape, p.dtype.newbyteorder("=")) for name, p in params.items()},
        "v": {name: np.zeros(p.shape, p.dtype.newbyteorder("=")) for name, p in params.items()},
    }


def adamw(
    params: Params,
    grads: Params,
    state: dict[str, Any],
    learning_rate: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
    decayed: Collection[str] | None = None,
) -> tuple[Params, dict[str, Any]]:
    """One step of Adam with decoupled weight decay (book, section 8.3).

    m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g²; both are divided by 1 − βᵗ to correct for their
    start at zero, and w ← (1 − η λ) w − η m̂ / (√v̂ + ε). Defaults are PyTorch's.

    Parameters
    ----------
    params, grads : dict of str to ndarray
    state : dict
        From `adamw_init` or the previous step.
    learning_rate : float
        η.
    betas : tuple of float, default (0.9, 0.999)
    eps : float, default 1e-8
    weight_decay : float, default 0.01
        λ.
    decayed : collection of str, optional
        Names of the parameters that decay; all of them if not given. Biases, gains and embeddings
        usually do not.

    Returns
    -------
    params, state : dict
        New ones.

    Raises
    ------
    ValueError
        If the gradients' names or shapes are not those of the parameters, `decayed` holds an
        unknown name, or ε is 0 in a parameter's type, as 1e-8 is in float16: keep parameters in
        float32 then, and convert them to float16 for storage.

    References
    ----------
    Loshchilov, I. and Hutter, F. (2019). Decoupled Weight Decay Regularization. ICLR.

    Examples
    --------
    The first step moves each weight by the learning rate, whatever the size of its gradient:

    >>> params, grads = {"w": np.array([1.0, 1.0])}, {"w": np.array([0.001, -1000.0])}
    >>> state = adamw_init(params)
    >>> params, state = adamw(params, grads, state, learning_rate=0.1, weight_decay=0.0)
    >>> params["w"].round(4)
    array([0.9, 1.1])
    """
    _check_names(params, grads, decayed)
    for name, param in params.items():
        if eps > 0 and param.dtype.type(eps) == 0:
            raise ValueError(
                f"eps={eps} is 0 in {param.dtype}, the type of params[{name!r}]: keep parameters "
                "in float32, or pass a larger eps"
            )
    beta1, beta2 = betas
    step = state["step"] + 1
    correction1, correction2 = 1 - beta1**step, 1 - beta2**step
    new_params: Params = {}
    new_state: dict[str, Any] = {"step": step, "m": {}, "v": {}}
    for name, param in params.items():
        grad = grads[name]
        m = beta1 * state["m"][name]
        m += (1 - beta1) * grad
        v = grad * grad
        v *= 1 - beta2
        v += beta2 * state["v"][name]
        scale = np.sqrt(v / correction2)
        scale += eps
        move = m / scale
        move *= -learning_rate / correction1
        decay = weight_decay if decayed is None or name in decayed else 0.0
        move += (1 - learning_rate * decay) * param
        new_params[name], new_state["m"][name], new_state["v"][name] = move, m, v
    return new_params, new_state


def _check_names(params: Params, grads: Params, decayed: Collection[str] | None) -> None:
    """Raise unless every parameter has a gradient of its shape and `decayed` names parameters."""
    if params.keys() != grads.keys():
        raise ValueError(
            f"grads has the names {sorted(grads)}, but params {sorted(params)}: they must be the "
            "same"
        )
    for name, param in params.items():
        if param.shape != grads[name].shape:
            raise ValueError(
                f"grads[{name!r}] has shape {grads[name].shape}, but the parameter {param.shape}"
            )
    unknown = sorted(set(decayed or ()) - params.keys())
    if unknown:
        raise ValueError(
            f"decayed names {unknown[0]!r}, which is not among the parameters {sorted(params)}"
        )


def clip_grad_norm(grads: Params, max_norm: float) -> tuple[Params, float]:
    """Gradients scaled down together to a joint norm of at most `max_norm` (book, section 8.4).

    The direction is kept. PyTorch's `clip_grad_norm_` divides by norm + 1e-6 instead and so ends
    slightly below `max_norm`.

    Parameters
    ----------
    grads : dict of str to ndarray
    max_norm : float
        Positive.

    Returns
    -------
    grads : dict of str to ndarray
        The same arrays when nothing had to be scaled; integers as float64.
    norm : float
        The Euclidean norm before clipping. That of float16 is summed in float32.

    Raises
    ------
    ValueError
        If `max_norm` is not positive, or the norm is not finite (PyTorch spreads NaN unless told
        otherwise).

    References
    ----------
    Pascanu, R., Mikolov, T. and Bengio, Y. (2013). On the difficulty of training recurrent neural
    networks. ICML.

    Examples
    --------
    >>> grads, norm = clip_grad_norm({"w": np.array([3.0]), "b": np.array([4.0])}, max_norm=1.0)
    >>> norm, grads["w"].round(4), grads["b"].round(4)
    (5.0, array([0.6]), array([0.8]))
    """
    max_norm = as_real(max_norm, "max_norm")
    if not max_norm > 0:
        raise ValueError(f"max_norm must be positive, got {max_norm}")
    grads = {name: _as_gradient(grad, name) for name, grad in grads.items()}
    norm = math.sqrt(sum(_squared_norm(grad) for grad in grads.values()))
    if not math.isfinite(norm):
        broken = next((name for name, grad in grads.items() if not np.isfinite(grad).all()), None)
        raise ValueError(
            f"the gradient norm is {norm}"
            + (
                f": grads[{broken!r}] holds NaN or inf"
                if broken
                else ": the sum of squares overflows"
            )
            + "; lower the learning rate or look for an overflow"
        )
    if norm <= max_norm:
        return grads, norm
    # a Python float keeps each gradient in its own type
    return {name: grad * (max_norm / norm) for name, grad in grads.items()}, norm


def _as_gradient(grad: Any, name: str) -> Floats:
    """A gradient as floats; one without axes or entries stays as it is."""
    array = np.asarray(grad)
    return as_floats(array, f"grads[{name!r}]") if array.ndim and array.size else array + 0.0


def _squared_norm(grad: Floats) -> float:
    """Sum of squares, in float32 at least."""
    wide = grad.astype(np.float32) if grad.dtype == np.float16 else grad
    return float(np.vdot(wide, wide))


def cosine_schedule(
    step: int,
    total: int,
    peak: float,
    warmup_steps: int = 0,
    floor: float = 0.0,
    decay_steps: int | None = None,
) -> float:
    """Learning rate of a step: warm-up, an optional plateau, half a cosine (book, section 8.5).

    η rises as peak · (step + 1)/warmup_steps, stays at the peak, and over the last `decay_steps` is
    floor + (peak − floor)(1 + cos π u)/2 with u from 0 to 1.

    Parameters
    ----------
    step : int
        From 0.
    total : int
        Steps of the whole run.
    peak : float
    warmup_steps : int, default 0
    floor : float, default 0
        Reached at ``step == total``.
    decay_steps : int, optional
        Steps of the fall; all after the warm-up if not given, which is the classical cosine
        schedule. With fewer, the path before the fall does not depend on `total`, so the end may be
        chosen late; with 0 the rate stays at the peak until ``step == total``.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If warm-up and fall do not fit into the run.

    References
    ----------
    Loshchilov, I. and Hutter, F. (2017). SGDR: Stochastic Gradient Descent with Warm Restarts.
    ICLR.
    Hägele, A. et al. (2024). Scaling Laws and Compute-Optimal Training Beyond Fixed Training
    Durations. NeurIPS. (The plateau.)

    Examples
    --------
    >>> [round(cosine_schedule(step, total=6, peak=1.0, warmup_steps=2), 3) for step in range(7)]
    [0.5, 1.0, 1.0, 0.854, 0.5, 0.146, 0.0]
    """
    step, total = as_integer(step, "step"), as_integer(total, "total")
    warmup = as_integer(warmup_steps, "warmup_steps")
    decay = total - warmup if decay_steps is None else as_integer(decay_steps, "decay_steps")
    if warmup < 0 or decay < 0 or warmup + decay > total:
        raise ValueError(
            f"warmup_steps={warmup} and decay_steps={decay} do not fit into total={total} steps"
        )
    if step < warmup:
        return peak * (step + 1) / warmup
    if step >= total:
        return floor
    if step <= total - decay:
        return peak
    progress = (step - (total - decay)) / decay
    return floor + (peak - floor) * (1 + math.cos(math.pi * progress)) / 2
