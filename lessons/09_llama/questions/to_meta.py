"""9.5 The same numbers, other names."""

from torch import Tensor

from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model import rope
from llama_edu.model.rope import interleave_rows as interleaved
from llama_edu.weights import hf, meta

from .checkpoints import checkpoint, shape


def to_meta(weights: dict[str, Tensor], n_heads: int, n_kv_heads: int) -> dict[str, Tensor]:
    heads, renamed = {"q": n_heads, "k": n_kv_heads}, {}
    for part, theirs in hf.NAMES.items():
        for i in range(len(weights)):
            name = theirs.format(i)
            if name in weights and (new := meta.NAMES[part].format(i)) not in renamed:
                weight = weights[name]
                renamed[new] = interleaved(weight, heads[part]) if part in heads else weight
    return renamed


def to_meta_cases(generator):
    for is_tied, config in (
        (True, shape(3, 2, 1, 1, 4, 4, vocab_size=2)),
        (False, shape(3, 2, 4, 2, 4, 5)),
        (True, shape(3, 1, 3, 1, 6, 4)),
    ):
        yield {
            "weights": checkpoint(generator, config, is_tied),
            "n_heads": config.n_heads,
            "n_kv_heads": config.n_kv_heads,
        }


def split_rows(weight: Tensor, n_heads: int) -> Tensor:
    return rope.split_rows(weight, n_heads)


def every_head_alike(weight: Tensor) -> Tensor:
    return interleaved(weight, 1)


Q_ROWS = 'if "q_proj" in name:\n            weight = interleave_rows(weight, n_heads)'
K_ROWS = 'if "k_proj" in name:\n            weight = interleave_rows(weight, n_kv_heads)'

TO_META = Question(
    "llama.to_meta",
    points=4,
    cases=to_meta_cases,
    reference=to_meta,
    misconceptions=[
        Misconception(
            "rows_left",
            {Q_ROWS: "", K_ROWS: ""},
            says="only the names are changed, the rows of W_q and W_k are left as they are",
            hint="Meta's code turns pairs that lie side by side. If you do call `interleave_rows`: "
            "is the name still the old one when you ask for it?",
        ),
        Misconception(
            "only_queries",
            {K_ROWS: ""},
            says="the rows of W_k are left as they are",
            hint="Queries and keys are both turned, so both need their pairs side by side.",
        ),
        Misconception(
            "only_keys",
            {Q_ROWS: ""},
            says="the rows of W_q are left as they are",
            hint="Queries and keys are both turned, so both need their pairs side by side.",
        ),
        Misconception(
            "values_too",
            {
                '"k_proj" in name': '"k_proj" in name or "v_proj" in name',
            },
            says="the rows of W_v are put in another order too",
            hint="Values are not turned. If their rows move, W_o no longer fits them.",
        ),
        Misconception(
            "keys_have_as_many_heads",
            {"interleave_rows(weight, n_kv_heads)": "interleave_rows(weight, n_heads)"},
            says="W_k is cut into as many heads as W_q",
            hint="W_k has G heads. Its rows were mixed across heads.",
        ),
        Misconception(
            "head_counts_exchanged",
            {
                "interleave_rows(weight, n_heads)": "interleave_rows(weight, n_kv_heads)",
                "interleave_rows(weight, n_kv_heads)": "interleave_rows(weight, n_heads)",
            },
            says="W_q is cut into G heads and W_k into H",
            hint="H counts the query heads, G the key and value heads.",
        ),
        Misconception(
            "as_one_head",
            {
                "interleave_rows(weight, n_heads)": "every_head_alike(weight)",
                "interleave_rows(weight, n_kv_heads)": "every_head_alike(weight)",
            },
            says="all rows of a matrix are treated as one head",
            hint="Rows change places within their head only. How many heads has each matrix?",
        ),
        Misconception(
            "other_direction",
            {
                "interleave_rows(weight, n_heads)": "split_rows(weight, n_heads)",
                "interleave_rows(weight, n_kv_heads)": "split_rows(weight, n_kv_heads)",
            },
            says="the rows are put in order the other way round, from Meta's to Hugging Face's",
            hint="The weights that come in are half-split. Which function makes pairs lie side by "
            "side?",
        ),
        Misconception(
            "first_piece_alone",
            {"name = name.replace(old, new)": "if old in name:\n                name = "
             "name.replace(old, new)\n                break"},
            says="only the first piece of a name that is found is changed",
            hint="A name may hold two pieces of `NAMES`: its beginning and what comes after the "
            "number.",
        ),
        Misconception(
            "last_replacement_alone",
            {"name = name.replace(old, new)": "renamed_name = name.replace(old, new)",
             "renamed[name]": "renamed[renamed_name]"},
            says="each replacement begins with the old name again: only the last one counts",
            hint="Keep what `replace` returns under the name that the next round reads.",
        ),
        Misconception(
            "gate_and_up_exchanged",
            {"        renamed[name] = weight": '        swap = {"w1": "w3", "w3": "w1"}\n'
             '        name = ".".join(swap.get(piece, piece) for piece in name.split("."))\n'
             "        renamed[name] = weight"},
            says="w1 and w3 have changed places",
            hint="Meta's w1 is the gate, w2 leads down, w3 is up: `NAMES` has them.",
        ),
    ],
)  # fmt: skip
