"""A training: the verb `train` on the weights that ship, then `export`, so that nothing else needs torch."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from spotdiff.errors import MissingExtra
from spotdiff.server.learn.run_files import read_json, read_table
from spotdiff.server.learn.weights import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FEWEST = 4  # labelled pairs that `train` learns from
_MOST_SAMPLES = 12


def check_packages() -> None:
    """Raise a MissingExtra where what trains is not installed."""
    for package in ("torch", "matplotlib"):
        if find_spec(package) is None:
            raise MissingExtra(package, extra="train")


def verbs(folder: Path, settings: Mapping[str, Any], data: Path, pairs: Path) -> list[tuple[str, ...]]:
    """What is done, one after the other, as it would be typed; `steps` of the settings is 0 for the recipe's own."""
    run = str(folder / "run")
    steps = ("--steps", str(settings["steps"])) if settings["steps"] else ()
    train = ("train", "spot", "--data", str(pairs), "--from", "shipped", "--out", run, *steps)
    return [
        (*train, "--threads", "1", "--progress", str(folder / "progress.json"), "--quiet"),
        ("export", run, "--out", str(folder / WEIGHTS)),
    ]


def details(folder: Path) -> dict[str, Any]:
    """How far it has come, its journal, and the figures before and after."""
    run = folder / "run"
    return {
        "progress": read_json(folder / "progress.json"),
        "journal": read_table(run / "journal.csv"),
        "result": (read_json(run / "run.json") or {}).get("result"),
    }


def files(folder: Path) -> dict[str, list[Path]]:
    """Pictures of predictions on held-out pairs, the last ones."""
    return {"samples": sorted((folder / "run" / "samples").glob("*.png"))[-_MOST_SAMPLES:]}
