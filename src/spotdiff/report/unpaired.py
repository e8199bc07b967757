"""The page of a picture that has no counterpart: the picture, and which side it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotdiff.report.data_uri import picture_uri
from spotdiff.report.markup import element, fill, image, join, whole_page, write_page_file

if TYPE_CHECKING:
    from pathlib import Path

    from spotdiff.report.batch_row import BatchRow
    from spotdiff.types import Picture


def unpaired_page(row: BatchRow, picture: Picture) -> str:
    """A picture that is new or missing as one self-contained HTML page."""
    verdict, side = row.verdict.capitalize(), "after" if row.verdict == "new" else "before"
    width, height = picture.size
    return whole_page(
        style="report.css",
        title=f"{verdict}: {row.name}",
        head=join(
            element("p", row.name, class_="name"),
            element("h1", verdict, class_=f"badge verdict-{row.verdict}"),
            element("p", row.text, class_="text"),
        ),
        main=fill(
            "unpaired.html",
            picture=image(picture_uri(picture), alt=f"The picture {side}, which has no counterpart"),
            caption=f"{side.capitalize()}, {width} \u00d7 {height} px",
        ),
    )


def write_unpaired_page(row: BatchRow, picture: Picture, path: str | Path) -> None:
    """Write that page to an HTML file, whose folder is made when missing."""
    write_page_file(unpaired_page(row, picture), path)
