"""assemble: a model taken apart and put together again is the same model."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from llama_edu.config import ModelConfig
from llama_edu.model.llama import Llama
from llama_edu.weights import assemble
from llama_edu.weights.assemble import StoredTensor

CONFIG = ModelConfig(
    vocab_size=31, d_model=24, n_layers=7, n_heads=6, n_kv_heads=3, d_ff=40, max_seq_len=16
)
TABLE = {part: f"{part}.{{}}" for part in assemble.part_shapes(CONFIG)}


@pytest.mark.parametrize("tied", [False, True])
def test_parts_rebuild_the_model(randomize, tied):
    model = randomize(Llama(replace(CONFIG, tie_embeddings=tied)))
    parts = assemble.parts_of(model)
    rebuilt = assemble.build(model.config, lambda part, layer: parts[part, layer], torch.float32)
    tokens = torch.randint(31, (2, 5))
    assert torch.equal(rebuilt(tokens), model(tokens))
    assert sum(weight.numel() for weight in rebuilt.parameters()) == model.config.n_params
    assert (rebuilt.output.weight is rebuilt.embedding.weight) == tied


@pytest.mark.parametrize("tied", [False, True])
def test_parts_have_the_shapes_and_the_number_of_weights_that_are_expected(tied):
    config = replace(CONFIG, tie_embeddings=tied)
    parts, shapes = assemble.parts_of(Llama(config)), assemble.part_shapes(config)
    assert all(tensor.shape == shapes[part] for (part, _), tensor in parts.items())
    assert sum(tensor.numel() for tensor in parts.values()) == config.n_params


def test_check_passes_what_fits_and_loads_nothing():
    stored = {
        TABLE[part].format(layer): StoredTensor(assemble.part_shapes(CONFIG)[part], pytest.fail)
        for sources in assemble.parameters(CONFIG).values()
        for part, layer in sources
    }
    assemble.check(stored, CONFIG, TABLE, Path("here"))
    surplus = stored | {"extra": StoredTensor((1,), pytest.fail)}
    assemble.check(surplus, CONFIG, TABLE, Path("here"), ignore=lambda name: name == "extra")
    with pytest.raises(ValueError, match=r"here does not hold .* 1 unknown: extra"):
        assemble.check(surplus, CONFIG, TABLE, Path("here"))
