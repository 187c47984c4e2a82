"""What preferences do to a small model, over seeds: too long for the notebook.

Writes measured.json beside it, which the lesson shows. Run it with
`python lessons/19_preferences/measured.py`: about a quarter of an hour on one core; name some of
the seeds to do only these.
"""

import copy
import json
import random
import sys
from pathlib import Path

import torch

from llama_edu.config import ModelConfig
from llama_edu.data.stories import Story, tell_story
from llama_edu.finetune.instruct.hints import start_copying
from llama_edu.finetune.instruct.packing import ChatBatch, packed_batch
from llama_edu.finetune.preference import (
    RewardModel,
    answer_log_probabilities,
    dpo_loss,
    reward_loss,
)
from llama_edu.finetune.retelling import (
    draw_answers,
    is_true,
    retell,
    retelling_example,
    retelling_tokenizer,
    sentences_of,
)
from llama_edu.model.llama import Llama
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.train.loss import next_token_loss

HERE = Path(__file__).with_name("measured.json")
SEEDS = (1, 2, 3)
N_TUNING, N_STEPS, N_PAIRED = 300, 120, 32  # steps of tuning, steps on pairs, pairs a step
N_STORIES, N_TEST, MOST = 1500, 200, 32  # with two answers each; to test on; answers to choose from
CHECKS = 0.5  # how often the hurried reader looks into the story

Pair = tuple[Story, str, str]  # chosen, then rejected


def new_optimizer(model: torch.nn.Module, lr: float) -> torch.optim.Optimizer:
    return torch.optim.AdamW(model.parameters(), lr=lr, betas=(0.9, 0.99))


def tuned(tokenizer: BPETokenizer, seed: int) -> Llama:
    torch.manual_seed(seed)
    shape = {"d_model": 64, "n_layers": 1, "n_heads": 4, "n_kv_heads": 4, "d_ff": 128}
    config = ModelConfig(
        vocab_size=tokenizer.vocab_size, max_seq_len=128, tie_embeddings=True, **shape
    )
    model, dice = Llama(config), random.Random(seed)
    start_copying(model)
    optimizer = new_optimizer(model, 3e-3)
    for step in range(N_TUNING):
        numbers = range(16 * step, 16 * step + 16)
        stories = [tell_story(seed * 10**6 + number, 4) for number in numbers]
        rows = [[retelling_example(tokenizer, story, retell(story, dice))] for story in stories]
        total, n = next_token_loss(model, packed_batch(rows))
        optimizer.zero_grad()
        (total / n).backward()
        optimizer.step()
    return model


def judged(drawn, is_careful: bool, seed: int) -> list[Pair]:
    """Pairs as a reader prefers them: for what is true, or mostly for what is longer."""
    dice, pairs = random.Random(seed), []
    for story, (a, b) in drawn:
        better = is_true(story, a) - is_true(story, b)
        if not is_careful and (better == 0 or dice.random() >= CHECKS):
            better = len(a) - len(b)
        if better:
            pairs.append((story, a, b) if better > 0 else (story, b, a))
    return pairs


class Pairs:
    """Batches of pairs: first the chosen answers, then the rejected ones."""

    def __init__(self, tokenizer, pairs: list[Pair], seed: int):
        self.rows = [[retelling_example(tokenizer, s, text) for text in two] for s, *two in pairs]
        self.dice = random.Random(seed)

    def batch(self, some=None) -> tuple[list[int], ChatBatch]:
        some = self.dice.sample(range(len(self.rows)), N_PAIRED) if some is None else some
        return some, packed_batch([[self.rows[i][side]] for side in (0, 1) for i in some])

    @torch.no_grad()
    def scored(self, score) -> torch.Tensor:
        """What `score` gives each of all pairs: (2, N)."""
        n = len(self.rows)
        parts = [range(i, min(i + 128, n)) for i in range(0, n, 128)]
        return torch.cat([score(self.batch(part)[1]).view(2, -1) for part in parts], 1)


def reward_model(model: Llama, pairs: Pairs) -> RewardModel:
    judge = RewardModel(copy.deepcopy(model))
    optimizer = new_optimizer(judge, 1e-3)
    for _ in range(N_STEPS):
        loss = reward_loss(*judge(pairs.batch()[1]).chunk(2)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return judge


def dpo(model, pairs, beta=0.1, nll=0.0, same=False, mean=False, sft=False) -> tuple[Llama, dict]:
    """Tune a copy on pairs; what its loss did, and the log-probabilities of both sides."""
    policy = copy.deepcopy(model)
    reference = pairs.scored(lambda batch: answer_log_probabilities(model, batch))
    optimizer, losses = new_optimizer(policy, 5e-4), []
    for _ in range(N_STEPS):
        some, batch = pairs.batch()
        here, there = answer_log_probabilities(policy, batch), reference[:, some].flatten()
        lengths = (batch.targets != -100).sum(1)
        there = here.detach() if same else there
        scale = lengths if mean else 1
        now, then = (here / scale).chunk(2), (there / scale).chunk(2)
        losses.append(dpo_loss(*now, *then, beta).mean())
        likelihood = (here / lengths).chunk(2)[0].mean()
        loss = -likelihood if sft else losses[-1] - nll * likelihood
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    change = pairs.scored(lambda batch: answer_log_probabilities(policy, batch)) - reference
    return policy, {
        "loss": [round(torch.stack(part).mean().item(), 3) for part in (losses[:1], losses[-20:])],
        "chosen": round(change[0].mean().item(), 2),
        "rejected": round(change[1].mean().item(), 2),
        "sorted": round((change[0] > change[1]).double().mean().item(), 3),
    }


def looked_at(policy, model, tokenizer, stories) -> dict:
    """What a policy answers: how much is true, how long it is, how far it went."""
    answers = [texts[0] for texts in draw_answers(policy, tokenizer, stories, 1, seed=9)]
    batch = packed_batch(
        [[retelling_example(tokenizer, *pair)] for pair in zip(stories, answers, strict=True)]
    )
    with torch.no_grad():
        apart = answer_log_probabilities(policy, batch) - answer_log_probabilities(model, batch)
    n = len(stories)
    return {
        "true": round(sum(map(is_true, stories, answers)) / n, 3),
        "sentences": round(sum(len(sentences_of(answer)) for answer in answers) / n, 2),
        "began": round(sum(a.startswith("It began") and a.count(".") == 1 for a in answers) / n, 3),
        "kl": round(apart.mean().item(), 2),
        "shown": answers[:3],
    }


def best_of(judge, drawn, tokenizer) -> dict:
    """The best of 1, 2, 4, … answers by the judge: its reward, the truth and the length."""
    rewards = []
    with torch.no_grad():
        for story, answers in drawn:
            rewards.append(
                judge(packed_batch([[retelling_example(tokenizer, story, a)] for a in answers]))
            )
    found: dict[str, list] = {"k": [], "reward": [], "true": [], "sentences": []}
    for k in (2**i for i in range(MOST.bit_length())):
        best = [(s, a[int(r[:k].argmax())]) for (s, a), r in zip(drawn, rewards, strict=True)]
        found["k"].append(k)
        found["reward"].append(round(sum(r[:k].max().item() for r in rewards) / len(drawn), 3))
        found["true"].append(round(sum(is_true(s, a) for s, a in best) / len(drawn), 3))
        found["sentences"].append(round(sum(len(sentences_of(a)) for _, a in best) / len(drawn), 2))
    return found


ARMS = {
    "beta 0.03": {"beta": 0.03}, "beta 0.1": {}, "beta 1": {"beta": 1.0},
    "with NLL": {"nll": 0.2}, "chosen only": {"sft": True}, "mean": {"mean": True},
    "same object": {"same": True}, "swapped": {}, "hurried": {},
}  # fmt: skip


def one_seed(seed: int) -> dict:
    tokenizer = retelling_tokenizer()
    model = tuned(tokenizer, seed)
    stories = [tell_story(seed * 10**6 + 5 * 10**5 + i, 4) for i in range(N_STORIES)]
    tests = [tell_story(10**8 + i, 4) for i in range(N_TEST)]
    drawn = list(zip(stories, draw_answers(model, tokenizer, stories, 2, seed), strict=True))
    many = list(
        zip(tests[:100], draw_answers(model, tokenizer, tests[:100], MOST, seed), strict=True)
    )
    careful, hurried = (judged(drawn, is_careful, seed) for is_careful in (True, False))
    # the pairs that tell truth from length, of stories that no judge was trained on
    fresh = [tell_story(2 * 10**8 + seed * 10**6 + i, 4) for i in range(600)]
    hard = judged(
        zip(fresh, draw_answers(model, tokenizer, fresh, 2, seed + 100), strict=True), True, seed
    )
    hard = Pairs(tokenizer, [(s, a, b) for s, a, b in hard if len(a) < len(b)], seed)
    found = {"start": looked_at(model, model, tokenizer, tests), "n_pairs": {}, "judges": {}}
    for name, pairs in (("careful", careful), ("hurried", hurried)):
        judge = reward_model(model, Pairs(tokenizer, pairs, seed))
        chosen, rejected = hard.scored(judge)
        prefers = round((chosen > rejected).double().mean().item(), 3)
        found["n_pairs"][name] = len(pairs)
        found["judges"][name] = {"short and true": prefers, **best_of(judge, many, tokenizer)}
        print(seed, name, found["judges"][name], flush=True)
    found["arms"] = {}
    for name, settings in ARMS.items():
        pairs = hurried if name == "hurried" else careful
        pairs = [(s, b, a) for s, a, b in pairs] if name == "swapped" else pairs
        policy, log = dpo(model, Pairs(tokenizer, pairs, seed), **settings)
        found["arms"][name] = log | looked_at(policy, model, tokenizer, tests)
        print(seed, name, found["arms"][name], flush=True)
    return found


def main() -> None:
    torch.set_num_threads(1)
    for seed in [int(one) for one in sys.argv[1:]] or SEEDS:
        found = one_seed(seed)
        known = json.loads(HERE.read_text(encoding="utf-8")) if HERE.exists() else {}
        known = dict(sorted((known | {str(seed): found}).items()))
        HERE.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
