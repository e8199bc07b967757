"""Annotations drawn in other tools, in and out; the folder is the registry: a file here is a format."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from spotdiff import plugins

if TYPE_CHECKING:
    from spotdiff.data.annotations.annotation import AnnotationFormat

_REGISTRY = "data/labels"


def get_format(name: str) -> AnnotationFormat:
    """The format of that name.

    Raises:
        OptionError: there is none; the nearest is suggested.
    """
    return cast("AnnotationFormat", plugins.load(_REGISTRY, name)())
