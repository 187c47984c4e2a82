"""Imports point down only: the order in which the package can be read is the order it runs in."""

import ast
from collections import defaultdict
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

import llama_edu

ROOT = Path(llama_edu.__file__).parent

# From the bottom up: a module or package may import from the layers below its own, and from
# inside itself. Whatever is new must be given its place here.
LAYERS = (
    {"reading", "writing"},
    {"config", "gguf_file", "one_page"},
    {"data", "tokenizer", "model", "footprint", "plots"},
    {"weights", "generate"},
    {"pretrained", "evaluate"},
    {"assistant", "serve"},
    {"train"},
    {"compress"},
    {"finetune"},
    # Above this line is the course, which the model knows nothing of.
    {"course"},
    {"grading"},
    {"cli"},
    {"__main__"},
)
# These may import less than their height allows.
NARROW = {
    "data": {"gguf_file"}, "tokenizer": {"gguf_file", "reading"}, "model": {"config"},
    "one_page": set(), "config": set(),
}  # fmt: skip
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc"}


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def module_files(root: Path = ROOT) -> dict[str, Path]:
    return {module_name(path, root): path for path in sorted(root.rglob("*.py"))}


def imports(module: str, files: dict[str, Path]) -> set[str]:
    """Every module of ours that one imports, inside functions and for types as well."""
    path, found = files[module], set()
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            source = resolve_name("." * node.level + (node.module or ""), package)
            inside = {f"{source}.{alias.name}" for alias in node.names}
            submodules = inside & files.keys()
            found |= submodules
            if submodules != inside:  # some of the names are not modules, so they are its own
                found.add(source)
    return {name for name in found if name.split(".")[0] == "llama_edu"}


def part(module: str) -> str:
    """`llama_edu.model.rope` -> `model`."""
    return module.partition(".")[2].partition(".")[0]


def allowed(name: str) -> set[str]:
    height = next(i for i, layer in enumerate(LAYERS) if name in layer)
    return NARROW.get(name, set().union(*LAYERS[:height])) | {name, ""}


def upward_imports(module: str, files: dict[str, Path]) -> set[str]:
    return {name for name in imports(module, files) if part(name) not in allowed(part(module))}


def cycle(files: dict[str, Path]) -> list[str] | None:
    return find_cycle({module: imports(module, files) - {module} for module in files})


def sibling_cycles(files: dict[str, Path]) -> list[list[str]]:
    """The circles among what stands side by side in a folder, a package counting as a whole.

    Modules may be free of circles where packages are not: a.x -> b.x and b.y -> a.y.
    """
    folders = defaultdict(lambda: defaultdict(set))
    for module in files:
        for imported in imports(module, files):
            names, others = module.split("."), imported.split(".")
            for depth, (name, other) in enumerate(zip(names, others, strict=False)):
                if name != other:
                    folder = ".".join(names[:depth])
                    folders[folder][f"{folder}.{name}"].add(f"{folder}.{other}")
                    break
    return [found for graph in folders.values() if (found := find_cycle(graph))]


def find_cycle(graph: Mapping[str, set[str]]) -> list[str] | None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return None


@pytest.fixture
def invented(tmp_path):
    """A function that writes modules from their text, as a package of our name."""

    def write(texts: dict[str, str]) -> dict[str, Path]:
        for name, text in texts.items():
            path = tmp_path / "llama_edu" / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return module_files(tmp_path / "llama_edu")

    return write


def test_every_module_has_its_layer():
    parts = {part(module) for module in module_files()} - {""}
    assert len(parts) > 5
    assert parts <= set().union(*LAYERS), "give the new module its place in LAYERS"


def test_no_module_has_two_layers():
    assert sum(map(len, LAYERS)) == len(set().union(*LAYERS))


@pytest.mark.parametrize("module", [module for module in module_files() if part(module)])
def test_imports_point_down(module):
    assert not upward_imports(module, module_files())


def test_the_package_itself_imports_nothing_of_ours():
    assert not imports("llama_edu", module_files())


def test_no_import_cycle():
    assert cycle(module_files()) is None


def test_no_two_parts_of_a_folder_import_each_other():
    assert sibling_cycles(module_files()) == []


def test_files_of_vocabularies_know_no_tokenizer():
    """What the tokenizers load and save with stands below them, not beside them in a circle."""
    files, package = module_files(), "llama_edu.tokenizer"
    formats = [module for module in files if module.startswith(f"{package}.formats.")]
    assert len(formats) > 5
    tokenizers = {f"{package}.{name}" for name in ("bpe", "spm", "sentencepiece_bpe", "load")}
    assert not [module for module in formats if tokenizers & imports(module, files)]


def test_no_module_has_a_name_that_says_nothing():
    assert not [name for name in module_files() if VAGUE & set(name.split("."))]


@pytest.mark.parametrize("text", [
    "import llama_edu.train",
    "from llama_edu.train import trainer",
    "from llama_edu import train",
    "from .. import train",
    "from ..train.trainer import fit",
    "def later():\n    from llama_edu.train import trainer",
    "if TYPE_CHECKING:\n    from llama_edu.train import trainer",
])  # fmt: skip
def test_an_upward_import_is_found(invented, text):
    files = invented({"model/rope": text, "train/__init__": "", "train/trainer": ""})
    assert {part(name) for name in upward_imports("llama_edu.model.rope", files)} == {"train"}


def test_narrow_parts_may_not_import_a_lower_layer(invented):
    files = invented({"data/clean": "from llama_edu.config import ModelConfig", "config": ""})
    assert upward_imports("llama_edu.data.clean", files) == {"llama_edu.config"}


def test_a_cycle_is_found_even_inside_functions(invented):
    files = invented({"a": "import llama_edu.b", "b": "def f():\n    from llama_edu import a"})
    assert set(cycle(files)) == {"llama_edu.a", "llama_edu.b"}


def test_an_import_for_types_alone_closes_a_cycle(invented):
    files = invented({"a": "import llama_edu.b", "b": "if TYPE_CHECKING:\n    import llama_edu.a"})
    assert set(cycle(files)) == {"llama_edu.a", "llama_edu.b"}


@pytest.mark.parametrize("texts", [
    {"a/x": "import llama_edu.b.x", "b/x": "", "b/y": "from llama_edu.a import y", "a/y": ""},
    {"a/x": "from ..b import x", "b/x": "", "b/y": "def f():\n    from ..a.y import g", "a/y": ""},
    {"a": "from llama_edu.b.x import f", "b/x": "", "b/y": "import llama_edu.a"},
])  # fmt: skip
def test_a_circle_of_packages_is_found_where_modules_have_none(invented, texts):
    files = invented(texts)
    assert cycle(files) is None
    (found,) = sibling_cycles(files)
    assert set(found) == {"llama_edu.a", "llama_edu.b"}


def test_a_circle_round_three_wings_is_found_at_its_depth(invented):
    files = invented({
        "course/one/x": "from llama_edu.course.two import x",
        "course/two/x": "", "course/two/y": "from llama_edu.course import three",
        "course/three": "from llama_edu.course.one import y", "course/one/y": "",
    })  # fmt: skip
    (found,) = sibling_cycles(files)
    assert set(found) == {f"llama_edu.course.{name}" for name in ("one", "two", "three")}


def test_a_package_may_import_from_its_own_modules(invented):
    files = invented({"a/__init__": "from llama_edu.a.x import f", "a/x": "import llama_edu.a.y",
                      "a/y": "", "b": "from llama_edu.a import x"})  # fmt: skip
    assert sibling_cycles(files) == []
