"""9.2 One layer."""

from torch import Tensor
from torch.nn import functional as F

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model.norm import rms_norm

from .attention import attention as attend
from .checkpoints import one_layer, shape


def block(x: Tensor, layer: dict[str, Tensor], n_heads: int, n_kv_heads: int) -> Tensor:
    def linear(y: Tensor, name: str) -> Tensor:
        return F.linear(y, layer[f"mlp.{name}_proj.weight"])

    x = x + attend(rms_norm(x, layer["input_layernorm.weight"], 1e-5), layer, n_heads, n_kv_heads)
    normed = rms_norm(x, layer["post_attention_layernorm.weight"], 1e-5)
    return x + linear(F.silu(linear(normed, "gate")) * linear(normed, "up"), "down")


def block_cases(generator):
    for n_texts, n_tokens, config in (
        (1, 2, shape(6, 1, 4, 2, 4, 5)),
        (2, 5, shape(12, 1, 6, 2, 4, 10)),
        (3, 4, shape(8, 1, 4, 4, 2, 8)),  # SwiGLU no wider than the model
    ):
        yield {
            "x": 2 * randn(generator, n_texts, n_tokens, config.d_model),
            "layer": one_layer(generator, config, ""),
            "n_heads": config.n_heads,
            "n_kv_heads": config.n_kv_heads,
        }


FIRST_NORM = 'norm(x, layer["input_layernorm.weight"])'
SECOND_NORM = 'norm(x, layer["post_attention_layernorm.weight"])'
ATTEND = "x = x + attention(normed, layer, n_heads, n_kv_heads)"
SWIGLU = "return x + swiglu(normed, gate, up, down)"

BLOCK = Question(
    "llama.block",
    points=3,
    cases=block_cases,
    reference=block,
    rtol=1e-4,  # seven products in a row, in another order
    misconceptions=[
        Misconception(
            "attention_is_normed",
            {
                ATTEND: ATTEND.replace("attention(", "norm(attention(").replace(
                    "n_kv_heads)", 'n_kv_heads), layer["post_attention_layernorm.weight"])'
                ),
                SECOND_NORM: "x",
            },
            says="the second norm is applied to what attention gives, and SwiGLU reads no norm",
            hint="The name misleads: it says where the norm stands in the order. What does the "
            "second part read, in a model with its norms in front?",
        ),
        Misconception(
            "norms_after_the_sum",
            {
                FIRST_NORM: "x",
                ATTEND: f'{ATTEND}\n    x = norm(x, layer["input_layernorm.weight"])',
                SECOND_NORM: "x",
                SWIGLU: "x = x + swiglu(normed, gate, up, down)\n"
                '    return norm(x, layer["post_attention_layernorm.weight"])',
            },
            says="the norms come after the sums, as in the Transformer of 2017",
            hint="Every LLaMA has them in front: each part reads a normed copy, and nothing norms "
            "the stream itself.",
        ),
        Misconception(
            "first_norm_missing",
            {FIRST_NORM: "x"},
            says="attention reads the stream without a norm",
            hint="Which of the two gains have you not used?",
        ),
        Misconception(
            "second_norm_missing",
            {SECOND_NORM: "x"},
            says="SwiGLU reads the stream without a norm",
            hint="Which of the two gains have you not used?",
        ),
        Misconception(
            "old_copy_read",
            {f"    normed = {SECOND_NORM}\n": ""},
            says="SwiGLU reads the normed copy that was made for attention",
            hint="The stream has moved on since. SwiGLU has a norm of its own.",
        ),
        Misconception(
            "stream_before_attention_read",
            {
                ATTEND: f"before = x\n    {ATTEND}",
                SECOND_NORM: SECOND_NORM.replace("x", "before", 1),
            },
            says="SwiGLU reads the stream as it was before attention added to it",
            hint="The parts come one after the other: the second sees what the first has added.",
        ),
        Misconception(
            "mixture_alone_read",
            {
                ATTEND: f"before = x\n    {ATTEND}",
                SECOND_NORM: SECOND_NORM.replace("x", "x - before", 1),
            },
            says="SwiGLU reads what attention has added, and not the stream",
            hint="The second part reads the whole stream, with what attention has added to it.",
        ),
        Misconception(
            "added_to_the_old_stream",
            {ATTEND: f"before = x\n    {ATTEND}", "return x +": "return before +"},
            says="SwiGLU's result is added to the stream as it was before attention",
            hint="What attention has added must stay in the stream.",
        ),
        Misconception(
            "results_normed",
            {
                FIRST_NORM: "x",
                ATTEND: "x = x + norm(attention(x, layer, n_heads, n_kv_heads), "
                'layer["input_layernorm.weight"])',
                SECOND_NORM: "x",
                SWIGLU: "return x + norm(swiglu(normed, gate, up, down), "
                'layer["post_attention_layernorm.weight"])',
            },
            says="the norms are applied to what the parts give, not to what they read",
            hint="Pre-norm: in front of each part stands a norm, and its result is added as it is.",
        ),
        Misconception(
            "gains_exchanged",
            {
                FIRST_NORM: SECOND_NORM,
                SECOND_NORM: FIRST_NORM,
            },
            says="the gains of the two norms have changed places",
            hint="Which one is at the layer's input, and which comes after the attention part?",
        ),
        Misconception(
            "one_gain_twice",
            {SECOND_NORM: FIRST_NORM},
            says="both norms have the gain `input_layernorm`",
            hint="Each part has a norm of its own, with its own gain.",
        ),
        Misconception(
            "attention_replaces",
            {"x = x + attention(": "x = attention("},
            says="what attention gives takes the place of the stream",
            hint="A part never replaces the stream. What does it do instead?",
        ),
        Misconception(
            "swiglu_replaces",
            {"return x + swiglu(": "return swiglu("},
            says="what SwiGLU gives takes the place of the stream",
            hint="A part never replaces the stream. What does it do instead?",
        ),
        Misconception(
            "added_to_the_copy",
            {
                "x = x + attention(": "x = normed + attention(",
                "return x + swiglu(": "return normed + swiglu(",
            },
            says="the parts add to their normed copies and not to the stream",
            hint="The copy is only read. The stream itself runs through the layer without a norm.",
        ),
        Misconception(
            "gate_and_up_swapped",
            {'("gate", "up", "down")': '("up", "gate", "down")'},
            says="gate and up have changed places",
            hint="In which order does `swiglu` take them? One of the two goes through SiLU.",
        ),
    ],
)
