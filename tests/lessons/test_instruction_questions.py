"""Exercise 17: honest code of other forms is right, and what learners write is told truly."""

import pytest
import torch
from torch.nn import functional as F

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question
from llama_edu.course.checking.show import as_text

HEADER = "<|start_header_id|>{}<|end_header_id|>\n\n"


def joined_text(messages, is_open):
    parts = [f"{HEADER.format(m['role'])}{m['content'].strip()}<|eot_id|>" for m in messages]
    return "<|begin_of_text|>" + "".join(parts) + HEADER.format("assistant") * is_open


def targets_in_a_loop(ids, is_answer):
    targets = []
    for t in range(1, len(ids)):
        if is_answer[t]:
            targets.append(ids[t])
        else:
            targets.append(-100)
    return targets


def means_in_a_loop(logits, targets):
    means = []
    for scores, wanted in zip(logits, targets, strict=True):
        if (wanted != -100).any():
            means.append(F.cross_entropy(scores, wanted))
    return sum(means) / len(means)


def fit_with_room(lengths, capacity):
    rows, room = [], []
    order = sorted(enumerate(lengths), key=lambda pair: pair[1], reverse=True)
    for i, length in order:
        place = next((r for r, free in enumerate(room) if free >= length), None)
        if place is None:
            rows.append([i])
            room.append(capacity - length)
        else:
            rows[place].append(i)
            room[place] -= length
    return rows


def mask_in_loops(documents):
    n_texts, n = documents.shape
    mask = torch.zeros(n_texts, n, n, dtype=torch.bool)
    for b in range(n_texts):
        for t in range(n):
            for s in range(t + 1):
                mask[b, t, s] = documents[b, t] == documents[b, s]
    return mask


def no_wrong_place(logits, targets):
    wrong = (logits.argmax(2) != targets) & (targets != -100)
    return wrong.sum(1) == 0


@pytest.mark.parametrize("name, answer", [
    ("render", joined_text), ("make_targets", targets_in_a_loop), ("sample_mean", means_in_a_loop),
    ("first_fit", fit_with_room), ("document_mask", mask_in_loops), ("is_right", no_wrong_place),
])  # fmt: skip
def test_honest_answers_are_right(name, answer):
    verdict = diagnose(find_question(f"instruction.{name}"), answer)
    assert verdict.ok, as_text(verdict)


def opens_every_turn(messages, is_open):
    text = ""
    for m in messages:
        text += "<|begin_of_text|>" + HEADER.format(m["role"]) + m["content"].strip() + "<|eot_id|>"
    return text + HEADER.format("assistant") * is_open


def single_line_ends(messages, is_open):
    return joined_text(messages, is_open).replace("<|end_header_id|>\n\n", "<|end_header_id|>\n")


def no_ends_and_no_strip(messages, is_open):
    text = "<|begin_of_text|>"
    for m in messages:
        text += HEADER.format(m["role"]) + m["content"]
    return text + HEADER.format("assistant") * is_open


def line_ends_as_chatml(messages, is_open):
    return joined_text(messages, is_open).replace("<|eot_id|>", "<|eot_id|>\n")


def opens_after_the_user(messages, is_open):
    return joined_text(messages, messages[-1]["role"] == "user")


def flags_of_the_input(ids, is_answer):
    return [ids[t + 1] if is_answer[t] else -100 for t in range(len(ids) - 1)]


def labels_for_a_library_that_shifts(ids, is_answer):
    return [i if a else -100 for i, a in zip(ids, is_answer, strict=True)]


def cross_entropy_of_all(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def mean_of_each_row(logits, targets):
    return F.cross_entropy(logits.transpose(1, 2), targets, reduction="none").mean()


def loop_without_a_look(logits, targets):
    return torch.stack([F.cross_entropy(a, b) for a, b in zip(logits, targets, strict=True)]).mean()


def viewed_as_they_want_it(logits, targets):
    n_texts, n, n_ids = logits.shape
    losses = F.cross_entropy(logits.reshape(n_texts, n_ids, n), targets, reduction="none")
    counts = (targets != -100).sum(1)
    return (losses.sum(1) / counts)[counts > 0].mean()


def last_row_alone(lengths, capacity):
    rows, used = [[]], 0
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if used + lengths[i] <= capacity:
            rows[-1].append(i)
            used += lengths[i]
        else:
            rows.append([i])
            used = lengths[i]
    return rows


def place_by_length(lengths, capacity):
    rows = []
    for n in sorted(lengths, reverse=True):
        i = lengths.index(n)
        for row in rows:
            if sum(lengths[j] for j in row) + n <= capacity:
                row.append(i)
                break
        else:
            rows.append([i])
    return rows


def fit_in_order(lengths, capacity):
    rows = []
    for i, n in enumerate(lengths):
        for row in rows:
            if sum(lengths[j] for j in row) + n <= capacity:
                row.append(i)
                break
        else:
            rows.append([i])
    return rows


def fit_reversed(lengths, capacity):
    rows = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i])[::-1]:
        for row in rows:
            if sum(lengths[j] for j in row) + lengths[i] <= capacity:
                row.append(i)
                break
        else:
            rows.append([i])
    return rows


def equal_alone(documents):
    return documents.unsqueeze(2) == documents.unsqueeze(1)


def equal_with_padding_hidden(documents):
    same = documents.unsqueeze(2) == documents.unsqueeze(1)
    return torch.tril(same & (documents != -1).unsqueeze(1))


def tokens_all_right(logits, targets):
    return (logits.argmax(-1) == targets).all(dim=1)


def share_of_right(logits, targets):
    counts = targets != -100
    return ((logits.argmax(-1) == targets) & counts).sum(1) / counts.sum(1)


@pytest.mark.parametrize("name, answer, misconception", [
    ("render", opens_every_turn, "begun_each_turn"),
    ("render", single_line_ends, "one_line_end"),
    ("render", no_ends_and_no_strip, "turns_not_ended + white_space_kept"),
    ("render", line_ends_as_chatml, "line_end_after_turns"),
    ("render", opens_after_the_user, "opened_by_the_last_turn"),
    ("make_targets", flags_of_the_input, "flags_not_shifted"),
    ("make_targets", labels_for_a_library_that_shifts, "labels_of_a_library"),
    ("sample_mean", cross_entropy_of_all, "token_mean"),
    ("sample_mean", loop_without_a_look, "empty_texts_are_nan"),
    ("sample_mean", viewed_as_they_want_it, "reshaped"),
    ("first_fit", last_row_alone, "last_row_only + begun_with_a_row"),
    ("first_fit", place_by_length, "found_by_length"),
    ("first_fit", fit_in_order, "not_sorted"),
    ("first_fit", fit_reversed, "later_of_equals_first"),
    ("document_mask", equal_alone, "looks_ahead"),
    ("document_mask", equal_with_padding_hidden, "padding_sees_nothing"),
    ("is_right", tokens_all_right, "prompts_must_be_right"),
    ("is_right", share_of_right, "share"),
])  # fmt: skip
def test_likely_slips_are_named(name, answer, misconception):
    verdict = diagnose(find_question(f"instruction.{name}"), answer)
    assert (verdict.ok, verdict.misconception) == (False, misconception), as_text(verdict)


@pytest.mark.parametrize("name, answer, part", [
    ("sample_mean", mean_of_each_row, "expected"),
    ("render", lambda messages, is_open: messages[0]["text"], "KeyError"),
    ("document_mask", lambda documents: documents == documents.T, "shape"),
])  # fmt: skip
def test_other_slips_are_told_truly(name, answer, part):
    verdict = diagnose(find_question(f"instruction.{name}"), answer)
    assert not verdict.ok and part in as_text(verdict), as_text(verdict)
