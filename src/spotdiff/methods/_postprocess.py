"""What a network says, made into evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.errors import DataError
from spotdiff.regions.centres import decode, painted
from spotdiff.types import Evidence

if TYPE_CHECKING:
    from spotdiff.methods._preprocess import Said, Shown
    from spotdiff.nets.parts.facts import Facts
    from spotdiff.types import Map, Mask

    Maps = tuple[Map, ...]  # gone and new, and the cores of both where a network gives them
    Found = tuple[Maps, dict[str, Map], dict[str, object]]  # layers, notes

_MAPS = {"gone", "new"}
CORES = ("core_gone", "core_new")
_CENTRES = {f"{part}_{side}" for part in ("heat", "size", "offset") for side in ("before", "after")}
_WANTED = {"classes": _MAPS, "masks": _MAPS, "centres": _CENTRES}


def evidence_of(
    said: Said, facts: Facts, shown: Shown, *, limit: float, usable: Mask | None, closer: Maps | None = None
) -> Evidence:
    """Evidence from a network's answer about the pictures it was shown.

    Args:
        said: The answer: `gone` and `new`, or centres of boxes, and what else the network says.
        facts: Of the network's weights.
        shown: The pictures.
        limit: What counts as changed in the answer; it becomes 0.5.
        closer: Gone and new after further looks, in place of those in the answer.
        usable: (H, W) bool, False where the evidence is to be 0; None for nowhere.

    Raises:
        DataError: the answer is not of the form that the facts tell.
    """
    if not said.keys() >= _WANTED[facts.form]:
        raise DataError(
            f"the weights of {facts.net} say that it gives {facts.form}, and it does not; train or export anew"
        )
    if facts.form == "centres":
        maps, layers, notes = _boxes(said, facts, shown, limit)
    else:
        maps, layers, notes = _maps(said, shown)
    cores = None
    if closer is not None:
        maps = (*(_resized(one, shown.shape) for one in closer[:2]), *closer[2:])
    elif CORES[0] in layers:
        maps = (*maps, *(layers[name] for name in CORES))
    layers = {name: layer for name, layer in layers.items() if name not in CORES}
    if len(maps) > len(_MAPS):
        cores = maps[2], maps[3]
    gone, new = (_graded(one, limit, usable) for one in maps[:2])
    directed = facts.directed and facts.form != "centres"
    if not directed:
        gone = new = np.maximum(gone, new)
    anything = float(said["anything"][0]) if "anything" in said else None
    seen_at = max(shown.inner) / max(shown.shape)
    return Evidence(gone, new, directed, notes, layers, facts.digest, anything, seen_at, cores)


def _graded(chance: Map, limit: float, usable: Mask | None) -> Map:
    """A map stretched piecewise so that 0, `limit` and 1 become 0, 0.5 and 1; 0 where not usable."""
    under, over = np.minimum(chance / limit, 1), np.maximum(chance - limit, 0) / (1 - limit)
    graded = np.asarray((under + over) / 2, np.float32)
    if usable is not None:
        graded[~usable] = 0
    return graded


def _maps(said: Said, shown: Shown) -> Found:
    """The maps of gone and new, all others, and what is one number."""
    maps = {name: _own_size(value, shown) for name, value in said.items() if value.ndim == 4}
    notes: dict[str, object] = {name: round(float(value[0]), 4) for name, value in said.items() if value.ndim == 1}
    return (maps.pop("gone"), maps.pop("new")), maps, notes


def _own_size(value: Map, shown: Shown) -> Map:
    """(H, W) in [0, 1], of the size that the pictures had, from (1, 1, h, w)."""
    return _resized(seen(value, shown), shown.shape)


def seen_in(said: Said, shown: Shown) -> Maps:
    """Gone and new in what a network said, and the cores of both where it gives them, of the size that it was shown."""
    named = ("gone", "new", *(CORES if CORES[0] in said else ()))
    return tuple(seen(said[name], shown) for name in named)


def seen(value: Map, shown: Shown) -> Map:
    """(h, w) in [0, 1] from (1, 1, h, w): what is picture of what the network was shown."""
    inner: Map = np.clip(value[0, 0, : shown.inner[0], : shown.inner[1]], 0, 1)
    return inner


def _resized(value: Map, shape: tuple[int, int]) -> Map:
    return value if value.shape == shape else np.asarray(cv2.resize(value, shape[::-1]), np.float32)


def _boxes(said: Said, facts: Facts, shown: Shown, limit: float) -> Found:
    """The boxes in before and in after as maps, the same as layers, and how many count as changed."""
    maps: dict[str, Map] = {}
    notes: dict[str, object] = {}
    to_own = np.tile([shown.shape[1] / shown.inner[1], shown.shape[0] / shown.inner[0]], 2)
    whole = shown.before.shape[2], shown.before.shape[3]
    for side in ("before", "after"):
        heat, size, offset = (said[f"{part}_{side}"][0] for part in ("heat", "size", "offset"))
        boxes, scores = decode(heat[0], size, offset, stride=facts.stride, shape=whole, threshold=limit / 2)
        maps[f"boxes_{side}"] = painted(boxes * to_own, scores, shown.shape)
        notes[f"boxes_{side}"] = int(np.count_nonzero(scores >= limit))
    return (maps["boxes_before"], maps["boxes_after"]), maps, notes
