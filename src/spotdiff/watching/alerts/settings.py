"""Sinks from what a person has written down about them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from importlib import import_module

from spotdiff.errors import OptionError
from spotdiff.params import build, params_of
from spotdiff.watching.alerts.sink import Sink

KINDS = ("apprise", "lines", "mqtt", "program", "webhook")  # files in `sinks`; the class has the same name
LONGEST_NAME = 150  # characters
_ENV = "env:"


def make_sink(name: str, settings: Mapping[str, object]) -> Sink:
    """The sink that settings describe.

    A text may be left to the environment, as `{"env": "NAME"}` or "env:NAME", so that no secret is written down.

    Args:
        name: Names the sink in rules and in the alert queue.
        settings: `kind`, one of `KINDS`, and the parameters of that kind.

    Returns:
        The sink; nothing has been connected yet.

    Raises:
        OptionError: the name, the kind, a field or a value cannot be used; no secret is shown.
        MissingExtra: the kind needs a package that is not installed.

    Examples:
        >>> make_sink("log", {"kind": "lines"}).name
        'log'
    """
    if not name or "/" in name or len(name) > LONGEST_NAME:
        raise OptionError(f"the name of a sink is 1 to {LONGEST_NAME} characters without /, not {name!r}")
    kind = settings.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        near = get_close_matches(str(kind), KINDS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise OptionError(f"sink {name}: kind is one of {', '.join(KINDS)}, not {kind!r}{hint}")
    cls = getattr(import_module(f"spotdiff.watching.alerts.sinks.{kind}"), kind.capitalize())
    try:
        values = {field: _resolved(field, value) for field, value in settings.items() if field != "kind"}
        for field, (declared, _) in params_of(cls).items():
            if not declared.repr and not isinstance(values.get(field, ""), str):  # the usual message would show it
                raise OptionError(f"{field} takes a word in quotes")
        sink: Sink = replace(build(cls, values, owner=f"a sink of kind {kind}"), name=name)
    except OptionError as error:
        raise OptionError(f"sink {name}: {error}") from None
    return sink


def _resolved(field: str, value: object) -> object:
    """A value with what the environment says put in, and lists as tuples."""
    if isinstance(value, list):
        return tuple(_resolved(field, item) for item in value)
    if isinstance(value, Mapping):
        if set(value) != {"env"} or not isinstance(value["env"], str):
            raise OptionError(f'{field} takes a plain value or {{env = "NAME"}}')
        return _from_environment(field, value["env"])
    if isinstance(value, str) and value.startswith(_ENV):
        return _from_environment(field, value.removeprefix(_ENV))
    return value


def _from_environment(field: str, variable: str) -> str:
    try:
        return os.environ[variable]
    except KeyError:
        raise OptionError(f"{field} is to come from the environment, which has no {variable}") from None
