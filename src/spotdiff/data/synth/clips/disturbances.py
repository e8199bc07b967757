"""Disturbances: which a clip has, when and how strong."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from spotdiff.data.synth.clips.plan import Disturbance

if TYPE_CHECKING:
    from spotdiff.types import Bytes

Span = tuple[float, float]  # seconds, from and to
_SHARES = {  # of the disturbances of clips with events
    "step": 0.2,
    "ramp": 0.1,
    "cloud": 0.09,
    "headlights": 0.06,
    "lamp": 0.06,
    "flicker": 0.05,
    "ir": 0.08,
    "rain": 0.07,
    "insects": 0.06,
    "leaves": 0.06,
    "shake": 0.08,
    "focus": 0.03,
    "compression": 0.03,
    "dropout": 0.05,
    "reconnect": 0.04,
}
_CLASSES = {  # disturbances of the quiet clips
    "light": ("step", "ramp", "cloud", "headlights", "lamp", "flicker"),
    "ir": ("ir",),
    "shake": ("shake", "shake", "shake", "focus"),
    "reconnect": ("reconnect", "dropout", "reconnect", "compression"),
    "rain": ("rain",),
    "insects": ("insects",),
    "leaves": ("leaves",),
    "passers": (),
}
_STAY = ("step", "ramp", "lamp", "ir")  # may go on to the end of the clip
_CLEAR = 5.5  # seconds between lost frames and the moment of an event
_DARKEST, _BRIGHTEST = 22.0, 215.0  # means of a picture that light leaves


def choose_kinds(rng: np.random.Generator, scenario: str, turn: int, most: int) -> list[str]:
    """Kinds of the disturbances of a clip; quiet clips of one class take turns."""
    if scenario != "event":
        kinds = _CLASSES[scenario]
        return [kinds[turn % len(kinds)]] if kinds else []
    odds = np.array(list(_SHARES.values()))
    count = int(rng.integers(0, most + 1)) if rng.random() < 0.85 else most
    chosen = rng.choice(list(_SHARES), min(count, len(odds)), replace=False, p=odds / odds.sum())
    kinds_chosen = [str(kind) for kind in chosen]
    return [kind for kind in kinds_chosen if kind != "dropout" or "reconnect" not in kinds_chosen]


def sample_disturbance(
    rng: np.random.Generator, kind: str, scene: Bytes, seconds: float, busy: list[Span]
) -> Disturbance | None:
    """A disturbance of a kind; None where lost frames would hide an event at every time looked at.

    Args:
        rng: Decides.
        kind: Which.
        scene: The place, whose brightness says how far the light may go.
        seconds: Length of the clip.
        busy: When things are left, taken and moved; half of what takes a moment comes near one of these.
    """
    facts, length, rise = _DRAW[kind](rng, scene)
    start = _start(rng, kind, seconds, busy)
    length = min(length, 0.5 * seconds)
    end = seconds if kind in _STAY and rng.random() < 0.6 else min(start + rise + length, seconds)
    if kind in ("rain", "leaves", "shake") and rng.random() < 0.5:
        start, end = 0.0, seconds
    if kind in ("dropout", "reconnect"):
        for _ in range(20):
            start = rng.uniform(0.1 * seconds, 0.9 * seconds - length)
            span = start - facts["lead"] - _CLEAR, start + length + facts["trail"] + _CLEAR
            if not any(span[0] < late and early < span[1] for early, late in busy):
                break
        else:
            return None
        end = start + length
    fall = 0.0 if end >= seconds else min(rise, 2.0)
    return Disturbance(kind, start, end, min(rise, end - start), fall, facts, int(rng.integers(1 << 31)))


def _start(rng: np.random.Generator, kind: str, seconds: float, busy: list[Span]) -> float:
    first, last = min(5.0, 0.1 * seconds), 0.8 * seconds
    if busy and kind in ("step", "ramp", "cloud", "headlights", "lamp", "ir") and rng.random() < 0.5:
        early, late = busy[int(rng.integers(len(busy)))]
        return float(np.clip(rng.uniform(early - 4.0, late + 4.0), first, last))
    return float(rng.uniform(first, last))


Drawn = tuple[dict[str, Any], float, float]  # facts, seconds that it lasts, seconds in which it comes


def _light(rng: np.random.Generator, scene: Bytes) -> dict[str, Any]:
    """Gain of each channel and gamma, redrawn where the picture would get too dark or too bright."""
    small = cv2.resize(scene, (64, 36), interpolation=cv2.INTER_AREA).astype(np.float64) / 255
    mean = 255 * float(small.mean())
    for _ in range(50):
        gain = math.exp(rng.uniform(math.log(0.4), math.log(2.5))) * rng.uniform(0.93, 1.07, 3)
        gain = np.clip(gain, 0.4, 2.5)
        gamma = float(rng.uniform(0.6, 1.6))
        shown = np.clip(small * gain, 0, 1) ** gamma
        seen = min(_DARKEST, mean) <= 255 * shown.mean() <= max(_BRIGHTEST, mean)
        if seen and abs(255 * shown.mean() - mean) > 8 and float((shown >= 1).mean()) < 0.3:
            break
    return {"gain": [round(float(value), 3) for value in gain], "gamma": round(gamma, 3)}


def _step(rng: np.random.Generator, scene: Bytes) -> Drawn:
    return _light(rng, scene), rng.uniform(5, 20), float(rng.choice((0.0, 0.1, 0.2)))


def _ramp(rng: np.random.Generator, scene: Bytes) -> Drawn:
    rise = rng.uniform(5, 20)
    return _light(rng, scene), rng.uniform(2, 10), rise


def _cloud(rng: np.random.Generator, scene: Bytes) -> Drawn:
    return {"gain": round(float(rng.uniform(0.5, 0.8)), 2)}, rng.uniform(6, 18), 0.0


def _headlights(rng: np.random.Generator, scene: Bytes) -> Drawn:
    colour = [255.0, round(float(rng.uniform(225, 255)), 1), round(float(rng.uniform(170, 250)), 1)]
    return {"reach": round(float(rng.uniform(0.1, 0.25)), 3), "colour": colour}, rng.uniform(1.5, 4.0), 0.0


def _lamp(rng: np.random.Generator, scene: Bytes) -> Drawn:
    gain = rng.uniform(1.4, 2.2) * np.array((1.0, rng.uniform(0.9, 1.0), rng.uniform(0.75, 1.0)))
    at = [round(float(value), 3) for value in rng.uniform(0.1, 0.9, 2)]
    facts = {
        "gain": [round(float(value), 3) for value in gain],
        "at": at,
        "reach": round(float(rng.uniform(0.15, 0.4)), 3),
    }
    return facts, rng.uniform(6, 20), float(rng.choice((0.0, 0.3, 1.0)))


def _flicker(rng: np.random.Generator, scene: Bytes) -> Drawn:
    facts = {"depth": round(float(rng.uniform(0.03, 0.12)), 3), "hertz": round(float(rng.uniform(0.3, 4)), 2)}
    return facts, rng.uniform(4, 20), 0.5


def _infrared(rng: np.random.Generator, scene: Bytes) -> Drawn:
    weights = rng.dirichlet((4, 4, 2))
    facts = {
        "weights": [round(float(value), 3) for value in weights],
        "gamma": round(float(rng.uniform(0.55, 1.4)), 2),
        "gain": round(float(rng.uniform(0.75, 1.15)), 2),
        "vignette": round(float(rng.uniform(0.2, 0.55)), 2),
        "noise": round(float(rng.uniform(2.5, 7)), 1),
        "flash": float(rng.choice((0.3, 1.0, 1.8))),
    }
    return facts, rng.uniform(8, 25), 0.0


def _rain(rng: np.random.Generator, scene: Bytes) -> Drawn:
    facts = {
        "drops": int(rng.integers(40, 260)),
        "long": round(float(rng.uniform(0.03, 0.14)), 3),
        "lean": round(float(rng.normal(0, 0.2)), 3),
        "haze": round(float(rng.uniform(0.0, 0.12)), 3),
        "gain": [round(float(rng.uniform(0.85, 1.0)), 3)] * 3,
    }
    return facts, rng.uniform(10, 30), 2.0


def _insects(rng: np.random.Generator, scene: Bytes) -> Drawn:
    return {"count": int(rng.integers(6, 22))}, rng.uniform(10, 30), 0.0


def _leaves(rng: np.random.Generator, scene: Bytes) -> Drawn:
    facts = {
        "side": str(rng.choice(("left", "right"))),
        "top": bool(rng.random() < 0.7),
        "wide": round(float(rng.uniform(0.2, 0.4)), 3),
        "tall": round(float(rng.uniform(0.3, 0.6)), 3),
        "reach": round(float(rng.uniform(4, 14)), 1),
        "hertz": round(float(rng.uniform(0.25, 1.0)), 2),
    }
    return facts, rng.uniform(10, 30), 2.0


def _shake(rng: np.random.Generator, scene: Bytes) -> Drawn:
    slow = bool(rng.random() < 0.4)
    facts = {
        "reach": round(float(rng.uniform(1, 5)), 2),
        "slow": slow,
        "hertz": round(float(rng.uniform(0.12, 0.5)), 2),
    }
    return facts, rng.uniform(4, 25), 0.3


def _focus(rng: np.random.Generator, scene: Bytes) -> Drawn:
    facts = {"blur": round(float(rng.uniform(0.6, 1.6)), 2), "period": round(float(rng.uniform(2, 6)), 1)}
    return facts, rng.uniform(4, 15), 0.5


def _compression(rng: np.random.Generator, scene: Bytes) -> Drawn:
    return {"quality": int(rng.integers(10, 28))}, rng.uniform(5, 20), 0.0


def _gap(rng: np.random.Generator, scene: Bytes) -> Drawn:
    lead = float(rng.uniform(0.2, 1.0)) if rng.random() < 0.5 else 0.0
    trail = float(rng.uniform(0.1, 0.4)) if rng.random() < 0.3 else 0.0
    facts = {"lead": round(lead, 1), "trail": round(trail, 1), "fault": str(rng.choice(("frozen", "grey")))}
    return facts | {"quality": int(rng.integers(20, 60))}, rng.uniform(1, 8), 0.0


_DRAW: dict[str, Callable[[np.random.Generator, Bytes], Drawn]] = {
    "step": _step,
    "ramp": _ramp,
    "cloud": _cloud,
    "headlights": _headlights,
    "lamp": _lamp,
    "flicker": _flicker,
    "ir": _infrared,
    "rain": _rain,
    "insects": _insects,
    "leaves": _leaves,
    "shake": _shake,
    "focus": _focus,
    "compression": _compression,
    "dropout": _gap,
    "reconnect": _gap,
}
