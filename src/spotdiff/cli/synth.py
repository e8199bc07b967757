"""Make labelled pairs, or films, from photographs and cut-outs, or from nothing."""

from __future__ import annotations

import os
import time
from collections import Counter
from typing import TYPE_CHECKING

import click

from spotdiff.cli._options import setting_of
from spotdiff.cli._terminal import say
from spotdiff.errors import OptionError

if TYPE_CHECKING:
    from spotdiff.data.synth.clips.write import WrittenClip
    from spotdiff.data.synth.write_pairs import WrittenPair

_SMALLEST = 64  # pixels
_ALONE = 64  # pairs that are not worth starting processes for


@click.command()
@click.option(
    "--photos", metavar="DIR|FILE.txt", help="photographs: a folder, or a list of files; default: drawn scenes"
)
@click.option("--cutouts", metavar="DIR|FILE.txt", help="cut-outs with transparency, in a folder for each class")
@click.option("--views", metavar="DIR", help="pictures of fixed cameras, in a folder for each camera")
@click.option("--out", metavar="DIR", help="write them into this folder")
@click.option("--count", default=100, show_default=True, metavar="N", help="pairs, or clips")
@click.option("--size", type=int, metavar="PX", help="side of the pictures  [default: the recipe's]")
@click.option("--seed", default=0, show_default=True, metavar="S", help="another seed gives others")
@click.option(
    "--recipe",
    default="default",
    show_default=True,
    metavar="NAME",
    help="default, aligned, free, captions or plain; clips for films",
)
@click.option("--set", "settings", multiple=True, metavar="FIELD=VALUE", help="a field of the recipe")
@click.option("--workers", type=click.IntRange(0), metavar="N", help="processes; default: one a processor")
@click.option("--quiet", "-q", is_flag=True, help="say nothing")
def command(
    photos: str | None,
    cutouts: str | None,
    views: str | None,
    out: str | None,
    count: int,
    size: int | None,
    seed: int,
    recipe: str,
    settings: tuple[str, ...],
    workers: int | None,
    quiet: bool,  # noqa: FBT001 (click passes by name)
) -> None:
    """Make labelled pairs, or films, from photographs and cut-outs, or from nothing.

    Things are put into one picture of a pair (added, removed), into both at other places (moved) or in one another's
    stead (replaced). Light, shadows, camera, noise and compression differ too, and are no change. The folder can be
    given to `evaluate` and `train`; contact.png in it shows some of the pairs. Started again, it goes on.

    With --recipe clips: films of a place where things are left, taken or moved while people pass and light changes.

    \b
    Example: spotdiff synth --photos PHOTOS --cutouts CUTOUTS --out PAIRS --count 2000 --seed 1
    """  # noqa: D301 (click wants the character itself)
    from spotdiff.cli._progress_bar import watched
    from spotdiff.data.synth import Materials, Synthesis, get_pair_recipe
    from spotdiff.data.synth.write_pairs import write_pairs

    _check(out, count, size, seed)
    if recipe == "clips":
        if size is not None:
            raise OptionError("clips are not square: --set width=PX --set height=PX instead of --size")
        if views:
            raise OptionError("--views is for pairs; clips are filmed from photographs and drawn scenes")
        _make_clips(photos, cutouts, str(out), count, seed=seed, settings=settings, workers=workers, quiet=quiet)
        return
    changes = dict(map(setting_of, settings)) | ({} if size is None else {"size": size})
    source = Synthesis(get_pair_recipe(recipe, changes), Materials.open(photos, cutouts, views), seed)
    if workers is None:
        workers = 0 if count <= _ALONE else os.cpu_count() or 1
    start = time.perf_counter()
    done = list(watched(write_pairs(source, str(out), count, workers=workers), count, unit="pairs", quiet=quiet))
    if not quiet:
        say(_pair_summary(done, str(out), time.perf_counter() - start))


def _check(out: str | None, count: int, size: int | None, seed: int) -> None:
    if not out:
        raise OptionError("synth needs a folder to write into: --out DIR")
    if count < 1:
        raise OptionError(f"--count takes 1 or more, not {count}")
    if size is not None and size < _SMALLEST:
        raise OptionError(f"--size takes {_SMALLEST} px or more, not {size}")
    if seed < 0:
        raise OptionError(f"--seed takes 0 or more, not {seed}")


def _pair_summary(done: list[WrittenPair], out: str, seconds: float) -> str:
    kinds = Counter(kind for written in done for kind in written.kinds)
    changed = sum(bool(written.kinds) for written in done)
    fresh = sum(written.fresh for written in done)
    there = f"; {len(done) - fresh} were there already" if fresh < len(done) else ""
    counts = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    rate = f" ({fresh / max(seconds, 1e-9):.0f} a second)" if fresh else ""
    lines = [
        f"Made {fresh} pairs{rate}{there}.",
        f"{changed} of {len(done)} pairs are changed{': ' + counts if counts else ''}.",
        f"Wrote {out}; see {os.path.join(out, 'contact.png')}",  # noqa: PTH118 (as it was typed)
    ]
    return "\n".join(lines)


def _make_clips(
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
    from spotdiff.cli._progress_bar import watched
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
        say(_clip_summary(done, out, time.perf_counter() - start))


def _clip_summary(done: list[WrittenClip], out: str, seconds: float) -> str:
    fresh = sum(clip.fresh for clip in done)
    there = f"; {len(done) - fresh} were there already" if fresh < len(done) else ""
    rate = f" ({sum(clip.seconds for clip in done if clip.fresh) / max(seconds, 1e-9):.0f} s of film a second)"
    kinds = Counter(kind for clip in done for kind in clip.events)
    classes = Counter(clip.scenario for clip in done)
    events = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items())) or "none"
    scenarios = ", ".join(f"{number} {name}" for name, number in sorted(classes.items()))
    lines = [
        f"Made {fresh} clips{rate if fresh else ''}{there}.",
        f"Clips: {scenarios}. Events: {events}.",
        f"Wrote {out}; see {os.path.join(out, 'contact.png')}",  # noqa: PTH118 (as it was typed)
    ]
    return "\n".join(lines)
