"""The files that `compare` writes when asked to, checked before the work."""

from __future__ import annotations

import os
from collections.abc import Iterable

from spotdiff.errors import OptionError
from spotdiff.options import ALL_PAGES
from spotdiff.output_files import check_outputs, is_file_name
from spotdiff.report.save import AnswerFiles


def check_files(files: AnswerFiles, inputs: Iterable[str], *, page: int | str) -> None:
    """Refuse what cannot be written, or would be written over something.

    Args:
        files: Those asked for.
        inputs: Files that are read.
        page: Which page is compared, see `Options`.

    Raises:
        OptionError: a file to be written is read, two are one, or it shows one page and all are compared.
        MissingExtra: the package that writes one is not installed.
    """
    inputs = list(inputs)
    series = [name for name in inputs if is_file_name(name) and os.path.isdir(name)]  # noqa: PTH112 (it may be no path)
    check_outputs(files.planned(), inputs, folders=series)
    if page == ALL_PAGES and files.show_a_page:
        problem = "--report, --overlay, --maps, --cutouts, --geojson and --mask-tif show one page"
        raise OptionError(f"{problem}: give its number as --page")
    if files.overlay and not str(files.overlay).lower().endswith(".png"):
        raise OptionError(f"--overlay writes a PNG file: end its name in .png, not {str(files.overlay)!r}")
    files.check_extras()
