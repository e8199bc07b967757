"""`evaluate --events` and `evaluate --frames`: a watch on labelled clips, background models on labelled frames."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spotdiff.atomic_write import write_whole
from spotdiff.cli._terminal import say_table
from spotdiff.errors import DataError

if TYPE_CHECKING:
    from spotdiff.evaluate.events import Clip
    from spotdiff.evaluate.tables import Table
    from spotdiff.options import Options


def measure_events(
    data: Sequence[str], options: Options, *, out: str | None, json_to: str | None, workers: int | None, quiet: bool
) -> int:
    """Watch every clip, print the table of events, write figures and what was told of each clip; 0.

    Raises:
        DataError: there are no clips with their truth.
    """
    from spotdiff.cli._progress_bar import watched
    from spotdiff.evaluate.events import event_table, read_clips, summed

    clips = [clip for folder in data for clip in read_clips(folder)]
    done = list(watched(_in_processes(clips, options, workers), len(clips), unit="clips", quiet=quiet))
    figures = _json(asdict(summed(done)) | {"each": [asdict(clip) for clip in done]})
    _write(event_table({"spotdiff": done}), figures, "events", out=out, json_to=json_to, quiet=quiet)
    return 0


def measure_frames(data: Sequence[str], *, out: str | None, json_to: str | None, quiet: bool) -> int:
    """Let every background model watch every film, print the table, write the figures; 0.

    Raises:
        DataError: there is no film with a truth, or two would be told apart by nothing.
    """
    from spotdiff.cli._progress_bar import watched
    from spotdiff.evaluate.frames import MODELS, find_films, frame_table, score_film

    films = [film.resolve() for folder in data for film in find_films(folder)]
    names = [film.name for film in films]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"two films are named {twice[0]}; rename one folder, or evaluate them one by one")
    tasks = [(film, model) for film in films for model in MODELS]
    made = ((film.name, model, score_film(film, model)) for film, model in tasks)
    rows = {(film, model): figures for film, model, figures in watched(made, len(tasks), unit="films", quiet=quiet)}
    figures = _json([{"film": film, "model": model} | asdict(f) for (film, model), f in rows.items()])
    _write(frame_table(rows), figures, "frames", out=out, json_to=json_to, quiet=quiet)
    return 0


def _in_processes(
    clips: Sequence[tuple[Path, Mapping[str, Any]]], options: Options, workers: int | None
) -> Iterator[Clip]:
    films, truths = zip(*clips, strict=True)
    count = min(os.cpu_count() or 1 if workers is None else workers, len(clips))
    if count <= 1:
        yield from map(partial(_watch, options), films, truths)
        return
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        yield from pool.map(partial(_watch, options), films, truths)


def _watch(options: Options, film: Path, truth: Mapping[str, Any]) -> Clip:
    from spotdiff.evaluate.events import default_watcher, watch_clip

    return watch_clip(film, truth, default_watcher(options))


def _json(figures: object) -> str:
    from spotdiff.report.record import plain

    return json.dumps(plain(figures), indent=1, allow_nan=False)


def _write(table: Table, figures: str, name: str, *, out: str | None, json_to: str | None, quiet: bool) -> None:
    from spotdiff.evaluate.tables import aligned

    if out:
        write_whole(Path(out) / f"{name}.json", figures.encode())
    if json_to == "-":
        click.echo(figures)
    elif json_to:
        write_whole(Path(json_to), figures.encode())
    if not quiet and json_to != "-":
        title, heads, *rows = aligned(table)
        say_table(title, heads, rows)
