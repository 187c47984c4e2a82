"""24.2 Days of a run."""

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.footprint import GPUS, Gpu, gpu_hours


def days(flops: float, peak: float, mfu: float, n_gpus: int) -> float:
    gpu = Gpu("", peak, 1, 1, 1)
    return gpu_hours(flops, gpu, mfu) / n_gpus / 24


def days_cases(generator):
    for kind in ("v100", "a100", "h100"):
        yield {
            "flops": whole(generator, 2, 90) * 1e21,
            "peak": GPUS[kind].flops,
            "mfu": whole(generator, 20, 60) / 100,
            "n_gpus": whole(generator, 100, 3000),
        }
    yield {"flops": 7.0, "peak": 2.0, "mfu": 0.5, "n_gpus": 3}
    yield {"flops": 3e15, "peak": 1e11, "mfu": 1.0, "n_gpus": 1}  # a laptop, at its best
    yield {"flops": 6 * 65e9 * 1.4e12, "peak": 312e12, "mfu": 0.478, "n_gpus": 2048}


DAYS = Question(
    "cost.days",
    points=2,
    cases=days_cases,
    reference=days,
    misconceptions=[
        Misconception(
            "full_speed",
            {"peak * mfu": "peak"},
            says="every GPU reaches the speed of its data sheet",
            hint="They reach the share `mfu` of it.",
        ),
        Misconception(
            "share_divides",
            {"peak * mfu": "peak / mfu"},
            says="the lower the share, the faster it goes",
            hint="At a share of one half, is a GPU faster or slower than its data sheet?",
        ),
        Misconception(
            "one_gpu",
            {"n_gpus * peak": "peak"},
            says="one GPU does all the work",
            hint="All of them work at once.",
        ),
        Misconception(
            "gpus_take_longer",
            {"n_gpus * peak * mfu": "peak * mfu / n_gpus"},
            says="more GPUs take longer",
            hint="Do many hands make the work longer or shorter?",
        ),
        Misconception(
            "hours",
            {"(24 * 3600)": "3600"},
            says="hours are returned",
            hint="How many hours has a day?",
        ),
        Misconception(
            "seconds",
            {" / (24 * 3600)": ""},
            says="seconds are returned",
            hint="How many seconds has a day?",
        ),
        Misconception(
            "minutes",
            {"(24 * 3600)": "60"},
            says="minutes are returned",
            hint="How many minutes has a day?",
        ),
        Misconception(
            "hour_of_minutes",
            {"24 * 3600": "24 * 60"},
            says="an hour is taken to have 60 seconds",
            hint="How many seconds has an hour?",
        ),
        Misconception(
            "brackets",
            {"(24 * 3600)": "24 * 3600"},
            says="the seconds are divided by 24 and then multiplied by 3,600",
            hint="`a / b * c` is `(a / b) * c`.",
        ),
        Misconception(
            "percent",
            {"peak * mfu": "peak * mfu / 100"},
            says="the share is taken for per cent",
            hint="`mfu` is above 0 and at most 1: 0.4 is 40 per cent.",
        ),
        Misconception(
            "upside_down",
            {"flops / per_second": "per_second / flops"},
            says="the speed is divided by the work",
            hint="Twice the work takes twice as long.",
        ),
        Misconception(
            "brackets_of_the_speed",
            {"flops / per_second": "flops / peak * mfu * n_gpus"},
            says="the work is divided by `peak`, and then multiplied with the other two",
            hint="`a / b * c` is `(a / b) * c`: what is below the line needs brackets.",
        ),
        Misconception(
            "share_lost",
            {"peak * mfu": "peak * (1 - mfu)"},
            says="`mfu` is taken for the share that is lost",
            hint="It is the share of `peak` that is reached.",
        ),
    ],
)
