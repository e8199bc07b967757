"""Labels drawn in other tools, in and out; the folder is the registry: a file here is a format."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from spotdiff import plugins

if TYPE_CHECKING:
    from spotdiff.data.labels.parts.marks import Format

_ROOM = "data/labels"


def format_names() -> list[str]:
    """The formats, sorted; nothing is imported.

    Examples:
        >>> format_names()
        ['coco', 'cvat', 'labelme', 'via', 'via-csv']
    """
    return plugins.names(_ROOM)


def get_format(name: str) -> Format:
    """The format of that name.

    Raises:
        OptionError: there is none; the nearest is suggested.
    """
    found = plugins.load(_ROOM, name)
    return cast("Format", found())
