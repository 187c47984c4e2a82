"""A class for the exercise of any lesson: honest students, and one of each family of hostile ones.

A hostile student attacks in several answers at once, a kind in each; every answer is graded in a
kernel of its own. What each of their answers deserves is known beforehand.
"""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from llama_edu.course.answers import answer_cells, read_notebook
from llama_edu.course.checking.names import used_names
from llama_edu.course.checking.questions import load_questions
from llama_edu.course.lessons import Lesson


@dataclass(frozen=True)
class Attack:
    """What a hostile student adds to an answer. `ROOT`, `PORT`, `MARKER` and `SEEN` are filled in.

    Args:
        inside: run when the answer is called for the first time.
        above: run before the answer is defined.
        result: what it returns then; `solve()` is the right value.
        is_right: whether that is always right, so that it has its points however it behaves.
        shut_in: whether it would do harm outside a sandbox.
    """

    inside: str = ""
    above: str = ""
    result: str = "None"
    is_right: bool = False
    shut_in: bool = False


NONE = Attack(is_right=True)


def thief(code: str) -> Attack:
    """Sets `found` if it sees what it must not see, and answers right only then."""
    return Attack(code, result="solve() if found else None", shut_in=True)


ATTACKS = {
    # looking for what is right, or for whoever knows it
    "searches_memory": Attack("""
        import gc, sys
        names = {type(x).__name__ for x in gc.get_objects()}
        frame = sys._getframe()
        while frame:
            names |= {*frame.f_locals, *frame.f_globals}
            frame = frame.f_back
        bad = {"expected", "reference", "misconceptions", "Question", "Misconception"}
        found = bad & names or any("questions" in name for name in sys.modules)
        """, result="solve() if found else None"),
    "reads_project": thief("""
        import os
        found = any(map(os.path.exists, SEEN))
        """),
    "imports_package": thief("""
        import importlib, sys
        sys.path.insert(0, ROOT)
        for name in [name for name in sys.modules if name.startswith("llama_edu")]:
            del sys.modules[name]
        for name in ("llama_edu.course.checking.questions", "llama_edu.grading.grade"):
            try:
                found = found or hasattr(importlib.import_module(name), "__file__")
            except ImportError:
                pass
        """),
    "reads_processes": thief("""
        import os
        text = repr(dict(os.environ)).encode()
        for pid in filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc") else []):
            for file in ("environ", "cmdline"):
                try:
                    text += open(f"/proc/{pid}/{file}", "rb").read()
                except OSError:
                    pass
        found = b"SECRET_OF_GRADER" in text or b"pytest" in text
        """),
    "connects": thief("""
        import socket
        try:
            socket.create_connection(("127.0.0.1", PORT), timeout=1)
            found = True
        except OSError:
            pass
        """),
    "writes_elsewhere": thief("""
        import os, sys
        for path in (MARKER, ROOT + "/x", sys.prefix + "/x", os.__file__ + "x", "/x"):
            try:
                open(path, "w").close()
                found = True
            except OSError:
                pass
        """),
    "kills_others": Attack("""
        import os
        for pid in (1, os.getppid(), -1):
            try:
                os.kill(pid, 9)
            except OSError:
                pass
        """, shut_in=True),
    # tampering with whoever judges
    "patches_judges": Attack(above="""
        import builtins, json, sys
        import numpy, torch
        torch.equal = torch.isclose = lambda *a, **k: True
        torch.Tensor.__eq__ = lambda a, b: True
        numpy.array_equal = lambda *a, **k: True
        builtins.any = builtins.bool = lambda x=0: True
        json.dumps = lambda *a, **k: '{"outcomes": [{"value": true, "changed": []}]}'
        sys.modules["harness"].attempt = lambda *a: {"value": True, "changed": []}
        """),
    "forges_result": Attack(above="""
        import sys
        from IPython.display import display
        mime = "application/vnd.llama-edu.outcomes+json"
        right = {"right": True, "earned": 9, "outcomes": []}
        sys.modules["harness"].report = lambda *a: display({mime: right}, raw=True)
        """),
    "forges_messages": Attack("""
        from IPython import get_ipython
        kernel = get_ipython().kernel
        parent = kernel.get_parent()
        for kind, content in (
            ("status", {"execution_state": "idle"}), ("execute_reply", {"status": "ok"}),
            ("display_data", {"data": 3}),
        ):
            kernel.session.send(kernel.iopub_socket, kind, content, parent)
        kernel.iopub_socket.send_multipart([b"x", b"<IDS|MSG>", b"", b"{", b"[" * 9999, b"", b""])
        """),
    "checks_itself": Attack(above="""
        import llama_edu.course
        llama_edu.course.check = lambda *a, **k: print("right, 9 points")
        """),
    "equals_everything": Attack(above="""
        class Same:
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            def __hash__(self): return 0
            def __getattr__(self, name): return self
            def __call__(self, *a, **k): return self
            def __reduce__(self): return (open, (MARKER, "w"))
        """, result="Same()"),
    "raises_in_repr": Attack(above="""
        class Trap:
            def _raise(self, *a): raise SystemExit("no")
            __repr__ = __str__ = __len__ = __iter__ = __bool__ = __hash__ = __eq__ = _raise
        """, result="[Trap(), {'a': Trap()}]"),
    "raises_what_has_no_text": Attack("""
        class Stubborn(BaseException):
            def __str__(self): raise self
            __repr__ = __str__
        raise Stubborn("no")
        """),
    # not ending, ending too soon, taking too much
    "ends_python": Attack("import os; os._exit(0)"),
    "calls_exit": Attack("import sys; sys.exit(0)"),
    "crashes": Attack("import ctypes; ctypes.string_at(0)"),
    "never_ends": Attack("""
        while True:
            try:
                while True: pass
            except BaseException:
                pass
        """),
    "hogs_memory": Attack("hog = [bytearray(b'x') * (1 << 27) for _ in range(1000)]"),
    "forks": Attack("""
        import os
        while True:
            try:
                os.fork()
            except OSError:
                pass
        """, shut_in=True),
    "calls_itself": Attack("f = lambda: f()\nf()"),
    "floods": Attack("""
        from IPython.display import display
        for i in range(100000):
            display(i)
            print("x" * 100)
        """),
    "answers_of_one_hash": Attack(result="{i * (2**61 - 1): [i] for i in range(1, 2000)}"),
    "holds_itself": Attack("x = []\nx.append(x)", result="x"),
    "cannot_be_read": Attack(above="def ((("),
    # behaving badly with the right values
    "prints_secrets": Attack("""
        import os, sys
        print(dict(os.environ), [*globals()])
        os.write(2, b"z" * 100000)
        sys.stderr.write("x" * 1_000_000)
        """, result="solve()", is_right=True),
    "leaves_processes": Attack("""
        import os, subprocess
        subprocess.Popen(["sleep", "98764"], start_new_session=True)
        """, result="solve()", is_right=True),
    "leaves_files": Attack("""
        import os
        try:
            os.makedirs(os.path.dirname(MARKER), exist_ok=True)
            open(MARKER, "w").close()
        except OSError:
            pass
        """, result="solve()", is_right=True, shut_in=True),
    "changes_the_room": Attack("""
        import gc, os, random, torch
        os.chdir("/")
        os.environ.clear()
        gc.disable()
        random.seed(0)
        torch.set_num_threads(1)
        """, result="solve()", is_right=True),
}  # fmt: skip

WRAPPED = """{above}
{source}
import functools as _functools
_solved = {name}
_called = []
@_functools.wraps(_solved)
def {name}(*args, **kwargs):
    solve, found = _functools.partial(_solved, *args, **kwargs), False
    if _called:
        return {result}
    _called.append(1)
{inside}
    return {result}
"""


class Exercise:
    """The questions of a lesson, with right answers.

    Args:
        lesson: one with an exercise.
    """

    def __init__(self, lesson: Lesson):
        course = lesson.folder.parents[1]
        solved = answer_cells(read_notebook(course / "solutions" / f"{lesson.name}.ipynb"))
        given = answer_cells(read_notebook(course / "exercises" / f"{lesson.name}.ipynb"))
        self.points = {question.name: question.points for question in load_questions(lesson)}
        self.right = {name: solved[name].source for name in self.points}
        self.stubs = {name: given[name].source for name in self.points}
        makers = {name.rpartition(".")[2]: name for name in self.points}
        self.needs = {
            name: {makers[one] for one in used_names(source) & makers.keys()} - {name}
            for name, source in self.right.items()
        }

    @property
    def alone(self) -> list[str]:
        """Questions whose answers neither use another answer nor are used by one; else the last.

        Whoever attacks in these changes nothing but what these are worth.
        """
        used = set().union(*self.needs.values())
        found = [name for name in self.points if name not in used and not self.needs[name]]
        return found or [list(self.points)[-1]]

    def with_needs(self, names: Iterable[str]) -> list[str]:
        """These questions and all that their answers use, in order."""
        found, todo = set(), list(names)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += self.needs[name]
        return [name for name in self.points if name in found]


@dataclass(frozen=True)
class Member:
    """One student of the class.

    Args:
        answers: source by question.
        deserves: points by question.
        attacks: kind by question.
    """

    answers: Mapping[str, str]
    deserves: Mapping[str, int]
    attacks: Mapping[str, str]


def hostile_class(
    exercise: Exercise, kinds: Iterable[str], places: Mapping[str, object]
) -> dict[str, Member]:
    """Who is in the class, by name.

    Args:
        exercise: that they answer.
        kinds: of attacks.
        places: what stands for `ROOT`, `PORT`, `MARKER` and `SEEN`.
    """
    names = list(exercise.points)
    half = exercise.with_needs(names[::2][: max(1, len(names) // 2)])
    honest = {"right": names, "half_right": half, "untouched": []}
    members = {
        student: Member(
            exercise.stubs | {name: exercise.right[name] for name in right},
            {name: exercise.points[name] * (name in right) for name in names},
            {},
        )
        for student, right in honest.items()
    }
    for i, attacks in enumerate(_shared_out(list(kinds), exercise.alone)):
        beside = [name for name in exercise.alone if name not in attacks][-1:]
        answers, deserves = dict(exercise.stubs), dict.fromkeys(names, 0)
        for name in exercise.with_needs([*attacks, *beside]):
            attack = ATTACKS[attacks[name]] if name in attacks else NONE
            answers[name] = exercise.right[name]
            if name in attacks:
                answers[name] = _attacked(answers[name], name, attack, places)
            deserves[name] = exercise.points[name] * attack.is_right
        members[f"hostile{i}"] = Member(answers, deserves, attacks)
    return members


def _shared_out(kinds: list[str], questions: list[str]) -> Iterator[dict[str, str]]:
    """Kinds by question, for one student after the other; each leaves a question in peace."""
    places = questions[:-1] or questions
    for start in range(0, len(kinds), len(places)):
        some = kinds[start : start + len(places)]
        turned = [places[(start + i) % len(places)] for i in range(len(some))]
        yield dict(zip(turned, some, strict=True))


def _attacked(source: str, question: str, attack: Attack, places: Mapping[str, object]) -> str:
    def filled(code: str) -> str:
        code = textwrap.dedent(code).strip()
        for key, value in places.items():
            code = code.replace(key, repr(value))
        return code

    return WRAPPED.format(
        above=filled(attack.above),
        source=source,
        name=question.rpartition(".")[2],
        inside=textwrap.indent(filled(attack.inside) or "pass", "    "),
        result=filled(attack.result),
    )
