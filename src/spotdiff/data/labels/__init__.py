"""Labels drawn in other tools, in and out; the folder is the registry: a file here is a format."""

from __future__ import annotations

import difflib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from spotdiff.errors import OptionError

if TYPE_CHECKING:
    from spotdiff.data.labels.parts.marks import Format


def format_names() -> list[str]:
    """The formats, sorted; nothing is imported.

    Examples:
        >>> format_names()
        ['coco', 'cvat', 'labelme', 'via', 'via-csv']
    """
    files = Path(__file__).parent.glob("*.py")
    return sorted(path.stem.replace("_", "-") for path in files if not path.stem.startswith("_"))


def get_format(name: str) -> Format:
    """The format of that name.

    Raises:
        OptionError: there is none; the nearest is suggested.
    """
    known = format_names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        raise OptionError(f"there is no format {name!r}; {hint}")
    module = import_module(f"{__name__}.{name.replace('-', '_')}")
    found: Format = getattr(module, "".join(part.capitalize() for part in name.split("-")))()
    return found
