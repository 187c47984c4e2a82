"""A name or a path becomes a model with its tokenizer, or one clear line."""

import io
import json
import os
from itertools import pairwise

import pytest
import torch
from gguf import GGUFWriter
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

from llama_edu import pretrained
from llama_edu.cli import app
from llama_edu.config import ModelConfig
from llama_edu.generate import generate
from llama_edu.model.llama import Llama
from llama_edu.pretrained import faster_dtype, load_pretrained
from llama_edu.tokenizer import load_tokenizer
from llama_edu.tokenizer.formats.gguf_vocab import CONTROL, NORMAL, USER_DEFINED
from llama_edu.weights import save_hf
from llama_edu.weights.assemble import parts_of
from llama_edu.weights.gguf import NAMES as GGUF_NAMES

os.environ["HF_HUB_OFFLINE"] = "1"
transformers = pytest.importorskip("transformers")

TEMPLATE = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}<|assistant|>"


def save_tokenizer(folder, vocab_size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=["<|user|>", "<|assistant|>", "<|end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(["the cat sat on the mat", "the dog sat"], trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    config = ModelConfig(
        vocab_size=270, d_model=24, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=40, max_seq_len=64
    )
    save_hf(Llama(config), tmp_path)
    save_tokenizer(tmp_path, 270)
    return tmp_path


def test_loads_a_hugging_face_folder_whole(folder):
    loaded = load_pretrained(folder, dtype=torch.float32)
    assert loaded.model.config.d_model == 24
    ids = loaded.text_ids("the cat")
    assert loaded.tokenizer.decode(ids) == "the cat"
    assert loaded.model(torch.tensor([ids])).shape == (1, len(ids), 270)


def test_dtype_is_what_was_asked_for(folder):
    for dtype in (torch.bfloat16, torch.float32):
        assert load_pretrained(folder, dtype=dtype).model.embedding.weight.dtype == dtype


def test_dtype_is_measured_if_not_asked_for(folder, monkeypatch):
    assert faster_dtype(64, 64) in (torch.float32, torch.bfloat16)
    monkeypatch.setattr(pretrained, "faster_dtype", lambda: torch.bfloat16)
    assert load_pretrained(folder).model.embedding.weight.dtype == torch.bfloat16


def test_empty_text_begins_with_some_token(folder):
    assert load_pretrained(folder, dtype=torch.float32).text_ids("") == [0]


def test_chat_is_rendered_with_control_tokens(folder):
    loaded = load_pretrained(folder, dtype=torch.float32)
    loaded.tokenizer.chat_template = TEMPLATE
    ids = loaded.chat_ids([{"role": "user", "content": "the cat"}])
    oracle = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert ids == oracle.encode("<|user|>the cat<|end|><|assistant|>").ids


def test_says_that_a_model_without_template_cannot_chat(folder):
    loaded = load_pretrained(folder, dtype=torch.float32)
    with pytest.raises(ValueError, match="no chat template"):
        loaded.chat_ids([{"role": "user", "content": "hello"}])


def test_refuses_a_tokenizer_of_another_model(folder):
    config = ModelConfig(
        vocab_size=100, d_model=24, n_layers=1, n_heads=4, n_kv_heads=2, d_ff=40, max_seq_len=64
    )
    save_hf(Llama(config), folder)
    with pytest.raises(ValueError, match="tokenizer has 270 tokens, the model 100"):
        load_pretrained(folder, dtype=torch.float32)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no/such/folder", "no file or folder no/such/folder"),
        ("smolm2", "must be one of"),
    ],
)
def test_says_what_is_not_there(name, message):
    with pytest.raises(ValueError, match=message):
        load_pretrained(name)


def test_says_what_a_folder_lacks(tmp_path):
    with pytest.raises(ValueError, match=r"no folder with config\.json"):
        load_pretrained(tmp_path)


def test_says_that_a_source_holds_no_model(monkeypatch, tmp_path):
    monkeypatch.setattr(pretrained, "pull", lambda name: tmp_path)
    with pytest.raises(ValueError, match="'shakespeare' holds no GGUF model"):
        load_pretrained("shakespeare")


def make_chain(ids):
    """A model that writes `ids` one after the other, whatever came before the first of them."""
    config = ModelConfig(
        vocab_size=832, d_model=24, n_layers=1, n_heads=4, n_kv_heads=2, d_ff=40, max_seq_len=64
    )
    torch.manual_seed(0)
    model = Llama(config)
    with torch.no_grad():
        for block in model.blocks:  # they add nothing, so that a token alone decides on the next
            block.attention.o_proj.weight.zero_()
            block.ffn.down_proj.weight.zero_()
        model.output.weight.zero_()
        for before, after in pairwise(ids):
            model.output.weight[after] = model.embedding.weight[before]
    return model


ENDS = {
    "tokenizer_config": {"tokenizer_config": {"eos_token": {"content": "<|end|>"}}},
    "special_tokens_map": {"special_tokens_map": {"eos_token": "<|end|>"}},
    "generation_config": {"generation_config": {"eos_token_id": [0, 2]}},
    "an id without a text": {"generation_config": {"eos_token_id": [0, 831]}},
    "config": {"config": {"eos_token_id": 2}},
    "added_tokens": {
        "tokenizer_config": {"eos_token": "<new>"}, "added_tokens": {"<new>": 270}
    },
    "a usual marker": {"added_tokens": {"<|im_end|>": 270}},
}  # fmt: skip


@pytest.fixture(params=ENDS)
def ending(request, tmp_path):
    """A folder whose model goes on from "the" with " cat" and the end, wherever that is stated."""
    end = {"an id without a text": 831, "added_tokens": 270, "a usual marker": 270}
    library = save_tokenizer(tmp_path, 270)
    the, cat = library.encode("the").ids, library.encode(" cat").ids
    assert set(the).isdisjoint(cat)
    save_hf(make_chain([*the, *cat, end.get(request.param, 2)]), tmp_path)
    for name, content in ENDS[request.param].items():
        path = tmp_path / f"{name}.json"
        before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        path.write_text(json.dumps(before | content), encoding="utf-8")
    (tmp_path / "chat_template.jinja").write_text("{{ messages[0].content }}", encoding="utf-8")
    return tmp_path


def test_an_answer_ends_where_the_checkpoint_says(ending, capsys, monkeypatch):
    loaded = load_pretrained(ending, dtype=torch.float32)
    prompt, answer = loaded.text_ids("the"), loaded.tokenizer.encode(" cat")
    assert generate(loaded.model, [prompt], 20, stop=loaded.stop_ids) == [answer]
    oracle = transformers.AutoModelForCausalLM.from_pretrained(ending)
    stop = loaded.stop_ids
    written = oracle.generate(torch.tensor([prompt]), max_new_tokens=20, eos_token_id=stop)
    assert written[0].tolist()[:-1] == [*prompt, *answer]
    settings = ["--model", str(ending), "--dtype", "fp32", "--temperature", "0"]
    settings += ["--max-new-tokens", "20"]
    monkeypatch.setattr("sys.stdin", io.StringIO())
    app(["complete", "the", *settings], standalone_mode=False)
    app(["chat", "--ask", "the", *settings], standalone_mode=False)
    assert capsys.readouterr().out.endswith("the cat\nyou> the\n cat\n\n")


def write_gguf(path, model, library, kinds, ends):
    writer = GGUFWriter(path, "llama")
    config = model.config
    for key, value in {
        "context_length": config.max_seq_len, "embedding_length": config.d_model,
        "block_count": config.n_layers, "feed_forward_length": config.d_ff,
        "attention.head_count": config.n_heads, "attention.head_count_kv": config.n_kv_heads,
    }.items():  # fmt: skip
        writer.add_uint32(f"llama.{key}", value)
    writer.add_float32("llama.attention.layer_norm_rms_epsilon", config.norm_eps)
    spec = json.loads(library.to_str())["model"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([*sorted(spec["vocab"], key=spec["vocab"].get), "<|im_end|>"])
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(merge) for merge in spec["merges"]])
    writer.add_chat_template("{{ messages[0].content }}")
    for key, value in ends.items():
        writer.add_uint32(f"tokenizer.ggml.{key}_token_id", value)
    for (part, layer), tensor in parts_of(model).items():
        writer.add_tensor(GGUF_NAMES[part].format(layer), tensor.detach().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize(
    "end, kind, ends",
    [
        (2, CONTROL, {"eos": 2}),
        (2, CONTROL, {"eos": 0, "eot": 2}),
        (2, USER_DEFINED, {"eos": 0, "eot": 1, "eom": 2}),
        (270, USER_DEFINED, {"eos": 0}),
        (270, NORMAL, {}),
        (300, NORMAL, {"eos": 2**32 - 1, "eot": 5000}),
    ],
)
def test_an_answer_ends_where_a_gguf_file_says(tmp_path, end, kind, ends):
    library = save_tokenizer(tmp_path, 270)
    model = make_chain([*library.encode("the").ids, *library.encode(" cat").ids, end])
    kinds = [CONTROL, CONTROL, kind, *[NORMAL] * 267, kind]
    write_gguf(tmp_path / "a.gguf", model, library, kinds, ends)
    loaded = load_pretrained(tmp_path / "a.gguf", dtype=torch.float32)
    prompt = loaded.chat_ids([{"role": "user", "content": "the"}])
    (answer,) = generate(loaded.model, [prompt], 20, stop=loaded.stop_ids)
    is_stated = end != 300  # what is stated in the last case is no id: the answer goes on
    assert (answer == library.encode(" cat").ids) == is_stated


def test_an_answer_ends_at_a_text_that_is_no_token(tmp_path, capsys):
    library = save_tokenizer(tmp_path, 270)
    the, cat = library.encode("the").ids, library.encode(" cat").ids
    save_hf(make_chain([*the, *cat, *the[:1]]), tmp_path)
    path = tmp_path / "generation_config.json"
    path.write_text(json.dumps({"stop_strings": [" cat"]}), encoding="utf-8")
    assert load_pretrained(tmp_path).stop_strings == (" cat",)
    settings = ["--model", str(tmp_path), "--dtype", "fp32", "--temperature", "0"]
    app(["complete", "the", *settings, "--max-new-tokens", "20"], standalone_mode=False)
    assert capsys.readouterr().out == "the\n"
    path.write_text(json.dumps({"stop_strings": [3]}), encoding="utf-8")
    with pytest.raises(ValueError, match=r"stop_strings must be a list of texts, got \[3\]"):
        load_pretrained(tmp_path)


def test_an_end_beyond_the_model_is_passed_over(folder):
    (folder / "generation_config.json").write_text('{"eos_token_id": [2, 270, 9000]}')
    assert load_pretrained(folder, dtype=torch.float32).stop_ids == [2]


@pytest.mark.parametrize("special", [True, False])
def test_the_end_in_a_template_is_its_text(folder, special):
    spec = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    spec["added_tokens"][2]["special"] = special
    (folder / "tokenizer.json").write_text(json.dumps(spec), encoding="utf-8")
    config = {
        "bos_token": "<|user|>",
        "eos_token": "<|end|>",
        "chat_template": "{{ bos_token }}hi{{ eos_token }}",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    loaded = load_pretrained(folder, dtype=torch.float32)
    ids = loaded.chat_ids([{"role": "user", "content": "hello"}])
    assert loaded.tokenizer.decode(ids) == "<|user|>hi<|end|>"
    assert (ids[0], ids[-1]) == (0, 2)


def test_an_embedding_may_have_rows_that_have_no_text(tmp_path, capsys, monkeypatch):
    library = save_tokenizer(tmp_path, 270)
    the, cat = library.encode("the").ids, library.encode(" cat").ids
    save_hf(make_chain([*the, 800, *cat, 831, 2]), tmp_path)
    config = {"eos_token": "<|end|>"}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    loaded = load_pretrained(tmp_path, dtype=torch.float32)
    (answer,) = generate(loaded.model, [the], 20, stop=loaded.stop_ids)
    assert answer == [800, *cat, 831]
    assert loaded.tokenizer.decode(answer) == " cat"
    alone = load_tokenizer(tmp_path)  # config.json says how many rows there are
    assert alone.decode(answer) == alone.decode(torch.tensor(answer)) == " cat"
    assert Tokenizer.from_file(str(tmp_path / "tokenizer.json")).decode(answer) == "Ġcat"
    for wrong in (832, -1):
        with pytest.raises(ValueError, match=f"id {wrong} is not in this vocabulary of 270"):
            loaded.tokenizer.decode([wrong])
    monkeypatch.setattr("sys.stdin", io.StringIO())
    settings = ["--model", str(tmp_path), "--dtype", "fp32", "--max-new-tokens", "20"]
    app(["complete", "the", *settings], standalone_mode=False)
    assert capsys.readouterr().out == "the cat\n"


def test_a_gguf_embedding_may_have_rows_that_have_no_text(tmp_path):
    library = save_tokenizer(tmp_path, 270)
    the, cat = library.encode("the").ids, library.encode(" cat").ids
    model = make_chain([*the, 800, *cat, 2])
    kinds = [*[CONTROL] * 3, *[NORMAL] * 267, NORMAL]
    write_gguf(tmp_path / "a.gguf", model, library, kinds, {"eos": 2})
    loaded = load_pretrained(tmp_path / "a.gguf", dtype=torch.float32)
    (answer,) = generate(loaded.model, [the], 20, stop=loaded.stop_ids)
    assert answer == [800, *cat]
    assert loaded.tokenizer.decode(answer) == " cat"


def test_a_gguf_file_needs_no_suffix(tmp_path):
    library = save_tokenizer(tmp_path, 270)
    kinds = [*[CONTROL] * 3, *[NORMAL] * 267, NORMAL]
    write_gguf(tmp_path / "a.gguf", make_chain([1, 2]), library, kinds, {"eos": 2})
    blob = (tmp_path / "a.gguf").rename(tmp_path / "sha256-6a0746a1ec1aef")
    assert load_pretrained(blob, dtype=torch.float32).tokenizer.decode([2]) == "<|end|>"


NEAR = {
    "adapter_config.json": "it is an adapter: merge it into its model",
    "model_index.json": "it is a pipeline of several models",
    "a.gguf": "it is a folder of GGUF files: name one of them",
    "snapshots": "it is a folder of Hugging Face's cache: name the one in its snapshots",
    "original/params.json": "name its folder `original`",
    "models--a--b/refs": "it is Hugging Face's cache: name the folder in the snapshots of",
    "manifests": "it is Ollama's store: name the largest file in its blobs",
    "mlc-chat-config.json": "it is a model of MLC",
    "zero_to_fp32.py": "it is a checkpoint of DeepSpeed",
    "checkpoint-500/config.json": "it is a folder of checkpoints: name one of those in it",
    "tokenizer.json": "it is a tokenizer without a model",
    "model.onnx": "it is an ONNX model",
    "pytorch_model.bin": "it is pickled weights without a config",
    "model.safetensors": "it is safetensors without their config.json: fetch that as well",
    "consolidated.00.pth": "it is Meta's weights without their params.json",
}


@pytest.mark.parametrize("name", NEAR)
def test_a_folder_that_is_nearly_a_checkpoint_says_what_it_is(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    with pytest.raises(
        ValueError, match=r"no folder with config\.json .*or params\.json"
    ) as caught:
        load_pretrained(tmp_path)
    assert NEAR[name] in str(caught.value)


@pytest.mark.parametrize("name, content, message", [
    ("model.safetensors", b"\x08\0\0\0\0\0\0\0{}      ", "it is one of several files: name"),
    ("m.bin", b"PK\3\4", "it is a zip archive, as PyTorch's pickled weights are"),
    ("m", b"version https://git-lfs.github.com/spec/v1", "it is a git-lfs pointer"),
    ("m.gguf", b"<!doctype html>", "it is a web page"),
    ("m.gguf", b"tjgg" + bytes(20), "it is a GGJT file, older than GGUF"),
])  # fmt: skip
def test_a_file_that_is_no_checkpoint_says_what_it_is(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=name) as caught:
        load_pretrained(tmp_path / name)
    assert message in str(caught.value)


def test_names_of_another_kind_are_told():
    for name in (None, 3, ["a"], b"a"):
        with pytest.raises(ValueError, match="a path must be a text or a Path, got"):
            load_pretrained(name)


def test_mistakes_with_a_loaded_model_are_told(folder):
    loaded = load_pretrained(folder, dtype=torch.float32)
    loaded.tokenizer.chat_template = TEMPLATE
    for text in (None, 3, ["the cat"], b"the cat", torch.tensor([1])):
        with pytest.raises(ValueError, match="text must be one str, got"):
            loaded.text_ids(text)
        with pytest.raises(ValueError, match="text must be one str, got"):
            loaded.tokenizer.encode(text)
    with pytest.raises(ValueError, match="messages must be a list, such as"):
        loaded.chat_ids("the cat")


def test_the_opening_token_of_a_tokenizer_json_alone_opens_a_text(folder):
    spec = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    oracle = Tokenizer.from_str(json.dumps(spec))
    oracle.post_processor = processors.TemplateProcessing(
        single="<|assistant|> $A", special_tokens=[("<|assistant|>", 1)]
    )
    oracle.save(str(folder / "tokenizer.json"))
    loaded = load_pretrained(folder, dtype=torch.float32)
    assert loaded.text_ids("the cat") == oracle.encode("the cat").ids
    assert loaded.text_ids("") == oracle.encode("").ids == [1]


@pytest.mark.parametrize("opens", [False, True])
@pytest.mark.parametrize("config", [
    {}, {"add_bos_token": True}, {"add_bos_token": False}, {"add_bos_token": None},
    {"add_eos_token": False}, {"bos_token": None},
])  # fmt: skip
def test_whether_a_text_is_opened_is_as_in_transformers(folder, opens, config):
    library = Tokenizer.from_file(str(folder / "tokenizer.json"))
    if opens:
        library.post_processor = processors.TemplateProcessing(
            single="<|user|> $A", special_tokens=[("<|user|>", 0)]
        )
        library.save(str(folder / "tokenizer.json"))
    named = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|user|>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(named | config), encoding="utf-8")
    expected = transformers.AutoTokenizer.from_pretrained(folder)("the cat").input_ids
    assert load_pretrained(folder, dtype=torch.float32).text_ids("the cat") == expected
