"""Online softmax is exact and small; a rolling cache forgets what a window does not see."""

import pytest
import torch
from torch.nn.attention.flex_attention import create_block_mask, flex_attention
from torch.utils._python_dispatch import TorchDispatchMode

from llama_edu.config import ModelConfig
from llama_edu.model import masks
from llama_edu.model.attention import explicit_attention, fused_attention
from llama_edu.model.efficient import RollingCache, online_attention
from llama_edu.model.llama import Llama


def random(n_queries=13, n_keys=13, dtype=torch.float64, needs_grad=False, n_heads=4, n_groups=2):
    torch.manual_seed(0)
    shapes = (n_heads, n_queries), (n_groups, n_keys), (n_groups, n_keys)
    return [
        torch.randn(2, heads, n, 6, dtype=dtype).requires_grad_(needs_grad) for heads, n in shapes
    ]


@pytest.mark.parametrize("block_size", [1, 3, 4, 8, 13, 100])
@pytest.mark.parametrize("n_queries", [1, 5, 13])
def test_it_is_exact(block_size, n_queries):
    q, k, v = random(n_queries)
    expected = explicit_attention(q, k, v)[0]
    # Two roundings of numbers below 4, each of 4.4e-16 at most.
    assert (online_attention(q, k, v, block_size) - expected).abs().max() < 1e-15


@pytest.mark.parametrize("window", [1, 2, 5, 12, 13, 50])
@pytest.mark.parametrize("n_queries", [1, 6, 13])
def test_a_window_is_exact_too(window, n_queries):
    q, k, v = random(n_queries)
    mask = masks.sliding_window(n_queries, 13, window)
    expected = explicit_attention(q, k, v, mask)[0]
    assert (online_attention(q, k, v, 4, window) - expected).abs().max() < 1e-15


@pytest.mark.parametrize("window", [None, 3])
def test_its_gradient_is_that_of_the_formula(window):
    tensors = random(needs_grad=True)
    mask = None if window is None else masks.sliding_window(13, 13, window)
    weight = torch.randn(2, 4, 13, 6, dtype=torch.float64)
    (explicit_attention(*tensors, mask)[0] * weight).sum().backward()
    expected = [x.grad.clone() for x in tensors]
    ours = torch.autograd.grad((online_attention(*tensors, 4, window) * weight).sum(), tensors)
    for one, other in zip(ours, expected, strict=True):
        assert (one - other).abs().max() < 1e-13


def test_gradcheck():
    tensors = [x[:1, :, :5] for x in random(needs_grad=True)]
    assert torch.autograd.gradcheck(lambda *x: online_attention(*x, 2), tensors)


def test_scores_of_any_size_do_not_overflow():
    q, k, v = (1000 * x for x in random(dtype=torch.float32))
    assert online_attention(q, k, v, 4).isfinite().all()


def test_narrow_numbers_are_summed_wide():
    tensors = [x.bfloat16() for x in random(64, 64)]
    expected = explicit_attention(*(x.double() for x in tensors))[0]
    error = (online_attention(*tensors, 8).double() - expected).abs().max()
    assert error <= 2**-8 * expected.abs().max()  # one rounding, at the end


@pytest.mark.parametrize("window", [None, 5])
@pytest.mark.filterwarnings("ignore:flex_attention called without")
def test_the_library_agrees(window):
    q, k, v = random(16, 16, torch.float32)

    def seen(_batch, _head, query, key):
        is_near = True if window is None else query - key < window
        return (query >= key) & is_near

    mask = create_block_mask(seen, None, None, 16, 16, device="cpu")
    with torch.no_grad():
        expected = flex_attention(q, k, v, block_mask=mask, enable_gqa=True)
        assert (online_attention(q, k, v, 4, window) - expected).abs().max() < 1e-5


class Largest(TorchDispatchMode):
    """Remembers the most numbers that any one operation returned, and all that were computed."""

    def __init__(self):
        super().__init__()
        self.largest = self.total = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **kwargs or {})
        for tensor in torch.utils._pytree.tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self.largest = max(self.largest, tensor.numel())
                self.total += tensor.numel() if "mm" in str(function) else 0
        return result


@pytest.mark.parametrize("n", [256, 512])
def test_nothing_is_larger_than_the_inputs_forward_and_backward(n):
    tensors = random(n, n, torch.float32, needs_grad=True, n_groups=4)
    with Largest() as ours:
        online_attention(*tensors, 16).sum().backward()
    assert ours.largest == tensors[0].numel()
    with Largest() as explicit:
        explicit_attention(*tensors)[0].sum().backward()
    assert explicit.largest == 2 * 4 * n * n


def test_a_window_saves_work_and_a_mask_saves_none():
    small, large = (random(n, n, torch.float32) for n in (256, 512))
    totals = []
    for tensors in (small, large):
        with Largest() as ours:
            online_attention(*tensors, 16, window=16)
        totals.append(ours.total)
    assert totals[1] < 2.1 * totals[0]  # twice the text, twice the work
    q, k, v = large
    with Largest() as masked:
        explicit_attention(q, k, v, masks.sliding_window(512, 512, 16))
    with Largest() as full:
        explicit_attention(q, k, v)
    assert masked.total == full.total


def test_sizes_below_one_are_refused():
    with pytest.raises(ValueError, match="block_size=0"):
        online_attention(*random(), 0)
    with pytest.raises(ValueError, match="window=0"):
        online_attention(*random(), 4, 0)


SHAPE = ModelConfig(
    vocab_size=40, d_model=24, n_layers=3, n_heads=4, n_kv_heads=2, d_ff=40, max_seq_len=64
)


@pytest.mark.parametrize("pieces", [[1] * 20, [20], [7, 1, 1, 5, 6], [2, 9, 9]])
def test_a_rolling_cache_attends_through_its_window(pieces, randomize):
    model = randomize(Llama(SHAPE)).double()
    tokens = torch.randint(40, (2, 20))
    expected = model(tokens, mask=masks.sliding_window(20, 20, 5))
    cache = RollingCache(SHAPE, 2, 5, dtype=torch.float64)
    with torch.no_grad():
        ours = torch.cat([model(part, cache=cache) for part in tokens.split(pieces, 1)], 1)
    assert (ours - expected).abs().max() < 1e-12


def test_a_rolling_cache_never_grows(randomize):
    model, cache = randomize(Llama(SHAPE)), RollingCache(SHAPE, 1, 4)
    n_bytes = cache.keys.nbytes
    assert cache.keys.shape == (3, 1, 2, 4, 6)
    with torch.no_grad():
        for _ in range(150):  # more than twice the context
            logits = model(torch.ones(1, 1, dtype=torch.long), cache=cache)
    assert logits.isfinite().all()
    assert (cache.keys.nbytes, cache.length) == (n_bytes, 150)


def test_the_window_of_all_tokens_is_full_attention():
    q, k, v = random()
    error = (online_attention(q, k, v, 4, 13) - fused_attention(q, k, v)).abs().max()
    assert error < 1e-15
