"""torch's losses and gradients for test_likelihood.py.

python tests/peers/likelihood.py writes likelihood.npz.
"""

import pathlib

import numpy as np

STORED = pathlib.Path(__file__).with_suffix(".npz")
REDUCTIONS = ("mean", "sum", "none")
SMOOTHINGS = (0.0, 0.1)
V = 13


def inputs():
    """Logits, target ids and soft targets of every case, from a fixed seed."""
    rng = np.random.default_rng(20_260)
    logits = (rng.standard_normal((4, 6, V)) * 5).round(3)
    logits[0] *= 40  # some targets far below the largest logit
    logits[1, :, 3] = -np.inf  # a banned token, never the target
    targets = rng.choice([v for v in range(V) if v != 3], size=(4, 6))
    targets[2, 3:] = targets[3, 1:] = -100  # padding
    soft = rng.dirichlet(np.full(V, 0.5), size=(4, 6)).round(6)
    # torch gives NaN against a banned token; compared without row 1
    soft[1, :, 3] = 0
    soft /= soft.sum(axis=-1, keepdims=True)
    return {"logits": logits, "targets": targets, "soft": soft}


def outputs(logits, targets, soft):
    """What torch says, in float64 and float32: name -> array."""
    import torch
    from torch.nn.functional import cross_entropy, log_softmax, nll_loss

    def leaf(array):
        return torch.from_numpy(array.reshape(-1, V)).requires_grad_()

    ids, result = torch.from_numpy(targets.reshape(-1)), {}
    for dtype in (np.float64, np.float32):
        for reduction in REDUCTIONS:
            for smoothing in SMOOTHINGS:
                # Smoothing against a banned token is an infinite loss, so those rows are left out
                # of it.
                use = np.delete(np.arange(4), 1) if smoothing else np.arange(4)
                z = leaf(logits[use].astype(dtype))
                loss = cross_entropy(
                    z,
                    torch.from_numpy(targets[use].reshape(-1)),
                    reduction=reduction,
                    label_smoothing=smoothing,
                )
                loss.sum().backward()
                name = f"{np.dtype(dtype).name}-{reduction}-{smoothing}"
                result[f"loss-{name}"], result[f"grad-{name}"] = (
                    loss.detach().numpy(),
                    z.grad.numpy(),
                )
            name = f"{np.dtype(dtype).name}-{reduction}"
            z = leaf(np.delete(logits, 1, axis=0).astype(dtype))
            loss = cross_entropy(
                z,
                torch.from_numpy(np.delete(soft, 1, axis=0).reshape(-1, V).astype(dtype)),
                reduction=reduction,
            )
            result[f"soft-{name}"] = loss.detach().numpy()
            z = leaf(logits.astype(dtype))
            result[f"nll-{name}"] = (
                nll_loss(log_softmax(z, -1), ids, reduction=reduction).detach().numpy()
            )
    return result


def peer_values():
    """(inputs, torch's outputs, where they come from).

    Computed now if torch is there, otherwise as stored.
    """
    given = inputs()
    try:
        return given, outputs(**given), "torch"
    except ModuleNotFoundError:
        with np.load(STORED) as stored:
            return given, dict(stored), "stored values"


if __name__ == "__main__":
    np.savez_compressed(STORED, **outputs(**inputs()))
    print(f"{STORED.name}: {STORED.stat().st_size:,} bytes")
