"""What a client may ask of a comparison: the fields of `Options`, but for those that name files or servers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from spotdiff import plugins
from spotdiff.errors import OptionError
from spotdiff.language.catalogue import languages
from spotdiff.options import Options
from spotdiff.params import params_of
from spotdiff.presets import PRESETS
from spotdiff.server.api.request_shapes import without_polygons
from spotdiff.server.problems import Problem
from spotdiff.server.store.runs import TRAINING

_REFUSED = {
    "ignore_mask": "a mask is a file of the server; send boxes or polygons as ignore",
    "describe_settings": "they name files and servers",
    "max_pixels": "the server has its own limit",
    "max_bytes": "the server has its own limit",
    "colour": "it is for arrays",
    "layout": "it is for arrays",
    "data_range": "it is for arrays",
    TRAINING: "choose it by PUT of /places/NAME/weights",
}
_DESCRIBERS = ("words", "off")


def read_options(text: str | None) -> dict[str, Any]:
    """The options that a client sends as JSON, each looked at.

    Args:
        text: An object with names of `Options`, and `preset`; None for none.

    Raises:
        Problem: 400, it is no JSON; 422, it is no object, or asks for what the server does not do for clients.
        OptionError: there is no such option, preset or method, or a value that it cannot have.
    """
    if text is None:
        return {}
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise Problem(400, "options are no JSON") from None
    if not isinstance(given, dict):
        raise Problem(422, 'options are an object, such as {"preset": "screens"}')
    check_options(given)
    return given


def check_options(given: Mapping[str, Any]) -> None:
    """Look at the options that a client sends.

    Raises:
        Problem: 422, one asks for what the server does not do for clients.
        OptionError: as `read_options`.
    """
    _check_asked(given)
    _check_files(make_options(given, megapixels=Options().max_pixels))


def over_place(stored: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a request over those of a place: what the request says wins, its preset over all that it is for.

    Raises:
        Problem, OptionError: they do not go together, see `check_options`.

    Examples:
        >>> over_place({"method": "classic", "ignore": [[0, 0, 9, 9]]}, {"preset": "screens"})
        {'ignore': [[0, 0, 9, 9]], 'preset': 'screens'}
    """
    settled = PRESETS[asked["preset"]].options if asked.get("preset") in PRESETS else {}
    kept = {name: value for name, value in stored.items() if name not in settled}
    if asked.get("method", kept.get("method")) != kept.get("method"):
        kept.pop("settings", None)  # they are those of another method
    joined = {**kept, **asked}
    check_options(joined)
    return joined


def make_options(given: Mapping[str, Any], *, megapixels: float) -> Options:
    """The `Options` that a client asks for, within the server's limit.

    Raises:
        OptionError: as `Options.changed`.
    """
    asked = {name: value for name, value in given.items() if name != TRAINING}
    return Options(max_pixels=megapixels).changed(**without_polygons(asked))


def _check_asked(given: Mapping[str, Any]) -> None:
    for name in given:
        if name in _REFUSED:
            raise Problem(422, f"{name} cannot be set over HTTP: {_REFUSED[name]}")
    if not isinstance(given.get("preset"), str | None):
        raise Problem(422, "preset takes the name of a preset")
    if not isinstance(given.get("areas"), Mapping | None):
        raise Problem(422, "areas takes polygons by name over HTTP: a file of the server is not read")


def _check_files(options: Options) -> None:
    """Refuse what would make the server read a file or ask another server."""
    from spotdiff.methods import get_method

    if options.language not in languages():
        raise Problem(422, f"language takes one of {', '.join(languages())} over HTTP")
    if options.describe not in _DESCRIBERS:
        raise Problem(422, f"describe takes one of {', '.join(_DESCRIBERS)} over HTTP")
    if not isinstance(options.page, int):
        raise Problem(422, "page takes a number over HTTP: an answer shows one page")
    method = plugins.load("methods", options.method)
    for name, (declared, known) in params_of(method).items():
        if name in options.settings and isinstance(declared.default, str) and not known.choices:
            raise Problem(422, f"the setting {name} cannot be set over HTTP: it names a file of the server")
    get_method(options.method, options.settings)
    if options.areas is not None:
        from spotdiff.describe._named_areas import read_areas

        try:
            read_areas(options.areas)
        except (TypeError, ValueError, AttributeError) as error:
            raise error if isinstance(error, OptionError) else OptionError("areas are polygons by name") from None
