"""Characters are repaired, and what is right in Chinese, Persian or physics is left alone."""

import ftfy  # it brings the encoding sloppy-windows-1252, too
import pytest

from llama_edu.data.clean import repair_unicode

MOJIBAKE = [
    "süß",
    "naïve café",
    "100 € – “quoted”",
    "Brontë’s Jane",
    "三国演义是小说",
    "Привет, мир",
]


@pytest.mark.parametrize("text", MOJIBAKE)
def test_utf8_that_was_read_as_windows_1252_is_repaired(text):
    broken = text.encode().decode("sloppy-windows-1252")
    assert broken != text
    assert repair_unicode(broken) == text


@pytest.mark.parametrize("text", [
    "“好，”他说！（三）：；？", "１２３ＡＢＣ", "x² + y₂ = ½", "می\u200cخواهم", "👩\u200d🚀",
    "&lt;b&gt;", "naïve",
])  # fmt: skip
def test_text_without_damage_is_not_touched(text):
    assert repair_unicode(text) == text


def test_the_defaults_of_ftfy_would_flatten_chinese_signs():
    assert ftfy.fix_text("“好，”他说！") == '"好,"他说!'


def test_accents_are_composed_and_the_invisible_is_dropped():
    assert repair_unicode("e\u0301\ufeff co\u00adop\u200b\x07\r\nend\rlast") == "é coop\nend\nlast"


@pytest.mark.parametrize(
    "sign", ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\u2028", "\u2029"]
)
def test_what_parts_words_still_parts_them(sign):
    assert repair_unicode(f"one{sign}two").split() == ["one", "two"]
