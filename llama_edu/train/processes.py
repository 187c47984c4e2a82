"""Many processes on one run, by PyTorch's own engines: DDP and FSDP.

`torchrun --nproc-per-node 2 script.py` starts the same program twice. Each takes its share of every
batch. With DDP each holds the whole model, and the gradients are averaged; with FSDP each holds a
share of every weight, its gradient and what the optimizer knows of it, and a block is gathered when
it is used.
"""

import gc
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, distributed, nn
from torch.distributed.rendezvous import rendezvous

Engine = Literal["ddp", "fsdp"]
SECONDS_TO_LET_GO = 0.5


@dataclass(frozen=True)
class Processes:
    """The processes of a run, as one of them sees them.

    Args:
        rank: which this is, from 0; the first one writes.
        n_ranks: how many there are.
        engine: how they share the work.
        device: what this one computes on.
    """

    rank: int = 0
    n_ranks: int = 1
    engine: Engine = "ddp"
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def share(self, model: nn.Module) -> None:
        """Give all the first one's weights; with FSDP, leave each its share of them."""
        if self.n_ranks == 1:
            return
        for weight in model.parameters():
            distributed.broadcast(weight.detach(), src=0)
        if self.engine == "fsdp":
            from torch.distributed.fsdp import fully_shard

            for block in model.blocks:
                fully_shard(block)
            fully_shard(model)

    def loss_of(self, loss: Callable, model: nn.Module) -> Callable[[Any], tuple[Tensor, Tensor]]:
        """batch -> loss(model, batch), whose gradients are averaged over the processes.

        DDP is put round model and loss together, so that the loss has the model itself, and may
        call it as often as it likes.
        """
        module = _LossOf(loss, model)
        if self.n_ranks > 1 and self.engine == "ddp":
            return nn.parallel.DistributedDataParallel(module)
        return module

    @contextmanager
    def adding_up(self, loss_of: Callable, model: nn.Module, is_last: bool) -> Iterator[None]:
        """Within it gradients are added up here; those of the last part go over the wire."""
        if self.n_ranks > 1 and self.engine == "fsdp":
            model.set_requires_gradient_sync(is_last)
        waits = self.n_ranks > 1 and self.engine == "ddp" and not is_last
        with loss_of.no_sync() if waits else nullcontext():
            yield

    def total(self, numbers: Tensor) -> Tensor:
        """The sum over all processes, in place."""
        if self.n_ranks > 1:
            distributed.all_reduce(numbers)
        return numbers

    def collect(self, thing: Any) -> list[Any]:
        """What each process has, by rank."""
        if self.n_ranks == 1:
            return [thing]
        things = [None] * self.n_ranks
        distributed.all_gather_object(things, thing)
        return things

    def wait(self) -> None:
        """Until all are here."""
        if self.n_ranks > 1:
            distributed.barrier()

    def own(self, batches: Sequence) -> Iterator[tuple[Any, bool]]:
        """This one's share of some batches, and whether each counts.

        All get as many, since FSDP gathers weights together: who has none left repeats one.
        """
        for first in range(0, len(batches), self.n_ranks):
            i = first + self.rank
            yield batches[min(i, len(batches) - 1)], i < len(batches)


class _LossOf(nn.Module):
    def __init__(self, loss: Callable, model: nn.Module):
        super().__init__()
        self.loss, self.model = loss, model

    def forward(self, batch: Any) -> tuple[Tensor, Tensor]:
        return self.loss(self.model, batch)


@contextmanager
def joined(engine: Engine = "ddp") -> Iterator[Processes]:
    """The processes that torchrun has started, or this one alone where it has not.

    Args:
        engine: "ddp", or "fsdp" for a model that is too large for one GPU.

    Raises:
        ValueError: if there is no such engine.
    """
    if engine not in ("ddp", "fsdp"):
        raise ValueError(f"engine must be 'ddp' or 'fsdp', got {engine!r}")
    has_gpu = torch.cuda.is_available()
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if has_gpu else "cpu"
    if has_gpu:
        torch.cuda.set_device(device)
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        yield Processes(device=torch.device(device))
        return
    store, rank, n_ranks = next(rendezvous("env://"))
    # torchrun keeps its store from one start to the next: without a name of its own, the second
    # start would find the addresses of processes that are no more.
    store = distributed.PrefixStore(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"), store)
    distributed.init_process_group(
        "nccl" if has_gpu else "gloo", store=store, rank=rank, world_size=n_ranks
    )
    try:
        yield Processes(rank, n_ranks, engine, torch.device(device))
        distributed.barrier()  # whoever leaves while others still talk to it is aborted
    finally:
        distributed.destroy_process_group()
        # gloo's threads let go of the last tensors some time after a call has returned; where the
        # interpreter has ended by then, the process is aborted.
        gc.collect()
        time.sleep(SECONDS_TO_LET_GO)


def whole(tensor: Tensor) -> Tensor:
    """A tensor of which each process has a share, put together; any other as it is."""
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor


def shared_like(tensor: Tensor, example: Tensor) -> Tensor:
    """This process's share of a whole tensor, cut as `example` is; all of it if that is whole."""
    if not hasattr(example, "full_tensor"):
        return tensor
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(
        tensor.to(example.device), example.device_mesh, example.placements, src_data_rank=None
    )
