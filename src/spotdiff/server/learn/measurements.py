"""A measurement: the verb `evaluate` with several methods, on what people corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spotdiff.server.learn.run_files import read_table
from spotdiff.server.learn.weights import WEIGHTS, run_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FEWEST = 1  # labelled pairs


def check_packages() -> None:
    """Nothing but the base is needed."""


def verbs(folder: Path, settings: Mapping[str, Any], data: Path, pairs: Path) -> list[tuple[str, ...]]:
    """What is done, as it would be typed: on pairs, `methods` of the settings, then spot with what was learned."""
    learned = [f"spot={run_folder(data, training) / WEIGHTS}" for training in settings["trainings"]]
    methods = [word for method in (*settings["methods"], *learned) for word in ("--method", method)]
    out = ("--out", str(folder / "measured"), "--workers", "1", "--quiet")
    return [("evaluate", str(pairs), *methods, *out)]


def details(folder: Path) -> dict[str, Any]:
    """The table: a row a method, figures by their names."""
    return {"table": read_table(folder / "measured" / "compare.csv")}


def files(folder: Path) -> dict[str, list[Path]]:
    """Curves of precision against recall, one for each map that has any."""
    return {"charts": sorted((folder / "measured").glob("precision_recall_*.svg"))}
