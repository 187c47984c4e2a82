# %% [markdown]
# # 15 · Evaluation: how good is a model, and how sure can you be?
#
# **What you need:** lesson 05 (what a loss is) and lesson 04 (tokenizers).
#
# **What you will be able to do:** compare models of different tokenizers; let a model choose an
# answer without writing one; say how far a score can be trusted; notice a test that was learned by
# heart.
#
# **Time:** about 60 minutes: one text, two tokenizers 14 · windows 7 · choosing an answer 11 ·
# error bars 14 · prompts 6 · contamination 8.
#
# *Two models sit the same test. One answers 62 % of the questions right, the other 65 %. Which is
# better?* You will be able to say what else you would have to know.

# %% tags=["nbval-check-output"]
import math
import sys

import torch

from llama_edu import evaluate, plots
from llama_edu.course.reader import answer_guess
from llama_edu.course.source import show_source
from llama_edu.data.sources import pull
from llama_edu.evaluate.facts import FACTS
from llama_edu.pretrained import load_pretrained

smol = load_pretrained(dtype=torch.float32)
hamlet = (pull("shakespeare") / "hamlet_gut.txt").read_text(encoding="utf-8")
cut = hamlet.index("Scene II.", 150_000)  # from here on nothing is learned
training, held_out = hamlet[:cut], hamlet[cut : cut + 1500]
print(f"{len(training):,} letters to learn from; held out:", repr(held_out[10:70]))

# %% [markdown]
# **Held-out text** is text that is kept away from training, to judge a model by. A model predicts
# it, one token after the other, and pays for each token: minus the logarithm of the probability
# that it gave, which is the loss. The natural logarithm counts in **nats**, the logarithm to base
# 2 counts in **bits**: a bit is ln 2 nats.

# %% [markdown]
# ## By hand: one text, two tokenizers
#
# This text has two letters, and nobody knows more about it than that each is *a* or *b* with
# probability 1/2. One model reads it letter by letter. Another, as ignorant, reads it in pairs:
# *aa*, *ab*, *ba* and *bb* are its tokens, each with probability 1/4.
#
# **Perplexity** is the exponential of the mean loss of a token: a model that wavers between k
# equally likely tokens has perplexity k. **Predict:** what are the perplexities of the two?

# %%
guess = None  # two numbers, such as (3, 3): the letters' model first

# %% tags=["nbval-check-output"]
text, found = "abbabaab", []
for name, n_tokens, p in (("letters", 8, 1 / 2), ("pairs", 4, 1 / 4)):
    losses = [-math.log(p)] * n_tokens
    found.append(round(math.exp(sum(losses) / n_tokens)))
    bits = sum(losses) / math.log(2)
    print(f"{name:7}: {n_tokens} tokens, perplexity {found[-1]}, {bits:.0f} bits in all")
why = "perplexity is a mean over tokens, and a larger token is harder to guess"
answer_guess(guess, tuple(found), why)

# %% [markdown]
# The two know exactly the same, and pay the same for the whole text. But one pays in eight small
# coins and one in four large ones, and perplexity counts by the coin. It cannot compare models of
# different tokenizers.
#
# The text itself has a size that no tokenizer changes: its bytes. **Bits per byte** is the whole
# loss of a text in bits, divided by its number of bytes in UTF-8:
#
# $$\text{bits per byte} = \frac{\text{sum of the losses in nats}}{\ln 2 \cdot \text{bytes}}$$
#
# Here it is 1 for both. Packed files can be measured too: a program that packs a text of n bytes
# into m bytes needs 8 m / n bits per byte.

# %% [markdown]
# ## Two real tokenizers
#
# We train two small models of one shape on the beginning of *Hamlet*. One has a vocabulary of the
# 256 bytes alone, one of 1,024 tokens. The loop is that of lesson 14, without warm-up.

# %%
from torch.nn import functional as F

from llama_edu.config import ModelConfig
from llama_edu.model.llama import Llama
from llama_edu.tokenizer.bpe import BPETokenizer

shape = {"d_model": 64, "n_layers": 2, "n_heads": 4, "n_kv_heads": 4, "d_ff": 176}

def train(tokenizer, text, n_steps, n_texts=16, T=64):
    torch.manual_seed(0)
    model = Llama(ModelConfig(vocab_size=tokenizer.vocab_size, max_seq_len=T, **shape))
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    ids = torch.tensor(tokenizer.encode(text))
    for step in range(n_steps):
        starts = torch.randint(len(ids) - T, (n_texts,))
        pieces = torch.stack([ids[start : start + T + 1] for start in starts])
        logits = model(pieces[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), pieces[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"\rstep {step + 1} of {n_steps}, loss {loss.item():.2f}", end="", file=sys.stderr)
    return model.eval()

# %% tags=["nbval-ignore-output"]
of_bytes = BPETokenizer.train([training], 256)
of_words = BPETokenizer.train([training], 1024)
small, large = train(of_bytes, training, 200), train(of_words, training, 200)

# %% [markdown]
# **Predict:** which of the two has the lower perplexity on the held-out scene, and which the fewer
# bits per byte?

# %%
guess = None  # two of "bytes" and "words", such as ("bytes", "bytes")

# %% tags=["nbval-check-output"]
rows = {}
for name, model, tokenizer in (("bytes", small, of_bytes), ("words", large, of_words)):
    ids = tokenizer.encode(held_out)
    rows[name] = evaluate.perplexity(model, ids), evaluate.bits_per_byte(model, tokenizer, held_out)
    print(f"{name}: {tokenizer.vocab_size:,} tokens spell the scene in {len(ids)}: ", end="")
    print(f"perplexity about {round(rows[name][0], -1):.0f}, ", end="")
    print(f"about {round(2 * rows[name][1]) / 2} bits per byte")
lowest = tuple(min(rows, key=lambda name: rows[name][i]) for i in range(2))
answer_guess(guess, lowest, "the larger tokens are far fewer, and each is worth more bytes")

# %% [markdown]
# By perplexity the model of bytes seems many times better. It is the worse one. We add SmolLM2, an
# **n-gram model**, which is a model that counts what followed the last n - 1 bytes in the training
# text, and programs that pack files. (They pack training text and scene together; what counts is
# how many bytes the scene adds.)

# %% tags=["nbval-ignore-output"]
ngram = evaluate.fit_ngram(training)
scores = {
    "gzip*": evaluate.packed_bits_per_byte(held_out, "gzip -9", training),
    "xz*": evaluate.packed_bits_per_byte(held_out, "xz -9", training),
    f"counts of {ngram.order} bytes": ngram.bits_per_byte(held_out),
    "our model of bytes": rows["bytes"][1],
    "our model of words": rows["words"][1],
    "SmolLM2": evaluate.bits_per_byte(smol.model, smol.tokenizer, held_out, window=256, stride=256),
}
plots.bars(
    scores, x_label="bits per byte of one scene (* bytes that it adds to the packed training text)",
    title="One unit for programs, counts and models",
    alt="Longest to shortest: gzip, our model of bytes, xz, our model of words, counts, SmolLM2.",
)

# %% [markdown]
# Mere counting beats our two models, which have trained for seconds: before you train a model,
# find out what counting reaches. And SmolLM2 wins by far. But *Hamlet* stands in many places on the
# web. Has SmolLM2 learned English, or this very scene? Keep the question in mind.

# %% [markdown]
# ## Windows: what a token has before it
#
# A model reads a limited number of tokens at once: its **window**. A longer text is cut into
# windows, and a token at the start of one has lost what came before. **Predict:** SmolLM2 reads 600
# letters of the scene in one window, and again in windows of 16 tokens. By what factor do the bits
# grow?

# %%
guess = None  # a factor, such as 1.1 or 2.0

# %% tags=["nbval-check-output"]
sizes = [16, 64, 256]
part = held_out[:600]
model, tokenizer = smol.model, smol.tokenizer
costs = [evaluate.bits_per_byte(model, tokenizer, part, window=n, stride=n) for n in sizes]
factor = costs[0] / costs[2]
print("windows of", sizes, "cost", [round(cost, 1) for cost in costs], "bits per byte")
why = "with 8 tokens of context on average, it knows neither the speakers nor the subject"
answer_guess(guess, factor, why, within=0.15)

# %% [markdown]
# The same model, the same text: the number belongs to the window too. To give each token more
# context, windows overlap: they begin a **stride** apart, and only tokens that no window before has
# predicted are counted. Each token must count *once*. The package cuts like this:

# %% tags=["nbval-check-output"]
for start, new, end in evaluate.windows(n_tokens=10, window=4, stride=2):
    print(f"read from token {start}, predict tokens {new} to {end - 1}")
half = evaluate.bits_per_byte(model, tokenizer, part, window=16, stride=8)
print(f"windows of 16, stride 16: {costs[0]:.2f}; stride 8: {half:.2f} bits per byte")

# %% [markdown]
# Half the stride is twice the work. Report bits per byte together with the window and the stride.
#
# ## Choosing an answer without writing one
#
# A test of **multiple choice** gives a question and some answers to choose from. A model need not
# write: we ask how likely it finds each answer. The log-likelihood of an answer is the sum of the
# logarithms of its tokens' probabilities, each given everything before it.

# %% tags=["nbval-check-output"]
@torch.no_grad()
def naive_score(prompt, option):
    given, ids = smol.text_ids(prompt), smol.text_ids(prompt + option)
    log_p = smol.model(torch.tensor([ids]))[0].log_softmax(-1)
    # Row i - 1 of the logits is what the model expects at place i.
    return sum(log_p[i - 1, ids[i]].item() for i in range(len(given), len(ids)))

prompt = "Question: What is bread made from?\nAnswer:"
for option in (" flour", " wine", " milk", " sand"):
    print(f"{option}: {naive_score(prompt, option):.1f}")

# %% [markdown]
# The model prefers what is right. But a longer answer has more tokens to pay for. Here is a
# question whose answers differ in length:
#
# *Why do we see lightning before we hear thunder?* A: because light is faster than sound. B:
# because thunder is late. C: because ears are slow. D: because of the rain.
#
# **Predict:** which of them has the highest log-likelihood for SmolLM2?

# %%
guess = None  # "A", "B", "C" or "D"

# %% tags=["nbval-check-output"]
why_first = next(fact for fact in FACTS if "lightning" in fact.question)
prompt = f"Question: {why_first.question}\nAnswer:"
totals = {}
for letter, option in zip("ABCD", why_first.options, strict=True):
    totals[letter] = naive_score(prompt, f" {option}")
    n_bytes = len(f" {option}".encode())
    each = totals[letter] / n_bytes
    print(f"{letter} {n_bytes} bytes: {totals[letter]:5.1f}, each byte {each:.2f}")
options = [f" {option}" for option in why_first.options]
packages = evaluate.choose(smol.model, smol.tokenizer, prompt, options, None).scores
print("equal to the package's:", torch.tensor(packages).allclose(torch.tensor([*totals.values()])))
why = "it is among the shortest, and has few tokens to be wrong about"
answer_guess(guess, max(totals, key=totals.get), why, wrong={"A": "A is right, but it is long"})

# %% [markdown]
# Undivided, a short answer wins. **Length normalisation** divides the log-likelihood by the length
# of the answer, in tokens, characters or bytes. Divided by bytes, the right one wins here. Is that
# always better? We ask all 48 questions that the package holds.

# %% tags=["nbval-ignore-output"]
print(*(f"{fact.question} {fact.answer}? {fact.also_wrong}?" for fact in FACTS[:4]), sep="\n")
show_source(evaluate.choose, folded="choose: one reading of the prompt serves all options")

# %%
forms = {
    "Question": "Question: {}\nAnswer:",
    "answer only": "{}\nAnswer:",
    "polite": "Please answer the question correctly. {} The correct answer is",
    "teacher": 'The teacher asked: "{}" The pupil answered: "',
}

def sit_the_test(model, tokenizer, form):
    """Log-likelihoods of four options for each question; the first option is right."""
    gap = "" if form.endswith('"') else " "
    answers = []
    for n, fact in enumerate(FACTS, start=1):
        prompt, options = form.format(fact.question), [gap + option for option in fact.options]
        answers.append(evaluate.choose(model, tokenizer, prompt, options, None).scores)
        print(f"\r{n} of {len(FACTS)} questions", end="", file=sys.stderr)
    return torch.tensor(answers)

# %% tags=["nbval-ignore-output"]
answers = {name: sit_the_test(smol.model, smol.tokenizer, form) for name, form in forms.items()}

# %% tags=["nbval-check-output"]
n_bytes = torch.tensor([[len(option.encode()) for option in fact.options] for fact in FACTS])
plain = answers["Question"].argmax(-1) == 0
per_byte = (answers["Question"] / n_bytes).argmax(-1) == 0
print(f"right of {len(FACTS)}: undivided {plain.sum()}, per byte {per_byte.sum()}")
for name, which in (("only undivided", plain & ~per_byte), ("only per byte", per_byte & ~plain)):
    print(f"{name}:", [fact.question for fact, one in zip(FACTS, which, strict=True) if one])

# %% [markdown]
# Dividing helps in sum, but it costs some answers as well: a longer one (*cheese* for *wine*) can
# gain too much. So a score means little unless it says how the answers were chosen.
#
# ## Error bars
#
# SmolLM2 has answered 48 questions. We want to know about all questions of this kind. A model whose
# true share of right answers is 62 % will not get 62 % of every 48. **Predict:** of a thousand such
# tests, the middle 95 % have scores from where to where?

# %%
guess = None  # two shares, such as (0.6, 0.64)

# %% tags=["nbval-check-output"]
dice = torch.Generator().manual_seed(0)
scores = (torch.rand(1000, 48, generator=dice) < 0.62).float().mean(-1).sort().values
low, high = scores[25].item(), scores[975].item()
spread = math.sqrt(0.62 * 0.38 / 48)
print(f"the middle 95 % lie from {low:.0%} to {high:.0%}; 1.96 times {spread:.0%} to each side")
why = "the spread of a share is the root of p (1 - p) / n, and 48 questions are few"
answer_guess(guess, (low, high), why, within=0.06)

# %% [markdown]
# A **confidence interval** is computed from a test so that it holds the true share in, say, 95 % of
# all tests. The textbook's is the share found, p, with 1.96 standard errors to each side:
#
# $$p \pm 1.96 \sqrt{p\,(1 - p) / n}$$

# %% [markdown] tags=["sourced"]
# Llama 3's report prints this interval beside its scores. One of them is 100.0 ± 0.0: all questions
# of an exam in biology (arXiv:2407.21783, table 17; the 91.7 ± 11.1 in the same row fits 22 of 24
# right). Can 24 right answers prove that a model never errs?

# %% [markdown]
# **Break it, then diagnose it.** The formula takes the share *found* for the true one. Where all
# answers are right it sees no spread at all. **Wilson's interval** asks the other way round: which
# true shares would make what we found no surprise? It keeps every share that is at most 1.96 of
# *its own* standard errors away.

# %% tags=["nbval-check-output"]
cases = [(int(per_byte.sum()), 48), (24, 24), (0, 24)]

def naive_interval(n_right, n):
    p = n_right / n
    half = 1.96 * math.sqrt(p * (1 - p) / n)
    return p - half, p + half

for n_right, n in cases:
    print(f"{n_right} of {n} right", end="")
    for name, interval in (("textbook", naive_interval), ("Wilson", evaluate.wilson)):
        low, high = interval(n_right, n)
        print(f", {name} {low:.0%} to {high:.0%}", end="")
    print()

# %% [markdown]
# After 24 right answers of 24, a model that errs in one question of ten is still possible. Now the
# riddle: 62 % and 65 %. **Predict:** how many questions must each model answer until a true
# difference of that size shows in four tests of five?

# %%
guess = None  # a number of questions

# %% tags=["nbval-check-output"]
n, few = evaluate.questions_needed(0.62, 0.65), evaluate.questions_needed(0.62, 0.80)
print(f"{n:,} questions for 62 % and 65 %, {few:,} for 62 % and 80 %")
why = "the error falls with the root of n: a sixth of the difference takes some 36 times as many"
answer_guess(guess, n, why, within=0.25)

# %% tags=["nbval-ignore-output"]
n_asked = [50 * 2**i for i in range(9)]
widths = {p: [1.96 * math.sqrt(p * (1 - p) / n) for n in n_asked] for p in (0.62, 0.65)}
plots.lines(
    {f"{p:.0%}": (n_asked, [p] * 9) for p in widths}, x_log=True, markers=False,
    errors={f"{p:.0%}": width for p, width in widths.items()},
    x_label="questions asked", y_label="share right, with its interval",
    title="62 % and 65 % come apart only after thousands of questions",
    alt="Two bands that overlap almost wholly at 50 questions and part at about 4,000.",
)

# %% [markdown]
# Must it be so many? Both models sit the *same* test. Most questions are easy or hard for both, and
# say nothing about which is better. A **paired comparison** looks at each question's difference:
# 1 where only the first is right, -1 where only the second is, 0 else. Two models, 1,500 questions,
# of which they agree on nine in ten:

# %% tags=["nbval-check-output"]
dice = torch.Generator().manual_seed(0)
luck = torch.rand(1500, generator=dice)
second = (luck < 0.65).float()
first = ((luck < 0.58) | ((luck >= 0.65) & (luck < 0.69))).float()  # 4 % won, 7 % lost
agree = (first == second).float().mean()
print(f"scores {first.mean():.1%} and {second.mean():.1%}; they agree on {agree:.0%}")
for name, model in (("first", first), ("second", second)):
    low, high = evaluate.wilson(int(model.sum()), len(model))
    print(f"{name} alone: {low:.1%} to {high:.1%}")
found = evaluate.paired_difference(second, first)
print(f"second minus first, paired: {found.low:.1%} to {found.high:.1%}")

# %% [markdown]
# The two intervals overlap, and yet the difference is well above 0. So the answer to the riddle is:
# *ask how many questions there were, and look at the differences question by question.*
#
# ## The same questions in other words
#
# All this is about other questions of the same kind. The words around them count as well. SmolLM2
# has sat our test four times, each time with another prompt.

# %% tags=["nbval-check-output"]
right = {name: ((table / n_bytes).argmax(-1) == 0) for name, table in answers.items()}
ranges = {}
for name, is_right in right.items():
    n_right = int(is_right.sum())
    ranges[name] = (n_right / 48, *evaluate.wilson(n_right, 48))
    print(f"{name:12} {ranges[name][0]:.0%}, Wilson {ranges[name][1]:.0%} to {ranges[name][2]:.0%}")
always = torch.stack([*right.values()]).all(0).sum()
print(f"right under all four prompts: {always} of 48 questions")

# %% tags=["nbval-ignore-output"]
plots.intervals(
    ranges, x_label="share of 48 questions that SmolLM2 answers right",
    title="The prompt alone moves the score",
    alt="Four overlapping intervals, their points from about 60 % to 75 %.",
)

# %% [markdown]
# A prompt moves the score by more than the 3 points of our riddle, and an interval over questions
# knows nothing of that. A comparison is fair only if both models see the same prompts.
#
# One more thing can be asked of a model: is it sure when it is right? Softmax over the four
# log-likelihoods gives its **confidence**, the probability that it gives to the option it chooses.
# A model is **calibrated** if it is right in 80 % of the answers of which it is 80 % sure. The
# **expected calibration error** is the mean gap between the two, over bins of like confidence.

# %% tags=["nbval-check-output"]
table = torch.cat([*answers.values()])
confidences, chosen = table.softmax(-1).max(-1)
error, bins = evaluate.calibration(confidences, chosen == 0, n_bins=5)
for one in bins:
    print(f"{one.n:3} answers: {one.confidence:.0%} sure, {one.accuracy:.0%} right")
print(f"expected calibration error {error:.2f}")

# %% [markdown]
# SmolLM2 is surer than it is right.
#
# ## The test in the training text
#
# Back to SmolLM2 and *Hamlet*. **Contamination** is test material in the training text. What does
# it do to a score? We train a tiny model on nothing but our 48 questions with their answers.

# %% tags=["nbval-ignore-output"]
seen = "\n\n".join(forms["Question"].format(f.question) + f" {f.answer}" for f in FACTS)
of_test = BPETokenizer.train([seen], 512)
parrot = train(of_test, seen, 200)
learned = {name: sit_the_test(parrot, of_test, form) for name, form in forms.items()}

# %% [markdown]
# **Predict:** nothing else has it ever read. What does it score on the test?

# %%
guess = None  # a share between 0 and 1

# %% tags=["nbval-check-output"]
print(f"the parrot has {sum(w.numel() for w in parrot.parameters()):,} parameters")
shares = {name: (table.argmax(-1) == 0).float().mean().item() for name, table in learned.items()}
print(f"the test as it was learned: {shares['Question']:.0%}")
why = "it was asked what it had learned by heart, and a test cannot tell that from knowing"
answer_guess(guess, shares["Question"], why, within=0.05)

# %% [markdown]
# A model hundreds of times smaller than SmolLM2, trained for seconds, wins by far. How can that be
# noticed?

# %% tags=["nbval-check-output"]
from llama_edu.data.annotate.contamination import EvaluationGrams

grams = EvaluationGrams([fact.question for fact in FACTS])
for name, text in (("the parrot's training text", seen), ("Hamlet", training)):
    print(f"{name}: {grams.overlap(text):.0%} of its words are those of a test question")
print("asked in other words it keeps the whole score:", min(shares.values()) > 0.95)
print("but it stays above the 25 % of blind guessing:", min(shares.values()) > 0.35)

# %% [markdown]
# Whoever has the training text can look for the test's n-grams in it (lesson 03). Whoever has not,
# as we with SmolLM2, can ask in other words and see what is left. The parrot keeps some of its
# score even then, since the question's own words are enough to set it off. Nobody outside can
# *prove* that SmolLM2 has not read a test.

# %% [markdown]
# ## In short
#
# 1. Perplexity belongs to a tokenizer; bits per byte compare all, if window and stride are told.
# 2. A likelihood chooses an answer; the prompt and the division by length decide with it.
# 3. A score needs its n and its interval, two models need paired differences, and a test must not
#    have been in the training text.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** LLaMA 1 chooses by likelihood per character, but for OpenBookQA
# and BoolQ, where it divides by the likelihood of the answer after "Answer:" alone
# (arXiv:2302.13971, sec. 3). Llama 3 gives 95 % intervals, ± 7.4 % for the 164 problems of
# HumanEval, and says that the true variation is larger; it varies labels, order and prompt on MMLU;
# and it looks for 8-grams of benchmarks in its own training text: 85 % of HellaSwag and 41 % of
# GSM8K count as contaminated, with an estimated gain of 14 to 15 points for the one and 0 to 1 for
# the other (arXiv:2407.21783, sec. 5.1). Paired comparison: arXiv:2411.00640.
#
# **Now you:** [exercises/15_evaluation](../exercises/15_evaluation.ipynb)
