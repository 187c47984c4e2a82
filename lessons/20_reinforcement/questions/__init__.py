"""What lesson 20 asks, what is right, and what people write instead."""

from .clipped_gains import CLIPPED_GAINS
from .exact_reward import EXACT_REWARD
from .group_advantages import GROUP_ADVANTAGES
from .kl_estimate import KL_ESTIMATE
from .pass_at_k import PASS_AT_K
from .token_weights import TOKEN_WEIGHTS

QUESTIONS = [
    EXACT_REWARD, GROUP_ADVANTAGES, CLIPPED_GAINS, KL_ESTIMATE, TOKEN_WEIGHTS, PASS_AT_K,
]  # fmt: skip
