"""Bring labels in from labelme, COCO, CVAT and VIA, and take them out."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from spotdiff.cli._terminal import say
from spotdiff.output_files import check_outputs

if TYPE_CHECKING:
    from spotdiff.data.annotations.annotation import Annotation

F = TypeVar("F", bound=Callable[..., Any])


@click.group(name="labels")
def command() -> None:
    """Bring labels in from labelme, COCO, CVAT and VIA, and take them out.

    \b
    Example: spotdiff labels in labelme drawn --pictures pictures --out myplace
             spotdiff labels out cvat myplace --out drawn
    """  # noqa: D301 (click wants the character itself)


def _shared(function: F) -> F:
    for option in (
        click.option("--quiet", "-q", is_flag=True, help="say nothing; for use with --json"),
        click.option("--json", "json_to", metavar="FILE|-", help="write a summary as JSON; - is standard output"),
        click.option("--side-by-side", is_flag=True, help="one picture shows both: before on the left, after right"),
        click.option("--out", required=True, metavar="DIR", help="a folder that is new or empty"),
    ):
        function = option(function)
    return function


@command.command("in")
@click.argument("form", metavar="FORMAT")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@_shared
@click.option("--pictures", type=click.Path(path_type=Path), metavar="DIR", help="default: where SOURCE is")
@click.option("--label", "labels", multiple=True, metavar="THEIRS=OURS", help="what a word means, as in taken=removed")
@click.option("--attribute", default="", metavar="NAME", help="which of VIA's attributes says what a region is")
@click.option("--boxes", type=click.Choice(("places", "objects")), default="places", help="how boxes are meant")
@click.option("--unmarked", is_flag=True, help="pairs of pictures that no label file names are unchanged ones")
def labels_in(
    form: str,
    source: Path,
    out: str,
    side_by_side: bool,  # noqa: FBT001 (click passes by name)
    json_to: str | None,
    quiet: bool,  # noqa: FBT001
    pictures: Path | None,
    labels: Sequence[str],
    attribute: str,
    boxes: str,
    unmarked: bool,  # noqa: FBT001
) -> int:
    """Make a dataset of polygons and boxes drawn in another tool.

    FORMAT is coco, cvat, labelme, via or via-csv; SOURCE a label file or a folder of them. The pictures of a pair are
    before/NAME and after/NAME (or t0, t1; A, B), each drawn on by itself, or one picture with both --side-by-side.
    Labels are added (drawn in after), removed (in before), changed (in either), moved (in both) and ignore. What
    crosses the edge of its picture is cut off there. Nothing outside of SOURCE's folder and --pictures is read.

    \b
    Example: spotdiff labels in coco annotations.json --pictures pictures --label taken=removed --out myplace
    Exit codes: 0, or 2 if anything is wrong; then nothing is written.
    """  # noqa: D301 (click wants the character itself)
    from spotdiff.cli._progress_bar import watched
    from spotdiff.data.annotations.pairs import read_pairs
    from spotdiff.data.annotations.to_dataset import write_dataset
    from spotdiff.data.labels import get_format

    _check_summary(json_to, source, pictures)
    pairs, troubles = read_pairs(
        get_format(form),
        source,
        pictures=pictures,
        side_by_side=side_by_side,
        labels=labels,
        attribute=attribute,
        unmarked=unmarked,
    )
    if troubles:
        return _report(troubles)
    written = write_dataset(pairs, Path(out), boxes=boxes)
    done = list(watched(written, len(pairs), unit="pairs", quiet=quiet))
    annotations = [[each for of_side in pair.annotations.values() for each in of_side] for pair in done]
    _write_summary(out, annotations, json_to, quiet=quiet)
    return 0


@command.command("out")
@click.argument("form", metavar="FORMAT")
@click.argument("dataset", type=click.Path(exists=True, path_type=Path))
@_shared
@click.option("--split", default="", metavar="NAME", help="only the names in NAME.txt of the dataset")
def labels_out(
    form: str,
    dataset: Path,
    out: str,
    side_by_side: bool,  # noqa: FBT001 (click passes by name)
    json_to: str | None,
    quiet: bool,  # noqa: FBT001
    split: str,
) -> int:
    """Draw a dataset's masks as polygons for another tool.

    FORMAT is coco, cvat, labelme, via or via-csv. DIR gets the pictures and the label files. Polygons lie within half a
    pixel of the masks' edges; a hole is cut by a walk to it and back.

    \b
    Example: spotdiff labels out labelme myplace --out drawn
    Exit codes: 0, or 2 if anything is wrong; then nothing is written.
    """  # noqa: D301 (click wants the character itself)
    from spotdiff.cli._progress_bar import watched
    from spotdiff.data import open_dataset
    from spotdiff.data.annotations.from_dataset import annotate, write_annotations
    from spotdiff.data.labels import get_format

    _check_summary(json_to, dataset)
    label_format, samples = get_format(form), open_dataset(dataset, split=split)
    for line in samples.odd:
        say(f"spotdiff: {line}; left out", err=True)
    annotated, troubles = annotate(samples, side_by_side=side_by_side)
    if troubles:
        return _report(troubles)
    writing = write_annotations(label_format, annotated, Path(out))
    done = list(watched(writing, len(annotated), unit="pairs", quiet=quiet))
    annotations = [[each for image in pair.images for each in image.annotations] for pair in done]
    _write_summary(out, annotations, json_to, quiet=quiet)
    return 0


def _check_summary(json_to: str | None, *read: Path | None) -> None:
    """Refuse to write the summary over a file that is read, or over one in a folder that is."""
    named = [path for path in read if path is not None]
    check_outputs([json_to] if json_to else [], named, folders=[path for path in named if path.is_dir()])


def _report(troubles: Iterable[str]) -> int:
    """2, once every trouble stands in a line of its own on standard error."""
    for trouble in troubles:
        line = "".join(
            letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in " ".join(trouble.split())
        )
        say(f"spotdiff: {line}", err=True)
    return 2


def _write_summary(out: str, pairs: Sequence[Sequence[Annotation]], json_to: str | None, *, quiet: bool) -> None:
    categories = Counter(annotation.category for annotations in pairs for annotation in annotations)
    unchanged = sum(all(annotation.category == "ignore" for annotation in annotations) for annotations in pairs)
    summary = {"out": out, "pairs": len(pairs), "unchanged": unchanged, "labels": dict(sorted(categories.items()))}
    if json_to == "-":
        sys.stdout.write(json.dumps(summary) + "\n")
    elif json_to is not None:
        Path(json_to).parent.mkdir(parents=True, exist_ok=True)
        Path(json_to).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    if not quiet and json_to != "-":
        counts = ", ".join(f"{count} {category}" for category, count in sorted(categories.items()))
        say(f"Wrote {out}: {len(pairs)} pairs, {unchanged} of them unchanged; {counts or 'no label'}")
