"""23.1 How far a student is from its teacher."""

from llama_edu.compress.distill import distillation_loss
from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def distance(student_logits, teacher_logits, temperature):
    return distillation_loss(student_logits, teacher_logits, temperature)


def distance_cases(generator):
    for n_tokens, n_words, temperature, spread in (
        (2, 3, 1.0, 1.0), (3, 4, 2.0, 2.0), (4, 7, 0.5, 1.0), (5, 5, 4.0, 3.0), (1, 6, 3.0, 2.0),
    ):  # fmt: skip
        yield {
            "student_logits": spread * randn(generator, n_tokens, n_words),
            "teacher_logits": spread * randn(generator, n_tokens, n_words),
            "temperature": temperature,
        }
    # Logits so large that exp of them is infinite.
    yield {
        "student_logits": 40 * randn(generator, 3, 4) + 90,
        "teacher_logits": 40 * randn(generator, 3, 4) + 90,
        "temperature": 1.0,
    }


DISTANCE = Question(
    "distillation.distance",
    points=3,
    cases=distance_cases,
    reference=distance,
    rtol=1e-4,  # sums of differences of logarithms lose a digit
    equivalent_mutants={
        "student = (student_logits / temperature).log_softmax(dim=-1) -> "
        "student = (student_logits / temperature).log_softmax(dim=1)": "logits have two dimensions",
        "teacher = (teacher_logits / temperature).log_softmax(dim=-1) -> "
        "teacher = (teacher_logits / temperature).log_softmax(dim=1)": "logits have two dimensions",
        "divergence = (teacher.exp() * (teacher - student)).sum(dim=-1) -> "
        "divergence = (teacher.exp() * (teacher - student)).sum(dim=1)": "they have two dimensions",
    },
    misconceptions=[
        Misconception(
            "the_other_way",
            {"teacher.exp() * (teacher - student)": "student.exp() * (student - teacher)"},
            says="it is the distance of the teacher from the student, weighted by the student",
            hint="KL(a || b) weighs with a. Who is a here?",
        ),
        Misconception(
            "students_weights",
            {"teacher.exp() * (teacher": "student.exp() * (teacher"},
            says="the differences are weighted with the student's probabilities",
            hint="Whose probability stands before the bracket?",
        ),
        Misconception(
            "sign",
            {"(teacher - student)": "(student - teacher)"},
            says="the sign is turned round",
            hint="A distance is never below 0: which logarithm is taken from which?",
        ),
        Misconception(
            "cross_entropy_only",
            {"(teacher - student)": "-student"},
            says="the teacher's own entropy is not taken off",
            hint="If both agree, the distance must be 0.",
        ),
        Misconception(
            "no_square",
            {"temperature**2 * divergence": "divergence"},
            says="the factor T² is left out",
            hint="At a high temperature the gradient would all but vanish beside another loss.",
        ),
        Misconception(
            "only_once",
            {"temperature**2": "temperature"},
            says="it is multiplied with T, not with T²",
            hint="The logits were divided by T, and so was the gradient: together T².",
        ),
        Misconception(
            "temperature_multiplies",
            {
                "student_logits / temperature": "student_logits * temperature",
                "teacher_logits / temperature": "teacher_logits * temperature",
            },
            says="the logits are multiplied with T",
            hint="A higher temperature makes probabilities more alike, so the logits smaller.",
        ),
        Misconception(
            "hard_student",
            {"student_logits / temperature": "student_logits"},
            says="only the teacher is softened",
            hint="Both are divided by T, or a perfect student would be far from its teacher.",
        ),
        Misconception(
            "hard_teacher",
            {"teacher_logits / temperature": "teacher_logits"},
            says="only the student is softened",
            hint="Both are divided by T, or a perfect student would be far from its teacher.",
        ),
        Misconception(
            "mean_of_all",
            {".sum(dim=-1)": ".mean(dim=-1)"},
            says="it is divided by the size of the vocabulary, too",
            hint="Over the vocabulary it is a sum; only over the tokens a mean.",
        ),
        Misconception(
            "sum_of_all",
            {"divergence.mean()": "divergence.sum()"},
            says="the tokens are summed",
            hint="The mean over the N tokens is asked for.",
        ),
        Misconception(
            "across_tokens",
            {
                "(student_logits / temperature).log_softmax(dim=-1)": (
                    "(student_logits / temperature).log_softmax(dim=0)"
                ),
                "(teacher_logits / temperature).log_softmax(dim=-1)": (
                    "(teacher_logits / temperature).log_softmax(dim=0)"
                ),
            },
            says="the softmax runs over the tokens, not over the vocabulary",
            hint="For each token the probabilities of all words sum to 1: which dimension is that?",
        ),
        Misconception(
            "weights_without_exp",
            {"teacher.exp() * (": "teacher * ("},
            says="the differences are weighted with log-probabilities",
            hint="Weights of a mean are positive and sum to 1. What turns a logarithm back?",
        ),
        Misconception(
            "no_logarithm",
            {"student_logits / temperature).log_softmax": "student_logits / temperature).softmax"},
            says="the student's probabilities stand where their logarithms should",
            hint="The bracket holds two logarithms. (`F.kl_div` wants its first input so, too.)",
        ),
        Misconception(
            "square_divides",
            {"temperature**2 * divergence.mean()": "divergence.mean() / temperature**2"},
            says="it is divided by T²",
            hint="The gradient is too small already at a high temperature. What makes up for it?",
        ),
        Misconception(
            "temperature_after_softmax",
            {
                "(student_logits / temperature).log_softmax(dim=-1)": (
                    "student_logits.log_softmax(dim=-1) / temperature"
                ),
                "(teacher_logits / temperature).log_softmax(dim=-1)": (
                    "teacher_logits.log_softmax(dim=-1) / temperature"
                ),
            },
            says="the log-probabilities are divided by T, not the logits",
            hint="exp of such numbers no longer sums to 1. What comes first?",
        ),
        Misconception(
            "probabilities_compared",
            {"(teacher - student)": "(teacher.exp() - student.exp())"},
            says="the difference of the probabilities is taken, not of their logarithms",
            hint="What stands in the bracket of the formula?",
        ),
    ],
)
