"""Background model: what differs from the place's usual look, learned from earlier pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np

from spotdiff.errors import Refusal
from spotdiff.image.background_models import Knn, Median, Mog2, Vibe, shadow
from spotdiff.params import check, param
from spotdiff.types import Evidence, Extraction

if TYPE_CHECKING:
    from spotdiff.image.background_models import Model
    from spotdiff.types import Bytes, Mask, Pair, Picture


@dataclass(frozen=True, slots=True)
class Background:
    """Distance of `after` from the usual look that `history` and `before` teach, 0.5 at the limit.

    Attributes:
        model: median (median and spread), mog2 (mixture of Gaussians), knn (nearest earlier frames) or vibe
            (random samples). Median and knn forget a passer-by best when frames are few.
        threshold: Limit for median and mog2, in multiples of the pixel's usual spread.
        noise: Spread no pixel stays below, for median and mog2, in grey levels.
        radius: Limit for knn and vibe: distance in RGB, in grey levels.
        min_matches: Earlier frames (knn, at most half of them) or samples (vibe) that must lie within `radius`.
        samples: Samples per pixel of vibe.
        frames: Most pictures learned from: the latest.
        shadows: Take what is the usual look but darker, down to half, for a shadow and not for a change.
        smooth: Standard deviation of a blur put on the pictures against noise, in pixels; 0 for none.
        seed: Seed of vibe's random choices.

    Notes:
        `notes["learned_from"]` says how many pictures were learned. With `before` alone this is a comparison of
        two pictures with a fixed limit. The pictures must lie in one frame; moving leaves and water become
        usual only when the history shows them. Where `pair.usable` is False the evidence is 0.

    Examples:
        >>> from spotdiff.types import Pair, Picture
        >>> empty = np.full((16, 16, 3), 90, np.uint8)
        >>> passer_by, bag = empty.copy(), empty.copy()
        >>> passer_by[:8], bag[8:] = 200, 30
        >>> pair = Pair(Picture(empty), Picture(bag), history=(Picture(empty), Picture(passer_by)))
        >>> evidence = Background(smooth=0.0).score(pair)
        >>> bool(evidence.change[12, 8] > 0.5), float(evidence.change[4, 8]), evidence.notes["learned_from"]
        (True, 0.0, 3)
    """

    learns_history: ClassVar[bool] = True
    overlooks: ClassVar[str] = "threshold"
    extraction: ClassVar[Extraction] = Extraction(grow=0.5, seed=0.6, min_area=20, join=2)

    model: str = param("median", "how the usual look is kept", choices=("median", "mog2", "knn", "vibe"))
    threshold: float = param(5.0, "limit of median and mog2, in multiples of the usual spread", low=0.5, high=100)
    noise: float = param(4.0, "spread no pixel stays below, for median and mog2", low=0.5, high=64, unit="grey levels")
    radius: float = param(20.0, "limit of knn and vibe, distance in RGB", low=1, high=442, unit="grey levels")
    min_matches: int = param(2, "frames (knn) or samples (vibe) that must lie within radius", low=1, high=20)
    samples: int = param(20, "samples per pixel of vibe", low=2, high=100)
    frames: int = param(50, "most pictures learned from, the latest", low=1, high=500)
    shadows: bool = param(False, "take the usual look made darker for a shadow, not for a change")
    smooth: float = param(1.0, "blur put on the pictures against noise; 0 for none", low=0, high=10, unit="px")
    seed: int = param(0, "seed of vibe's random choices", low=0)

    def __post_init__(self) -> None:
        check(self)

    def score(self, pair: Pair) -> Evidence:
        """Score an aligned pair.

        Args:
            pair: Two pictures of equal size, and earlier ones of that size in `history`.

        Returns:
            Undirected evidence; `notes` holds `learned_from`, the number of pictures learned.

        Raises:
            Refusal: a picture of the history has another size.
        """
        for place, picture in enumerate(pair.history):
            if picture.size != pair.before.size:
                raise Refusal(f"picture {place + 1} of the history is {picture.size}, the pair is {pair.before.size}")
        pictures = [*pair.history, pair.before][-self.frames :]
        model = self._model(len(pictures))
        for picture in pictures:
            model.learn(self._frame(picture, pair.usable))
        frame = self._frame(pair.after, pair.usable)
        change = model.judge(frame)
        if self.shadows:
            change[shadow(frame, model.usual())] = 0
        if pair.usable is not None:
            change[~pair.usable] = 0
        return Evidence.undirected(change, {"learned_from": len(pictures)})

    def _model(self, count: int) -> Model:
        """A fresh model that will learn `count` pictures."""
        if self.model == "median":
            return Median(capacity=count, noise=self.noise, threshold=self.threshold)
        if self.model == "mog2":
            return Mog2(capacity=count, noise=self.noise, threshold=self.threshold)
        if self.model == "knn":
            return Knn(capacity=count, min_matches=self.min_matches, radius=self.radius)
        # The published one in 16 would hardly learn from a handful of pictures.
        every = min(16, count)
        return Vibe(
            samples=self.samples,
            min_matches=self.min_matches,
            radius=self.radius,
            subsampling=every,
            seed=self.seed,
        )

    def _frame(self, picture: Picture, usable: Mask | None) -> Bytes:
        """The picture's pixels on white, black where not usable, blurred."""
        pixels = picture.opaque
        if usable is not None:
            pixels = pixels * usable[..., None]
        if self.smooth:
            return np.asarray(cv2.GaussianBlur(pixels, (0, 0), self.smooth), dtype=np.uint8)
        return pixels
