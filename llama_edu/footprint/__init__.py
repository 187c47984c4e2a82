"""What a model costs: parameters, operations, memory, time, electricity and carbon.

Every factor stands beside its source, and every formula is held to a count: operations to torch's
own counter, memory to what autograd keeps, energy to the tables of the papers.
"""

from llama_edu.footprint.compute import decode_flops, gpu_hours, mfu, training_flops
from llama_edu.footprint.energy import GRID, PUE, Bill, bill
from llama_edu.footprint.gpus import GPUS, Gpu
from llama_edu.footprint.memory import inference_memory, training_memory
from llama_edu.footprint.published import PUBLISHED, Run

__all__ = [
    "GPUS", "GRID", "PUBLISHED", "PUE", "Bill", "Gpu", "Run", "bill", "decode_flops", "gpu_hours",
    "inference_memory", "mfu", "training_flops", "training_memory",
]  # fmt: skip
