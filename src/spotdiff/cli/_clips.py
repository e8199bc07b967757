"""`synth --recipe clips`: made films instead of pairs."""

from __future__ import annotations

import os
import time
from collections import Counter
from typing import TYPE_CHECKING

import click

from spotdiff.cli._options import setting_of

if TYPE_CHECKING:
    from spotdiff.data.synth.clips.write import WrittenClip


def make_clips(
    photos: str | None,
    cutouts: str | None,
    out: str,
    count: int,
    *,
    seed: int,
    settings: tuple[str, ...],
    workers: int | None,
    quiet: bool,
) -> None:
    """Write the clips that were asked for, and say how many there are of each kind.

    Raises:
        SpotdiffError: an option, a material or the folder cannot be used, or PyAV is missing.
    """
    from spotdiff.cli._progress import watched
    from spotdiff.data.synth import Materials
    from spotdiff.data.synth.clips import get_clip_recipe, write_clips

    recipe = get_clip_recipe(dict(map(setting_of, settings)))
    materials = Materials.open(photos, cutouts)
    if workers is None:
        workers = min(os.cpu_count() or 1, count) if count > 1 else 0
    start = time.perf_counter()
    making = write_clips(recipe, materials, out, count, seed=seed, workers=workers)
    done = list(watched(making, count, unit="clips", quiet=quiet))
    if not quiet:
        click.echo(_told(done, out, time.perf_counter() - start))


def _told(done: list[WrittenClip], out: str, seconds: float) -> str:
    fresh = sum(clip.fresh for clip in done)
    there = f"; {len(done) - fresh} were there already" if fresh < len(done) else ""
    rate = f" ({sum(clip.seconds for clip in done if clip.fresh) / max(seconds, 1e-9):.0f} s of film a second)"
    kinds = Counter(kind for clip in done for kind in clip.events)
    classes = Counter(clip.scenario for clip in done)
    said = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items())) or "none"
    shown = ", ".join(f"{number} {name}" for name, number in sorted(classes.items()))
    lines = [
        f"Made {fresh} clips{rate if fresh else ''}{there}.",
        f"Clips: {shown}. Events: {said}.",
        f"Wrote {out}; see {os.path.join(out, 'contact.png')}",  # noqa: PTH118 (as it was typed)
    ]
    return "\n".join(lines)
