"""Samples as examples to learn from: cropped to one size, rotated, flipped, swapped and relit, again and again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.example import Example
from spotdiff.data.load_example import load_example
from spotdiff.data.transforms import Crop, cropped, flipped, letterboxed, rotated, swapped
from spotdiff.errors import OptionError

if TYPE_CHECKING:
    from numpy.random import Generator

    from spotdiff.data.dataset import Sample
    from spotdiff.types import Bytes

_WHOLE = 0.3  # share of examples that show the whole picture
_ON_CHANGE = 0.6  # share of the cut ones that are cut around a change
_SMALLEST = 0.4  # of the shorter side, the smallest cut
_LOOKS = 3  # of a network, the farthest first: those that its pictures are kept for
_ZOOM = 0.2  # how much nearer or farther a look may be, as a logarithm
_GAIN, _BALANCE, _SHIFT, _GAMMA = 0.2, 0.04, 10.0, 0.2  # how far light may differ: factors, one a channel, levels


class AugmentedSource:
    """Examples of a fixed square size from samples; see `spotdiff.data.example.Source`.

    With `augment` it never ends: every round through the samples comes in another order, each time cropped, rotated,
    flipped, swapped and lit in another way; after and before are lit apart. Without, example N is sample N, whole
    and unchanged, in a frame of black that is not counted.

    Truth in boxes alone is drawn as filled boxes. What only says that something changed cannot be learned from.
    """

    def __init__(
        self,
        samples: Iterable[Sample],
        size: int,
        *,
        seed: int = 0,
        augment: bool = True,
        first_look: int = 0,
        cached_mb: float = 512.0,
    ) -> None:
        """Prepare to read; nothing is read yet.

        Args:
            samples: Pairs with truth, such as a `Dataset`.
            size: Width and height of every example, in pixels.
            seed: With the number, decides everything that is left to chance.
            augment: Whether examples are changed at all.
            first_look: Longer side of the pictures that the network is shown first in use, in pixels; it looks closer
                at twice that and so on. Examples are then cut out at the scales of these looks, which are all that
                the network will see; 0 cuts out parts of any size, and shows whole pictures too.
            cached_mb: Memory for pictures once read, in MB; they are kept with their shorter side at most twice `size`,
                or that of the third look.

        Raises:
            OptionError: there is no sample, or `size` is below 8.
        """
        self.samples = tuple(samples)
        self.size, self.seed, self.augment, self.cached_mb = size, seed, augment, cached_mb
        self.first_look = first_look
        self._cached: OrderedDict[int, Example] = OrderedDict()
        self._order: tuple[int, tuple[int, ...]] = (-1, ())
        if not self.samples or size < 8:
            raise OptionError(f"a source needs samples and a size of 8 or more, not {len(self.samples)} and {size}")

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, number: int) -> Example:
        """The example of that number.

        Raises:
            IndexError: it is below 0, or without `augment` there are not so many samples.
            DataError: its truth cannot be read, or says too little to learn from.
            LoadError: a picture cannot be read.
        """
        if number < 0 or (number >= len(self) and not self.augment):
            raise IndexError(number)
        if not self.augment:
            return letterboxed(self._loaded(number), self.size)
        rng = np.random.default_rng((self.seed, number))
        loaded = self._loaded(self._index(number))
        return _augmented(loaded, self.size, rng, first_look=self.first_look)

    def __getstate__(self) -> dict[str, object]:
        """Without the pictures: a worker process reads its own."""
        return {**self.__dict__, "_cached": OrderedDict(), "_order": (-1, ())}

    def _index(self, number: int) -> int:
        """Which sample it is: every round has an order of its own."""
        round_, place = divmod(number, len(self))
        if self._order[0] != round_:
            order = np.random.default_rng((self.seed, round_, len(self))).permutation(len(self))
            self._order = round_, tuple(map(int, order))
        return self._order[1][place]

    def _loaded(self, index: int) -> Example:
        if index in self._cached:
            self._cached.move_to_end(index)
            return self._cached[index]
        loaded = load_example(self.samples[index], most=max(2 * self.size, 2 ** (_LOOKS - 1) * self.first_look))
        self._cached[index] = loaded
        sizes = [example.before.nbytes * 2 + example.gone.nbytes * 4 for example in self._cached.values()]
        while len(sizes) > 1 and sum(sizes) > self.cached_mb * 1e6:
            self._cached.popitem(last=False)
            sizes.pop(0)
        return loaded


def _augmented(loaded: Example, size: int, rng: Generator, *, first_look: int) -> Example:
    if first_look:
        example = cropped(loaded, _crop_of_look(loaded, size, first_look, rng), size)
    elif rng.random() < _WHOLE:
        example = letterboxed(loaded, size)
    else:
        shorter = min(loaded.gone.shape)
        example = cropped(loaded, _random_crop(loaded, round(shorter * rng.uniform(_SMALLEST, 1.0)), rng), size)
    example = rotated(example, int(rng.integers(4)))
    if rng.random() < 0.5:
        example = flipped(example)
    if rng.random() < 0.5:
        example = swapped(example)
    return replace(example, before=_relit(example.before, rng), after=_relit(example.after, rng))


def _crop_of_look(loaded: Example, size: int, first_look: int, rng: Generator) -> Crop:
    """A square that a network of so many pixels sees at one of its looks, give or take a little."""
    longer = max(loaded.gone.shape)
    sides = [first_look * 2**look for look in range(_LOOKS) if first_look * 2**look < longer] + [longer]
    scale = int(rng.choice(sides[:_LOOKS])) / longer * np.exp(rng.uniform(-_ZOOM, _ZOOM))
    return _random_crop(loaded, min(round(size / scale), *loaded.gone.shape), rng)


def _random_crop(loaded: Example, side: int, rng: Generator) -> Crop:
    """A square inside of the picture, more often than not around a change."""
    height, width = loaded.gone.shape
    side = max(side, 1)
    changed = np.flatnonzero(loaded.gone | loaded.new) if rng.random() < _ON_CHANGE else np.empty(0, int)
    if changed.size:
        y, x = divmod(int(rng.choice(changed)), width)
        left = int(rng.integers(max(x - side + 1, 0), min(x, width - side) + 1))
        top = int(rng.integers(max(y - side + 1, 0), min(y, height - side) + 1))
    else:
        left, top = int(rng.integers(width - side + 1)), int(rng.integers(height - side + 1))
    return Crop(left, top, side, side)


def _relit(picture: Bytes, rng: Generator) -> Bytes:
    """The picture in other light: brightness, white balance, lift and gamma, each a little."""
    gain = 1 + rng.uniform(-_GAIN, _GAIN) + rng.uniform(-_BALANCE, _BALANCE, 3)
    gamma, lift = np.exp(rng.uniform(-_GAMMA, _GAMMA)), rng.uniform(-_SHIFT, _SHIFT)
    levels = (np.arange(256)[:, None] / 255) ** gamma * 255 * gain + lift
    table = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(picture, table[None]), np.uint8)
