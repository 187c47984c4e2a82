"""1.1 Count the parameters."""

from llama_edu.config import PRESETS, ModelConfig
from llama_edu.course.checking.questions import Misconception, Question

from .shapes import inputs, shapes, tied

FIELDS = (
    *("vocab_size", "d_model", "n_layers", "n_heads", "n_kv_heads", "d_ff"),
    "tie_embeddings",
)


def parameters(**sizes) -> int:
    return ModelConfig(max_seq_len=1, **sizes).n_params


def parameters_cases(generator):
    for i, config in enumerate(shapes(generator)):
        yield inputs(tied(config) if i % 2 else config, *FIELDS)
    yield inputs(PRESETS["llama-3.2-1b"], *FIELDS)


PARAMETERS = Question(
    "family.parameters",
    points=3,
    cases=parameters_cases,
    reference=parameters,
    misconceptions=[
        Misconception(
            "two_matrices",
            {"3 * d_model": "2 * d_model"},
            says="the feed-forward layer has two matrices",
            hint="So it was in 2017. Which three did SmolLM2 show in a layer of the lesson?",
        ),
        Misconception(
            "formula_of_2017",
            {"3 * d_model * d_ff": "2 * d_model * d_ff + d_ff + d_model"},
            says="the feed-forward layer has two matrices and two biases",
            hint="So it was in 2017. What did SmolLM2 show in a layer of the lesson?",
        ),
        Misconception(
            "all_heads_have_keys",
            {"n_kv_heads * d_head": "n_heads * d_head"},
            says="there are as many key and value heads as query heads",
            hint="In Llama 3 query heads share keys and values. Which size counts those?",
        ),
        Misconception(
            "one_key_head",
            {"n_kv_heads * d_head": "d_head"},
            says="there is one key and value head",
            hint="That would be `n_kv_heads=1`. How many are there?",
        ),
        Misconception(
            "back_from_shared_heads",
            {"2 * d_model * n_heads * d_head": "d_model * d_head * (n_heads + n_kv_heads)"},
            says="the matrix that leads back from attention takes only the G shared heads",
            hint="Each of the H query heads brings a mixture of its own: how wide are they all?",
        ),
        Misconception(
            "no_way_back",
            {"2 * d_model * n_heads": "d_model * n_heads"},
            says="the matrix that leads back from attention is left out",
            hint="Attention has four matrices: which one turns the heads' results into a vector "
            "of width D?",
        ),
        Misconception(
            "keys_without_values",
            {"2 * d_model * n_kv_heads": "d_model * n_kv_heads"},
            says="only one of key and value is counted",
            hint="A token has a key, to be found by, and a value, to be handed over: two matrices.",
        ),
        Misconception(
            "width_shared_by_groups",
            {"d_model // n_heads": "d_model // n_kv_heads"},
            says="a head is D / G wide",
            hint="The width D is shared among the query heads. That some of them have a key in "
            "common makes none of them wider.",
        ),
        Misconception(
            "head_as_wide_as_model",
            {"d_model // n_heads": "d_model"},
            says="each head is as wide as the model",
            hint="The H heads share the width D among them: how wide is one?",
        ),
        Misconception(
            "ignores_ties",
            {"1 if tie_embeddings else 2": "2"},
            says="the output is always a matrix of its own",
            hint="What does `tie_embeddings=True` say about the output?",
        ),
        Misconception(
            "one_table",
            {"1 if tie_embeddings else 2": "1"},
            says="the output never has a matrix of its own",
            hint="Only tied embeddings serve as output too. What if `tie_embeddings` is False?",
        ),
        Misconception(
            "ties_the_wrong_way",
            {"1 if tie_embeddings else 2": "2 if tie_embeddings else 1"},
            says="tied embeddings count twice, and others once",
            hint="Tied means that one matrix does two jobs. How many matrices are stored?",
        ),
        Misconception(
            "no_embedding",
            {"1 if tie_embeddings else 2": "0 if tie_embeddings else 1"},
            says="the embedding is left out",
            hint="Tied or not, every token has a row of its own that is learned.",
        ),
        Misconception(
            "one_norm_a_layer",
            {"norms = 2 * d_model": "norms = d_model"},
            says="each layer has one norm",
            hint="A layer has two parts, attention and feed-forward. What stands before each?",
        ),
        Misconception(
            "no_norms_in_layers",
            {"norms = 2 * d_model": "norms = 0"},
            says="the norms of the layers are left out",
            hint="They are few, but the count is exact: D numbers for each norm.",
        ),
        Misconception(
            "no_last_norm",
            {"layers + d_model": "layers"},
            says="the last norm, after all the layers, is left out",
            hint="You are D numbers short. What stands between the last layer and the output?",
        ),
        Misconception(
            "last_norm_in_each_layer",
            {"layers + d_model": "layers + n_layers * d_model"},
            says="each layer has three norms",
            hint="Two stand in a layer. The third comes once, after all the layers: where do your "
            "parentheses close?",
        ),
    ],
)
