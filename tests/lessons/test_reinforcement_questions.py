"""Exercise 20: honest code of other forms is right, and what learners write is told truly."""

import math

import pytest
import torch

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question
from llama_edu.course.checking.show import as_text


def judged_in_a_loop(answer, wanted, end):
    said = []
    for token in answer:
        if token == end:
            return 1.0 if said == wanted else 0.0
        said.append(token)
    return 0.0


def begins_with_wanted_and_end(answer, wanted, end):
    return float(answer[: len(wanted) + 1] == [*wanted, end])


def group_by_group(rewards):
    rows = []
    for group in rewards:
        mean = group.mean()
        variance = ((group - mean) ** 2).mean()
        rows.append((group - mean) / (variance.sqrt() + 1e-4))
    return torch.stack(rows)


def clipped_by_cases(log_probs, old_log_probs, advantages, clip):
    ratio = log_probs.exp() / old_log_probs.exp()
    gain = advantages.unsqueeze(1).expand_as(ratio)
    up = ratio.clamp(max=1 + clip) * gain
    down = ratio.clamp(min=1 - clip) * gain
    return torch.where(gain >= 0, up, down)


def kl_from_probabilities(log_probs, reference):
    p, q = log_probs.exp(), reference.exp()
    return q / p - 1 - torch.log(q / p)


def weights_row_by_row(counts, max_new_tokens):
    rows = [
        row.float() / (len(counts) * (row.sum() if max_new_tokens is None else max_new_tokens))
        for row in counts
    ]
    return torch.stack(rows)


def pass_as_a_product(n, n_right, k):
    missed = 1.0
    for i in range(k):
        missed *= max(n - n_right - i, 0) / (n - i)
    return 1 - missed


@pytest.mark.parametrize("name, answer", [
    ("exact_reward", judged_in_a_loop), ("exact_reward", begins_with_wanted_and_end),
    ("group_advantages", group_by_group), ("clipped_gains", clipped_by_cases),
    ("kl_estimate", kl_from_probabilities), ("token_weights", weights_row_by_row),
    ("pass_at_k", pass_as_a_product),
])  # fmt: skip
def test_honest_answers_are_right(name, answer):
    verdict = diagnose(find_question(f"reinforcement.{name}"), answer)
    assert verdict.ok, as_text(verdict)


def all_tokens_stand_there(answer, wanted, end):
    said = answer[: answer.index(end)] if end in answer else []
    if end not in answer:
        return 0.0
    return float(all(token in said for token in wanted))


def without_padding(answer, wanted, end):
    said = []
    for token in answer:
        if token == end:
            break
        said.append(token)
    return float(said == wanted)


def torch_defaults(rewards):
    return (rewards - rewards.mean(1, keepdim=True)) / (rewards.std(1, keepdim=True) + 1e-4)


def whitened(rewards):
    return (rewards - rewards.mean()) / (rewards.std(correction=0) + 1e-4)


def centred_only(rewards):
    return rewards - rewards.mean(-1, keepdim=True)


def tiny_epsilon(rewards):
    spread = rewards.std(1, correction=0, keepdim=True)
    return (rewards - rewards.mean(1, keepdim=True)) / (spread + 1e-6)


def minimum_first(log_probs, old_log_probs, advantages, clip):
    ratio = torch.exp(log_probs - old_log_probs)
    return torch.min(ratio, torch.clip(ratio, 1 - clip, 1 + clip)) * advantages.view(-1, 1)


def as_a_loss(log_probs, old_log_probs, advantages, clip):
    return -clipped_by_cases(log_probs, old_log_probs, advantages, clip)


def plain_ratio(log_probs, old_log_probs, advantages, clip):
    return torch.exp(log_probs - old_log_probs) * advantages[:, None]


def old_over_new(log_probs, old_log_probs, advantages, clip):
    return clipped_by_cases(old_log_probs, log_probs, advantages, clip)


def first_estimator(log_probs, reference):
    return log_probs - reference


def third_of_the_other(log_probs, reference):
    return kl_from_probabilities(reference, log_probs)


def means_of_tokens(counts, max_new_tokens):
    if max_new_tokens is None:
        return counts / counts.sum()
    return counts / (counts.shape[0] * max_new_tokens)


def rows_alone(counts, max_new_tokens):
    return counts / (counts.sum(1, keepdim=True) if max_new_tokens is None else max_new_tokens)


def with_replacement(n, n_right, k):
    return 1 - (1 - n_right / n) ** k


def complement_forgotten(n, n_right, k):
    return math.comb(n - n_right, k) / math.comb(n, k)


@pytest.mark.parametrize("name, answer, misconception", [
    ("exact_reward", all_tokens_stand_there, "contains"),
    ("exact_reward", without_padding, "cut_off_is_right"),
    ("group_advantages", torch_defaults, "divided_by_one_less"),
    ("group_advantages", whitened, "over_the_batch"),
    ("group_advantages", centred_only, "not_scaled"),
    ("clipped_gains", minimum_first, "minimum_of_the_ratios"),
    ("clipped_gains", as_a_loss, "loss"),
    ("clipped_gains", plain_ratio, "never_clipped"),
    ("clipped_gains", old_over_new, "upside_down"),
    ("kl_estimate", first_estimator, "plain_difference"),
    ("kl_estimate", third_of_the_other, "turned_round"),
    ("token_weights", means_of_tokens, "all_tokens_alike"),
    ("token_weights", rows_alone, "both_means_over_tokens_alone"),
    ("pass_at_k", with_replacement, "share_put_in"),
    ("pass_at_k", complement_forgotten, "none_is_right"),
])  # fmt: skip
def test_what_learners_write_is_named(name, answer, misconception):
    verdict = diagnose(find_question(f"reinforcement.{name}"), answer)
    assert (verdict.ok, verdict.misconception) == (False, misconception), as_text(verdict)


def without_its_last_token(answer, wanted, end):
    cut = answer.index(end) if end in answer else -1
    return float(answer[:cut] == wanted)


def row_cut_to_the_most(counts, max_new_tokens):
    if max_new_tokens is None:
        return weights_row_by_row(counts, None)
    return weights_row_by_row(counts, max_new_tokens)[:, :max_new_tokens]


def sure_with_just_k_wrong(n, n_right, k):
    return pass_as_a_product(n, n_right, k) if n - n_right > k else 1.0


def sure_of_all(n, n_right, k):
    return pass_as_a_product(n, n_right, k) if k < n else 1.0


@pytest.mark.parametrize("name, answer", [
    ("group_advantages", tiny_epsilon), ("exact_reward", without_its_last_token),
    ("token_weights", row_cut_to_the_most), ("pass_at_k", sure_with_just_k_wrong),
    ("pass_at_k", sure_of_all),
])  # fmt: skip
def test_what_has_no_name_of_its_own_is_wrong_all_the_same(name, answer):
    assert not diagnose(find_question(f"reinforcement.{name}"), answer).ok
