"""The small test of facts is a fair one: four different options, no question asked twice."""

from llama_edu.evaluate.facts import FACTS


def test_options_differ_and_no_question_comes_twice():
    assert len(FACTS) == len({fact.question for fact in FACTS}) == 48
    for fact in FACTS:
        assert len(set(fact.options)) == 4
        assert fact.options[0] == fact.answer
        assert fact.question.endswith("?")
        assert all(option == option.strip() for option in fact.options)
