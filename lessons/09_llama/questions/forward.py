"""9.3 The whole LLaMA."""

from dataclasses import replace

import torch
from torch import Tensor

from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model.rope import interleave_rows
from llama_edu.weights import assemble
from llama_edu.weights.hf import NAMES

from .checkpoints import checkpoint, shape


def forward(
    tokens: Tensor, weights: dict[str, Tensor], n_layers: int, n_heads: int, n_kv_heads: int
) -> Tensor:
    """The package's own model, with these weights in it."""
    first = {part: weights[name.format(0)] for part, name in NAMES.items() if part != "output"}
    vocab_size, d_model = first["embedding"].shape
    d_head, d_ff = len(first["q"]) // n_heads, len(first["gate"])
    config = shape(d_model, n_layers, n_heads, n_kv_heads, d_head, d_ff, vocab_size)
    heads = {"q": n_heads, "k": n_kv_heads}

    def load_part(part: str, i: int) -> Tensor:
        weight = weights[NAMES[part].format(i)]
        return interleave_rows(weight, heads[part]) if part in heads else weight

    config = replace(config, tie_embeddings="lm_head.weight" not in weights)
    with torch.no_grad():
        return assemble.build(config, load_part, torch.float32)(tokens)


def forward_cases(generator):
    for n_texts, n_tokens, is_tied, config in (
        (1, 2, True, shape(6, 1, 4, 2, 4, 5, vocab_size=3)),
        (2, 5, False, shape(8, 3, 4, 2, 2, 6)),
        (2, 3, True, shape(6, 2, 3, 3, 2, 4)),
        (1, 4, False, shape(4, 12, 2, 2, 2, 3)),  # more than ten layers: 1, 10 and 11
    ):
        yield {
            "tokens": torch.randint(config.vocab_size, (n_texts, n_tokens), generator=generator),
            "weights": checkpoint(generator, config, is_tied),
            "n_layers": config.n_layers,
            "n_heads": config.n_heads,
            "n_kv_heads": config.n_kv_heads,
        }


BLOCK = "x = block(x, layer, n_heads, n_kv_heads)"
NORM = 'x = norm(x, weights["model.norm.weight"])'
START = 'f"model.layers.{i}."'

ALL, OTHERS = (
    "names = [name for name in weights",
    "other layers keep their long names: none is read",
)

FORWARD = Question(
    "llama.forward",
    points=4,
    cases=forward_cases,
    reference=forward,
    rtol=1e-3,  # twelve layers of products, in another order
    atol=1e-4,
    equivalent_mutants={
        f"{ALL} if name.startswith(start)] -> {ALL}]": OTHERS,
        f"{ALL} if name.startswith(start)] -> {ALL} if name]": OTHERS,
    },
    misconceptions=[
        Misconception(
            "layer_1_takes_10",
            {
                "name.startswith(start)": "name.startswith(start[:-1])",
                "name.removeprefix(start)": 'name.split(".", 3)[3]',
            },
            says="the names of layer 10 are taken for those of layer 1, as both begin alike",
            hint="`model.layers.1` is the beginning of `model.layers.10` as well. What ends the "
            "number in a name?",
        ),
        Misconception(
            "no_last_norm",
            {f"    {NORM}\n": ""},
            says="the stream goes into the output without the last norm",
            hint="Which of the names at the ends have you not used?",
        ),
        Misconception(
            "norm_after_each_layer",
            {f"    {NORM}\n": f"        {NORM}\n"},
            says="the last norm is taken after every layer, inside the loop",
            hint="Nothing norms the stream on its way. `model.norm` stands once, after all layers.",
        ),
        Misconception(
            "norm_at_the_start",
            {
                "    x = embedding[tokens]\n": f"    x = embedding[tokens]\n    {NORM}\n",
                f"    {NORM}\n": "",
            },
            says="the last norm is applied to the embedding, before all layers",
            hint="The stream begins with the rows of the embedding as they are. What needs a norm?",
        ),
        Misconception(
            "always_tied",
            {'weights.get("lm_head.weight", embedding)': "embedding"},
            says="the embedding makes the logits even where the file has `lm_head.weight`",
            hint="Only where the output is tied does the embedding serve. How does the dict tell?",
        ),
        Misconception(
            "result_not_kept",
            {BLOCK: BLOCK[4:]},
            says="what `block` returns is not kept, so that all layers are left out",
            hint="`block` changes nothing in place: it returns the new stream.",
        ),
        Misconception(
            "added_once_more",
            {BLOCK: BLOCK.replace("x = ", "x = x + ")},
            says="the result of each layer is added to the stream once more",
            hint="`block` returns the stream, to which it has added already.",
        ),
        Misconception(
            "one_layer_again",
            {START: '"model.layers.0."'},
            says="every layer has the weights of layer 0",
            hint="The number in the name is the loop's.",
        ),
        Misconception(
            "last_layer_left_out",
            {"range(n_layers)": "range(n_layers - 1)"},
            says="the last layer is left out",
            hint="`range(n)` ends at n - 1 by itself.",
        ),
        Misconception(
            "first_layer_left_out",
            {"range(n_layers)": "range(1, n_layers)"},
            says="layer 0 is left out",
            hint="The file counts layers from 0.",
        ),
        Misconception(
            "each_layer_reads_the_embedding",
            {BLOCK: BLOCK.replace("(x,", "(embedding[tokens],")},
            says="each layer reads the embedding, so that only the last one counts",
            hint="The output of a layer is the input of the next.",
        ),
        Misconception(
            "embedding_scaled",
            {"x = embedding[tokens]": "x = embedding[tokens] * embedding.shape[1] ** 0.5"},
            says="the embedding is multiplied by the square root of D",
            hint="The Transformer of 2017 does that. A LLaMA takes the rows as they are.",
        ),
        Misconception(
            "probabilities",
            {"embedding).T": "embedding).T).softmax(-1)", "return x @": "return (x @"},
            says="softmax has made probabilities of the logits",
            hint="Logits are asked for: the plain products.",
        ),
    ],
)
