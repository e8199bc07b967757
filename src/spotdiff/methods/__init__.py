"""Ways to score a pair; one file each, each a frozen dataclass with one `score(pair) -> Evidence`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from spotdiff import plugins
from spotdiff.params import build
from spotdiff.types import Method


def method_names() -> list[str]:
    """Names of all methods; nothing is imported.

    Examples:
        >>> "classic" in method_names()
        True
    """
    return plugins.names("methods")


def get_method(name: str, settings: Mapping[str, object] | None = None) -> Method:
    """The method of that name with these parameters; texts are read as the parameter's type.

    Raises:
        OptionError: no such method or parameter, or a value that it cannot have.

    Examples:
        >>> get_method("pixel", {"metric": "yiq", "threshold": "0.2"}).threshold
        0.2
    """
    return cast(Method, build(plugins.load("methods", name), settings or {}, owner=f"method {name}"))
