"""17.4 First fit."""

from llama_edu.course.checking.draw import pick, whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.finetune.instruct import packing


def first_fit_cases(generator):
    few = whole(generator, 2, 4)
    yield {"lengths": [3, 6, few, 2], "capacity": 8}
    yield {"lengths": [whole(generator, 5, 8), 2, 8, 3], "capacity": 10}
    yield {"lengths": [6, 8, 6, 1], "capacity": 13}  # two rows have room for the last
    yield {"lengths": pick(generator, 7, 2, 12), "capacity": 14}
    yield {"lengths": [4, 7, 4, 3, 7, 3, whole(generator, 1, 3), 4], "capacity": 11}
    yield {"lengths": pick(generator, 12, 1, 20), "capacity": 24}
    yield {"lengths": [9, 5, 4, 4, 3, 2, 2, 1, whole(generator, 1, 9)], "capacity": 9}
    yield {"lengths": [whole(generator, 1, 5)], "capacity": 5}
    yield {"lengths": [], "capacity": 3}


def best_fit(lengths: list[int], capacity: int) -> list[list[int]]:
    rows = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        fits = [row for row in rows if sum(lengths[j] for j in row) + lengths[i] <= capacity]
        if fits:
            max(fits, key=lambda row: sum(lengths[j] for j in row)).append(i)
        else:
            rows.append([i])
    return rows


ORDER = "sorted(range(len(lengths)), key=lambda i: -lengths[i])"

FIRST_FIT = Question(
    "instruction.first_fit",
    points=3,
    cases=first_fit_cases,
    reference=packing.first_fit,
    misconceptions=[
        Misconception(
            "not_sorted",
            {ORDER: "range(len(lengths))"},
            says="the examples are taken in the order given",
            hint="Large stones first, sand last: in which order does less room stay empty?",
        ),
        Misconception(
            "shortest_first",
            {"-lengths[i])": "lengths[i])"},
            says="the shortest example is taken first",
            hint="Short ones fit nearly anywhere. Which should have the free choice?",
        ),
        Misconception(
            "later_of_equals_first",
            {ORDER: "sorted(range(len(lengths)), key=lambda i: (-lengths[i], -i))"},
            says="of two equally long examples the later is taken first",
            hint="`sorted` leaves equals in their order; turning its result round turns them too.",
        ),
        Misconception(
            "never_full",
            {"<= capacity": "< capacity"},
            says="a row is never filled to the last token",
            hint="An example that fits exactly fits.",
        ),
        Misconception(
            "last_row_only",
            {"for row in rows": "for row in rows[-1:]"},
            says="only the last row is tried: next fit",
            hint="An earlier row may still have room. Try them from the first on.",
        ),
        Misconception(
            "last_row_first",
            {"for row in rows": "for row in rows[::-1]"},
            says="the rows are tried from the last to the first",
            hint="*First* fit: which row is asked first?",
        ),
        Misconception(
            "best_fit",
            best_fit,
            says="the fullest row with room is chosen: best fit",
            hint="A good rule too, but another one. Take the first row that has room.",
        ),
        Misconception(
            "lengths_for_places",
            {"row.append(i)": "row.append(lengths[i])", "rows.append([i])": (
                "rows.append([lengths[i]])"
            ), "sum(lengths[j] for j in row)": "sum(row)"},
            says="the rows hold lengths, not places",
            hint="Who gets the rows must find the examples: where do they stand in `lengths`?",
        ),
        Misconception(
            "found_by_length",
            {"row.append(i)": "row.append(lengths.index(lengths[i]))", "rows.append([i])": (
                "rows.append([lengths.index(lengths[i])])"
            )},
            says="of equally long examples the first is taken each time: `index` finds no other",
            hint="A length does not say which example it is. Carry the place along.",
        ),
        Misconception(
            "begun_with_a_row",
            {"rows = []": "rows = [[]]"},
            says="there is a row before there is an example",
            hint="How many rows do no examples need?",
        ),
        Misconception(
            "counts_for_lengths",
            {"sum(lengths[j] for j in row) + lengths[i]": "len(row) + 1"},
            says="a row holds `capacity` examples, however long they are",
            hint="The capacity is in tokens: what do the examples of a row add up to?",
        ),
        Misconception(
            "own_length_forgotten",
            {" + lengths[i] <=": " <="},
            says="it is asked whether the row is not too full yet, not whether the example fits",
            hint="After the example is put there, the row must still be within its capacity.",
        ),
        Misconception(
            "one_a_row",
            {" <= capacity": " < 0"},
            says="every example has a row of its own",
            hint="That is padding, not packing.",
        ),
        Misconception(
            "sorted_rows",
            {"return rows": "return [sorted(row) for row in rows]"},
            says="all is right, but each row is sorted",
            hint="The places stand in the order in which they were put there.",
        ),
        Misconception(
            "into_every_row",
            {"row.append(i)\n                break": "row.append(i)\n                placed = True",
             "        for row in rows:": "        placed = False\n        for row in rows:",
             "        else:\n            rows": "        if not placed:\n            rows"},
            says="an example goes into every row that has room",
            hint="Once it is placed, no other row may be asked: what ends a loop?",
        ),
        Misconception(
            "places_added_up",
            {"sum(lengths[j] for j in row)": "sum(row)"},
            says="the places in a row are added up, not the lengths",
            hint="A row holds places. How long is the example at place j?",
        ),
        Misconception(
            "places_in_the_sorted_list",
            {"rows = []": "lengths, rows = sorted(lengths, reverse=True), []"},
            says="the places are those in the sorted list, not in `lengths`",
            hint="After `sorted` nobody knows where a length stood. Sort the places instead.",
        ),
    ],
)  # fmt: skip
