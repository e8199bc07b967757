"""Frames of a clip as its plan says, and a film of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from io import BytesIO
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from spotdiff.data.synth.canvas import paste
from spotdiff.data.synth.clips.actors import actor_sprites
from spotdiff.data.synth.clips.effects import (
    Effect,
    NoiseBank,
    cloud,
    cut_off,
    fault_at,
    focus,
    headlights,
    infrared,
    insects,
    is_lost,
    jpeg_quality_at,
    lamp,
    leaves,
    rain,
    recompressed,
    shake,
    tones_at,
)
from spotdiff.data.synth.clips.plan import MARGIN, ClipPlan, Disturbance
from spotdiff.errors import MissingExtra

if TYPE_CHECKING:
    from spotdiff.types import Bytes

_EFFECTS: dict[str, Callable[[Disturbance, ClipPlan], Effect]] = {  # in the order in which they act
    "cloud": cloud,
    "lamp": lamp,
    "headlights": headlights,
    "ir": infrared,
    "rain": rain,
    "insects": insects,
    "focus": focus,
}
_OPTIONS = {"preset": "veryfast", "bf": "0", "threads": "1"}
_BETWEEN_KEYS = 4  # seconds


class ClipRenderer:
    """Everything that is made once for a clip; after that, any frame can be had.

    Attributes:
        plan: What happens.
    """

    def __init__(self, plan: ClipPlan) -> None:
        self.plan = plan
        self._scenes: dict[tuple[int, ...], Bytes] = {}
        self._effects = [
            (disturbance, make(disturbance, plan))
            for kind, make in _EFFECTS.items()
            for disturbance in plan.disturbances
            if disturbance.kind == kind
        ]
        self._shakes = [shake(disturbance, plan) for disturbance in plan.disturbances if disturbance.kind == "shake"]
        self._leaves = [leaves(disturbance, plan) for disturbance in plan.disturbances if disturbance.kind == "leaves"]
        noise_rng = np.random.default_rng((plan.seed, 1))
        self._noise = NoiseBank(noise_rng, plan.size, plan.noise, plan.frames) if plan.noise else None

    def scene(self, frame: int) -> Bytes:
        """(H + 2 MARGIN, W + 2 MARGIN, 3) uint8: what stands there on a frame, and nobody."""
        objects = self.plan.objects
        here = tuple(number for number, placed in enumerate(objects) if placed.start <= frame < placed.end)
        if here not in self._scenes:
            canvas = self.plan.scene.copy()
            for number in sorted(here, key=lambda each: objects[each].box[3]):
                placed = objects[number]
                paste(canvas, placed.cutout, (placed.at[0] + MARGIN, placed.at[1] + MARGIN), placed.shadow)
            self._scenes[here] = canvas
        return self._scenes[here]

    def picture(self, frame: int) -> Bytes:
        """(H, W, 3) uint8: what the camera gives, were no frame is_lost, frozen or broken."""
        canvas = self.scene(frame).copy()
        for cutout, at, shadow in actor_sprites(self.plan, frame):
            paste(canvas, cutout, (at[0] + MARGIN, at[1] + MARGIN), shadow)
        for draw in self._leaves:
            draw(canvas, frame)
        pixels = self.lit(self._view(canvas, frame), frame)
        if self._noise is not None:
            pixels = self._noise(pixels, frame)
        quality = jpeg_quality_at(self.plan, frame / self.plan.fps)
        return recompressed(pixels, quality) if quality else pixels

    def lit(self, pixels: Bytes, frame: int) -> Bytes:
        """A view under the light of a frame, and through what is before the lens."""
        second = frame / self.plan.fps
        tones = tones_at(self.plan.disturbances, second)
        if tones is not None:
            pixels = np.asarray(cv2.LUT(pixels, tones))
        for disturbance, apply in self._effects:
            if disturbance.strength(second) > 0:
                pixels = apply(pixels, frame)
        return pixels

    def still(self, stands: int, light: int) -> Bytes:
        """(H, W, 3) uint8: what stands there on one frame under the light of another; nobody, and no noise."""
        return self.lit(self._view(self.scene(stands), light), light)

    def _view(self, canvas: Bytes, frame: int) -> Bytes:
        shifts = [move(frame) for move in self._shakes]
        x, y = (sum(shift[axis] for shift in shifts) for axis in (0, 1))
        width, height = self.plan.size
        if not (x or y):
            return canvas[MARGIN : MARGIN + height, MARGIN : MARGIN + width].copy()
        matrix = np.array([[1, 0, x - MARGIN], [0, 1, y - MARGIN]], np.float64)
        return np.asarray(cv2.warpAffine(canvas, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE))


def frames_of(plan: ClipPlan) -> Iterator[tuple[float, Bytes]]:
    """The frames that arrive, each with its second; those that are lost are left out.

    Pictures are (H, W, 3) uint8, RGB, and the reader's own.
    """
    film, last = ClipRenderer(plan), np.zeros((0,), np.uint8)
    for frame in range(plan.frames):
        second = frame / plan.fps
        if is_lost(plan, second):
            continue
        fault = fault_at(plan, second)
        if fault != "frozen" or not last.size:
            last = film.picture(frame)
        yield second, cut_off(last, frame) if fault == "grey" else last.copy()


def require_av() -> Any:  # noqa: ANN401 (a module)
    """The package that packs films.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import av
    except ImportError:
        raise MissingExtra("av", extra="watch") from None
    return av


def encode_film(frames: Iterable[tuple[float, Bytes]], *, size: tuple[int, int], fps: int, crf: int) -> bytes:
    """An MP4 file (H.264, one thread) of frames, each with its second; between two, the earlier stays.

    Args:
        frames: (second, (H, W, 3) uint8 RGB), in order.
        size: (width, height).
        fps: The seconds are multiples of 1 / fps.
        crf: Quality, 0 to 51; smaller is better.

    Raises:
        MissingExtra: PyAV is not installed.
    """
    av, file = require_av(), BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        stream.codec_context.gop_size = _BETWEEN_KEYS * fps
        stream.options = _OPTIONS | {"crf": str(crf)}
        for second, pixels in frames:
            frame = av.VideoFrame.from_ndarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2YUV_I420), format="yuv420p")
            frame.time_base = Fraction(1, fps)
            frame.pts = round(second * fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()
