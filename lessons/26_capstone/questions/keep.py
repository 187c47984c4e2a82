"""26.4 Which checkpoint to keep, and when to stop."""

from torch import Generator

from llama_edu.course.checking.draw import pick, whole
from llama_edu.course.checking.questions import Misconception, Question


def keep(losses: list[float], patience: int) -> tuple[int, int]:
    for end in range(len(losses)):
        so_far = losses[: end + 1]
        best = so_far.index(min(so_far))
        if end - best >= patience:
            return best, end
    return best, end


def keep_cases(generator: Generator):
    yield {"losses": [3.0, 2.5, 2.6, 2.7, 2.4], "patience": 2}  # the lowest is never reached
    yield {"losses": [5.0, 4.0, 3.5, 3.0], "patience": 1}  # falls to the end
    yield {"losses": [2.0], "patience": 3}
    yield {"losses": [4.0, 3.0, 3.2, 3.1, 2.9, 2.95, 2.95, 3.0, 2.0], "patience": 3}
    yield {"losses": [6.0, 5.0, 5.0, 5.0, 5.0, 4.9, 5.1], "patience": 3}  # equal is no better
    yield {"losses": [5.0, 4.0, 4.0, 4.5, 4.6, 3.0], "patience": 2}
    yield {"losses": [2.0, 1.0, 2.1, 0.9, 1.5, 1.6, 0.5], "patience": 2}  # above the one 2 before
    yield {"losses": [3.2, 2.5, 2.6, 2.8, 2.7, 2.9], "patience": 2}
    yield {"losses": [1.0, 1.2, 1.3, 1.5, 1.6, 0.5], "patience": 4}
    yield {"losses": [3.0, 3.4, 3.3, 3.2, 3.1, 2.0], "patience": 4}  # falls, not below the best
    yield {"losses": [4.0, 5.0, 4.5, 4.8, 4.4, 4.9, 4.3, 4.7], "patience": 5}
    many = [n / 10 for n in pick(generator, 12)]
    yield {"losses": many, "patience": whole(generator, 2, 4)}


NEW, STOP = "if loss < losses[best]:", "look - best == patience"
STOPS = f"if {STOP}:\n            break\n"

KEEP = Question(
    "capstone.keep",
    points=2,
    cases=keep_cases,
    reference=keep,
    misconceptions=[
        Misconception(
            "last_checkpoint",
            {"return best, look": "return look, look"},
            says="the checkpoint of the last look is kept",
            hint="The run goes on after its best. Which checkpoint was saved at its best?",
        ),
        Misconception(
            "never_stops",
            {STOP: "False"},
            says="the run goes on to the end of the list",
            hint="When has the run been waiting for `patience` looks?",
        ),
        Misconception(
            "end_foretold",
            {"return best, look": "return best, best + patience"},
            says="the run is said to end `patience` looks after the best, come what may",
            hint="The last look is a place in the list.",
        ),
        Misconception(
            "best_of_all",
            lambda losses, patience: (losses.index(min(losses)), keep(losses, patience)[1]),
            says="the lowest loss of the whole list is kept, whenever the run ended",
            hint="What comes after the end of the run was never measured.",
        ),
        Misconception(
            "equal_is_better",
            {"loss < losses[best]": "loss <= losses[best]"},
            says="an equal loss counts as a new best",
            hint="A run that stands still would never lose its patience.",
        ),
        Misconception(
            "rises_in_a_row",
            lambda losses, patience: _rises(losses, patience),
            says="it is counted how often the loss has risen since it last fell",
            hint="A loss can fall for long without getting below the best. Compare with the best.",
        ),
        Misconception(
            "waits_added_up",
            lambda losses, patience: _waits(losses, patience),
            says="all looks without a new best are added up, also those before the best",
            hint="With a new best the patience is whole again.",
        ),
        Misconception(
            "one_look_more",
            {STOP: "look - best > patience"},
            says="the run ends one look too late",
            hint="It ends when the best is just `patience` looks old.",
        ),
        Misconception(
            "one_look_less",
            {STOP: "look - best + 1 == patience and look > best"},
            says="the run ends one look too early",
            hint="How old is the best at the next look after it: 0, 1 or 2 looks?",
        ),
        Misconception(
            "stops_before_it_looks",
            {
                NEW: f"{STOPS}        {NEW}",
                f"        {STOPS}    return": "    return",
            },
            says="the run ends before it is asked whether the last look is a new best",
            hint="A new best at that very look saves the run: which question comes first?",
        ),
        Misconception(
            "first_look_waits",
            {STOP: "look - best + (best == 0) >= patience"},
            says="the first look counts as one without a new best",
            hint="The first loss is the best so far: at its look nothing has been waited for.",
        ),
        Misconception(
            "best_never_moves",
            {"loss < losses[best]": "loss < losses[0]"},
            says="each loss is compared with the first",
            hint="The loss to beat is the lowest so far, and that changes.",
        ),
        Misconception(
            "with_the_look_before",
            {"loss < losses[best]": "look and loss < losses[look - 1]"},
            says="each look is compared with the one before it, not with the best",
            hint="A loss may fall, and still be far above the best.",
        ),
        Misconception(
            "with_patience_looks_before",
            {STOP: "look >= patience and loss >= losses[look - patience]"},
            says="each loss is compared with that of `patience` looks before",
            hint="How old is the *best* loss?",
        ),
        Misconception(
            "first_patience_looks",
            {STOP: "look == patience"},
            says="the run ends after `patience` looks, whatever happened in them",
            hint="Patience starts anew with each new best.",
        ),
        Misconception(
            "losses_returned",
            {"return best, look": "return losses[best], losses[look]"},
            says="losses are returned, not places",
            hint="Who is to load the checkpoint has to know which it is.",
        ),
        Misconception(
            "turned_pair",
            {"return best, look": "return look, best"},
            says="the two places have changed places",
            hint="First the checkpoint that is kept, then the last look.",
        ),
    ],
)


def _rises(losses: list[float], patience: int) -> tuple[int, int]:
    best, n_rises = 0, 0
    for look, loss in enumerate(losses):
        n_rises = n_rises + 1 if look and loss >= losses[look - 1] else 0
        best = look if loss < losses[best] else best
        if n_rises == patience:
            break
    return best, look


def _waits(losses: list[float], patience: int) -> tuple[int, int]:
    best, n_waits = 0, 0
    for look, loss in enumerate(losses):
        if loss < losses[best]:
            best = look
        elif look:
            n_waits += 1
        if n_waits == patience:
            break
    return best, look
