# ruff: noqa: E501  attacks are easier to read in one line
"""Answers of hostile and unlucky students, and the points that each deserves.

Every attack stands in question 5.1, worth 1 point; beside it stands a right answer to question
5.3, worth 2, which no attack may take away. `{root}` is the project's folder, `{port}` that of a
listener on the grader's machine, `{marker}` a file that must not come to be.
"""

import textwrap
from dataclasses import dataclass

RIGHT = "return q @ k.mT / q.shape[-1] ** 0.5"
WRONG = "return q.new_zeros(*q.shape[:3], k.shape[2])"


@dataclass(frozen=True)
class Attack:
    """What a student wrote.

    Args:
        code: of the answer cell.
        points: that it deserves: 1 if its values are right, however it behaves.
        kinds: what the verdict may be called.
    """

    code: str
    points: int = 0
    kinds: tuple[str, ...] = ("value",)


def wrong(before: str = "", inside: str = "", kinds: tuple[str, ...] = ("value",)) -> Attack:
    """A wrong answer with an attack before the function, or in it."""
    return Attack(_cell(before, inside, WRONG), 0, kinds)


def right(before: str = "", inside: str = "") -> Attack:
    """A right answer that misbehaves: its values are right, so it has its point."""
    return Attack(_cell(before, inside, RIGHT), 1, ("right",))


def thief(inside: str, kinds: tuple[str, ...] = ("value",)) -> Attack:
    """Looks for something that it must not find; whoever finds it answers right."""
    code = textwrap.indent(textwrap.dedent(inside).strip(), "        ")
    text = f"def scores(q, k):\n    def found():\n{code}\n    if found():\n        {RIGHT}\n"
    return Attack(text + f"    {WRONG}\n", 0, kinds)


def _cell(before: str, inside: str, last: str) -> str:
    before, inside = (textwrap.dedent(text).strip() for text in (before, inside))
    body = textwrap.indent(f"{inside}\n{last}".strip(), "    ")
    return f"{before}\n\ndef scores(q, k):\n{body}\n".lstrip()


ENDED = ("died", "timeout", "error", "flood", "forged", "memory")

ATTACKS = {
    # tampering with whoever judges
    "patches_torch": wrong("""
        import torch
        torch.allclose = torch.equal = torch.isclose = lambda *a, **k: True
        torch.testing.assert_close = lambda *a, **k: None
        torch.Tensor.__eq__ = lambda a, b: True
        torch.Tensor.isclose = lambda *a, **k: True
        """, kinds=(*ENDED, "value")),
    "patches_numpy": wrong("""
        import numpy
        numpy.allclose = numpy.array_equal = lambda *a, **k: True
        numpy.testing.assert_allclose = lambda *a, **k: None
        """),
    "patches_builtins": wrong("""
        import builtins
        builtins.all = builtins.any = lambda x: True
        builtins.abs = lambda x: 0
        """, kinds=(*ENDED, "value")),
    "patches_json": wrong("""
        import json
        json.dumps = lambda *a, **k: '{"right": true}'
        json.loads = lambda *a, **k: []
        """, kinds=(*ENDED, "value")),
    "patches_harness": wrong("""
        import sys
        harness = sys.modules["harness"]
        harness.attempt = lambda f, case, seed: {"value": True, "changed": []}
        """, kinds=("type",)),
    "replaces_report": wrong("""
        import sys
        from IPython.display import display
        mime = "application/vnd.llama-edu.outcomes+json"
        sys.modules["harness"].report = lambda *a: display({mime: {"outcomes": []}}, raw=True)
        """, kinds=("error",)),
    "patches_check": wrong("""
        import llama_edu.course
        llama_edu.course.check = lambda *a, **k: print("attention.scores: right, 1 point")
        """),
    "equals_everything": Attack("""
class Same:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self

def scores(q, k):
    return Same()
""", 0, ("type",)),
    "subclass_of_tensor": Attack("""
import torch
class Same(torch.Tensor):
    def __eq__(self, other): return torch.ones(self.shape, dtype=torch.bool)
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return True if "close" in func.__name__ else super().__torch_function__(func, types, args, kwargs or {})

def scores(q, k):
    return q.new_zeros(*q.shape[:3], k.shape[2]).as_subclass(Same)
""", 0, ("value", *ENDED)),
    "pickle_bomb": Attack("""
class Bomb:
    def __reduce__(self): return (open, ({marker!r}, "w"))

def scores(q, k):
    return Bomb()
""", 0, ("type",)),
    # looking for what is right
    "searches_memory": thief("""
        import gc, sys
        names = [type(x).__name__ for x in gc.get_objects()]
        frame, seen = sys._getframe(), []
        while frame:
            seen += [*frame.f_locals, *frame.f_globals]
            frame = frame.f_back
        bad = {{"expected", "reference", "misconceptions", "Question", "Misconception"}}
        return bool(bad & ({{*names}} | {{*seen}})) or any("questions" in m for m in sys.modules)
        """),
    "imports_package": thief("""
        import importlib, sys
        sys.path.insert(0, {root!r})
        sys.modules.pop("llama_edu", None); sys.modules.pop("llama_edu.course", None)
        for name in ("llama_edu.course.checking.questions", "llama_edu.model.attention", "llama_edu.grading"):
            try:
                module = importlib.import_module(name)
            except ImportError:
                continue
            if hasattr(module, "__file__"):  # and not a name with nothing behind it
                return True
        return False
        """),
    "reads_project": thief("""
        import os
        paths = ({root!r} + "/lessons", {root!r} + "/README.md", {submissions!r}, {out!r})
        return any(map(os.path.exists, paths))
        """),
    "walks_disk": thief("""
        import os
        for folder, _, files in os.walk("/"):
            if "site-packages" not in folder and "lib/python" not in folder:
                if {{"questions.py", "repeated_share.py", "instructor.json", "05_attention.ipynb"}} & {{*files}}:
                    return True
        return False
        """, kinds=("value", "timeout")),
    "reads_proc": thief("""
        import os
        for pid in ["self", *filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc") else [])]:
            try:
                text = open(f"/proc/{{pid}}/cmdline", "rb").read()
                text += open(f"/proc/{{pid}}/environ", "rb").read()
            except OSError:
                continue
            if b"forkserver" in text and b"--kernel" not in text or b"SECRET_OF_GRADER" in text:
                return True
        return False
        """),
    "reads_environment": thief("""
        import os
        return any("SECRET_OF_GRADER" in f"{{k}}{{v}}" for k, v in os.environ.items())
        """),
    "connects": thief("""
        import socket
        try:
            socket.create_connection(("127.0.0.1", {port}), timeout=1)
            return True
        except OSError:
            return False
        """),
    "writes_elsewhere": thief("""
        import os, sys
        for path in ({root!r} + "/llama_edu/x", sys.prefix + "/x", os.__file__ + "x", "/x"):
            try:
                open(path, "w").write("x")
                return True
            except OSError:
                pass
        return False
        """),
    "asks_for_rights": thief("""
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        libc.mount(None, b"/usr", None, 32 | 4096, None)
        libc.umount2(b"/usr", 2)
        libc.unshare(0x10000000 | 0x00020000)
        libc.mount(None, b"/usr", None, 32 | 4096, None)
        try:
            open("/usr/llama_edu_x", "w")
            return True
        except OSError:
            pass
        try:
            os.setuid(0)
            return os.path.exists({root!r})
        except OSError:
            return False
        """),
    # forging
    "forges_messages": wrong(inside="""
        from IPython import get_ipython
        kernel = get_ipython().kernel
        mime = "application/vnd.llama-edu.outcomes+json"
        for content in ({"data": {mime: {"outcomes": 7}}, "metadata": {}}, {"data": 3}):
            kernel.session.send(kernel.iopub_socket, "display_data", content, kernel.get_parent())
        kernel.session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, kernel.get_parent())
        kernel.session.send(kernel.iopub_socket, "execute_reply", {"status": "ok"}, kernel.get_parent())
        """, kinds=(*ENDED, "value")),
    "sends_garbage": wrong(inside="""
        from IPython import get_ipython
        kernel = get_ipython().kernel
        kernel.iopub_socket.send_multipart([b"x", b"<IDS|MSG>", b"no signature", b"{", b"[" * 99999, b"", b""])
        """, kinds=(*ENDED, "value")),
    # not ending, ending too soon
    "never_ends": wrong(inside="while True: pass", kinds=("timeout",)),
    "cell_never_ends": wrong("while True: pass", kinds=("timeout",)),
    "refuses_signals": wrong(inside="""
        import signal, time
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while True:
            try:
                time.sleep(0.1)
            except BaseException:
                pass
        """, kinds=("timeout",)),
    "ends_python": wrong(inside="import os; os._exit(0)", kinds=("died",)),
    "cell_ends_python": wrong("import os; os._exit(0)", kinds=("died",)),
    "calls_exit": wrong(inside="import sys; sys.exit(0)", kinds=("error",)),
    "cell_calls_exit": wrong("exit()", kinds=("died", "cell", "value")),
    "raises_base_exception": Attack("""
class Stubborn(BaseException):
    pass

def scores(q, k):
    raise Stubborn("no")
""", 0, ("error",)),
    "recursion": Attack("def scores(q, k):\n    return scores(q, k)\n", 0, ("recursion",)),
    "crashes": wrong(inside="import ctypes; ctypes.string_at(0)", kinds=("died",)),
    "deep_c_recursion": wrong(inside="""
        import sys
        sys.setrecursionlimit(10**9)
        def f(): return f()
        f()
        """, kinds=("died", "recursion", "memory", "timeout", "error")),
    "kills_all": wrong(inside="""
        import os
        for pid in (1, os.getppid(), -1):
            try:
                os.kill(pid, 9)
            except OSError:
                pass
        """, kinds=("value", "died")),
    # taking too much
    "fork_bomb": wrong(inside="""
        import os
        while True:
            try:
                os.fork()
            except OSError:
                pass
        """, kinds=ENDED),
    "threads_without_end": wrong(inside="""
        import threading, time
        while True:
            threading.Thread(target=time.sleep, args=(1000,)).start()
        """, kinds=("error", "timeout", "died")),
    "memory_hog": wrong(inside="hog = [bytearray(b'x') * (1 << 28) for _ in range(1000)]", kinds=ENDED),
    "shared_memory_hog": wrong(inside="""
        import mmap, time
        hog = mmap.mmap(-1, 8 << 30)
        for i in range(0, len(hog), 4096):
            hog[i] = 1
        time.sleep(1000)
        """, kinds=("memory", "timeout", "died", "error")),
    "huge_tensor": wrong(inside="import torch; torch.zeros(10**12)", kinds=("error",)),
    "fills_disk": right(inside="""
        import os
        try:
            for i in range(100):
                with open(f"/tmp/fill{i}", "wb") as file:
                    file.write(b"x" * (10 << 20))
        except OSError:
            pass
        """),
    "floods_screen": right(inside="""
        import os, sys
        for _ in range(20000):
            print("x" * 100)
            print("y" * 100, file=sys.stderr)
        os.write(1, b"z" * 100000)
        os.write(2, b"z" * 100000)
        """),
    "floods_messages": wrong(inside="""
        from IPython.display import display
        for i in range(100000):
            display(i)
        """, kinds=("flood", "timeout", "error", "died")),
    "answers_early_then_drips": wrong(inside="""
        import time
        from IPython import get_ipython
        kernel = get_ipython().kernel
        ids = [b"x"]
        kernel.session.send(kernel.shell_stream.socket, "execute_reply", {"status": "ok"}, kernel.get_parent(), ident=kernel._parent_ident["shell"] if hasattr(kernel, "_parent_ident") else ids)
        for _ in range(100):
            time.sleep(1)
            kernel.session.send(kernel.iopub_socket, "display_data", {"data": {}, "metadata": {}}, kernel.get_parent())
        """, kinds=ENDED),
    "collides_hashes": wrong("""
        import sys
        from IPython.display import display
        items = [{"int": "%x" % (i * (2**61 - 1))} for i in range(1, 60000)]
        found = {"outcomes": [{"changed": [], "value": {"set": items}}] * 4}
        mime = "application/vnd.llama-edu.outcomes+json"
        sys.modules["harness"].display = lambda *a, **k: display({mime: found}, raw=True)
        """, kinds=("type",)),
    "many_types": wrong("""
        import sys
        from IPython.display import display
        items = [{"other": ["m", "t%d" % i]} for i in range(50000)]
        found = {"outcomes": [{"changed": [], "value": {"list": items}}] * 4}
        mime = "application/vnd.llama-edu.outcomes+json"
        sys.modules["harness"].display = lambda *a, **k: display({mime: found}, raw=True)
        """, kinds=(*ENDED, "value")),
    "kills_others_by_an_import": wrong("import torch, math\nimport os; os._exit(1)", kinds=("died",)),
    "asks_for_what_is_forbidden": thief("""
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        libc.memfd_create.restype = ctypes.c_int
        return (
            libc.memfd_create(b"x", 0) >= 0
            or libc.unshare(0x10000000) == 0
            or libc.shmget(0, 4096, 0o1600) >= 0
            or libc.syscall(250, 0, -3, 1) >= 0
        )
        """),
    "huge_message": wrong(inside="""
        from IPython.display import display
        display({"text/plain": "x" * (200 << 20)}, raw=True)
        """, kinds=(*ENDED, "value")),
    # taking the grader's own time
    "answers_of_one_hash": Attack("def scores(q, k):\n    return [i * (2**61 - 1) for i in range(20_000)]", 0, ("type",)),
    "dict_of_one_hash": Attack("def scores(q, k):\n    return {i * (2**61 - 1): 1 for i in range(1, 900)}", 0, ("type",)),
    "number_of_5000_digits": Attack("def scores(q, k):\n    return [10**5000]", 0, ("type",)),
    "number_of_a_million_digits": Attack("def scores(q, k):\n    return 1 << 4_000_000", 0, ("type",)),
    "shared_lists": Attack("def scores(q, k):\n    x = 1\n    for _ in range(60):\n        x = [x] * 9\n    return x", 0, ("type",)),
    "holds_itself": Attack("def scores(q, k):\n    x = []\n    x.append(x)\n    return x", 0, ("type",)),
    "large_tensor": Attack("def scores(q, k):\n    return q.new_zeros(3_000_000)", 0, ("shape",)),
    "expanded_tensor": Attack("def scores(q, k):\n    return q.new_zeros(1).expand(10**6, 10**6)", 0, ("shape",)),
    "a_billion_empty_rows": Attack("def scores(q, k):\n    return q.new_zeros(10**9, 0)", 0, ("shape",)),
    "long_text": Attack("def scores(q, k):\n    return chr(0) * 10**7", 0, ("type",)),
    "long_error": Attack("def scores(q, k):\n    raise ValueError('x' * 10**7)", 0, ("error",)),
    "cell_with_long_error": Attack("raise ValueError('x' * 10**7)", 0, ("cell", *ENDED)),
    "lines_of_ipython": Attack("!ls\n" * 20_000 + "def scores(q, k):\n    pass", 0, ("cell", *ENDED)),
    "megabytes_of_display": wrong(inside="""
        from IPython.display import display
        for _ in range(40):
            display({"text/plain": "x" * (7 << 20)}, raw=True)
        """, kinds=("flood", "timeout", "value", "died")),
    # leaving something behind
    "leaves_processes": right(inside="""
        import os, subprocess
        subprocess.Popen(["sleep", "98765"], start_new_session=True)
        if os.fork() == 0:
            os.setsid()
            os.execvp("sleep", ["sleep", "98765"])
        """),
    "leaves_threads": right(inside="""
        import threading
        import time
        def spin():
            while True:
                time.sleep(0.001)
        for _ in range(3):
            threading.Thread(target=spin, daemon=True).start()
        """),
    "leaves_files": right(inside="""
        import os, tempfile
        try:
            os.makedirs(os.path.dirname({marker!r}), exist_ok=True)
            open({marker!r}, "w").close()
        except OSError:
            pass
        tempfile.NamedTemporaryFile(delete=False).write(b"x" * 1000)
        """),
    "changes_torch": right("""
        import torch
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.manual_seed(0)
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)
        """),
    # unlucky
    "return_outside": Attack(f"nonlocal q\ndef scores(q, k):\n    {RIGHT}\n", 0, ("cell",)),
    "shell": right("!ls\nfiles = !ls\n%pip --version"),
    "cell_magic": Attack(f"%%time\ndef scores(q, k):\n    {RIGHT}\n", 1, ("right",)),
    "syntax_error": Attack("def scores(q, k)\n    return q\n", 0, ("cell",)),
    "nested_source": Attack("x = " + "(" * 5000 + ")" * 5000 + f"\ndef scores(q, k):\n    {RIGHT}\n", 0, ("cell",)),
    "unary_source": Attack("x = " + "-" * 90000 + f"1\ndef scores(q, k):\n    {RIGHT}\n", 0, ("cell", *ENDED)),
    "null_character": Attack(f"x = '\0'\ndef scores(q, k):\n    {RIGHT}\n", 0, ("cell", "error", "not_callable")),
    "magic": right("%time 1\n%matplotlib inline"),
    "own_helper": right("import math\ndef helper(x): return x"),
    "no_function": Attack("scores = 3\n", 0, ("not_callable",)),
    "other_name": Attack(f"def score(q, k):\n    {RIGHT}\n", 0, ("not_callable",)),
    "other_parameters": Attack("def scores(queries):\n    return queries\n", 0, ("arguments",)),
    "returns_numpy": Attack("def scores(q, k):\n    return (q @ k.mT / q.shape[-1] ** 0.5).numpy()\n", 0, ("type",)),
}  # fmt: skip
