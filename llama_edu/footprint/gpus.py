"""What a GPU can do and takes, by its maker's data sheet."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Gpu:
    """One kind of accelerator.

    Args:
        name: as its maker has it.
        flops: multiplications and additions a second in bf16 (fp16 where there is no bf16), dense:
            data sheets print twice as much "with sparsity".
        bytes_per_second: of its memory.
        memory: bytes.
        watts: most that it takes (TDP), without the machine around it.
    """

    name: str
    flops: float
    bytes_per_second: float
    memory: float
    watts: float


GPUS = {
    "v100": Gpu("NVIDIA V100 SXM2 32 GB", 125e12, 0.9e12, 32e9, 300),
    "a100": Gpu("NVIDIA A100 SXM 80 GB", 312e12, 2.039e12, 80e9, 400),
    "h100": Gpu("NVIDIA H100 SXM 80 GB", 989e12, 3.35e12, 80e9, 700),
    "h200": Gpu("NVIDIA H200 SXM 141 GB", 989e12, 4.8e12, 141e9, 700),
}
