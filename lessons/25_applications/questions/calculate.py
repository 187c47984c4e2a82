"""25.4 The sum."""

from llama_edu import assistant
from llama_edu.course.checking.draw import pick
from llama_edu.course.checking.questions import Misconception, Question


def calculate(expression: str) -> float | None:
    try:
        return float(assistant.calculate(expression))
    except ValueError:
        return None


def calculate_cases(generator):
    a, b, c, d = pick(generator, 4, low=2, high=60)
    yield {"expression": f"{a} + {b}"}
    yield {"expression": f"{a} - {b} * {c}"}
    yield {"expression": f"({a} - {b}) / {a + 1}"}
    yield {"expression": f"-{a} * (-{b} + {c})"}
    yield {"expression": f"{a} / {b} / {c} - ({d} - {a} - {b})"}
    yield {"expression": f"{a}.5 + {b}"}
    yield {"expression": f"{a} / 0"}
    yield {"expression": f"{a} +"}
    yield {"expression": f"{a} ** 2"}
    yield {"expression": f"{a} // {b}"}
    yield {"expression": f"{a} % {b}"}
    yield {"expression": f"{a} - {a}"}
    yield {"expression": f"{a}j"}  # for Python a number, but no whole or decimal one
    yield {"expression": f"price * {a}"}
    yield {"expression": f"True + {a}"}
    yield {"expression": f"'{a}'"}
    yield {"expression": f"~{a}"}
    yield {"expression": f"abs(-{a})"}


NUMBER = "type(node.value) in (int, float)"
TREE = "value(ast.parse(expression, mode='eval').body)"
LEFT, RIGHT = "value(node.left)", "value(node.right)"

CALCULATE = Question(
    "applications.calculate",
    points=3,
    cases=calculate_cases,
    reference=calculate,
    forbids=("eval", "exec", "compile"),
    equivalent_mutants={
        "raise ValueError('not allowed') -> raise ValueError()": "nobody reads its message",
        f"return float({TREE}) -> return {TREE}": "a whole number is as good as the float",
        "return None -> pass": "what returns nothing returns None",
    },
    misconceptions=[
        Misconception(
            "powers",
            {"ast.Div: truediv": "ast.Div: truediv, ast.Pow: pow"},
            says="powers are worked out as well",
            hint="9 ** 9 ** 9 would keep a machine busy for a very long time. What is allowed?",
        ),
        Misconception(
            "rests",
            {
                "ast.Div: truediv": "ast.Div: truediv, ast.FloorDiv: lambda a, b: a // b, "
                "ast.Mod: lambda a, b: a % b"
            },
            says="`//` and `%` are worked out as well",
            hint="The task names four operations.",
        ),
        Misconception(
            "all_refused",
            {".body": ""},
            says="everything is refused: None is given for each expression",
            hint="What kind of node does your function see first? Print `ast.dump` of it.",
        ),
        Misconception(
            "true_is_a_number",
            {NUMBER: "isinstance(node.value, int | float)"},
            says="True and False count as 1 and 0",
            hint="For Python a truth value is a whole number. Ask for the type itself.",
        ),
        Misconception(
            "any_constant",
            {f" and {NUMBER}": ""},
            says="every constant is taken for a number, a text as well",
            hint="A text is a constant too. What types may a value have?",
        ),
        Misconception(
            "whole_numbers_alone",
            {NUMBER: "type(node.value) is int"},
            says="decimal numbers are refused",
            hint="2.5 is a number as well: of which type?",
        ),
        Misconception(
            "minus_refused",
            {"isinstance(node.op, ast.USub)": "False"},
            says="a minus in front of a number is refused",
            hint="-3 is no constant but an operation with one operand.",
        ),
        Misconception(
            "minus_dropped",
            {"-value(node.operand)": "value(node.operand)"},
            says="a minus in front is read, and forgotten",
            hint="What is the value of -a, if that of a is known?",
        ),
        Misconception(
            "any_sign",
            {" and isinstance(node.op, ast.USub)": ""},
            says="every operation with one operand is taken for a minus",
            hint="`~3` and `not 3` are such operations too. Which one is allowed?",
        ),
        Misconception(
            "whole_division",
            {"ast.Div: truediv": "ast.Div: lambda a, b: a // b"},
            says="divisions are rounded down",
            hint="`//` and `/` are different operations.",
        ),
        Misconception(
            "operands_swapped",
            {f"{LEFT}, {RIGHT}": f"{RIGHT}, {LEFT}"},
            says="the two sides of each operation have changed places",
            hint="For + that is the same. Which side is taken away in a - b?",
        ),
        Misconception(
            "zero_for_none",
            {"return None": "return 0.0"},
            says="0 is given for what cannot be worked out",
            hint="0 is the value of many sums. How does a caller know that there was none?",
        ),
        Misconception(
            "minus_as_plus",
            {"ast.Sub: sub": "ast.Sub: add"},
            says="what should be taken away is added",
            hint="Look at what stands beside ast.Sub.",
        ),
        Misconception(
            "nan_for_none",
            {"return None": 'return float("nan")'},
            says="NaN is given for what cannot be worked out",
            hint="What is to be returned for what is no sum?",
        ),
        Misconception(
            "zero_as_nothing",
            {".body))": ".body)) or None"},
            says="a sum whose value is 0 is taken for none",
            hint="In a condition 0 counts as False. Only an error means that there is no value.",
        ),
        Misconception(
            "no_product",
            {"ast.Mult: mul, ": ""},
            says="products are refused",
            hint="Four operations are allowed. Which one is missing?",
        ),
    ],
)
