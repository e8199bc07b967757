"""The answer in a program and a notebook: as a dictionary, a table, a mask, a picture, files."""

from __future__ import annotations

import tempfile
import webbrowser
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.errors import OptionError, SpotdiffError
from spotdiff.report.coordinates import SIDES, labels_in
from spotdiff.report.record import to_record

if TYPE_CHECKING:
    from spotdiff.types import Comparison, Mask

_SIDE = 480  # pixels of the longer side, in a notebook
_MOST = 20  # regions in a notebook's table


def as_dict(comparison: Comparison) -> dict[str, Any]:
    """The record `spotdiff/comparison/1`, as the command writes it."""
    return dict(to_record(comparison))


def as_frame(comparison: Comparison) -> Any:  # noqa: ANN401 (pandas is imported only here)
    """A pandas DataFrame with a row a region: kind, score, area, text, and the edges of both boxes.

    Raises:
        SpotdiffError: pandas is not installed.
    """
    try:
        pandas = import_module("pandas")  # the user's own: no extra brings it
    except ImportError:
        raise SpotdiffError("a table needs pandas: pip install pandas") from None
    edges = ("left", "top", "right", "bottom")
    rows = []
    for region in comparison.regions:
        row: dict[str, object] = {"kind": region.kind, "score": region.score, "area": region.area, "text": region.text}
        for side, box in zip(SIDES, (region.box_before, region.box_after), strict=True):
            row |= {f"{edge}_{side}": None if box is None else box[place] for place, edge in enumerate(edges)}
        rows.append(row)
    columns = ["kind", "score", "area", "text", *(f"{edge}_{side}" for side in SIDES for edge in edges)]
    return pandas.DataFrame(rows, columns=columns)


def mask_of(comparison: Comparison, side: str) -> Mask:
    """(H, W) bool in the own pixels of before or after: what the answer calls changed.

    Raises:
        OptionError: there is no such side, or the answer is over several pages.
    """
    for known in SIDES:
        if side == known:
            if comparison.pages:
                raise OptionError("an answer over pages has no mask; compare one page: page=1")
            if comparison.windows is not None:
                raise OptionError("pictures of this size have no mask that is held; save one with mask_tif=")
            return labels_in(comparison, known) > 0
    raise OptionError(f"mask takes before or after, not {side!r}")


def show(comparison: Comparison) -> Path:
    """Write the page to a folder for temporary files, open it in a browser, and return its path."""
    from spotdiff.report.html import write_page

    folder = Path(tempfile.mkdtemp(prefix="spotdiff-"))
    path = folder / f"{comparison.name.replace('/', '-') or 'comparison'}.html"
    write_page(comparison, path)
    webbrowser.open(path.as_uri())
    return path


def notebook_html(comparison: Comparison) -> str:
    """What a notebook shows: the answer in words, after with its regions drawn, and a table of them."""
    import cv2

    from spotdiff.image.resize import shrink_within
    from spotdiff.report.data_uri import data_uri
    from spotdiff.report.markup import element, image, join
    from spotdiff.report.overlay import overlay

    parts = [element("b", comparison.verdict), " ", comparison.text or comparison.reason]
    picture = ""
    if not comparison.pages:
        drawn = cv2.cvtColor(shrink_within(overlay(comparison), _SIDE), cv2.COLOR_RGB2BGR)
        picture = image(data_uri(cv2.imencode(".png", drawn)[1].tobytes(), "image/png"), alt="what changed")
    heads = element("tr", *(element("th", head) for head in ("", "kind", "score", "before", "after", "in words")))
    rows = [
        element("tr", *(element("td", "" if cell is None else str(cell)) for cell in cells))
        for cells in (
            (number, region.kind, f"{region.score:.2f}", region.box_before, region.box_after, region.text)
            for number, region in enumerate(comparison.regions[:_MOST], 1)
        )
    ]
    left_out = len(comparison.regions) - _MOST
    more = element("p", f"and {left_out} more") if left_out > 0 else ""
    table = element("table", heads, *rows) if rows else ""
    return str(join(element("p", *parts), picture, table, more))
