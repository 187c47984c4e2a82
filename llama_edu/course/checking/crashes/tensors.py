"""What a teacher says to the commonest complaints of PyTorch."""

from llama_edu.course.checking.crashes.crash import Crash

SIZES_DIFFER = r"size of tensor a .* must match"
ONE_NUMBER = (
    r"only one element tensors|elements cannot be converted to Scalar|single element can be"
)
PRODUCT = r"@|matmul|einsum|mm\("

# The first that fits is told, so that what is special stands before what is general.
TENSORS = (
    Crash(
        (TypeError, AttributeError),
        r"torch\.return_types\.",
        "`max(dim)` and its like return (values, indices): take `.values`. `amax(dim)` returns "
        "the values alone.",
    ),
    Crash(
        RuntimeError,
        rf"{SIZES_DIFFER}|Expected size for first two dimensions|t\(\) expects a tensor with <= 2|"
        r"use of `x\.T` on tensors",
        "`.T` turns round all the dimensions of a tensor. `.mT`, or `.transpose(-2, -1)`, swaps "
        "the last two alone.",
        line=r"\.T\b|\.t\(",
    ),
    Crash(
        TypeError,
        r"softmax\(\) (missing|received an invalid combination)",
        "`softmax` must be told along which dimension the weights sum to 1: `softmax(-1)` is the "
        "last.",
    ),
    Crash(
        RuntimeError,
        r"view size is not compatible",
        "After `transpose` or `permute` the numbers no longer lie in memory in the order of the "
        "dimensions, and `view` cannot cut them. `reshape` and `flatten` copy them where they "
        "must.",
    ),
    Crash(
        RuntimeError,
        r"shapes cannot be multiplied|Expected size for first two dimensions|size mismatch|"
        r"inconsistent tensor size",
        "In `a @ b` the last dimension of a must be as long as the last but one of b. Write both "
        "shapes down; `.mT` swaps the last two dimensions.",
    ),
    Crash(
        RuntimeError,
        r"only supported on matrices or batches of matrices.*[01]-D",
        "It has lost its dimensions on the way: without a `dim`, `repeat_interleave` makes one "
        "flat row of a tensor, and `sum` and `max` a lone number.",
    ),
    Crash(
        RuntimeError,
        rf"{SIZES_DIFFER}.* dimension [2-9]",  # `@` pairs the dimensions before the last two
        "The mask lines up with what it hides from the right: its last two dimensions are those "
        "of the scores, queries and keys. Write both shapes down.",
        line=r"masked_fill|where\(",
    ),
    Crash(
        RuntimeError,
        rf"{SIZES_DIFFER}.* dimension [01]\b",
        "`@` multiplies the last two dimensions and pairs those before them: they must be equal, "
        "or one of them 1. Write both shapes down: has one side fewer heads than the other?",
        line=PRODUCT,
    ),
    Crash(
        RuntimeError,
        SIZES_DIFFER,
        "`*` multiplies number by number, and the shapes must line up from the right. What "
        "multiplies each row by each column and adds up is `@`.",
        line=r"^(?!.*@)(?!.*\.(?:mean|var|std|max|amax|norm)\().*[\w)\]] ?\*(?!\*)",
    ),
    Crash(
        RuntimeError,
        SIZES_DIFFER,
        "Shapes are lined up from the right; two sizes must be equal, or one of them 1. A sum or "
        "maximum along a dimension takes it away unless `keepdim=True`; `x[:, None]` makes a "
        "column of a row.",
    ),
    Crash(
        RuntimeError,
        r"must be a matrix|must be a 3D tensor|1D tensors? expected",
        "`mm`, `bmm` and `dot` take tensors of 2, 3 and 1 dimensions; `@` takes any number.",
    ),
    Crash(
        (RuntimeError, TypeError),
        r"only supports boolean masks|condition to be a boolean|invert\) is only implemented",
        "A mask of numbers is none: make it boolean first, with `.bool()` or `mask == 1`, and "
        "turn it round only then. On the numbers 1 and 0, `~` gives -2 and -1.",
    ),
    Crash(
        IndexError,
        r"shape of the mask .* does not match the shape of the indexed tensor",
        "A mask in brackets must have the sizes of the first dimensions of what it picks from. "
        "Where it is to be spread over others, `masked_fill` or `&` lines it up from the right.",
    ),
    Crash(
        ValueError,
        r"expected sequence of length \d+ at dim",
        "A tensor has no ragged edge: its rows must be equally long before `torch.tensor` can make "
        "it.",
    ),
    Crash(
        IndexError,
        r"tensors used as indices must be",
        "A tensor that stands in brackets holds whole numbers (`.long()`) or truth values "
        "(`.bool()`).",
    ),
    Crash(
        RuntimeError,
        r"Boolean value of Tensor .* is ambiguous",
        "`if`, `and`, `or` and `not` need one truth value. For whole tensors there are `&`, `|` "
        "and `~`; `.any()` and `.all()` make one of many.",
    ),
    Crash(
        TypeError,
        r"must be (tuple of )?ints?,? ?(but got|not) float|repeat_interleave\(\).* got \(.*float|"
        r"'float' object cannot be interpreted",
        "A size or a count must be a whole number: `//` divides to one, `/` never does.",
    ),
    Crash(
        TypeError,
        r"tri[lu]\(\).*must be Tensor, not int",
        "`tril` and `triu` cut a tensor, they do not make one: begin with `torch.ones(...)` of the "
        "shape you want.",
    ),
    Crash(
        TypeError,
        r"must be Tensor, not (int|float)",
        "`torch.sqrt`, `torch.exp` and their like take tensors. A lone number has `math`, or "
        "`** 0.5`.",
    ),
    Crash(
        (ValueError, TypeError, RuntimeError),
        ONE_NUMBER,
        "A bare `[-1]` takes the last item of a tensor, and that is a tensor again. The width, the "
        "length of its last dimension, is `.shape[-1]`: `q.shape[-1]`, not `q[-1]`.",
        line=r"(?<![.\w])\w+\[-1\]",
    ),
    Crash(
        (ValueError, TypeError, RuntimeError),
        ONE_NUMBER,
        "That takes one number, and the tensor has several. `math` and `float` work on lone "
        "numbers; a tensor has methods of its own, such as `x.exp()` and `x.sqrt()`.",
    ),
    Crash(
        (RuntimeError, NotImplementedError),
        r"bitwise_\w+\" not implemented for",
        "`&`, `|` and `~` combine truth values: make them of numbers first, with `.bool()` or a "
        "comparison.",
    ),
    Crash(
        (RuntimeError, NotImplementedError),
        r"not implemented for '(Long|Int|Short|Char|Byte|Bool)'|could not infer output dtype",
        "These are whole numbers or truth values, and this needs floats: `.float()`.",
    ),
    Crash(
        RuntimeError,
        r"to have the same dtype|expected scalar type",
        "Both sides must have one dtype: `.to(x.dtype)`.",
    ),
    Crash(
        RuntimeError,
        r"shape '.*' is invalid for input of size|Provided sizes .* don't multiply up",
        "Cutting anew neither makes nor loses numbers: the product of the sizes stays the same.",
    ),
    Crash(
        IndexError,
        r"Dimension out of range|too many indices",
        "The tensor has fewer dimensions than that. Print its shape: has a sum, an index, a "
        "missing `keepdim`, or `repeat_interleave` without `dim` taken one away?",
    ),
    Crash(
        (RuntimeError, TypeError),
        r"permute.*does not match the length|transpose\(\) (missing|received)",
        "`transpose` takes the two dimensions that change places, `permute` all of them in their "
        "new order.",
    ),
    Crash(
        TypeError,
        r"'torch\.Size' object is not callable",
        "`shape` stands without parentheses: `x.shape[-1]`; with them it is `x.size(-1)`.",
    ),
    Crash(
        TypeError,
        r"'Tensor' object is not callable",
        "Parentheses behind a tensor: `.T` and `.mT` have none, and a product needs its `*`.",
    ),
)
