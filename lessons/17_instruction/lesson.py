# %% [markdown]
# # 17 · Instruction tuning: from a model that continues to one that answers
#
# **What you need:** lesson 05 (attention and the causal mask), lesson 09 (logits and the loss of
# the next token) and lesson 10 (greedy decoding).
#
# **What you will be able to do:** turn a conversation into tokens and targets; tune a model to
# answer questions about stories it never saw; know four famous mistakes by their symptoms; say what
# a tuned model has forgotten.
#
# **Time:** about 55 minutes: one text 10 · which tokens count 10 · a model learns to answer 8 ·
# break it 12 · packing 7 · the whole recipe 8.
#
# A model that has read ten thousand stories knows a great deal about stories. Ask it a question:

# %% tags=["nbval-check-output"]
import json
import random
import sys

import torch

from llama_edu import plots
from llama_edu.course.lessons import find_lesson
from llama_edu.course.reader import answer_guess
from llama_edu.course.source import show_source

torch.set_num_threads(1)  # the models of this lesson are too small to share out
measured = json.loads((find_lesson("17").folder / "measured.json").read_text(encoding="utf-8"))
whole, plain, alone = (measured[part] for part in ("whole", "plain", "answers only"))
story, question, answer = whole["shown"][0]
print(story, question, "\n")
print("after pretraining:", repr(whole["pretrain"]["answers"][0]))
print("after tuning:     ", repr(whole["instruct"]["answers"][0]))

# %% [markdown]
# Both lines are by the same small LLaMA, before and after a second training. The first says
# nothing: the story is over, and a model that has read stories alone ends the text there. What
# makes it answer? Only other texts, and a decision about which of their tokens count. This is
# **instruction tuning**, also called *supervised fine-tuning* (SFT): training a pretrained model on
# instructions with right answers.
#
# (What takes minutes was computed beforehand, by `measured.py` beside this lesson.)
#
# ## A conversation is one text
#
# A LLaMA reads one row of tokens. A **chat template** is the rule that turns a conversation into
# one text, with control tokens where a turn begins and ends. Each family has its own:

# %% tags=["nbval-check-output"]
from llama_edu.finetune.instruct.templates import CHATML, LLAMA2, LLAMA3, SHORT
from llama_edu.tokenizer.chat_template import render_chat

talk = [
    {"role": "user", "content": "Where is Ada?"},
    {"role": "assistant", "content": "At the mill."},
]
begin = "<|begin_of_text|>"
opens = {"Llama 2": "<s>", "Llama 3": begin, "SmolLM2": "", "ours": begin}
for name, template in zip(opens, (LLAMA2, LLAMA3, CHATML, SHORT), strict=True):
    eos = "</s>" if name == "Llama 2" else "<|eot_id|>"
    text = render_chat(template, talk, opens[name], eos, add_generation_prompt=False)
    print(f"{name:8}{text!r}")

# %% [markdown]
# Every space and line end counts: in tuning, questions came in exactly this form, again and again.
# To get an answer, the same template is written up to the place where the answer would begin.
#
# What if it is left out? We ask SmolLM2, which was instructed with its template, in both ways.

# %% tags=["nbval-check-output"]
from llama_edu.generate import generate
from llama_edu.pretrained import load_pretrained

smol = load_pretrained(dtype=torch.float32)
ask = "Give me three names for a cat."
prompts = {
    "with the template": smol.chat_ids([{"role": "user", "content": ask}]),
    "without it": smol.tokenizer.encode(ask),
}
for name, ids in prompts.items():
    written = generate(smol.model, [ids], 24, stop=smol.stop_ids)[0]
    print(f"{name}: {smol.tokenizer.decode(written)!r}")

# %% [markdown]
# The weights are the same. Without the template SmolLM2 goes on with your words as if they were its
# own, as pretraining taught it. With the template it takes its turn.
#
# ## Which tokens count
#
# In pretraining every token is a target. In a conversation, the user's words are not what the model
# should learn to write. So they are read, but they do not count. A **loss mask** marks the targets
# that count; in practice the others are given the target −100, which the loss passes over.
#
# By hand, with the short template. The targets stand one place to the left of the tokens, because
# each place predicts what comes *next*:

# %% tags=["nbval-check-output"]
tokens = ["<bos>", "<|user|>", "Where?", "<|assistant|>", "Here", "<|eot|>"]
print(f"{'reads':15}{'must say'}")
for place, token in enumerate(tokens[:-1]):
    following = tokens[place + 1]
    counts = following in ("Here", "<|eot|>")
    print(f"{token:15}{following if counts else '-100'}")

# %% [markdown]
# Two places count. The place of `<|assistant|>` says the first word of the answer. And the place of
# the last word says `<|eot|>`: the **end of turn** is the token with which the model hands over. It
# is no decoration, as you will see.
#
# Real questions are longer. Our stories come from a world whose facts are known (lesson 03), so
# that each question has one right answer. Three simple kinds will do for now:

# %% tags=["nbval-check-output"]
from llama_edu.data.stories import tell_story
from llama_edu.finetune.instruct.recipe import world_tokenizer

tokenizer = world_tokenizer(n_stories=200)

def make_talk(seed):
    told = tell_story(seed, n_events=4)
    first, last = told.events[0], told.events[-1]
    asked, right = random.Random(seed).choice([
        ("Who comes first?", first.who),
        ("Who comes last?", last.who),
        ("Where does it begin?", first.place),
    ])
    return [
        {"role": "user", "content": f"{told.text}\n{asked}"},
        {"role": "assistant", "content": right},
    ]

for turn in make_talk(1):
    print(f"{turn['role']}: {turn['content']}")

# %% [markdown]
# **Predict:** of the tokens of this conversation, what share counts?

# %%
guess = None  # a number between 0 and 1

# %% tags=["nbval-check-output"]
from llama_edu.finetune.instruct.examples import Example, chat_example

example = chat_example(tokenizer, make_talk(1))
n_counting = sum(target != -100 for target in example.targets)
print(f"{n_counting} of {len(example)} tokens count: {n_counting / len(example):.0%}")
print("they are:", tokenizer.decode([t for t in example.targets if t != -100]))
why = "a story is long, its answer is one word, and the end of the turn is one token more"
answer_guess(guess, n_counting / len(example), why, within=0.5)

# %% tags=["nbval-ignore-output"]
show_source(chat_example)

# %% [markdown]
# The naive way is to encode prompt and answer as one text and count tokens up to the border. There
# lies a trap: merges (lesson 04) do not care where your prompt ends.

# %% tags=["nbval-check-output"]
prompt, reply = "the kit", "chen"
for name, ids in {
    "apart": [*smol.tokenizer.encode(prompt), *smol.tokenizer.encode(reply)],
    "together": smol.tokenizer.encode(prompt + reply),
}.items():
    print(f"{name:9}", [smol.tokenizer.decode([i]) for i in ids])

# %% [markdown]
# Trained on the second row, the model would never have seen the prompt that it is given in use.
# `chat_example` compares the two and refuses such a border. Templates avoid it: a control token
# stands there, and nothing merges across one.
#
# ## A model learns to answer
#
# A LLaMA with one layer, 300 steps, 16 new conversations a step. **Exact match** is the share of
# questions whose answer is right letter for letter, the end of turn included. We ask about stories
# that were never trained on.

# %%
from llama_edu.config import ModelConfig
from llama_edu.finetune.instruct.hints import start_copying
from llama_edu.finetune.instruct.packing import packed_batch
from llama_edu.finetune.instruct.score import answers_greedily
from llama_edu.model.llama import Llama
from llama_edu.train.loss import next_token_loss

unseen = [make_talk(seed) for seed in range(10**6, 10**6 + 200)]
tests = [chat_example(tokenizer, one) for one in unseen]
shape = {"d_model": 64, "n_layers": 1, "n_heads": 4, "n_kv_heads": 4, "d_ff": 128}
config = ModelConfig(
    vocab_size=tokenizer.vocab_size, max_seq_len=128, tie_embeddings=True, **shape
)

# %%
def teach(name, change=lambda example: example, n_steps=300):
    torch.manual_seed(0)
    model, losses, scores = Llama(config), [], []
    start_copying(model)  # the last section says what this is
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.99))
    for step in range(n_steps + 1):
        if step % 50 == 0:
            scores.append(sum(answers_greedily(model, tests)) / len(tests))
        seeds = range(16 * step, 16 * step + 16)
        # a row for each example; "Packing" below says more
        rows = [[change(chat_example(tokenizer, make_talk(seed)))] for seed in seeds]
        total, n_targets = next_token_loss(model, packed_batch(rows))
        losses.append(total.item() / n_targets.item())
        optimizer.zero_grad()
        (total / n_targets).backward()
        optimizer.step()
        print(f"\r{name}: step {step} of {n_steps}", end="", file=sys.stderr)
    return model, sum(losses[-20:]) / 20, scores

# %% tags=["nbval-ignore-output"]
results = {"as it should be": teach("as it should be")}

# %% tags=["nbval-ignore-output"]
steps = range(0, 301, 50)
plots.lines(
    {"": (steps, results["as it should be"][2])},
    x_label="step", y_label="exact match on unseen stories", y_from_zero=True,
    title="From nothing to nearly all right in 300 steps",
    alt="The score rises from 0 to more than 0.9, fast at first.",
)

# %% [markdown]
# The score climbs from nothing: before the first step no answer is right. Nobody told the model
# what *first* means; the answers did.
#
# ## Break it, then diagnose it
#
# Four mistakes, each a single line, each made by many before you:
#
# - **prompts count**: the mask is forgotten, and every next token is a target;
# - **no end of turn**: the mask ends one token early;
# - **not shifted**: the target of a place is the token at that place, not the next one;
# - **shifted twice**: you shift the targets, and the library shifts them again.

# %%
def count_prompts(example):
    return Example(example.inputs, [*example.inputs[1:], example.targets[-1]])

def leave_end_out(example):
    end = tokenizer.eos_id
    return Example(example.inputs, [-100 if t == end else t for t in example.targets])

def do_not_shift(example):
    return Example(example.inputs, [-100, *example.targets[:-1]])

def shift_twice(example):
    return Example(example.inputs, [*example.targets[1:], -100])

# %% tags=["nbval-ignore-output"]
mistakes = {
    "prompts count": count_prompts,
    "no end of turn": leave_end_out,
    "not shifted": do_not_shift,
    "shifted twice": shift_twice,
}
results |= {name: teach(name, change) for name, change in mistakes.items()}

# %% [markdown]
# **Predict:** all four train without an error. Which one ends with the *lowest* loss?

# %%
guess = None  # "prompts count", "no end of turn", "not shifted" or "shifted twice"

# %% tags=["nbval-check-output"]
def write(model, talk):
    example = chat_example(tokenizer, talk)
    n_prompt = next(i for i, t in enumerate(example.targets) if t != -100) + 1
    return tokenizer.decode(
        generate(model, [example.inputs[:n_prompt]], 4, stop=tokenizer.stop_ids)[0]
    )

print("right answer:", unseen[0][1]["content"])
for name, (model, _, _) in results.items():
    print(f"{name}: {write(model, unseen[0])!r}")
lowest = min(results, key=lambda name: results[name][1])
print(f"lowest loss: {lowest}, {results[lowest][1]:.2f}")
why = "its target stands in sight, at the very place that predicts, so it only has to copy"
answer_guess(guess, lowest, why)

# %% tags=["nbval-ignore-output"]
plots.bars(
    {name: scores[-1] for name, (_, _, scores) in results.items()},
    x_label="exact match on unseen stories after 300 steps",
    title="One mistake makes learning slower, three leave nothing right",
    alt="As it should be nearly 1, prompts count about a half, the other three 0.",
)

# %% [markdown]
# Each mistake has its own symptom:
#
# | mistake | symptom |
# |---|---|
# | prompts count | answers, but learns more slowly: most of the loss is spent on stories |
# | no end of turn | the right word, then again and again: nothing ever taught it to stop |
# | not shifted | a loss near 0 within seconds, and an answer that repeats the last control token |
# | shifted twice | an empty answer: the first thing it learned to say is the end of the turn |
#
# Look at what a model *writes* before you believe its loss.
#
# A fifth mistake hides better. Templates write the **BOS** token (*beginning of sequence*)
# themselves; many tokenizers add one as well. **Predict:** what does a second BOS cost our model?

# %%
guess = None  # "nothing", "some answers" or "all answers"

# %% tags=["nbval-check-output"]
model = results["as it should be"][0]
doubled = [Example([tokenizer.bos_id, *e.inputs], [-100, *e.targets]) for e in tests]
once, twice = (sum(answers_greedily(model, part)) for part in (tests, doubled))
print("answers that a second BOS makes wrong: few" if once - twice <= 10 else "many")
why = "RoPE sees distances alone, and the story stands as far from its question as before"
answer_guess(guess, "nothing" if once - twice <= 10 else "some answers", why)

# %% [markdown]
# So this bug shows no symptom here, and that makes it famous: nothing crashes, the score hardly
# moves, and yet the model reads a text that it was never trained on. Large models put much
# attention on the first token (lesson 05), so there you cannot know beforehand. Count the BOS of an
# example instead of trusting its score.
#
# ## Packing: no computing on nothing
#
# Conversations have all lengths, a batch is a rectangle. Padding the short ones wastes work.
# **Packing** is laying several examples into one row. **First fit** is the rule that puts each
# example, the longest first, into the first row that has room:

# %% tags=["nbval-check-output"]
from llama_edu.finetune.instruct.packing import first_fit

print(first_fit([3, 6, 4, 2], capacity=7), "are the places of the examples in each row")

# %% [markdown]
# **Predict:** many examples have lengths that are spread evenly from 3 to 32. With one example in
# each row, every row is as long as the longest. What share of the batch is padding?

# %%
guess = None  # a number between 0 and 1

# %% tags=["nbval-check-output"]
lengths = [3 + 7 * i % 30 for i in range(64)]  # 3, 10, 17, …, never above 32
made_up = [Example([1] * n, [1] * n) for n in lengths]
padded = packed_batch([[e] for e in made_up])
packed = packed_batch([[made_up[i] for i in row] for row in first_fit(lengths, 64)], 64)
print(f"one a row: {padded.wasted:.0%} wasted, packed: {packed.wasted:.0%}")
why = "the mean length is a little more than half of the longest"
answer_guess(guess, padded.wasted, why, within=0.15)

# %% [markdown]
# But now a question could look at its neighbour's story. A **document mask** lets each token look
# at its own example alone. With it, every example is read as if it stood by itself:

# %% tags=["nbval-check-output"]
first, second = tests[0], tests[1]
row = packed_batch([[first, second]])
with torch.no_grad():
    by_itself = model(torch.tensor([second.inputs]))[0]
    for name, mask in (("with the mask", row.mask()), ("without it", None)):
        together = model(row.inputs, mask=mask)[0, len(first) :]
        gap = (together - by_itself).abs().max().item()
        print(f"{name}: equal to itself alone: {gap < 1e-3}")

# %% tags=["nbval-ignore-output"]
short = [Example([1] * n, [1] * n) for n in (3, 2, 4)]
names = [*"aaabbcccc·"]  # the last place only fills the row up
plots.squares(
    {"": packed_batch([short], 10).mask()[0, 0].float()}, names, names,
    title="Three examples in a row: each looks into its own past",
    x_label="is looked at", y_label="looks", value_label="1: may look",
    alt="Three triangles of 3, 2 and 4 along the diagonal, and one square of padding at the end.",
)

# %% [markdown]
# No position needs to start anew, since RoPE (lesson 06) sees distances alone.
#
# One choice is left. A long answer and one of a single word: which weighs more? The
# **token mean** is the sum of all losses over the number of tokens. The **sample mean** is the mean
# over answers of each answer's own mean. One answer is one token with loss 3, another nine, each
# with loss 1:

# %% tags=["nbval-check-output"]
losses = [[3.0], [1.0] * 9]
token_mean = sum(map(sum, losses)) / sum(map(len, losses))
sample_mean = sum(sum(one) / len(one) for one in losses) / len(losses)
print(f"token mean {token_mean:.1f}, sample mean {sample_mean:.1f}")

# %% [markdown]
# Neither is wrong: the long answer has nine votes of ten in the first, one of two in the second.
# A third way, the mean of the batches' means, depends on how the batches fell. To avoid it, our
# losses hand over a sum and a number.
#
# ## The whole recipe
#
# Now the real questions: where somebody is *at the end*, where a thing is that is carried about,
# who has it, lists, counts, a summary, and refusing what the story does not say. Three layers,
# stories of four to nine events, and worlds kept apart: no test text was trained on, and some pairs
# of person and place, or person and thing, stood in no training story at all.

# %% tags=["nbval-check-output"]
for kind, (n_right, n) in whole["final"].items():
    print(f"{kind:13}{n_right / n:5.0%} of {n}")
three = [whole["final"][kind] for kind in ("where person", "where thing", "who has")]
n_right, n = map(sum, zip(*three, strict=True))
print(f"the three questions {n_right / n:.0%} of {n}, on pairs never trained on "
      f"{whole['new'][0] / whole['new'][1]:.0%} of {whole['new'][1]}")

# %% [markdown]
# This score has help that is given by hand, and it must be said. The tokenizer knows the world's
# words. The weights start so that each token looks for tokens like itself and copies them (*mimetic
# initialisation*, arXiv:2305.09828). And for the larger part of the run, a second loss (an
# *auxiliary loss*) teaches hidden states the facts: at each name, where that person is by then.
# Without the last two, and half as long (each is one run, one seed):

# %% tags=["nbval-ignore-output"]
asked = {"where person": "where a person is", "where thing": "where a thing is",
         "who has": "who has it"}
tuning = [n - whole["steps"][3] for n in whole["steps"][3:]]
plots.lines(
    {name: (tuning, whole["kinds"][kind][3:]) for kind, name in asked.items()}
    | {"where a person is, plain": (tuning[:7], plain["kinds"]["where person"][1:])},
    x_label="step of tuning", y_label="exact match on unseen worlds", y_from_zero=True,
    title="Without help a person's place is right half of the time", markers=False,
    alt="With help a person's place is near 1 at once, the others follow; without it ends near .5.",
)

# %% [markdown]
# Of the three, the place of a thing that is carried about stays hardest: it takes two steps, from
# the thing to its holder and on to the place.
#
# A model that has read more needs no such help. SmolLM2 knows its template, but not our questions:
# ten minutes of `llama-edu train --stage instruct --from smollm2-135m-instruct --minutes 10` teach
# it our questions, and with `--data pairs.jsonl` yours:

# %% tags=["nbval-check-output"]
for when in ("before", "after"):
    n_right, n = map(sum, zip(*(measured["SmolLM2"][when][kind] for kind in asked), strict=True))
    print(f"{when}: {n_right / n:.0%} of {n} questions answered letter for letter")

# %% [markdown]
# What has the model forgotten? We measure the loss on unseen stories as plain texts, before and
# after tuning. In the recipe other tokens than answers count a little, a tenth; in a second,
# shorter run not at all.
#
# **Predict:** tuned on answers alone, what happens to the loss on stories?

# %%
guess = None  # "falls", "stays" or "rises"

# %% tags=["nbval-check-output"]
print(f"stories after pretraining:        {whole['pretrain']['story_loss']:.2f} nats a token")
print(f"tuned, the others count a tenth:  {whole['instruct']['story_loss']:.2f}")
print(f"tuned on answers alone:           {alone['instruct']['story_loss']:.2f}")
why = "nothing holds the old skill in place once no token of a story counts"
answer_guess(guess, "rises", why)

# %% [markdown]
# **Catastrophic forgetting** is the loss of an old skill while a new one is learned. Nothing in the
# loss of the answers asks the model to keep telling stories.
#
# ## In short
#
# 1. A conversation is one text; the template writes who speaks, and the model has to see it
#    exactly.
# 2. Only answers count, each with its end of turn, each target one place to the left.
# 3. Read what a model writes: a useless one of ours had the lowest loss.

# %% [markdown] tags=["sourced"]
# **Where LLaMA really does this.** LLaMA 1 made one small experiment, LLaMA-I (arXiv:2302.13971,
# sec. 4). Llama 2-Chat was tuned on 27,540 annotated answers for two epochs, with rows of 4,096
# tokens packed and the loss on prompts set to zero (arXiv:2307.09288, sec. 3.1). Llama 3 masks
# prompts as well, and keeps packed documents apart by a mask already in pretraining
# (arXiv:2407.21783, sec. 3.2 and 4.1). Instruction tuning is what made them chat; what people then
# *prefer* is lesson 19.
#
# **Now you:** [exercises/17_instruction](../exercises/17_instruction.ipynb)
