"""`cost` prints what the formulas give, and refuses what cannot be in one line."""

import pytest

from llama_edu.cli import app


def run(*arguments):
    app(["cost", *arguments], standalone_mode=False)


def test_the_training_of_llama_3_8b(capsys):
    run("--preset", "llama-3-8b", "--tokens", "15e12", "--gpu", "h100", "--mfu", "0.4")
    shown = " ".join(capsys.readouterr().out.split())
    assert "8,030,261,248" in shown
    assert "7.23e+23" in shown  # 6 * 8.03e9 * 15e12
    assert "507,474" in shown  # / (989e12 * 0.4) / 3600
    assert "390.8 MWh" in shown  # * 700 W * 1.1
    assert "150.4 t" in shown  # * 0.385
    assert "20.6" in shown  # days on 1,024


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--preset", "gpt-4"), "--preset=gpt-4 must be one of llama-7b"),
        (("--gpu", "tpu"), "--gpu=tpu must be one of v100"),
        (("--mfu", "40"), "mfu=40.0 must be above 0 and at most 1"),
        (("--tokens", "-1"), "--tokens=-1 must be positive"),
        (("--gpus", "0"), "--gpus=0 at least 1"),
        (("--context", "9999999"), "--context=9999999 must be from 1 to 8,192"),
        (("--pue", "0.5"), "pue=0.5 must be at least 1"),
        (("--grid", "-1"), "must not be negative"),
    ],
)
def test_what_cannot_be_is_one_line(arguments, message):
    with pytest.raises(ValueError, match=message):
        run(*arguments)
