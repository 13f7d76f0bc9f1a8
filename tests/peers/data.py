"""transformers' LLaMA and Hugging Face's BPE for test_data.py.

python tests/peers/data.py writes data.npz.
"""

import pathlib

import numpy as np

from tools import smollm2_model as model

STORED = pathlib.Path(__file__).with_suffix(".npz")
TEXTS = ["the th that 12 th½", "it's  c_d ,.! naïve café\n\n  th\tx²", "  THE th1790,th "]
WIDTH, HEADS, INNER = 24, 3, 32


def toy_weights():
    """A LLaMA of two layers over bytes, with random weights and two merges."""
    rng = np.random.default_rng(0)
    tokens = [
        "<|endoftext|>",
        "<|im_start|>",
        "<|im_end|>",
        *model.byte_symbols().values(),
        "th",
        "Ġth",
    ]
    shapes = {
        "attn_q": (WIDTH, WIDTH),
        "attn_k": (8, WIDTH),
        "attn_v": (8, WIDTH),
        "attn_output": (WIDTH, WIDTH),
        "ffn_gate": (INNER, WIDTH),
        "ffn_up": (INNER, WIDTH),
        "ffn_down": (WIDTH, INNER),
    }
    tensors = {
        "token_embd.weight": rng.normal(size=(len(tokens), WIDTH)),
        "output_norm.weight": rng.normal(size=WIDTH),
    }
    for block in ("blk.0", "blk.1"):
        tensors |= {
            f"{block}.{name}.weight": rng.normal(size=shape) / 5 for name, shape in shapes.items()
        }
        tensors |= {
            f"{block}.{name}.weight": 1 + rng.normal(size=WIDTH) / 5
            for name in ("attn_norm", "ffn_norm")
        }
    return model.Weights(
        layers=2,
        heads=HEADS,
        kv_heads=1,
        rope_base=1e4,
        norm_eps=1e-5,
        tensors={name: value.astype(np.float32) for name, value in tensors.items()},
        token_ids={token: i for i, token in enumerate(tokens)},
        merge_ranks={("t", "h"): 0, ("Ġ", "th"): 1},
    )


def inputs():
    """Token ids for the network, (2, 30)."""
    return np.random.default_rng(1).integers(0, len(toy_weights().token_ids), (2, 30))


def llama_logits(weights, ids):
    """Logits of transformers' LlamaForCausalLM with the same weights."""
    import torch
    import transformers

    peer = transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=len(weights.token_ids),
            hidden_size=WIDTH,
            intermediate_size=INNER,
            num_hidden_layers=2,
            num_attention_heads=HEADS,
            num_key_value_heads=1,
            rms_norm_eps=1e-5,
            tie_word_embeddings=True,
            rope_parameters={"rope_type": "default", "rope_theta": 1e4},
        )
    )
    ours = {
        "model.embed_tokens": "token_embd",
        "model.norm": "output_norm",
        "lm_head": "token_embd",
    }
    for layer in (0, 1):
        theirs, block = f"model.layers.{layer}", f"blk.{layer}"
        ours |= {
            f"{theirs}.input_layernorm": f"{block}.attn_norm",
            f"{theirs}.post_attention_layernorm": f"{block}.ffn_norm",
            f"{theirs}.self_attn.o_proj": f"{block}.attn_output",
            **{f"{theirs}.self_attn.{n}_proj": f"{block}.attn_{n}" for n in "qkv"},
            **{f"{theirs}.mlp.{n}_proj": f"{block}.ffn_{n}" for n in ("gate", "up", "down")},
        }
    state = {f"{name}.weight": weights.tensors[f"{mine}.weight"] for name, mine in ours.items()}
    # GGUF turns neighbouring channels, transformers the two halves of a head
    for name, matrix in state.items():
        if "q_proj" in name or "k_proj" in name:
            state[name] = matrix.reshape(-1, 4, 2, WIDTH).swapaxes(1, 2).reshape(-1, WIDTH)
    peer.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    with torch.no_grad():
        return peer(torch.tensor(ids)).logits.numpy()


def bpe_ids(weights, texts):
    """Token ids by Hugging Face's tokenizers, set up as SmolLM2's is."""
    import tokenizers
    from tokenizers import pre_tokenizers

    peer = tokenizers.Tokenizer(
        tokenizers.models.BPE(vocab=weights.token_ids, merges=list(weights.merge_ranks))
    )
    peer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    return [peer.encode(text).ids for text in texts]


def peer_values():
    """Name -> array: computed now if the peers are there, otherwise as stored."""
    try:
        import tokenizers  # noqa: F401
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError:
        with np.load(STORED) as stored:
            return dict(stored)
    weights = toy_weights()
    return {"logits": llama_logits(weights, inputs())} | {
        f"ids-{i}": np.array(ids) for i, ids in enumerate(bpe_ids(weights, TEXTS))
    }


if __name__ == "__main__":
    np.savez_compressed(STORED, **peer_values())
