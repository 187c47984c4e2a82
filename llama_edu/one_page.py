"""The whole LLaMA on one page: plain PyTorch, real weights, text in and text out.

    llama-edu export smollm2-135m-instruct smollm2 --dtype f32
    python -m llama_edu.one_page smollm2 "The capital of France is"

It reads a Hugging Face folder of SmolLM2, of any size, and goes on with a text, always by the
likeliest token. It imports nothing of llama_edu: copy it and it runs. A test holds its logits, its
ids and its words equal to the package's. B texts, T tokens, D width, H heads, d width of a head.
"""

import json
import math
import sys
from itertools import pairwise
from pathlib import Path

import regex
import torch
from safetensors.torch import load_file
from torch.nn.functional import silu

# Files spell each of the 256 bytes by a character that can be seen: a space is Ġ.
SEEN = [*range(33, 127), *range(161, 173), *range(174, 256)]
UNSEEN = [byte for byte in range(256) if byte not in SEEN]
BYTES = {chr(b): b for b in SEEN} | {chr(256 + i): b for i, b in enumerate(UNSEEN)}
SPELLINGS = {byte: character for character, byte in BYTES.items()}
DIGITS = r"\p{N}|\P{N}+"  # SmolLM2 takes each digit alone, then cuts the rest as GPT-2 does
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


class Tokenizer:
    """Byte-level BPE: inside each word the pair that training merged first is merged first."""

    def __init__(self, folder):
        model = read_json(folder / "tokenizer.json")["model"]
        self.ids = model["vocab"]
        self.tokens = {i: token for token, i in self.ids.items()}
        merges = [m.split(" ") if isinstance(m, str) else m for m in model["merges"]]
        self.ranks = {tuple(pair): rank for rank, pair in enumerate(merges)}

    def encode(self, text):
        chunks = [w for part in regex.findall(DIGITS, text) for w in regex.findall(WORDS, part)]
        return [i for chunk in chunks for i in self.encode_chunk(chunk)]

    def encode_chunk(self, chunk):
        tokens = [s for byte in chunk.encode() if (s := SPELLINGS[byte]) in self.ids]
        while pairs := list(pairwise(tokens)):
            best = min(pairs, key=lambda pair: self.ranks.get(pair, math.inf))
            if best not in self.ranks:
                break
            i = pairs.index(best)
            tokens[i : i + 2] = ["".join(best)]
        return [self.ids[token] for token in tokens]

    def decode(self, i):
        return bytes(BYTES[character] for character in self.tokens[i])


class Llama:
    """tokens (B, T) -> logits (B, T, V): the scores of what may follow each token."""

    def __init__(self, folder):
        config = read_json(folder / "config.json")
        self.n_layers, self.eps = config["num_hidden_layers"], config["rms_norm_eps"]
        self.n_heads = config["num_attention_heads"]
        self.n_kv_heads = config["num_key_value_heads"]
        self.theta = (config.get("rope_parameters") or config)["rope_theta"]
        self.weights = {n: w.float() for n, w in load_file(folder / "model.safetensors").items()}

    def __call__(self, tokens):
        embedding = self.weights["model.embed_tokens.weight"]
        x = embedding[tokens]  # (B, T, D), the residual stream
        for i in range(self.n_layers):
            layer = f"model.layers.{i}."
            x = x + self.attention(self.norm(x, f"{layer}input_layernorm"), f"{layer}self_attn.")
            x = x + self.ffn(self.norm(x, f"{layer}post_attention_layernorm"), f"{layer}mlp.")
        output = self.weights.get("lm_head.weight", embedding)  # tied where the file has none
        return self.norm(x, "model.norm") @ output.T

    def linear(self, x, name):
        return x @ self.weights[f"{name}.weight"].T

    def norm(self, x, name):  # RMSNorm
        rms = (x.square().mean(-1, keepdim=True) + self.eps).sqrt()
        return x / rms * self.weights[f"{name}.weight"]

    def ffn(self, x, mlp):  # SwiGLU
        gate, up = self.linear(x, f"{mlp}gate_proj"), self.linear(x, f"{mlp}up_proj")
        return self.linear(silu(gate) * up, f"{mlp}down_proj")

    def attention(self, x, attn):
        q = self.linear(x, f"{attn}q_proj").unflatten(-1, (self.n_heads, -1)).transpose(1, 2)
        k = self.linear(x, f"{attn}k_proj").unflatten(-1, (self.n_kv_heads, -1)).transpose(1, 2)
        v = self.linear(x, f"{attn}v_proj").unflatten(-1, (self.n_kv_heads, -1)).transpose(1, 2)
        q, k = self.rotate(q), self.rotate(k)  # (B, H, T, d); fewer heads in k and v
        k, v = (y.repeat_interleave(self.n_heads // self.n_kv_heads, dim=1) for y in (k, v))
        scores = q @ k.mT / math.sqrt(q.shape[-1])  # (B, H, T, T)
        future = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        mixture = scores.masked_fill(future, -math.inf).softmax(-1) @ v
        return self.linear(mixture.transpose(1, 2).flatten(2), f"{attn}o_proj")

    def rotate(self, x):  # RoPE: number i and number i + d/2 are a pair, turned by t * frequency
        n_tokens, d = x.shape[-2:]
        frequencies = self.theta ** -(torch.arange(0, d, 2) / d)
        angles = torch.arange(n_tokens)[:, None] * frequencies
        (a, b), cos, sin = x.chunk(2, dim=-1), angles.cos(), angles.sin()
        return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1)


@torch.inference_mode()
def continue_text(folder, text, n_tokens=24):
    """Yield what follows a text, token by token, as bytes: a letter may take several tokens."""
    folder = Path(folder)
    llama, tokenizer = Llama(folder), Tokenizer(folder)
    ends = read_json(folder / "generation_config.json")["eos_token_id"]
    ids = tokenizer.encode(text)
    for _ in range(n_tokens):
        ids.append(llama(torch.tensor([ids]))[0, -1].argmax().item())
        if ids[-1] in (ends if isinstance(ends, list) else [ends]):
            return
        yield tokenizer.decode(ids[-1])


if __name__ == "__main__":
    print(sys.argv[2], end="", flush=True)
    for piece in continue_text(sys.argv[1], sys.argv[2]):
        sys.stdout.buffer.write(piece)
        sys.stdout.flush()
    print()
