"""26.6 What a model card claims without proof."""

import math

from torch import Generator

from llama_edu.course.checking.draw import pick
from llama_edu.course.checking.questions import Misconception, Question


def unproven(claims: list[tuple], metrics: dict[str, tuple[float, float]]) -> list[str]:
    def is_proven(name: str, bound: str, value: float) -> bool:
        if name not in metrics:
            return False
        ends = metrics[name]
        return all(end >= value if bound == "at least" else end <= value for end in ends)

    return [claim[0] for claim in claims if not is_proven(*claim)]


def unproven_cases(generator: Generator):
    yield {
        "claims": [("accuracy", "at least", 0.8)],
        "metrics": {"accuracy": (0.69, 0.9)},  # the middle is 0.795
    }
    yield {
        "claims": [("accuracy", "at least", 0.75), ("loss", "at most", 1.2)],
        "metrics": {"accuracy": (0.7, 0.86), "loss": (1.05, 1.25)},  # the middles would do
    }
    yield {
        "claims": [("bits", "at most", 0.35), ("who", "at least", 0.9), ("day", "at least", 0.5)],
        "metrics": {"who": (0.9, 0.97), "bits": (0.33, 0.35)},  # ends that just agree; no "day"
    }
    yield {
        "claims": [
            ("hours", "at most", 9.0),
            ("exact", "at least", 0.1),
            ("exact", "at most", 0.9),
        ],
        "metrics": {"exact": (0.05, 0.4)},  # two claims of one number; "hours" is not there
    }
    yield {"claims": [], "metrics": {"loss": (2.0, 2.1)}}
    yield {"claims": [("energy", "at most", 5.0), ("safe", "at most", 0.0)], "metrics": {}}
    yield {
        "claims": [("kwh", "at most", 0.2), ("hours", "at most", 3.0), ("exact", "at least", 0.1)],
        "metrics": {"kwh": (0.3, 0.4), "hours": (1.0, 2.0), "exact": (0.0, 0.04)},
    }
    lows = [n / 100 for n in pick(generator, 6, low=10, high=80)]
    yield {
        "claims": [(name, ("at least", "at most")[i % 2], 0.5) for i, name in enumerate("cafbed")],
        "metrics": {name: (low, low + 0.1) for name, low in zip("abcdef", lows, strict=True)},
    }


TEST = 'low >= value if bound == "at least" else high <= value'
GET = "metrics.get(name, (-math.inf, math.inf))"

UNPROVEN = Question(
    "capstone.unproven",
    points=2,
    cases=unproven_cases,
    reference=unproven,
    misconceptions=[
        Misconception(
            "by_the_middle",
            {TEST: (
                '(low + high) / 2 >= value if bound == "at least" else (low + high) / 2 <= value'
            )},
            says="the middle of the interval is compared",
            hint="The true value may as well be at one of the ends. Which end can break the claim?",
        ),
        Misconception(
            "the_kind_ends",
            {TEST: 'high >= value if bound == "at least" else low <= value'},
            says="it is enough that one end of the interval agrees",
            hint="That shows that the claim *may* be true. When is it sure?",
        ),
        Misconception(
            "the_kind_ends_if_measured",
            {TEST: 'high >= value if bound == "at least" else low <= value',
             "if not holds": "if name not in metrics or not holds"},
            says="of what was measured, it is enough that one end of the interval agrees",
            hint="That shows that the claim *may* be true. When is it sure?",
        ),
        Misconception(
            "value_inside",
            {TEST: "not low < value < high"},
            says="a claim is believed whenever its value lies outside the interval",
            hint="On which side of the interval does it lie?",
        ),
        Misconception(
            "low_end_for_both",
            {"high <= value": "low <= value"},
            says="for *at most* the lower end is compared",
            hint="Which end is the one that could lie above the value?",
        ),
        Misconception(
            "high_end_for_both",
            {"low >= value": "high >= value"},
            says="for *at least* the upper end is compared",
            hint="Which end is the one that could lie below the value?",
        ),
        Misconception(
            "at_least_for_all",
            {TEST: "low >= value"},
            says="every claim is read as *at least*",
            hint="A loss or a cost is claimed to be *at most* something.",
        ),
        Misconception(
            "turned_round",
            {'bound == "at least"': 'bound != "at least"'},
            says="*at least* and *at most* are taken for each other",
            hint="Accuracy at least 0.8: must the interval lie above or below?",
        ),
        Misconception(
            "ends_shut_out",
            {"low >= value": "low > value", "high <= value": "high < value"},
            says="an interval that ends just at the value does not prove the claim",
            hint="*At least 0.9* is true of 0.9: do the ends belong to it?",
        ),
        Misconception(
            "end_shut_out_below",
            {"low >= value": "low > value"},
            says="for *at least*, an interval that begins just at the value proves nothing",
            hint="*At least 0.9* is true of 0.9.",
        ),
        Misconception(
            "end_shut_out_above",
            {"high <= value": "high < value"},
            says="for *at most*, an interval that ends just at the value proves nothing",
            hint="*At most 0.35* is true of 0.35.",
        ),
        Misconception(
            "unmeasured_is_zero",
            {GET: "metrics.get(name, (0.0, 0.0))"},
            says="what was never measured is taken for 0",
            hint="Then *at most* holds of everything that nobody looked at.",
        ),
        Misconception(
            "unmeasured_believed",
            {"if not holds": "if name in metrics and not holds"},
            says="what was never measured is believed",
            hint="A claim needs evidence. Is no evidence evidence?",
        ),
        Misconception(
            "one_claim_a_name",
            {"in claims:": "in {claim[0]: claim for claim in claims}.values():"},
            says="of two claims about one number only the last is looked at",
            hint="A dict keeps one value for each name.",
        ),
        Misconception(
            "proven_returned",
            {"if not holds": "if holds"},
            says="the claims that are proven are returned",
            hint="Which ones does a reader have to be warned of?",
        ),
        Misconception(
            "unmeasured_only",
            {"if not holds": "if name not in metrics"},
            says="only what was never measured is named",
            hint="A claim can also be measured, and not hold.",
        ),
        Misconception(
            "claims_returned",
            {"names.append(name)": "names.append((name, bound, value))"},
            says="whole claims are returned, not their names",
            hint="The names are asked for.",
        ),
    ],
)  # fmt: skip
