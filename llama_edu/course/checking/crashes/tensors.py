"""What a teacher says to complaints of PyTorch about values, dtypes and calls."""

from llama_edu.course.checking.crashes.crash import Crash

ONE_NUMBER = (
    r"only one element tensors|elements cannot be converted to Scalar|single element can be"
)

# The first that fits is told, so that what is special stands before what is general.
TENSORS = (
    Crash(
        (IndexError, RuntimeError),
        r"(index|Target) -100 is out of bounds",
        "-100 marks a target that does not count, and is no index: leave those places out before "
        "anything is looked up.",
    ),
    Crash(
        (TypeError, AttributeError),
        r"torch\.return_types\.",
        "`max(dim)` and its like return (values, indices): take `.values`. `amax(dim)` returns "
        "the values alone.",
    ),
    Crash(
        TypeError,
        r"softmax\(\) (missing|received an invalid combination)",
        "`softmax` must be told along which dimension the weights sum to 1: `softmax(-1)` is the "
        "last.",
    ),
    Crash(
        (RuntimeError, TypeError),
        r"only supports boolean masks|condition to be a boolean|invert\) is only implemented",
        "A mask of numbers is none: make it boolean first, with `.bool()` or `mask == 1`, and "
        "turn it round only then. On the numbers 1 and 0, `~` gives -2 and -1.",
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
        r"(max|min)\(\) received an invalid combination.* got \((int|float), Tensor|"
        r"(max|min)imum\(\).*must be Tensor, not (int|float)",
        "`torch.max` and its like compare two tensors. To hold every number against a lone one "
        "there are `x.clamp(min=...)` and `x.clamp(max=...)`.",
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
        TypeError,
        r"can be converted to an index",
        "A list or tuple meets a tensor where only a whole number can stand. What gives several "
        "things, such as `torch.autograd.grad`, gives a tuple even of one: take the one, `[0]`.",
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
        r"refer to a single memory location",
        "A slice looks into the same memory: this line reads the very numbers that it writes over. "
        "Let it read from a copy, `x.clone()`.",
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
