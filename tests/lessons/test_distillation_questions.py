"""Exercise 23: what is right by other ways is right, and likely slips are named."""

import pytest
import torch
from torch.nn import functional as F

from llama_edu.compress.prune import ffn_activity, prune_ffn
from llama_edu.config import PRESETS
from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question
from llama_edu.model.llama import Llama


def ask(name, answer):
    return diagnose(find_question(f"distillation.{name}"), answer)


def reference(name):
    return find_question(f"distillation.{name}").reference


def test_the_units_are_those_that_the_package_keeps(randomize):
    model = randomize(Llama(PRESETS["tiny"]))
    scores = ffn_activity(model, [torch.arange(20)[None]])
    smaller = prune_ffn(model, scores, 50)
    ffn = model.blocks[1].ffn
    gate, up = ffn.gate_up_proj.weight.chunk(2)
    ours = reference("prune_units")(gate, up, ffn.down_proj.weight, scores[1], 50)
    assert torch.equal(torch.cat(ours[:2]), smaller.blocks[1].ffn.gate_up_proj.weight)
    assert torch.equal(ours[2], smaller.blocks[1].ffn.down_proj.weight)


# Right answers, written otherwise.
def by_kl_div(student_logits, teacher_logits, temperature):
    return temperature**2 * F.kl_div(
        F.log_softmax(student_logits / temperature, -1),
        F.softmax(teacher_logits / temperature, -1),
        reduction="batchmean",
    )


def by_ignoring(student_logits, distances, targets, alpha):
    kept = (targets != -100).float()
    text = F.cross_entropy(student_logits, targets)
    return (1 - alpha) * text + alpha * (distances * kept).sum() / kept.sum()


def by_rows(gate, up):
    rows = (gate * torch.sigmoid(gate) * up).reshape(-1, gate.shape[-1])
    return rows.abs().sum(0) / len(rows)


def by_mask(gate, up, down, scores, n_kept):
    stays = torch.zeros(len(scores), dtype=torch.bool)
    stays[scores.argsort(descending=True)[:n_kept]] = True
    return gate[stays], up[stays], down[:, stays]


def by_division(kept_groups, n_heads, n_groups):
    return [h for h in range(n_heads) if h // (n_heads // n_groups) in set(kept_groups)]


@pytest.mark.parametrize("name, answer", [
    ("distance", by_kl_div), ("student_loss", by_ignoring), ("activity", by_rows),
    ("prune_units", by_mask), ("query_heads", by_division),
])  # fmt: skip
def test_other_right_answers_are_right(name, answer):
    assert ask(name, answer).ok


# What a trial wrote, before it saw the catalogue.
def kl_div_the_other_way(student_logits, teacher_logits, temperature):
    return temperature**2 * F.kl_div(
        F.log_softmax(teacher_logits / temperature, -1),
        F.softmax(student_logits / temperature, -1),
        reduction="batchmean",
    )


def kl_div_mean(student_logits, teacher_logits, temperature):
    return temperature**2 * F.kl_div(
        F.log_softmax(student_logits / temperature, -1),
        F.softmax(teacher_logits / temperature, -1),
        reduction="mean",
    )


def kl_without_square(student_logits, teacher_logits, temperature):
    p = torch.softmax(teacher_logits / temperature, -1)
    log_p = torch.log_softmax(teacher_logits / temperature, -1)
    log_q = torch.log_softmax(student_logits / temperature, -1)
    return (p * (log_p - log_q)).sum(-1).mean()


def soft_cross_entropy(student_logits, teacher_logits, temperature):
    p = torch.softmax(teacher_logits / temperature, -1)
    log_q = torch.log_softmax(student_logits / temperature, -1)
    return temperature**2 * -(p * log_q).sum(-1).mean()


def mean_of_everything(student_logits, distances, targets, alpha):
    return alpha * distances.mean() + (1 - alpha) * F.cross_entropy(student_logits, targets)


def alpha_for_the_text(student_logits, distances, targets, alpha):
    kept = targets != -100
    text = F.cross_entropy(student_logits[kept], targets[kept])
    return alpha * text + (1 - alpha) * distances[kept].mean()


def signed(gate, up):
    return (F.silu(gate) * up).mean((0, 1))


def without_silu(gate, up):
    return (gate * up).abs().mean((0, 1))


def per_text(gate, up):
    return (F.silu(gate) * up).abs().mean(1)


def unsorted(gate, up, down, scores, n_kept):
    i = torch.topk(scores, n_kept).indices
    return gate[i], up[i], down[:, i]


def rows_of_down(gate, up, down, scores, n_kept):
    i = torch.topk(scores, n_kept).indices.sort().values
    return gate[i], up[i], down[i]


def lowest(gate, up, down, scores, n_kept):
    i = scores.argsort()[:n_kept].sort().values
    return gate[i], up[i], down[:, i]


def dealt_out(kept_groups, n_heads, n_groups):
    return sorted(h for g in kept_groups for h in range(g, n_heads, n_groups))


def just_the_groups(kept_groups, n_heads, n_groups):
    return sorted(kept_groups)


def in_order_named(kept_groups, n_heads, n_groups):
    r = n_heads // n_groups
    return [g * r + i for g in kept_groups for i in range(r)]


def kl_div_of_probabilities(student_logits, teacher_logits, temperature):
    student, teacher = ((x / temperature).softmax(-1) for x in (student_logits, teacher_logits))
    return temperature**2 * F.kl_div(student, teacher, reduction="batchmean")


def hidden_as_word_0(student_logits, distances, targets, alpha):
    text = F.cross_entropy(student_logits, targets.clamp(min=0))
    return alpha * distances[targets != -100].mean() + (1 - alpha) * text


def both_by_all_tokens(student_logits, distances, targets, alpha):
    text = F.cross_entropy(student_logits, targets, reduction="sum")
    return (alpha * distances[targets != -100].sum() + (1 - alpha) * text) / len(targets)


def without_brackets(student_logits, distances, targets, alpha):
    counts = targets != -100
    text = F.cross_entropy(student_logits[counts], targets[counts])
    return alpha * distances[counts].mean() + 1 - alpha * text


def softmax_before(student_logits, distances, targets, alpha):
    counts = targets != -100
    text = F.cross_entropy(student_logits[counts].softmax(-1), targets[counts])
    return alpha * distances[counts].mean() + (1 - alpha) * text


def group_by_groups(kept_groups, n_heads, n_groups):
    return [h for h in range(n_heads) if h // n_groups in kept_groups]


def sigmoid_alone(gate, up):
    return (torch.sigmoid(gate) * up).abs().mean((0, 1))


def root_mean_square(gate, up):
    return (F.silu(gate) * up).square().mean((0, 1)).sqrt()


def norm(gate, up):
    return (F.silu(gate) * up).norm(dim=(0, 1))


def indices_of_the_sort(gate, up, down, scores, n_kept):
    i = scores.topk(n_kept).indices.sort().indices
    return gate[i], up[i], down[:, i]


def renumbered(kept_groups, n_heads, n_groups):
    return list(range(len(kept_groups) * (n_heads // n_groups)))


@pytest.mark.parametrize("name, answer, said", [
    ("distance", kl_div_the_other_way, "the_other_way"),
    ("distance", kl_div_mean, "mean_of_all"),
    ("distance", kl_without_square, "no_square"),
    ("distance", soft_cross_entropy, "cross_entropy_only"),
    ("student_loss", mean_of_everything, "all_distances"),
    ("student_loss", alpha_for_the_text, "parts_swapped"),
    ("activity", signed, "signs_cancel"),
    ("activity", without_silu, "no_silu"),
    ("activity", per_text, "by_text"),
    ("prune_units", unsorted, "best_first"),
    ("prune_units", lowest, "worst_ones"),
    ("query_heads", dealt_out, "interleaved"),
    ("query_heads", just_the_groups, "same_numbers"),
    ("query_heads", in_order_named, "in_order_given"),
    ("distance", kl_div_of_probabilities, "no_logarithm"),
    ("student_loss", hidden_as_word_0, "hidden_as_word_0"),
    ("student_loss", both_by_all_tokens, "divided_by_all + text_divided_by_all"),
    ("student_loss", without_brackets, "brackets_missing"),
    ("student_loss", softmax_before, "softmax_twice"),
    ("query_heads", group_by_groups, "divided_by_groups"),
    ("activity", sigmoid_alone, "sigmoid"),
    ("activity", root_mean_square, "root_mean_square"),
    ("activity", norm, "norm"),
    ("prune_units", indices_of_the_sort, "places_of_the_sort"),
    ("query_heads", renumbered, "numbered_anew"),
])  # fmt: skip
def test_likely_slips_are_named(name, answer, said):
    assert ask(name, answer).misconception == said


def test_rows_of_down_are_told():
    verdict = ask("prune_units", rows_of_down)
    assert verdict.misconception == "rows_of_down" or "IndexError" in verdict.sentence
