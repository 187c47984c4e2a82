"""24.3 Tonnes of a run."""

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.footprint import bill


def tonnes(gpu_hours: float, watts: float, pue: float, grid: float) -> float:
    return bill(gpu_hours, watts, pue, grid).kg / 1000


def tonnes_cases(generator):
    for watts in (300, 400, 700):
        yield {
            "gpu_hours": whole(generator, 100, 9000) / 8,
            "watts": watts + 1,
            "pue": whole(generator, 105, 180) / 100,
            "grid": whole(generator, 20, 900) / 1000,
        }
    yield {"gpu_hours": 5000.0, "watts": 400, "pue": 1.2, "grid": 0.0}  # wind and water
    yield {"gpu_hours": 1_022_362, "watts": 400, "pue": 1.1, "grid": 0.385}


TONNES = Question(
    "cost.tonnes",
    points=2,
    cases=tonnes_cases,
    reference=tonnes,
    misconceptions=[
        Misconception(
            "no_pue",
            {" * pue": ""},
            says="the data centre draws nothing beside its computers",
            hint="Which argument has had no part in it?",
        ),
        Misconception(
            "pue_divides",
            {"* pue": "/ pue"},
            says="the data centre draws less than its computers",
            hint="A PUE of 1.1 means a tenth more.",
        ),
        Misconception(
            "pue_on_top",
            {"* pue": "* (1 + pue)"},
            says="the data centre draws `1 + pue` times as much",
            hint="A PUE of 1 means that nothing is drawn beside the computers.",
        ),
        Misconception(
            "megawatts",
            {"/ 1000 * pue": "/ 1e6 * pue"},
            says="the energy is taken in MWh, though the grid's factor is for a kWh",
            hint="`grid` is kg a *kilo*watt-hour.",
        ),
        Misconception(
            "kilograms",
            {"kg / 1000": "kg"},
            says="kilograms are returned, or watt-hours taken for kilowatt-hours",
            hint="Both steps have a factor of 1,000: from watts to kilowatts, from kg to tonnes.",
        ),
        Misconception(
            "grams",
            {"kg / 1000": "kg * 1000"},
            says="grams are returned",
            hint="A tonne is more than a kg, so the number becomes smaller.",
        ),
        Misconception(
            "energy",
            {"kwh * grid": "kwh"},
            says="the energy is returned, in MWh",
            hint="How much does each kWh of it emit?",
        ),
        Misconception(
            "grid_divides",
            {"kwh * grid": "kwh / (grid or 1)"},
            says="a cleaner grid emits more",
            hint="`grid` is kg for each kWh.",
        ),
        Misconception(
            "usual_grid",
            {"kwh * grid": "kwh * 0.385"},
            says="the grid of LLaMA's paper is taken, whatever `grid` says",
            hint="0.385 was a mean of the United States. Which is it here?",
        ),
        Misconception(
            "usual_watts",
            {"gpu_hours * watts": "gpu_hours * 400"},
            says="every GPU draws 400 W",
            hint="That is an A100. `watts` says what this one draws.",
        ),
        Misconception(
            "overhead_alone",
            {"* pue": "* (pue - 1)"},
            says="only what is drawn beside the computers is counted",
            hint="`pue` times as much, the computers themselves included.",
        ),
    ],
)
