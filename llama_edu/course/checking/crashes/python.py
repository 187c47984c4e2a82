"""What a teacher says to the commonest complaints of Python itself."""

from llama_edu.course.checking.crashes.crash import Crash
from llama_edu.course.checking.crashes.frames import is_called

UNPACKING = r"(too many|not enough) values to unpack|cannot unpack non-iterable"

# The first that fits is told, so that what is special stands before what is general.
PYTHON = (
    Crash(
        TypeError,
        r"builtin_function_or_method|'method'|'function'",
        "A function stands there, not its result: are its parentheses `()` missing?",
    ),
    Crash(
        (TypeError, AttributeError),
        r"'?NoneType'?",
        "`.get` gives None for a key that is not there, unless it is told what else to give.",
        line=r"\.get\(",
    ),
    Crash(
        (TypeError, AttributeError),
        r"'?NoneType'?",
        "`.grad` is None until `backward` has run, and for a tensor that was computed: only one "
        "that begins a graph keeps it, as after `r.detach().requires_grad_()`.",
        line=r"(?<!autograd)\.grad\b",
    ),
    Crash(
        (TypeError, AttributeError),
        r"'?NoneType'?",
        "Something there is None: a function without `return` gives that, and so do `sort`, "
        "`append` and all that change a list in place.",
    ),
    Crash(
        UnboundLocalError,
        r"",
        "It is given its first value inside a loop or an `if` that this case does not enter: "
        "begin it before.",
    ),
    Crash(
        KeyError,
        r"",
        "The dict has no such key yet. To count, begin at 0: `counts.get(key, 0) + 1`, or a "
        "`Counter`, or a `defaultdict(int)`.",
        line=r"\] *\+= *[^\[]*$",  # with no other brackets the key is that on the left
    ),
    Crash(
        KeyError,
        r"",
        "The dict has no such key. Was it handed over with all that is asked of it? Print its "
        "keys beside the one that is missing: how do they differ?",
        holds=is_called,
    ),
    Crash(
        KeyError,
        r"",
        "The dict has no such key: ask with `in`, or take `.get(key, ...)` with what is to stand "
        "for it.",
    ),
    Crash(
        IndexError,
        r"(list|string|tuple|pop|list assignment) index out of range|pop from empty list",
        "The last place of n items is n - 1, and an empty list has no place. Does the line "
        "reach for a neighbour of the last one, or for an item of what is empty?",
    ),
    Crash(
        ValueError,
        r"(min|max)\(\).* empty|(min|max)\(\) (arg|iterable argument) is",
        "Nothing is left to choose from. What should come of that, and where is it asked?",
    ),
    Crash(
        TypeError,
        r"unhashable type",
        "Members of a set and keys of a dict must not change, and lists can: `tuple(...)` makes "
        "one that cannot.",
    ),
    Crash(
        ZeroDivisionError,
        r"",
        "What it divides by is 0 in this case: was nothing counted, or found? Print it.",
    ),
    Crash(
        TypeError,
        r"'(int|float)' object is not iterable",
        "A lone number stands where several things are expected: `append` adds one item to a "
        "list, `+=` and `extend` add all items of another.",
        line=r"\+=|extend",
    ),
    Crash(
        TypeError,
        r"'(int|float)' object is not iterable",
        "A lone number stands where several things are expected. Print it: is it a count, or one "
        "item, in the place of them all?",
    ),
    Crash(
        (ValueError, TypeError),
        UNPACKING,
        "`enumerate` gives a number and an item; `for i, (a, b) in enumerate(pairs)` takes a pair "
        "apart as well.",
        line=r"enumerate\(",
    ),
    Crash(
        (ValueError, TypeError),
        UNPACKING,
        "Print one of the things that are unpacked: how many parts has it? A `for` over a dict "
        "gives its keys alone, `.items()` keys and values.",
    ),
    Crash(
        TypeError,
        r"slice indices must be integers|list indices must be integers or slices, not float",
        "A place must be a whole number: `//` divides to one, `/` never does.",
    ),
    Crash(
        NameError,
        r"'(math|re|random|copy|string|functools|itertools|collections|Counter|defaultdict|deque|"
        r"chain|pairwise|combinations|partial|reduce)' is not defined",
        "It must be imported, here or in a cell above that has been run: `import math`, "
        "`from collections import Counter`.",
    ),
    Crash(
        NameError,
        r"is not defined",
        "Is it spelt as where it was made? And has that cell been run since the kernel began?",
    ),
    Crash(
        RuntimeError,
        r"changed (size )?during iteration",
        "What a loop goes through must not grow or shrink meanwhile: go through `list(...)` of it, "
        "or fill another one.",
    ),
    Crash(
        TypeError,
        r"bad operand type for unary -",
        "A minus turns numbers round, one at a time: of a pair, `(-pair[0], -pair[1])`.",
    ),
    Crash(
        TypeError,
        r"takes exactly one argument",
        "Several things at once go in as one tuple: `append((a, b))`.",
        line=r"append\(",
    ),
    Crash(
        UnicodeEncodeError,
        r"can't encode",
        "Latin-1 and ASCII know only some characters, UTF-8 all. Which encoding is asked for?",
    ),
    Crash(
        ValueError,
        r"bytes? must be in range",
        "`bytes` and `bytearray` hold whole numbers below 256 and no others: take a list.",
    ),
    Crash(
        ValueError,
        r"(is not|x not) in (list|tuple)|substring not found",
        "`index` and `remove` raise where there is no such item: ask with `in` first.",
    ),
    Crash(
        TypeError,
        r"'(str|tuple)' object does not support item",
        "Strings and tuples cannot be changed: build a new one, or begin with a `list(...)` of it.",
    ),
    Crash(
        TypeError,
        r"object is not subscriptable|has no len\(\)",
        "What `map`, `zip`, `filter`, `pairwise` and `( … for … )` give has neither places nor a "
        "length: `list(...)` of it has both.",
        line=r"map|zip|filter|pairwise|for|reversed|items|keys|values",
    ),
    Crash(
        TypeError,
        r"'(int|float)' object is not subscriptable|'(int|float)' has no len",
        "A lone number has neither places nor a length. Print it: what did you expect there?",
    ),
    Crash(
        AttributeError,
        r"'set' object has no attribute '(items|keys|values|get)'",
        "Braces without a colon make a set; a dict has `key: value`.",
    ),
    Crash(
        AttributeError,
        r"'(list|tuple|set|dict)' object has no attribute "
        r"'(encode|decode|split|strip|replace|lower|upper|isalpha|startswith|endswith)'",
        "Only a string can do that: take the items one at a time.",
    ),
    Crash(
        AttributeError,
        r"'dict' object has no attribute",
        'An item of a dictionary stands in brackets, under its key: `row["name"]`.',
    ),
    Crash(
        TypeError,
        r"sequence item \d+: expected str",
        "`join` takes strings alone. Print what you give it: what are its items?",
    ),
    Crash(
        TypeError,
        r"not supported between instances",
        "Only like can be compared with like, and so it is where `sorted`, `min` and `max` choose. "
        "Print both sides.",
    ),
    Crash(
        TypeError,
        r"for [&|^-]=?: ('list' and '(list|set)'|'set' and 'list')",
        "Lists do not go together by `&`, `|` or `-`, sets do: `set(...)` makes one.",
    ),
    Crash(
        TypeError,
        r"unsupported operand type|can only concatenate|must be str, not",
        "The two sides do not go together: `+` joins two strings, two lists or two tuples, and "
        "adds two numbers. Print both.",
    ),
)
