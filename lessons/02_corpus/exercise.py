# %% [markdown]
# # Exercise 02 · Corpus, rule by rule
#
# **What you need:** the lesson [notebooks/02_corpus](../notebooks/02_corpus.ipynb).
#
# **What you will be able to do:** write a rule of Gopher's, the checksum of cards, and the three
# parts of the search for near-copies.
#
# **Time:** about 55 minutes: 2.1 Repeated lines 10 · 2.2 Check digit 10 · 2.3 Similarity 10 ·
# 2.4 Signature 10 · 2.5 Candidates 15
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes. Try as often as you like.

# %%
from itertools import combinations

from llama_edu.course import check

# %% [markdown]
# ### 2.1 Lines that were there before · difficulty 1/5 · importance 4/5 · 10 min
#
# Menus and spam say the same again and again. Which share of a text's lines is a copy of an
# earlier line? Gopher drops a page above 0.3. The first of several equal lines is no copy: a page
# of ten equal lines has the share 0.9.
#
# <details><summary>Hint 1</summary>`splitlines()`, `strip()` each line, and leave out what is
# empty then.</details>
# <details><summary>Hint 2</summary>How many different lines are there? All others are
# copies.</details>


# %% grade_id="corpus.repeated_share"
def repeated_share(text: str) -> float:
    r"""Share of the lines that equal an earlier line, in [0, 1].

    White space round a line makes no difference, upper and lower case do. Empty lines do not count
    at all; a text without any other line has the share 0.

    repeated_share("Home\nIt rained.\n\n  Home") -> 1/3
    """
    ### BEGIN SOLUTION
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    n_copies = len(lines) - len(set(lines))
    return n_copies / len(lines) if lines else 0.0
    ### END SOLUTION


# %% grade_id="check.corpus.repeated_share" points=2
check("corpus.repeated_share", repeated_share)

# %% [markdown]
# ### 2.2 The last digit of a card · difficulty 2/5 · importance 3/5 · 10 min
#
# The last digit of a card's number only checks the others. Which digit must follow the given ones,
# so that Luhn's rule holds? The rule, for the *whole* number: begin at the right; leave the last
# digit as it is, double the one before it, leave the next, double the next, and so on; subtract 9
# where doubling gives more than 9; add all up. The sum must end in 0.
#
# In 4111 1111 1111 1111 the digits become 8 1 2 1 2 1 2 1 2 1 2 1 2 1 2 1, and their sum is 30.
#
# <details><summary>Hint 1</summary>The digit that you look for will stand on the far right and is
# not doubled. So which of the given digits is the first to be doubled?</details>
# <details><summary>Hint 2</summary>`reversed(digits)` begins at the right; `enumerate` counts.
# What must be added to a sum so that it ends in 0?</details>


# %% grade_id="corpus.check_digit"
def check_digit(digits: str) -> int:
    """The digit, 0 to 9, that completes a number after Luhn.

    digits: all but the last, of any length from 1.

    check_digit("411111111111111") -> 1
    """
    ### BEGIN SOLUTION
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10
    ### END SOLUTION


# %% grade_id="check.corpus.check_digit" points=2
check("corpus.check_digit", check_digit)

# %% [markdown]
# ### 2.3 How alike are two texts? · difficulty 2/5 · importance 5/5 · 10 min
#
# Cut each text into all its overlapping pieces of n characters. With $A$ and $B$ for the sets of
# these pieces, the Jaccard similarity is
#
# $$ J(A, B) = \frac{|A \cap B|}{|A \cup B|}, $$
#
# the number of different pieces that both have, divided by the number that either has.
#
# <details><summary>Hint 1</summary>A text of 5 characters has 3 pieces of 3: they begin at 0, 1
# and 2.</details>
# <details><summary>Hint 2</summary>Sets hold each piece once; `&` and `|` combine them.</details>


# %% grade_id="corpus.similarity"
def similarity(a: str, b: str, n: int) -> float:
    """Jaccard similarity of two texts by their pieces of n characters, in [0, 1].

    a and b have at least n characters; every character counts as it is, spaces too.

    similarity("abcd", "bcde", 2) -> 0.5, as bc and cd are two of ab, bc, cd, de
    """
    ### BEGIN SOLUTION
    pieces_a, pieces_b = ({text[i : i + n] for i in range(len(text) - n + 1)} for text in (a, b))
    n_both, n_either = len(pieces_a & pieces_b), len(pieces_a | pieces_b)
    return n_both / n_either
    ### END SOLUTION


# %% grade_id="check.corpus.similarity" points=2
check("corpus.similarity", similarity)

# %% [markdown]
# ### 2.4 A signature · difficulty 2/5 · importance 5/5 · 10 min
#
# The members of the set are whole numbers here. Under each hash function
#
# $$ h(x) = (a x + b) \bmod p $$
#
# with its own a and b, keep the smallest value that a member has. So the signature has a number for
# each function, in the order of the functions.
#
# <details><summary>Hint 1</summary>One number for each function, not for each member.</details>
# <details><summary>Hint 2</summary>First hash all members, then take the least: the smallest
# member need not have the smallest hash.</details>


# %% grade_id="corpus.signature"
def signature(members: list[int], functions: list[tuple[int, int]], prime: int) -> list[int]:
    """The MinHash signature of a set: a number for each hash function.

    members: whole numbers, at least one. functions: (a, b) of h(x) = (a x + b) modulo prime.

    signature([1, 2], [(3, 1), (1, 0)], 5) -> [2, 1], as h is 4 and 2 under the first
    """
    ### BEGIN SOLUTION
    return [min((a * x + b) % prime for x in members) for a, b in functions]
    ### END SOLUTION


# %% grade_id="check.corpus.signature" points=3
check("corpus.signature", signature)

# %% [markdown]
# ### 2.5 Who is compared? · difficulty 4/5 · importance 5/5 · 15 min
#
# Cut every signature into bands of equal width, from left to right. Two texts are a pair worth
# comparing if they agree on a *whole band at the same place*. Real signatures are far too many for
# two loops over all texts; here any way is good.
#
# <details><summary>Hint 1</summary>Band k of a signature is `s[k * r : (k + 1) * r]`, of r
# numbers. How wide is r?</details>
# <details><summary>Hint 2</summary>`any(...)` over the bands asks whether one agrees, and
# `combinations(range(n), 2)` gives each pair i < j once.</details>


# %% grade_id="corpus.candidates"
def candidates(signatures: list[list[int]], n_bands: int) -> list[tuple[int, int]]:
    """The pairs i < j of texts, numbered from 0, that agree on a whole band; sorted, each once.

    signatures: equally long; their length is a multiple of n_bands.

    candidates([[1, 2, 3, 4], [1, 9, 3, 4], [9, 2, 3, 9]], 2) -> [(0, 1)]
    """
    ### BEGIN SOLUTION
    r = len(signatures[0]) // n_bands
    bands = [[s[k * r : (k + 1) * r] for k in range(n_bands)] for s in signatures]
    return [
        (i, j)
        for i, j in combinations(range(len(bands)), 2)
        if any(bands[i][k] == bands[j][k] for k in range(n_bands))
    ]
    ### END SOLUTION


# %% grade_id="check.corpus.candidates" points=4
check("corpus.candidates", candidates)

# %% [markdown]
# Done? 2.3 to 2.5 are `character_shingles` with `jaccard`, `MinHasher` and `candidate_pairs` of the
# package, but for their speed.
#
# Next is [lesson 03](../notebooks/03_augment.ipynb), on making new examples out of old ones.
# `llama-edu progress` shows how far you are.
