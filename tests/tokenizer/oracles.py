"""Texts that tokenizers get wrong, and small vocabularies trained by the libraries themselves."""

import argparse
import io
from pathlib import Path

import sentencepiece
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from llama_edu.tokenizer.pretokenize import LLAMA3

ENGLISH = "The quick brown fox, who'd said \"we've 3,141 hens\", DIDN'T jump over 27 lazy dogs. "
CHINESE = "滚滚长江东逝水，浪花淘尽英雄。是非成败转头空，青山依旧在，几度夕阳红。2024年"
CODE = "def f(x: int) -> int:\n    if x > 10:\n\treturn x**2  # 100%\r\n\n\n    return f(x+1)\n"
EMOJI = "👩‍👩‍👧‍👦 🤗🏽 ❤️‍🔥 🇨🇭!!"  # joined by U+200D, toned, with a variation selector, a flag
WHITESPACE = "  two   three\n\n\n 12  34 \t\t x\u3000全\u00a0nbsp \u2028 end   "
OTHER = "naïve café e\u0301 Ünïcödé ñandú 'S ſ ½²٣ Ⅷ 한국어 العربية हिन्दी ไทย"
CORPUS = Path(argparse.__file__).read_text(encoding="utf-8")  # code and English, on any machine
TEXTS = [ENGLISH, CHINESE, CODE, EMOJI, WHITESPACE, OTHER, CORPUS[:5_000], "", " ", "\n"]
SPECIAL = ["<|end|>", "<|user|>", "<|user|>s", "<｜a▁b｜>"]

# What `tokenizers` needs in order to cut as each `tokenizer.ggml.pre` says.
BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
PRE_TOKENIZERS = {
    "gpt-2": pre_tokenizers.ByteLevel(add_prefix_space=False),
    "smollm": pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(False)]
    ),
    "llama-bpe": pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(LLAMA3), behavior="isolated"), BYTES]
    ),
}

# Characters that all Unicode versions in use know, and those that cuts and merges depend on.
any_text = st.text(st.characters(exclude_categories=["Cs", "Cn"]))
tricky_text = st.text(st.sampled_from([*" \n\r\t\u3000'sSdl.,!_aehtn12½中国🤗é\u0301\u200d"]))
texts = any_text | tricky_text
texts_without_space_mark = texts.map(lambda text: text.replace("▁", ""))


def train_bpe(pre_tokenizer: str = "smollm", vocab_size: int = 800) -> Tokenizer:
    """A byte-level vocabulary whose merges `tokenizers` learned from CORPUS and TEXTS."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = PRE_TOKENIZERS[pre_tokenizer]
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[AddedToken(token, normalized=False, special=True) for token in SPECIAL],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([CORPUS, *TEXTS, *TEXTS], trainer)
    return tokenizer


def train_sentencepiece() -> bytes:
    """A SentencePiece model with LLaMA's settings (arXiv:2302.13971, sec. 2.1)."""
    content = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([*CORPUS.splitlines(), *TEXTS[:6], *TEXTS[:6]]),
        model_writer=content,
        model_type="bpe",
        vocab_size=1000,
        character_coverage=0.98,
        byte_fallback=True,
        split_digits=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True,
        minloglevel=2,
    )
    return content.getvalue()
