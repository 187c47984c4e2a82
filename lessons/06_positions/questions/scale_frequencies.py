"""6.6 Three bands."""

import torch
from torch import Tensor

from llama_edu.config import RopeScaling
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model import rope

STRAIGHT = "((turns - low) / (high - low))"
SHARE = f"{STRAIGHT}.clamp(0, 1)"
TURNS = "old_context * frequencies / (2 * math.pi)"
BLEND = "(1 - share) * frequencies / factor + share * frequencies"


def scale_frequencies(
    frequencies: Tensor, factor: float, low: float, high: float, old_context: int
) -> Tensor:
    scaling = RopeScaling(
        factor=factor, low_freq_factor=low, high_freq_factor=high, original_max_seq_len=old_context
    )
    return rope.scale_frequencies(frequencies, scaling)


def scale_frequencies_cases(generator):
    def pairs(n: int, lowest: float, highest: float, old_context: int) -> Tensor:
        """Frequencies that turn so often within the old context, in falling order."""
        turns = lowest + (highest - lowest) * torch.rand(n, generator=generator)
        return turns.sort(descending=True).values * 2 * torch.pi / old_context

    between = {"factor": 8.0, "low": 1.0, "high": 4.0}
    three_bands = torch.cat([pairs(2, *turns, 100) for turns in ((5, 9), (1.5, 3.5), (0.1, 0.9))])
    yield {"frequencies": three_bands, **between, "old_context": 100}
    yield {"frequencies": pairs(5, 1.2, 3.8, 512), **between, "old_context": 512}
    yield {"frequencies": pairs(7, 0.2, 7.0, 64), "factor": 32.0, "low": 2.0, "high": 3.5,
           "old_context": 64}  # fmt: skip
    yield {"frequencies": rope.inverse_frequencies(128, 500_000.0), **between, "old_context": 8192}


SCALE_FREQUENCIES = Question(
    "positions.scale_frequencies",
    points=3,
    cases=scale_frequencies_cases,
    reference=scale_frequencies,
    rtol=1e-4,  # a share near 0 or 1 is a difference of two numbers nearly alike
    atol=0.0,  # the slowest pairs are near 1e-6
    misconceptions=[
        Misconception(
            "wavelengths",
            {f"return {BLEND}": f"return 2 * math.pi / ({BLEND})"},
            says="these are the new wavelengths, in tokens",
            hint="Frequencies come in, and frequencies should come out.",
        ),
        Misconception(
            "radians_for_turns",
            {" / (2 * math.pi)": ""},
            says="radians are counted instead of turns",
            hint="A turn is 2 pi radians: how many turns are w radians a token, over the context?",
        ),
        Misconception(
            "all_slowed",
            {BLEND: "frequencies / factor"},
            says="every pair is slowed by the factor",
            hint="That is position interpolation. The fast pairs should be kept.",
        ),
        Misconception(
            "bands_swapped",
            {BLEND: "share * frequencies / factor + (1 - share) * frequencies"},
            says="the fast pairs are slowed, and the slow ones are kept",
            hint="A pair that turns more than `high` times is kept. Which of the two does s = 1 "
            "stand for?",
        ),
        Misconception(
            "not_clamped",
            {".clamp(0, 1)": ""},
            says="the straight line between the bands goes on beyond them",
            hint="Outside of the middle band s is below 0 or above 1, and there the first two "
            "rules hold.",
        ),
        Misconception(
            "no_middle_from_low",
            {SHARE: "(turns > low).float()"},
            says="there is no band between: all pairs above `low` are kept",
            hint="Between `low` and `high` a pair is neither kept nor slowed altogether.",
        ),
        Misconception(
            "no_middle_from_high",
            {SHARE: "(turns > high).float()"},
            says="there is no band between: all pairs below `high` are slowed",
            hint="Between `low` and `high` a pair is neither kept nor slowed altogether.",
        ),
        Misconception(
            "sped_up",
            {" / factor": " * factor"},
            says="the slow pairs are made faster: multiplied by the factor",
            hint="A longer text should fit into the old angles. Must a pair turn faster for that, "
            "or more slowly?",
        ),
        Misconception(
            "wavelengths_blended",
            {BLEND: "1 / ((1 - share) * factor / frequencies + share / frequencies)"},
            says="in the middle band the wavelengths are blended instead of the frequencies",
            hint="The straight line leads from w / factor to w.",
        ),
        Misconception(
            "share_of_wavelengths",
            {"(turns - low) / (high - low)": "(1 / low - 1 / turns) / (1 / low - 1 / high)"},
            says="the share s is measured along the wavelengths",
            hint="s counts turns: it is 1/2 where a pair turns (low + high) / 2 times.",
        ),
        Misconception(
            "divided_by_high",
            {"(high - low)": "high"},
            says="the share s is divided by `high` alone",
            hint="s should be 1 where n = high. Put it in: what is (high - low) / high?",
        ),
        Misconception(
            "pi_multiplied",
            {"(2 * math.pi)": "2 * math.pi"},
            says="`/ 2 * math.pi` divides by 2 and then multiplies by pi",
            hint="Products and quotients are taken from left to right: put 2 pi in parentheses.",
        ),
        Misconception(
            "low_after_the_quotient",
            {"/ (high - low)": "/ high - low"},
            says="`/ high - low` divides by `high` and then takes `low` away",
            hint="A quotient comes before a difference: put high - low in parentheses.",
        ),
        Misconception(
            "outer_bands_swapped",
            {SHARE: f"torch.where(turns < low, 1.0, torch.where(turns > high, 0.0, {STRAIGHT}))"},
            says="the two outer bands have changed places; the middle one is right",
            hint="Which pairs are slow: those of many turns or those of few?",
        ),
        Misconception(
            "slow_kept",
            {SHARE: f"torch.where(turns < low, 1.0, {STRAIGHT}.clamp(max=1))"},
            says="the slowest pairs are kept as they were",
            hint="The pairs of fewer than `low` turns need the whole factor.",
        ),
        Misconception(
            "turns_inverted",
            {TURNS: "2 * math.pi / frequencies / old_context"},
            says="n is wavelength / context, the inverse of the turns",
            hint="The more often a pair turns, the larger n: it grows with w.",
        ),
        Misconception(
            "nothing_slowed",
            {"(1 - share) * frequencies / factor": "(1 - share) * frequencies"},
            says="nothing is slowed: all pairs stay as they were",
            hint="Where does `factor` come in? At s = 0 the result is w / factor. And is s 0 or "
            "less for the slow pairs? Print it.",
        ),
    ],
)
