"""Kernels for students' code, shut in as well as this machine allows.

Any Jupyter tool can use them: they are a kernel provisioner, `llama-edu-sandbox`.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Bool, Int, List, Unicode

from llama_edu.grading.levels import best_level, readable_folders
from llama_edu.grading.processes import Cold, Forked, fork_server
from llama_edu.grading.view import hidden_folders

PROVISIONER = "llama-edu-sandbox"
GIGABYTE = 1 << 30
CPU_SECONDS = 600
PATIENCE = 3.0


@dataclass(frozen=True)
class Limits:
    """What one kernel may use.

    Args:
        seconds: for one answer, or for all the cases of its check. On a busy machine, whoever has
            had less than half of it to work with gets up to `PATIENCE` times as long.
        memory: bytes, of all its processes together.
    """

    seconds: float = 10.0
    memory: int = 4 * GIGABYTE


def remove(folder: Path) -> None:
    """Remove a folder, however deep a student made it."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except RecursionError:
        subprocess.run(["rm", "-rf", "--", str(folder)], check=False)


class SandboxProvisioner(KernelProvisionerBase):
    """Starts one kernel in the sandbox, and ends it with all that it started.

    Every signal ends it: code that nobody trusts is not asked twice.
    """

    level = Unicode(help="one of LEVELS; the best that works if empty").tag(config=True)
    memory = Int(4 * GIGABYTE, help="bytes").tag(config=True)
    path = Unicode(help="a folder of modules that the exercise may import").tag(config=True)
    hidden = List(Unicode(), help="folders not to be seen").tag(config=True)
    outcomes_only = Bool(help="show nothing but what came of an answer").tag(config=True)

    _process: Forked | Cold | None = None
    _folder: Path | None = None

    @property
    def has_process(self) -> bool:
        return self._process is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        manager = self.parent
        self._folder = Path(mkdtemp(prefix="llama_edu_"))
        if sys.platform != "win32":
            manager.transport, manager.ip = "ipc", str(self._folder / "k")
        manager.connection_file = str(self._folder / "kernel.json")
        manager.write_connection_file()
        self.connection_info = manager.get_connection_info()
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        level = self.level or best_level().name
        connection_file = self.parent.connection_file
        settings = {
            "connection_file": connection_file,
            "level": level,
            "visible": [*readable_folders(), *([self.path] if self.path else [])],
            "hidden": [*hidden_folders(), *self.hidden],
            "path": self.path,
            "memory": self.memory,
            "cpu_seconds": CPU_SECONDS,
            "outcomes_only": self.outcomes_only,
        }
        is_warm = sys.platform == "linux" and level != "bubblewrap"
        self._process = fork_server().fork(settings) if is_warm else Cold(level, settings)
        return self.connection_info

    def memory_in_use(self) -> int:
        """Bytes that the kernel and all that it started hold."""
        return self._process.memory_in_use() if self._process else 0

    def cpu_seconds(self) -> float:
        """Seconds of work of all that lives of it."""
        return self._process.cpu_seconds() if self._process else 0.0

    async def poll(self) -> int | None:
        return self._process.poll() if self._process else 0

    async def wait(self) -> int | None:
        if self._process:
            self._process.end()
            self._process = None
        return 0

    async def send_signal(self, signum: int) -> None:
        if signum != 0:
            await self.kill()

    async def kill(self, restart: bool = False) -> None:
        if self._process:
            self._process.end()

    async def terminate(self, restart: bool = False) -> None:
        await self.kill()

    async def cleanup(self, restart: bool = False) -> None:
        await self.kill()
        if self._folder:
            remove(self._folder)


class SandboxSpecs(KernelSpecManager):
    """Knows one kernel: Python in the sandbox.

    Args:
        config: of the provisioner: level, memory, path, hidden.
    """

    def __init__(self, config: dict[str, Any]):
        super().__init__()
        self._config = config

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        provisioner = {"provisioner_name": PROVISIONER, "config": self._config}
        return KernelSpec(
            argv=[], display_name="Python, shut in", language="python",
            metadata={"kernel_provisioner": provisioner},
        )  # fmt: skip
