"""Ways to score a pair; one file each, each a frozen dataclass with one `score(pair) -> Evidence`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from spotdiff import plugins
from spotdiff.params import build
from spotdiff.types import Method

if TYPE_CHECKING:
    from spotdiff.options import Options
    from spotdiff.types import Evidence, Pair


def method_names() -> list[str]:
    """Names of all methods; nothing is imported.

    Examples:
        >>> "classic" in method_names()
        True
    """
    return plugins.names("methods")


def score(method: Method, pair: Pair, *, name: str) -> Evidence:
    """What a method says of an aligned pair, once it is known to be evidence.

    Raises:
        MethodError: it is no evidence, or a map of it is not finite, has another shape or leaves 0 to 1; or the method
            is one of another package, and fails.
    """
    from spotdiff.methods._checks import checked_evidence

    with plugins.failing_by_name("methods", name):
        evidence = method.score(pair)
    return checked_evidence(evidence, pair.before.pixels.shape[:2], name=name)


def get_method(name: str, settings: Mapping[str, object] | None = None) -> Method:
    """The method of that name with these parameters; texts are read as the parameter's type.

    Raises:
        OptionError: no such method or parameter, or a value that it cannot have.

    Examples:
        >>> get_method("pixel", {"metric": "yiq", "threshold": "0.2"}).threshold
        0.2
    """
    return cast(Method, build(plugins.load("methods", name), settings or {}, owner=f"method {name}"))


def check_method(options: Options) -> None:
    """Make the method once and read its weights, if it has any, so that what is wrong is told before the work.

    Raises:
        OptionError: there is no such method, or it has no weights, or a parameter has a value it cannot have.
        DataError: its weights cannot be read.
    """
    method = get_method(options.method, options.settings)
    getattr(method, "parameters_learned", None)  # a method with weights reads them
