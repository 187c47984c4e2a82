"""No foreign text, however odd, makes cleaning or scrubbing take longer than its length."""

import time

import pytest

from llama_edu.data.annotate.contamination import EvaluationGrams
from llama_edu.data.augment.eda import WORD
from llama_edu.data.clean import (
    drop_broken_sentences,
    drop_repeated_lines,
    drop_watermarks,
    repair_unicode,
    strip_html,
    strip_wikitext,
    tidy_lines,
)
from llama_edu.data.filter import Page, identify_language, judge, rules_for
from llama_edu.data.filter.lines import keep_sentences
from llama_edu.data.filter.quality import MARKUP, prose_and_furniture
from llama_edu.data.pii import scrub

TIMES = 10
GROWTH = 3 * TIMES  # linear, on a machine that does other things too
SHORT = 0.1  # seconds for the large text: no growth is measured in less
EXAM = EvaluationGrams(["who has the golden key of the mayor of the town"])
WORKERS = {
    "html": strip_html, "wikitext": strip_wikitext, "unicode": repair_unicode, "lines": tidy_lines,
    "repeated": drop_repeated_lines, "watermarks": drop_watermarks, "broken": drop_broken_sentences,
    "scrub": scrub, "language": identify_language, "sentences": keep_sentences,
    "rules": lambda text: judge(Page(text), rules_for("en")), "quality": prose_and_furniture,
    "exam": EXAM.overlap, "words": WORD.findall, "markup": lambda text: MARKUP.sub(" ", text),
}  # fmt: skip
SIGNS = [
    *"<>[]{}()|=*#:;'\"`~_-.,!?@&/\\\\+0aA \t\n\x0c\u00a0\u200b\u3000。？！，□\ufffd字é＠１’",
    '[//', '[http://', '[[', '[[a|', ']]', '{{', '{{a|', '}}', '{{{', '{{{a|', '{|\n', '\n{|',
    '|}\n', '[[{{', '{{[[', '== ', '==\n', '==a', '\n==', "'''", '__A', '( ', '(,', ' (', ' ,',
    '\n*', '\n ', '<!--', '<!', '<!doctype', '<?xml ', '<![CDATA[', ']]>', '<a ', '<a b="',
    "<a b='", '<a b=', '<p>', '<div ', '</div>', '<form>', '</form>', '<nav>', '<nav></nav>',
    '<script>', '<svg>', '<style', '<ref>', '<ref ', '<ref name="', '</ref>', '<ref/>', '<math>',
    '&#', '&#1', '&amp;', '&lt;', '&a', 'a@', 'a@a.', '@a', 'a.', 'a (at) ', 'a@a ', '1.', '1.1',
    '1-', '1 ', '12 ', '123-', '1111 ', '+1', '+1 ', '(1) ', '0 ', '01 ', '(212) 555-1234 ',
    '212-555-1234 ', '13800138000 ', 'a@example.com ', 'a@b.org,', '2001:', '1:', 'a:',
    '1.1.1.1 ', 'GB82 ', 'GB82WEST12345698765432 ', '4539578041219343 ', 'phone ', 'ssn ', 'www.',
    '字www.', '字www.a.', 'http://', 'Ã¼', 'â€', 'a\n', 'word ', '。字', '字。', '?字', '， ',
    'lorem ipsum ', '...', '-\n', '• ', '. ', ".'", '\\n', '\r\n',
]  # fmt: skip


def seconds(work, text):
    start = time.process_time()
    work(text)
    return time.process_time() - start


@pytest.mark.parametrize("size", [1_500, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", WORKERS)
def test_ten_times_the_text_takes_ten_times_as_long(name, size):
    work = WORKERS[name]
    work("a")
    slow = []
    for sign in SIGNS:
        text = sign * (TIMES * size // len(sign))
        taken = seconds(work, text)
        if taken > SHORT:
            base = min(seconds(work, text[:size]) for _ in range(3))
            if taken > GROWTH * base:  # once more: another program may have run
                taken = min(taken, seconds(work, text))
            if taken > GROWTH * base:
                slow.append(f"{sign!r}: {taken:.2f} s, {taken / base:.0f} times {base:.4f} s")
    assert not slow
