"""The plan of the packages, kept by reading the code: who imports whom, and that no circle comes of it."""

from __future__ import annotations

import ast
from functools import cache
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
        "ray_cluster",
        "csv_cells",
        "end_with_parent",
        "file_lock",
        "http_deadline",
        "http_delivery",
        "input_files",
        "language",
        "output_files",
        "shown_text",
        "verb_process",
    },
    {"image", "align", "light", "sharpness", "regions", "metrics", "database"},
    {"data", "video"},
    {"nets"},
    {"methods", "describe", "report"},
    {"verdict", "swap_symmetry", "history", "cache_key", "page_by_page"},
    {"window_by_window"},
    {"pipeline"},
    {"evaluate", "batching", "export", "testing", "timelapse", "watching", "server", "client"},
    {"train"},
    {"cli"},
)
WITHIN = {  # who may use whom inside one layer
    "words": {
        ("ray_cluster", "errors"),
        ("http_delivery", "errors"),
        ("http_delivery", "http_deadline"),
        ("input_files", "errors"),
        ("language", "errors"),
        ("language", "input_files"),
        ("language", "types"),
        ("options", "errors"),
        ("options", "params"),
        ("options", "presets"),
        ("options", "types"),
        ("output_files", "errors"),
        ("params", "errors"),
        ("presets", "errors"),
        ("verb_process", "end_with_parent"),
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


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    return list(ast.walk(parsed(path)))


@cache
def imports_of(path: Path) -> list[tuple[int, str, bool]]:
    """(line, module of the project, only for type checking) of every import anywhere in a file."""
    checking = {
        id(inner)
        for node in nodes_of(path)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = []
    for node in nodes_of(path):
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


def test_imports_go_only_upward():
    wrong = []
    allowed = {pair for pairs in WITHIN.values() for pair in pairs}
    for path in FILES:
        here = room(path)
        if here in START:
            continue
        own = layer_of(here)
        assert own is not None, f"{here} has no place in the layers"
        for line, name, typing_only in imports_of(path):
            there = name.split(".")[1] if "." in name else "__init__"
            other = layer_of(there)
            if there == here or other is None or other < own:
                continue
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


def test_the_library_neither_prints_nor_leaves_notes_to_itself():
    for path in FILES:
        text, nodes = path.read_text(encoding="utf-8"), nodes_of(path)
        assert not [n for n in nodes if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "print"], path
        assert not [word for word in ("TODO", "FIXME", "XXX", "HACK") if word in text], path
        assert not any(isinstance(node, ast.Global) for node in nodes), path


def test_heavy_packages_that_are_not_ours_stay_out():
    for path in FILES:
        names = set()
        for node in nodes_of(path):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(str(node.module).split(".")[0])
        assert not names & {"scipy", "skimage", "pandas", "requests", "sklearn", "torchvision"}, path
        if names & {"rasterio", "affine"}:
            assert path.stem in {"geotiff", "large_file", "common_grid", "geo_regions", "geojson", "mask_tif"}
        if names & {"pydicom", "highdicom"}:
            assert path.stem in {"dicom", "dicom_series", "dicom_seg"}
        assert "matplotlib" not in names or path.relative_to(PACKAGE).as_posix() == "report/plots.py", path
        if room(path) not in {"nets", "train", "export"}:
            assert not names & {"torch", "timm", "accelerate", "safetensors", "onnx", "onnxscript"}, path


def test_every_file_says_what_it_is_for():
    for path in FILES:
        doc = ast.get_docstring(parsed(path))
        assert doc, path
        assert doc.partition("\n")[0].endswith((".", "?", ":")), path
