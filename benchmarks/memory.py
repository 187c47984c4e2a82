"""Peak memory of a job, each time in a process of its own.

Run as a program, `python -m benchmarks.memory JOB WHO FOLDER WORKLOAD`, this module does the job
once and prints the bytes that it took beyond what was in memory after the imports.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch

from benchmarks import peers
from benchmarks.race import Row
from benchmarks.report import Table
from benchmarks.workload import Workload, new_model
from llama_edu.weights import save_hf

JOBS = {
    "train fp32": "Peak memory of a training step, fp32",
    "train bf16": "Peak memory of a training step, bf16 over fp32 master weights",
    "trainer bf16": "Peak memory of two steps of a whole training loop, bf16",
    "decode fp32": "Peak memory of decoding, batch 1, fp32",
}
WHO = ("llama_edu", "transformers")
MAX_ROUNDS = 3  # memory varies little from run to run


def tables(workload: Workload, progress: Callable[[str], None] = print) -> Iterator[Table]:
    """One table a job: ours against transformers."""
    with tempfile.TemporaryDirectory() as folder:
        save_hf(new_model(workload.config), folder)
        for job, title in JOBS.items():
            precision = job.split()[1]
            rows = {who: Row(who, precision, "ours" if who == WHO[0] else "peer") for who in WHO}
            absent = {}
            for number in range(min(workload.rounds, MAX_ROUNDS)):
                progress(f"{title}, round {number + 1}")
                for who, row in rows.items():
                    try:
                        row.samples.append(peak_bytes(job, who, Path(folder), workload) / 1e6)
                    except ImportError:
                        absent[who] = f"{who}: not installed: {peers.INSTALL[who]}"
                    except RuntimeError as error:
                        if row.side == "ours":
                            raise
                        absent[who] = f"{who}: {error}"
            yield Table(
                key=f"memory {job}",
                title=title,
                unit="MB",
                baseline=("transformers", precision),
                rows=[row for row in rows.values() if row.samples],
                absent=list(absent.values()),
                notes=[
                    "Peak resident memory of a fresh process, less what was resident after the "
                    "imports: weights, gradients, optimizer, activations, cache, scratch."
                ],
            )


def peak_bytes(job: str, who: str, folder: Path, workload: Workload) -> int:
    """Measure one job in a new process.

    Args:
        job: a key of `JOBS`.
        who: one of `WHO`.
        folder: weights, as `save_hf` writes them.
        workload: sizes; the config is the folder's.

    Raises:
        as `said_by_process`.
    """
    sizes = [workload.batch_size, workload.n_tokens, workload.n_new_tokens]
    numbers = json.dumps([*sizes, torch.get_num_threads()])
    return said_by_process("benchmarks.memory", job, who, str(folder), numbers)


def said_by_process(module: str, *arguments: str) -> int:
    """Run a module as a program of its own; the number that it prints last.

    Raises:
        ImportError: if the peer is not installed.
        RuntimeError: if the process fails, with the last line of what it said.
    """
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
    )
    if "ModuleNotFoundError" in done.stderr:
        raise ImportError(done.stderr.splitlines()[-1])
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1]
        raise RuntimeError(f"{' of '.join(arguments[:2])} failed: {last}")
    return int(done.stdout.split()[-1])


def main() -> None:
    """Do one job in this process and print its bytes."""
    job, who, folder, numbers = sys.argv[1:]
    batch_size, n_tokens, n_new_tokens, n_threads = json.loads(numbers)
    import torch._dynamo  # the first optimizer step imports it, for everybody

    from benchmarks import decode, loops, train, trainer
    from llama_edu.weights.hf_config import read_hf_config

    if who == "transformers":
        from transformers import LlamaForCausalLM, Trainer  # noqa: F401 (lazy before this)
    torch.set_num_threads(n_threads)
    workload = Workload(
        config=read_hf_config(folder),
        batch_size=batch_size,
        n_tokens=n_tokens,
        n_new_tokens=n_new_tokens,
        is_compiled=False,
    )
    before = resident_bytes()
    kind, precision = job.split()
    if kind == "train":
        name = "transformers, SDPA" if who == "transformers" else who
        run = train.contender(name, Path(folder), precision, workload).make()
    elif kind == "trainer":
        name = trainer.TRANSFORMERS if who == "transformers" else trainer.OURS
        run = loops.Stepwise(partial(trainer.LOOPS[name], Path(folder), precision, workload))
    else:
        run = decode.contender(who, precision, Path(folder), [[1]], n_new_tokens).make()
    run()
    run()  # the first step of training has no old gradients to hold
    print(peak_resident_bytes() - before)


def resident_bytes() -> int:
    """Bytes of this process that are in memory now."""
    import psutil

    return psutil.Process().memory_info().rss


def peak_resident_bytes() -> int:
    """Most bytes of this process that were in memory at once.

    On Linux from /proc: getrusage there also counts the parent at the moment of the fork.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1])
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


if __name__ == "__main__":
    main()
