"""Rules: each keeps one page and drops another, and English ones destroy Chinese."""

import pytest

from llama_edu.data.clean import clean
from llama_edu.data.documents import read_documents
from llama_edu.data.filter import Page, identify_language, judge, rules_for
from llama_edu.data.filter.rules import CHINESE, ENGLISH, Drop

PAGE = (
    "Water is a substance without taste, and it covers most of our planet. All known life needs "
    "it. People have always settled near rivers; cities such as Cairo, London or Wuhan owe their "
    "place to one. To be of use it must be clean, which many wells that were dug with care are "
    "not any more.\n\nIce swims because frozen water takes more room than liquid does. Fish "
    "survive winters below it."
)
BROKEN = {
    "words": PAGE[:120],
    "mean word length": "To be of it I am so " * 10 + PAGE[:100],
    "alphabetic words": PAGE + " 12 34 56 78" * 8,
    "symbols per word": PAGE + " #" * 10,
    "bullet lines": "\n".join(f"- {word}" for word in PAGE.split()),
    "ellipsis lines": PAGE.replace(".\n", "...\n").replace("it.", "it...\n"),
    "stop words": "Rain fell; snow followed. Who slept? Nobody slept. " * 9,
    "curly brackets": PAGE + " if (x) { y }",
    "lorem ipsum": PAGE + " Lorem ipsum dolor sit amet.",
    "sentences": PAGE.replace(".", ","),
    "repeated lines": PAGE + "\nRead on" * 5,
    "repeated paragraphs": PAGE + "\n\nRead\non" * 5,
    "characters in repeated lines": PAGE + f"\n{PAGE[:120]}" * 4,
    "top 2-gram": PAGE[:200] + " very good" * 9,
    "top 3-gram": PAGE[:200] + " so very good" * 9,
    "top 4-gram": PAGE[:200] + " so it goes on" * 9,
} | {f"repeated {n}-grams": PAGE + " " + PAGE[:90] for n in range(5, 11)}


def test_a_good_page_breaks_no_rule():
    assert judge(Page(PAGE), ENGLISH) == []


@pytest.mark.parametrize("rule", ENGLISH, ids=lambda rule: rule.name)
def test_each_rule_drops_what_it_is_for_and_says_why(rule):
    (drop,) = judge(Page(BROKEN[rule.name]), [rule])
    assert drop.rule == rule.name
    assert drop.bound in (rule.at_least, rule.at_most)
    assert not rule.at_least <= drop.value <= rule.at_most
    assert rule.source


def test_a_drop_reads_as_a_sentence():
    assert str(Drop("words", 12, 50)) == "words 12 below 50"
    assert str(Drop("top 2-gram", 0.25, 0.2)) == "top 2-gram 0.25 above 0.2"


def test_an_empty_page_can_be_judged():
    assert [drop.rule for drop in judge(Page(""), ENGLISH)][:2] == ["words", "mean word length"]
    assert all(rule.measure(Page("")) == 0 for rule in ENGLISH)


@pytest.mark.network
def test_english_rules_destroy_chinese_and_chinese_rules_keep_it(pull):
    pull("sanguo")
    chapters = [clean(document.text) for document in read_documents("sanguo")]
    assert {identify_language(chapter) for chapter in chapters} == {"zh"}
    by_english = [judge(Page(chapter, "en"), ENGLISH) for chapter in chapters]
    by_chinese = [judge(Page(chapter, "zh"), rules_for("zh")) for chapter in chapters]
    assert all(by_english) and not any(by_chinese)
    dropped_by = {drop.rule for drops in by_english for drop in drops}
    assert {"mean word length", "stop words"} <= dropped_by


def test_chinese_rules_drop_chinese_junk():
    junk = "首页 联系我们 关于我们 " * 20
    assert {"stop words", "sentences", "repeated 5-grams"} <= {
        drop.rule for drop in judge(Page(junk, "zh"), CHINESE)
    }


@pytest.mark.network
def test_rules_tell_prose_from_redirects_and_stubs_of_the_dump(pull):
    pull("enwiki")
    verdicts = {}
    for _, page in zip(range(80), read_documents("enwiki"), strict=False):
        text = clean(page.text, page.markup)
        verdicts[page.id] = (len(text), judge(Page(text), ENGLISH))
    assert all(drops for length, drops in verdicts.values() if length < 100)
    kept = [length for length, drops in verdicts.values() if not drops]
    assert len(kept) >= 15 and min(kept) > 500
