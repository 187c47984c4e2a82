"""What is put into a student's notebook: what the question needs, and no secret."""

import json

from llama_edu.grading.injection import GIVEN, OWN, TRIAL, inject, make_task
from llama_edu.grading.inside import wire
from llama_edu.grading.seeds import call_seed, case_seed, new_seed

from .conftest import EXERCISE, QUESTIONS, RIGHT

SEED = 987_654_321_987
LAST = "attention.grouped_attention"


def sources(name, answers, role=None):
    page = inject(EXERCISE, answers, make_task(QUESTIONS[name], SEED))
    return [cell.source for cell in page.cells if role in (None, cell.metadata["llama_edu"])]


def test_the_answer_stands_between_what_is_given_and_its_trial():
    page = inject(EXERCISE, RIGHT, make_task(QUESTIONS["attention.scores"], SEED))
    roles = [cell.metadata["llama_edu"] for cell in page.cells]
    own = roles.index(OWN)
    assert set(roles[:own]) == {GIVEN}
    assert (roles.count(OWN), roles[-1], roles.count(TRIAL)) == (1, TRIAL, 1)
    assert GIVEN not in roles[own:], "whose time is not that of an answer"
    assert not any("check(" in cell.source for cell in page.cells)


def test_only_the_answers_that_are_used_stand_beside_it():
    answers = RIGHT | {LAST: "def grouped_attention(q, k, v):\n    return mine(q)"}
    answers |= {"attention.softmax": "def softmax(x, dim): return other(x)\ndef mine(x): return x"}
    answers |= {"attention.causal_mask": "def other(x): return x"}
    found = sources(LAST, answers)
    assert answers["attention.softmax"] in found
    assert answers["attention.causal_mask"] in found, "what the used one uses"
    assert answers["attention.attend"] not in found


def test_an_answer_that_makes_a_name_itself_needs_no_other():
    answers = {
        "attention.scores": "def helper(): pass",
        LAST: "def helper(): return 1\ndef grouped_attention(q, k, v): return helper()",
    }
    assert answers["attention.scores"] not in sources(LAST, answers)


def test_nothing_of_what_is_right_is_in_the_notebook():
    for question in QUESTIONS.values():
        task = make_task(question, SEED)
        text = json.dumps(inject(EXERCISE, RIGHT, task))
        assert str(SEED) not in text
        for case, outcome in zip(task.cases, task.expected, strict=True):
            right = wire.encode(outcome.value)["tensor"]["data"]
            given = json.dumps([wire.encode(value) for value in case.values()])
            if outcome.value.numel() > 8 and right not in given:  # one head: as it came in
                assert right not in text
        for known in question.misconceptions:
            assert known.says not in text


def test_the_inputs_of_other_questions_are_not_in_it():
    scores, softmax = (make_task(QUESTIONS[f"attention.{n}"], SEED) for n in ("scores", "softmax"))
    data = wire.encode(softmax.cases[2]["x"])["tensor"]["data"]
    assert data in json.dumps(inject(EXERCISE, RIGHT, softmax))
    assert data not in json.dumps(inject(EXERCISE, RIGHT, scores))


def test_seeds_are_fresh_and_cannot_be_told_from_those_that_are_handed_in():
    assert new_seed() != new_seed()
    seeds = {make(SEED, name) for name in QUESTIONS for make in (call_seed, case_seed)}
    assert len(seeds) == 2 * len(QUESTIONS)
    assert SEED not in seeds
    assert all(0 <= seed < 2**48 for seed in seeds)


def test_a_module_that_another_cell_imports_is_imported_without_the_rest_of_that_cell():
    fatal = "import math as m, os\nos._exit(1)"
    answers = {"attention.scores": fatal, LAST: "def grouped_attention(q, k, v):\n    return m.pi"}
    found = sources(LAST, answers)
    assert fatal not in found
    assert "import math as m, os" in found


def test_names_that_the_exercise_gives_are_taken_from_nobody():
    answers = {
        "attention.scores": "import torch, math\nraise SystemExit",
        LAST: "def grouped_attention(q, k, v):\n    return torch.zeros(1) * math.pi",
    }
    assert answers["attention.scores"] not in sources(LAST, answers)
    assert len(sources(LAST, answers)) == len(sources(LAST, {LAST: answers[LAST]}))
