"""What is true of a clip, as the file beside it says."""

from __future__ import annotations

from typing import Any

from spotdiff.data.synth.clips.plan import ClipEvent, ClipPlan

SCHEMA = "spotdiff/clip/1"


def truth_of(plan: ClipPlan, name: str) -> dict[str, Any]:
    """The truth of a clip as a JSON object.

    Boxes are [left, top, right, bottom], half-open, in pixels; times are seconds of the clip. Of an event:

    - kind: left, taken or moved.
    - box: where the thing is afterwards; of a taken one, where it was.
    - box_before: where a moved thing stood; lifted: when it was taken from there. Both None for the other kinds.
    - time: when it is so: the first frame on which the thing stands or is gone, seen or not.
    - visible: from when nobody hides it.
    - until: when a left thing is taken again, or None.
    """
    disturbances = sorted(plan.disturbances, key=lambda disturbance: (disturbance.start, disturbance.kind))
    return {
        "schema": SCHEMA,
        "name": name,
        "size": list(plan.size),
        "fps": plan.fps,
        "seconds": _rounded(plan.seconds),
        "scenario": plan.scenario,
        "disturbances": [
            {
                "kind": disturbance.kind,
                "from": _rounded(disturbance.start),
                "to": _rounded(disturbance.end),
                "facts": dict(disturbance.facts),
            }
            for disturbance in disturbances
        ],
        "events": [_event(plan, event) for event in plan.events],
        "passers": [
            {"from": _rounded(max(actor.start, 0.0)), "to": _rounded(min(actor.end, plan.seconds))}
            for actor in sorted(plan.actors, key=lambda actor: actor.start)
        ],
        "noise": plan.noise,
        "jpeg": plan.jpeg,
        "materials": list(plan.materials),
    }


def _event(plan: ClipPlan, event: ClipEvent) -> dict[str, Any]:
    before = None if event.previous is None else plan.objects[event.previous]
    placed = plan.objects[event.placed]
    area = int((placed.cutout.area > 0).sum())
    return {
        "kind": event.kind,
        "box": list(placed.box),
        "box_before": None if before is None else list(before.box),
        "lifted": None if before is None else _rounded(before.end / plan.fps),
        "time": _rounded(event.frame / plan.fps),
        "visible": _rounded(event.visible / plan.fps),
        "until": None if event.until is None else _rounded(event.until / plan.fps),
        "class": placed.cutout.name,
        "share": round(area / (plan.size[0] * plan.size[1]), 5),
    }


def _rounded(second: float) -> float:
    return round(second, 3)
