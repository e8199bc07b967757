"""What a scene knows, on the disk, so that what was left before a restart is neither forgotten nor reported again."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.atomic_write import write_whole
from spotdiff.image.resize import resize_mask
from spotdiff.watching.scene.candidates import Candidate, dilate
from spotdiff.watching.scene.judge import Judgement
from spotdiff.watching.scene.reference import Reference, Regimes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from spotdiff.types import Mask
    from spotdiff.watching.event import Event
    from spotdiff.watching.scene.scene import Scene
    from spotdiff.watching.scene.working_sizes import Sizes

_VERSION = 1
_BROKEN = (OSError, ValueError, LookupError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)


def save_snapshot(scene: Scene, path: Path, *, ids: Mapping[int, str]) -> None:
    """Write down what a scene knows: its lights, and the ground of what was reported of it.

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
    reported = [candidate for candidate in scene.candidates if candidate.number in ids]
    for place, candidate in enumerate(reported):
        arrays[f"mask{place}"] = np.packbits(candidate.mask)
    head = {
        "version": _VERSION,
        "scales": asdict(scene.sizes),
        "lights": len(scene.regimes.all),
        "events": [ids[candidate.number] for candidate in reported],
    }
    arrays["head"] = np.frombuffer(json.dumps(head).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_whole(path, buffer.getvalue(), durable=True)


def load_snapshot(
    scene: Scene, path: Path, *, events: Mapping[str, Event], is_normal: Callable[[str], bool] = lambda name: False
) -> dict[str, int]:
    """Give a fresh scene what an earlier run knew.

    Args:
        scene: A scene that has seen nothing yet.
        path: The file.
        events: The open events of the camera, by id.
        is_normal: Whether a person has said meanwhile of the event of an id that it is normal: its ground is learned
            anew.

    Returns:
        Numbers of the candidates that these events are from now on, by id. Events that the file does not hold get the
        ground of their boxes. Empty where there is no file of pictures of this size that can be read.
    """
    try:
        with path.open("rb") as file, np.load(file) as arrays:  # numpy leaves open what it cannot read
            values = {name: arrays[name] for name in arrays.files}
        head = json.loads(bytes(values["head"]))
        sizes = {name: tuple(size) for name, size in head["scales"].items()}
        if head["version"] != _VERSION or sizes != asdict(scene.sizes):
            return {}
        size = scene.sizes.small
        lights = [Reference(values[f"work{n}"], _unpack(values[f"known{n}"], size)) for n in range(head["lights"])]
        masks = {name: _unpack(values[f"mask{place}"], size) for place, name in enumerate(head["events"])}
    except _BROKEN:
        return {}
    for mask in (mask for name, mask in masks.items() if name not in events and is_normal(name)):
        for light in lights:
            light.known = light.known & ~dilate(mask, 2)
    regimes = Regimes(lights[0])
    for light in lights[1:]:
        regimes.switch(light)
    scene.start(regimes)
    numbers = {}
    for name, event in events.items():
        if event.box is None:
            continue
        mask = masks[name] if name in masks else _box_mask(event, scene.sizes)
        work = resize_mask(mask, scene.sizes.work)
        judgement = Judgement(event.kind, event.score, event.box, event.box_before, work, event.text)
        candidate = Candidate(0, mask, since=0.0, last_seen=0.0, due=0.0, judgement=judgement, reported=True)
        numbers[name] = scene.adopt(candidate)
    return numbers


def _box_mask(event: Event, sizes: Sizes) -> Mask:
    mask = np.zeros(sizes.own[::-1], bool)
    for box in (event.box, event.box_before):
        if box is not None:
            left, top, right, bottom = box
            mask[top:bottom, left:right] = True
    return resize_mask(mask, sizes.small)


def _unpack(bits: np.ndarray, size: tuple[int, int]) -> Mask:
    width, height = size
    return np.unpackbits(bits, count=width * height).reshape(height, width).astype(bool)
