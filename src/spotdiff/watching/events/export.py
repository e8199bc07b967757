"""Events for other programs: a CSV table, and COCO annotations on the pictures that show them."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from PIL import Image

from spotdiff.csv_cells import csv_text
from spotdiff.data.coco_document import coco_box, coco_document
from spotdiff.errors import DataError
from spotdiff.watching.event import EVENT_KINDS, Event

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from spotdiff.watching.events.store import Store

_COLUMNS = tuple(field.name for field in fields(Event))


def to_csv(events: Iterable[Event]) -> str:
    """Events as a CSV table with a line of names: instants as ISO 8601 in UTC, boxes as `left top right bottom`."""
    return csv_text(_COLUMNS, ({name: _cell(getattr(event, name)) for name in _COLUMNS} for event in events))


def to_coco(store: Store, events: Iterable[Event]) -> dict[str, Any]:
    """Events as COCO annotations: images are the pictures with the event, categories the kinds.

    Events without such a picture are left out; those without a box have an image and no annotation. Beyond the format,
    an image says its `event`, an annotation its `score`.

    Raises:
        DataError: a picture is not there or cannot be read.
        StoreDown: the database does not answer.
    """
    images = []
    for event in events:
        file = store.evidence(event.id).get("after")
        if file is not None:
            fields = {"category_id": EVENT_KINDS.index(event.kind) + 1, "score": event.score}
            annotations = [] if event.box is None else [fields | coco_box(event.box)]
            images.append(({**_image(store.folder, file.path), "event": event.id}, annotations))
    return coco_document(images, EVENT_KINDS, supercategory="event")


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    return " ".join(str(side) for side in value) if isinstance(value, tuple) else value


def _image(folder: Path, path: Path) -> dict[str, Any]:
    try:
        with Image.open(path) as picture:
            width, height = picture.size
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or 'not a picture'}") from None
    return {"file_name": path.relative_to(folder).as_posix(), "width": width, "height": height}
