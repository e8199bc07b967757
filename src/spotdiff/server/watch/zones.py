"""The zones of a watch, read from its rules and written back into them; what else the file says stays as it is."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomlkit

from spotdiff.atomic_write import write_whole
from spotdiff.errors import OptionError
from spotdiff.watching.rules import Zone, read_rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def read_zones(rules: Path) -> list[dict[str, Any]]:
    """The zones of a file of rules, each with all its fields, in the order of the file.

    Raises:
        OptionError: the file cannot be read, or says what cannot be.
    """
    return [asdict(zone) for zone in read_rules(rules).zones.values()]


def write_zones(rules: Path, zones: Sequence[Mapping[str, Any]]) -> None:
    """Make these the zones of a file of rules; the file before is kept beside it, as NAME.bak.

    Args:
        rules: The file.
        zones: Fields of `Zone` by name; those that are left out, or are as usual, do not stand in the file.

    Raises:
        OptionError: two have one name, or the rules could not be read with them; the file is as before.
        OSError: it cannot be written; it is as before.
    """
    names = [str(zone.get("name", "")).strip() for zone in zones]
    for name in names:
        if not name:
            raise OptionError("every zone needs a name")
        if names.count(name) > 1:
            raise OptionError(f"two zones are called {name}")
    old = rules.read_bytes()
    document = tomlkit.parse(old.decode("utf-8-sig"))
    before = document.get("zones", {})
    tables = tomlkit.table(is_super_table=True)
    for name, zone in zip(names, zones, strict=True):
        table = before.get(name) or tomlkit.table()
        _fill(table, zone)
        tables.append(name, table)
    if names:
        document["zones"] = tables
    else:
        document.pop("zones", None)
    new = tomlkit.dumps(document).encode()
    part = rules.with_name(f".{rules.name}.part")
    write_whole(part, new)
    try:
        read_rules(part)
    except OptionError as error:
        raise OptionError(str(error).replace(str(part), rules.name)) from None
    finally:
        part.unlink(missing_ok=True)
    write_whole(rules.with_name(f"{rules.name}.bak"), old, durable=True)
    write_whole(rules, new, durable=True)


def _fill(table: Any, zone: Mapping[str, Any]) -> None:  # noqa: ANN401 (tomlkit's tables)
    """Bring the fields of a table of the file to those of a zone."""
    usual = asdict(Zone("usual"))
    for name, given in zone.items():
        if name not in usual:
            raise OptionError(f"a zone has no {name!r}; it has {', '.join(usual)}")
        if given is None:
            raise OptionError(f"{name} is null; leave it out where it is as usual")
    del usual["name"]
    for name, value in usual.items():
        given = zone.get(name, value)
        if _plain(given) == _plain(value):
            table.pop(name, None)
        elif name == "dwell" and isinstance(given, int | float):
            table[name] = f"{given:g} s"
        elif _plain(table.get(name)) != given:  # what the file says already stays in its own way to write it
            table[name] = given


def _plain(value: Any) -> object:  # noqa: ANN401 (of the file, of JSON or of a `Zone`)
    bare = value.unwrap() if hasattr(value, "unwrap") else value
    return list(bare) if isinstance(bare, tuple) else bare
