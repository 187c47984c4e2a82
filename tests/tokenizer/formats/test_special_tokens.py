"""What a checkpoint states about its ends is read, wherever it stands, and means what it means
to transformers."""

import base64
import json
import os

import pytest
from gguf import GGUFWriter

from llama_edu.tokenizer import load_tokenizer
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.formats.added_tokens import read_ids
from llama_edu.tokenizer.formats.gguf_vocab import CONTROL, NORMAL, UNKNOWN, UNUSED, USER_DEFINED
from llama_edu.tokenizer.formats.special_tokens import read_special_tokens
from llama_edu.tokenizer.spm import SentencePieceTokenizer
from tests import checkpoints

os.environ["HF_HUB_OFFLINE"] = "1"
transformers = pytest.importorskip("transformers")

FAST = {"tokenizer_class": "PreTrainedTokenizerFast"}
MARK = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
END = {"content": "<|end|>", **MARK}
NEW = {"content": "<new>", "special": True, **MARK}

# Files of a folder beside a tokenizer.json whose control tokens are <|end|> 0, <|user|> 1,
# <|user|>s 2 and one more -> `eos_id`, `stop_ids`.
STATED = {
    "no file": ({}, None, []),
    "a text": ({"tokenizer_config": {"eos_token": "<|end|>"}}, 0, [0]),
    "an object": ({"tokenizer_config": {"eos_token": {"__type": "AddedToken", **END}}}, 0, [0]),
    "null": ({"tokenizer_config": {"eos_token": None}}, None, []),
    "of a turn": (
        {"tokenizer_config": {"eos_token": "<|end|>", "eot_token": "<|user|>"}}, 0, [0, 1]
    ),
    "of a message, in the map": ({"special_tokens_map": {"eom_token": "<|user|>"}}, None, [1]),
    "an empty text": ({"tokenizer_config": {"eos_token": ""}}, None, []),
    "the map": ({"special_tokens_map": {"eos_token": "<|end|>"}}, 0, [0]),
    "an object in the map": ({"special_tokens_map": {"eos_token": END}}, 0, [0]),
    "two texts": (
        {"tokenizer_config": {"eos_token": "<|end|>"},
         "special_tokens_map": {"eos_token": "<|user|>"}},
        1,
        [0, 1],
    ),
    "null in the map": (
        {"tokenizer_config": {"eos_token": "<|end|>"}, "special_tokens_map": {"eos_token": None}},
        None,
        [0],
    ),
    "a decoder goes before the map": (
        {
            "tokenizer_config": {
                "eos_token": "<new>", "added_tokens_decoder": {"0": END, "800": NEW}
            },
            "special_tokens_map": {"eos_token": "<|user|>"},
        },
        800,
        [1, 800],
    ),
    "added_tokens.json": (
        {"tokenizer_config": {"eos_token": "<new>"}, "added_tokens": {"<new>": 800}},
        800,
        [800],
    ),
    "a list": ({"generation_config": {"eos_token_id": [0, 800]}}, None, [0, 800]),
    "a number": ({"generation_config": {"eos_token_id": 2}}, None, [2]),
    "an empty list": ({"generation_config": {"eos_token_id": []}}, None, []),
    "a null": ({"generation_config": {"eos_token_id": None}}, None, []),
    "less than none": ({"generation_config": {"eos_token_id": [2, -1]}}, None, [2]),
    "the model's file": ({"config": {"eos_token_id": 2}}, None, [2]),
    "stop strings": ({"generation_config": {"stop_strings": ["<|user|>s", "x"]}}, None, [2]),
    "one stop string": ({"generation_config": {"stop_strings": "<|user|>s"}}, None, [2]),
    "the text model of several": ({"config": {"text_config": {"eos_token_id": [2]}}}, None, [2]),
    "a list in it": ({"config": {"eos_token_id": [2, 1]}}, None, [1, 2]),
    "all at once": (
        {
            "tokenizer_config": {"eos_token": {"__type": "AddedToken", **END}},
            "special_tokens_map": {"eos_token": "<|user|>"},
            "added_tokens": {"<|im_end|>": 800},
            "generation_config": {"eos_token_id": [7, 8]},
            "config": {"eos_token_id": 9},
        },
        1,
        [0, 1, 7, 8, 9, 800],
    ),
}  # fmt: skip


def write(folder, files):
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.fixture
def folder(trained_bpe, tmp_path):
    trained_bpe("smollm").save(str(tmp_path / "tokenizer.json"))
    return tmp_path


@pytest.mark.parametrize("files, eos_id, stop_ids", STATED.values(), ids=STATED)
def test_every_end_that_a_folder_states_counts(folder, files, eos_id, stop_ids):
    tokenizer = load_tokenizer(write(folder, files))
    assert (tokenizer.eos_id, tokenizer.stop_ids) == (eos_id, stop_ids)
    write(folder, {**files, "tokenizer_config": FAST | files.get("tokenizer_config", {})})
    oracle = transformers.AutoTokenizer.from_pretrained(folder)
    assert oracle.eos_token_id == eos_id
    assert eos_id is None or oracle.eos_token == tokenizer.decode([eos_id])
    text = "a<|end|>b<new> <|im_end|>"
    assert tokenizer.encode(text, special=True) == oracle.encode(text, add_special_tokens=False)
    if "generation_config" in files:
        stated = transformers.GenerationConfig.from_pretrained(folder).eos_token_id
        stated = stated if isinstance(stated, list) else [stated]
        assert {i for i in stated if i is not None and i >= 0} <= set(tokenizer.stop_ids)


@pytest.mark.parametrize("name", ["generation_config", "config"])
@pytest.mark.parametrize("stated", ["2", 2.0, True, [2, None], [[2]], {"id": 2}])
def test_an_end_that_is_no_id_is_named_with_its_file(folder, name, stated):
    write(folder, {name: {"eos_token_id": stated}})
    with pytest.raises(ValueError) as caught:
        load_tokenizer(folder)
    assert f"{name}.json: eos_token_id={stated!r} must be the id of a token" in str(caught.value)
    assert "take the key out of the file" in str(caught.value)


@pytest.mark.parametrize("name", ["tokenizer_config", "special_tokens_map"])
@pytest.mark.parametrize("stated", [2, ["<|end|>"], {"id": 2}, False])
def test_an_end_that_is_no_text_is_named_with_its_file(folder, name, stated):
    write(folder, {name: {"eos_token": stated}})
    with pytest.raises(ValueError) as caught:
        load_tokenizer(folder)
    assert f"{name}.json: eos_token={stated!r} must be the text of a token" in str(caught.value)


@pytest.mark.parametrize("content", ["", "[1]", "null", '{"a":'])
def test_a_file_that_is_no_object_is_named(folder, content):
    (folder / "generation_config.json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"generation_config\.json (is not JSON|must hold)"):
        load_tokenizer(folder)


@pytest.mark.parametrize("stated", [[], None, {"x": END}, {"0": "<|end|>"}, {"0": {}}])
def test_a_decoder_of_another_shape_is_named(folder, stated):
    write(folder, {"tokenizer_config": {"added_tokens_decoder": stated}})
    with pytest.raises(ValueError, match=r"config\.json: added_tokens_decoder=.* must map"):
        load_tokenizer(folder)


@pytest.mark.parametrize("stated", ["5", 5.0, {"id": 5}])
def test_an_added_token_needs_an_id(folder, stated):
    write(folder, {"added_tokens": {"<new>": stated}})
    with pytest.raises(ValueError, match=r"added_tokens\.json: '<new>'=.* must be the id"):
        load_tokenizer(folder)


def test_ids_that_say_none_are_passed_over():
    for stated, ids in [(None, []), (-1, []), ([], []), ([-1, 5], [5]), (5, [5])]:
        assert read_ids(stated, "x") == ids


def test_a_text_without_a_token_ends_nothing(folder):
    """transformers gives it an id beyond the vocabulary, which the model never writes."""
    tokenizer = load_tokenizer(write(folder, {"tokenizer_config": {"eos_token": "<none>"}}))
    assert (tokenizer.eos_id, tokenizer.stop_ids, tokenizer.vocab_size) == (None, [], 800)


def test_a_plain_word_that_is_named_the_end_becomes_a_control_token(trained_bpe, tmp_path):
    spec = json.loads(trained_bpe("smollm").to_str())
    spec["model"]["vocab"]["<new>"] = 800
    write(tmp_path, {"tokenizer": spec, "tokenizer_config": FAST | {"eos_token": "<new>"}})
    tokenizer = load_tokenizer(tmp_path)
    oracle = transformers.AutoTokenizer.from_pretrained(tmp_path)
    assert tokenizer.eos_id == oracle.eos_token_id == 800
    assert tokenizer.encode("a<new>", special=True) == oracle.encode("a<new>")


@pytest.mark.parametrize("special", [True, False])
def test_a_usual_marker_ends_an_answer_whatever_its_kind(trained_bpe, tmp_path, special):
    spec = json.loads(trained_bpe("smollm").to_str())
    spec["added_tokens"].append({"id": 800, **MARK, "content": "<|im_end|>", "special": special})
    tokenizer = load_tokenizer(write(tmp_path, {"tokenizer": spec}))
    assert tokenizer.stop_ids == [800]
    assert (800 in tokenizer.encode("<|im_end|>")) is not special


def test_a_marker_that_merges_make_is_text():
    vocab = {bytes([i]): i for i in range(256)} | {b"</": 256, b"</s": 257, b"</s>": 258}
    merges = [(b"<", b"/"), (b"</", b"s"), (b"</s", b">")]
    assert BPETokenizer(vocab, merges, r"\S+").stop_ids == []
    assert BPETokenizer(vocab, merges[:2], r"\S+").stop_ids == [258]
    assert BPETokenizer(vocab, merges, r"\S+", eos_id=258, stop_ids=[3]).stop_ids == [3, 258]


@pytest.mark.parametrize(
    "files, eos_id, stop_ids",
    [
        ({}, 2, [2]),
        ({"special_tokens_map": {"eos_token": END}, "added_tokens": {"<|end|>": 1000}},
         1000, [2, 1000]),
        ({"tokenizer_config": {"eos_token": "<new>", "added_tokens_decoder": {"1000": NEW}}},
         1000, [2, 1000]),
        ({"added_tokens": {"<|im_end|>": 1000}}, 2, [2, 1000]),
        ({"generation_config": {"eos_token_id": [2, 400]}, "config": {"eos_token_id": 401}},
         2, [2, 400, 401]),
    ],
)  # fmt: skip
def test_a_folder_of_a_sentencepiece_model_states_ends_too(
    sentencepiece_model, tmp_path, files, eos_id, stop_ids
):
    (tmp_path / "tokenizer.model").write_bytes(sentencepiece_model)
    tokenizer = load_tokenizer(write(tmp_path, files))
    assert type(tokenizer) is SentencePieceTokenizer
    assert (tokenizer.eos_id, tokenizer.stop_ids) == (eos_id, stop_ids)
    assert tokenizer.encode(tokenizer.decode([eos_id]), special=True) == [eos_id]


def test_a_folder_of_llama_3_s_own_model_states_ends_too(tmp_path):
    lines = [base64.b64encode(bytes([i])) + b" %d\n" % i for i in range(256)]
    (tmp_path / "tokenizer.model").write_bytes(b"".join(lines))
    markers = [257, 264, 265]  # <|end_of_text|>, <|eom_id|>, <|eot_id|>
    assert load_tokenizer(tmp_path).stop_ids == markers
    write(tmp_path, {"generation_config": {"eos_token_id": [270]}})
    assert load_tokenizer(tmp_path).stop_ids == [*markers, 270]


NONE = 2**32 - 1  # what llama.cpp writes for "no such token"


@pytest.mark.parametrize(
    "flags, eos_id, stop_ids",
    [
        ({}, 0, [0]),
        ({"add_eot_token_id": 2}, 0, [0, 2]),
        ({"add_eot_token_id": 2, "add_eom_token_id": 3}, 0, [0, 2, 3]),
        ({"add_eos_token_id": 7, "add_eom_token_id": 9}, 7, [7, 9]),
        ({"add_eos_token_id": 800, "add_eot_token_id": 1}, None, [1]),
        ({"add_eos_token_id": NONE, "add_bos_token_id": NONE}, None, []),
    ],
)
def test_every_end_that_a_gguf_file_states_counts(trained_bpe, tmp_path, flags, eos_id, stop_ids):
    flags = {"add_eos_token_id": 0, "add_bos_token_id": 1} | flags
    tokenizer = load_tokenizer(write_ends(tmp_path, trained_bpe, flags))
    assert (tokenizer.eos_id, tokenizer.stop_ids) == (eos_id, stop_ids)
    assert tokenizer.bos_id == (None if flags["add_bos_token_id"] == NONE else 1)


def write_ends(tmp_path, trained_bpe, flags, kinds=None, text=None):
    library = trained_bpe("smollm")
    spec = json.loads(library.to_str())["model"]
    tokens = sorted(spec["vocab"], key=spec["vocab"].__getitem__)
    writer = GGUFWriter(tmp_path / "a.gguf", "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list([*tokens, text] if text else tokens)
    writer.add_token_types(kinds or [CONTROL] * 4 + [NORMAL] * (len(tokens) - 4))
    writer.add_token_merges([" ".join(merge) for merge in spec["merges"]])
    for key, value in flags.items():
        getattr(writer, key)(*(value if isinstance(value, tuple) else [value]))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return tmp_path / "a.gguf"


@pytest.mark.parametrize("kind", [NORMAL, CONTROL, USER_DEFINED, UNUSED])
def test_a_usual_marker_in_a_gguf_file_ends_an_answer_whatever_its_kind(
    trained_bpe, tmp_path, kind
):
    kinds = [CONTROL] * 4 + [NORMAL] * 796 + [kind]
    tokenizer = load_tokenizer(write_ends(tmp_path, trained_bpe, {}, kinds, "<|im_end|>"))
    assert tokenizer.stop_ids == [800]


def test_an_end_in_a_gguf_file_that_is_no_id_is_named(trained_bpe, tmp_path):
    flags = {"add_string": ("tokenizer.ggml.eos_token_id", "<end>")}
    path = write_ends(tmp_path, trained_bpe, flags)
    with pytest.raises(ValueError, match=r"a\.gguf: tokenizer\.ggml\.eos_token_id='<end>' must be"):
        load_tokenizer(path)


@pytest.mark.parametrize("kind", [NORMAL, CONTROL, USER_DEFINED])
def test_a_gguf_file_of_pieces_states_ends_too(tmp_path, kind):
    tokens = ["<unk>", "▁", "<|eot_id|>", "x", "y", *(f"<0x{i:02X}>" for i in range(256))]
    writer = GGUFWriter(tmp_path / "a.gguf", "llama")
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types([UNKNOWN, NORMAL, kind, NORMAL, NORMAL, *[6] * 256])
    writer.add_eos_token_id(3)
    writer.add_eot_token_id(4)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    tokenizer = load_tokenizer(tmp_path / "a.gguf")
    assert (tokenizer.eos_id, tokenizer.stop_ids) == (3, [2, 3, 4])


def test_ends_survive_saving(trained_bpe, folder, tmp_path):
    files = {"tokenizer_config": {"eos_token": "<|end|>"}, "generation_config": {"eos_token_id": 7}}
    ours = load_tokenizer(write(folder, files))
    new = write(tmp_path / "new", {"generation_config": {"temperature": 0.5}})
    ours.save(new)
    assert BPETokenizer.load(new).stop_ids == ours.stop_ids == [0, 7]
    config = transformers.GenerationConfig.from_pretrained(new)
    assert (config.eos_token_id, config.temperature) == ([0, 7], 0.5)
    ours.save_text(tmp_path / "text.txt")
    assert BPETokenizer.load_text(tmp_path / "text.txt").stop_ids == [0, 7]


def test_a_folder_is_read_into_one_description(folder):
    files = {"tokenizer_config": {"bos_token": "<|user|>", "chat_template": "t"}}
    special = read_special_tokens(write(folder, files), {"<|user|>": 1})
    assert (special.bos_id, special.eos_id, special.chat_template) == (1, None, "t")
    assert (special.special_tokens, special.added_tokens) == ({"<|user|>": 1}, {})


def test_a_prompt_that_is_to_be_made_otherwise_is_refused_by_name(folder, tmp_path):
    split, ended = {"split_special_tokens": True}, {"add_eos_token": True}
    with pytest.raises(ValueError, match="split_special_tokens must be false or absent"):
        load_tokenizer(write(folder, {"tokenizer_config": split}))
    load_tokenizer(write(folder, {"tokenizer_config": ended}))  # its tokenizer.json says what holds
    checkpoints.write_spm(tmp_path / "spm")
    with pytest.raises(ValueError, match="add_eos_token must be false or absent"):
        load_tokenizer(write(tmp_path / "spm", {"tokenizer_config": ended}))


@pytest.mark.parametrize("key, value", [
    ("escape_whitespaces", False), ("treat_whitespace_as_suffix", True),
    ("normalizer.lowercase", True), ("remove_extra_whitespaces", True),
])  # fmt: skip
def test_a_gguf_file_that_changes_texts_is_refused_by_name(tmp_path, trained_bpe, key, value):
    name = f"tokenizer.ggml.{key}"
    load_tokenizer(write_ends(tmp_path, trained_bpe, {"add_bool": (name, not value)}))
    with pytest.raises(ValueError, match=f"{name}={value} changes a text"):
        load_tokenizer(write_ends(tmp_path, trained_bpe, {"add_bool": (name, value)}))


def test_a_gguf_file_with_a_kind_for_each_token_only(tmp_path, trained_bpe):
    path = write_ends(tmp_path, trained_bpe, {}, [CONTROL])
    with pytest.raises(ValueError, match="token_type has 1 entries for 800 tokens"):
        load_tokenizer(path)


@pytest.mark.parametrize("flag", ["add_add_eos_token", "add_add_sep_token"])
def test_a_gguf_file_that_ends_prompts_is_refused_by_name(tmp_path, trained_bpe, flag):
    write_ends(tmp_path, trained_bpe, {flag: False})
    load_tokenizer(tmp_path / "a.gguf")
    write_ends(tmp_path, trained_bpe, {flag: True})
    name = flag.removeprefix("add_")
    with pytest.raises(ValueError, match=rf"ggml\.{name} must be false or absent"):
        load_tokenizer(tmp_path / "a.gguf")
