"""A network's outputs made into evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.errors import DataError
from spotdiff.methods._checks import checked_outputs
from spotdiff.regions.centre_heatmap import decode, painted
from spotdiff.types import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotdiff.methods._preprocess import NetworkInput
    from spotdiff.nets.parts.facts import Facts
    from spotdiff.nets.parts.inference import Run
    from spotdiff.types import Map, Mask

    Outputs = Mapping[str, Map]
    Maps = tuple[Map, ...]  # gone and new, and the cores of both where a network gives them
    Decoded = tuple[Maps, dict[str, Map], dict[str, object]]  # maps, layers, notes

_MAPS = {"gone", "new"}
CORES = ("core_gone", "core_new")
_CENTRES = {f"{part}_{side}" for part in ("heat", "size", "offset") for side in ("before", "after")}
_REQUIRED = {"classes": _MAPS, "masks": _MAPS, "centres": _CENTRES}
_OPPOSITES = (("gone", "new"), ("added", "removed"), ("appear", "disappear"), ("before", "after"))


def predict(run: Run, shown: NetworkInput, facts: Facts, *, both_ways: bool) -> Outputs:
    """A network's outputs by name; the mean of those for both orders of the pictures where that is wanted.

    Raises:
        MethodError: they are no finite maps of the right shape.
    """
    shape = shown.before.shape[2], shown.before.shape[3]

    def outputs_of(first: Map, second: Map) -> dict[str, Map]:
        return checked_outputs(run(first, second), shape, stride=facts.stride, name=f"the network {facts.net}")

    outputs = outputs_of(shown.before, shown.after)
    if not both_ways:
        return outputs
    swapped = outputs_of(shown.after, shown.before)
    return {name: np.float32(0.5) * (value + swapped.get(opposite(name), value)) for name, value in outputs.items()}


def opposite(name: str) -> str:
    """What an output is called when the pictures are exchanged.

    Examples:
        >>> opposite("gone"), opposite("heat_after"), opposite("unchanged")
        ('new', 'heat_before', 'unchanged')
    """
    stem, _, last = name.rpartition("_")
    for pair in _OPPOSITES:
        if last in pair:
            other = pair[1 - pair.index(last)]
            return f"{stem}_{other}" if stem else other
    return name


def evidence_of(
    outputs: Outputs,
    facts: Facts,
    shown: NetworkInput,
    *,
    limit: float,
    usable: Mask | None,
    multiscale: Maps | None = None,
) -> Evidence:
    """Evidence from a network's outputs for the pictures it was shown.

    Args:
        outputs: `gone` and `new`, or centres of boxes, and what else the network gives.
        facts: Of the network's weights.
        shown: The pictures.
        limit: What counts as changed in the outputs; it becomes 0.5.
        usable: (H, W) bool, False where the evidence is to be 0; None for nowhere.
        multiscale: Gone and new after further looks, in place of those in the outputs.

    Raises:
        DataError: the outputs are not of the form that the facts name.
    """
    if not outputs.keys() >= _REQUIRED[facts.form]:
        raise DataError(
            f"the weights of {facts.net} say that it gives {facts.form}, and it does not; train or export anew"
        )
    if facts.form == "centres":
        maps, layers, notes = _decoded_boxes(outputs, facts, shown, limit)
    else:
        layers = {name: _resized(inner_map(v, shown), shown.shape) for name, v in outputs.items() if v.ndim == 4}
        maps = layers.pop("gone"), layers.pop("new")
        notes = {name: round(float(value[0]), 4) for name, value in outputs.items() if value.ndim == 1}
    cores = None
    if multiscale is not None:
        maps = (*(_resized(values, shown.shape) for values in multiscale[:2]), *multiscale[2:])
    elif CORES[0] in layers:
        maps = (*maps, *(layers[name] for name in CORES))
    layers = {name: layer for name, layer in layers.items() if name not in CORES}
    if len(maps) > len(_MAPS):
        cores = maps[2], maps[3]
    gone, new = (_graded(chance, limit, usable) for chance in maps[:2])
    directed = facts.directed and facts.form != "centres"
    if not directed:
        gone = new = np.maximum(gone, new)
    anything = float(outputs["anything"][0]) if "anything" in outputs else None
    seen_at = max(shown.inner) / max(shown.shape)
    return Evidence(gone, new, directed, notes, layers, facts.digest, anything, seen_at, cores)


def inner_maps(outputs: Outputs, shown: NetworkInput) -> Maps:
    """Gone and new, and the cores of both where the network gives them, of the size that it was shown."""
    names = ("gone", "new", *(CORES if CORES[0] in outputs else ()))
    return tuple(inner_map(outputs[name], shown) for name in names)


def inner_map(value: Map, shown: NetworkInput) -> Map:
    """(h, w) in [0, 1] from (1, 1, h, w): what is picture of what the network was shown."""
    inner: Map = np.clip(value[0, 0, : shown.inner[0], : shown.inner[1]], 0, 1)
    return inner


def _graded(chance: Map, limit: float, usable: Mask | None) -> Map:
    """A map stretched piecewise so that 0, `limit` and 1 become 0, 0.5 and 1; 0 where not usable."""
    under, over = np.minimum(chance / limit, 1), np.maximum(chance - limit, 0) / (1 - limit)
    graded = np.asarray((under + over) / 2, np.float32)
    if usable is not None:
        graded[~usable] = 0
    return graded


def _resized(value: Map, shape: tuple[int, int]) -> Map:
    return value if value.shape == shape else np.asarray(cv2.resize(value, shape[::-1]), np.float32)


def _decoded_boxes(outputs: Outputs, facts: Facts, shown: NetworkInput, limit: float) -> Decoded:
    """The boxes in before and in after as maps, the same as layers, and how many count as changed."""
    maps: dict[str, Map] = {}
    notes: dict[str, object] = {}
    to_own = np.tile([shown.shape[1] / shown.inner[1], shown.shape[0] / shown.inner[0]], 2)
    whole = shown.before.shape[2], shown.before.shape[3]
    for side in ("before", "after"):
        heat, size, offset = (outputs[f"{part}_{side}"][0] for part in ("heat", "size", "offset"))
        boxes, scores = decode(heat[0], size, offset, stride=facts.stride, shape=whole, threshold=limit / 2)
        maps[f"boxes_{side}"] = painted(boxes * to_own, scores, shown.shape)
        notes[f"boxes_{side}"] = int(np.count_nonzero(scores >= limit))
    return (maps["boxes_before"], maps["boxes_after"]), maps, notes
