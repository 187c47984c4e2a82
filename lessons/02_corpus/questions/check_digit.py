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


def minus_nine(value):
    return value - 9 if value > 9 else value


def luhn(first=0, fold=minus_nine, finish=lambda total: -total % 10, turn=reversed,
         factors=(2, 1)):  # fmt: skip
    """Luhn's sum with a step done otherwise."""

    def digit(digits):
        places = enumerate(turn(digits), start=first)
        return finish(sum(fold(int(d) * factors[place % 2]) for place, d in places))

    return digit


def doubled_itself(digits):
    rest = luhn(first=1, finish=lambda total: total)(digits)
    return next(digit for digit in range(10) if (minus_nine(2 * digit) + rest) % 10 == 0)


def even_doubled(digits):
    return -sum(minus_nine(d * (2 - d % 2)) for d in map(int, digits)) % 10


FROM_THE_RIGHT = "Numbers have different lengths; Luhn counts from the right."

# Name, the step of `luhn` that is wrong, what it does, and a hint.
WRONG_SUMS = [
    ("last_given_not_doubled", {"first": 1},
     "doubling begins with the second digit from the right of those given",
     "The digit that you look for will stand to the right of them. Counted from there it is number "
     "1 and stays as it is; number 2 is doubled."),
    ("from_the_left", {"turn": list}, "every second digit is counted from the left",
     FROM_THE_RIGHT),
    ("from_the_left_second", {"first": 1, "turn": list},
     "the digits are counted from the left, and doubled from the second one on", FROM_THE_RIGHT),
    ("not_folded", {"fold": lambda value: value},
     "14, a doubled 7, counts as much as a 4",
     "Whether 14 stays or loses 10, the sum ends alike. What does the rule do with 14? Is it done "
     "after the doubling?"),
    ("all_doubled", {"factors": (2, 2)}, "every digit is doubled",
     "Only every second one is: otherwise no swap of neighbours would be noticed."),
    ("none_doubled", {"factors": (1, 1)}, "no digit is doubled",
     "A plain sum does not notice swapped digits. Which ones does Luhn double? (A string times 2 "
     "is '77' for '7': `int` comes first.)"),
]  # fmt: skip
WRONG_ENDS = [
    ("remainder", lambda total: total % 10,
     "it is the last digit of the sum, not what the sum lacks to a full ten",
     "What must be added to the sum so that it ends in 0?"),
    ("ten_for_zero", lambda total: 10 - total % 10, "a sum that ends in 0 already gives 10",
     "10 is no digit. What must be added to 30 so that it ends in 0?"),
    ("total", lambda total: total, "it is the whole sum",
     "The result is one digit: what must be added to the sum so that it ends in 0?"),
    ("ten_less_total", lambda total: 10 - total, "it is 10 less the whole sum",
     "Only the last digit of the sum counts: what lacks it to 10, and what if it is 0?"),
]  # fmt: skip

CHECK_DIGIT = Question(
    "corpus.check_digit",
    points=2,
    cases=check_digit_cases,
    reference=check_digit,
    misconceptions=[
        *(Misconception(name, luhn(**step), says, hint) for name, step, says, hint in WRONG_SUMS),
        *(
            Misconception(name, luhn(finish=end), says, hint)
            for name, end, says, hint in WRONG_ENDS
        ),
        *(
            Misconception(
                f"{name}_{end_name}",
                luhn(**step, finish=end),
                says=f"{says}, and {end_says}",
                hint=f"Two things. {hint} And then: {end_hint[0].lower()}{end_hint[1:]}",
            )
            for name, step, says, hint in WRONG_SUMS
            for end_name, end, end_says, end_hint in WRONG_ENDS
        ),
        Misconception(
            "ten_left",
            luhn(fold=lambda value: value - 9 if value > 10 else value),
            says="a doubled 5 stays 10",
            hint="Which values are more than 9? Try the digit 5.",
        ),
        Misconception(
            "remainder_of_nine",
            luhn(fold=lambda value: value % 9 if value != 9 else 9),  # 9 is no doubled digit
            says="a doubled 9 counts 0",
            hint="18 - 9 is 9, but 18 % 9 is 0.",
        ),
        Misconception(
            "nine_off_the_digit",
            luhn(fold=lambda value: value // 2 - 9 if value > 9 else value),
            says="where doubling gives more than 9, the 9 is taken from the digit itself",
            hint="7 doubled is 14, and 9 is taken from the 14.",
        ),
        Misconception(
            "nine_off_every_nine",
            luhn(fold=lambda value: value - 9 if value >= 9 else value),
            says="a 9 that is not doubled counts 0",
            hint="9 is not more than 9; and which digits does the rule speak of?",
        ),
        Misconception(
            "written_twice",
            luhn(factors=(11, 1)),
            says="a digit is written twice, 77 for 7, instead of doubled",
            hint="A string times 2 is the string twice: `int` comes before the doubling.",
        ),
        Misconception(
            "others_left_out",
            luhn(factors=(2, 0)),
            says="only the doubled digits are added up",
            hint="The others belong to the sum, as they are.",
        ),
        Misconception(
            "last_given_only",
            lambda digits: check_digit(digits[-1]),
            says="only the last of the given digits counts",
            hint="Does a `return` in the loop end it at its first digit, or is the sum set back to "
            "0 at each?",
        ),
        Misconception(
            "first_given_only",
            lambda digits: luhn(first=len(digits) - 1)(digits[0]),
            says="only the leftmost digit counts",
            hint="Is the sum set back to 0 at each digit? It is made once, before the loop.",
        ),
        Misconception(
            "first_given_missing",
            lambda digits: luhn()(digits[1:]),
            says="the leftmost digit is left out",
            hint="All given digits count. `range` leaves out its end: does yours reach place 0?",
        ),
        Misconception(
            "last_given_missing",
            lambda digits: luhn()(digits[:-1]),
            says="the last of the given digits is left out",
            hint="All given digits count: the one that you look for is not yet among them.",
        ),
        Misconception(
            "nine_in_place",
            luhn(fold=lambda value: min(value, 9)),
            says="a doubled digit above 9 counts 9",
            hint="9 is taken off it, not put in its place.",
        ),
        Misconception(
            "below_zero",
            luhn(finish=lambda total: -(total % 10)),
            says="it is the last digit of the sum, with a minus",
            hint="A digit lies between 0 and 9. What must be added to 37 so that it ends in 0?",
        ),
        Misconception(
            "even_digits_doubled",
            even_doubled,
            says="even digits are doubled",
            hint="It is the place of a digit that decides, counted from the right.",
        ),
        Misconception(
            "doubled_itself",
            doubled_itself,
            says="the digit that is looked for is itself doubled",
            hint="Counted from the right, the last digit is number 1 and stays as it is; number 2 "
            "is doubled.",
        ),
        Misconception(
            "nine_complement",
            luhn(finish=lambda total: 9 - total % 10),
            says="the sum is completed to end in 9",
            hint="Add your digit to the sum: in what should it end?",
        ),
        Misconception(
            "modulo_nine",
            luhn(finish=lambda total: -total % 9),
            says="the sum is completed to a multiple of 9",
            hint="Add your digit to the sum: in what should it end?",
        ),
        Misconception(
            "tripled",
            luhn(factors=(3, 1), fold=lambda value: value),
            says="digits are weighted with 3, as in the number of a book or a barcode",
            hint="That is another checksum, the EAN's. Luhn doubles.",
        ),
        Misconception(
            "as_text",
            lambda digits: str(check_digit(digits)),
            says="the digit is a string",
            hint="The digit is right; the result is a number.",
        ),
        Misconception(
            "completed",
            lambda digits: int(f"{digits}{check_digit(digits)}"),
            says="it is the whole number, completed",
            hint="The digit is right; return it alone.",
        ),
    ],
)
