"""Train a network on made pairs, on labelled pairs, or on both."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from spotdiff.cli._options import setting_of
from spotdiff.cli._terminal import say
from spotdiff.errors import MissingExtra, OptionError
from spotdiff.output_files import check_outputs, file_identities, file_identity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotdiff.train.captions.run import CaptionRun
    from spotdiff.train.loop import Progress
    from spotdiff.train.recipe import Recipe
    from spotdiff.train.run import Run


@click.command()
@click.argument("recipe", metavar="RECIPE")
@click.option(
    "--data", multiple=True, metavar="DIR", help="labelled pairs, or material (photos/, cutouts/); repeatable"
)
@click.option("--out", required=True, metavar="RUN", help="folder of the run; one that was stopped is gone on with")
@click.option("--steps", type=click.IntRange(1), metavar="N", help="optimiser steps; default: the recipe's")
@click.option("--from", "weights", metavar="WEIGHTS", help="go on from these, or `shipped`; what is left is no worse")
@click.option("--set", "changes", multiple=True, metavar="FIELD=VALUE", help="change the recipe, such as net.width=32")
@click.option("--workers", type=click.IntRange(0), default=0, metavar="N", help="processes that make the pairs")
@click.option("--threads", type=click.IntRange(0), default=0, metavar="N", help="threads that learn; 0 takes all")
@click.option(
    "--engine",
    type=click.Choice(("local", "ray")),
    default="local",
    show_default=True,
    help="ray: on a machine of the cluster of RAY_ADDRESS, or of this machine; RUN is kept here",
)
@click.option("--json", "json_to", metavar="FILE|-", help="write the figures before and after as JSON")
@click.option("--progress", "progress_to", metavar="FILE", help="keep there as JSON how far it is, a second old")
@click.option("--quiet", "-q", is_flag=True, help="say nothing")
def command(recipe: str, out: str, data: tuple[str, ...], **options: Any) -> int:  # noqa: ANN401 (the options above)
    """Train a network on made pairs, on labelled pairs, or on both.

    RECIPE is a name (spot, unet-a, unet-b, unet-c, siamese, fused, fc-siam-conc, fc-siam-diff) or a file: TOML, or the
    recipe.json of a run. A part of the pictures is held out and measured on; the weights with the best figures stay in
    RUN/weights.safetensors. Stopped at any time, the same command goes on from the last checkpoint.

    With --from, a quarter of the pairs is held out and goes through the whole flow of `compare` before the first step
    and after: the weights that are left are better on them than those it began with, or are those. RUN/report.md tells
    it.

    captioner, captioner-attention and captioner-regions learn to tell what changed. DIR is then a folder of captioned
    pairs from `spotdiff synth --recipe captions`, or spot-the-diff:PATH, clevr-change:PATH, image-editing-request:PATH.

    \b
    Example: spotdiff train spot --data yard --from shipped --out run
    """  # noqa: D301 (click wants the character itself)
    if not out:
        raise OptionError("train needs a folder for the run: --out RUN")
    _check_outputs(recipe, data, out, weights=options["weights"], json_to=options["json_to"])
    if options["engine"] == "ray":
        return _on_ray(recipe, out, data, options)
    try:
        from spotdiff.report.plots import require_plots
        from spotdiff.train.captions.recipe import CAPTION_RECIPES
        from spotdiff.train.run import leads, prepare, use_threads
    except ModuleNotFoundError as missing:
        raise MissingExtra(str(missing.name), extra="train") from None
    require_plots()
    use_threads(options["threads"])
    if recipe in CAPTION_RECIPES:
        run: Run | CaptionRun = _caption_run(recipe, data, out, options)
    else:
        run = prepare(_recipe(recipe, options), data, out, weights=options["weights"])
    quiet = options["quiet"] or not leads()
    if not quiet:
        _introduce(run, err=options["json_to"] == "-")
    to = options["progress_to"] if leads() else None
    validated = _train(run, workers=options["workers"], quiet=quiet, progress_to=to)
    if not quiet and options["json_to"] != "-":
        _conclude(run, validated)
    if options["json_to"] and leads():
        _write_json(run, validated, options["json_to"])
    return 0


def _on_ray(recipe: str, out: str, data: Sequence[str], options: dict[str, Any]) -> int:
    """The same verb on a machine of a cluster, whose run is kept in `out`."""
    from pathlib import Path

    from spotdiff.train.on_ray import train_on_ray

    for name, flag in (("json_to", "--json"), ("progress_to", "--progress")):
        if options[name]:
            raise OptionError(
                f"{flag} is written by --engine local alone; RUN/journal.csv and report.md tell the figures"
            )
    arguments = [recipe, *(text for folder in data for text in ("--data", folder))]
    arguments += [text for change in options["changes"] for text in ("--set", change)]
    for name, flag in (("steps", "--steps"), ("weights", "--from"), ("workers", "--workers"), ("threads", "--threads")):
        arguments += [flag, str(options[name])] if options[name] else []
    arguments += ["--quiet"] if options["quiet"] else []
    return train_on_ray(arguments, Path(out), threads=options["threads"] or 1, tell=say)


def _check_outputs(recipe: str, data: Sequence[str], out: str, *, weights: str | None, json_to: str | None) -> None:
    """Refuse to write over what is learned from or begun with.

    Raises:
        OptionError: it would happen.
    """
    folders = [folder.partition(":")[2] or folder for folder in data]
    if file_identity(out) in file_identities(folders):
        raise OptionError(f"--out {out} is a folder that is learned from; choose another")
    begun = [weights] if weights else []
    check_outputs([os.path.join(out, "weights.safetensors")], begun)  # noqa: PTH118 (as it was typed)
    check_outputs([json_to] if json_to else [], [recipe, *begun], folders=folders)


def _caption_run(name: str, data: tuple[str, ...], out: str, options: dict[str, Any]) -> CaptionRun:
    from spotdiff.train.captions.recipe import CAPTION_RECIPES, changed
    from spotdiff.train.captions.run import prepare_captions

    for option in ("weights", "steps", "workers"):
        if options[option]:
            flag = {"weights": "--from"}.get(option, f"--{option}")
            raise OptionError(f"{flag} is not for captioners; --set epochs=N says how long they learn")
    if not data:
        raise OptionError("a captioner needs captioned pairs: --data DIR, made by `spotdiff synth --recipe captions`")
    return prepare_captions(changed(CAPTION_RECIPES[name], dict(map(setting_of, options["changes"]))), data, out)


def _recipe(name: str, options: dict[str, Any]) -> Recipe:
    from spotdiff.train.recipe import changed, get_recipe
    from spotdiff.train.run import fine_tuned

    recipe = get_recipe(name)
    if options["weights"]:
        recipe = fine_tuned(recipe)
    changes: dict[str, object] = dict(setting_of(text) for text in options["changes"])
    if options["steps"]:
        changes["steps"] = options["steps"]
    return changed(recipe, changes)


def _introduce(run: Run | CaptionRun, *, err: bool) -> None:
    lines = [f"{run.recipe.net}, {run.facts.parameters:,} parameters, recipe {run.recipe.name}"]
    lines.append(
        f"learns from {run.training_data.description}; measured on {len(run.training_data.held_out)} held-out pairs"
    )
    if run.begun:
        lines.append(f"goes on from step {run.begun}")
    say("\n".join(lines), err=err)


def _train(run: Run | CaptionRun, *, workers: int, quiet: bool, progress_to: str | None) -> list[Progress]:
    """Train to the end; the progress at which something was measured."""
    from spotdiff.cli._progress_bar import ProgressFile, watched
    from spotdiff.evaluate.tables import shown

    seen = []
    left = run.steps - run.begun
    note = None if progress_to is None else ProgressFile(progress_to, run.steps, begun=run.begun)
    for progress in watched(run.progress(workers=workers), left, unit="steps", quiet=quiet):
        if note is not None:
            note.keep(progress.step)
        if progress.measured is None:
            continue
        seen.append(progress)
        if not quiet:
            star = " best" if progress.best else ""
            loss, score = shown(progress.loss, 4), shown(progress.measured.score, 4)
            say(f"step {progress.step:>6}  loss {loss}  score {score}{star}", err=True)
        if progress.stopped and not quiet:
            say(progress.stopped, err=True)
    return seen


def _conclude(run: Run | CaptionRun, seen: list[Progress]) -> None:
    """The figures before and after, side by side, what they come to, and where the weights are."""
    result = run.result()
    if result is not None:
        before, after = (f"step {row['step']:.0f}" for row in (result.before, result.after))
        for name, was, now in (("\non held-out pairs", before, after), *result.table()):
            say(f"{name:<20}{was:>12}{now:>12}")
        if words := result.text():
            say(words)
    if seen:
        say(f"Wrote {run.out / 'weights.safetensors'}")
    else:
        more = "--steps" if run.begun >= run.steps else "patience"
        say(f"{run.out} is trained to its end; raise {more} to go on")


def _write_json(run: Run | CaptionRun, seen: list[Progress], to: str) -> None:
    import json
    import sys
    from pathlib import Path

    from spotdiff.atomic_write import write_whole
    from spotdiff.report.record import plain

    steps = [{"step": m.step, "best": m.best, "figures": m.measured.figures if m.measured else {}} for m in seen]
    result = run.result()
    record = {
        "recipe": run.recipe.name,
        "net": run.recipe.net,
        "parameters": run.facts.parameters,
        "measured": plain(steps),
        "result": None if result is None else result.record(),
    }
    text = json.dumps(record, indent=2) + "\n"
    if to == "-":
        sys.stdout.write(text)
    else:
        write_whole(Path(to), text.encode())
