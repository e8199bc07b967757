"""Sinks from what a person has written down about them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from spotdiff.errors import OptionError
from spotdiff.params import build, params_of
from spotdiff.watching.alerts.sink import Sink

if TYPE_CHECKING:
    from spotdiff.watching.alerts.sinks.apprise import Apprise
    from spotdiff.watching.alerts.sinks.lines import Lines
    from spotdiff.watching.alerts.sinks.mqtt import Mqtt
    from spotdiff.watching.alerts.sinks.program import Program
    from spotdiff.watching.alerts.sinks.webhook import Webhook

KINDS = ("apprise", "lines", "mqtt", "program", "webhook")
LONGEST_NAME = 150  # characters
_ENV = "env:"


def make_sink(name: str, settings: Mapping[str, object]) -> Sink:
    """The sink that settings describe.

    A text may be left to the environment, as `{"env": "NAME"}` or "env:NAME", so that no secret is written down.

    Args:
        name: Names the sink in rules and in the outbox.
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
    cls = _MAKERS[kind]()
    try:
        values = {field: _plain(field, value) for field, value in settings.items() if field != "kind"}
        _no_shown_secrets(cls, values)
        return replace(build(cls, values, owner=f"a sink of kind {kind}"), name=name)
    except OptionError as error:
        raise OptionError(f"sink {name}: {error}") from None


def _plain(field: str, value: object) -> object:
    """A value with what the environment says put in, and lists as tuples."""
    if isinstance(value, list):
        return tuple(_plain(field, one) for one in value)
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


def _no_shown_secrets(cls: type, values: Mapping[str, object]) -> None:
    """Refuse what is not a text where a secret belongs: the usual message would show it."""
    for field, (declared, _) in params_of(cls).items():
        if not declared.repr and not isinstance(values.get(field, ""), str):
            raise OptionError(f"{field} takes a word in quotes")


def _apprise() -> type[Apprise]:
    from spotdiff.watching.alerts.sinks.apprise import Apprise

    return Apprise


def _lines() -> type[Lines]:
    from spotdiff.watching.alerts.sinks.lines import Lines

    return Lines


def _mqtt() -> type[Mqtt]:
    from spotdiff.watching.alerts.sinks.mqtt import Mqtt

    return Mqtt


def _program() -> type[Program]:
    from spotdiff.watching.alerts.sinks.program import Program

    return Program


def _webhook() -> type[Webhook]:
    from spotdiff.watching.alerts.sinks.webhook import Webhook

    return Webhook


_MAKERS: dict[str, Callable[[], type[Apprise | Lines | Mqtt | Program | Webhook]]] = {
    "apprise": _apprise,
    "lines": _lines,
    "mqtt": _mqtt,
    "program": _program,
    "webhook": _webhook,
}
