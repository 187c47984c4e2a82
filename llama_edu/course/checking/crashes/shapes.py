"""What a teacher says to complaints of PyTorch about shapes."""

from llama_edu.course.checking.crashes.crash import Crash
from llama_edu.course.checking.crashes.frames import (
    has_more_than_two,
    is_called,
    turns_more_than_two,
)

SIZES_DIFFER = r"size of tensor a .* must match"
PRODUCT = r"@|matmul|einsum|mm\("

# The first that fits is told, so that what is special stands before what is general.
SHAPES = (
    Crash(
        RuntimeError,
        rf"{SIZES_DIFFER}|Expected size for first two dimensions|t\(\) expects a tensor with <= 2|"
        r"use of `x\.T` on tensors",
        "`.T` turns round all the dimensions of a tensor. `.mT`, or `.transpose(-2, -1)`, swaps "
        "the last two alone.",
        line=r"\.T\b|\.t\(",
        holds=turns_more_than_two,
    ),
    Crash(
        (RuntimeError, IndexError),
        rf"{SIZES_DIFFER}|cannot be multiplied|size mismatch|Expected size for|out of range|"
        "too many indices|expanded size",
        "The line that fails is of a function that is called, and the mistake may be where it is "
        "called: print the shapes of what is handed over. Are they those that it is made for?",
        holds=is_called,
    ),
    Crash(
        RuntimeError,
        r"view size is not compatible",
        "After `transpose`, `permute` or a slice the numbers no longer lie one behind the other in "
        "memory, in the order of the dimensions, and `view` cannot cut them. `reshape` and "
        "`flatten` copy them where they must.",
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
        holds=has_more_than_two,
    ),
    Crash(
        RuntimeError,
        SIZES_DIFFER,
        "`*` multiplies number by number, and the shapes must line up from the right: a number for "
        "each row needs `[:, None]`. What multiplies each row by each column and adds up is `@`.",
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
        RuntimeError,
        r"shape '.*' is invalid for input of size|Provided sizes .* don't multiply up",
        "Cutting anew neither makes nor loses numbers: the product of the sizes stays the same.",
    ),
    Crash(
        RuntimeError,
        r"Sizes of tensors must match except in dimension|must have same number of dimensions",
        "`cat` makes one dimension longer, the first if `dim` is not given; all other sizes must "
        "be equal. Write the shapes down: which dimension is to grow?",
    ),
    Crash(
        RuntimeError,
        r"stack expects each tensor to be equal size",
        "`stack` puts tensors of one shape behind each other in a new dimension. `cat` joins "
        "along a dimension that they have, where their lengths may differ.",
    ),
    Crash(
        RuntimeError,
        r"expanded size of the tensor .* must match",
        "What is put into a place, or spread over it, lines up with it from the right; two sizes "
        "must be equal, or its own 1. Write both shapes down; `x[:, None]` makes a column of a "
        "row.",
    ),
    Crash(
        (RuntimeError, ValueError),
        r"Expected target size|Expected input batch_size",
        "`cross_entropy` wants one target for each row of logits: (N, V) and (N,). Of more "
        "dimensions it takes the *second* for the classes. Cut and flatten both in the same way.",
    ),
    Crash(
        IndexError,
        r"tuple index out of range",
        "The shape has fewer sizes than that: the tensor has lost a dimension on the way. An "
        "index takes one away, and so do `sum` and `max`; `repeat_interleave` without `dim` "
        "leaves one flat row.",
        line=r"\.(shape|size\(\))\[",
    ),
    Crash(
        ValueError,
        r"values to unpack",
        "`chunk`, `split` and `unbind` cut the first dimension unless `dim` names another one. "
        "Print how many pieces come out, and their shapes.",
        line=r"\b(chunk|split|tensor_split|unbind)\(",
    ),
    Crash(
        ValueError,
        r"values to unpack",
        "A shape has one size for each dimension: how many dimensions has the tensor here? Print "
        "its shape. Where their number varies, take sizes from the end: `x.shape[-1]`.",
        line=r"\.shape\b|\.size\(\)",
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
)
