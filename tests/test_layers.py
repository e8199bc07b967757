"""The plan of the packages, kept by reading the code: who imports whom, and that no circle comes of it."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "spotdiff"
FILES = sorted(PACKAGE.rglob("*.py"))
LAYERS = (
    {
        "errors",
        "types",
        "params",
        "plugins",
        "options",
        "presets",
        "atomic_write",
        "clock",
        "cluster",
        "file_lock",
        "http_deadline",
        "http_delivery",
        "language",
        "output_files",
    },
    {"image", "align", "light", "regions", "metrics", "database"},
    {"data", "video"},
    {"nets"},
    {"methods", "describe", "report"},
    {"verdict", "swap_symmetry", "history", "cache_key", "page_by_page"},
    {"pipeline"},
    {"evaluate", "batching", "export", "testing", "timelapse", "watching", "server", "client"},
    {"train"},
    {"cli"},
)
WITHIN = {  # who may use whom inside one layer
    "words": {
        ("cluster", "errors"),
        ("http_delivery", "errors"),
        ("http_delivery", "http_deadline"),
        ("language", "errors"),
        ("language", "types"),
        ("options", "errors"),
        ("options", "params"),
        ("options", "presets"),
        ("options", "types"),
        ("output_files", "errors"),
        ("params", "errors"),
        ("presets", "errors"),
        ("presets", "params"),
        ("plugins", "errors"),
    },
    "hands": {("regions", "align"), ("metrics", "image"), ("align", "image"), ("light", "image")},
    "work": {("evaluate", "batching"), ("evaluate", "watching"), ("server", "batching"), ("server", "watching")},
}
START = {
    "__init__",
    "__main__",
    "quick_identity",
}  # `__main__` is the entry point; `quick_identity` imports nothing of the project


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def module(path: Path) -> str:
    parts = ("spotdiff", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(part for part in parts if part != "__init__")


MODULES = {module(path) for path in FILES}


def imports_of(path: Path) -> list[tuple[int, str, bool]]:
    """(line, module of the project, only for type checking) of every import anywhere in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    checking = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            names = (
                inside
                if node.module == "spotdiff"
                else sorted({n if n in MODULES else str(node.module) for n in inside})
            )
        found += [(node.lineno, name, id(node) in checking) for name in names]
    return [entry for entry in found if entry[1].split(".")[0] == "spotdiff"]


def layer_of(name: str) -> int | None:
    return next((number for number, names in enumerate(LAYERS) if name in names), None)


@pytest.mark.parametrize("path", FILES, ids=module)
def test_imports_go_only_upward(path):
    here = room(path)
    if here in START:
        return
    own, wrong = layer_of(here), []
    assert own is not None, f"{here} has no place in the layers"
    for line, name, typing_only in imports_of(path):
        there = name.split(".")[1] if "." in name else "__init__"
        other = layer_of(there)
        if there == here or other is None or other < own:
            continue
        allowed = {pair for pairs in WITHIN.values() for pair in pairs}
        if other > own or ((here, there) not in allowed and not (typing_only and own == 0)):
            wrong.append(f"{path.name}:{line} imports {name}")
    assert not wrong


def test_no_module_imports_itself_through_others():
    """Among the imports that run, wherever they stand in a file; a package stands for its `__init__` alone."""
    graph: dict[str, set[str]] = {}
    for path in FILES:
        imported = {name for _, name, typing_only in imports_of(path) if not typing_only}
        graph[module(path)] = {name if name in MODULES else name.rpartition(".")[0] for name in imported} & MODULES
    order = TopologicalSorter(graph)
    try:
        order.prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_every_room_has_its_place():
    rooms = {room(path) for path in FILES} - START
    assert rooms <= set().union(*LAYERS)


@pytest.mark.parametrize("path", [p for p in FILES if room(p) == "methods" and p.stem != "__init__"], ids=module)
def test_methods_do_not_know_each_other(path):
    public = {f"spotdiff.methods.{p.stem}" for p in (PACKAGE / "methods").glob("*.py") if not p.stem.startswith("_")}
    assert not {name for _, name, _ in imports_of(path)} & (public - {module(path)})


def test_what_starts_fast_imports_nothing_of_the_house():
    assert imports_of(PACKAGE / "quick_identity.py") == []
    assert all(typing_only for _, _, typing_only in imports_of(PACKAGE / "__init__.py"))


@pytest.mark.parametrize("path", FILES, ids=module)
def test_the_library_neither_prints_nor_leaves_notes_to_itself(path):
    text = path.read_text(encoding="utf-8")
    calls = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "print"]
    assert not calls
    assert not [word for word in ("TODO", "FIXME", "XXX", "HACK") if word in text]
    assert not any(isinstance(node, ast.Global) for node in ast.walk(ast.parse(text)))


@pytest.mark.parametrize("path", FILES, ids=module)
def test_heavy_packages_that_are_not_ours_stay_out(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module).split(".")[0])
    assert not names & {"scipy", "skimage", "pandas", "requests", "sklearn", "torchvision"}
    assert "matplotlib" not in names or path.relative_to(PACKAGE).as_posix() == "report/plots.py"
    if room(path) not in {"nets", "train", "export"}:
        assert not names & {"torch", "timm", "accelerate", "safetensors", "onnx", "onnxscript"}


@pytest.mark.parametrize("path", FILES, ids=module)
def test_every_file_says_what_it_is_for(path):
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert doc
    assert doc.partition("\n")[0].endswith((".", "?", ":"))
