"""Tokens added to a byte-level vocabulary: such as merges make too, late ones and empty ones."""

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, Tokenizer, pre_tokenizers

from llama_edu.tokenizer import load_tokenizer
from llama_edu.tokenizer.formats.gguf_vocab import CONTROL, NORMAL, UNUSED, USER_DEFINED
from llama_edu.tokenizer.pretokenize import compile_pattern, same_in_both
from llama_edu.tokenizer.whole_tokens import Flags, WholeTokens
from tests import checkpoints
from tests.tokenizer.oracles import TEXTS
from tests.tokenizer.oracles import texts as any_texts

os.environ["HF_HUB_OFFLINE"] = "1"
transformers = pytest.importorskip("transformers")

SAMPLES = [*TEXTS, "nation station ation", "citation<|end|>ations", "a ation b", "return self.self",
           "the then there", "x  x\tself,self"]  # fmt: skip
# Texts that are tokens of the trained vocabulary already, or none of it, and how they are added.
ADDED = {
    "a merged word": ["ation"],
    "several": ["self", "the", "return"],
    "one inside another": ["sel", "self", "elf"],
    "a letter": ["a"],
    "a space and a letter": [" x"],
    "a byte of its own": ["\n"],
    "not late": [AddedToken("self", normalized=False)],
    "a control token": [AddedToken("self", special=True, normalized=False)],
    "late and not": [AddedToken("th", normalized=False), AddedToken("he", normalized=True)],
    "late before": [AddedToken("th", normalized=True), AddedToken("he", normalized=False)],
    "in another alphabet": ["é", "中国", "🤗"],
    "a spelling of the vocabulary": ["Ġthe"],
    "new words": ["<think>", "</think>", "<tool call>"],
}


def write(folder, library, **changes):
    library.save(str(folder / "tokenizer.json"))
    if changes:
        spec = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        spec |= changes
        (folder / "tokenizer.json").write_text(json.dumps(spec), encoding="utf-8")
    return folder


@pytest.fixture
def library(trained_bpe):
    return Tokenizer.from_str(trained_bpe("smollm").to_str())


@pytest.mark.parametrize("name", ADDED)
def test_added_tokens_give_the_ids_of_the_library(library, tmp_path, name):
    library.add_tokens(ADDED[name])
    ours = load_tokenizer(write(tmp_path, library))
    for text in SAMPLES:
        expected = library.encode(text).ids
        assert ours.encode(text, special=True) == expected, text
        assert ours.decode(expected) == library.decode(expected, skip_special_tokens=False)


def test_added_tokens_survive_saving(library, tmp_path):
    library.add_tokens([*ADDED["late before"], *ADDED["several"]])
    ours = load_tokenizer(write(tmp_path, library))
    ours.save(tmp_path / "new")
    ours.save_text(tmp_path / "text.txt")
    again = Tokenizer.from_file(str(tmp_path / "new" / "tokenizer.json"))
    for text in SAMPLES:
        ids = ours.encode(text, special=True)
        assert again.encode(text).ids == ids
        assert load_tokenizer(tmp_path / "new").encode(text, special=True) == ids
        assert type(ours).load_text(tmp_path / "text.txt").encode(text, special=True) == ids


@settings(max_examples=50)
@given(text=any_texts | st.text(st.sampled_from("selfthand <|>n")))
def test_any_text_with_added_tokens_gives_the_ids_of_the_library(trained_bpe, text):
    library = Tokenizer.from_str(trained_bpe("smollm").to_str())
    library.add_tokens([*ADDED["several"], *ADDED["late and not"], *ADDED["one inside another"]])
    spec = json.loads(library.to_str())
    flags = {
        token["content"]: Flags(normalized=token["normalized"]) for token in spec["added_tokens"]
    }
    ids = {token["content"]: token["id"] for token in spec["added_tokens"]}
    whole = WholeTokens(ids, {}, flags)
    plain = Tokenizer.from_str(trained_bpe("smollm").to_str())
    plain.encode_special_tokens = True
    assert whole.encode(text, True, lambda part: plain.encode(part).ids) == library.encode(text).ids


def test_an_empty_entry_is_no_token(library, tmp_path):
    spec = json.loads(library.to_str())
    spec["model"]["vocab"][""] = 800
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(spec), encoding="utf-8")
    oracle, ours = Tokenizer.from_file(str(path)), load_tokenizer(tmp_path)
    for text in SAMPLES:
        assert ours.encode(text, special=True) == oracle.encode(text).ids
    ours.n_ids = 801
    assert ours.decode([*ours.encode("hello"), 800]) == "hello"


@pytest.mark.parametrize("files", [
    {"added_tokens": {"": 800}}, {"tokenizer_config": {"pad_token": "", "eos_token": ""}},
    {"special_tokens_map": {"additional_special_tokens": [""]}, "added_tokens": {"": 800}},
    {"tokenizer_config": {"added_tokens_decoder": {"800": {"content": "", "special": True}}}},
])  # fmt: skip
def test_an_empty_token_stands_nowhere(library, tmp_path, files):
    write(tmp_path, library)
    for name, content in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    ours = load_tokenizer(tmp_path)
    for text in SAMPLES:
        assert ours.encode(text, special=True) == library.encode(text).ids
    assert WholeTokens({"": 1}, {"": 2, "a": 3}).encode("bab", True, list) == ["b", 3, "b"]


def test_a_gguf_marker_that_merges_make_gives_the_ids_of_transformers(library, tmp_path):
    spec = json.loads(library.to_str())["model"]
    tokens = sorted(spec["vocab"], key=spec["vocab"].__getitem__)
    kinds = [CONTROL] * 4 + [NORMAL] * (len(tokens) - 4)
    words = [word for word in ("self", "he", "ation", "a") if word in spec["vocab"]]
    assert len(words) > 2
    for word in words:
        kinds[spec["vocab"][word]] = USER_DEFINED
    metadata = {
        "general.architecture": "llama", "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2", "tokenizer.ggml.tokens": [*tokens, "[PAD800]", "<é>"],
        "tokenizer.ggml.token_type": [*kinds, UNUSED, USER_DEFINED],
        "tokenizer.ggml.merges": [" ".join(pair) for pair in spec["merges"]],
    }  # fmt: skip
    (tmp_path / "m.gguf").write_bytes(checkpoints.gguf_bytes(metadata, {}))
    ours = load_tokenizer(tmp_path / "m.gguf")
    oracle = transformers.AutoTokenizer.from_pretrained(tmp_path, gguf_file="m.gguf")
    for text in SAMPLES:
        expected = oracle.encode(text, add_special_tokens=False)
        assert ours.encode(text, special=True) == expected, text
    assert ours.encode("a<é>") == [*ours.encode("a"), 801]
    assert ours.decode([800]) == "" and ours.decode([801]) == "<é>"


@pytest.mark.parametrize("config", [
    {"additional_special_tokens": ["self"]}, {"pad_token": "self"}, {"unk_token": "he"},
    {"extra_special_tokens": {"image_token": "self"}}, {"image_token": "self"},
    {"additional_special_tokens": [{"__type": "AddedToken", "content": "self"}, "<|end|>"]},
    {"additional_special_tokens": ["<z>", "<y>"], "pad_token": "<pad>"},
    {"added_tokens_decoder": {"0": {"content": "<|end|>", "special": True, "normalized": False}}},
])  # fmt: skip
def test_a_word_that_is_named_is_whole_as_in_transformers(library, tmp_path, config):
    write(tmp_path, library)
    for name, content in {
        "config": {"model_type": "llama", "vocab_size": 832},
        "tokenizer_config": {"tokenizer_class": "PreTrainedTokenizerFast"} | config,
    }.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    ours = load_tokenizer(tmp_path)
    oracle = transformers.AutoTokenizer.from_pretrained(tmp_path)
    for text in [*SAMPLES, "a<z><y> <pad>self he"]:
        expected = oracle.encode(text, add_special_tokens=False)
        assert ours.encode(text, special=True) == expected, text


@pytest.mark.parametrize("flag", ["lstrip", "rstrip", "single_word"])
@pytest.mark.parametrize("where", ["tokenizer.json", "tokenizer_config.json"])
def test_a_flag_that_is_not_supported_is_refused_by_name(library, tmp_path, flag, where):
    if where == "tokenizer.json":
        library.add_tokens([AddedToken("<new>", **{flag: True})])
    write(tmp_path, library)
    if where != "tokenizer.json":
        token = {"content": "<new>", flag: True}
        config = {"added_tokens_decoder": {"800": token}}
        (tmp_path / where).write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ValueError, match=f"{flag} of the added token '<new>'"):
        load_tokenizer(tmp_path)


def test_an_id_that_the_library_would_not_give_is_refused_by_name(library, tmp_path):
    added = [{"id": 900, "content": "<new>", "special": False}]
    write(tmp_path, library, added_tokens=added)
    with pytest.raises(ValueError, match="the id 900 for '<new>' in place of 800"):
        load_tokenizer(tmp_path)
    with pytest.raises(ValueError, match="the id 7 for '<new>' in place of 800"):
        load_tokenizer(write(tmp_path, library, added_tokens=[added[0] | {"id": 7}]))
    twice = [added[0] | {"id": 800}, added[0] | {"id": 801}]
    with pytest.raises(ValueError, match="the id 801 for '<new>' in place of 800"):
        load_tokenizer(write(tmp_path, library, added_tokens=twice))


@pytest.mark.parametrize("i, place", [(1005, 1000), (500, 1000)])
def test_so_is_one_beside_a_sentencepiece_model(sentencepiece_model, tmp_path, i, place):
    (tmp_path / "tokenizer.model").write_bytes(sentencepiece_model)
    config = {"added_tokens_decoder": {str(i): {"content": "<new>"}}}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ValueError, match=f"the id {i} for '<new>' in place of {place}"):
        load_tokenizer(tmp_path)


@pytest.mark.parametrize("token", [
    {"id": "800", "content": "<new>", "special": False}, {"id": -1, "content": "<new>"},
    {"id": 800, "content": 3}, {"id": 800, "content": "<new>", "special": "no"},
    {"id": 800, "content": "<new>", "special": False, "lstrip": 1}, {"id": 800}, "<new>", None,
])  # fmt: skip
def test_an_added_token_of_another_kind_is_named(library, tmp_path, token):
    write(tmp_path, library, added_tokens=[token])
    with pytest.raises(ValueError, match=r"tokenizer\.json"):
        load_tokenizer(tmp_path)


@pytest.mark.parametrize("pattern", [
    r"[a-z&&[^aeiou]]+", r"\h+", r"\s+$", "^a", r"a\Z", r"\p{N}{1,3}+", "[[:alpha:]]+", r"\R",
    r"\X", "(a)", "(?<n>a)", r"a\Kb", "(?~a)", r"\N", r"\O", "a{,3}", "(?m:.)", r"\y",
    "(?i)a", "[a-z--b]", "[a||b]", "(?i:ss)", "(?x: a)", r"\p{Alnum}", r"\p{Punct}",
    r"[\W]", r"\W", r"[\w-]+", r"\G", "[a[bc]]", "a{2}{3}",
    r"\x{41}", "[", "(?#a)b", "a**", r"\Qa\E", "[^", "+", "[a-z--b]|(",
])  # fmt: skip
def test_a_pattern_that_may_cut_elsewhere_is_refused_by_name(library, tmp_path, pattern):
    spec = json.loads(library.to_str())
    spec["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
        {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False},
    ]}  # fmt: skip
    (tmp_path / "tokenizer.json").write_text(json.dumps(spec), encoding="utf-8")
    with pytest.raises(ValueError, match=r"pre_tokenizer pattern .* is not supported from"):
        load_tokenizer(tmp_path)


@pytest.mark.parametrize("pattern", [
    r"\w+", r"\b(?:the|cat)\b|\w+", r"\bself\b", r"\w|\s", r"\p{Han}|\w+",
    r"(?i:'s|'t|'re)|\p{L}+|[^\S\r\n]+", r"\d{1,2}(?!\d)", r"(?<=a)b", r".+?,", r"\p{^L}+",
    r"[\u4e00-\u9fa5]+", r"\s+(?!\S)|\s+", r"(?>a+)b", "x{2,}?", r"[\x41-\x5a]++", r"\.\-\[",
])  # fmt: skip
def test_a_pattern_that_is_understood_cuts_as_the_library_does(pattern):
    library = pre_tokenizers.Split(Regex(pattern), behavior="isolated")
    ours = compile_pattern(same_in_both(pattern))
    text = (
        "".join(SAMPLES) + "x²y³ ¼a a\u200db cat², the-cat_2 the\u200c, CAT'S cat's 12345 xxx -[.-["
    )
    assert ours.findall(text) == [chunk for chunk, _ in library.pre_tokenize_str(text)]


def test_a_long_pattern_is_judged_at_once():
    for part in ("[-", "a|", r"\p{L}", "[^a-z", "(?:", "-" * 5, "(?i:s|"):
        with pytest.raises(ValueError, match="not supported"):
            same_in_both(part * 20_000 + "$")
