"""One decoding step, compiled: the same tokens as the plain loop, several times as fast.

A step of a small model is mostly overhead: hundreds of calls, each for a few thousand numbers.
Compiled, a layer is a handful of loops. A few layers are compiled together, with their weights and
caches as arguments, and serve as often as the model has so many: little is compiled, and little is
called. On a GPU the whole step is recorded once and replayed.

Shapes: B texts, S tokens that the cache can hold, H query heads, G key and value heads, d a head.
"""

import math
import sys
import warnings
from collections.abc import Callable
from functools import cache, partial

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from llama_edu.model.cache import KVCache
from llama_edu.model.llama import Block, Llama
from llama_edu.model.norm import rms_norm
from llama_edu.model.rope import rotate, rotations

MOST_LAYERS = 8  # compiled together: each costs two seconds, each call a tenth of a millisecond
SHORTEST = 256  # caches hold so many tokens, or twice that, ...: few lengths are compiled


class CompiledStep:
    """`model(tokens, cache=cache, last_only=True)` for one new token a text, compiled.

    Args:
        model: its weights are used where they lie.
        cache: what the prompts left; it is copied, and stays as it is.
        n_new: most tokens that will follow.

    Raises:
        Exception: at the first call, whatever the compiler raises where it cannot compile.
    """

    def __init__(self, model: Llama, cache: KVCache, n_new: int):
        self.model, self.config = model, model.config
        self.n_padding = cache.n_padding
        device, size = cache.keys.device, SHORTEST
        while size < cache.length + n_new:
            size *= 2
        self.length = torch.tensor([cache.length], device=device)
        # One tensor a layer: of one for all layers the compiler would copy all at every write.
        self.keys, self.values = (
            [_longer(layer, cache.length, size) for layer in part]
            for part in (cache.keys, cache.values)
        )
        self.places = torch.arange(size, device=device)
        self.token = torch.zeros(cache.keys.shape[1], 1, dtype=torch.long, device=device)
        is_cpu = device.type == "cpu"
        self._layers, self._head = (_compiled(one, is_cpu) for one in (_layers, _head))
        size = max(n for n in range(1, MOST_LAYERS + 1) if self.config.n_layers % n == 0)
        layers = list(zip(map(_weights, model.blocks), self.keys, self.values, strict=True))
        self.groups = [layers[i : i + size] for i in range(0, len(layers), size)]
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, tokens: Int[Tensor, "B 1"]) -> Float[Tensor, "B 1 V"]:
        """Logits of the token that follows."""
        self.token.copy_(tokens)
        logits = self._replay() if self.token.is_cuda else self._step()
        self.length += 1
        return logits

    def _step(self) -> Tensor:
        model = self.model
        x = model.embedding(self.token)[:, 0]  # (B, D)
        for group in self.groups:
            x = self._layers(
                x, self.length, self.places, self.n_padding, model.rope_frequencies, group,
                self.config.norm_eps,
            )  # fmt: skip
        return self._head(x, model.norm.gain, model.output.weight, self.config.norm_eps)[:, None]

    def _replay(self) -> Tensor:
        """The step as the GPU has recorded it: one call for all its kernels."""
        if self._graph is None:
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):  # what is made lazily is made before the recording
                for _ in range(3):
                    self._step()
            torch.cuda.current_stream().wait_stream(side)
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                self._logits = self._step()
        self._graph.replay()
        return self._logits.clone()


def compiled_step(model: Llama, cache: KVCache, n_new: int) -> Callable[[Tensor], Tensor]:
    """A step that is compiled, or the plain one with a line of warning where that fails."""
    if model.config.experts is not None or model.config.local is not None:
        warnings.warn("decoding goes on uncompiled: it has layers of several kinds", stacklevel=2)
        return partial(model, cache=cache, last_only=True)
    step: Callable = CompiledStep(model, cache, n_new)
    is_tried = False

    def tried(tokens: Tensor) -> Tensor:
        nonlocal step, is_tried
        if is_tried:
            return step(tokens)
        is_tried = True
        try:
            return step(tokens)
        except Exception as error:  # no compiler, a path with a space, a version that cannot
            warnings.warn(
                f"decoding goes on uncompiled: torch.compile failed here ({failure(error)})",
                stacklevel=2,
            )
            step = partial(model, cache=cache, last_only=True)  # the cache is as it was
            return step(tokens)

    return tried


def failure(error: Exception) -> str:
    """Why compiling failed, in a line; what a compiler says fills pages."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if any("CppCompileError" in line for line in lines) and " " in sys.prefix:
        return f"the path of this Python holds a space: {sys.prefix}"
    telling = [line for line in lines if "rror" in line] or lines or [type(error).__name__]
    return telling[0][:200]


def _longer(layer: Float[Tensor, "B G n d"], length: int, size: int) -> Float[Tensor, "B G S d"]:
    room = layer.new_zeros((*layer.shape[:2], size, layer.shape[3]))
    room[:, :, :length] = layer[:, :, :length]
    return room


@cache  # the next answer need not be traced again
def _compiled(function: Callable, is_cpu: bool) -> Callable:
    # A GPU's step is recorded as it is: its kernels are fast, only calling them is slow.
    return torch.compile(function, fullgraph=True, dynamic=False) if is_cpu else function


def _product(x: Float[Tensor, "B D"], weight: Float[Tensor, "F D"]) -> Float[Tensor, "B F"]:
    """x W^T. For one text a sum over rows: compiled, it streams W from memory faster than BLAS."""
    if len(x) == 1 and x.device.type == "cpu":
        return (weight.float() * x.float()).sum(-1)[None].to(x.dtype)
    return F.linear(x, weight)


def _weights(block: Block) -> tuple[Tensor, ...]:
    attention, ffn = block.attention, block.ffn
    return (
        block.attention_norm.gain, attention.qkv_proj.weight, attention.o_proj.weight,
        block.ffn_norm.gain, ffn.gate_up_proj.weight, ffn.down_proj.weight,
    )  # fmt: skip


def _layers(x, length, places, n_padding, frequencies, group, eps):
    """Some blocks after each other, for one new token a text, the `length`-th."""
    positions = length.expand(len(x))
    is_hidden = places > length  # (S,)
    if n_padding is not None:
        positions = positions - n_padding
        is_hidden = is_hidden | (places < n_padding[:, None])
    rotation = rotations(positions[:, None], frequencies)
    is_hidden = is_hidden.view(-1, 1, 1, len(places))  # (B or 1, 1, 1, S)
    for weights, keys, values in group:
        x = _layer(x, rotation, is_hidden, length, keys, values, *weights, eps)
    return x


def _layer(
    x, rotation, is_hidden, length, keys, values, attention_gain, qkv, out, ffn_gain, gate_up, down,
    eps,
):  # fmt: skip
    """One block for one new token a text: `Block.forward` with all that it needs as arguments."""
    n_texts, n_groups, _, d = keys.shape
    heads = _product(rms_norm(x, attention_gain, eps), qkv).view(n_texts, 1, -1, d)
    n_heads = heads.shape[2] - 2 * n_groups
    qk, v = heads.split((n_heads + n_groups, n_groups), dim=2)
    q, k = rotate(qk, rotation).split((n_heads, n_groups), dim=2)
    keys.index_copy_(2, length, k.transpose(1, 2))
    values.index_copy_(2, length, v.transpose(1, 2))
    q = q.view(n_texts, n_groups, -1, 1, d)  # the heads of a group share their keys
    scores = (q.float() * keys[:, :, None].float()).sum(-1) / math.sqrt(d)  # (B, G, H/G, S)
    weights = scores.masked_fill(is_hidden, -math.inf).softmax(-1)
    mixed = (weights[..., None] * values[:, :, None].float()).sum(-2)  # (B, G, H/G, d)
    x = x + _product(mixed.view(n_texts, -1).to(x.dtype), out)
    gate, up = _product(rms_norm(x, ffn_gain, eps), gate_up).chunk(2, dim=-1)
    return x + _product(F.silu(gate) * up, down)


def _head(x, gain, output, eps):
    return _product(rms_norm(x, gain, eps), output)
