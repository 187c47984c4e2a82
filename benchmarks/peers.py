"""The models of other people, filled with our weights."""

from pathlib import Path

from torch import Tensor, nn

INSTALL = {
    "transformers": "pip install transformers",
    # litgpt pins an older huggingface_hub than transformers 5 needs, and runs without the pin.
    "litgpt": "pip install --no-deps litgpt lightning lightning-utilities torchmetrics",
    "llama_cpp": "pip install llama-cpp-python (built from source, 5 to 15 minutes)",
    "torchao": "pip install torchao",
    "peft": "pip install peft",
}
"""Module -> command that installs it."""

# litgpt's name of a part of a block, and the tensors of a Hugging Face checkpoint it is made of.
LITGPT_BLOCK = {
    "norm_1": ["input_layernorm"],
    "attn.qkv": ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
    "attn.proj": ["self_attn.o_proj"],
    "norm_2": ["post_attention_layernorm"],
    "mlp.fc_1": ["mlp.gate_proj"],
    "mlp.fc_2": ["mlp.up_proj"],
    "mlp.proj": ["mlp.down_proj"],
}


def logits_of(output) -> Tensor:
    """The logits of a forward pass: transformers wraps them, others return them bare."""
    return getattr(output, "logits", output)


def transformers(folder: Path, attention: str = "sdpa", dtype=None) -> nn.Module:
    """Load a folder that `save_hf` wrote as transformers' LlamaForCausalLM.

    Args:
        folder: config.json and model.safetensors.
        attention: "sdpa" or "eager".
        dtype: of the weights; as stored if None.
    """
    from transformers import AutoModelForCausalLM

    silence_transformers()
    model = AutoModelForCausalLM.from_pretrained(
        folder, attn_implementation=attention, dtype=dtype or "auto"
    )
    model.config.use_cache = False  # a training step has no use for one; generate asks for its own
    return model


def silence_transformers() -> None:
    """Turn its progress bars and advice off: they are written on the clock."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()


def litgpt(folder: Path) -> nn.Module:
    """Load a folder with tied embeddings that `save_hf` wrote as litgpt's GPT."""
    import torch
    from litgpt.config import Config
    from litgpt.model import GPT
    from safetensors.torch import load_file

    from llama_edu.weights.hf_config import read_hf_config

    config, tensors = read_hf_config(folder), load_file(folder / "model.safetensors")
    model = GPT(
        Config(
            block_size=config.max_seq_len,
            vocab_size=config.vocab_size,
            padded_vocab_size=config.vocab_size,
            n_layer=config.n_layers,
            n_embd=config.d_model,
            n_head=config.n_heads,
            n_query_groups=config.n_kv_heads,
            intermediate_size=config.d_ff,
            norm_class_name="RMSNorm",
            norm_eps=config.norm_eps,
            mlp_class_name="LLaMAMLP",
            rotary_percentage=1.0,
            rope_base=int(config.rope_theta),
            parallel_residual=False,
            bias=False,
        )
    )
    state = {
        "transformer.wte.weight": tensors["model.embed_tokens.weight"],
        "lm_head.weight": tensors["model.embed_tokens.weight"],
        "transformer.ln_f.weight": tensors["model.norm.weight"],
    }
    for layer in range(config.n_layers):
        for part, sources in LITGPT_BLOCK.items():
            pieces = [tensors[f"model.layers.{layer}.{source}.weight"] for source in sources]
            state[f"transformer.h.{layer}.{part}.weight"] = torch.cat(pieces)
    model.load_state_dict(state)
    model.lm_head.weight = model.transformer.wte.weight
    return model
