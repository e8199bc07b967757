"""The page of a batch: every pair in a row, to be filtered, sorted and opened."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import quote

from spotdiff.report.batch_row import OUTCOMES
from spotdiff.report.data_uri import data_uri
from spotdiff.report.markup import Html, bar, element, fill, image, join, whole_page, write_page_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from spotdiff.report.batch_row import BatchRow

_COLUMNS = {"name": "Name", "score": "Score", "regions": "Regions", "seconds": "Time"}


def index_page(rows: Iterable[BatchRow], *, title: str = "Comparisons") -> str:
    """A batch as one HTML page; it loads nothing but the thumbnails that rows give by address.

    Thumbnails given by address are loaded when they come into view, so thousands of rows stay quick.
    """
    rows = list(rows)
    return whole_page(
        style="index.css",
        script="index.js",
        image_sources="data: 'self' file:",
        title=title,
        head=join(element("h1", title), "\n", _counts(rows)),
        main=fill(
            "index.html",
            columns=_columns(),
            rows=join(*(_row(number, row) for number, row in enumerate(rows))),
        ),
    )


def write_index(rows: Iterable[BatchRow], path: str | Path, *, title: str = "Comparisons") -> None:
    """Write a batch's page to an HTML file, whose folder is made when missing."""
    write_page_file(index_page(rows, title=title), path)


def _counts(rows: Sequence[BatchRow]) -> Html:
    count = Counter(row.verdict for row in rows)
    everything = _count("all", "all", len(rows), pressed=True)
    buttons = (_count(outcome, outcome, count[outcome]) for outcome in OUTCOMES)
    return element("div", everything, *buttons, class_="counts", role="group", aria_label="Show only one verdict")


def _count(verdict: str, label: str, number: int, *, pressed: bool = False) -> Html:
    badge = "said" if verdict == "all" else f"badge verdict-{verdict}"
    return element(
        "button",
        element("b", f"{number:,}"),
        element("span", label, class_=badge),
        type="button",
        class_="count panel",
        data_verdict=verdict,
        aria_pressed="true" if pressed else "false",
    )


def _columns() -> Html:
    def column(key: str, label: str) -> Html:
        button = element("button", label, type="button", class_="sort", data_key=key)
        return element("th", button, scope="col", class_=key, aria_sort="none")

    heads = {key: column(key, label) for key, label in _COLUMNS.items()}
    pictures = element("th", "Before, after", scope="col", class_="thumbs")
    verdict = element("th", "Verdict", scope="col", class_="verdict")
    return join(pictures, heads["name"], verdict, heads["score"], heads["regions"], heads["seconds"])


def _row(number: int, row: BatchRow) -> Html:
    name = element("a", row.name, href=_address(row.href)) if row.href else element("span", row.name)
    text = row.error or row.text
    compared = row.compared
    cells = (
        element("td", _thumb(row.thumb_before, "before"), _thumb(row.thumb_after, "after"), class_="thumbs"),
        element("td", name, element("p", text, class_="muted") if text else None, class_="name"),
        element(
            "td", element("span", row.verdict, class_=f"badge verdict-{row.verdict}"), _measured(row), class_="verdict"
        ),
        element("td", *((f"{row.score:.2f}", bar(row.score)) if compared else ()), class_="score"),
        element("td", *(_regions(row) if compared else ()), class_="regions"),
        element("td", f"{row.seconds:.2f} s", class_="seconds"),
    )
    return element(
        "tr",
        *cells,
        data_at=number,
        data_name=row.name,
        data_verdict=row.verdict,
        data_score=f"{row.score:.6g}",
        data_regions=row.likely,
        data_seconds=f"{row.seconds:.6g}",
    )


def _measured(row: BatchRow) -> Html | None:
    """The verdict of the comparison, where criteria made another one of it."""
    return element("p", f"compared: {row.measured}", class_="muted") if row.measured else None


def _regions(row: BatchRow) -> tuple[str, ...]:
    possible = element("span", f"{row.possible} possible", class_="muted possible")
    return (f"{row.likely}", possible) if row.possible else (f"{row.likely}",)


def _thumb(thumb: bytes | str | None, side: str) -> Html:
    if thumb is None:
        return element("span", class_="blank")
    source = data_uri(thumb, "image/jpeg") if isinstance(thumb, bytes) else _address(thumb)
    return image(source, alt=side, loading="lazy", decoding="async")


def _address(path: str) -> str:
    # "./" keeps a name such as "javascript:x" a file of that name.
    return "./" + quote(path.replace("\\", "/"), errors="replace")
