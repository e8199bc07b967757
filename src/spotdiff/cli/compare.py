"""Tell what changed between two pictures of a place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from spotdiff.cli._options import Comparing, comparison_options, page_option, read_options, settings_option
from spotdiff.cli._output_files import check_files
from spotdiff.cli._terminal import say
from spotdiff.errors import OptionError
from spotdiff.report.save import AnswerFiles

if TYPE_CHECKING:
    from spotdiff.options import Options
    from spotdiff.types import Comparison

CODES = {"same": 0, "changed": 1, "unsure": 3}


@click.command(cls=Comparing)
@click.argument("pictures", nargs=-1, metavar="BEFORE... AFTER")
@comparison_options
@page_option
@click.option(
    "--history", metavar="DIR", help="folder of earlier pictures in which nothing changed, the oldest first by name"
)
@click.option("--json", "json_to", metavar="FILE|-", help="write the record as JSON; - is standard output")
@click.option("--report", metavar="FILE.html", help="write a page that shows the answer")
@click.option("--overlay", metavar="FILE.png", help="write after dimmed, with what likely changed in colour")
@click.option("--maps", metavar="DIR", help="write before.png and after.png: how sure every pixel is; 128 is changed")
@click.option("--cutouts", metavar="DIR", help="write what changed, cut out of both pictures")
@click.option("--geojson", metavar="FILE", help="write what changed as GeoJSON, where a raster is georeferenced")
@click.option(
    "--crs",
    type=click.Choice(("wgs84", "keep")),
    default="wgs84",
    show_default=True,
    help="with --geojson: longitude and latitude, or the raster's own coordinates",
)
@click.option("--mask-tif", metavar="FILE.tif", help="write what changed as GeoTIFF, where a raster is georeferenced")
@click.option("--dicom-seg", metavar="FILE.dcm", help="write what changed as a DICOM segmentation of the later study")
@settings_option
@click.option("--server", metavar="URL", help="have a `spotdiff serve` compare: http://HOST:PORT")
@click.option("--token", metavar="TEXT", envvar="SPOTDIFF_TOKEN", help="that the server knows  [env: SPOTDIFF_TOKEN]")
@click.option("--possible", is_flag=True, help="tell and draw what is only possible, too")
@click.option("--quiet", "-q", is_flag=True, help="say nothing; the exit code answers")
def command(
    pictures: tuple[str, ...],
    history: str | None,
    json_to: str | None,
    report: str | None,
    overlay: str | None,
    maps: str | None,
    cutouts: str | None,
    geojson: str | None,
    crs: str,
    mask_tif: str | None,
    dicom_seg: str | None,
    possible: bool,  # noqa: FBT001 (click passes by name)
    quiet: bool,  # noqa: FBT001
    judged_by: str | None,
    server: str | None,
    token: str | None,
    **asked: Any,  # noqa: ANN401 (the fields of Options)
) -> int:
    """Tell what changed between two pictures of a place.

    The last picture is the later one. Of several earlier ones, oldest first, the last is compared with it and the
    others, in which nothing changed, say where the place is restless: water, leaves, a screen. So does --history.
    Regions that are not as sure as the method asks for are counted as possible. With --describe, or another option
    about words, each region is told in a sentence of its own. With --server a server compares, and gives the files.

    \b
    Example: spotdiff compare before.jpg after.jpg --report answer.html
    Exit codes: 0 same, 1 changed, 2 trouble, 3 unsure.
    """  # noqa: D301 (click wants the character itself)
    if len(pictures) < 2:
        raise OptionError("compare takes two pictures or more: spotdiff compare BEFORE AFTER")
    earlier = [*_earlier(history), *pictures[:-2]]
    options = read_options(**asked)
    files = AnswerFiles(json_to, report, overlay, maps, cutouts, possible, geojson, crs, mask_tif, dicom_seg)
    inputs = [*earlier, *pictures, *options.files(), *filter(None, (judged_by,))]
    check_files(files, inputs, page=options.page)
    judge = _judge(judged_by, options)
    if server is not None:
        from spotdiff.cli._compare_on_server import answer_of, check_possible

        check_possible(files, options, earlier=bool(earlier), judged=judged_by is not None)
        answer = answer_of(server, token, pictures, options)
        written = answer.write(files)
        if not quiet and json_to != "-":
            say(answer.text(written, sentences=_words_asked_for(), possible=possible))
        return CODES[answer.verdict]

    from spotdiff.cli._comparison_text import comparison_text
    from spotdiff.image.source import read_pipe
    from spotdiff.pipeline import compare

    if options.method == "pixel":
        import cv2

        cv2.setNumThreads(1)  # strips of a few rows are over before a second thread has woken up

    sources: list[object] = [read_pipe(path, max_bytes=options.max_bytes) for path in pictures]
    mask = options.ignore_mask
    if isinstance(mask, str):
        options = options.changed(ignore_mask=read_pipe(mask, max_bytes=options.max_bytes))
    comparison = compare(sources[-2], sources[-1], options=options, history=[*_earlier(history), *sources[:-2]])
    comparison = judge(comparison)
    written = files.write(comparison, inputs)
    if not quiet and json_to != "-":
        say(comparison_text(comparison, written, sentences=_words_asked_for(), possible=possible))
    return CODES[comparison.verdict]


def _judge(settings: str | None, options: Options) -> Callable[[Comparison], Comparison]:
    """What makes the verdict that criteria of a settings file come to; without a file it stays.

    Raises:
        DataError: the file cannot be read.
        OptionError: it asks for fainter regions than are told.
    """
    if settings is None:
        return lambda comparison: comparison
    from spotdiff.batching.judge import Criteria, check_sensitivity, judged

    criteria = Criteria.read(settings)
    check_sensitivity(criteria, compared_at=options.sensitivity)
    return lambda comparison: judged(comparison, criteria, language=options.language)


def _words_asked_for() -> bool:
    """Whether some option of the command line is about words."""
    source = click.get_current_context().get_parameter_source
    return any(source(name) is ParameterSource.COMMANDLINE for name in ("describe", "tellings", "language", "areas"))


def _earlier(folder: str | None) -> list[str]:
    """The pictures of the history."""
    if folder is None:
        return []
    from spotdiff.batching.pairs import pictures_in

    return pictures_in(folder, called="--history")
