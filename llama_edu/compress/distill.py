"""Distillation: a small model learns what a large one thinks, not only what the text says.

Shapes: N tokens, V vocabulary.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from llama_edu.generate import generate
from llama_edu.model.llama import Llama
from llama_edu.train.loss import IGNORED, token_loss


def distillation_loss(
    student_logits: Float[Tensor, "N V"],
    teacher_logits: Float[Tensor, "N V"],
    temperature: float = 1.0,
) -> Float[Tensor, ""]:
    """How far the student's probabilities are from the teacher's: T^2 KL(teacher || student).

    Both are softened, softmax(logits / T): the higher T is, the more the tokens count that the
    teacher thinks unlikely. The gradient of a logit is then (p_student - p_teacher) T, which T^2
    keeps as large as that of a cross-entropy; for very high T it is that of the squared difference
    of centred logits, divided by V.

    Args:
        student_logits: get the gradient.
        teacher_logits: get none.
        temperature: T, positive.

    Returns:
        Mean over the N tokens, in nats; 0 where the logits differ by a constant only.

    Raises:
        ValueError: if the temperature is not positive.

    Source: arXiv:1503.02531, sec. 2. Llama 3.2 1B and 3B learned from the logits of Llama 3.1 8B
    and 70B (their model card).
    """
    if not temperature > 0:
        raise ValueError(f"temperature={temperature} must be positive")
    student = (student_logits.float() / temperature).log_softmax(-1)
    teacher = (teacher_logits.detach().float() / temperature).log_softmax(-1)
    # torch names the target second and measures from it: this is KL(teacher || student).
    divergence = F.kl_div(student, teacher, reduction="batchmean", log_target=True)
    return temperature**2 * divergence


def distill(
    teacher: Llama, temperature: float = 1.0, alpha: float = 1.0, dtype: torch.dtype | None = None
) -> Callable:
    """A loss for the trainer: alpha parts of the teacher, the rest of the text itself.

    loss = alpha T^2 KL(teacher || student) + (1 - alpha) cross-entropy, of the targets that count.

    Args:
        teacher: has the student's vocabulary, and is not changed.
        temperature: T of `distillation_loss`.
        alpha: 0 is plain training, 1 does not look at the text's own next token.
        dtype: to compute in, both models; that of their weights if None.

    Raises:
        ValueError: if alpha is out of range or, at a call, if the vocabularies differ.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha={alpha} must be from 0 to 1")

    def loss(student: nn.Module, batch) -> tuple[Float[Tensor, ""], Int[Tensor, ""]]:
        mask, counts = batch.mask(), batch.targets != IGNORED
        logits = student(batch.inputs, mask=mask, dtype=dtype)
        with torch.no_grad():
            wanted = teacher(batch.inputs, mask=mask, dtype=dtype)
        if wanted.shape != logits.shape:
            raise ValueError(
                f"the teacher scores {wanted.shape[-1]} tokens, the student {logits.shape[-1]}: "
                "both need the same tokenizer"
            )
        text, n_counted = token_loss(logits, batch.targets)
        copied = distillation_loss(logits[counts], wanted[counts], temperature) * n_counted
        return alpha * copied + (1 - alpha) * text, n_counted

    return loss


def teacher_texts(
    teacher: Llama, prompts: list[list[int]], n_tokens: int, seed: int = 0, temperature: float = 1.0
) -> list[list[int]]:
    """Texts that the teacher writes, to train a student on: distillation by sequences.

    The student needs no more than the texts: neither the teacher's logits nor its vocabulary. So
    the largest Llama 2-Chat taught the smaller ones (arXiv:2307.09288, sec. 3.2.3).

    Args:
        teacher: in eval mode or not.
        prompts: ids that each text begins with; a list of one token is enough.
        n_tokens: new tokens of each.
        seed: of the sampling.
        temperature: 1 for the teacher's own probabilities.

    Returns:
        Ids of each text, prompt and all.

    Source: arXiv:1606.07947, which takes the likeliest text where this draws one.
    """
    generator = torch.Generator(teacher.embedding.weight.device).manual_seed(seed)
    answers = generate(teacher, prompts, n_tokens, temperature=temperature, generator=generator)
    return [prompt + answer for prompt, answer in zip(prompts, answers, strict=True)]
