"""14.4 Which windows a process reads in a step."""

from torch import Generator, randperm

from llama_edu.course.checking.questions import Misconception, Question


def share(
    orders: list[list[int]], step: int, batch_size: int, rank: int, n_ranks: int
) -> list[int]:
    whole = len(orders[0]) // batch_size * batch_size
    kept = [window for order in orders for window in order[:whole]]
    batch = kept[step * batch_size :][:batch_size]
    size = len(batch) // n_ranks
    return [batch[rank * size + i] for i in range(size)]


def share_cases(generator: Generator):
    def case(n: int, n_epochs: int, step: int, batch_size: int, rank: int, n_ranks: int) -> dict:
        orders = [randperm(n, generator=generator).tolist() for _ in range(n_epochs)]
        return {"orders": orders, "step": step, "batch_size": batch_size, "rank": rank,
                "n_ranks": n_ranks}  # fmt: skip

    yield case(5, 2, 0, 2, 0, 1)
    yield case(5, 2, 1, 2, 1, 2)
    yield case(5, 2, 2, 2, 1, 2)  # the first step of the second epoch
    yield case(7, 3, 5, 3, 0, 1)  # one window is passed over in each epoch
    yield case(13, 3, 4, 4, 0, 2)
    yield case(13, 3, 4, 6, 1, 3)
    yield case(14, 3, 5, 6, 2, 3)
    yield case(8, 2, 3, 4, 3, 4)  # nothing is left over


def carried_over(
    orders: list[list[int]], step: int, batch_size: int, rank: int, n_ranks: int
) -> list[int]:
    """One long row of all epochs, with nothing passed over."""
    own = batch_size // n_ranks
    first = step * batch_size + rank * own
    return [window for order in orders for window in order][first : first + own]


PER_EPOCH, FIRST = "len(orders[0]) // batch_size", "place * batch_size + rank * own"
OWN, RESULT = "batch_size // n_ranks", "orders[epoch][first : first + own]"

SHARE = Question(
    "pretraining.share",
    points=4,
    cases=share_cases,
    reference=share,
    equivalent_mutants={
        f"per_epoch = {PER_EPOCH} -> per_epoch = {PER_EPOCH.replace('0', i)}": "all equally long"
        for i in ("1", "-1")
    },
    misconceptions=[
        Misconception(
            "first_epoch",
            {"orders[epoch]": "orders[0]"},
            says="every epoch has the order of the first",
            hint="Windows are shuffled anew in each epoch.",
        ),
        Misconception(
            "no_epochs",
            {"divmod(step, per_epoch)": "0, step"},
            says="the order is read on to its end and beyond: there is no new epoch",
            hint="What happens when all windows of one order have been read?",
        ),
        Misconception(
            "whole_batch",
            {RESULT: "orders[epoch][place * batch_size : (place + 1) * batch_size]"},
            says="every process gets the whole batch",
            hint="Two processes that read the same learn nothing more than one.",
        ),
        Misconception(
            "rank_by_batch",
            {FIRST: "(place * n_ranks + rank) * batch_size"},
            says="a process's part begins a whole batch after that of the process before",
            hint="batch_size counts the windows of all processes together.",
        ),
        Misconception(
            "batch_each",
            {FIRST: "(place * n_ranks + rank) * batch_size", "first + own": "first + batch_size"},
            says="each process takes batch_size windows for itself",
            hint="batch_size counts the windows of all processes together.",
        ),
        Misconception(
            "interleaved",
            {
                FIRST: "place * batch_size + rank",
                "first + own": "first + batch_size - rank : n_ranks",
            },
            says="windows are dealt out in turn, like cards",
            hint="Process 0 takes the first ones of the batch, process 1 those after them.",
        ),
        Misconception(
            "rank_turned_round",
            {"rank * own": "(n_ranks - 1 - rank) * own"},
            says="the last process takes the first windows",
            hint="Process 0 takes the first ones.",
        ),
        Misconception(
            "all_processes_first",
            {" + rank * own": ""},
            says="every process takes the first part of the batch",
            hint="Where does the part of process 1 begin?",
        ),
        Misconception(
            "steps_from_1",
            {"divmod(step, per_epoch)": "divmod(max(step - 1, 0), per_epoch)"},
            says="steps are counted from 1",
            hint="Step 0 is the first one.",
        ),
        Misconception(
            "rounded_up",
            {PER_EPOCH: "-(-len(orders[0]) // batch_size)"},
            says="an epoch ends with a batch that is not full",
            hint="What is left at the end of an epoch is passed over.",
        ),
        Misconception(
            "place_by_own",
            {"place * batch_size": "place * own"},
            says="each step goes on by one process's part only",
            hint="How many windows do all processes together take in a step?",
        ),
        Misconception(
            "carried_over",
            carried_over,
            says="what is left at the end of an epoch goes into the next batch",
            hint="Less than a batch is passed over. How many whole steps has an epoch?",
        ),
        Misconception(
            "place_in_windows",
            {"place * batch_size": "place"},
            says="each step goes on by one window only",
            hint="place counts batches. At which window does batch 1 begin?",
        ),
    ],
)
