"""A camera's memory on the disk, so that what was left before a restart is neither forgotten nor told again."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.files import write_whole
from spotdiff.watching.scene.difference import Difference, grown
from spotdiff.watching.scene.judge import Judged
from spotdiff.watching.scene.reference import Reference, Regimes
from spotdiff.watching.scene.scales import Scales, stretched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from spotdiff.types import Box, Mask
    from spotdiff.watching.scene.scene import Scene
    from spotdiff.watching.values import Event

_VERSION = 1
_BROKEN = (OSError, ValueError, LookupError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)


def remember(scene: Scene, path: Path, *, ids: Mapping[int, str]) -> None:
    """Write a scene's memory: its lights, and the ground of what was told of it.

    Args:
        scene: The scene.
        path: A file, written whole or not at all.
        ids: Ids of the events by the numbers of their differences.

    Raises:
        OSError: it cannot be written.
    """
    if scene.regimes is None:
        return
    arrays: dict[str, Any] = {}
    for place, reference in enumerate(scene.regimes.all):
        arrays[f"work{place}"], arrays[f"known{place}"] = reference.work, np.packbits(reference.known)
    told = [one for one in scene.differences if one.number in ids]
    for place, difference in enumerate(told):
        arrays[f"mask{place}"] = np.packbits(difference.mask)
    head = {
        "version": _VERSION,
        "scales": asdict(scene.scales),
        "lights": len(scene.regimes.all),
        "events": [ids[one.number] for one in told],
    }
    arrays["head"] = np.frombuffer(json.dumps(head).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_whole(path, buffer.getvalue(), durable=True)


def recall(
    scene: Scene, path: Path, *, events: Mapping[str, Event], normal: Callable[[str], bool] = lambda name: False
) -> dict[str, int]:
    """Give a fresh scene the memory of an earlier run.

    Args:
        scene: A scene that has seen nothing yet.
        path: The file.
        events: The open events of the camera, by id.
        normal: Whether a person has said meanwhile of the event of an id that it is normal: its ground is learned anew.

    Returns:
        Numbers of the differences that these events are from now on, by id. Events that the memory does not hold
        get the ground of their boxes. Empty where there is no memory of pictures of this size that can be read.
    """
    try:
        with path.open("rb") as file, np.load(file) as arrays:  # numpy leaves open what it cannot read
            said = {name: arrays[name] for name in arrays.files}
        head = json.loads(bytes(said["head"]))
        fits = head["version"] == _VERSION and _scales(head["scales"]) == scene.scales
        if not fits:
            return {}
        size = scene.scales.small
        lights = [Reference(said[f"work{n}"], _unpacked(said[f"known{n}"], size)) for n in range(head["lights"])]
        masks = {name: _unpacked(said[f"mask{place}"], size) for place, name in enumerate(head["events"])}
    except _BROKEN:
        return {}
    for mask in (mask for name, mask in masks.items() if name not in events and normal(name)):
        for light in lights:
            light.known = light.known & ~grown(mask, 2)
    regimes = Regimes(lights[0])
    for light in lights[1:]:
        regimes.switch(light)
    scene.start(regimes)
    return {name: _adopted(scene, event, masks.get(name)) for name, event in events.items() if event.box is not None}


def _adopted(scene: Scene, event: Event, mask: Mask | None) -> int:
    """Watch the ground of an open event again; the number of its difference."""
    mask = _of_box(event, scene.scales) if mask is None else mask
    work = stretched(mask, scene.scales.work)
    judged = Judged(event.kind, event.score, event.box or (0, 0, 1, 1), event.box_before, work, event.text)
    fresh = Difference(0, mask, since=0.0, seen=0.0, due=0.0)
    return scene.adopt(replace(fresh, judged=judged, announced=True))


def _of_box(event: Event, scales: Scales) -> Mask:
    mask = np.zeros(scales.own[::-1], bool)
    for box in (event.box, event.box_before):
        if box is not None:
            left, top, right, bottom = box
            mask[top:bottom, left:right] = True
    return stretched(mask, scales.small)


def _unpacked(bits: np.ndarray, size: tuple[int, int]) -> Mask:
    width, height = size
    return np.unpackbits(bits, count=width * height).reshape(height, width).astype(bool)


def _scales(said: Mapping[str, Any]) -> Scales:
    sizes: dict[str, Box] = {name: tuple(size) for name, size in said.items()}
    return Scales(**sizes)  # type: ignore[arg-type]
