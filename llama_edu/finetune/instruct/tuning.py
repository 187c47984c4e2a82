"""LoRA against the clock: adapters learn from batches for some minutes, and the run can be ended.

The learning rate follows the time that is spent, so that the last minute is the end of the run on
any machine.
"""

import time
from collections.abc import Callable
from pathlib import Path

import torch

from llama_edu.finetune.adapters import save_adapter
from llama_edu.finetune.instruct.packing import ChatBatches
from llama_edu.finetune.lora import ATTENTION, FFN, add_lora, merge_lora
from llama_edu.pretrained import Pretrained, faster_dtype
from llama_edu.train.checkpoint import read_checkpoint, write_checkpoint
from llama_edu.train.interrupt import Interrupt
from llama_edu.train.loss import next_token_loss
from llama_edu.weights import save_hf

RANK, ALPHA, PEAK_LR, N_WARM_UP = 16, 32, 1e-3, 10
SECONDS_BETWEEN_SAVES, SECONDS_BETWEEN_LINES = 60, 10


def learning_rate(step: int, share: float) -> float:
    """Of a step, from 1, when a share of the time from 0 to 1 is over."""
    return PEAK_LR * min(1.0, step / N_WARM_UP) * max(1 - share, 0.0)


class Tuning:
    """A run that can be ended at any step and gone on with.

    Args:
        base: the model; it is given adapters in place.
        batches: to learn from.
        folder: of the run.
        minutes: of training in all, over every call.
    """

    def __init__(self, base: Pretrained, batches: ChatBatches, folder: Path, minutes: float):
        self.base, self.batches, self.folder, self.seconds = base, batches, folder, 60 * minutes
        torch.manual_seed(0)  # the adapters begin at random
        add_lora(base.model, RANK, ALPHA, (*ATTENTION, *FFN))
        self.weights = {n: w for n, w in base.model.named_parameters() if w.requires_grad}
        self.optimizer = torch.optim.AdamW(self.weights.values(), betas=(0.9, 0.99), fused=True)
        self.dtype = faster_dtype()
        self.step, self.spent = 0, 0.0

    def resume(self) -> None:
        """Go on from the checkpoint in the folder.

        Raises:
            FileNotFoundError: if there is none.
            ValueError: if it is of other data.
        """
        state, parts = read_checkpoint(self.folder / "checkpoint")
        self.batches.load_state_dict(state["batches"])
        self.step, self.spent = state["step"], state["spent"]
        self.dtype = getattr(torch, state["dtype"])
        with torch.no_grad():
            for name, weight in self.weights.items():
                weight.copy_(parts["adapters"][name])
                known = ("step", "exp_avg", "exp_avg_sq")
                self.optimizer.state[weight] = {k: parts["optimizer"][f"{k}/{name}"] for k in known}

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        optimizer = {
            f"{kind}/{name}": tensor
            for name, weight in self.weights.items()
            for kind, tensor in self.optimizer.state[weight].items()
        }
        adapters = {name: weight.detach() for name, weight in self.weights.items()}
        state = {
            "step": self.step, "spent": self.spent, "batches": self.batches.state_dict(),
            "dtype": str(self.dtype).removeprefix("torch."),
        }  # fmt: skip
        write_checkpoint(self.folder / "checkpoint", state, adapters=adapters, optimizer=optimizer)

    def run(self, say: Callable[[str], None]) -> bool:
        """Train until the minutes are over, or Ctrl-C; whether they are over."""
        saved = said = -float("inf")
        with Interrupt(say) as interrupt:
            while self.spent < self.seconds and not interrupt.happened:
                start = time.perf_counter()
                loss = self._take_step()
                self.spent += time.perf_counter() - start
                if self.spent - said > SECONDS_BETWEEN_LINES:
                    left, said = max(self.seconds - self.spent, 0), self.spent
                    say(f"step {self.step} · loss {loss:.3f} · {left / 60:.1f} minutes left")
                if self.spent - saved > SECONDS_BETWEEN_SAVES:
                    self.save()
                    saved = self.spent
        self.save()
        return self.spent >= self.seconds

    def _take_step(self) -> float:
        self.step += 1
        total, n = next_token_loss(self.base.model, self.batches.next(), self.dtype)
        self.optimizer.zero_grad()
        (total / n).backward()
        torch.nn.utils.clip_grad_norm_(self.weights.values(), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.step, self.spent / self.seconds)
        self.optimizer.step()
        return (total / n).item()

    def write_model(self) -> None:
        """The adapters alone, and the whole model with them merged, to talk to."""
        save_adapter(self.base.model, self.folder / "adapter")
        unmerge = merge_lora(self.base.model)
        save_hf(self.base.model, self.folder / "model")
        self.base.tokenizer.save(self.folder / "model")
        unmerge()
