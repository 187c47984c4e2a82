"""2.2 The last digit of a card."""

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.data.pii.checksums import passes_luhn


def check_digit(digits: str) -> int:
    return next(digit for digit in range(10) if passes_luhn(f"{digits}{digit}"))


def check_digit_cases(generator):
    def digits(n):
        return "".join(str(whole(generator, 0, 9)) for _ in range(n))

    yield {"digits": str(whole(generator, 6, 9))}
    yield {"digits": f"{whole(generator, 1, 9)}{whole(generator, 1, 4)}"}
    yield {"digits": "5"}  # doubled it is 10
    yield {"digits": "59"}  # a doubled 9, and a 5 that is none
    yield {"digits": "95"}  # a 9 that is not doubled
    yield {"digits": "182"}  # the sum ends in 0
    yield {"digits": "91"}  # it does if digits are counted wrongly,
    yield {"digits": "24"}  # from the left and from the second,
    yield {"digits": "28"}  # or if none is doubled
    for n in (5, 8, 11, 14, 15, 15):
        yield {"digits": digits(n)}
    yield {"digits": f"111{digits(15)}"}  # longer than any card's; each 1 makes a difference


FACTOR = "(2 if place % 2 == 0 else 1)"
NINE_OFF = "value - 9 if value > 9 else value"

CHECK_DIGIT = Question(
    "corpus.check_digit",
    points=2,
    cases=check_digit_cases,
    reference=check_digit,
    misconceptions=[
        Misconception(
            "last_given_not_doubled",
            {"== 0": "== 1"},
            says="the wrong digits are doubled, as if the last one given were the last of all",
            hint="The digit that you look for will stand to the right of them. Counted from there "
            "it is number 1 and stays as it is; number 2 is doubled.",
        ),
        Misconception(
            "from_the_left",
            {"reversed(digits)": "digits"},
            says="every second digit is counted from the left",
            hint="Numbers have different lengths; Luhn counts from the right.",
        ),
        Misconception(
            "not_folded",
            {NINE_OFF: "value"},
            says="14, a doubled 7, counts as much as a 4",
            hint="Whether 14 stays or loses 10, the sum ends alike. What does the rule do with 14? "
            "Is it done after the doubling?",
        ),
        Misconception(
            "all_doubled",
            {FACTOR: "2"},
            says="every digit is doubled",
            hint="Only every second one is: otherwise no swap of neighbours would be noticed.",
        ),
        Misconception(
            "none_doubled",
            {FACTOR: "1"},
            says="no digit is doubled",
            hint="A plain sum does not notice swapped digits. Which ones does Luhn double?",
        ),
        Misconception(
            "written_twice",
            {FACTOR: FACTOR.replace("2 if", "11 if")},
            says="a digit is written twice, 77 for 7, instead of doubled",
            hint="A string times 2 is the string twice: `int` comes before the doubling.",
        ),
        Misconception(
            "others_left_out",
            {"else 1": "else 0"},
            says="only the doubled digits are added up",
            hint="The others belong to the sum, as they are.",
        ),
        Misconception(
            "even_digits_doubled",
            {"place % 2": "int(digit) % 2"},
            says="even digits are doubled",
            hint="It is the place of a digit that decides, counted from the right.",
        ),
        Misconception(
            "ten_left",
            {"> 9": "> 10"},
            says="a doubled 5 stays 10",
            hint="Which values are more than 9? Try the digit 5.",
        ),
        Misconception(
            "nine_counts_0",
            {"> 9": ">= 9"},
            says="9 is taken off a 9 too",
            hint="9 is not more than 9; and which digits does the rule speak of?",
        ),
        Misconception(
            "remainder_of_nine",
            {NINE_OFF: "value % 9"},
            says="values are taken modulo 9, so that a 9, doubled or not, counts 0",
            hint="18 - 9 is 9, but 18 % 9 is 0.",
        ),
        Misconception(
            "remainder",
            {"-total": "total"},
            says="it is the last digit of the sum, not what the sum lacks to a full ten",
            hint="What must be added to the sum so that it ends in 0?",
        ),
        Misconception(
            "below_zero",
            {"-total % 10": "-(total % 10)"},
            says="it is the last digit of the sum, with a minus",
            hint="A digit lies between 0 and 9. What must be added to 37 so that it ends in 0?",
        ),
        Misconception(
            "ten_for_zero",
            {"-total": "10 - total"},
            says="a sum that ends in 0 already gives 10",
            hint="10 is no digit. What must be added to 30 so that it ends in 0?",
        ),
        Misconception(
            "total",
            {"-total % 10": "total"},
            says="it is the whole sum",
            hint="The result is one digit: what must be added to the sum so that it ends in 0?",
        ),
        Misconception(
            "leftmost_missing",
            {"enumerate(reversed(digits))": "enumerate(reversed(digits[1:]))"},
            says="the leftmost digit is left out",
            hint="All given digits count. `range` leaves out its end: does yours reach place 0?",
        ),
        Misconception(
            "rightmost_only",
            {"    return": "        return"},
            says="only the last of the given digits counts",
            hint="Does a `return` in the loop end it at its first digit, or is the sum set back to "
            "0 at each?",
        ),
    ],
)
