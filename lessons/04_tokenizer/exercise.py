# %% [markdown]
# # Exercise 04 · Tokenizer, merge by merge
#
# **What you need:** [lesson 04](../notebooks/04_tokenizer.ipynb); dictionaries, tuples and loops.
#
# **What you will be able to do:** write a byte-level tokenizer like Llama 3's, from counting to
# encoding, and what SentencePiece, that of LLaMA 1 and 2, does differently.
#
# **Time:** about 60 minutes: 4.1 8 · 4.2 9 · 4.3 15 · 4.4 12 · 4.5 9 · 4.6 7.
#
# Write each function where it says `YOUR CODE HERE`, then run the cell below it: it tells you
# whether it is right, and if not, which mistake it makes. Try as often as you like.

# %%
from collections import Counter
from itertools import pairwise

from llama_edu.course import check

# %% [markdown]
# ### 4.1 Count the pairs · difficulty 2/5 · importance 5/5 · 8 min
#
# Which two tokens stand next to each other, and how often? Each different word is given once, as
# a tuple of token ids, with the number of times that it occurs. The word (7, 7, 7) has the pair
# (7, 7) twice.
#
# <details><summary>Hint 1</summary>`pairwise(word)` gives each token with the one after
# it.</details>
# <details><summary>Hint 2</summary>A word that occurs 5 times gives 5 to each of its pairs. A
# `Counter` begins every count at 0.</details>


# %% grade_id="tokenizer.count_pairs"
def count_pairs(words: dict[tuple[int, ...], int]) -> dict[tuple[int, int], int]:
    """How often each pair of neighbouring tokens occurs.

    words: each different word as token ids -> how often it occurs. A pair that stands twice in a
    word counts twice, also where the two overlap. Only pairs that occur are in the result.

    count_pairs({(1, 2, 1, 2): 3, (2, 1): 1}) -> {(1, 2): 6, (2, 1): 4}
    """
    ### BEGIN SOLUTION
    counts = Counter()
    for word, n in words.items():
        for pair in pairwise(word):
            counts[pair] += n
    return counts
    ### END SOLUTION


# %% grade_id="check.tokenizer.count_pairs" points=2
check("tokenizer.count_pairs", count_pairs)

# %% [markdown]
# ### 4.2 Merge one pair · difficulty 2/5 · importance 5/5 · 9 min
#
# Put a new token wherever the pair stands, from left to right. A token that has just been merged
# is used up: it cannot be half of a second pair.
# Merging (7, 7) into 9 makes [9, 7] of [7, 7, 7].
#
# <details><summary>Hint 1</summary>Walk with an index i. Where the pair stands at i, write the new
# token and go two steps on; elsewhere copy and go one step.</details>
# <details><summary>Hint 2</summary>At the last token there is no neighbour: `tokens[i + 1]` would
# fail, while the slice `tokens[i : i + 2]` is only shorter. A slice of a list is a list, and
# no list equals a tuple.</details>


# %% grade_id="tokenizer.merge"
def merge(tokens: list[int], pair: tuple[int, int], new: int) -> list[int]:
    """The tokens with `new` in the place of each `pair`, from left to right.

    merge([1, 2, 3, 1, 2], (1, 2), 9) -> [9, 3, 9]
    """
    ### BEGIN SOLUTION
    merged, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == pair:
            merged.append(new)
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    return merged
    ### END SOLUTION


# %% grade_id="check.tokenizer.merge" points=2
check("tokenizer.merge", merge)

# %% [markdown]
# ### 4.3 Learn the merges · difficulty 4/5 · importance 5/5 · 15 min
#
# Count, choose, merge everywhere, and again. The commonest pair is chosen; of equally common ones
# the *smallest*: the smaller left id, then the smaller right id. You may use the two functions
# above.
#
# <details><summary>Hint 1</summary>`min(counts, key=lambda pair: (-counts[pair], pair))` looks for
# the highest count first, then for the smallest pair.</details>
# <details><summary>Hint 2</summary>Merging makes new words: build a new dict after each merge. The
# i-th merge makes the token `first_id + i`.</details>


# %% grade_id="tokenizer.learn"
def learn(words: dict[tuple[int, ...], int], n_merges: int, first_id: int) -> list[tuple[int, int]]:
    """The pairs that byte-pair encoding merges, in order.

    words: each different word as token ids -> how often it occurs. The first merge makes the token
    first_id, the next first_id + 1, and so on. Of equally common pairs the smallest goes first.
    Fewer than n_merges come back where no pair is left.
    """
    ### BEGIN SOLUTION
    merges = []
    for new in range(first_id, first_id + n_merges):
        counts = count_pairs(words)
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        words = {tuple(merge(list(word), best, new)): n for word, n in words.items()}
    return merges
    ### END SOLUTION


# %% grade_id="check.tokenizer.learn" points=4
check("tokenizer.learn", learn)

# %% [markdown]
# ### 4.4 Encode a word · difficulty 3/5 · importance 5/5 · 12 min
#
# A word begins as its UTF-8 bytes, ids 0 to 255. The learned merges make the ids 256, 257, … in
# their order. Encoding repeats them: always the pair that was learned *earliest*, until none of
# the pairs that are left was learned. That is not the same as looking for the longest token that
# fits.
#
# <details><summary>Hint 1</summary>Going through all merges in order, and merging each wherever it
# stands, does it.</details>
# <details><summary>Hint 2</summary>`list("é".encode("utf-8"))` is [195, 169]: one letter can be
# several bytes.</details>


# %% grade_id="tokenizer.encode"
def encode(word: str, merges: list[tuple[int, int]]) -> list[int]:
    """The token ids of a word under byte-level BPE.

    merges: pairs of ids in the order in which they were learned; the i-th makes the id 256 + i.

    encode("aab", [(97, 98), (97, 256)]) -> [257]
    """
    ### BEGIN SOLUTION
    tokens = list(word.encode("utf-8"))
    for new, pair in enumerate(merges, start=256):
        tokens = merge(tokens, pair, new)
    return tokens
    ### END SOLUTION


# %% grade_id="check.tokenizer.encode" points=3
check("tokenizer.encode", encode)

# %% [markdown]
# ### 4.5 Spaces that can be seen · difficulty 2/5 · importance 4/5 · 9 min
#
# SentencePiece puts a space in front of a text, writes every space as ▁, and cuts so that each word
# has its spaces *in front*. Nothing may get lost: all pieces joined are the whole text.
#
# <details><summary>Hint 1</summary>First the space in front, then `replace(" ", "▁")`.</details>
# <details><summary>Hint 2</summary>A new word begins at a ▁ that does not follow another ▁. The
# first character always begins one.</details>


# %% grade_id="tokenizer.mark_spaces"
def mark_spaces(text: str) -> list[str]:
    """The words of a text as SentencePiece sees them, ▁ for a space.

    mark_spaces("to be") -> ["▁to", "▁be"]; mark_spaces("a  b ") -> ["▁a", "▁▁b", "▁"]
    No text, no words: mark_spaces("") -> [].
    """
    ### BEGIN SOLUTION
    words = []
    marked = "▁" + text.replace(" ", "▁") if text else ""
    for i, character in enumerate(marked):
        if i == 0 or character == "▁" != marked[i - 1]:
            words.append("")
        words[-1] += character
    return words
    ### END SOLUTION


# %% grade_id="check.tokenizer.mark_spaces" points=2
check("tokenizer.mark_spaces", mark_spaces)

# %% [markdown]
# ### 4.6 Byte fallback · difficulty 2/5 · importance 4/5 · 7 min
#
# A character that the vocabulary holds is one token. Any other is spelled in UTF-8 bytes, of which
# each has a token of its own: 龘, if it is not in the vocabulary, takes three.
#
# <details><summary>Hint 1</summary>Go through the characters; `character in vocab` asks whether
# one has a token.</details>
# <details><summary>Hint 2</summary>`character.encode("utf-8")` gives bytes; going through them
# gives numbers from 0 to 255. The token of byte b is `first_byte_id + b`.</details>


# %% grade_id="tokenizer.fall_back"
def fall_back(text: str, vocab: dict[str, int], first_byte_id: int) -> list[int]:
    """A token id for each character, or one for each of its bytes.

    vocab: character -> id. Byte b of UTF-8 has the id first_byte_id + b.

    fall_back("aé", {"a": 300}, 3) -> [300, 198, 172], as é is the bytes 195 and 169
    """
    ### BEGIN SOLUTION
    ids = []
    for character in text:
        if character in vocab:
            ids.append(vocab[character])
        else:
            ids += [first_byte_id + byte for byte in character.encode("utf-8")]
    return ids
    ### END SOLUTION


# %% grade_id="check.tokenizer.fall_back" points=2
check("tokenizer.fall_back", fall_back)

# %% [markdown]
# Done? With a pattern that cuts text into words, 4.1 to 4.4 are `BPETokenizer`, but for its speed;
# 4.5 and 4.6 are the edges of `SentencePieceBPE`.
#
# `llama-edu progress` shows how far you are.
#
# Next: [lesson 05, attention](../notebooks/05_attention.ipynb), in which tokens look at each other.
