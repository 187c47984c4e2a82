"""Exercise 15: honest answers of other forms are right, and likely slips are named."""

import math
from statistics import NormalDist

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from llama_edu import evaluate
from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question
from llama_edu.course.checking.show import as_text


def bits_by_torch(losses, text):
    return float(torch.sum(losses / torch.log(torch.tensor(2.0))) / len(bytes(text, "utf-8")))


def windows_by_sets(n_tokens, window, stride):
    counted, cuts = set(), []
    for start in range(0, n_tokens, stride):
        ours = [
            i for i in range(start + 1, start + window + 1) if i < n_tokens and i not in counted
        ]
        if ours:
            cuts.append((start, ours[0], ours[-1] + 1))
            counted.update(ours)
        if len(counted) == n_tokens - 1:
            break
    return cuts


def windows_while_true(n_tokens, window, stride):
    out = []
    done = 1
    k = 0
    while True:
        stop = min(k * stride + window + 1, n_tokens)
        out.append((k * stride, done, stop))
        done = stop
        if stop == n_tokens:
            return out
        k += 1


def option_by_cross_entropy(logits, ids, n_prompt, n_bytes):
    loss = F.cross_entropy(logits[:-1], ids[1:], reduction="none")
    return -loss[n_prompt - 1 :].sum().item() / n_bytes


def option_by_gather(logits, ids, n_prompt, n_bytes):
    logp = torch.log_softmax(logits.double(), dim=1)[:-1].gather(1, ids[1:].unsqueeze(1)).squeeze(1)
    return float(logp[n_prompt - 1 :].sum()) / n_bytes


def wilson_by_its_equation(n_right, n, z):
    """The roots of (p - share)² = z² p (1 - p) / n."""
    a, b, c = n + z * z, -(2 * n_right + z * z), n_right * n_right / n
    root = math.sqrt(max(b * b - 4 * a * c, 0))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def paired_by_numpy(first, second):
    d = first.numpy().astype("float64") - second.numpy().astype("float64")
    se = d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - 1.96 * se, d.mean() + 1.96 * se


def calibration_in_loops(confidences, is_right, n_bins):
    bins = [[] for _ in range(n_bins)]
    for c, right in zip(confidences.tolist(), is_right.tolist(), strict=True):
        bins[math.ceil(c * n_bins) - 1].append((c, right))
    total = 0
    for one in bins:
        if one:
            sure, right = (sum(column) / len(one) for column in zip(*one, strict=True))
            total += len(one) * abs(sure - right)
    return total / len(confidences)


def calibration_by_bucketize(confidences, is_right, n_bins):
    edges = torch.linspace(0, 1, n_bins + 1)[1:-1]
    place = torch.bucketize(confidences, edges)
    gaps = torch.zeros(n_bins).index_add(0, place, confidences - is_right.float())
    return (gaps.abs().sum() / len(confidences)).item()


@pytest.mark.parametrize("name, answer", [
    ("bits_per_byte", bits_by_torch),
    ("windows", windows_by_sets),
    ("windows", windows_while_true),
    ("option_score", option_by_cross_entropy),
    ("option_score", option_by_gather),
    ("wilson", wilson_by_its_equation),
    ("paired_difference", paired_by_numpy),
    ("calibration_error", calibration_in_loops),
    ("calibration_error", calibration_by_bucketize),
])  # fmt: skip
@pytest.mark.parametrize("seed", range(3))
def test_honest_answers_of_other_forms_are_right(name, answer, seed):
    verdict = diagnose(find_question(f"evaluation.{name}"), answer, seed)
    assert verdict.ok, as_text(verdict)


def test_references_are_the_packages():
    wilson = find_question("evaluation.wilson").reference
    for n_right, n in ((81, 263), (0, 7), (24, 24)):
        confidence = 2 * NormalDist().cdf(1.7) - 1
        ours = evaluate.wilson(n_right, n, confidence)
        assert wilson(n_right, n, 1.7) == pytest.approx(ours, abs=1e-12)
    cut = find_question("evaluation.windows").reference
    for n_tokens in range(2, 20):
        for window in range(1, 9):
            for stride in range(1, window + 1):
                theirs = evaluate.windows(n_tokens, window, stride)
                ours = cut(n_tokens, window, stride)
                assert [one[1:] for one in ours] == [one[1:] for one in theirs]
                assert ours[:-1] == theirs[:-1]  # the package moves the last one back


def bits_of_mean_tokens(losses, text):
    return (losses.mean() / math.log(2)).item()


def bits_with_log2_of_losses(losses, text):
    return torch.log2(losses).sum().item() / len(text.encode())


def windows_of_huggingface(n_tokens, window, stride):
    """Windows as in the guide on perplexity, which counts the tokens read, not those predicted."""
    out, prev_end = [], 0
    for begin in range(0, n_tokens, stride):
        end = min(begin + window, n_tokens)
        out.append((begin, prev_end, end))
        prev_end = end
        if end == n_tokens:
            break
    return out


def windows_new_is_start_plus_overlap(n_tokens, window, stride):
    cuts = []
    for start in range(0, n_tokens - 1, stride):
        end = min(start + window + 1, n_tokens)
        new = start + 1 if start == 0 else start + window - stride
        cuts.append((start, new, end))
        if end == n_tokens:
            break
    return cuts


def option_row_before_the_prompt(logits, ids, n_prompt, n_bytes):
    logp = logits.log_softmax(-1)
    return sum(logp[t, ids[t]].item() for t in range(n_prompt - 1, len(ids) - 1)) / n_bytes


def option_no_minus_one(logits, ids, n_prompt, n_bytes):
    logp = logits.log_softmax(-1)[n_prompt:]
    target = ids[n_prompt:]
    return logp.gather(1, target[:, None]).sum().item() / n_bytes


def option_with_log_of_sum(logits, ids, n_prompt, n_bytes):
    p = logits.softmax(-1)[n_prompt - 1 : -1]
    return math.log(sum(p[i, ids[n_prompt + i]].item() for i in range(len(p)))) / n_bytes


def wilson_without_brackets_both(n_right, n, z):
    p = n_right / n
    d = 1 + z**2 / n
    m = (p + z**2 / 2 * n) / d
    h = z / d * math.sqrt(p * (1 - p) / n + z**2 / 4 * n**2)
    return m - h, m + h


def wilson_of_textbook(n_right, n, z):
    p = n_right / n
    se = math.sqrt(p * (1 - p) / n)
    return p - z * se, p + z * se


def paired_by_numpy_std(first, second):
    d = (first - second).numpy()
    se = d.std() / math.sqrt(len(d))
    return d.mean().item(), (d.mean() - 1.96 * se).item(), (d.mean() + 1.96 * se).item()


def paired_as_two_models(first, second):
    n = len(first)
    d = first.mean() - second.mean()
    h = 1.96 * math.sqrt(first.var() / n + second.var() / n)
    return d.item(), (d - h).item(), (d + h).item()


def calibration_mean_over_bins(confidences, is_right, n_bins):
    gaps = []
    for i in range(n_bins):
        inside = (confidences > i / n_bins) & (confidences <= (i + 1) / n_bins)
        if inside.any():
            gap = confidences[inside].mean() - is_right[inside].float().mean()
            gaps.append(gap.abs().item())
    return sum(gaps) / len(gaps)


def calibration_per_answer(confidences, is_right, n_bins):
    return (confidences - is_right.float()).abs().mean().item()


def calibration_nan(confidences, is_right, n_bins):
    error = 0.0
    for i in range(n_bins):
        inside = (confidences > i / n_bins) & (confidences <= (i + 1) / n_bins)
        gap = confidences[inside].mean() - is_right[inside].float().mean()
        error += gap.abs().item() * inside.float().mean().item()
    return error


def windows_that_never_stop(n_tokens, window, stride):
    out, new, start = [], 1, 0
    while start < n_tokens:
        end = min(start + window, n_tokens)
        out.append((start, new, end))
        new = end
        start += stride
    return out


def option_from_a_square(logits, ids, n_prompt, n_bytes):
    logp = logits.log_softmax(-1)
    return logp[n_prompt - 1 : -1, ids[n_prompt:]].sum().item() / n_bytes


def wilson_with_z(n_right, n, z):
    p, d = n_right / n, 1 + z / n
    m, h = (p + z / (2 * n)) / d, z / d * math.sqrt(p * (1 - p) / n + z / (4 * n**2))
    return m - h, m + h


def wilson_with_a_short_root(n_right, n, z):
    p, d = n_right / n, 1 + z**2 / n
    m, h = (p + z**2 / (2 * n)) / d, z / d * math.sqrt(p * (1 - p) / n) + z**2 / (4 * n**2)
    return m - h, m + h


def calibration_of_sums(confidences, is_right, n_bins):
    error = 0.0
    for i in range(n_bins):
        inside = (confidences > i / n_bins) & (confidences <= (i + 1) / n_bins)
        if inside.sum() > 0:
            error += abs(confidences[inside].sum() - is_right[inside].sum()).item()
    return error


@pytest.mark.parametrize("name, answer, expected", [
    ("windows", windows_that_never_stop, "one_too_short + does_not_stop"),
    ("option_score", option_from_a_square, "every_row_every_token"),
    ("wilson", wilson_with_z, "z_not_squared"),
    ("wilson", wilson_with_a_short_root, "root_ends_too_soon"),
    ("calibration_error", calibration_of_sums, "weight_not_divided"),
    ("bits_per_byte", bits_of_mean_tokens, "by_tokens"),
    ("windows", windows_new_is_start_plus_overlap, "border_counted_twice"),
    ("option_score", option_no_minus_one, "not_shifted"),
    ("wilson", wilson_without_brackets_both, "brackets_lost_middle + brackets_lost_root"),
    ("wilson", wilson_of_textbook, "textbook"),
    ("paired_difference", paired_by_numpy_std, "n_below_the_line"),
    ("paired_difference", paired_as_two_models, "unpaired"),
    ("calibration_error", calibration_mean_over_bins, "unweighted_full_bins"),
    ("calibration_error", calibration_per_answer, "answer_by_answer"),
    ("calibration_error", calibration_nan, "empty_bins_count"),
    ("option_score", option_row_before_the_prompt, "tokens_moved_back"),
    ("option_score", option_with_log_of_sum, "log_of_the_sum"),
    ("windows", windows_of_huggingface, "one_too_short + first_predicted"),
    ("bits_per_byte", bits_with_log2_of_losses, None),
])  # fmt: skip
def test_a_likely_slip_is_named(name, answer, expected):
    verdict = diagnose(find_question(f"evaluation.{name}"), answer, seed=0)
    assert not verdict.ok
    assert verdict.misconception == expected, as_text(verdict)
