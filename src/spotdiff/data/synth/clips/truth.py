"""What is true of a clip, as the file beside it says."""

from __future__ import annotations

from typing import Any

from spotdiff.data.synth.clips.script import Deed, Script

SCHEMA = "spotdiff/clip/1"


def truth_of(script: Script, name: str) -> dict[str, Any]:
    """The truth of a clip as a JSON object.

    Boxes are [left, top, right, bottom], half-open, in pixels; times are seconds of the clip. Of an event:

    - kind: left, taken or moved.
    - box: where the thing is afterwards; of a taken one, where it was.
    - box_before: where a moved thing stood; lifted: when it was taken from there. Both None for the other kinds.
    - time: when it is so: the first frame on which the thing stands or is gone, seen or not.
    - visible: from when nobody hides it.
    - until: when a left thing is taken again, or None.
    """
    troubles = sorted(script.disturbances, key=lambda one: (one.start, one.kind))
    return {
        "schema": SCHEMA,
        "name": name,
        "size": list(script.size),
        "fps": script.fps,
        "seconds": _rounded(script.seconds),
        "scenario": script.scenario,
        "disturbances": [
            {"kind": one.kind, "from": _rounded(one.start), "to": _rounded(one.end), "facts": dict(one.facts)}
            for one in troubles
        ],
        "events": [_event(script, deed) for deed in script.deeds],
        "passers": [
            {"from": _rounded(max(one.start, 0.0)), "to": _rounded(min(one.end, script.seconds))}
            for one in sorted(script.passers, key=lambda one: one.start)
        ],
        "noise": script.noise,
        "jpeg": script.jpeg,
        "materials": list(script.materials),
    }


def _event(script: Script, deed: Deed) -> dict[str, Any]:
    before = None if deed.before is None else script.standings[deed.before]
    standing = script.standings[deed.standing]
    area = int((standing.thing.area > 0).sum())
    return {
        "kind": deed.kind,
        "box": list(standing.box),
        "box_before": None if before is None else list(before.box),
        "lifted": None if before is None else _rounded(before.end / script.fps),
        "time": _rounded(deed.frame / script.fps),
        "visible": _rounded(deed.visible / script.fps),
        "until": None if deed.until is None else _rounded(deed.until / script.fps),
        "class": standing.thing.name,
        "share": round(area / (script.size[0] * script.size[1]), 5),
    }


def _rounded(second: float) -> float:
    return round(second, 3)
