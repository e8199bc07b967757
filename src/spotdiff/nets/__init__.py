"""Networks, one file each: a frozen dataclass of settings whose `build()` gives the torch module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, cast

from spotdiff import plugins
from spotdiff.errors import MissingExtra
from spotdiff.params import build

if TYPE_CHECKING:
    from spotdiff.nets.parts.outputs import Net


class Design(Protocol):
    """A network before it has weights: a frozen dataclass whose fields are its settings."""

    def build(self) -> Net:
        """The module with fresh weights; see `spotdiff.nets.parts.outputs.Net`."""
        ...


CAPTIONERS = ("captioner",)  # put what changed into words; the others mark it


def net_names() -> list[str]:
    """Names of all networks that mark what changed; nothing is imported."""
    return [name for name in plugins.names("nets") if name not in CAPTIONERS]


def get_net(name: str, settings: Mapping[str, object] | None = None) -> Design:
    """The design of that name with these settings; texts are read as the setting's type.

    Raises:
        OptionError: no such network or setting, or a value that it cannot have.
        MissingExtra: torch is not installed.
    """
    try:
        design = plugins.load("nets", name)
    except ModuleNotFoundError as missing:
        if str(missing.name).partition(".")[0] == "spotdiff":
            raise
        raise MissingExtra(str(missing.name), extra="train") from None
    return cast("Design", build(design, settings or {}, owner=f"network {name}"))
