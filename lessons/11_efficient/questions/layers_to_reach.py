"""11.3 How many layers until something arrives."""

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question


def layers_to_reach(distance: int, size: int) -> int:
    return -(-distance // (size - 1))


def layers_to_reach_cases(generator):
    for distance, size in ((8, 5), (9, 5), (11, 5), (0, 4), (1, 2), (7, 2), (3, 9)):
        yield {"distance": distance, "size": size}
    for _ in range(3):
        yield {"distance": whole(generator, 20, 400), "size": whole(generator, 3, 19)}
    yield {"distance": 131_071, "size": 4096}


LAYERS_TO_REACH = Question(
    "efficient.layers_to_reach",
    points=1,
    cases=layers_to_reach_cases,
    reference=layers_to_reach,
    misconceptions=[
        Misconception(
            "one_more_than_the_window",
            {"size - 1": "size + 1"},
            says="a layer hands on by more tokens than its window holds",
            hint="A window of 2 is the token and the one before. How far does a layer reach there?",
        ),
        Misconception(
            "whole_window",
            {"size - 1": "size"},
            says="each layer reaches `size` tokens further back",
            hint="The window counts the token itself: how far back is the furthest one that it "
            "holds?",
        ),
        Misconception(
            "rounded_down",
            {"math.ceil(distance / step)": "distance // step"},
            says="a layer that is needed for the last bit of the way is left out",
            hint="A distance of 9 with steps of 4: is it there after two?",
        ),
        Misconception(
            "always_one_more",
            {"math.ceil(distance / step)": "distance // step + 1"},
            says="one layer too many is counted where the steps fit exactly",
            hint="A distance of 8 with steps of 4: after how many is it there?",
        ),
        Misconception(
            "rounded",
            {"math.ceil(distance / step)": "round(distance / step)"},
            says="it is rounded to the nearest number of layers",
            hint="Half a layer's way is not enough: which way must be rounded?",
        ),
        Misconception(
            "share_of_a_layer",
            {"math.ceil(distance / step)": "distance / step"},
            says="a part of a layer is returned",
            hint="Layers are counted in whole numbers.",
        ),
        Misconception(
            "at_least_one",
            {"math.ceil(distance / step)": "max(1, math.ceil(distance / step))"},
            says="the token itself needs a layer to reach itself",
            hint="At distance 0 there is no way to go.",
        ),
        Misconception(
            "upside_down",
            {"distance / step": "step / max(distance, 1)"},
            says="the step is divided by the distance",
            hint="The further it is, the more layers it takes.",
        ),
        Misconception(
            "itself_in_each_layer",
            {"math.ceil(distance / step)": "math.ceil((distance + 1) / size)"},
            says="the token itself is counted anew in each layer's window",
            hint="Two windows of 5 reach 8 back, not 9: the receptive field is L(w - 1) + 1.",
        ),
        Misconception(
            "one_token_short",
            {"math.ceil(distance / step)": "math.ceil(max(0, distance - 1) / step)"},
            says="the way is taken to be one token shorter",
            hint="Two layers with a window of 5 reach 8 back. Is that enough for 9?",
        ),
    ],
)
