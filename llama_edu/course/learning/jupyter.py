"""JupyterLab on one folder, for as long as somebody uses it."""

import contextlib
import http.client
import importlib.util
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

FIRST_PORT, N_PORTS = 8888, 50
# The first asks about news and looks for updates; the second is a teacher's, and comes with the
# test extra.
UNWANTED = ("@jupyterlab/apputils-extension:announcements", "@jupyter/nbgrader")
START_SECONDS = 120  # the first start on a slow disk takes its time


@contextlib.contextmanager
def jupyterlab(folder: Path, page: str, port: int | None, browser: bool) -> Iterator["Lab"]:
    """Run JupyterLab while the body runs; it answers when the body begins.

    Args:
        folder: the top of what it shows.
        page: the file it opens, within the folder.
        port: to listen at, on this machine alone; the first free one from 8888 if None.
        browser: have it open the browser.

    Raises:
        RuntimeError: if JupyterLab is not installed or does not start.
        ValueError: if the port is taken.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise RuntimeError("JupyterLab is not installed: python -m pip install jupyterlab")
    port = _free_port(port)
    token = secrets.token_hex(16)
    command = [
        sys.executable, "-m", "jupyterlab", "--log-level=ERROR",
        f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{page}",
        "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
        "--ServerApp.allow_root=True",  # in a container one often is, and only this machine gets in
        "--ServerApp.base_url=/", f"--ServerApp.open_browser={browser}",
        "--ServerApp.answer_yes=True",  # Ctrl-C reaches it too, and must ask nothing
    ]  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="llama_edu_", ignore_cleanup_errors=True) as own:
        quiet = Path(own) / "labconfig" / "page_config.json"
        quiet.parent.mkdir()
        quiet.write_text(
            json.dumps({"disabledExtensions": dict.fromkeys(UNWANTED, True)}), encoding="utf-8"
        )
        others = os.environ.get("JUPYTER_CONFIG_PATH")
        environment = os.environ | {
            "JUPYTER_TOKEN": token,
            "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, [own, others])),
            "JUPYTER_PREFER_ENV_PATH": "1",  # this Python's kernel, not another named python3
            "PATH": os.pathsep.join(  # so that `!llama-edu progress` runs in a cell
                [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
            ),
        }
        with (Path(own) / "log").open("w+", encoding="utf-8", errors="replace") as log:
            process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
            try:
                _wait_until_it_answers(process, port, log)
                yield Lab(process, f"http://127.0.0.1:{port}/lab/tree/{page}?token={token}")
            finally:
                _stop(process)


class Lab:
    """A JupyterLab that runs.

    Args:
        process: its server.
        address: what to open in a browser.
    """

    def __init__(self, process: subprocess.Popen, address: str):
        self.process, self.address = process, address

    def wait(self) -> str:
        """Wait until it is to stop, and say why: "closed" there, "interrupted" or "terminated"."""
        try:
            while self.process.poll() is None:
                time.sleep(0.2)
        except KeyboardInterrupt:
            return "interrupted"
        except SystemExit:  # what a SIGTERM is turned into
            return "terminated"
        return "closed"


def has_display() -> bool:
    """Whether a browser window can be opened here."""
    if sys.platform in ("darwin", "win32"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def _free_port(wanted: int | None) -> int:
    for port in [wanted] if wanted else range(FIRST_PORT, FIRST_PORT + N_PORTS):
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
    if wanted:
        raise ValueError(f"port={wanted} must be one that is free")
    raise RuntimeError(f"no port from {FIRST_PORT} to {FIRST_PORT + N_PORTS - 1} is free: --port")


def _wait_until_it_answers(process: subprocess.Popen, port: int, log) -> None:
    give_up = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/api")
            if connection.getresponse().status == 200:
                return
        connection.close()
        time.sleep(0.2)
    log.seek(0)
    last = log.read().strip().rpartition("\n")[2]
    raise RuntimeError(f"JupyterLab did not start: {last or f'no answer in {START_SECONDS} s'}")


def _stop(process: subprocess.Popen) -> None:
    """End the server with its kernels; it is asked first."""
    with contextlib.suppress(KeyboardInterrupt):  # a second Ctrl-C is only impatience
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=15)
    process.kill()
    process.wait()
