"""The folder is the registry: a file in a folder of plug-ins is one, listed without importing it.

A plug-in file holds one public dataclass whose name is the file's name in capitals-first form:
`pixel.py` holds `Pixel`; `two_words.py` holds `TwoWords` and is called `two-words`. Other people's
packages add theirs through the entry point group `spotdiff.FOLDER`; they cannot take a name that the
project already uses.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from spotdiff.errors import MethodError, OptionError, Refusal, SpotdiffError, error_line

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_NEEDS = {"methods": ("score", "extraction"), "describe": ("describe",)}  # what a plug-in of a folder must have
_PACKAGE = Path(__file__).parent
_SPELLINGS = {  # further names of a plug-in: a network's own name where a method is asked for
    "methods": dict.fromkeys(("unet", "fused", "siamese", "fc-siam-conc", "fc-siam-diff", "onnx"), "network")
}


def canonical(folder: str, name: str) -> str:
    """The name that a plug-in is listed by, from any accepted spelling of it; other names stay as they are.

    Examples:
        >>> canonical("methods", "fc_siam_diff"), canonical("methods", "pixel")
        ('network', 'pixel')
    """
    name = name.replace("_", "-")
    return _SPELLINGS.get(folder, {}).get(name, name)


def _files(folder: str) -> dict[str, Path]:
    files = sorted((_PACKAGE / folder).glob("*.py"))
    return {path.stem.replace("_", "-"): path for path in files if not path.stem.startswith("_")}


def _of_other_packages(folder: str) -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=f"spotdiff.{folder.replace('/', '.')}")}


def names(folder: str) -> list[str]:
    """Names of all plug-ins of a folder, ours first, each list sorted; nothing is imported."""
    ours = list(_files(folder))
    return ours + sorted(set(_of_other_packages(folder)) - set(ours) - set(_SPELLINGS.get(folder, {})))


def summaries(folder: str) -> dict[str, str]:
    """The first docstring line of every plug-in of a folder by name, read without importing ours."""
    lines = {}
    for name, path in _files(folder).items():
        doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        lines[name] = doc.partition("\n")[0]
    for name in names(folder)[len(lines) :]:
        try:
            lines[name] = (load(folder, name).__doc__ or "").strip().partition("\n")[0]
        except OptionError as error:  # one that cannot be used hides no other
            lines[name] = f"cannot be used: {error}"
    return lines


def load(folder: str, name: str) -> type:
    """The class of a plug-in, by any accepted spelling of its name.

    Raises:
        OptionError: the folder has no plug-in of that name (the nearest is suggested), or it is one of another package
            and cannot be loaded, or is no dataclass with what a plug-in of that folder does.
    """
    name = canonical(folder, name)
    if name in _files(folder):
        module = import_module(f"spotdiff.{folder.replace('/', '.')}.{name.replace('-', '_')}")
        plugin: type = getattr(module, "".join(part.capitalize() for part in name.split("-")))
        return plugin
    entry_point = _of_other_packages(folder).get(name)
    if entry_point is None:
        near = difflib.get_close_matches(name.lower(), names(folder), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names(folder))}"
        raise OptionError(f"there is no {name!r} in {folder}; {hint}")
    return _loaded(entry_point, name, _NEEDS.get(folder, ()))


@contextmanager
def failing_by_name(folder: str, name: str) -> Iterator[None]:
    """Within the block, whatever fails in a plug-in of another package is told as its failure, not as one of ours.

    Raises:
        MethodError: it fails, or wants to end the process.
    """
    try:
        yield
    except (SpotdiffError, Refusal, MemoryError, KeyboardInterrupt):
        raise
    except BaseException as error:
        if canonical(folder, name) in _files(folder):
            raise
        reason = f"{type(error).__name__}: {error_line(error)}"
        raise MethodError(f"the plug-in {name} of {folder} failed: {reason}; tell whoever made it") from None


def _loaded(entry_point: EntryPoint, name: str, needs: Sequence[str]) -> type:
    """The class of a plug-in of another package, whatever that does when it is imported."""
    whose = f"the plug-in {name} ({entry_point.value})"
    try:
        plugin = entry_point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # an exit while it is imported would pass for an answer
        reason = error_line(error) if isinstance(error, Exception) else type(error).__name__
        raise OptionError(f"{whose} cannot be loaded: {type(error).__name__}: {reason}; mend or remove it") from None
    if not (isinstance(plugin, type) and is_dataclass(plugin) and all(hasattr(plugin, need) for need in needs)):
        raise OptionError(f"{whose} is no dataclass{' with ' * bool(needs)}{' and '.join(needs)}; mend or remove it")
    return plugin
