"""Rules from a TOML file, or from sources alone; every mistake is named with where it stands and what was meant."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from spotdiff.errors import DataError, OptionError
from spotdiff.input_files import read_text
from spotdiff.options import Options
from spotdiff.params import build, hint, params_of
from spotdiff.shown_text import printable
from spotdiff.watching.rules.schedule import seconds_of
from spotdiff.watching.rules.settings import Camera, Inspection, Rules, Zone

if TYPE_CHECKING:
    from spotdiff.watching.rules.settings import Polygon

_TABLES = ("cameras", "zones", "approved", "sinks", "compare")
_COMPARED = ("method", "settings", "align", "light", "sensitivity", "describe", "describe_settings", "language")
_LONGEST = 100  # bytes: a camera, an inspection and a time together are the name of a report
_PLAIN = f"no slashes, no dot in front, 1 to {_LONGEST} bytes"
_SINK_FILES = ("path", "ca", "cert", "cert_key")
T = TypeVar("T")


def rules_of(sources: Sequence[str], *, names: Sequence[str] = (), **settings: object) -> Rules:
    """Rules for sources without a file: the whole picture, left, taken, moved and changed.

    Raises:
        OptionError: a setting cannot be, or two cameras have one name.
    """
    cameras: dict[str, Camera] = {}
    for source, name in zip(sources, names, strict=True):
        if not _can_be_called(name):
            raise OptionError(f"a camera cannot be called {name[:80]!r}; give it another name in a rules file")
        if name in cameras:
            raise OptionError(f"two sources are called {name}; name them in a rules file")
        cameras[name] = Camera(name, source)
    return _built(Rules, settings, owner="watch", cameras=cameras)


def with_settings(rules: Rules, settings: Mapping[str, Any]) -> Rules:
    """Rules with some settings changed.

    Raises:
        OptionError: there is no such setting, or it has a value it cannot have.
    """
    made = _built(Rules, settings, owner="watch", cameras=rules.cameras)
    return replace(rules, **{name: getattr(made, name) for name in settings})


def read_rules(path: str | Path) -> Rules:
    """Rules from a TOML file; files that it names are looked for beside it.

    Raises:
        OptionError: it cannot be read, or says what cannot be.
    """
    path = Path(path)
    try:
        document = tomllib.loads(read_text(path, pipe=True))
    except DataError as error:
        raise OptionError(str(error)) from None
    except ValueError as error:
        raise OptionError(f"{path} is no TOML: {str(error).partition(chr(10))[0]}") from None
    except RecursionError:
        raise OptionError(f"{path} is no TOML of a person: its lists are nested too deep") from None
    try:
        rules = _rules(document)
    except OptionError as error:
        raise OptionError(f"{path}: {printable(str(error))}") from None
    return _beside(rules, path.parent)


def _rules(document: dict[str, Any]) -> Rules:
    for name in _TABLES:
        if not isinstance(document.get(name, {}), Mapping):
            raise OptionError(f"{name} is a table of names: [{name}.hall]")
    top = {name: value for name, value in document.items() if name not in _TABLES}
    if unknown := [name for name in top if name not in params_of(Rules)]:
        known = (*params_of(Rules), *_TABLES)
        raise OptionError(f"there is no setting {unknown[0]!r}{hint(unknown[0], known) or '; see docs/watch.md'}")
    rules = _built(
        Rules,
        top,
        owner="the file",
        cameras=_named(Camera, document.get("cameras", {}), "camera"),
        zones=_named(Zone, document.get("zones", {}), "zone"),
        inspections=_named(Inspection, document.get("approved", {}), "approved"),
        sinks={name: _table(value, f"sink {name}") for name, value in document.get("sinks", {}).items()},
        options=_options(document.get("compare", {})),
    )
    _check_names(rules)
    return rules


def _options(table: Mapping[str, Any]) -> Options:
    for name in table:
        if name not in _COMPARED:
            raise OptionError(f"compare has no setting {name!r}{hint(name, _COMPARED)}; it has {', '.join(_COMPARED)}")
    try:
        return Options().changed(**table)
    except OptionError as error:
        raise OptionError(f"compare: {error}") from None


def _named(cls: type[T], tables: Mapping[str, Any], owner: str) -> dict[str, T]:
    values = {}
    for name, table in tables.items():
        table_owner = f"{owner} {name}"
        if not _can_be_called(name):
            raise OptionError(f"{owner} {name[:80]!r} needs a name of plain letters: {_PLAIN}")
        settings = dict(_table(table, table_owner))
        given: dict[str, Any] = {"name": name}
        if cls is Zone:
            given["polygon"] = _polygon(settings.pop("polygon", ()), table_owner)
        values[name] = _built(cls, settings, owner=table_owner, **given)
    return values


def _built(cls: type[T], settings: Mapping[str, Any], *, owner: str, **given: object) -> T:
    """A value of `cls` from settings as a TOML file has them: lists for tuples, words for spans of time."""
    known = params_of(cls)
    try:
        values = {
            name: _value(name, value, spanned=name in known and known[name][1].unit == "s")
            for name, value in settings.items()
        }
        return build(cls, values, owner=owner, **given)
    except OptionError as error:
        raise error if str(error).startswith(owner) else OptionError(f"{owner}: {error}") from None


def _value(name: str, value: object, *, spanned: bool) -> object:
    if spanned and isinstance(value, str):
        try:
            return seconds_of(value)
        except OptionError as error:
            raise OptionError(f"{name}: {error}") from None
    return tuple(value) if isinstance(value, list) else value


def _can_be_called(name: str) -> bool:
    """Whether a name can be part of an event's id and of a file's name."""
    plain = name.isprintable() and name == name.strip() and not name.startswith(".") and not set(name) & set("/\\")
    return bool(name) and plain and len(name.encode()) <= _LONGEST


def _table(value: object, owner: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise OptionError(f"{owner} is a table of settings, not one value")
    return value


def _polygon(corners: object, owner: str) -> Polygon:
    try:
        polygon = tuple((float(x), float(y)) for x, y in corners)  # type: ignore[attr-defined]
    except (TypeError, ValueError, OverflowError):
        raise OptionError(f"{owner}: polygon takes corners such as [[10, 20], [90, 20], [90, 80]]") from None
    if polygon and (len(polygon) < 3 or not all(abs(value) < 1e6 for corner in polygon for value in corner)):
        raise OptionError(f"{owner}: polygon takes three corners or more, in pixels of the camera's picture")
    return polygon


def _beside(rules: Rules, folder: Path) -> Rules:
    """Names of files taken from the folder of the rules; other people start the watch from elsewhere."""

    def path(value: str) -> str:
        if not value or "://" in value or value.isdigit() or value.startswith(("webcam:", "/dev/")):
            return value
        return str(folder / Path(value).expanduser())

    def sink_value(key: str, value: object) -> object:
        is_file = key in _SINK_FILES and isinstance(value, str) and value != "-" and not value.startswith("env:")
        return path(str(value)) if is_file else value

    return replace(
        rules,
        cameras={name: replace(camera, source=path(camera.source)) for name, camera in rules.cameras.items()},
        inspections={name: replace(rule, picture=path(rule.picture)) for name, rule in rules.inspections.items()},
        sinks={
            name: {key: sink_value(key, value) for key, value in settings.items()}
            for name, settings in rules.sinks.items()
        },
        store=path(rules.store),
        evidence=path(rules.evidence),
    )


def _check_names(rules: Rules) -> None:
    """Every name that a rule speaks of must be one."""
    for zone in rules.zones.values():
        _all_known(zone.cameras, rules.cameras, f"zone {zone.name}: cameras")
        _all_known(zone.tell, rules.sinks, f"zone {zone.name}: tell")
    for inspection in rules.inspections.values():
        owner = f"approved {inspection.name}"
        _all_known((inspection.camera,) if inspection.camera else (), rules.cameras, f"{owner}: camera")
        _all_known(inspection.zones, rules.zones, f"{owner}: zones")
        _all_known(inspection.tell, rules.sinks, f"{owner}: tell")
        if not inspection.picture or not inspection.at:
            raise OptionError(f"{owner} needs a picture, and times such as at = ['18:00']")
        if not inspection.camera and len(rules.cameras) != 1:
            raise OptionError(f"{owner} needs a camera: one of {', '.join(rules.cameras)}")
    for camera in rules.cameras.values():
        if not camera.source:
            raise OptionError(f"camera {camera.name} needs a source: a folder, film, webcam number or address")
    if not rules.cameras:
        raise OptionError("there is no camera: write [cameras.hall] and its source")


def _all_known(names: Sequence[str], known: Mapping[str, object], owner: str) -> None:
    for name in names:
        if name not in known:
            raise OptionError(f"{owner}: there is no {name!r}{hint(name, tuple(known))}")
